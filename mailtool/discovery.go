package mailtool

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/postern-mail/postern/scopes"
)

// The tools that stand for all others.
const (
	findTools    = "find_tools"
	describeTool = "describe_tool"
	callReading  = "call_reading_tool"
	callAny      = "call_tool"
)

const (
	foundTools = 20  // as many as a model chooses among
	namedTools = 300 // names alone cost little, and catalogues have 150
	summaryLen = 120 // what find_tools shows of a description, in runes
)

// Discovery returns a registry of four tools that find, describe and call those
// of r: what a host lists then costs the same whatever lies behind it. They
// list, refuse and run what r does for the same caller; reading tools are called
// by a tool of their own, so that a host need not ask before each.
func (r *Registry) Discovery() (*Registry, error) {
	if r.behind != nil {
		return r, nil
	}
	out, err := NewRegistry(&Options{Timeout: r.timeout}, discoveryTools()...)
	if err != nil {
		return nil, err
	}
	out.behind = r
	return out, nil
}

type findIn struct {
	Query string `json:"query,omitempty" jsonschema:"words; all names without" maxlen:"200"`
}

type findOut struct {
	Tools []foundTool `json:"tools" jsonschema:"the best first"`
	More  int         `json:"more,omitempty" jsonschema:"further ones"`
}

type foundTool struct {
	Name string `json:"name" jsonschema:"its name"`
	What string `json:"what,omitempty" jsonschema:"what it does"`
}

type describeIn struct {
	Names []string `json:"names" jsonschema:"tool names" min:"1" max:"5" maxlen:"60"`
}

type describeOut struct {
	Tools []describedTool `json:"tools" jsonschema:"the tools"`
}

type describedTool struct {
	Name        string          `json:"name" jsonschema:"its name"`
	Description string          `json:"description" jsonschema:"what it does"`
	Reads       bool            `json:"reads,omitempty" jsonschema:"call_reading_tool calls it"`
	Input       json.RawMessage `json:"input_schema" jsonschema:"JSON Schema of its arguments"`
}

type callIn struct {
	Name      string `json:"name" jsonschema:"its name" maxlen:"60"`
	Arguments string `json:"arguments,omitempty" jsonschema:"JSON object as describe_tool shows" format:"text"`
}

// anyOut is an answer of another tool.
type anyOut struct{}

func discoveryTools() []Tool {
	spec := func(name, title, description string, access scopes.Access, verb scopes.Verb) Spec {
		return Spec{
			Name: name, Title: title, Description: description, Whole: true, Tags: []scopes.Tag{"accounts"},
			Effect: scopes.Effect{Verb: verb, Access: access, Scopes: scopes.Public()},
		}
	}
	tools := []Tool{
		Define(spec(findTools, "Find mail tools", "Finds mail tools by words.", scopes.Read, scopes.List), unreachable[findIn, findOut]),
		Define(spec(describeTool, "Describe mail tools", "Says what mail tools do and take.", scopes.Read, scopes.Get), unreachable[describeIn, describeOut]),
		Define(spec(callReading, "Call a reading mail tool", "Calls a mail tool that changes nothing.", scopes.Read, scopes.Get), unreachable[callIn, anyOut]),
		Define(spec(callAny, "Call a mail tool", "Calls any mail tool. Find and describe it first.", scopes.Destroy, "call"), unreachable[callIn, anyOut]),
	}
	for i := range tools {
		if tools[i].output.property("tools") == nil {
			tools[i].output.Open = true
		}
	}
	return tools
}

// unreachable stands where Call turns off to what lies behind.
func unreachable[In, Out any](context.Context, *Env, In) (Out, error) {
	var none Out
	return none, errors.New("a tool of a discovery registry has no handler")
}

// offered are the four tools as far as there is something behind them.
func (r *Registry) offered(c *Caller) []View {
	behind := r.behind.Visible(c)
	views := []View{}
	if len(behind) == 0 {
		return views
	}
	worst := Hints{ReadOnly: true, Idempotent: true}
	reads := false
	for _, v := range behind {
		reads = reads || v.Hints.ReadOnly
		worst.ReadOnly = worst.ReadOnly && v.Hints.ReadOnly
		worst.Destructive = worst.Destructive || v.Hints.Destructive
		worst.Idempotent = worst.Idempotent && v.Hints.Idempotent
		worst.OpenWorld = worst.OpenWorld || v.Hints.OpenWorld
	}
	for _, t := range r.tools {
		view := View{
			Name: t.spec.Name, Title: t.spec.Title, Description: t.spec.Description,
			InputSchema: t.InputSchema(), OutputSchema: t.OutputSchema(), Hints: Hints{ReadOnly: true, Idempotent: true},
		}
		switch {
		case t.spec.Name == callReading && !reads, t.spec.Name == callAny && worst.ReadOnly:
			continue
		case t.spec.Name == callAny:
			view.Hints = worst
		}
		views = append(views, view)
	}
	return views
}

