package memmail

import (
	"context"

	"github.com/postern-mail/postern/provider"
)

// SetFlags changes flags. Draft is never changed.
func (b *Backend) SetFlags(ctx context.Context, ids []provider.MessageID, change provider.FlagChange) ([]provider.Outcome, error) {
	const op = "set flags"
	if (change.Add | change.Remove).Has(provider.Draft) {
		return nil, fail(op, provider.Invalid, "draft is not to be changed")
	}
	return b.each(ctx, op, ids, func(_ *folder, m *message) provider.Outcome {
		m.flags = m.flags&^change.Remove | change.Add
		return provider.Outcome{}
	})
}
