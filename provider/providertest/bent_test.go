package providertest

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/postern-mail/postern/provider"
)

// bent is a toy with some calls replaced.
type bent struct {
	*toy
	list   func(context.Context, provider.ListOptions, provider.PageRequest) (page, error)
	search func(context.Context, provider.Query, provider.PageRequest) (page, error)
	read   func(context.Context, []provider.MessageID, provider.ReadOptions) ([]provider.ReadResult, error)
	part   func(context.Context, provider.MessageID, provider.PartID) (provider.Part, io.ReadCloser, error)
	flags  func(context.Context, []provider.MessageID, provider.FlagChange) ([]provider.Outcome, error)
	move   func(context.Context, []provider.MessageID, provider.FolderID) ([]provider.Outcome, error)
	remove func(context.Context, []provider.MessageID, bool) ([]provider.Outcome, error)
}

func (b bent) ListMessages(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
	if b.list != nil {
		return b.list(ctx, o, r)
	}
	return b.toy.ListMessages(ctx, o, r)
}

func (b bent) Search(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
	if b.search != nil {
		return b.search(ctx, q, r)
	}
	return b.toy.Search(ctx, q, r)
}

func (b bent) ReadMessages(ctx context.Context, ids []provider.MessageID, o provider.ReadOptions) ([]provider.ReadResult, error) {
	if b.read != nil {
		return b.read(ctx, ids, o)
	}
	return b.toy.ReadMessages(ctx, ids, o)
}

func (b bent) OpenPart(ctx context.Context, id provider.MessageID, part provider.PartID) (provider.Part, io.ReadCloser, error) {
	if b.part != nil {
		return b.part(ctx, id, part)
	}
	return b.toy.OpenPart(ctx, id, part)
}

func (b bent) SetFlags(ctx context.Context, ids []provider.MessageID, c provider.FlagChange) ([]provider.Outcome, error) {
	if b.flags != nil {
		return b.flags(ctx, ids, c)
	}
	return b.toy.SetFlags(ctx, ids, c)
}

func (b bent) Move(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	if b.move != nil {
		return b.move(ctx, ids, to)
	}
	return b.toy.Move(ctx, ids, to)
}

func (b bent) Delete(ctx context.Context, ids []provider.MessageID, permanent bool) ([]provider.Outcome, error) {
	if b.remove != nil {
		return b.remove(ctx, ids, permanent)
	}
	return b.toy.Delete(ctx, ids, permanent)
}

// broken is a way to break a toy and the checks that must see it.
type broken struct {
	name  string
	spoil func(*toy) provider.Provider
	fails string
}

func bentBackends() []broken {
	return slices.Concat(bentReading(), bentSearching(), bentChanging(), bentWaiting())
}

func bentReading() []broken {
	list := func(change func(provider.ListOptions, provider.PageRequest) (provider.ListOptions, provider.PageRequest)) func(*toy) provider.Provider {
		return func(b *toy) provider.Provider {
			return bent{toy: b, list: func(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
				o, r = change(o, r)
				return b.ListMessages(ctx, o, r)
			}}
		}
	}
	read := func(change func(*provider.Message)) func(*toy) provider.Provider {
		return func(b *toy) provider.Provider {
			return bent{toy: b, read: func(ctx context.Context, ids []provider.MessageID, o provider.ReadOptions) ([]provider.ReadResult, error) {
				o.MaxText = provider.DefaultMaxText
				got, err := b.ReadMessages(ctx, ids, o)
				for _, r := range got {
					if r.Message != nil {
						change(r.Message)
					}
				}
				return got, err
			}}
		}
	}
	return []broken{
		{"ignores the limit", list(func(o provider.ListOptions, r provider.PageRequest) (provider.ListOptions, provider.PageRequest) {
			r.Limit = 10_000
			return o, r
		}), "cursor/limits, cursor/pages"},
		{"ignores dates", list(func(o provider.ListOptions, r provider.PageRequest) (provider.ListOptions, provider.PageRequest) {
			return provider.ListOptions{Folder: o.Folder, UnreadOnly: o.UnreadOnly}, r
		}), "message/filters"},
		{"goes on after the end", func(b *toy) provider.Provider {
			return bent{toy: b, list: func(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
				p, err := b.ListMessages(ctx, o, r)
				p.Next, _ = provider.Place{Listing: "x"}.Cursor()
				return p, err
			}}
		}, "folder/empty"},
		{"lists without copies", func(b *toy) provider.Provider {
			return bent{toy: b, list: func(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
				p, err := b.ListMessages(ctx, o, r)
				for i := range p.Items {
					p.Items[i].Cc = nil
				}
				return p, err
			}}
		}, "message/summary"},
		{"ignores the bound of a body", read(func(*provider.Message) {}), "message/limits"},
		{"reads no header", read(func(m *provider.Message) { m.Header = nil }), "message/read"},
		{"finds fault with sound mail", read(func(m *provider.Message) { m.Defects = []string{"strange"} }), "message/read"},
	}
}

