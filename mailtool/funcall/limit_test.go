package funcall_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/funcall"
	"github.com/postern-mail/postern/scopes"
)

func TestNewRefuses(t *testing.T) {
	reg := registry(t, synthetic()...)
	tests := []struct {
		name string
		api  funcall.API
		reg  *mailtool.Registry
		opts *funcall.Options
		want string // empty: taken
	}{
		{"no API", "", reg, nil, "no API"},
		{"unknown API", "other", reg, nil, `"other"`},
		{"no registry", funcall.Gemini, nil, nil, "no registry"},
		{"negative calls", funcall.Anthropic, reg, &funcall.Options{MaxCalls: -1}, "negative"},
		{"negative arguments", funcall.Anthropic, reg, &funcall.Options{MaxArguments: -1}, "negative"},
		{"strict gemini", funcall.Gemini, reg, &funcall.Options{Strict: true}, "VALIDATED"},
		{"json schema elsewhere", funcall.OpenAIChat, reg, &funcall.Options{JSONSchema: true}, "gemini"},
		{"defaults", funcall.OpenAIChat, reg, nil, ""},
		{"all set", funcall.Gemini, reg, &funcall.Options{JSONSchema: true, MaxCalls: 1, MaxArguments: 9}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := funcall.New(tt.api, tt.reg, tt.opts)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

type oddKey struct {
	Odd string `json:"a b" jsonschema:"a key that vendors refuse"`
}

// TestToolsRefuses: what a vendor would refuse is said before it is sent.
func TestToolsRefuses(t *testing.T) {
	described := func(n int) mailtool.Tool {
		return mailtool.Define(mailtool.Spec{
			Name: "talk", Title: "Talk", Description: strings.Repeat("ä", n), Tags: []scopes.Tag{"messages"}, Whole: true,
			Effect: scopes.Effect{Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.Public()},
		}, func(context.Context, *mailtool.Env, struct{}) (*done, error) { return &done{}, nil })
	}
	var crowd []mailtool.Tool
	for i := range 129 {
		crowd = append(crowd, tool(fmt.Sprint("t", i), scopes.Read, ran[struct{}]))
	}
	odd := []mailtool.Tool{tool("odd", scopes.Read, ran[oddKey])}
	tests := []struct {
		name  string
		tools []mailtool.Tool
		want  map[funcall.API]string
	}{
		{"128 tools", crowd[:128], nil},
		{"129 tools", crowd, map[funcall.API]string{funcall.OpenAIChat: "128 tools", funcall.OpenAIResponses: "128 tools"}},
		{"description of 1024", []mailtool.Tool{described(1024)}, nil},
		{"description of 1025", []mailtool.Tool{described(1025)}, map[funcall.API]string{funcall.OpenAIChat: "talk", funcall.OpenAIResponses: "1024"}},
		{"odd key", odd, map[funcall.API]string{funcall.Anthropic: `"a b"`, funcall.Gemini: `"a b"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, api := range apis() {
				tools, err := functions(t, api, registry(t, tt.tools...), nil).Tools(owner(t))
				if want := tt.want[api]; want == "" && (err != nil || len(tools) != len(tt.tools)) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
					t.Errorf("%s: %d tools, error %v, want %q", api, len(tools), err, want)
				}
			}
		})
	}
}

// TestAnthropicStrict: what changes something is strict first, and all of it
// when the limits allow.
func TestAnthropicStrict(t *testing.T) {
	caller := owner(t, "ann")
	strict := func(tools ...mailtool.Tool) (names []string) {
		all, err := functions(t, funcall.Anthropic, registry(t, tools...), &funcall.Options{Strict: true}).Tools(caller)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range strictOf(declaredOf(t, funcall.Anthropic, all)) {
			names = append(names, d.name)
		}
		return names
	}
	if got := fmt.Sprint(strict(synthetic()...)); got != "[a2345678901234567890123456789012345678901234567 corners hollow nothing]" {
		t.Errorf("all fit, strict are %s", got)
	}
	crowd := []mailtool.Tool{tool("zz_change", scopes.Write, ran[corners])}
	for i := range 30 {
		crowd = append(crowd, tool(fmt.Sprint("t", i), scopes.Read, ran[struct{}]))
	}
	if got := strict(crowd...); len(got) != 20 || got[19] != "zz_change" {
		t.Errorf("20 strict with the one that changes something, not %v", got)
	}
	if got := strict(mailtool.Neutral()...); len(got) < 3 {
		t.Errorf("only %v of the mail tools are strict", got)
	}
}

// TestNobody: without a caller there is nothing to call.
func TestNobody(t *testing.T) {
	reg := registry(t, mailtool.Neutral()...)
	for _, api := range apis() {
		f := functions(t, api, reg, nil)
		if tools, err := f.Tools(nil); err != nil || len(tools) != 0 {
			t.Errorf("%s: %d tools, %v", api, len(tools), err)
		}
		answer := f.Call(t.Context(), nil, wrap(api, "c1", "list_folders", `{}`))
		if u := unwrap(t, api, answer.JSON); answer.Failure == nil || !u.failed || u.id != "c1" {
			t.Errorf("%s: %s", api, answer.JSON)
		}
	}
}
