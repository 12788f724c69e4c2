package imapx

import (
	"context"
	"slices"
)

// Remove deletes messages of the selected mailbox for good, these and no
// others. It is Unsupported, and changes nothing, without UIDPLUS. Partly are
// those left marked \Deleted because the server did not remove them.
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
			out.Partly = append(out.Partly, marked.Done...)
			return out, err
		}
		if len(marked.Done) == 0 {
			continue
		}
		if err := c.removeMarked(ctx, marked.Done, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// removeMarked looks what became of messages when the server does not say.
func (c *Conn) removeMarked(ctx context.Context, uids []UID, out *Changed) error {
	err := c.expunge(ctx, uids)
	switch {
	case err == nil:
		out.Done = append(out.Done, uids...)
		return nil
	case isContext(err):
		out.Unsure = append(out.Unsure, uids...)
		return err
	case lostAnswer(ctx, err):
		back := c.comeBack(ctx)
		if takenAway(back) {
			return back
		}
		if back != nil || settled(ctx) != nil {
			out.Unsure = append(out.Unsure, uids...)
			return err
		}
		c.stale = true // what the server did meanwhile is to be seen
	}
	have, looked := c.exists(ctx, uids)
	if looked != nil {
		out.Unsure = append(out.Unsure, uids...)
		return err
	}
	out.Done = append(out.Done, without(uids, have)...)
	left := within(uids, have)
	out.Partly = append(out.Partly, left...)
	if len(left) == 0 {
		return nil
	}
	return lostBy(err)
}
