package mailtool

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/postern-mail/postern/scopes"
)

// DefaultTimeout bounds one call. Hosts give up on a tool after a minute.
const DefaultTimeout = 50 * time.Second

// mailboxParam is the parameter that picks one of several accounts.
const mailboxParam = "mailbox"

// Options for NewRegistry; nil means all defaults.
type Options struct {
	Timeout time.Duration // of one call; 0 means DefaultTimeout
	// Converters make text of attachments that are not read without them, such as
	// PDF. Each media type has one.
	Converters []Converter
}

// Registry is a fixed set of tools. It holds no account, only for some minutes
// what is read on of the last few attachments, and is safe for concurrent use.
type Registry struct {
	tools      []Tool // by name
	byName     map[string]Tool
	timeout    time.Duration
	converters map[string]Converter // by media type
	recent     recent
	behind     *Registry // of a discovery registry: where its tools are
}

// NewRegistry builds the set and reports every faulty tool at once: a bad or
// repeated name, no effect, no tag, a schema outside the portable subset.
func NewRegistry(opts *Options, tools ...Tool) (*Registry, error) {
	if opts == nil {
		opts = &Options{}
	}
	r := &Registry{byName: map[string]Tool{}, timeout: cmp.Or(opts.Timeout, DefaultTimeout)}
	var faults []error
	for _, t := range tools {
		faults = append(faults, t.check())
		for _, name := range append([]string{t.spec.Name}, t.spec.Aliases...) {
			if _, taken := r.byName[name]; taken {
				faults = append(faults, fmt.Errorf("tool %q: the name is taken", name))
			}
			r.byName[name] = t
		}
		r.tools = append(r.tools, t)
	}
	faults = append(faults, r.convert(opts.Converters))
	if r.timeout < 0 {
		faults = append(faults, errors.New("timeout is negative"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	slices.SortFunc(r.tools, func(a, b Tool) int { return cmp.Compare(a.spec.Name, b.spec.Name) })
	return r, nil
}

// Tools lists every tool, by name.
func (r *Registry) Tools() []Tool { return slices.Clone(r.tools) }

// Hints say what a tool may do at worst, for hosts that ask before calling.
type Hints struct {
	ReadOnly    bool
	Destructive bool // loses data, or sends: neither can be taken back
	Idempotent  bool // calling twice with the same arguments is like calling once
	OpenWorld   bool // mail leaves the account
}

// View is a tool as one caller may use it.
type View struct {
	Name         string
	Title        string
	Description  string
	InputSchema  json.RawMessage
	OutputSchema json.RawMessage
	Hints        Hints
}

// Visible lists the tools that the caller may use, by name, each without the
// parameters and values that the caller may not use. It never blocks.
func (r *Registry) Visible(c *Caller) []View {
	views := []View{}
	if c.Grant.Alive(c.now()) != nil || c.check() != nil {
		return views
	}
	if r.behind != nil {
		return r.offered(c)
	}
	for _, t := range r.tools {
		able, err := c.able(t)
		if err != nil {
			continue
		}
		views = append(views, View{
			Name: t.spec.Name, Title: t.spec.Title, Description: t.spec.Description,
			InputSchema: c.input(t, able).json(), OutputSchema: t.output.json(), Hints: t.hints(),
		})
	}
	return views
}

// input is the tool's schema as this caller may use it on these accounts.
func (c *Caller) input(t Tool, able []Account) *schema {
	s := t.input
	dropParam := func(name string) bool {
		return c.paramHidden(t, able, name)
	}
	dropValue := func(name, value string) bool { return c.valueHidden(t, able, name, value) }
	if len(t.spec.Escalate)+len(t.spec.Params) > 0 {
		s = s.without(dropParam, dropValue)
	}
	if t.spec.Whole || len(c.granted()) < 2 {
		return s
	}
	box := &schema{Type: "string", Description: "which account"}
	for _, a := range able {
		box.Enum = append(box.Enum, string(a.ID))
	}
	return s.with(property{mailboxParam, box}, t.needsMailbox())
}

// needsMailbox reports whether a call must say which account it is for: it
// changes something or is for one, and takes no id that says so.
func (t Tool) needsMailbox() bool {
	return (t.changes() || t.spec.Single) && len(t.routingParams()) == 0
}

func (c *Caller) paramHidden(t Tool, able []Account, name string) bool {
	for _, p := range t.spec.Params {
		if p.Name == name && !slices.ContainsFunc(able, func(a Account) bool { return c.serves(p, a) }) {
			return true
		}
	}
	return c.escalationDenied(t, able, name, "")
}

func (c *Caller) valueHidden(t Tool, able []Account, name, value string) bool {
	return c.escalationDenied(t, able, name, value)
}

func (c *Caller) escalationDenied(t Tool, able []Account, name, value string) bool {
	for _, e := range t.spec.Escalate {
		if e.Param == name && e.Equals == value &&
			!slices.ContainsFunc(able, func(a Account) bool { return c.permitted(t, e.Effect, a) == nil }) {
			return true
		}
	}
	return false
}

// hints come from the worst of the tool's effects.
func (t Tool) hints() Hints {
	h := Hints{ReadOnly: true, Idempotent: true}
	for _, e := range t.effects() {
		switch e.Access {
		case scopes.Read:
		case scopes.Write:
			h.ReadOnly = false
		case scopes.Send:
			h = Hints{Destructive: true, OpenWorld: true}
		case scopes.Destroy:
			h.ReadOnly, h.Destructive = false, true
		}
		if e.Verb == scopes.Create {
			h.Idempotent = false
		}
	}
	return h
}
