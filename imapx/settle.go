package imapx

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	// settlePause is how long a server that lost us is given to end what it was
	// doing, before what it has not done counts as not done.
	settlePause = 300 * time.Millisecond
	// newcomers is how many messages may come to a mailbox while we look for
	// copies among its newest.
	newcomers = 200
	// maxLookups bounds the searches for copies that are not among the newest.
	maxLookups = 50
)

// lostAnswer reports a change of which it can be found out now what became of it.
func lostAnswer(ctx context.Context, err error) bool {
	return KindOf(err) == Uncertain && ctx.Err() == nil
}

// lostBy is why the connection ended that err tells of.
func lostBy(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == Uncertain && e.Err != nil {
		return e.Err
	}
	return err
}

// comeBack replaces a connection that was lost, and opens the same mailbox. A
// server that just restarts gets a second chance.
func (c *Conn) comeBack(ctx context.Context) error {
	was := c.box
	err := c.revive(ctx)
	if kind := KindOf(err); kind == Unavailable || kind == Limit {
		if err := settled(ctx); err != nil {
			return err
		}
		c.box = was
		err = c.revive(ctx)
	}
	return err
}

// settled waits a moment for a server that may still be at work.
func settled(ctx context.Context) error {
	t := time.NewTimer(settlePause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sight is where messages are, after a move of which the answer was lost.
type sight struct {
	there    map[UID]bool // where they were
	copies   map[UID]UID  // in the destination, the only one of each
	unclear  map[UID]bool // no copy, or no single one, can be told for theirs
	validity uint32       // of the destination
}

// look comes back on a new connection and finds out where messages are. The
// mailbox they came from is open again afterwards, unless it is gone.
func (c *Conn) look(ctx context.Context, uids []UID, dest string) (s sight, err error) {
	home := *c.box
	if err := c.comeBack(ctx); takenAway(err) {
		return c.findCopies(ctx, home, uids, dest)
	} else if err != nil {
		return sight{}, err
	}
	for range 2 {
		if s, err = c.lookOnce(ctx, uids, dest); err != nil {
			return sight{}, err
		}
		if len(s.there) == 0 {
			return s, nil
		}
		if err := settled(ctx); err != nil {
			return sight{}, err
		}
		c.stale = true // what the server did meanwhile is to be seen
		now, err := c.exists(ctx, uids)
		if err != nil {
			return sight{}, err
		}
		if len(now) == len(s.there) {
			return s, nil
		}
	}
	return s, nil
}

// takenAway reports a mailbox that is not there any more, or not the same.
func takenAway(err error) bool {
	kind := KindOf(err)
	return kind == NotFound || kind == Validity
}

func (c *Conn) lookOnce(ctx context.Context, uids []UID, dest string) (sight, error) {
	there, err := c.exists(ctx, uids)
	if err != nil {
		return sight{}, err
	}
	if left := within(uids, there); len(left) > 0 {
		if err := c.Identify(ctx, left); err != nil {
			return sight{}, err
		}
	}
	s, err := c.copiesIn(ctx, uids, dest)
	s.there = there
	return s, err
}

// copiesIn looks in dest for copies of uids, and opens the selected mailbox again.
func (c *Conn) copiesIn(ctx context.Context, uids []UID, dest string) (sight, error) {
	home := *c.box
	s, err := c.findCopies(ctx, home, uids, dest)
	if err != nil || c.box != nil && c.box.Name == home.Name {
		return s, err
	}
	c.box = &home
	return s, c.reopen(ctx)
}

// findCopies looks in dest for copies of uids of home. Where there is no dest
// there are no copies.
func (c *Conn) findCopies(ctx context.Context, home Mailbox, uids []UID, dest string) (sight, error) {
	s := sight{copies: make(map[UID]UID), unclear: make(map[UID]bool)}
	want := make(map[UID]identity)
	for _, u := range uids {
		if id, ok := c.pool.noted(place{home.Name, home.UIDValidity, u}); ok {
			want[u] = id
		} else {
			s.unclear[u] = true
		}
	}
	if len(want) == 0 {
		return s, nil
	}
	err := c.selectBox(ctx, dest, reads)
	switch {
	case KindOf(err) == NotFound:
		return s, nil
	case err != nil:
		return s, err
	}
	s.validity = c.box.UIDValidity
	return s, c.matchCopies(ctx, want, &s)
}

// matchCopies looks through the newest messages of the selected mailbox, where
// copies arrive, and searches for the few that may be older.
func (c *Conn) matchCopies(ctx context.Context, want map[UID]identity, s *sight) error {
	byID := make(map[string][]copyOf)
	collect := func(uids []UID) error {
		if len(uids) == 0 {
			return nil
		}
		f, err := c.Fetch(ctx, uids, identityItems())
		for _, m := range f.Messages {
			if id, ok := identityOf(m); ok {
				byID[id.messageID] = append(byID[id.messageID], copyOf{m.UID, id})
			}
		}
		return err
	}
	hits, err := c.Search(ctx, Criteria{}, len(want)+newcomers)
	if err == nil {
		err = collect(hits.UIDs)
	}
	if err != nil {
		return err
	}
	searches := 0
	for _, id := range want {
		if len(byID[id.messageID]) > 0 || hits.Total == len(hits.UIDs) || searches == maxLookups {
			continue
		}
		searches++
		older, err := c.Search(ctx, Criteria{Header: []HeaderTerm{{"Message-ID", id.messageID}}}, newcomers)
		if err == nil {
			err = collect(older.UIDs)
		}
		if err != nil {
			return err
		}
	}
	for u, id := range want {
		s.match(u, id, want, byID[id.messageID])
	}
	return nil
}

// headerProof is as much of a header as has to be the same in a copy.
const headerProof = 64 << 10

// proven lists those of uids whose copies in dest have the same header, every
// line of it. Before an original goes, a copy that the server did not confirm
// needs more than what a stranger can send twice. The mailbox is open again
// afterwards.
func (c *Conn) proven(ctx context.Context, uids []UID, dest string, copies map[UID]UID) ([]UID, error) {
	if len(uids) == 0 {
		return nil, nil
	}
	home := *c.box
	mine, err := c.headers(ctx, uids)
	if err != nil {
		return nil, err
	}
	if err := c.selectBox(ctx, dest, reads); err != nil {
		return nil, err
	}
	var there []UID
	for _, u := range uids {
		there = append(there, copies[u])
	}
	theirs, err := c.headers(ctx, there)
	if err != nil {
		return nil, err
	}
	c.box = &home
	if err := c.reopen(ctx); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(uids), func(u UID) bool {
		return mine[u] == "" || mine[u] != theirs[copies[u]]
	}), nil
}

func (c *Conn) headers(ctx context.Context, uids []UID) (map[UID]string, error) {
	f, err := c.Fetch(ctx, uids, Items{Sections: []Section{{Kind: Header, Max: headerProof}}})
	found := make(map[UID]string, len(f.Messages))
	for _, m := range f.Messages {
		found[m.UID] = string(m.Sections[0])
	}
	return found, err
}

// copyOf is a message that may be the copy of another.
type copyOf struct {
	uid UID
	id  identity
}

// match tells u's copy among messages with its Message-ID.
func (s *sight) match(u UID, id identity, want map[UID]identity, found []copyOf) {
	if len(found) == 0 {
		return
	}
	alike := 0
	for _, other := range want {
		if id == other {
			alike++
		}
	}
	found = slices.DeleteFunc(slices.Clone(found), func(m copyOf) bool { return m.id != id })
	if alike > 1 || len(found) != 1 {
		s.unclear[u] = true
		return
	}
	s.copies[u] = found[0].uid
}

// afterLostMove sorts uids by where they are now. Those in no list are where
// they were, for the reason returned; nil says that there are none.
func (c *Conn) afterLostMove(ctx context.Context, uids []UID, dest string, named copyUID, out *Moved, lost error) error {
	home := *c.box
	c.pool.doubtful(home, uids, dest, true)
	s, err := c.look(ctx, uids, dest)
	if err != nil {
		out.Unsure = append(out.Unsure, uids...)
		if isContext(err) {
			return err
		}
		return lost
	}
	for i, u := range named.src {
		if s.copies[u] == 0 && (named.validity == s.validity || s.validity == 0) {
			s.copies[u], s.unclear[u] = named.dst[i], false
		}
	}
	var sure, kept []UID
	for _, u := range uids {
		to, copied := s.copies[u]
		switch {
		case copied && !s.there[u]:
			out.Done, out.New[u], out.Validity = append(out.Done, u), to, s.validity
		case copied:
			out.Both, out.New[u], out.Validity = append(out.Both, u), to, s.validity
			continue // another try is to find the copy
		case s.unclear[u]:
			out.Unsure = append(out.Unsure, u)
			continue
		case s.there[u]:
			kept = append(kept, u)
			continue // a copy may still come
		default:
			out.Missing = append(out.Missing, u)
		}
		sure = append(sure, u)
	}
	c.pool.doubtful(home, sure, dest, false)
	switch {
	case len(kept) > 0 || len(out.Both) > 0:
		return lostBy(lost)
	case len(sure) < len(uids):
		return lost
	}
	return nil
}
