package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/postern-mail/postern/scopes"
)

// TestRouting: which account a call is for, by a mailbox, by required and
// optional ids, by handles inside of lists.
func TestRouting(t *testing.T) {
	type file struct {
		Handle string `json:"handle,omitempty" jsonschema:"a file" format:"handle"`
	}
	type in struct {
		ReplyTo string `json:"reply_to,omitempty" jsonschema:"a message" format:"message_id"`
		Files   []file `json:"files,omitempty" jsonschema:"files"`
	}
	type out struct {
		Ran string `json:"ran" jsonschema:"the account"`
	}
	tool := func(name string, verb scopes.Verb, access scopes.Access) Tool {
		return Define(Spec{
			Name: name, Title: "It", Description: "It.", Tags: []scopes.Tag{"messages"},
			Effect: scopes.Effect{Verb: verb, Access: access, Scopes: scopes.Public()},
		}, func(_ context.Context, env *Env, _ in) (*out, error) { return &out{string(env.Account.ID)}, nil })
	}
	reg, err := NewRegistry(nil, tool("get_it", scopes.Get, scopes.Read), tool("update_it", scopes.Update, scopes.Write))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ tool, args, ran, says string }{
		{"get_it", `{}`, "dm", ""},
		{"get_it", `{"mailbox":"wk"}`, "wk", ""},
		{"update_it", `{}`, "", "mailbox is missing"},
		{"update_it", `{"mailbox":"wk"}`, "wk", ""},
		{"update_it", `{"mailbox":null}`, "", "mailbox is missing"},
		{"update_it", `{"reply_to":"wk-1"}`, "wk", ""},
		{"update_it", `{"files":[{},{"handle":"wk-1:2"}]}`, "wk", ""},
		{"update_it", `{"reply_to":"wk-1","files":[{"handle":"dm-1:2"}]}`, "", "several accounts"},
		{"update_it", `{"reply_to":"wk-1","files":[{"handle":"\u0064m-1:2"}]}`, "", "several accounts"},
		{"update_it", `{"reply_to":"wk-1","mailbox":"dm"}`, "", "another account than mailbox names"},
		{"update_it", `{"files":[{"handle":"wk-1:2"}],"mailbox":"dm"}`, "", "another account than mailbox names"},
		{"update_it", `{"files":[{"handle":"xx-1:2"}]}`, "", "does not work on here"},
		{"update_it", `{"mailbox":"xx"}`, "", "not one that this tool works on"},
	}
	for _, test := range tests {
		t.Run(test.tool+" "+test.args, func(t *testing.T) {
			_, caller, _ := fixture(t, "dm", "wk")
			res, err := reg.Call(context.Background(), caller, test.tool, json.RawMessage(test.args))
			var got out
			if err == nil && json.Unmarshal(res.JSON, &got) != nil || got.Ran != test.ran {
				t.Errorf("ran on %q, want %q: %v", got.Ran, test.ran, err)
			}
			if test.says != "" && (!errors.Is(err, Invalid) || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("%v, want it to say %q", err, test.says)
			}
			if row := caller.Journal.(*testJournal).audit[0]; row.Account != test.ran {
				t.Errorf("the trail names %q", row.Account)
			}
		})
	}
}

// TestFalseDoesNotEscalate: strict hosts send every optional parameter.
func TestFalseDoesNotEscalate(t *testing.T) {
	reg, caller, _ := fixture(t, "dm")
	caller.Grant.Access = scopes.Accesses(scopes.Write)
	for tool, args := range map[string]string{"flag_message": `{"ids":["dm-1"],"deleted":false}`, "delete_message": `{"ids":["dm-1"],"permanent":false}`} {
		if _, err := reg.Call(context.Background(), caller, tool, json.RawMessage(args)); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
}
