package providertest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/postern-mail/postern/provider"
)

// toyPoll is how often a toy looks whether something arrived.
const toyPoll = 2 * time.Millisecond

func (b *toy) Mark(ctx context.Context, folder provider.FolderID) (provider.MessageID, error) {
	leave, err := b.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	f, err := b.folder(string(folder))
	if err != nil {
		return "", err
	}
	return toyID(f, &toyMessage{uid: b.uid}), nil
}

func (b *toy) Watch(ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
	seen := map[provider.FolderID]int{}
	tick := time.NewTicker(toyPoll)
	defer tick.Stop()
	for {
		for _, id := range folders {
			n, err := b.newest(ctx, id)
			if err != nil {
				return err
			}
			if was, known := seen[id]; !known || was != n {
				told(id)
			}
			seen[id] = n
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (b *toy) newest(ctx context.Context, id provider.FolderID) (uid int, err error) {
	leave, err := b.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	f, err := b.folder(string(id))
	if err != nil {
		return 0, err
	}
	for _, m := range f.messages {
		uid = max(uid, m.uid)
	}
	return uid, nil
}

// after reads a mark: uids rise over all folders.
func (b *toy) after(in []*toyFolder, mark provider.MessageID) (uid int, err error) {
	var epoch int
	if mark == "" {
		return 0, nil
	}
	if _, err := fmt.Sscanf(mark.Local(), "%d.%d", &epoch, &uid); err != nil {
		return 0, toyError(provider.Invalid, "not a mark")
	}
	if in[0].epoch == epoch {
		return uid, nil
	}
	for _, f := range b.folders {
		if f.epoch == epoch {
			return 0, toyError(provider.Invalid, "a mark of another folder")
		}
	}
	return 0, toyError(provider.Conflict, "the folder was rebuilt")
}

// toyUID is the number in an id of a toy's.
func toyUID(id provider.MessageID) (uid int) {
	_, after, _ := strings.Cut(id.Local(), ".")
	_, _ = fmt.Sscan(after, &uid)
	return uid
}

// badWatcher is a toy whose Watch is replaced.
type badWatcher struct {
	*toy
	watch func(context.Context, []provider.FolderID, func(provider.FolderID)) error
}

func (b badWatcher) Watch(ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
	return b.watch(ctx, folders, told)
}

type forgetsMarks struct{ *toy }

func (b forgetsMarks) Search(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
	q.After = ""
	return b.toy.Search(ctx, q, r)
}

type blindBehind struct{ *toy }

func (b blindBehind) Search(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
	got, err := b.toy.Search(ctx, q, r)
	if q.After != "" {
		got.Items, got.Next = nil, ""
	}
	return got, err
}

// needsMarked takes only marks whose message is there.
type needsMarked struct{ *toy }

func (b needsMarked) Search(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
	if q.After != "" {
		got, err := b.ReadMessages(ctx, []provider.MessageID{q.After}, provider.ReadOptions{})
		if err != nil || got[0].Err != nil {
			return page{}, toyError(provider.NotFound, "the mark is gone")
		}
	}
	return b.toy.Search(ctx, q, r)
}

// misreadsMarks takes the number in a mark and nothing else.
type misreadsMarks struct{ *toy }

func (b misreadsMarks) Search(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
	if q.After != "" && len(q.In) > 0 {
		b.mu.Lock()
		f, err := b.folder(string(q.In[0]))
		b.mu.Unlock()
		if err == nil {
			q.After = toyID(f, &toyMessage{uid: toyUID(q.After)})
		}
	}
	return b.toy.Search(ctx, q, r)
}

func badWatchers() []broken {
	watch := func(f func(b *toy, ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error) func(*toy) provider.Provider {
		return func(b *toy) provider.Provider {
			return badWatcher{b, func(ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
				return f(b, ctx, folders, told)
			}}
		}
	}
	return []broken{
		{"tells that it watches, and nothing more", watch(func(_ *toy, ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
			for _, f := range folders {
				told(f)
			}
			<-ctx.Done()
			return ctx.Err()
		}), "watch/tells, watch/folders, watch/several, watch/close, watch/missing folder"},
		{"watches the first folder only", watch(func(b *toy, ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
			return b.Watch(ctx, folders[:1], told)
		}), "watch/folders"},
		{"tells of folders at a time", watch(func(b *toy, ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
			ended := make(chan error, len(folders))
			for _, f := range folders {
				go func() { ended <- b.Watch(ctx, []provider.FolderID{f}, told) }()
			}
			var err error
			for range folders {
				err = <-ended
			}
			return err
		}), "watch/folders"},
		{"ends a watch without an error", watch(func(b *toy, ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
			_ = b.Watch(ctx, folders, told)
			return nil
		}), "watch/cancel, watch/close, watch/missing folder"},
		{"calls a folder that went away a fault", watch(func(b *toy, ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
			if err := b.Watch(ctx, folders, told); ctx.Err() == nil {
				return toyError(provider.Internal, err.Error())
			}
			return ctx.Err()
		}), "watch/folder goes away, watch/missing folder"},
		{"ignores marks", func(b *toy) provider.Provider { return forgetsMarks{b} }, "watch/mark, watch/foreign mark"},
		{"finds nothing behind marks", func(b *toy) provider.Provider { return blindBehind{b} }, "watch/mark, watch/wait"},
		{"marks by messages that are there", func(b *toy) provider.Provider { return needsMarked{b} }, "watch/mark of a message that is gone"},
		{"takes marks of any folder", func(b *toy) provider.Provider { return misreadsMarks{b} }, "watch/foreign mark, watch/stale mark"},
		{"has no marks", func(b *toy) provider.Provider { return markless{b} }, "watch/wait in vain, watch/mark"},
	}
}

type markless struct{ *toy }

func (b markless) Mark(context.Context, provider.FolderID) (provider.MessageID, error) {
	return "", nil
}
