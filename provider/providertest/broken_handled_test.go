package providertest

import (
	"context"

	"github.com/postern-mail/postern/provider"
)

func badHandlers() []broken {
	return []broken{
		{"takes handled for seen", func(b *toy) provider.Provider { return confuser{b} }, "handled/set and clear, handled/in part"},
		{"shows the mark as a label too", func(b *toy) provider.Provider { return labeller{b} }, "handled/set and clear"},
		{"lists handled mail as well", func(b *toy) provider.Provider { return lister{b} }, "handled/unhandled only"},
		{"does not search for the mark", func(b *toy) provider.Provider { return overlooker{b} }, "handled/search"},
		{"loses the mark when moving", func(b *toy) provider.Provider { return unhandler{b} }, "handled/move"},
	}
}

type confuser struct{ *toy }

func (b confuser) SetFlags(ctx context.Context, ids []provider.MessageID, c provider.FlagChange) ([]provider.Outcome, error) {
	if c.Add.Has(provider.Handled) {
		c.Add |= provider.Seen
	}
	return b.toy.SetFlags(ctx, ids, c)
}

type labeller struct{ *toy }

func (b labeller) ListMessages(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
	p, err := b.toy.ListMessages(ctx, o, r)
	for i := range p.Items {
		if p.Items[i].Flags.Has(provider.Handled) {
			p.Items[i].Labels = append(p.Items[i].Labels, "Handled")
		}
	}
	return p, err
}

type lister struct{ *toy }

func (b lister) ListMessages(ctx context.Context, o provider.ListOptions, r provider.PageRequest) (page, error) {
	o.UnhandledOnly = false
	return b.toy.ListMessages(ctx, o, r)
}

type overlooker struct{ *toy }

func (b overlooker) Search(ctx context.Context, q provider.Query, r provider.PageRequest) (page, error) {
	q.With, q.Without = q.With&^provider.Handled, q.Without&^provider.Handled
	return b.toy.Search(ctx, q, r)
}

type unhandler struct{ *toy }

func (b unhandler) Move(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	_, _ = b.SetFlags(ctx, ids, provider.FlagChange{Remove: provider.Handled})
	return b.toy.Move(ctx, ids, to)
}
