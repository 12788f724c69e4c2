package main

import (
	"fmt"
	"strings"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

func kind(p mailtool.Parameter) string {
	if p.Items != nil {
		return "array of " + kind(*p.Items)
	}
	return p.Type
}

// bounds words what a value must keep to. Of an array, lengths, values and
// formats speak of the items.
func bounds(p mailtool.Parameter) []string {
	var out []string
	what := ""
	if p.Type == "array" {
		what = " items"
	}
	switch {
	case p.Min != nil && p.Max != nil:
		out = append(out, fmt.Sprintf("%d to %d%s", *p.Min, *p.Max, what))
	case p.Min != nil:
		out = append(out, fmt.Sprintf("at least %d%s", *p.Min, what))
	case p.Max != nil:
		out = append(out, fmt.Sprintf("at most %d%s", *p.Max, what))
	}
	for p.Items != nil {
		p = *p.Items
	}
	if len(p.Values) > 0 {
		out = append(out, codes(p.Values))
	}
	if p.MaxLen > 0 {
		out = append(out, fmt.Sprintf("at most %d characters", p.MaxLen))
	}
	if word := format(p.Format); word != "" {
		out = append(out, word)
	}
	return out
}

// format words what a string means, by the formats that mailtool.Parameter names.
func format(name string) string {
	switch name {
	case "":
		return ""
	case "text":
		return "may have several lines"
	case "message_id":
		return "an id from a list, a search or a read"
	case "handle":
		return "a handle from an answer"
	case "address", "recipient":
		return "an address, with or without a name"
	case "time":
		return "a date or an RFC 3339 time"
	}
	return name
}

func needs(e scopes.Effect) string {
	var groups []string
	for _, group := range e.Scopes {
		var words []string
		for _, s := range group {
			words = append(words, code(string(s)))
		}
		groups = append(groups, strings.Join(words, " or "))
	}
	return strings.Join(groups, ", ")
}

func gate(e scopes.Effect) string {
	if e.Gate == scopes.NoGate {
		return "none"
	}
	return string(e.Gate)
}

func tags(list []scopes.Tag) string {
	words := make([]string, 0, len(list))
	for _, t := range list {
		words = append(words, string(t))
	}
	return strings.Join(words, ", ")
}

func abilities(s provider.CapabilitySet) string {
	if s == 0 {
		return "nothing special"
	}
	words := make([]string, 0, 4)
	for _, c := range s.Slice() {
		words = append(words, c.String())
	}
	return strings.Join(words, ", ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func link(name string) string { return "[" + name + "](#" + name + ")" }

func codes(list []string) string {
	words := make([]string, 0, len(list))
	for _, s := range list {
		words = append(words, code(s))
	}
	return strings.Join(words, ", ")
}

// code and text write s so that Markdown reads it as it stands, also in a table.
func code(s string) string { return "`" + strings.ReplaceAll(oneLine(s), "|", `\|`) + "`" }

func text(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", `\<`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`).Replace(oneLine(s))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
