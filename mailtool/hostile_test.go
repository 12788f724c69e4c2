package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// TestHiddenAnswersLikeUnknown: whoever may not see a tool learns nothing by
// calling it, by its name or by an alias.
func TestHiddenAnswersLikeUnknown(t *testing.T) {
	reg, caller, _ := fixture(t, "dm")
	caller.Grant.Access = scopes.Accesses(scopes.Read)
	for _, args := range []string{`{}`, hello, `{"wombat":1}`, `{"mailbox":"xx"}`} {
		for _, name := range []string{"send_message", "send_mail", "delete_message"} {
			_, hidden := reg.Call(context.Background(), caller, name, json.RawMessage(args))
			unknown := strings.Repeat("q", len(name))
			_, none := reg.Call(context.Background(), caller, unknown, json.RawMessage(args))
			if got, want := fmt.Sprint(hidden), strings.ReplaceAll(fmt.Sprint(none), unknown, name); got != want {
				t.Errorf("%s %s: %q, want %q", name, args, got, want)
			}
		}
	}
}

// TestAttachingNeedsReading: sending a received file on is reading it.
func TestAttachingNeedsReading(t *testing.T) {
	withFile := withMember(hello, `"attachments":[{"handle":"dm-1.1:2"}]`)
	inline := withMember(hello, `"attachments":[{"name":"n.txt","data":"aGk="}]`)
	tests := []struct {
		name   string
		change func(*Caller, *recorder)
		code   Code
	}{
		{"no scope", func(c *Caller, _ *recorder) { c.Grant.Scopes = scopes.NewSet(scopes.MailSend) }, InsufficientScope},
		{"no access", func(c *Caller, _ *recorder) { c.Grant.Access = scopes.Accesses(scopes.Send) }, NotPermitted},
		{"an account that cannot read", func(_ *Caller, r *recorder) { r.caps &^= provider.Caps(provider.CapRead) }, Unsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			test.change(caller, backends["dm"])
			for _, v := range reg.Visible(caller) {
				if v.Name == "send_message" && (strings.Contains(string(v.InputSchema), `"handle"`) || !strings.Contains(string(v.InputSchema), `"data"`)) {
					t.Errorf("listed with a handle: %s", v.InputSchema)
				}
			}
			if _, err := callSend(t, reg, caller, withFile); err == nil || asError(err).Code != test.code || !strings.Contains(err.Error(), "attachments.handle") || backends["dm"].took() != "" {
				t.Errorf("a file of a message: %v, want %s", err, test.code)
			}
			if _, err := callSend(t, reg, caller, inline); err != nil {
				t.Errorf("a file given inline: %v", err)
			}
		})
	}
}

// TestSameContentWrittenOtherwise: JSON has many spellings of one message.
func TestSameContentWrittenOtherwise(t *testing.T) {
	first := `{"to":["bob@example.com"],"subject":"Héllo/","attachments":[{"name":"a","data":"aGk="}],"confirm_send":true}`
	for _, again := range []string{
		`{"to":["bob@example.com"],"subject":"H\u00e9llo\/","attachments":[{"name":"a","data":"aGk="}],"confirm_send":true}`,
		`{"to":["bob@example.com"],"subject":"Héllo/","attachments":[{"data":"aGk=","name":"a"}],"confirm_send":true}`,
		`{"to":["bob@example.com"],"subject":"Héllo/","attachments":[ { "name" : "a", "type":null, "data":"aGk\u003d"} ],"confirm_send":true,"cc":null}`,
		withMember(first, `"idempotency_key":""`),
		withMember(first, `"dry_run":false`),
	} {
		reg, caller, backends := fixture(t, "dm")
		if _, err := callSend(t, reg, caller, first); err != nil {
			t.Fatal(err)
		}
		if out, err := callSend(t, reg, caller, again); err != nil || !out.Duplicate || len(backends["dm"].sent) != 1 {
			t.Errorf("%s: duplicate %v, %d left, %v", again, out.Duplicate, len(backends["dm"].sent), err)
		}
	}
}

