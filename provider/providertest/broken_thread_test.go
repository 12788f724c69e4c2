package providertest

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/provider"
)

// misthreader is a toy that makes conversations of its own. sound is the
// account of the toy alone, which puts them together rightly.
type misthreader struct {
	*toy
	sound  *provider.Account
	thread func(b misthreader, ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error)
}

func (b misthreader) Thread(ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error) {
	return b.thread(b, ctx, id, req)
}

func badThreaders() []broken {
	bad := func(thread func(misthreader, context.Context, provider.MessageID, provider.PageRequest) (page, error)) func(*toy) provider.Provider {
		return func(b *toy) provider.Provider {
			sound, _ := provider.Open(b)
			return misthreader{b, sound, thread}
		}
	}
	return []broken{
		{"takes every message for a conversation", bad(misthreader.alone),
			"thread/chain, thread/fork, thread/lost beginning, thread/lost in between, thread/in-reply-to only, thread/other subject, thread/circle, " +
				"thread/dropped fields, thread/own replies, thread/other folders, thread/pages, thread/cancel, thread/copies"},
		{"joins all that has one subject", bad(misthreader.bySubject), "thread/same subject"},
		{"joins all that is named together", bad(misthreader.byName), "thread/two conversations named, thread/endless references, thread/forged id"},
		{"gives a message once for each copy", bad(misthreader.uncopied), "thread/copies"},
		{"leaves out what the account sent", bad(misthreader.unsent), "thread/own replies"},
		{"makes conversations latest first", bad(misthreader.backwards), "thread/chain, thread/pages"},
		{"starts every conversation again", bad(misthreader.unpaged), "thread/pages"},
		{"has an empty conversation for every id", bad(misthreader.empty), "thread/bad ids, thread/gone, thread/stale id"},
		{"gives each message its own thread id", bad(misthreader.unnamed), "thread/chain, thread/fork"},
	}
}

func (b misthreader) alone(ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error) {
	p, err := b.sound.Thread(ctx, id, req)
	p.Items = slices.DeleteFunc(p.Items, func(s provider.Summary) bool { return s.ID != id })
	p.Next, p.Total = "", 0
	return p, err
}

// pool makes one conversation of all messages that joined says are linked.
func (b misthreader) pool(ctx context.Context, id provider.MessageID, req provider.PageRequest, linked func(x, y provider.Message) bool) (page, error) {
	p, err := b.sound.Thread(ctx, id, req)
	if err != nil {
		return p, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var in, out []provider.Message
	for _, f := range b.folders {
		for _, m := range f.messages {
			if msg := toyRead(f, m); msg.ID == id {
				in = append(in, msg)
			} else {
				out = append(out, msg)
			}
		}
	}
	for n := 0; n < len(in); n++ {
		out = slices.DeleteFunc(out, func(m provider.Message) bool {
			if linked(in[n], m) || linked(m, in[n]) {
				in = append(in, m)
				return true
			}
			return false
		})
	}
	p.Items = nil
	for _, m := range in {
		p.Items = append(p.Items, m.Summary)
	}
	p.Next, p.Total = "", 0
	return p, nil
}

func (b misthreader) bySubject(ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error) {
	return b.pool(ctx, id, req, func(x, y provider.Message) bool { return x.Subject == y.Subject })
}

func (b misthreader) byName(ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error) {
	return b.pool(ctx, id, req, func(x, y provider.Message) bool {
		return x.HeaderID == y.HeaderID || slices.Contains(x.References, y.HeaderID)
	})
}

func (b misthreader) uncopied(ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error) {
	p, err := b.sound.Thread(ctx, id, req)
	for _, s := range p.Items {
		for _, copied := range s.Copies {
			s.ID = copied
			p.Items = append(p.Items, s)
		}
	}
	return p, err
}

func (b misthreader) unsent(ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error) {
	p, err := b.sound.Thread(ctx, id, req)
	p.Items = slices.DeleteFunc(p.Items, func(s provider.Summary) bool { return s.Folder == "Sent" })
	return p, err
}

func (b misthreader) backwards(ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error) {
	p, err := b.sound.Thread(ctx, id, req)
	slices.Reverse(p.Items)
	return p, err
}

func (b misthreader) unpaged(ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error) {
	p, err := b.sound.Thread(ctx, id, provider.PageRequest{Limit: req.Limit})
	if req.After != "" {
		p.Next = ""
	}
	return p, err
}

func (b misthreader) empty(ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error) {
	p, err := b.sound.Thread(ctx, id, req)
	if err != nil && ctx.Err() == nil && !strings.Contains(err.Error(), "cursor") {
		return page{}, nil
	}
	return p, err
}

func (b misthreader) unnamed(ctx context.Context, id provider.MessageID, req provider.PageRequest) (page, error) {
	p, err := b.sound.Thread(ctx, id, req)
	for i := range p.Items {
		p.Items[i].ThreadID = string(p.Items[i].ID)
	}
	return p, err
}
