package mailtool

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// routingParams are the parameters whose values name an account: message ids
// and attachment handles.
func (t Tool) routingParams() []string {
	var names []string
	for _, p := range t.input.Properties {
		leaf := p.Schema
		for leaf.Items != nil {
			leaf = leaf.Items
		}
		if leaf.Format == formatMessage && t.input.requires(p.Name) {
			names = append(names, p.Name)
		}
	}
	return names
}

// route finds the accounts that a call is for, among those able to serve it,
// and takes the parameter mailbox out of the arguments.
func (c *Caller) route(t Tool, args arguments, able []Account) ([]Account, arguments, error) {
	if t.spec.Whole {
		return able, args, nil
	}
	wanted := args.texts(mailboxParam)
	raw, given := args.get(mailboxParam)
	rest := args.with(mailboxParam, nil)
	if given && raw[0] != '"' {
		return nil, rest, paramFault(mailboxParam, "is not a text", listed(accountIDs(able)))
	}
	if given {
		able = slices.DeleteFunc(slices.Clone(able), func(a Account) bool { return string(a.ID) != wanted[0] })
		if len(able) == 0 {
			return nil, rest, refuse(Invalid, "mailbox "+strconv.Quote(clip(wanted[0]))+" is not one that this tool works on", "list_accounts shows the accounts there are")
		}
	}
	switch tags := args.tags(t); {
	case len(tags) > 1:
		return nil, rest, refuse(Invalid, "the ids belong to several accounts", "make one call for each account")
	case len(tags) == 1:
		i := slices.IndexFunc(able, func(a Account) bool { return a.Mail.Tag() == tags[0] })
		if i < 0 {
			return nil, rest, foreignID(given)
		}
		return able[i : i+1], rest, nil
	case len(able) > 1 && t.needsMailbox():
		return nil, rest, paramFault(mailboxParam, "is missing", listed(accountIDs(able)))
	case len(able) > 1 && !t.merges:
		return able[:1], rest, nil
	}
	return able, rest, nil
}

func foreignID(mailbox bool) *Error {
	if mailbox {
		return refuse(Invalid, "the ids belong to another account than mailbox names", "leave mailbox out: ids name their account")
	}
	return refuse(Invalid, "the ids belong to an account that this tool does not work on here", "use ids as a list, search or read gave them")
}

// tags are the account tags that the call's ids and handles carry, each once.
func (a arguments) tags(t Tool) []string {
	var tags []string
	a.eachText(t.input, []string{formatMessage, formatHandle}, func(format, text string) {
		id := provider.MessageID(text)
		if format == formatHandle {
			id, _, _ = splitHandle(text)
		}
		if tag := id.Tag(); tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	})
	return tags
}

// eachText calls f for every string of one of the formats, at any depth.
func (a arguments) eachText(s *schema, formats []string, f func(format, text string)) {
	for _, m := range a.members {
		if p := s.property(m.name); p != nil && p.holds(formats) {
			p.eachText(m.raw, formats, f)
		}
	}
}

func (s *schema) eachText(raw json.RawMessage, formats []string, f func(format, text string)) {
	switch s.Type {
	case "string":
		var text string
		if json.Unmarshal(raw, &text) == nil {
			f(s.Format, text)
		}
	case "array":
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) == nil {
			for _, item := range items {
				s.Items.eachText(item, formats, f)
			}
		}
	case "object":
		if len(raw) == 0 || raw[0] != '{' {
			return
		}
		if inner, err := splitObject(raw); err == nil {
			inner.eachText(s, formats, f)
		}
	}
}

// holds reports whether s is, or has somewhere, a string of one of the formats.
func (s *schema) holds(formats []string) bool {
	return slices.Contains(formats, s.Format) || s.Items != nil && s.Items.holds(formats) ||
		slices.ContainsFunc(s.Properties, func(p property) bool { return p.Schema.holds(formats) })
}

func accountIDs(accounts []Account) []string {
	var ids []string
	for _, a := range accounts {
		ids = append(ids, string(a.ID))
	}
	return ids
}

// effectsOf are the effects that these arguments have: the base effect and
// every escalation that applies.
func (t Tool) effectsOf(args arguments) []scopes.Effect {
	effects := []scopes.Effect{t.spec.Effect}
	for _, e := range t.spec.Escalate {
		if e.applies(args) {
			effects = append(effects, e.Effect)
		}
	}
	return effects
}

func (e Escalation) applies(args arguments) bool {
	return slices.ContainsFunc(args.at(e.Param), func(raw json.RawMessage) bool {
		if e.Equals == "" {
			return string(raw) != "false"
		}
		return slices.Contains(textsOf(raw), e.Equals)
	})
}

// An attachment's handle is the id of its message, a colon and its part.

func handleOf(id provider.MessageID, part provider.PartID) string {
	return string(id) + ":" + string(part)
}

func splitHandle(handle string) (provider.MessageID, provider.PartID, bool) {
	id, part, ok := strings.Cut(handle, ":")
	return provider.MessageID(id), provider.PartID(part), ok && provider.MessageID(id).Tag() != "" && part != ""
}
