package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// TestSnapshots holds what a host is told of each tool.
func TestSnapshots(t *testing.T) {
	reg, caller, _ := fixture(t, "dm")
	for _, v := range reg.Visible(caller) {
		t.Run(v.Name, func(t *testing.T) {
			raw, err := json.MarshalIndent(v, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, filepath.Join("testdata", "tools", v.Name+".json"), append(raw, '\n'))
		})
	}
	if flag.Lookup("update") == nil {
		t.Error("no -update flag")
	}
}

// TestPortableSchemas walks every schema: the subset that all model vendors take.
func TestPortableSchemas(t *testing.T) {
	reg, caller, _ := fixture(t, "dm", "wk")
	for _, v := range reg.Visible(caller) {
		for which, raw := range map[string]json.RawMessage{"input": v.InputSchema, "output": v.OutputSchema} {
			var node any
			if err := json.Unmarshal(raw, &node); err != nil {
				t.Fatal(err)
			}
			walkSchema(t, v.Name+" "+which, node, 0, true)
		}
	}
}

func walkSchema(t *testing.T, at string, node any, depth int, described bool) {
	t.Helper()
	s, ok := node.(map[string]any)
	if !ok {
		t.Errorf("%s: a schema that is no object: %v", at, node)
		return
	}
	kind, _ := s["type"].(string)
	if kind == "" || depth > 2*maxSchemaDepth {
		t.Errorf("%s: type %v at depth %d", at, s["type"], depth)
	}
	if depth == 0 && kind != "object" {
		t.Errorf("%s: the root is %s", at, kind)
	}
	if d, _ := s["description"].(string); depth > 0 && described && d == "" {
		t.Errorf("%s: no description", at)
	}
	for key := range s {
		if !strings.Contains(" type description properties required additionalProperties items enum minimum maximum minItems maxItems ", " "+key+" ") {
			t.Errorf("%s: keyword %s", at, key)
		}
	}
	switch kind {
	case "object":
		if s["additionalProperties"] != false {
			t.Errorf("%s: open object", at)
		}
		props, _ := s["properties"].(map[string]any)
		for name, p := range props {
			if !toolName.MatchString(name) {
				t.Errorf("%s: property %q", at, name)
			}
			walkSchema(t, at+"."+name, p, depth+1, true)
		}
	case "array":
		walkSchema(t, at+"[]", s["items"], depth+1, false)
	}
}

