package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/scopes"
)

// grantID names the one grant of a process in its journal.
const grantID = "mailmcp"

// grant is what whoever connects may do. Gates stay open in it: those of the
// operator are on the accounts, where a closed one refuses and says its name.
func grant(f flags, env environment, tools []mailtool.Tool, now time.Time) (scopes.Grant, error) {
	g := scopes.Grant{
		ID: grantID, Subject: "operator", Client: "mcp",
		Scopes: scopes.AllScopes(), Access: scopes.AllAccess(), Accounts: scopes.AllAccounts(), Gates: scopes.AllGates(),
		Created: now,
	}
	var err error
	if f.given["scopes"] {
		if g.Scopes, err = scopeFlag(f.scopes); err != nil {
			return scopes.Grant{}, err
		}
	}
	filter, err := filter(f, tools)
	if err != nil {
		return scopes.Grant{}, err
	}
	if len(filter.Methods)+len(filter.Tags) > 0 {
		g.Filters = []scopes.Filter{filter}
	}
	if g.Recipients, err = recipients(f, env); err != nil {
		return scopes.Grant{}, err
	}
	return g, nil
}

func scopeFlag(text string) (scopes.Set, error) {
	var set scopes.Set
	err := set.UnmarshalText([]byte(text))
	switch {
	case err != nil:
		return set, bad("-scopes", "%v: use words out of %q, parted by spaces", err, scopes.AllScopes())
	case set.Empty():
		return set, bad("-scopes", "is empty: use words out of %q, parted by spaces, or leave the flag out", scopes.AllScopes())
	}
	return set, nil
}

// filter reads -methods and -tags. A word that no tool answers to is refused,
// because it can only be a slip: it would hide every tool without a word.
func filter(f flags, tools []mailtool.Tool) (scopes.Filter, error) {
	var out scopes.Filter
	verbs, tags := vocabulary(tools)
	if f.given["methods"] {
		list, err := words("-methods", f.methods)
		if err != nil {
			return out, err
		}
		for _, word := range list {
			if !slices.Contains(verbs, word) {
				return out, bad("-methods", "unknown method %q: use words out of %s, parted by commas", clip(word), strings.Join(verbs, ","))
			}
		}
		out.Methods = list
	}
	if f.given["tags"] {
		list, err := words("-tags", f.tags)
		if err != nil {
			return out, err
		}
		for _, word := range list {
			if !slices.Contains(tags, word) {
				return out, bad("-tags", "unknown tag %q: use words out of %s, parted by commas", clip(word), strings.Join(tags, ","))
			}
			out.Tags = append(out.Tags, scopes.Tag(word))
		}
	}
	return out, nil
}

// vocabulary is what -methods and -tags may name: the filter's own words and
// whatever the tools carry.
func vocabulary(tools []mailtool.Tool) (verbs, tags []string) {
	own := []string{"read", "write", "custom"}
	for _, v := range []scopes.Verb{scopes.Get, scopes.List, scopes.Create, scopes.Update, scopes.Delete} {
		verbs = append(verbs, string(v))
	}
	for _, t := range tools {
		spec := t.Spec()
		verbs = append(verbs, string(spec.Effect.Verb))
		for _, e := range spec.Escalate {
			verbs = append(verbs, string(e.Effect.Verb))
		}
		for _, tag := range spec.Tags {
			tags = append(tags, string(tag))
		}
	}
	slices.Sort(verbs)
	slices.Sort(tags)
	return append(own, slices.Compact(verbs)...), slices.Compact(tags)
}

// recipients is to whom mail may go: -policy over MAIL_POLICY, else ask.
func recipients(f flags, env environment) (scopes.RecipientPolicy, error) {
	var p scopes.RecipientPolicy
	word, err := env.get("MAIL_POLICY")
	if err != nil {
		return p, err
	}
	if err := p.Others.UnmarshalText([]byte(cmp.Or(word, scopes.Ask.String()))); err != nil {
		return p, env.bad("MAIL_POLICY", "%v", err)
	}
	if f.given["policy"] {
		if err := p.Others.UnmarshalText([]byte(f.policy)); err != nil {
			return p, bad("-policy", "%v", err)
		}
	}
	if f.given["allow-recipients"] {
		if p.Allow, err = words("-allow-recipients", f.recipients); err != nil {
			return p, err
		}
	}
	if err := p.Validate(); err != nil {
		return p, bad("-allow-recipients", "%v", err)
	}
	return p, nil
}
