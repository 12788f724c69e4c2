package memmail

import (
	"context"
	"strconv"

	"github.com/postern-mail/postern/provider"
)

// Mark returns the id of the last message that arrived in a folder, also when it is gone; 0 stands for none.
func (b *Backend) Mark(ctx context.Context, id provider.FolderID) (provider.MessageID, error) {
	const op = "mark"
	done, err := b.begin(ctx, op)
	if err != nil {
		return "", err
	}
	defer done()
	b.mu.RLock()
	defer b.mu.RUnlock()
	f, err := b.lookup(op, id)
	if err != nil {
		return "", err
	}
	return b.id(f, &message{uid: f.lastUID}), nil
}

// Watch tells of every message that arrives, and of folders that are rebuilt.
func (b *Backend) Watch(ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
	const op = "watch"
	done, err := b.begin(ctx, op)
	if err != nil {
		return err
	}
	defer done()
	seen := make(map[provider.FolderID]state, len(folders))
	for {
		now, change, err := b.look(op, folders)
		if err != nil {
			return err
		}
		for _, id := range folders {
			if was, known := seen[id]; !known || was != now[id] {
				told(id)
			}
		}
		seen = now
		select {
		case <-change:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// state changes when a message arrives in a folder.
type state struct{ validity, lastUID uint32 }

// look returns the states of folders and a channel that is closed when one may have changed.
func (b *Backend) look(op string, folders []provider.FolderID) (map[provider.FolderID]state, <-chan struct{}, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return nil, nil, fail(op, provider.Unavailable, "the mailbox is closed")
	}
	now := make(map[provider.FolderID]state, len(folders))
	for _, id := range folders {
		f, err := b.lookup(op, id)
		if err != nil {
			return nil, nil, err
		}
		now[id] = state{f.validity, f.lastUID}
	}
	return now, b.change, nil
}

// changed wakes whoever watches; the caller holds b.mu.
func (b *Backend) changed() {
	close(b.change)
	b.change = make(chan struct{})
}

// after reads the place that a query goes on behind.
func (b *Backend) after(op string, f *folder, id provider.MessageID) (uid uint32, err error) {
	validity, uid, ok := b.parseID(id)
	switch {
	case !ok:
		return 0, fail(op, provider.Invalid, strconv.Quote(string(id))+" is no message of this account")
	case validity == f.validity:
		return uid, nil
	}
	for _, other := range b.folders {
		if other.validity == validity {
			return 0, fail(op, provider.Invalid, "message "+string(id)+" is not of the folder "+strconv.Quote(f.path))
		}
	}
	return 0, rebuilt(op, id)
}
