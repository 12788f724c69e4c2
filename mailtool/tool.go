package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// Spec is everything about a tool except its code.
type Spec struct {
	Name        string   // ^[a-z][a-z0-9_]{0,47}$
	Aliases     []string // further names that Call takes and Visible never lists
	Title       string
	Description string
	Effect      scopes.Effect
	Escalate    []Escalation
	Needs       provider.CapabilitySet // what the account must be able to do
	Params      []Param
	Tags        []scopes.Tag
	// Confirm names the parameter that must be true; empty: none.
	Confirm string
	// Whole says that the tool works on all accounts of the caller at once.
	Whole bool
	// Single says that the tool works on one account, which a call must name where
	// the caller has several. All that change something do.
	Single bool
}

// Escalation is a parameter that raises the tool's effect. Equals empty means:
// present and not false. Param is a path where the parameter is a member of
// another, such as "attachments.handle"; so is Param.Name.
type Escalation struct {
	Param  string
	Equals string
	Effect scopes.Effect
}

// Param is a parameter that the account, or with OrJournal the caller's journal,
// must be able to serve; where neither can, the parameter is left out of the
// listing and refused by name.
type Param struct {
	Name      string
	Needs     provider.CapabilitySet
	OrJournal bool
}

// Handler does one tool's work on decoded and checked input.
type Handler[In, Out any] func(ctx context.Context, env *Env, in In) (Out, error)

// Tool is a Spec bound to a typed handler; make one with Define.
type Tool struct {
	spec   Spec
	input  *schema
	output *schema
	run    func(ctx context.Context, env *Env, args json.RawMessage) (any, error)
	merges bool // the answer is Rows: lists of several accounts can be merged
	sends  bool // the answer can be recorded as a send's
	fault  error
}

// Spec returns a copy of the tool's description.
func (t Tool) Spec() Spec { return t.spec }

// InputSchema is the whole schema of the tool's arguments, in the portable
// subset of JSON Schema, before any caller's view is taken.
func (t Tool) InputSchema() json.RawMessage { return t.input.json() }

// OutputSchema is the schema of the tool's answer.
func (t Tool) OutputSchema() json.RawMessage { return t.output.json() }

// Define binds a Spec to its handler. Both schemas come from the Go types.
// Faults surface in NewRegistry.
func Define[In, Out any](s Spec, h Handler[In, Out]) Tool {
	t := Tool{spec: s, run: func(ctx context.Context, env *Env, args json.RawMessage) (any, error) {
		var in In
		if err := json.Unmarshal(args, &in); err != nil {
			return nil, fmt.Errorf("decode checked arguments: %w", err)
		}
		out, err := h(ctx, env, in)
		if v := reflect.ValueOf(out); err == nil && v.Kind() == reflect.Pointer && v.IsNil() {
			return nil, errors.New("the handler answered nothing")
		}
		return out, err
	}}
	var inErr, outErr error
	t.input, inErr = schemaOf(reflect.TypeFor[In]())
	t.output, outErr = schemaOf(reflect.TypeFor[Out]())
	t.merges = reflect.TypeFor[Out]() == reflect.TypeFor[*Rows]()
	t.sends = reflect.TypeFor[Out]().Implements(reflect.TypeFor[sent]())
	t.fault = errors.Join(inErr, outErr)
	return t
}

var toolName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// check returns every fault of the tool.
func (t Tool) check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if t.run == nil {
		return fmt.Errorf("tool %q was not made with Define", t.spec.Name)
	}
	for _, name := range append([]string{t.spec.Name}, t.spec.Aliases...) {
		if !toolName.MatchString(name) {
			fault("name %q does not match %s", name, toolName)
		}
	}
	if t.spec.Title == "" || t.spec.Description == "" {
		fault("title or description is empty")
	}
	if len(t.spec.Tags) == 0 {
		fault("no tag")
	}
	if err := t.spec.Effect.Validate(); err != nil {
		fault("effect: %w", err)
	}
	if slices.ContainsFunc(t.effects(), func(e scopes.Effect) bool { return e.Access == scopes.Send }) && !t.sends {
		fault("it sends, and its answer is not one that a journal can keep")
	}
	if t.fault != nil {
		faults = append(faults, t.fault)
	} else {
		faults = append(faults, t.checkParams()...)
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("tool %q: %w", t.spec.Name, err)
	}
	return nil
}

// checkParams looks at the parameters that the Spec names.
func (t Tool) checkParams() (faults []error) {
	has := func(what, name string) {
		if t.input.at(name) == nil {
			faults = append(faults, fmt.Errorf("%s names no parameter: %q", what, name))
		}
	}
	for _, e := range t.spec.Escalate {
		has("escalation", e.Param)
		if err := e.Effect.Validate(); err != nil {
			faults = append(faults, fmt.Errorf("escalation by %s: %w", e.Param, err))
		}
		if e.Effect.Access == scopes.Send && e.Effect.Verb != "send" {
			faults = append(faults, fmt.Errorf("escalation by %s sends, and its verb is %q", e.Param, e.Effect.Verb))
		}
		if p := t.input.at(e.Param); p != nil && e.Equals != "" && !p.allows(e.Equals) {
			faults = append(faults, fmt.Errorf("escalation by %s: %q is not one of its values", e.Param, e.Equals))
		}
	}
	for _, p := range t.spec.Params {
		has("param", p.Name)
		if above, name := t.input.above(p.Name); above != nil && above.requires(name) {
			faults = append(faults, fmt.Errorf("param %s is required and cannot be left out", p.Name))
		}
	}
	if t.spec.Confirm != "" {
		has("confirm", t.spec.Confirm)
	}
	if t.input.opens() {
		faults = append(faults, errors.New("it takes an object of any members"))
	}
	if t.input.property(mailboxParam) != nil {
		faults = append(faults, fmt.Errorf("parameter %s is the registry's own", mailboxParam))
	}
	return faults
}

// effects lists the base effect and every escalation's.
func (t Tool) effects() []scopes.Effect {
	all := []scopes.Effect{t.spec.Effect}
	for _, e := range t.spec.Escalate {
		all = append(all, e.Effect)
	}
	return all
}

// changes reports whether the tool's base effect is more than reading.
func (t Tool) changes() bool { return t.spec.Effect.Access != scopes.Read }
