package imapmail

import (
	"context"
	"errors"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

const (
	// scanStep is how many messages are looked at in a round trip when only
	// looking tells whether they match; scanMost bounds a page's looking.
	scanStep = 100
	scanMost = 1000
)

// filter decides about a message what the server cannot.
type filter func(*provider.Summary, *imapx.Part) bool

// found is a slice of a folder's matches, the highest UID first.
type found struct {
	items  []provider.Summary
	uids   []imapx.UID
	failed []provider.Outcome
	last   imapx.UID // nothing above it is left to look at
	more   bool      // there may be matches below last
	total  int       // matches in all, where the server has counted them
}

// scan finds up to limit messages below a UID (0: from the top). keep may be nil.
func (b *Backend) scan(ctx context.Context, c *imapx.Conn, crit imapx.Criteria, below imapx.UID, limit int, keep filter) (found, error) {
	out := found{last: below, more: true}
	for looked := 0; out.more && len(out.items) < limit && looked < scanMost; {
		if out.last == 1 {
			out.more = false
			break
		}
		if out.last > 0 {
			crit.To = out.last - 1
		}
		step := limit - len(out.items)
		if keep != nil {
			step = scanStep
		}
		hits, err := c.Search(ctx, crit, step)
		if err != nil {
			return found{}, err
		}
		if below == 0 && looked == 0 && keep == nil {
			out.total = hits.Total
		}
		looked += len(hits.UIDs)
		out.more = hits.Total > len(hits.UIDs)
		if len(hits.UIDs) == 0 {
			out.more = false
			break
		}
		f, err := c.Fetch(ctx, hits.UIDs, summaryItems())
		if err != nil {
			return found{}, err
		}
		b.take(c.Mailbox(), f, limit, keep, &out)
		if len(out.items) < limit {
			out.last = hits.UIDs[len(hits.UIDs)-1]
		}
	}
	return out, nil
}

// take adds what matches, and stops behind the last one there is room for.
func (b *Backend) take(box imapx.Mailbox, f imapx.Fetched, limit int, keep filter, out *found) {
	for i, m := range f.Messages {
		s := b.summarize(box, m)
		if keep != nil && !keep(&s, m.Structure) {
			continue
		}
		out.items = append(out.items, s)
		out.uids = append(out.uids, m.UID)
		if len(out.items) == limit {
			out.last = m.UID
			out.more = out.more || i+1 < len(f.Messages)
			break
		}
	}
	for _, u := range f.Incomplete {
		if len(out.items) == limit && u < out.last {
			out.more = true // for the next page to name
			continue
		}
		out.failed = append(out.failed, b.damaged(box, u))
	}
}

func (b *Backend) damaged(box imapx.Mailbox, u imapx.UID) provider.Outcome {
	return provider.Outcome{ID: b.newID(box.Name, box.UIDValidity, u), Err: incomplete()}
}

// folderError turns NotFound of a folder into one with the nearest names to
// try, which only the caller's list of folders can give.
func folderError(err error) error {
	if errors.Is(err, imapx.NotFound) {
		return &provider.Error{Code: provider.NotFound, Hint: "list_folders shows the folders there are", Err: err}
	}
	return mapError(err)
}
