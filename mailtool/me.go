package mailtool

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/provider"
)

// me stands for the owner in from:, to: and cc:, as in Gmail's syntax.
const me = "me"

// own puts the account's addresses in place of me. Only the words of the query
// are looked at, at every depth.
func (env *Env) own(q provider.Query) (provider.Query, error) {
	var err error
	for _, field := range []struct {
		words *[]string
		of    func(addr string) provider.Query
	}{
		{&q.From, func(addr string) provider.Query { return provider.Query{From: []string{addr}} }},
		{&q.To, func(addr string) provider.Query { return provider.Query{To: []string{addr}} }},
		{&q.Cc, func(addr string) provider.Query { return provider.Query{Cc: []string{addr}} }},
	} {
		others := slices.DeleteFunc(slices.Clone(*field.words), func(w string) bool { return strings.EqualFold(w, me) })
		switch len(others) {
		case len(*field.words):
			continue
		case 0:
			others = nil
		}
		var mine []provider.Query
		for _, id := range env.Mail.Info().Identities {
			mine = append(mine, field.of(id.Addr))
		}
		if len(mine) == 0 {
			return q, refuse(Invalid, "me stands for the owner, and the account names no address", "search for the address itself")
		}
		*field.words, q.Any = others, append(slices.Clip(q.Any), mine)
	}
	q.Not = slices.Clone(q.Not)
	for i := range q.Not {
		if q.Not[i], err = env.own(q.Not[i]); err != nil {
			return q, err
		}
	}
	q.Any = slices.Clone(q.Any)
	for i, group := range q.Any {
		q.Any[i] = slices.Clone(group)
		for j := range q.Any[i] {
			if q.Any[i][j], err = env.own(q.Any[i][j]); err != nil {
				return q, err
			}
		}
	}
	return q, nil
}
