package imapx

import (
	"context"
	"slices"
)

// FetchJob is one fetch of several that share a round trip.
type FetchJob struct {
	UIDs  []UID
	Items Items
}

// fetching is a fetch under way.
type fetching struct {
	jobs []FetchJob
	got  []byUID
	open []FetchJob // what has not come whole
	why  error      // an answer that could not be read

	wasStale bool  // others may have changed flags before it began
	before   int64 // answers seen before it began
	resumed  bool  // on a new connection
}

// run asks twice at most: for all, and for what was left out.
func (f *fetching) run(ctx context.Context, c *Conn) error {
	f.open = slices.Clone(f.jobs)
	for range f.jobs {
		f.got = append(f.got, make(byUID))
	}
	for try := range 2 {
		done, err := f.ask(ctx, c, try == 0)
		if err != nil || done {
			return err
		}
		if !f.reduce() || try > 0 {
			return nil
		}
		for i, j := range f.open {
			for _, u := range j.UIDs {
				delete(f.got[i], u) // news of a message that is gone by now, perhaps
			}
		}
		// What came after a mailbox was opened some servers show behind a NOOP and
		// not before (RFC 9051 section 6.1.2).
		c.stale = true
	}
	return nil
}

// reduce leaves open what has not come whole, and reports whether there is any.
func (f *fetching) reduce() (any bool) {
	for i, j := range f.jobs {
		f.open[i].UIDs = f.got[i].lacking(j)
		any = any || len(f.open[i].UIDs) > 0
	}
	return any
}

// ask fetches what is open. It is done when asking again would bring no more.
func (f *fetching) ask(ctx context.Context, c *Conn, first bool) (done bool, err error) {
	ghosts, err := c.fetchUIDs(ctx, f.open, f.got)
	if c.wentAway(ctx, err) && !f.resumed {
		// Only what has not come whole is asked for again.
		f.resumed, f.wasStale = true, false
		f.reduce()
		if err = c.revive(ctx); err == nil {
			ghosts, err = c.fetchUIDs(ctx, f.open, f.got)
		}
	}
	if c.poisoned(ctx, err) {
		f.why, f.wasStale = err, false
		return true, c.salvage(ctx, f.open, f.got)
	}
	if err == nil && ghosts && first {
		for _, g := range f.got {
			clear(g)
		}
	}
	return false, err
}
