package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/postern-mail/postern/scopes"
)

// TestAccountsOfTheGrant: an account that the grant does not name, and one that
// is set up incompletely, is not there for any tool.
func TestAccountsOfTheGrant(t *testing.T) {
	leaveOut := map[string]func(*Caller){
		"not granted": func(c *Caller) { c.Grant.Accounts = scopes.Accounts("dm") },
		"without id":  func(c *Caller) { c.Accounts[1].ID = "" },
		"not opened":  func(c *Caller) { c.Accounts[1].Mail = nil },
	}
	for name, leave := range leaveOut {
		t.Run(name, func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm", "wk")
			leave(caller)
			for _, c := range callables(t, reg) {
				caller.Journal = &testJournal{records: map[Key]Record{}}
				ours, err := reg.Call(context.Background(), caller, c.tool, json.RawMessage(c.args))
				if err != nil || strings.Contains(string(ours.JSON), `"wk`) {
					t.Errorf("%s: %v %s", c.name, err, ours.JSON)
				}
				for _, args := range []string{strings.ReplaceAll(c.args, "dm-", "wk-"), strings.Replace(strings.TrimSuffix(c.args, "}")+`,"mailbox":"wk"}`, "{,", "{", 1)} {
					if args == c.args || c.whole {
						continue
					}
					if _, err := reg.Call(context.Background(), caller, c.tool, json.RawMessage(args)); !errors.Is(err, Invalid) {
						t.Errorf("%s with %s: %v", c.name, args, err)
					}
				}
			}
			if did := backends["wk"].took(); did != "" {
				t.Errorf("the account was asked: %s", did)
			}
			for _, v := range reg.Visible(caller) {
				if strings.Contains(string(v.InputSchema), `"wk"`) {
					t.Errorf("%s lists it", v.Name)
				}
			}
		})
	}
}

// TestPredicateNamesTheAccount: the predicate itself refuses an account that the
// grant does not name, whoever asks it.
func TestPredicateNamesTheAccount(t *testing.T) {
	reg, caller, _ := fixture(t, "dm", "wk")
	caller.Grant.Accounts = scopes.Accounts("dm")
	tool := reg.byName["list_messages"]
	for i, want := range []bool{true, false} {
		if err := caller.permitted(tool, tool.spec.Effect, caller.Accounts[i]); (err == nil) != want {
			t.Errorf("%s: %v", caller.Accounts[i].ID, err)
		}
	}
}

// TestAccountFaults: two accounts with one id or one tag stop everything, with
// the reason for the operator.
func TestAccountFaults(t *testing.T) {
	reg, caller, _ := fixture(t, "dm", "wk")
	caller.Accounts[1].ID = "dm"
	if err := caller.check(); err == nil || !strings.Contains(err.Error(), "two accounts") {
		t.Errorf("one id: %v", err)
	}
	caller.Accounts[1].ID, caller.Accounts[1].Mail = "other", caller.Accounts[0].Mail
	_, err := reg.Call(context.Background(), caller, "list_accounts", nil)
	if !errors.Is(err, Internal) || !strings.Contains(err.Error(), "share the id tag") || len(reg.Visible(caller)) != 0 {
		t.Errorf("one tag: %v", err)
	}
	caller.Grant.Accounts = scopes.Accounts("dm")
	if _, err := reg.Call(context.Background(), caller, "list_accounts", nil); err != nil {
		t.Errorf("only one of them is granted: %v", err)
	}
}

func TestGates(t *testing.T) {
	all := []scopes.Gate{scopes.Sending, scopes.Destructive, scopes.Migration}
	for i, gates := range []Gates{{Sending: Switch{Open: true}}, {Destructive: Switch{Open: true}}, {Migration: Switch{Open: true}}} {
		for j, g := range all {
			if gates.gate(g).Open != (i == j) {
				t.Errorf("%s of %+v", g, gates)
			}
		}
		if gates.gate("door").Open || !gates.gate(scopes.NoGate).Open {
			t.Errorf("a gate nobody knows is open, or none is closed: %+v", gates)
		}
	}
}

// TestMissingScopes: a caller who lacks only scopes is told which to ask for.
func TestMissingScopes(t *testing.T) {
	for tool, want := range map[string]string{"read_message": "mail:read", "delete_message": "mail:modify", "send_mail": "mail:send", "list_folders": "mail:folders"} {
		reg, caller, _ := fixture(t, "dm", "wk")
		caller.Grant.Scopes = scopes.Set{}
		_, err := reg.Call(context.Background(), caller, tool, nil)
		if e := asError(err); err == nil || e.Code != InsufficientScope || strings.Join(e.Scopes, " ") != want || !strings.Contains(e.Next, want) {
			t.Errorf("%s: %v", tool, err)
		}
	}
	reg, caller, _ := fixture(t, "dm")
	caller.Grant.Scopes = scopes.NewSet(scopes.MailSearch)
	_, err := reg.Call(context.Background(), caller, "search_messages", json.RawMessage(`{"include_body":true}`))
	if e := asError(err); err == nil || e.Code != InsufficientScope || strings.Join(e.Scopes, " ") != "mail:read" || !strings.Contains(e.Message, "include_body") {
		t.Errorf("by a parameter: %v", err)
	}
}