// TestNilAnswers: a handler that answers nothing is a fault, no crash.
func TestNilAnswers(t *testing.T) {
	type in struct{ paging }
	spec := Spec{
		Name: "list_it", Title: "List", Description: "Lists.", Tags: []scopes.Tag{"messages"},
		Effect: scopes.Effect{Verb: scopes.List, Access: scopes.Read, Scopes: scopes.Public()},
	}
	rows := Define(spec, func(context.Context, *Env, in) (*Rows, error) { return nil, nil })
	spec.Name = "send_it"
	spec.Effect = scopes.Effect{Verb: "send", Access: scopes.Send, Scopes: scopes.AllOf(scopes.MailSend), Gate: scopes.Sending}
	send := Define(spec, func(context.Context, *Env, in) (*sendOut, error) { return nil, nil })
	spec.Name = "list_badly"
	spec.Effect = scopes.Effect{Verb: scopes.List, Access: scopes.Read, Scopes: scopes.Public()}
	badly := Define(spec, func(context.Context, *Env, in) (*Rows, error) {
		out := &Rows{at: func(int) (provider.Cursor, error) { panic("boom") }}
		for range 200 {
			out.Rows = append(out.Rows, []string{strings.Repeat("x", 1000)})
		}
		return out, nil
	})
	reg, err := NewRegistry(nil, rows, send, badly)
	if err != nil {
		t.Fatal(err)
	}
	for _, accounts := range [][]string{{"dm"}, {"dm", "wk"}} {
		_, caller, _ := fixture(t, accounts...)
		for tool, args := range map[string]string{"list_it": `{}`, "send_it": `{"mailbox":"dm"}`, "list_badly": `{}`} {
			if _, err := reg.Call(context.Background(), caller, tool, json.RawMessage(args)); !errors.Is(err, Internal) {
				t.Errorf("%s on %v: %v", tool, accounts, err)
			}
		}
	}
}

// TestNamelessCode: an error whose backend left the code out is a fault, so a
// send that failed with it may have happened.
func TestNamelessCode(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	backends["dm"].hook = func(op string) error {
		if op == "send" {
			return &provider.Error{Op: "send", Err: errors.New("boom")}
		}
		return nil
	}
	if _, err := callSend(t, reg, caller, hello); !errors.Is(err, Internal) {
		t.Errorf("%v", err)
	}
	backends["dm"].hook = nil
	if out, err := callSend(t, reg, caller, hello); err != nil || out.Status != statusUncertain {
		t.Errorf("again: %+v, %v", out, err)
	}
}