func TestFaultyTools(t *testing.T) {
	type in struct {
		A string `json:"a,omitempty" jsonschema:"a"`
	}
	type out struct{}
	good := Spec{
		Name: "get_it", Title: "Get", Description: "Gets it.", Tags: []scopes.Tag{"messages"},
		Effect: scopes.Effect{Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.Public()},
	}
	make1 := func(change func(*Spec)) Tool {
		s := good
		change(&s)
		return Define(s, func(context.Context, *Env, in) (*out, error) { return &out{}, nil })
	}
	type bare struct{ A string }
	type undescribed struct {
		A string `json:"a"`
	}
	type loose struct {
		A any `json:"a" jsonschema:"a"`
	}
	type mapped struct {
		A map[string]string `json:"a" jsonschema:"a"`
	}
	type loop struct {
		A []loop `json:"a" jsonschema:"a"`
	}
	type clash struct {
		Mailbox string `json:"mailbox" jsonschema:"a"`
	}
	send := scopes.Effect{Verb: "send", Access: scopes.Send, Scopes: scopes.AllOf(scopes.MailSend), Gate: scopes.Sending}
	tests := []struct {
		name  string
		tools []Tool
		says  string
	}{
		{"zero tool", []Tool{{}}, "not made with Define"},
		{"name", []Tool{make1(func(s *Spec) { s.Name = "Get-It" })}, "does not match"},
		{"long name", []Tool{make1(func(s *Spec) { s.Name = "g" + strings.Repeat("e", 48) })}, "does not match"},
		{"alias", []Tool{make1(func(s *Spec) { s.Aliases = []string{"X"} })}, "does not match"},
		{"no title", []Tool{make1(func(s *Spec) { s.Title = "" })}, "title"},
		{"no tag", []Tool{make1(func(s *Spec) { s.Tags = nil })}, "no tag"},
		{"no access", []Tool{make1(func(s *Spec) { s.Effect.Access = 0 })}, "access"},
		{"no scope", []Tool{make1(func(s *Spec) { s.Effect.Scopes = nil })}, "effect"},
		{"unknown scope", []Tool{make1(func(s *Spec) { s.Effect.Scopes = scopes.AllOf("mail:all") })}, "effect"},
		{"unknown gate", []Tool{make1(func(s *Spec) { s.Effect.Gate = "door" })}, "gate"},
		{"escalation by nothing", []Tool{make1(func(s *Spec) { s.Escalate = []Escalation{{Param: "b", Effect: good.Effect}} })}, `"b"`},
		{"escalation without effect", []Tool{make1(func(s *Spec) { s.Escalate = []Escalation{{Param: "a"}} })}, "escalation by a"},
		{"escalation to send by another verb", []Tool{make1(func(s *Spec) {
			e := send
			e.Verb = scopes.Create
			s.Escalate = []Escalation{{Param: "a", Effect: e}}
		})}, "verb"},
		{"sends without a record", []Tool{make1(func(s *Spec) { s.Effect = send })}, "journal"},
		{"param that is none", []Tool{make1(func(s *Spec) { s.Params = []Param{{Name: "b"}} })}, `"b"`},
		{"confirm that is none", []Tool{make1(func(s *Spec) { s.Confirm = "b" })}, `"b"`},
		{"twice", []Tool{make1(func(*Spec) {}), make1(func(*Spec) {})}, "taken"},
		{"alias taken", []Tool{make1(func(*Spec) {}), make1(func(s *Spec) { s.Name, s.Aliases = "other", []string{"get_it"} })}, "taken"},
		{"no json name", []Tool{Define(good, func(context.Context, *Env, bare) (*out, error) { return nil, nil })}, "no json name"},
		{"no description", []Tool{Define(good, func(context.Context, *Env, undescribed) (*out, error) { return nil, nil })}, "no description"},
		{"any", []Tool{Define(good, func(context.Context, *Env, loose) (*out, error) { return nil, nil })}, "portable"},
		{"map", []Tool{Define(good, func(context.Context, *Env, mapped) (*out, error) { return nil, nil })}, "portable"},
		{"recursive", []Tool{Define(good, func(context.Context, *Env, loop) (*out, error) { return nil, nil })}, "recursive"},
		{"bad answer", []Tool{Define(good, func(context.Context, *Env, in) (*loose, error) { return nil, nil })}, "portable"},
		{"own mailbox", []Tool{Define(good, func(context.Context, *Env, clash) (*out, error) { return nil, nil })}, "registry's own"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := NewRegistry(nil, test.tools...); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v, want it to say %q", err, test.says)
			}
		})
	}
	both := []Tool{make1(func(s *Spec) { s.Name = "BAD" }), make1(func(s *Spec) { s.Tags = nil })}
	if _, err := NewRegistry(nil, both...); err == nil || !strings.Contains(err.Error(), "BAD") || !strings.Contains(err.Error(), "no tag") {
		t.Errorf("not every fault at once: %v", err)
	}
	if _, err := NewRegistry(nil, make1(func(*Spec) {})); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// TestBudget: a list that would be too long is cut after a row, with a cursor.
func TestBudget(t *testing.T) {
	rows := &Rows{Columns: []string{"a"}, at: func(i int) (provider.Cursor, error) { return provider.Cursor("after " + strconv.Itoa(i)), nil }}
	for range 200 {
		rows.Rows = append(rows.Rows, []string{strings.Repeat("x", 1000)})
	}
	out, err := rows.within(maxAnswerBytes)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := compact(out)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > maxAnswerBytes || len(out.Rows) < 50 || out.NextCursor != "after "+strconv.Itoa(len(out.Rows)-1) {
		t.Errorf("%d bytes, %d rows, next %q", len(raw), len(out.Rows), out.NextCursor)
	}
}

