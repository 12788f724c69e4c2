package memmail

import (
	"context"
	"slices"

	"github.com/postern-mail/postern/provider"
)

// Move moves messages; each gets a new id. A message already in the folder stays as it is.
func (b *Backend) Move(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	const op = "move"
	return b.each(ctx, op, ids, func(f *folder, m *message) provider.Outcome {
		dest, err := b.lookup(op, to)
		if err != nil {
			return provider.Outcome{Err: err}
		}
		return b.move(f, m, dest, m.flags)
	})
}

func (b *Backend) move(from *folder, m *message, to *folder, flags provider.Flags) provider.Outcome {
	if from == to {
		return provider.Outcome{}
	}
	moved := to.add(&message{flags: flags, received: m.received, content: m.content})
	from.remove(m)
	b.changed()
	return provider.Outcome{NewID: b.id(to, moved)}
}

func (f *folder) remove(m *message) {
	if i, ok := f.index(m.uid); ok {
		f.messages = slices.Delete(f.messages, i, i+1)
	}
}
