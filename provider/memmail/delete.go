package memmail

import (
	"context"

	"github.com/postern-mail/postern/provider"
)

// Delete moves messages to Trash, which it makes where it is missing, or removes them for good. A message that is in Trash
// already stays there without permanent.
func (b *Backend) Delete(ctx context.Context, ids []provider.MessageID, permanent bool) ([]provider.Outcome, error) {
	if permanent {
		return b.each(ctx, "delete permanently", ids, func(f *folder, m *message) provider.Outcome {
			f.remove(m)
			return provider.Outcome{}
		})
	}
	return b.each(ctx, "delete", ids, func(f *folder, m *message) provider.Outcome {
		return b.move(f, m, b.ensureRole(provider.RoleTrash), m.flags&^provider.Deleted)
	})
}
