package imapmail

import (
	"context"
	"errors"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

const (
	// scanStep is how many messages are looked at in a round trip when only
	// looking tells whether they match; scanMost bounds a page's looking.
	scanStep = 100
	scanMost = 1000
	// dateStep is how many UIDs are asked for one message's date: a gap in the
	// numbers is seldom longer.
	dateStep = 50
)

// scanJob is what to look for in a folder.
type scanJob struct {
	crit  imapx.Criteria
	below imapx.UID // 0: from the top
	limit int
	sieve sieve
	pace  *pace
}

// found is a slice of a folder's matches, the highest UID first.
type found struct {
	items   []provider.Summary
	uids    []imapx.UID
	failed  []provider.Outcome
	last    imapx.UID // nothing above it is left to look at
	more    bool      // there may be matches below last
	total   int       // matches in all, where they were counted
	short   bool      // it ended before the limit, and not at the oldest message
	reached time.Time // when the last message looked at came in, of one that is short
}

// scan finds up to limit messages below a UID, with one search and one fetch
// where the server decides alone.
func (b *Backend) scan(ctx context.Context, c *imapx.Conn, j scanJob) (found, error) {
	s := scan{b: b, c: c, job: j, found: found{last: j.below, more: true}}
	s.cut = newSlicer(c.Mailbox(), readsOf(j.crit))
	for s.more && len(s.items) < j.limit {
		if s.last == 1 {
			s.more = false
			break
		}
		if s.looked >= scanMost || s.moved() && j.pace.over() {
			s.short = true
			break
		}
		if err := s.slice(ctx); err != nil {
			if ctx.Err() != nil || !s.gaveUp(err) {
				return found{}, err
			}
			if !s.moved() {
				return found{}, tooSlow()
			}
			s.short, s.stalled = true, true
			break
		}
		if len(s.items) > 0 {
			j.pace.some.Store(true)
		}
	}
	switch {
	case j.below == 0 && !s.more && len(s.failed) == 0:
		s.total = len(s.items) // all that match have been seen
	case s.dropped:
		s.total = 0 // the server counts what does not match
	}
	if s.short && s.reached.IsZero() && !s.stalled {
		s.reached = s.dateAt(ctx)
	}
	return s.found, nil
}

// scan is one folder's search under way.
type scan struct {
	b   *Backend
	c   *imapx.Conn
	job scanJob
	cut *slicer
	found
	looked  int  // messages fetched to see whether they match
	dropped bool // the server named some that do not match
	stalled bool // the server did not answer in time
}

// slice searches the next range of UIDs and fetches the newest hits in it.
func (s *scan) slice(ctx context.Context) error {
	crit, bottom, err := s.slot(ctx)
	if err != nil || crit.From > crit.To && crit.To > 0 {
		s.more = false
		return err
	}
	hits, err := s.search(ctx, crit)
	if err != nil {
		return err
	}
	if s.job.below == 0 && s.looked == 0 && bottom && s.job.sieve.light() {
		s.total = hits.Total
	}
	if len(hits.UIDs) == 0 {
		s.more, s.last, s.reached = !bottom, crit.From, time.Time{}
		return nil
	}
	s.looked += len(hits.UIDs)
	f, err := s.c.Fetch(ctx, hits.UIDs, s.job.sieve.items())
	if err != nil {
		return err
	}
	s.more = hits.Total > len(hits.UIDs) || !bottom
	s.dropped = s.b.take(s.c.Mailbox(), f, s.job, &s.found) || s.dropped
	if len(s.items) == s.job.limit {
		return nil
	}
	s.last, s.reached = crit.From, time.Time{}
	if n := len(hits.UIDs); hits.Total > n {
		s.last = hits.UIDs[n-1]
		if k := len(f.Messages); k > 0 {
			s.reached = f.Messages[k-1].Date
		}
	}
	return nil
}

// slot narrows the criteria to the next slice; bottom says that it is the last.
func (s *scan) slot(ctx context.Context) (crit imapx.Criteria, bottom bool, err error) {
	crit = s.job.crit
	floor := max(crit.From, 1)
	top := s.last
	if top > 0 {
		crit.To = top - 1
	} else if top, err = s.top(ctx); err != nil {
		return crit, true, err
	}
	crit.From = floor
	if top > 0 {
		crit.From = max(floor, s.cut.low(top))
	}
	return crit, crit.From == floor, nil
}

// top is a UID above all, 0 where there is no need to know.
func (s *scan) top(ctx context.Context) (imapx.UID, error) {
	box := s.c.Mailbox()
	switch {
	case uint64(box.Messages) <= s.cut.messages:
		return 0, nil
	case box.UIDNext > 0:
		return box.UIDNext, nil
	}
	// Not a search for "n:*", which by RFC 9051 section 9 holds the last message
	// whatever n is: Courier, which does not say UIDNEXT, finds none.
	f, _, err := s.c.FetchNewest(ctx, 1, imapx.Items{})
	if err != nil || len(f.Messages) == 0 {
		return 0, err
	}
	return f.Messages[0].UID + 1, nil
}

func (s *scan) search(ctx context.Context, crit imapx.Criteria) (imapx.Hits, error) {
	step := scanStep
	if s.job.sieve.light() && s.looked == 0 {
		step = s.job.limit - len(s.items)
	}
	bounded, cancel := s.job.pace.bound(ctx)
	defer cancel()
	start := s.job.pace.now()
	hits, err := s.c.Search(bounded, crit, step)
	s.cut.took(s.job.pace.now().Sub(start))
	if err != nil {
		return hits, err
	}
	if crit.To > 0 && len(hits.UIDs) > 0 && hits.UIDs[0] > crit.To {
		return imapx.Hits{}, notAsked() // it would come on every page
	}
	for n := len(hits.UIDs); n > 0 && hits.UIDs[n-1] < crit.From; n = len(hits.UIDs) {
		hits.UIDs = hits.UIDs[:n-1] // the last message, which "*" takes in from below the range
		hits.Total--
	}
	return hits, nil
}

// moved reports that the next page begins further down than this one did.
func (s *scan) moved() bool { return s.last != s.job.below }

// gaveUp reports a command that was ended for its slowness, or that the server
// never answered.
func (s *scan) gaveUp(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || imapx.KindOf(err) == imapx.Unavailable && s.moved()
}

// dateAt tells about when what the scan has reached came in. Not to know is no
// failure.
func (s *scan) dateAt(ctx context.Context) time.Time {
	var uids []imapx.UID
	for u := s.last; len(uids) < dateStep && u < nothing; u++ {
		uids = append(uids, u)
	}
	f, err := s.c.Fetch(ctx, uids, imapx.Items{Date: true})
	if err != nil || len(f.Messages) == 0 {
		return time.Time{}
	}
	return f.Messages[0].Date
}

// take adds what matches, and stops behind the last one there is room for. It
// reports whether it left out what the server had matched.
func (b *Backend) take(box imapx.Mailbox, f imapx.Fetched, j scanJob, out *found) (dropped bool) {
	for i, m := range f.Messages {
		entry := b.entry(box, m)
		if !j.sieve.passes(entry) {
			dropped = true
			continue
		}
		out.items = append(out.items, entry.Summary)
		out.uids = append(out.uids, m.UID)
		if len(out.items) == j.limit {
			out.last = m.UID
			out.more = out.more || i+1 < len(f.Messages)
			break
		}
	}
	for _, u := range f.Incomplete {
		if len(out.items) == j.limit && u < out.last {
			out.more = true // for the next page to name
			continue
		}
		out.failed = append(out.failed, b.damaged(box, u, f.Why))
	}
	return dropped
}

func (b *Backend) damaged(box imapx.Mailbox, u imapx.UID, why error) provider.Outcome {
	return provider.Outcome{ID: b.newID(box.Name, box.UIDValidity, u), Err: unreadable(why)}
}

// notAsked is a server that does not keep to the range it was asked to search.
func notAsked() error {
	return &provider.Error{Code: provider.Unavailable, Err: errors.New("the server names messages that it was not asked for")}
}

// folderError turns NotFound of a folder into one with the nearest names to
// try, which only the caller's list of folders can give.
func folderError(err error) error {
	if errors.Is(err, imapx.NotFound) {
		return &provider.Error{Code: provider.NotFound, Hint: "list_folders shows the folders there are", Err: err}
	}
	return mapError(err)
}
