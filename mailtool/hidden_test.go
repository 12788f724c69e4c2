package mailtool

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/postern-mail/postern/scopes"
)

// TestHiddenLooksUnknown: whatever the arguments, a tool that the caller cannot
// see answers like one that does not exist.
func TestHiddenLooksUnknown(t *testing.T) {
	for _, args := range []string{``, `{}`, `{`, `[]`, `{"a":1,"a":2}`, `{"to":["x"],"confirm_send":true}`, `{"mailbox":"dm"}`, `{"mailbox":7}`, `{"dry_run":true}`} {
		for _, name := range []string{"send_message", "send_mail"} {
			reg, caller, backends := fixture(t, "dm")
			caller.Grant.Access = scopes.Accesses(scopes.Read)
			_, hidden := reg.Call(context.Background(), caller, name, json.RawMessage(args))
			_, none := reg.Call(context.Background(), caller, "no_such_tool", json.RawMessage(args))
			if hidden == nil || none == nil {
				t.Fatalf("%s: %v, %v", args, hidden, none)
			}
			got, want := *asError(hidden), *asError(none)
			want.Message = "there is no tool " + name
			if got.Code != want.Code || got.Message != want.Message || got.Next != want.Next {
				t.Errorf("%s %s: %v, want %v", name, args, hidden, none)
			}
			if did := backends["dm"].took(); did != "" {
				t.Errorf("the backend saw %q", did)
			}
		}
	}
}
