package mailtool_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/mailtool"
)

func TestDescribe(t *testing.T) {
	type inner struct {
		When string `json:"when" jsonschema:"when" format:"time" maxlen:"40"`
	}
	type in struct {
		Mode  string  `json:"mode,omitempty" jsonschema:"which" enum:"soft|hard"`
		Count int     `json:"count" jsonschema:"how many" min:"-1" max:"9"`
		Items []inner `json:"items,omitempty" jsonschema:"items" max:"3"`
	}
	type out struct {
		Done []string `json:"done" jsonschema:"what was done"`
	}
	tool := mailtool.Define(mailtool.Spec{Name: "x"}, func(context.Context, *mailtool.Env, in) (out, error) { return out{}, nil })
	num := func(n int64) *int64 { return &n }
	want := []mailtool.Parameter{
		{Name: "mode", Type: "string", Description: "which", Values: []string{"soft", "hard"}},
		{Name: "count", Type: "integer", Required: true, Description: "how many", Min: num(-1), Max: num(9)},
		{Name: "items", Type: "array", Description: "items", Max: num(3), Items: &mailtool.Parameter{
			Type:    "object",
			Members: []mailtool.Parameter{{Name: "when", Type: "string", Required: true, Description: "when", MaxLen: 40, Format: "time"}},
		}},
	}
	if diff := cmp.Diff(want, tool.Parameters()); diff != "" {
		t.Errorf("Parameters (-want +got):\n%s", diff)
	}
	answer := []mailtool.Parameter{{Name: "done", Type: "array", Required: true, Description: "what was done", Items: &mailtool.Parameter{Type: "string"}}}
	if diff := cmp.Diff(answer, tool.Answer()); diff != "" {
		t.Errorf("Answer (-want +got):\n%s", diff)
	}
	got := tool.Parameters()
	got[0].Values[0], *got[1].Max = "changed", 99
	if diff := cmp.Diff(want, tool.Parameters()); diff != "" {
		t.Errorf("a caller changed the tool (-want +got):\n%s", diff)
	}
	if list := (mailtool.Tool{}).Parameters(); list != nil {
		t.Errorf("the zero Tool takes %v", list)
	}
}