func bentSearching() []broken {
	ask := func(change func(*provider.Query)) func(*toy) provider.Provider {
		return func(b *toy) provider.Provider {
			return bent{toy: b, search: func(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
				change(&q)
				return b.Search(ctx, q, r)
			}}
		}
	}
	answer := func(change func(*page)) func(*toy) provider.Provider {
		return func(b *toy) provider.Provider {
			return bent{toy: b, search: func(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
				p, err := b.Search(ctx, q, r)
				change(&p)
				return p, err
			}}
		}
	}
	return []broken{
		{"searches without dates", ask(func(q *provider.Query) { q.Since, q.Before = time.Time{}, time.Time{} }), "search/dates"},
		{"searches without flags", ask(func(q *provider.Query) { q.With = 0 }), "search/flags"},
		{"finds the oldest first", answer(func(p *page) { slices.Reverse(p.Items) }), "search/order, search/everything"},
		{"drops a hit from each page", answer(func(p *page) {
			if n := len(p.Items); n > 0 && p.Next != "" {
				p.Items = p.Items[:n-1]
			}
		}), "cursor/pages of a search, cursor/mail between pages of a search"},
		{"gives no cursor within a page of hits", answer(func(p *page) { p.At = nil }), "cursor/within a page of a search"},
	}
}

// sweep removes all that is marked as deleted.
func (b *toy) sweep() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.folders {
		f.messages = slices.DeleteFunc(f.messages, func(m *toyMessage) bool { return m.flags.Has(provider.Deleted) })
	}
}

func bentChanging() []broken {
	return []broken{
		{"removes what is marked as deleted at once", func(b *toy) provider.Provider {
			return bent{toy: b, flags: func(ctx context.Context, ids []provider.MessageID, c provider.FlagChange) ([]provider.Outcome, error) {
				defer b.sweep()
				return b.SetFlags(ctx, ids, c)
			}}
		}, "modify/deleted removes nothing"},
		{"sweeps after a move", func(b *toy) provider.Provider {
			return bent{toy: b, move: func(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
				defer b.sweep()
				return b.Move(ctx, ids, to)
			}}
		}, "move/leaves others alone"},
		{"loses what is moved to where it is", func(b *toy) provider.Provider {
			return bent{toy: b, move: func(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
				if to == "INBOX" {
					return b.Delete(ctx, ids, true)
				}
				return b.Move(ctx, ids, to)
			}}
		}, "move/to where it is"},
		{"keeps in trash what is to go for good", func(b *toy) provider.Provider {
			return bent{toy: b, remove: func(ctx context.Context, ids []provider.MessageID, _ bool) ([]provider.Outcome, error) {
				return b.Delete(ctx, ids, false)
			}}
		}, "delete/for good"},
		{"gives up a batch for one that is gone", func(b *toy) provider.Provider {
			return bent{toy: b, remove: func(ctx context.Context, ids []provider.MessageID, permanent bool) ([]provider.Outcome, error) {
				got, err := b.Delete(ctx, ids, permanent)
				for _, o := range got {
					err = errors.Join(err, o.Err)
				}
				return got, err
			}}
		}, "delete/in part"},
	}
}

