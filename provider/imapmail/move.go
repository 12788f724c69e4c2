package imapmail

import (
	"context"
	"errors"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// Move moves messages to a folder, one command per source folder and thousand. Ids
// that this backend has not listed nor read cost one more round trip.
func (b *Backend) Move(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	return b.moveTo(ctx, ids, inbox(string(to)))
}

func (b *Backend) moveTo(ctx context.Context, ids []provider.MessageID, dest string) ([]provider.Outcome, error) {
	moved := make(map[provider.MessageID]provider.MessageID)
	out, err := b.change(ctx, ids, halfFlagged, func(c *imapx.Conn, g *batch) (imapx.Moved, error) {
		// Whatever was listed or read before is noted; should the answer be lost,
		// nothing else tells what became of a message.
		if err := c.Identify(ctx, g.uids()); err != nil {
			return imapx.Moved{}, err
		}
		got, err := c.Move(ctx, g.uids(), dest)
		for _, r := range g.refs {
			if to, ok := got.New[r.uid]; ok {
				moved[r.id] = b.newID(dest, got.Validity, to)
			}
		}
		return got, err
	})
	if len(moved) > 0 {
		b.learn(dest)
	}
	for i := range out {
		if out[i].Err == nil || errors.Is(out[i].Err, errInBoth) {
			out[i].NewID = moved[out[i].ID]
		}
	}
	return out, err
}
