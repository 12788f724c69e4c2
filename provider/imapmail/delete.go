package imapmail

import (
	"context"
	"errors"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// Delete moves messages to Trash, which it makes where there is none, or with
// permanent removes exactly those.
func (b *Backend) Delete(ctx context.Context, ids []provider.MessageID, permanent bool) ([]provider.Outcome, error) {
	if permanent {
		return b.change(ctx, ids, halfRemoved, func(c *imapx.Conn, g *batch) (imapx.Moved, error) {
			done, err := c.Remove(ctx, g.uids())
			return imapx.Moved{Changed: done}, err
		})
	}
	trash, err := b.useOrCreate(ctx, imapx.UseTrash)
	if err != nil {
		return nil, err
	}
	groups, err := b.group(ctx, ids)
	if err != nil {
		return nil, err
	}
	var there, elsewhere []provider.MessageID
	for _, g := range groups {
		for _, r := range g.refs {
			if g.folder == trash {
				there = append(there, r.id)
			} else {
				elsewhere = append(elsewhere, r.id)
			}
		}
	}
	var out []provider.Outcome
	if len(elsewhere) > 0 {
		out, err = b.moveTo(ctx, elsewhere, trash)
		if len(out) == 0 && errors.Is(err, provider.NotFound) { // Trash is gone since folders were listed
			if trash, err = b.create(ctx, imapx.UseTrash); err == nil {
				out, err = b.moveTo(ctx, elsewhere, trash)
			}
		}
		if err != nil && len(out) == 0 {
			return nil, err
		}
	}
	for _, id := range there {
		out = append(out, provider.Outcome{ID: id, Err: &provider.Error{
			Code: provider.Invalid, Hint: "delete it permanently, or move it elsewhere", Err: errors.New("the message is in Trash already"),
		}})
	}
	return out, err
}
