package imapmail

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/postern-mail/postern/provider"
)

// dateKey is an item's place in the order of [newer]; zero: before all. It is a
// place in all folders at once, which they all keep whatever arrives in them or
// is removed, so a cursor of it skips nothing and repeats nothing.
type dateKey struct {
	received int64 // Unix time, in seconds, as finely as IMAP tells it
	id       provider.MessageID
}

func keyOf(s provider.Summary) dateKey { return dateKey{s.Received.Unix(), s.ID} }

// behind reports whether s comes after the key.
func (k dateKey) behind(s provider.Summary) bool {
	other := keyOf(s)
	return k.id == "" || other.received < k.received || other.received == k.received && other.id < k.id
}

// byDate is the listing of cursors in this order.
func byDate(listing string) string { return listing + "\x00by date" }

func (k dateKey) cursor(listing string) (provider.Cursor, error) {
	key := append(binary.AppendVarint(nil, k.received), k.id...)
	return provider.Place{Listing: byDate(listing), Key: string(key)}.Cursor()
}

// resumeByDate reads a cursor of this order; ok is false when it is none.
func resumeByDate(after provider.Cursor, listing string) (k dateKey, ok bool, err error) {
	if after == "" {
		return dateKey{}, false, nil
	}
	key, err := provider.Resume(after, byDate(listing), "")
	if err != nil {
		return dateKey{}, false, nil // of another listing, perhaps of the other order
	}
	if k, ok = unpackDate(key); !ok {
		return dateKey{}, false, invalid("cursor is garbled")
	}
	return k, true, nil
}

// unpackDate takes only what dateKey.cursor writes.
func unpackDate(key string) (dateKey, bool) {
	received, n := binary.Varint([]byte(key))
	if n <= 0 || n == len(key) || len(binary.AppendVarint(nil, received)) != n {
		return dateKey{}, false
	}
	return dateKey{received, provider.MessageID(key[n:])}, true
}

// allAtHand reports whether the folders have no hits but those at hand.
func allAtHand(results []slice) bool {
	return !slices.ContainsFunc(results, func(s slice) bool { return s.more || s.short || s.err != nil && !lasting(s.err) })
}

// mergeByDate is a page of hits that are all at hand, newest first.
func mergeByDate(results []slice, after dateKey, listing string, limit int) (provider.Page[provider.Summary], error) {
	var page provider.Page[provider.Summary]
	sum(&page, results)
	for _, s := range results {
		for _, item := range s.items {
			if after.behind(item) {
				page.Items = append(page.Items, item)
			}
		}
	}
	slices.SortFunc(page.Items, func(a, b provider.Summary) int {
		return cmp.Or(cmp.Compare(b.Received.Unix(), a.Received.Unix()), cmp.Compare(b.ID, a.ID))
	})
	rest := len(page.Items) > limit
	page.Items = page.Items[:min(limit, len(page.Items))]
	if after.id != "" {
		page.Total = 0 // of the matches before it nobody has heard
	}
	items := page.Items
	if len(items) > 0 {
		page.At = func(i int) (provider.Cursor, error) { return keyOf(items[i]).cursor(listing) }
	}
	var err error
	if rest {
		page.Next, err = page.At(len(items) - 1)
	}
	return page, err
}

// searchByDate is a later page: whatever is not newer than the last hit is
// searched again, which was less than a page of each folder.
func (b *Backend) searchByDate(ctx context.Context, q provider.Query, j searchJob, after dateKey, listing string) (provider.Page[provider.Summary], error) {
	var none provider.Page[provider.Summary]
	limit := j.limit
	if before := time.Unix(after.received+1, 0); q.Before.IsZero() || before.Before(q.Before) {
		q.Before = before
	}
	var err error
	if j.plan, err = newPlan(q); err != nil {
		return none, err
	}
	j.limit, j.pace = scanMost, b.newPace(false)
	results, err := b.searchFolders(ctx, j)
	if err != nil {
		return none, err
	}
	for _, s := range results {
		if s.err != nil && !lasting(s.err) {
			return none, s.err // the same page can be had when the folder can
		}
	}
	if !allAtHand(results) {
		return none, &provider.Error{
			Code: provider.Conflict, Hint: "start again without a cursor",
			Err: errors.New("what matches cannot be had all at once any more, as this cursor needs it"),
		}
	}
	return mergeByDate(results, after, listing, limit)
}
