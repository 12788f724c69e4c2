package imapx

import (
	"context"
	"slices"
)

// maxRevivals bounds the connections made anew in one fetch: a dozen messages
// that the server cannot describe. Those behind are named as incomplete.
const maxRevivals = 24

// poisoned reports an answer that cannot be read, which ended the connection
// and may be about one message only.
func (c *Conn) poisoned(ctx context.Context, err error) bool {
	if err == nil || c.lost == nil || ctx.Err() != nil {
		return false
	}
	said, _ := c.guard.reason()
	kind := KindOf(err)
	return said.typ != "BYE" && (kind == Protocol || kind == TooLarge)
}

// revive makes the connection of a lease anew, with the same mailbox open.
func (c *Conn) revive(ctx context.Context) error {
	was := c.box
	c.close()
	fresh, err := c.pool.reach(ctx)
	if err != nil {
		return err
	}
	c.pool.mu.Lock()
	if c.pool.closed {
		c.pool.discard(fresh)
		c.pool.mu.Unlock()
		return errClosed()
	}
	c.guard, c.client, c.caps = fresh.guard, fresh.client, fresh.caps
	c.pool.mu.Unlock()
	c.lost, c.box, c.stale, c.doubt, c.reused, c.heard = nil, nil, false, false, false, 0
	if was == nil {
		return nil
	}
	if err := c.selectBox(ctx, was.Name, effect(!was.ReadOnly)); err != nil {
		return err
	}
	return c.Expect(was.UIDValidity)
}

// salvage fetches what a poisoned answer kept from us, on new connections. The
// message whose description nobody can read is found, and fetched without it.
func (c *Conn) salvage(ctx context.Context, jobs []FetchJob, got []byUID) error {
	s := salvager{c: c, left: maxRevivals}
	for i, j := range jobs {
		if err := s.fetch(ctx, j.Items, got[i], got[i].lacking(j)); err != nil {
			return err
		}
	}
	return nil
}

// lacking lists what has not come whole, in the order that servers answer in.
func (g byUID) lacking(j FetchJob) []UID {
	rest := slices.DeleteFunc(slices.Clone(j.UIDs), func(u UID) bool { return g[u] != nil && g[u].complete(j.Items) })
	slices.Sort(rest)
	return rest
}

type salvager struct {
	c    *Conn
	left int // connections that may yet be made
}

// fetch gets what it can of uids into got. Servers answer in order, so the
// first that did not come is the likeliest cause; if it is not, halves are.
func (s *salvager) fetch(ctx context.Context, want Items, got byUID, uids []UID) error {
	if len(uids) == 0 {
		return nil
	}
	again, err := s.try(ctx, want, got, uids)
	if err != nil || !again {
		return err
	}
	if len(uids) == 1 {
		return s.reduced(ctx, want, got, uids[0])
	}
	rest := got.lacking(FetchJob{UIDs: uids, Items: want})
	if len(rest) == 0 {
		return nil
	}
	if err := s.fetch(ctx, want, got, rest[:1]); err != nil {
		return err
	}
	if m := got[rest[0]]; m != nil && !m.Damaged && m.complete(want) {
		half := len(rest) / 2
		if err := s.fetch(ctx, want, got, rest[1:half+1]); err != nil {
			return err
		}
		return s.fetch(ctx, want, got, rest[half+1:])
	}
	return s.fetch(ctx, want, got, rest[1:])
}

// try reports with again that the answer could not be read. When no connection
// is left to try with, what lacks is noted as incomplete.
func (s *salvager) try(ctx context.Context, want Items, got byUID, uids []UID) (again bool, err error) {
	if s.c.lost != nil {
		if s.left == 0 {
			got.giveUp(want, uids)
			return false, nil
		}
		s.left--
		if err := s.c.revive(ctx); err != nil {
			return false, err
		}
	}
	_, err = s.c.fetchUIDs(ctx, []FetchJob{{UIDs: uids, Items: want}}, []byUID{got})
	if s.c.poisoned(ctx, err) {
		return true, nil
	}
	return false, err
}

func (g byUID) giveUp(want Items, uids []UID) {
	for _, u := range uids {
		g.file(&Message{UID: u, Sections: make([][]byte, len(want.Sections))}, want)
	}
}

// reduced fetches a message without what servers get wrong: its structure,
// then its date and size too.
func (s *salvager) reduced(ctx context.Context, want Items, got byUID, u UID) error {
	less := want
	for _, cut := range []func(*Items){
		func(it *Items) { it.Structure = false },
		func(it *Items) { it.Date, it.Size = false, false },
	} {
		cut(&less)
		if less.equal(want) {
			continue
		}
		some := make(byUID)
		again, err := s.try(ctx, less, some, []UID{u})
		if err != nil {
			return err
		}
		if again {
			continue
		}
		if m := some[u]; m != nil && m.complete(less) {
			m.damage(want)
			got[u] = m
		} else if m != nil {
			got[u] = m
		}
		return nil
	}
	got.giveUp(want, []UID{u})
	return nil
}

func (it Items) equal(other Items) bool {
	return it.Structure == other.Structure && it.Date == other.Date && it.Size == other.Size
}

// damage marks a message that came without all that was wanted.
func (m *Message) damage(want Items) {
	if want.Structure {
		m.Structure = &Part{Path: []int{1}, Truncated: true}
	}
	m.Damaged = true
	m.items.Structure, m.items.Date, m.items.Size = want.Structure, want.Date, want.Size
}