// TestUntrusted: every answer with mail in it starts with the notice, and each
// body is fenced by a nonce that the body cannot hold.
func TestUntrusted(t *testing.T) {
	reg, caller, _ := fixture(t, "dm")
	nonces := map[string]bool{}
	for _, c := range callables(t, reg) {
		if c.effects[0].Access != scopes.Read || c.whole {
			continue
		}
		res, err := reg.Call(context.Background(), caller, c.tool, json.RawMessage(c.args))
		if err != nil {
			t.Fatal(err)
		}
		var out struct {
			Untrusted string
			Messages  []struct{ Body string }
		}
		if err := json.Unmarshal(res.JSON, &out); err != nil {
			t.Fatal(err)
		}
		nonce, _, _ := strings.Cut(out.Untrusted, ":")
		if !strings.HasPrefix(string(res.JSON), `{"untrusted":"`) || len(nonce) < 8 || nonces[nonce] {
			t.Errorf("%s: %.80s", c.name, res.JSON)
		}
		nonces[nonce] = true
		for _, m := range out.Messages {
			if !strings.HasPrefix(m.Body, nonce+"\n") || !strings.HasSuffix(m.Body, "\n"+nonce) {
				t.Errorf("%s: body %q is not fenced", c.name, m.Body)
			}
		}
	}
}

// TestErrorsOfBackends: each code comes with what to do next, and the server's words.
func TestErrorsOfBackends(t *testing.T) {
	codes := []provider.Code{
		provider.Invalid, provider.NotFound, provider.Conflict, provider.Denied, provider.Unauthenticated, provider.Unsupported,
		provider.RateLimited, provider.TooLarge, provider.Unavailable, provider.Uncertain, provider.Internal,
	}
	for _, code := range codes {
		t.Run(string(code), func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			backends["dm"].hook = func(op string) error {
				if op == "list" {
					return &provider.Error{Code: code, RetryAfter: 1500 * time.Millisecond, RateLimit: &provider.RateLimit{Limit: 5, Remaining: 0, Reset: time.Minute}, Err: errors.New("NO [X] busy\r\nrow")}
				}
				return nil
			}
			_, err := reg.Call(context.Background(), caller, "list_messages", nil)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			if e.Code != Code(code) || !strings.Contains(e.Message, "NO [X] busy row") || e.RetryAfter != 2 || *e.Limit != 5 || *e.Remaining != 0 || *e.Reset != 60 {
				t.Errorf("%+v", e)
			}
			if e.Next == "" && code != provider.Invalid && code != provider.Internal {
				t.Error("no next step")
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	reg, err := NewRegistry(&Options{Timeout: time.Nanosecond}, Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	_, caller, _ := fixture(t, "dm")
	if _, err := reg.Call(context.Background(), caller, "list_messages", nil); asError(err).Code != Timeout {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	full, _, _ := fixture(t, "dm")
	if _, err := full.Call(ctx, caller, "list_messages", nil); asError(err).Code != Canceled {
		t.Errorf("%v", err)
	}
}

// TestAudit: every call leaves a row, refused ones too, and no row holds mail.
func TestAudit(t *testing.T) {
	reg, caller, _ := fixture(t, "dm")
	journal := caller.Journal.(*testJournal)
	for _, call := range []struct{ tool, args string }{
		{"list_messages", `{}`},
		{"read_message", `{"ids":["dm-1.1","dm-1.2"]}`},
		{"no_such_tool", `{}`},
		{"send_message", hello},
		{"send_message", `{`},
		{"send_message", withMember(hello, `"dry_run":true`)},
	} {
		_, _ = reg.Call(context.Background(), caller, call.tool, json.RawMessage(call.args))
	}
	dry := map[bool]string{true: "dry run"}
	var got []string
	for _, row := range journal.audit {
		got = append(got, row.Tool+" "+row.Account+" "+strconv.Itoa(row.Items)+" "+string(row.Code)+dry[row.DryRun])
	}
	want := []string{"list_messages dm 0 ", "read_message dm 2 ", "no_such_tool  0 unknown_tool", "send_message dm 0 ", "send_message dm 0 invalid", "send_message dm 0 dry run"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("trail %q, want %q", got, want)
	}
}

// TestSteps names the steps of a call in their order: the order is the contract.
func TestSteps(t *testing.T) {
	var names []string
	for _, s := range steps() {
		names = append(names, s.name)
	}
	const want = "alive permitted decode effects gate confirm arguments replay recipients dry run approval claim run"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("steps %q, want %q", got, want)
	}
}

func TestExpiredGrant(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	caller.Grant.Expires = testNow
	if len(reg.Visible(caller)) != 0 {
		t.Error("an expired grant lists tools")
	}
	if _, err := reg.Call(context.Background(), caller, "list_messages", nil); asError(err).Code != NotPermitted || backends["dm"].took() != "" {
		t.Errorf("%v", err)
	}
}
