package funcall_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/funcall"
	"github.com/postern-mail/postern/mailtool/journal"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

func apis() []funcall.API {
	return []funcall.API{funcall.OpenAIChat, funcall.OpenAIResponses, funcall.Anthropic, funcall.Gemini}
}

func now() time.Time { return time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC) }

func registry(t testing.TB, tools ...mailtool.Tool) *mailtool.Registry {
	t.Helper()
	reg, err := mailtool.NewRegistry(nil, tools...)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func functions(t testing.TB, api funcall.API, reg *mailtool.Registry, opts *funcall.Options) *funcall.Functions {
	t.Helper()
	f, err := funcall.New(api, reg, opts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// owner may do everything on sample mailboxes of these names.
func owner(t testing.TB, accounts ...string) *mailtool.Caller {
	t.Helper()
	c := &mailtool.Caller{
		Grant: scopes.Grant{
			ID: "g1", Scopes: scopes.AllScopes(), Access: scopes.AllAccess(), Accounts: scopes.AllAccounts(), Gates: scopes.AllGates(),
		},
		Journal: journal.NewMemory(nil), Now: now,
	}
	for _, name := range accounts {
		box, err := memmail.NewDemo(memmail.Options{Account: name, Now: now})
		if err != nil {
			t.Fatal(err)
		}
		mail, err := provider.Open(box)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { mail.Close() })
		c.Accounts = append(c.Accounts, mailtool.Account{ID: scopes.AccountID(name), Mail: mail, Zone: time.UTC})
	}
	return c
}

// corners is the input of a tool that tries every shape the portable subset has.
type corners struct {
	Text   string    `json:"text" jsonschema:"any text, <b> & \"quoted\""`
	Note   string    `json:"note,omitempty" jsonschema:"optional text"`
	Must   string    `json:"must" jsonschema:"one of" enum:"a|b"`
	Mode   string    `json:"mode,omitempty" jsonschema:"optional choice" enum:"x|y|z"`
	Modes  []string  `json:"modes,omitempty" jsonschema:"optional choices" enum:"x|y" max:"3"`
	Count  int       `json:"count,omitempty" jsonschema:"bounded" min:"1" max:"200"`
	Below  int       `json:"below,omitempty" jsonschema:"negative too" min:"-5"`
	Ratio  float64   `json:"ratio,omitempty" jsonschema:"a number" max:"2"`
	Flag   bool      `json:"flag,omitempty" jsonschema:"a switch"`
	Tags   []string  `json:"tags" jsonschema:"at least two" min:"2" max:"4"`
	Rows   []row     `json:"rows,omitempty" jsonschema:"optional objects" min:"1"`
	One    *row      `json:"one,omitempty" jsonschema:"optional object"`
	Matrix [][]int64 `json:"matrix,omitempty" jsonschema:"lists of lists"`
}

type row struct {
	Name string `json:"name" jsonschema:"required inside"`
	Size int    `json:"size,omitempty" jsonschema:"optional inside" min:"0"`
	In   *inner `json:"in,omitempty" jsonschema:"deeper"`
}

type inner struct {
	Deep []deep `json:"deep,omitempty" jsonschema:"deeper still"`
}

type deep struct {
	Kind string `json:"kind,omitempty" jsonschema:"at the bottom" enum:"k|l"`
}

// hollow has members about which nothing can be said.
type hollow struct {
	Nothing  *struct{}  `json:"nothing,omitempty" jsonschema:"an empty object"`
	Nothings []struct{} `json:"nothings" jsonschema:"empty objects"`
}

type done struct {
	OK bool `json:"ok" jsonschema:"it ran"`
}

// tool makes one that needs no account and answers what answer says.
func tool[In any](name string, access scopes.Access, answer func(In) (*done, error)) mailtool.Tool {
	effect := scopes.Effect{Verb: scopes.Get, Access: access, Scopes: scopes.Public()}
	if access == scopes.Write {
		effect.Verb = scopes.Update
	}
	return mailtool.Define(mailtool.Spec{
		Name: name, Title: name, Description: "Tries the corners of " + name + ".", Effect: effect, Tags: []scopes.Tag{"messages"}, Whole: true,
	}, func(_ context.Context, _ *mailtool.Env, in In) (*done, error) { return answer(in) })
}

func ran[In any](In) (*done, error) { return &done{OK: true}, nil }

// synthetic are tools with the corners that the mail tools do not have.
func synthetic() []mailtool.Tool {
	return []mailtool.Tool{
		tool("corners", scopes.Write, ran[corners]),
		tool("hollow", scopes.Read, ran[hollow]),
		tool("nothing", scopes.Read, ran[struct{}]),
		tool("a2345678901234567890123456789012345678901234567", scopes.Read, ran[inner]),
	}
}

// wrap writes a call as the API's models do.
func wrap(api funcall.API, id, name, args string) json.RawMessage {
	switch api {
	case funcall.OpenAIChat:
		return fmt.Appendf(nil, `{"id":%s,"type":"function","function":{"name":%s,"arguments":%s}}`, quoted(id), quoted(name), quoted(args))
	case funcall.OpenAIResponses:
		return fmt.Appendf(nil, `{"type":"function_call","id":"fc_1","call_id":%s,"name":%s,"arguments":%s,"status":"completed"}`, quoted(id), quoted(name), quoted(args))
	case funcall.Anthropic:
		return fmt.Appendf(nil, `{"type":"tool_use","id":%s,"name":%s,"input":%s}`, quoted(id), quoted(name), args)
	default: // Gemini
	}
	return fmt.Appendf(nil, `{"id":%s,"name":%s,"args":%s}`, quoted(id), quoted(name), args)
}

func quoted(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// unwrapped is a result object taken apart by the API's published form.
type unwrapped struct {
	id, text string
	failed   bool
	files    []string // media types
}

// unwrap reads a result and fails on any member that the form does not have.
func unwrap(t testing.TB, api funcall.API, raw json.RawMessage) unwrapped {
	t.Helper()
	switch api {
	case funcall.OpenAIChat:
		var m struct {
			Role       string
			ToolCallID string `json:"tool_call_id"`
			Content    string
		}
		exactly(t, raw, &m)
		if m.Role != "tool" {
			t.Fatalf("role %q", m.Role)
		}
		return unwrapped{id: m.ToolCallID, text: m.Content, failed: isError(m.Content)}
	case funcall.OpenAIResponses:
		return unwrapResponses(t, raw)
	case funcall.Anthropic:
		return unwrapAnthropic(t, raw)
	default: // Gemini
	}
	return unwrapGemini(t, raw)
}