// bentWaiting are wrong only when a call is cancelled or not alone.
func bentWaiting() []broken {
	// wait stays until ctx ends, or long enough that it will not.
	wait := func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return toyError(provider.Unavailable, "the connection broke")
		case <-time.After(100 * time.Millisecond):
			return nil
		}
	}
	meeting := make(chan []provider.MessageID)
	// swapped gives a caller the other's ids when two call at once.
	swapped := func(ids []provider.MessageID) []provider.MessageID {
		select {
		case other := <-meeting:
			return other
		case meeting <- ids:
		case <-time.After(20 * time.Millisecond):
		}
		return ids
	}
	return []broken{
		{"calls a cancelled listing a broken connection", func(b *toy) provider.Provider {
			return bent{toy: b, search: func(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
				if err := wait(ctx); err != nil {
					return page{}, err
				}
				return b.Search(ctx, q, r)
			}}
		}, "cancel/while reading"},
		{"calls a cancelled change a broken connection", func(b *toy) provider.Provider {
			return bent{toy: b, flags: func(ctx context.Context, ids []provider.MessageID, c provider.FlagChange) ([]provider.Outcome, error) {
				if err := wait(ctx); err != nil {
					return nil, err
				}
				return b.SetFlags(ctx, ids, c)
			}}
		}, "cancel/while changing"},
		{"loses a message when a move is cancelled", func(b *toy) provider.Provider {
			return bent{toy: b, move: func(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
				if wait(ctx) != nil {
					_, _ = b.Delete(context.WithoutCancel(ctx), ids, true)
					return nil, ctx.Err()
				}
				return b.Move(ctx, ids, to)
			}}
		}, "cancel/while moving"},
		{"calls a cancelled stream damaged", func(b *toy) provider.Provider {
			return bent{toy: b, part: func(ctx context.Context, id provider.MessageID, part provider.PartID) (provider.Part, io.ReadCloser, error) {
				p, body, err := b.OpenPart(ctx, id, part)
				return p, brittle{body, func() bool { return ctx.Err() != nil }}, err
			}}
		}, "cancel/open part"},
		{"gives one caller's message to another", func(b *toy) provider.Provider {
			return bent{toy: b, read: func(ctx context.Context, ids []provider.MessageID, o provider.ReadOptions) ([]provider.ReadResult, error) {
				got, err := b.ReadMessages(ctx, swapped(ids), o)
				for i := range got {
					got[i].ID, got[i].Message.ID = ids[i], ids[i]
				}
				return got, err
			}}
		}, "concurrency/reading"},
		{"changes another caller's message", func(b *toy) provider.Provider {
			return bent{toy: b, flags: func(ctx context.Context, ids []provider.MessageID, c provider.FlagChange) ([]provider.Outcome, error) {
				got, err := b.SetFlags(ctx, swapped(ids), c)
				for i := range got {
					got[i].ID = ids[i]
				}
				return got, err
			}}
		}, "concurrency/changing"},
		{"hangs when it is closed", func(b *toy) provider.Provider {
			hang := func(ctx context.Context, err error) {
				if provider.CodeOf(err) == provider.Unavailable {
					<-ctx.Done()
				}
			}
			return bent{toy: b, read: func(ctx context.Context, ids []provider.MessageID, o provider.ReadOptions) ([]provider.ReadResult, error) {
				got, err := b.ReadMessages(ctx, ids, o)
				hang(ctx, err)
				return got, err
			}, list: func(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
				got, err := b.ListMessages(ctx, o, r)
				hang(ctx, err)
				return got, err
			}}
		}, "concurrency/close"},
	}
}

// brittle is a stream that breaks when broken says so.
type brittle struct {
	io.ReadCloser
	broken func() bool
}

func (b brittle) Read(p []byte) (int, error) {
	if b.broken() {
		return 0, toyError(provider.Internal, "damaged")
	}
	return b.ReadCloser.Read(p)
}
