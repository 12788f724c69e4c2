package memmail

import (
	"context"
	"slices"

	"github.com/postern-mail/postern/provider"
)

// threadRounds bounds the looking: only answers that name nothing but the message before need a round each.
const threadRounds = 100

// Thread looks at every message outside of Drafts, Trash and Junk, and at those in the folder of the message asked for.
func (b *Backend) Thread(ctx context.Context, id provider.MessageID, req provider.PageRequest) (provider.Page[provider.Summary], error) {
	const op = "thread"
	var none provider.Page[provider.Summary]
	done, err := b.begin(ctx, op)
	if err != nil {
		return none, err
	}
	defer done()
	letters, err := b.letters(ctx, op, id)
	if err != nil {
		return none, err
	}
	kin := map[string][]provider.Letter{} // by each Message-ID that they have or name
	conv := provider.NewConversation(b.opts.Account, id)
	for _, l := range letters {
		names := slices.Concat([]string{l.Summary.HeaderID}, l.References, l.InReplyTo)
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			kin[name] = append(kin[name], l)
		}
		if l.Summary.ID == id {
			conv.Add(l)
		}
	}
	for range threadRounds {
		names := conv.Next(len(kin))
		for _, name := range names {
			for _, l := range kin[name] {
				conv.Add(l)
			}
		}
		if len(names) == 0 {
			return conv.Page(req)
		}
	}
	conv.Cut()
	return conv.Page(req)
}

// letters reads the header of every message that may belong to a conversation, outside the lock.
func (b *Backend) letters(ctx context.Context, op string, id provider.MessageID) ([]provider.Letter, error) {
	b.mu.RLock()
	own, _, err := b.locate(op, id)
	var hits []hit
	sent := map[string]bool{}
	for _, f := range b.folders {
		switch f.role {
		case provider.RoleDrafts, provider.RoleTrash, provider.RoleJunk:
			if f != own {
				continue
			}
		case provider.RoleSent:
			sent[f.path] = true
		default:
		}
		for _, m := range f.messages {
			hits = append(hits, hit{f.path, f.validity, *m})
		}
	}
	b.mu.RUnlock()
	if err != nil {
		return nil, err
	}
	var out []provider.Letter
	for _, h := range hits {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		head := h.parse().Header
		out = append(out, provider.Letter{Summary: b.summary(h), InReplyTo: head.InReplyTo, References: head.References, Sent: sent[h.folder]})
	}
	return out, nil
}
