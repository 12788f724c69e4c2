package imapx

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Moved is the result of a move.
type Moved struct {
	Changed
	// Remain are copied, but the original is still there, marked \Deleted,
	// because the server cannot remove single messages or failed to.
	Remain []UID
	// Both are copied, and the original is still there as it was: the answer was
	// lost, or the server refused to mark it. Moving them again makes no second copy.
	Both []UID
	// Marked have not been touched: they bore \Deleted already, as Remain of an
	// earlier move do, and no copy of theirs can be told in the destination.
	Marked   []UID
	Validity uint32      // UIDVALIDITY of the destination; 0 unknown
	New      map[UID]UID // numbers in the destination, where known
}

// Move moves messages from the selected mailbox to dest. A message is never in
// neither of the two: without MOVE it is copied, and the original removed only
// once the server has confirmed the copy. Plain EXPUNGE is never sent. When an
// answer is lost Move looks in both mailboxes; what it can not tell is Unsure.
func (c *Conn) Move(ctx context.Context, uids []UID, dest string) (Moved, error) {
	const op = "UID MOVE"
	out := Moved{New: make(map[UID]UID)}
	if err := c.changeable(op, uids); err != nil {
		return out, err
	}
	if err := CheckName(op, dest); err != nil {
		return out, err
	}
	if dest = spelled(dest); dest == c.box.Name {
		return out, invalid(op, "source and destination are the same mailbox")
	}
	home := *c.box
	for chunk := range slices.Chunk(uids, ChunkSize) {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if !c.in(home) {
			return out, &Error{Op: op, Kind: Validity, Err: errors.New("the mailbox is gone or was rebuilt")}
		}
		chunk, err := c.takeUp(ctx, chunk, dest, &out)
		if err != nil {
			return out, err
		}
		if len(chunk) == 0 {
			continue
		}
		move := c.moveByCopy
		if c.caps.Has("MOVE") {
			move = c.moveChunk
		}
		wasStale, known, done := c.stale, len(out.Missing), len(out.Done)
		if err := move(ctx, chunk, dest, &out); err != nil {
			return out, err
		}
		if missing := slices.Clone(out.Missing[known:]); wasStale && len(missing) > 0 && c.in(home) {
			// They may have come since this connection last spoke.
			out.Missing = out.Missing[:known]
			if err := move(ctx, missing, dest, &out); err != nil {
				return out, err
			}
		}
		c.pool.doubtful(home, out.Done[done:], dest, false)
	}
	return out, nil
}

// in reports whether box is the selected mailbox still: a connection made anew
// may have found another in its place, or none.
func (c *Conn) in(box Mailbox) bool {
	return c.box != nil && c.box.Name == box.Name && c.box.UIDValidity == box.UIDValidity && c.box.ReadOnly == box.ReadOnly
}

// moveChunk uses MOVE (RFC 6851).
func (c *Conn) moveChunk(ctx context.Context, uids []UID, dest string, out *Moved) error {
	if !c.caps.Has("UIDPLUS") {
		// Nothing will say which messages there were.
		have, err := c.exists(ctx, uids)
		if err != nil {
			return err
		}
		out.Missing = append(out.Missing, without(uids, have)...)
		if uids = within(uids, have); len(uids) == 0 {
			return nil
		}
	}
	before := c.guard.expunged.Load()
	err := c.run(ctx, "UID MOVE", changes, func(cl *imapclient.Client) error {
		// Should the library have come to think that there is no MOVE, it would
		// copy and expunge without looking at the answer to the copy.
		c.guard.restrict("UID MOVE ")
		defer c.guard.restrict("")
		_, err := cl.Move(uidSet(uids), dest).Wait()
		return err
	})
	named := c.guard.lastCopy()
	if lostAnswer(ctx, err) {
		return c.afterLostMove(ctx, uids, dest, named, out, err)
	}
	done := out.learn(named, uids)
	switch {
	case err != nil:
		// RFC 6851 section 3.3: a server may stop half way and say so.
		out.Done = append(out.Done, done...)
		if isContext(err) {
			c.doubtful(uids, dest, true)
			out.Unsure = append(out.Unsure, without(uids, setOf(done))...)
		}
		return c.whyRefused(ctx, dest, err)
	case len(done) > 0:
		out.Done = append(out.Done, done...)
		out.Missing = append(out.Missing, without(uids, setOf(done))...)
		return nil
	case !c.caps.Has("UIDPLUS"):
		out.Done = append(out.Done, uids...)
		return nil
	}
	return c.moveUnnamed(ctx, uids, int(c.guard.expunged.Load()-before), out)
}

