package imapx

import (
	"cmp"
	"context"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// FetchNewest fetches the last n messages of the selected mailbox, the highest
// UID first, and says how many it holds. In the ordinary case that is one
// round trip.
//
// It asks by sequence number, which nothing else here does: the numbers only
// say how far back to go, and every answer names its message by UID. Whether
// the number of messages was out of date shows in the answer.
func (c *Conn) FetchNewest(ctx context.Context, n int, want Items) (f Fetched, total int, err error) {
	const tries = 2
	if n <= 0 {
		return Fetched{}, 0, invalid("FETCH", "no message asked for")
	}
	if want.reuses() {
		return Fetched{}, 0, invalid("FETCH", "several messages do not fit into the same memory")
	}
	if err := want.check("FETCH"); err != nil {
		return Fetched{}, 0, err
	}
	for try := range tries {
		if try > 0 {
			// Its count may be off (servers and clients disagree about EXPUNGE):
			// opening the mailbox again settles it.
			if err := c.reopen(ctx); err != nil {
				return Fetched{}, 0, err
			}
		}
		msgs, whole, quiet, err := c.fetchLast(ctx, n, want)
		if c.poisoned(ctx, err) {
			if err := c.revive(ctx); err != nil {
				return Fetched{}, 0, err
			}
			break
		}
		if err == nil && whole && (quiet || try > 0) {
			err = c.fetchExtra(ctx, msgs, want.Extra)
			return Fetched{Messages: msgs}, int(c.count()), err
		}
		if err != nil {
			return Fetched{}, 0, err
		}
	}
	// Busy, its numbers do not add up, or an answer that nobody can read: by UID then.
	hits, err := c.Search(ctx, Criteria{}, n)
	if err != nil || len(hits.UIDs) == 0 {
		return Fetched{}, hits.Total, err
	}
	f, err = c.Fetch(ctx, hits.UIDs, want)
	return f, hits.Total, err
}

// fetchLast reports with whole whether it has the last n messages, each
// complete, and with quiet whether nothing changed while it asked.
func (c *Conn) fetchLast(ctx context.Context, n int, want Items) (msgs []Message, whole, quiet bool, err error) {
	if c.count() == 0 {
		return nil, c.fresh, true, nil
	}
	first := uint32(1)
	if have := c.count(); have > int64(n) {
		first = uint32(have) - uint32(n) + 1
	}
	got := make(byUID)
	var last uint32
	var answers int64
	wasStale, before, expunged := c.stale, c.guard.fetches.Load(), c.guard.expunged.Load()
	crowded := false // far more came than the server had announced
	err = c.run(ctx, "FETCH", reads, func(cl *imapclient.Client) error {
		cmd := cl.Fetch(imap.SeqSet{{Start: first, Stop: 0}}, want.options())
		return c.collect(cmd, want, func(m *Message) {
			last = max(last, m.seq)
			answers++
			if crowded = crowded || len(got) >= n+ChunkSize; !crowded {
				got.file(m, want)
			}
		})
	})
	if KindOf(err) != "" && c.lost == nil {
		// RFC 9051 section 6.4.5: numbers beyond the last message are BAD, and
		// others may just have removed it.
		return nil, false, false, nil
	}
	if err != nil || crowded || c.guard.hasGhosts() || wasStale && c.guard.expunged.Load() != expunged {
		return nil, false, false, err
	}
	newest := make([]*Message, 0, len(got))
	for _, m := range got {
		if !m.complete(want) {
			return nil, false, false, nil
		}
		newest = append(newest, m)
	}
	slices.SortFunc(newest, func(a, b *Message) int { return cmp.Compare(b.UID, a.UID) })
	msgs = make([]Message, len(newest))
	for i, m := range newest {
		msgs[i] = *m
	}
	have := int(c.count())
	whole = len(msgs) >= min(n, have) && int(last) == have
	return msgs[:min(n, len(msgs))], whole, c.guard.fetches.Load()-before == answers, nil
}