// through answers a call of one of the four. What is called behind is audited
// there; finding and describing tell no more than a list of tools does.
func (r *Registry) through(ctx context.Context, c *Caller, name string, raw json.RawMessage) (Result, error) {
	if err := c.alive(c.now()); err != nil {
		return Result{}, asError(err)
	}
	tool, ok := r.byName[name]
	if !ok || !slices.ContainsFunc(r.offered(c), func(v View) bool { return v.Name == name }) {
		return Result{}, unknownTool(name)
	}
	args, err := decodeArguments(raw)
	if err == nil {
		args, err = tool.input.validate(args.withText("arguments"))
	}
	if err != nil {
		return Result{}, asError(err)
	}
	switch name {
	case findTools:
		return answerWith(args, func(in findIn) (any, error) { return find(r.behind.Visible(c), in.Query), nil })
	case describeTool:
		return answerWith(args, func(in describeIn) (any, error) { return describe(r.behind.Visible(c), in.Names) })
	}
	var in callIn
	if err := json.Unmarshal(args.json(), &in); err != nil {
		return Result{}, asError(err)
	}
	return r.callBehind(ctx, c, in, name == callReading)
}

// withText takes an object where a text with one is asked for, which models
// write as well.
func (a arguments) withText(name string) arguments {
	for i, m := range a.members {
		if m.name == name && len(m.raw) > 0 && m.raw[0] == '{' {
			if text, err := compact(string(m.raw)); err == nil {
				a.members = slices.Clone(a.members)
				a.members[i].raw = text
			}
		}
	}
	return a
}

func answerWith[In any](args arguments, do func(In) (any, error)) (Result, error) {
	var in In
	if err := json.Unmarshal(args.json(), &in); err != nil {
		return Result{}, asError(err)
	}
	out, err := do(in)
	if err != nil {
		return Result{}, asError(err)
	}
	raw, err := compact(out)
	if err != nil {
		return Result{}, asError(err)
	}
	return Result{JSON: raw}, nil
}

// callBehind runs the tool. A tool that the caller cannot see answers as one
// that is not there, or says which scope is missing, as it does when it is
// called directly.
func (r *Registry) callBehind(ctx context.Context, c *Caller, in callIn, reading bool) (Result, error) {
	res, err := r.behind.pass(ctx, &call{
		registry: r.behind, caller: c, name: in.Name, raw: json.RawMessage(in.Arguments), started: c.now(), reading: reading,
	})
	if errors.Is(err, UnknownTool) {
		return Result{}, noSuchTool(in.Name)
	}
	return res, err
}

func noSuchTool(name string) *Error {
	return refuse(NotFound, "there is no tool "+clip(name), findTools+" names those there are")
}

// find ranks tools by where the words of a query stand: in a name, a title, a
// description.
func find(views []View, query string) findOut {
	words := strings.FieldsFunc(strings.ToLower(query), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	out := findOut{Tools: []foundTool{}}
	if len(words) == 0 {
		for _, v := range views[:min(len(views), namedTools)] {
			out.Tools = append(out.Tools, foundTool{Name: v.Name})
		}
		out.More = len(views) - len(out.Tools)
		return out
	}
	type hit struct {
		view  View
		score int
	}
	var hits []hit
	for _, v := range views {
		if s := score(v, words); s > 0 {
			hits = append(hits, hit{v, s})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	for _, h := range hits[:min(len(hits), foundTools)] {
		out.Tools = append(out.Tools, foundTool{h.view.Name, summary(h.view.Description)})
	}
	out.More = len(hits) - len(out.Tools)
	return out
}

func score(v View, words []string) (sum int) {
	name, title, text := strings.Split(v.Name, "_"), strings.ToLower(v.Title), strings.ToLower(v.Description)
	for _, w := range words {
		stem := strings.TrimSuffix(w, "s")
		switch {
		case slices.Contains(name, w), slices.Contains(name, stem), slices.Contains(name, w+"s"):
			sum += 8
		case len(stem) > 2 && strings.Contains(v.Name, stem):
			sum += 4
		case len(stem) > 2 && strings.Contains(title, stem):
			sum += 3
		case len(stem) > 2 && strings.Contains(text, stem):
			sum++
		}
	}
	return sum
}

// summary is a description's first sentence.
func summary(description string) string {
	if i := strings.Index(description, ". "); i > 0 {
		description = description[:i]
	}
	if runes := []rune(description); len(runes) > summaryLen {
		return string(runes[:summaryLen]) + "..."
	}
	return strings.TrimSuffix(description, ".")
}

func describe(views []View, names []string) (describeOut, error) {
	out := describeOut{Tools: []describedTool{}}
	for _, name := range names {
		i := slices.IndexFunc(views, func(v View) bool { return v.Name == name })
		if i < 0 {
			return out, noSuchTool(name)
		}
		v := views[i]
		out.Tools = append(out.Tools, describedTool{v.Name, v.Description, v.Hints.ReadOnly, v.InputSchema})
	}
	if n := jsonSize(out); n > maxAnswerBytes {
		return out, refuse(TooLarge, "the descriptions take "+strconv.Itoa(n)+" bytes", "describe fewer tools at once")
	}
	return out, nil
}
