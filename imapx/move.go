package imapx

import (
	"context"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Moved is the result of a move.
type Moved struct {
	Changed
	// Remain are copied, but the original is still there, marked \Deleted,
	// because the server cannot remove single messages or failed to.
	Remain []UID
	// Marked have not been touched: they bore \Deleted already, as Remain of an
	// earlier move do, and copying them again could double them.
	Marked   []UID
	Validity uint32      // UIDVALIDITY of the destination; 0 unknown
	New      map[UID]UID // numbers in the destination, where known
}

// Move moves messages from the selected mailbox to dest. A message is never in
// neither of the two: without MOVE it is copied, and the original removed only
// once the server has confirmed the copy. Plain EXPUNGE is never sent.
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
	for chunk := range slices.Chunk(uids, ChunkSize) {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		move := c.moveByCopy
		if c.caps.Has("MOVE") {
			move = c.moveChunk
		}
		wasStale, known := c.stale, len(out.Missing)
		if err := move(ctx, chunk, dest, &out); err != nil {
			return out, err
		}
		if missing := slices.Clone(out.Missing[known:]); wasStale && len(missing) > 0 {
			// They may have come since this connection last spoke.
			out.Missing = out.Missing[:known]
			if err := move(ctx, missing, dest, &out); err != nil {
				return out, err
			}
		}
	}
	return out, nil
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
	done := out.learn(c.guard.lastCopy(), uids)
	switch {
	case err != nil:
		// RFC 6851 section 3.3: a server may stop half way and say so.
		out.Done = append(out.Done, done...)
		if KindOf(err) == Uncertain || isContext(err) {
			out.Unsure = append(out.Unsure, without(uids, setOf(done))...)
		}
		return err
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

// moveByCopy does what MOVE would, one confirmed step after the other (RFC
// 6851 section 1 and RFC 4315).
func (c *Conn) moveByCopy(ctx context.Context, uids []UID, dest string, out *Moved) error {
	have, err := c.exists(ctx, uids)
	if err != nil {
		return err
	}
	out.Missing = append(out.Missing, without(uids, have)...)
	if uids = within(uids, have); len(uids) == 0 {
		return nil
	}
	if uids, err = c.unmarked(ctx, uids, out); err != nil || len(uids) == 0 {
		return err
	}
	err = c.run(ctx, "UID COPY", changes, func(cl *imapclient.Client) error {
		_, err := cl.Copy(uidSet(uids), dest).Wait()
		return err
	})
	if err != nil {
		if KindOf(err) == Uncertain || isContext(err) {
			out.Unsure = append(out.Unsure, uids...)
		}
		return err
	}
	if copied := out.learn(c.guard.lastCopy(), uids); len(copied) > 0 {
		// What the server does not name as copied stays where it is.
		out.Missing = append(out.Missing, without(uids, setOf(copied))...)
		uids = copied
	}
	if err := c.removeOriginals(ctx, uids); err != nil {
		out.Remain = append(out.Remain, uids...)
		if KindOf(err) == Unsupported {
			return nil
		}
		return err
	}
	out.Done = append(out.Done, uids...)
	return nil
}

// unmarked leaves out what a server that keeps originals must not copy again.
func (c *Conn) unmarked(ctx context.Context, uids []UID, out *Moved) ([]UID, error) {
	if c.caps.Has("UIDPLUS") {
		return uids, nil
	}
	hits, err := c.Search(ctx, Criteria{UIDs: uids, Flags: []string{`\Deleted`}}, len(uids))
	if err != nil {
		return nil, err
	}
	marked := setOf(hits.UIDs)
	out.Marked = append(out.Marked, within(uids, marked)...)
	return without(uids, marked), nil
}

// removeOriginals ends in Unsupported, with the messages marked, where the
// server cannot expunge single messages.
func (c *Conn) removeOriginals(ctx context.Context, uids []UID) error {
	err := c.storeChunk(ctx, uids, imap.StoreFlagsAdd, []string{`\Deleted`}, make(map[UID]bool))
	if err != nil {
		return err
	}
	return c.expunge(ctx, uids)
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

// Remove deletes messages of the selected mailbox for good, these and no
// others. It is Unsupported, and changes nothing, without UIDPLUS.
func (c *Conn) Remove(ctx context.Context, uids []UID) (Changed, error) {
	const op = "UID EXPUNGE"
	if err := c.changeable(op, uids); err != nil {
		return Changed{}, err
	}
	if !c.caps.Has("UIDPLUS") {
		return Changed{}, unsupported(op, "UIDPLUS")
	}
	var out Changed
	for chunk := range slices.Chunk(uids, ChunkSize) {
		marked, err := c.Store(ctx, chunk, []string{`\Deleted`}, nil)
		out.Missing = append(out.Missing, marked.Missing...)
		if err != nil {
			out.Unsure = append(out.Unsure, marked.Unsure...)
			return out, err
		}
		if len(marked.Done) == 0 {
			continue
		}
		if err := c.expunge(ctx, marked.Done); err != nil {
			if KindOf(err) == Uncertain || isContext(err) {
				out.Unsure = append(out.Unsure, marked.Done...)
			}
			return out, err
		}
		out.Done = append(out.Done, marked.Done...)
	}
	return out, nil
}
