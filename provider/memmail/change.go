package memmail

import (
	"context"

	"github.com/postern-mail/postern/provider"
)

// each answers for every id: a change of one message never stops those of the others. It holds the lock all the time, so that
// nobody sees a batch half done.
func (b *Backend) each(ctx context.Context, op string, ids []provider.MessageID, change func(*folder, *message) provider.Outcome) ([]provider.Outcome, error) {
	done, err := b.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	defer done()
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]provider.Outcome, 0, len(ids))
	for _, id := range ids {
		f, m, err := b.locate(op, id)
		o := provider.Outcome{Err: err}
		if err == nil {
			o = change(f, m)
		}
		o.ID = id
		out = append(out, o)
	}
	return out, nil
}