// moveUnnamed finds out what an OK without COPYUID did: a destination may have
// numbers that do not last, and there may have been nothing to move.
func (c *Conn) moveUnnamed(ctx context.Context, uids []UID, expunged int, out *Moved) error {
	have, err := c.exists(ctx, uids)
	if err != nil {
		out.Unsure = append(out.Unsure, uids...)
		return err
	}
	gone := without(uids, have)
	out.Unsure = append(out.Unsure, within(uids, have)...)
	switch {
	case expunged == 0:
		out.Missing = append(out.Missing, gone...)
	case expunged >= len(gone):
		out.Done = append(out.Done, gone...)
	default:
		out.Unsure = append(out.Unsure, gone...)
	}
	return nil
}

// learn notes what a COPYUID says about uids and returns those it names.
func (m *Moved) learn(cu copyUID, uids []UID) []UID {
	asked, done := setOf(uids), make(map[UID]bool)
	for i, u := range cu.src {
		if asked[u] {
			m.New[u], m.Validity, done[u] = cu.dst[i], cu.validity, true
		}
	}
	return within(uids, done)
}

// takeUp goes on with what an earlier move may have left half done: those that
// have a copy already are not copied again. It returns those yet to be moved.
func (c *Conn) takeUp(ctx context.Context, uids []UID, dest string, out *Moved) ([]UID, error) {
	again := within(uids, c.doubted(uids, dest))
	if len(again) == 0 {
		return uids, nil
	}
	there, err := c.exists(ctx, again)
	if err != nil {
		return nil, err
	}
	if left := within(again, there); len(left) > 0 {
		if err := c.Identify(ctx, left); err != nil {
			return nil, err
		}
	}
	s, err := c.copiesIn(ctx, again, dest)
	if err != nil {
		return nil, err
	}
	handled, finish := make(map[UID]bool), []UID(nil)
	for _, u := range again {
		to, copied := s.copies[u]
		if handled[u] = copied; copied {
			out.New[u], out.Validity = to, s.validity
		}
		switch {
		case copied && there[u]:
			finish = append(finish, u)
		case copied:
			out.Done = append(out.Done, u)
		case s.unclear[u] && there[u]:
			// Another copy could be one too many.
			handled[u], out.Unsure = true, append(out.Unsure, u)
		}
	}
	sure, err := c.proven(ctx, finish, dest, s.copies)
	if err != nil {
		return nil, err
	}
	out.Unsure = append(out.Unsure, without(finish, setOf(sure))...)
	if len(sure) > 0 {
		err = c.finish(ctx, sure, dest, out)
	} else {
		c.doubtful(out.Done, dest, false)
	}
	return without(uids, handled), err
}

// moveByCopy does what MOVE would, one confirmed step after the other (RFC
// 6851 section 1 and RFC 4315).
func (c *Conn) moveByCopy(ctx context.Context, uids []UID, dest string, out *Moved) error {
	uids, err := c.copyable(ctx, uids, dest, out)
	if err != nil || len(uids) == 0 {
		return err
	}
	err = c.run(ctx, "UID COPY", changes, func(cl *imapclient.Client) error {
		_, err := cl.Copy(uidSet(uids), dest).Wait()
		return err
	})
	named := c.guard.lastCopy()
	switch {
	case lostAnswer(ctx, err):
		half, lost := Moved{New: out.New}, err
		err = c.afterLostMove(ctx, uids, dest, named, &half, err)
		out.Done, out.Missing, out.Unsure = append(out.Done, half.Done...), append(out.Missing, half.Missing...), append(out.Unsure, half.Unsure...)
		if half.Validity > 0 {
			out.Validity = half.Validity
		}
		if len(half.Both) > 0 { // the copy is there: only the rest is to be done
			sure, failed := c.proven(ctx, half.Both, dest, half.New)
			if failed == nil && len(sure) > 0 {
				failed = c.finish(ctx, sure, dest, out)
			}
			out.Unsure = append(out.Unsure, without(half.Both, setOf(sure))...)
			if failed != nil {
				return failed
			}
			if len(sure) < len(half.Both) {
				return lost
			}
			if len(half.Both)+len(half.Done)+len(half.Missing) == len(uids) {
				return nil
			}
		}
		return err
	case isContext(err):
		c.doubtful(uids, dest, true)
		out.Unsure = append(out.Unsure, uids...)
		return err
	case err != nil:
		return c.whyRefused(ctx, dest, err)
	}
	if copied := out.learn(named, uids); len(copied) > 0 {
		// What the server does not name as copied stays where it is.
		out.Missing = append(out.Missing, without(uids, setOf(copied))...)
		uids = copied
	}
	return c.finish(ctx, uids, dest, out)
}

