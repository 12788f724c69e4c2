package providertest

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/provider"
)

type indiscreet struct{ *toy }

func (b indiscreet) Send(ctx context.Context, m provider.Outgoing) (provider.Receipt, error) {
	r, err := b.toy.Send(ctx, m)
	b.rewrite(func(raw []byte) []byte { return append([]byte("Bcc: "+toyList(m.Bcc)+"\r\n"), raw...) })
	return r, err
}

// rewrite changes what was sent last.
func (b *toy) rewrite(f func([]byte) []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.sent); n > 0 {
		b.sent[n-1] = f(b.sent[n-1])
	}
}

type insistent struct{ *toy }

func (b insistent) Send(ctx context.Context, m provider.Outgoing) (provider.Receipt, error) {
	_, _ = b.toy.Send(ctx, m)
	return b.toy.Send(ctx, m)
}

type partial struct{ *toy }

func (b partial) Send(ctx context.Context, m provider.Outgoing) (provider.Receipt, error) {
	r, err := b.toy.Send(ctx, m)
	if len(r.Refused) > 0 {
		m.Cc = slices.DeleteFunc(m.Cc, func(a provider.Address) bool { return a.Addr == toyRefused })
		_, _ = b.toy.Send(ctx, m)
	}
	return r, err
}

type credulous struct{ *toy }

func (b credulous) Send(ctx context.Context, m provider.Outgoing) (provider.Receipt, error) {
	given := m.References
	m.References = nil
	r, err := b.toy.Send(ctx, m)
	b.rewrite(func(raw []byte) []byte { return append([]byte("References: "+strings.Join(given, " ")+"\r\n"), raw...) })
	return r, err
}

type bareLines struct{ *toy }

func (b bareLines) Send(ctx context.Context, m provider.Outgoing) (provider.Receipt, error) {
	r, err := b.toy.Send(ctx, m)
	b.rewrite(func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")) })
	return r, err
}

type unfiled struct{ *toy }

func (b unfiled) Send(ctx context.Context, m provider.Outgoing) (provider.Receipt, error) {
	r, err := b.toy.Send(ctx, m)
	b.mu.Lock()
	defer b.mu.Unlock()
	if f, missing := b.folder("Sent"); missing == nil {
		f.messages = nil
	}
	return r, err
}

type plainSender struct{ *toy }

func (b plainSender) Send(ctx context.Context, m provider.Outgoing) (provider.Receipt, error) {
	m.HTML = ""
	return b.toy.Send(ctx, m)
}

type nameless struct{ *toy }

func (b nameless) Info() provider.Info { return provider.Info{Account: toyAccount, Service: "toy"} }
