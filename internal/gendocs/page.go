package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
)

const head = `<!-- Written by internal/gendocs from the tools themselves. Do not edit: run go generate ./mailtool -->

# Tools

Each tool says here what a grant must allow before it is listed or runs. A tool whose account cannot do what it needs
is not listed, nor is a parameter or value whose own needs are not met. With several accounts every tool but those that
work on all of them takes ` + "`mailbox`" + `, the account; it is required where something is changed, or
waited for, and no id names the account.

What a refused or failed call answers: ` + "`{\"error\": {\"code\", \"message\", \"next\"}}`" + `, with ` + "`scopes`" + `, ` + "`status`" + `,
` + "`retry-after`" + ` and ` + "`ratelimit-*`" + ` where they apply.

What stands in texts for what is left out: ` + "`[quoted text: n characters]`" + ` and ` + "`[signature: n characters]`" + `, which read_message shows with
` + "`format: full`" + `; ` + "`[as above: n characters]`" + ` in a conversation, which an earlier message of the same answer shows. Numbers in brackets are links, listed
at the text's end. What a person would not see is counted in ` + "`dropped`" + `; ` + "`format: html`" + ` shows it.

Over MCP an attachment is also the resource ` + "`mail://{account}/{message}/{part}`" + ` (` + "`all`" + `: a message's files as a ZIP, ` + "`source`" + `: the message as it came).
` + "`mailmcp -discovery`" + ` (` + "`mailtool.Registry.Discovery`" + `) lists four tools instead of these: find_tools, describe_tool, call_reading_tool and call_tool.

`

// page writes all of tools, in their order.
func page(tools []mailtool.Tool) []byte {
	var w writer
	w.WriteString(head)
	w.table("Tool", "What", "Scopes", "Access", "Verb", "Gate", "Tags")
	for _, t := range tools {
		s := t.Spec()
		w.row(link(s.Name), text(s.Title), needs(s.Effect), s.Effect.Access.String(), string(s.Effect.Verb), gate(s.Effect), tags(s.Tags))
	}
	for i, t := range tools {
		w.tool(t, tools[:i])
	}
	return []byte(w.String())
}

type writer struct{ strings.Builder }

func (w *writer) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func (w *writer) table(columns ...string) {
	w.row(columns...)
	w.row(slices.Repeat([]string{"---"}, len(columns))...)
}

func (w *writer) row(cells ...string) { w.line("| %s |", strings.Join(cells, " | ")) }

// tool writes one section. An answer that a tool in before has too is only
// pointed at.
func (w *writer) tool(t mailtool.Tool, before []mailtool.Tool) {
	s := t.Spec()
	w.line("\n## %s\n\n**%s.** %s\n", s.Name, text(s.Title), text(s.Description))
	w.line("- Scopes: %s", needs(s.Effect))
	w.line("- Access: %s. Verb: %s. Gate: %s. Tags: %s", s.Effect.Access, s.Effect.Verb, gate(s.Effect), tags(s.Tags))
	w.line("- The account must be able to: %s", abilities(s.Needs))
	if s.Whole {
		w.line("- Works on all accounts of the grant at once")
	}
	if s.Confirm != "" {
		w.line("- Runs only with %s", code(s.Confirm+": true"))
	}
	if len(s.Aliases) > 0 {
		w.line("- Also called, and never listed, as: %s", codes(s.Aliases))
	}
	w.parameters(t)
	w.escalations(s.Escalate)
	w.answer(t, before)
}

func (w *writer) parameters(t mailtool.Tool) {
	if len(t.Parameters()) == 0 {
		w.line("\nTakes no parameters.")
		return
	}
	extra := map[string]provider.CapabilitySet{}
	for _, p := range t.Spec().Params {
		extra[p.Name] |= p.Needs
	}
	w.line("\n### Parameters\n")
	w.table("Name", "Type", "Required", "What", "Bounds")
	for _, m := range flatten("", t.Parameters()) {
		limits := bounds(m.Parameter)
		if n := extra[m.Name]; n != 0 && m.path == m.Name {
			limits = append(limits, "only where the account can: "+abilities(n))
		}
		w.row(code(m.path), kind(m.Parameter), yes(m.Required), text(m.Description), strings.Join(limits, "; "))
	}
}

func (w *writer) escalations(list []mailtool.Escalation) {
	if len(list) == 0 {
		return
	}
	w.line("\n### Needs more\n")
	w.table("When", "Scopes", "Access", "Verb", "Gate")
	for _, e := range list {
		when := code(e.Param) + " is given and not false"
		if e.Equals != "" {
			when = code(e.Param) + " is " + code(e.Equals)
		}
		w.row(when, needs(e.Effect), e.Effect.Access.String(), string(e.Effect.Verb), gate(e.Effect))
	}
}

func (w *writer) answer(t mailtool.Tool, before []mailtool.Tool) {
	w.line("\n### Answer\n")
	for _, b := range before {
		if reflect.DeepEqual(b.Answer(), t.Answer()) {
			w.line("Members as in the answer of %s.", link(b.Spec().Name))
			return
		}
	}
	w.table("Member", "Type", "Always there", "What")
	for _, m := range flatten("", t.Answer()) {
		w.row(code(m.path), kind(m.Parameter), yes(m.Required), text(m.Description))
	}
}

// member is a parameter with the way to it, such as "items[].code".
type member struct {
	mailtool.Parameter
	path string
}

func flatten(above string, list []mailtool.Parameter) []member {
	var out []member
	for _, p := range list {
		path := above + p.Name
		out = append(out, member{p, path})
		inner := p
		for inner.Items != nil {
			inner, path = *inner.Items, path+"[]"
		}
		out = append(out, flatten(path+".", inner.Members)...)
	}
	return out
}