// TestFoldedOwnAddress: only ASCII letters are compared without regard to case.
func TestFoldedOwnAddress(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	caller.Grant.Recipients = scopes.RecipientPolicy{Others: scopes.Deny}
	for _, to := range []string{"de\u017fk@example.org", "des\u212a@example.org", "ANN@example.org.evil.example"} {
		if _, err := callSend(t, reg, caller, strings.Replace(hello, "bob@example.com", to, 1)); !errors.Is(err, RecipientRefused) || len(backends["dm"].sent) != 0 {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestManyArguments: nobody reads a million values.
func TestManyArguments(t *testing.T) {
	for name, args := range map[string]string{
		"members": `{"a":[` + strings.Repeat(`1,`, maxArgsValues) + `1]}`,
		"nested":  `{"a":[` + strings.Repeat(`{"b":1},`, maxArgsValues/2) + `{}]}`,
	} {
		if _, err := decodeArguments(json.RawMessage(args)); err == nil || !strings.Contains(err.Error(), "values") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMailboxIsOneText: the parameter that routes a call is as strict as the others.
func TestMailboxIsOneText(t *testing.T) {
	reg, caller, backends := fixture(t, "dm", "wk")
	for _, box := range []string{`["wk"]`, `{"a":"wk"}`, `1`, `true`, `"WK"`, `" wk"`, `""`} {
		_, err := reg.Call(context.Background(), caller, "list_folders", json.RawMessage(`{"mailbox":`+box+`}`))
		if !errors.Is(err, Invalid) || backends["dm"].took()+backends["wk"].took() != "" {
			t.Errorf("mailbox %s: %v", box, err)
		}
	}
}

// TestDryRunCannotChange: whatever a handler does in a dry run, the account lets
// it read only.
func TestDryRunCannotChange(t *testing.T) {
	spec := Spec{
		Name: "update_it", Title: "Update", Description: "Updates.", Tags: []scopes.Tag{"messages"},
		Effect: scopes.Effect{Verb: scopes.Update, Access: scopes.Write, Scopes: scopes.Public()},
	}
	reg, err := NewRegistry(nil, Define(spec, func(ctx context.Context, env *Env, in batch) (*changeOut, error) {
		if _, err := env.Mail.ListFolders(ctx); err != nil {
			return nil, err
		}
		return changed(env.Mail.SetFlags(ctx, in.ids(), provider.FlagChange{Add: provider.Seen}))
	}))
	if err != nil {
		t.Fatal(err)
	}
	_, caller, backends := fixture(t, "dm")
	_, err = reg.Call(context.Background(), caller, "update_it", json.RawMessage(`{"ids":["dm-1"],"dry_run":true}`))
	if did := backends["dm"].took(); !errors.Is(err, Unsupported) || did != "folders" {
		t.Errorf("%v, and the backend saw %q", err, did)
	}
}

// TestFaultSaysWhichFile: one fault among several files is named.
func TestFaultSaysWhichFile(t *testing.T) {
	reg, caller, _ := fixture(t, "dm")
	_, err := callSend(t, reg, caller, withMember(hello, `"attachments":[{"name":"a","data":"aGk="},{"name":"b"}]`))
	if err == nil || !strings.Contains(err.Error(), "attachments[1]") {
		t.Errorf("%v", err)
	}
}

// TestStrangersFileNames: an answer that repeats what a stranger called a file says so.
func TestStrangersFileNames(t *testing.T) {
	for member, want := range map[string]bool{`{"handle":"dm-1.1:2"}`: true, `{"name":"n","data":"aGk="}`: false} {
		reg, caller, _ := fixture(t, "dm")
		if out, err := callSend(t, reg, caller, withMember(hello, `"attachments":[`+member+`]`)); err != nil || (out.Untrusted != "") != want {
			t.Errorf("%s: %q, %v", member, out.Untrusted, err)
		}
	}
}

// idn is an account whose address has a domain that the wire writes otherwise.
type idn struct{ recorder }

func (*idn) Info() provider.Info {
	return provider.Info{Account: "dm", Service: "test", Identities: []provider.Address{{Addr: "ann@b\u00fccher.example"}}}
}

// TestOwnAddressInAnyForm: to oneself is known in both forms of the domain, and
// the Message-ID is in the one that every server takes.
func TestOwnAddressInAnyForm(t *testing.T) {
	for _, to := range []string{"ann@b\u00fccher.example", "ANN@xn--bcher-kva.example"} {
		reg, caller, _ := fixture(t, "dm")
		acct, err := provider.Open(&idn{recorder{account: "dm", caps: provider.AllCaps()}})
		if err != nil {
			t.Fatal(err)
		}
		caller.Accounts[0].Mail = acct
		caller.Grant.Recipients = scopes.RecipientPolicy{Others: scopes.Deny}
		out, err := callSend(t, reg, caller, strings.Replace(hello, "bob@example.com", to, 1))
		if err != nil || !strings.HasSuffix(out.MessageID, "@xn--bcher-kva.example") {
			t.Errorf("%s: %q, %v", to, out.MessageID, err)
		}
	}
}

// copyless sends and cannot file the copy.
type copyless struct{ recorder }

func (c *copyless) Send(_ context.Context, m provider.Outgoing) (provider.Receipt, error) {
	return provider.Receipt{HeaderID: m.HeaderID, Accepted: []string{"bob@example.com"}, Copy: provider.CopyFailed}, nil
}

// TestCopyFailed: the message left, and a model must not send it again.
func TestCopyFailed(t *testing.T) {
	reg, caller, _ := fixture(t, "dm")
	acct, err := provider.Open(&copyless{recorder{account: "dm", caps: provider.AllCaps()}})
	if err != nil {
		t.Fatal(err)
	}
	caller.Accounts[0].Mail = acct
	out, err := callSend(t, reg, caller, hello)
	if err != nil || out.Status != statusSent || out.SentCopy != "failed" || !strings.Contains(out.Next, "the message left") {
		t.Errorf("%+v, %v", out, err)
	}
}
