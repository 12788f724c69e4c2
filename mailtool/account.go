package mailtool

import (
	"context"
	"slices"

	"github.com/postern-mail/postern/scopes"
)

func accountTools() []Tool {
	return []Tool{Define(Spec{
		Name:        "list_accounts",
		Title:       "List accounts",
		Description: "Mail accounts of this connection: addresses to send from, what each can do, what the owner allows.",
		Effect:      scopes.Effect{Verb: scopes.List, Access: scopes.Read, Scopes: scopes.Public()},
		Tags:        []scopes.Tag{"accounts"},
		Whole:       true,
	}, listAccounts)}
}

type accountsIn struct{}

type accountsOut struct {
	Accounts []accountRow `json:"accounts" jsonschema:"one an account"`
	Scopes   []string     `json:"scopes" jsonschema:"scopes granted that these tools use"`
	Access   []string     `json:"access" jsonschema:"what these tools may do: read, write, send, destroy"`
	Expires  string       `json:"expires,omitempty" jsonschema:"when the grant ends"`
}

type accountRow struct {
	Mailbox    string   `json:"mailbox" jsonschema:"name to use as mailbox"`
	Service    string   `json:"service" jsonschema:"kind of mail service"`
	Identities []string `json:"identities,omitempty" jsonschema:"addresses mail can be sent from, the default first"`
	Can        []string `json:"can" jsonschema:"what the service behind it can do"`
	Tools      []string `json:"tools" jsonschema:"tools that work on it for this connection"`
	Closed     []string `json:"closed,omitempty" jsonschema:"switches the operator has off: sending, destructive"`
}

func listAccounts(_ context.Context, env *Env, _ accountsIn) (*accountsOut, error) {
	out := &accountsOut{Accounts: []accountRow{}, Scopes: []string{}, Access: []string{}}
	var usable []scopes.Effect
	for _, a := range env.Caller.granted() {
		for _, t := range env.tools.tools {
			for _, e := range t.effects() {
				if !t.spec.Whole && env.Caller.permitted(t, e, a) == nil {
					usable = append(usable, e)
				}
			}
		}
		out.Accounts = append(out.Accounts, env.accountRow(a))
		if end := env.Caller.Grant.Expires; !end.IsZero() {
			out.Expires = shortTime(end, a.zone())
		}
	}
	for _, s := range env.Caller.Grant.Scopes.Slice() {
		if slices.ContainsFunc(usable, func(e scopes.Effect) bool {
			return slices.ContainsFunc(e.Scopes, func(any []scopes.Scope) bool { return slices.Contains(any, s) })
		}) {
			out.Scopes = append(out.Scopes, string(s))
		}
	}
	for _, access := range scopes.AllAccess().Slice() {
		if slices.ContainsFunc(usable, func(e scopes.Effect) bool { return e.Access == access }) {
			out.Access = append(out.Access, access.String())
		}
	}
	return out, nil
}

func (env *Env) accountRow(a Account) accountRow {
	row := accountRow{Mailbox: string(a.ID), Service: a.Mail.Info().Service, Can: []string{}, Tools: []string{}}
	for _, id := range a.Mail.Info().Identities {
		row.Identities = append(row.Identities, id.String())
	}
	for _, c := range a.Mail.Capabilities().Slice() {
		row.Can = append(row.Can, c.String())
	}
	for _, t := range env.tools.tools {
		if !t.spec.Whole && env.Caller.permitted(t, t.spec.Effect, a) == nil {
			row.Tools = append(row.Tools, t.spec.Name)
		}
	}
	for _, g := range []scopes.Gate{scopes.Sending, scopes.Destructive} {
		if !a.Gates.gate(g).Open {
			row.Closed = append(row.Closed, string(g))
		}
	}
	return row
}
