package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/scopes"
)

// modal is a tool whose parameter's values have different effects.
func modal(t *testing.T) *Registry {
	t.Helper()
	type in struct {
		Mode  string   `json:"mode,omitempty" jsonschema:"how" enum:"soft|hard"`
		Modes []string `json:"modes,omitempty" jsonschema:"how" enum:"soft|hard"`
	}
	type out struct{}
	tool := Define(Spec{
		Name: "update_it", Title: "Update", Description: "Updates.", Tags: []scopes.Tag{"messages"},
		Effect: scopes.Effect{Verb: scopes.Update, Access: scopes.Write, Scopes: scopes.Public()},
		Escalate: []Escalation{
			{Param: "mode", Equals: "hard", Effect: destroying(scopes.Update)},
			{Param: "modes", Equals: "hard", Effect: destroying(scopes.Update)},
		},
	}, func(context.Context, *Env, in) (*out, error) { return &out{}, nil })
	reg, err := NewRegistry(nil, tool)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// TestValuesThatEscalate: a value whose effect is not permitted is not listed
// and is refused, however it is written; the others stay.
func TestValuesThatEscalate(t *testing.T) {
	reg := modal(t)
	_, caller, _ := fixture(t, "dm")
	call := func(args string) error {
		_, err := reg.Call(context.Background(), caller, "update_it", json.RawMessage(args))
		return err
	}
	hard := []string{`{"mode":"hard"}`, `{"mode":"\u0068ard"}`, `{"modes":["soft","hard"]}`, `{"modes":["h\u0061rd"]}`, `{"mode":"soft","modes":["hard"]}`}
	for _, args := range append(hard, `{"mode":"soft"}`, `{}`) {
		if err := call(args); err != nil {
			t.Errorf("everything permitted: %s: %v", args, err)
		}
	}
	if schema := string(reg.Visible(caller)[0].InputSchema); strings.Count(schema, `["soft","hard"]`) != 2 {
		t.Errorf("everything permitted: %s", schema)
	}
	caller.Accounts[0].Gates = Gates{}
	for _, args := range hard {
		if err := call(args); !errors.Is(err, GateClosed) {
			t.Errorf("gate closed: %s: %v", args, err)
		}
	}
	caller.Grant.Access = scopes.Accesses(scopes.Write)
	for _, args := range hard {
		if err := call(args); !errors.Is(err, NotPermitted) {
			t.Errorf("not permitted: %s: %v", args, err)
		}
	}
	for _, args := range []string{`{"mode":"soft","modes":["soft"]}`, `{"mode":null}`} {
		if err := call(args); err != nil {
			t.Errorf("not permitted: %s: %v", args, err)
		}
	}
	if schema := string(reg.Visible(caller)[0].InputSchema); strings.Count(schema, `["soft"]`) != 2 {
		t.Errorf("not permitted: %s", schema)
	}
}

func TestHints(t *testing.T) {
	effect := func(v scopes.Verb, a scopes.Access) scopes.Effect {
		return scopes.Effect{Verb: v, Access: a, Scopes: scopes.Public()}
	}
	tests := []struct {
		name    string
		effects []scopes.Effect
		want    Hints
	}{
		{"reading", []scopes.Effect{effect(scopes.Get, scopes.Read)}, Hints{ReadOnly: true, Idempotent: true}},
		{"changing", []scopes.Effect{effect(scopes.Update, scopes.Write)}, Hints{Idempotent: true}},
		{"creating", []scopes.Effect{effect(scopes.Create, scopes.Write)}, Hints{}},
		{"destroying", []scopes.Effect{effect(scopes.Delete, scopes.Destroy)}, Hints{Destructive: true, Idempotent: true}},
		{"sending", []scopes.Effect{effect("send", scopes.Send)}, Hints{Destructive: true, OpenWorld: true}},
		{"reading, or destroying", []scopes.Effect{effect(scopes.Get, scopes.Read), effect(scopes.Delete, scopes.Destroy)}, Hints{Destructive: true, Idempotent: true}},
		{"sending, or reading", []scopes.Effect{effect("send", scopes.Send), effect(scopes.Get, scopes.Read)}, Hints{Destructive: true, OpenWorld: true}},
		{"sending, or changing", []scopes.Effect{effect("send", scopes.Send), effect(scopes.Update, scopes.Write)}, Hints{Destructive: true, OpenWorld: true}},
		{"changing, or sending", []scopes.Effect{effect(scopes.Update, scopes.Write), effect("send", scopes.Send)}, Hints{Destructive: true, OpenWorld: true}},
	}
	for _, test := range tests {
		tool := Tool{spec: Spec{Effect: test.effects[0]}}
		for _, e := range test.effects[1:] {
			tool.spec.Escalate = append(tool.spec.Escalate, Escalation{Effect: e})
		}
		if got := tool.hints(); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestRegistryOrder(t *testing.T) {
	tools := Neutral()
	slices.Reverse(tools)
	reg, err := NewRegistry(nil, tools...)
	if err != nil {
		t.Fatal(err)
	}
	_, caller, _ := fixture(t, "dm")
	var names, seen []string
	for _, tool := range reg.Tools() {
		names = append(names, tool.Spec().Name)
	}
	for _, v := range reg.Visible(caller) {
		seen = append(seen, v.Name)
	}
	if !slices.IsSorted(names) || !slices.IsSorted(seen) || len(names) != len(tools) || len(seen) != len(tools) {
		t.Errorf("not by name: %v, %v", names, seen)
	}
	if _, err := NewRegistry(&Options{Timeout: -time.Second}, tools...); err == nil {
		t.Error("a negative timeout was taken")
	}
}