// copyable sorts out what is not there, and what bears \Deleted already: an
// earlier move may have marked it, behind its copy.
func (c *Conn) copyable(ctx context.Context, uids []UID, dest string, out *Moved) ([]UID, error) {
	f, err := c.Fetch(ctx, uids, identityItems())
	if err != nil {
		return nil, err
	}
	marked := make(map[UID]bool)
	for _, m := range f.Messages {
		c.pool.Note(*c.box, m)
		if hasFlags(m, []string{`\Deleted`}, true) {
			marked[m.UID] = true
		}
	}
	out.Missing = append(out.Missing, f.Missing...)
	uids = without(uids, setOf(f.Missing))
	again := within(uids, marked)
	if len(again) == 0 {
		return uids, nil
	}
	s, err := c.copiesIn(ctx, again, dest)
	if err != nil {
		return nil, err
	}
	if copied := slices.DeleteFunc(slices.Clone(again), func(u UID) bool { return s.copies[u] == 0 }); len(copied) > 0 {
		for _, u := range copied {
			out.New[u], out.Validity = s.copies[u], s.validity
		}
		if err := c.finish(ctx, copied, dest, out); err != nil {
			return nil, err
		}
		uids, again = without(uids, setOf(copied)), without(again, setOf(copied))
	}
	if !c.caps.Has("UIDPLUS") {
		out.Marked = append(out.Marked, again...)
		uids = without(uids, setOf(again))
	}
	return uids, nil
}

// finish removes originals whose copies the server has confirmed, in a second
// try too when its answer is lost.
func (c *Conn) finish(ctx context.Context, uids []UID, dest string, out *Moved) error {
	marked, err := c.removeOriginals(ctx, uids)
	if lostAnswer(ctx, err) {
		c.doubtful(uids, dest, true)
		have, look := map[UID]bool(nil), c.comeBack(ctx)
		if look == nil {
			have, look = c.exists(ctx, uids)
		}
		if look != nil {
			out.Unsure = append(out.Unsure, uids...)
			return err
		}
		gone := without(uids, have)
		out.Done = append(out.Done, gone...)
		c.doubtful(gone, dest, false)
		if uids = within(uids, have); len(uids) == 0 {
			return nil
		}
		marked, err = c.removeOriginals(ctx, uids)
	}
	switch {
	case err == nil:
		out.Done = append(out.Done, uids...)
		c.doubtful(uids, dest, false)
	case KindOf(err) == Uncertain || isContext(err):
		c.doubtful(uids, dest, true)
		out.Unsure = append(out.Unsure, uids...)
	case !marked:
		c.doubtful(uids, dest, true)
		out.Both = append(out.Both, uids...)
	default:
		c.doubtful(uids, dest, true)
		out.Remain = append(out.Remain, uids...)
		if KindOf(err) == Unsupported {
			return nil
		}
	}
	return err
}

// removeOriginals marks messages and, in the same round trip, removes them: UID
// EXPUNGE touches no others, and without the mark none at all. It ends in
// Unsupported where the server cannot expunge single messages.
func (c *Conn) removeOriginals(ctx context.Context, uids []UID) (marked bool, err error) {
	plus := c.caps.Has("UIDPLUS")
	if !plus {
		err := c.storeChunk(ctx, uids, imap.StoreFlagsAdd, []string{`\Deleted`}, make(map[UID]bool), make(map[UID]bool))
		if err != nil {
			return false, err
		}
		return true, unsupported("UID EXPUNGE", "UIDPLUS")
	}
	var storing, expunging error
	sent := false
	err = c.run(ctx, "UID EXPUNGE", changes, func(cl *imapclient.Client) error {
		sent = true
		c.guard.join()
		store := cl.Store(uidSet(uids), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil)
		expunge := cl.UIDExpunge(uidSet(uids))
		var wg sync.WaitGroup
		wg.Go(func() { expunging = expunge.Close() })
		storing = c.collect(store, Items{}, func(*Message) {})
		wg.Wait()
		return errors.Join(storing, expunging)
	})
	return sent && storing == nil, err
}

// expunge removes exactly uids (RFC 4315 section 2.1). EXPUNGE alone would also
// remove what others have marked.
func (c *Conn) expunge(ctx context.Context, uids []UID) error {
	const op = "UID EXPUNGE"
	if !c.caps.Has("UIDPLUS") {
		return unsupported(op, "UIDPLUS")
	}
	return c.run(ctx, op, changes, func(cl *imapclient.Client) error {
		return cl.UIDExpunge(uidSet(uids)).Close()
	})
}
