package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

const hello = `{"to":["bob@example.com"],"subject":"Hi","body":"Hello","confirm_send":true}`

func callSend(t *testing.T, reg *Registry, c *Caller, args string) (sendOut, error) {
	t.Helper()
	res, err := reg.Call(context.Background(), c, "send_message", json.RawMessage(args))
	var out sendOut
	if err == nil {
		if err := json.Unmarshal(res.JSON, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out, err
}

func withMember(args, member string) string {
	return strings.TrimSuffix(args, "}") + "," + member + "}"
}

// TestSendsOnce: what leaves, and what is answered, when the same or nearly the
// same call is made again.
func TestSendsOnce(t *testing.T) {
	tests := []struct {
		name, first, second string
		leave               int
		duplicate           bool
	}{
		{"same content", hello, hello, 1, true},
		{"members in another order", hello, `{"confirm_send":true,"body":"Hello","subject":"Hi","to":["bob@example.com"]}`, 1, true},
		{"other content", hello, strings.Replace(hello, "Hello", "Hello again", 1), 2, false},
		{"same key", withMember(hello, `"idempotency_key":"k1"`), withMember(hello, `"idempotency_key":"k1"`), 1, true},
		{"other key", withMember(hello, `"idempotency_key":"k1"`), withMember(hello, `"idempotency_key":"k2"`), 2, false},
		{"a key for the second", hello, withMember(hello, `"idempotency_key":"k2"`), 2, false},
		{"dry run first", withMember(hello, `"dry_run":true`), hello, 1, false},
		{"dry run last", hello, withMember(hello, `"dry_run":true`), 1, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			if _, err := callSend(t, reg, caller, test.first); err != nil {
				t.Fatal(err)
			}
			out, err := callSend(t, reg, caller, test.second)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(backends["dm"].sent); n != test.leave || out.Duplicate != test.duplicate {
				t.Errorf("%d messages left, duplicate %v; want %d, %v", n, out.Duplicate, test.leave, test.duplicate)
			}
			if out.Duplicate && !strings.Contains(out.Next, "idempotency_key") {
				t.Errorf("a duplicate does not say how to send again: %+v", out)
			}
		})
	}
}

// TestSendOutcomes: what a failed send leaves behind for the next try.
func TestSendOutcomes(t *testing.T) {
	tests := []struct {
		name   string
		fail   error
		code   Code   // of the first call; empty: it answers
		status string // of its answer
		retry  string // of the second call's answer, the server being well again
		leave  int
	}{
		{"refused", &provider.Error{Code: provider.Denied}, "denied", "", "sent", 1},
		{"not reached", &provider.Error{Code: provider.Unavailable}, Unavailable, "", "sent", 1},
		{"cancelled before the end", context.Canceled, Canceled, "", "sent", 1},
		{"uncertain", &provider.Error{Code: provider.Uncertain}, "", "uncertain", "uncertain", 0},
		{"a fault of ours", errors.New("boom"), Internal, "", "uncertain", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			backends["dm"].hook = func(op string) error {
				if op == "send" {
					return test.fail
				}
				return nil
			}
			out, err := callSend(t, reg, caller, hello)
			if test.code != "" && (err == nil || asError(err).Code != test.code) || out.Status != test.status {
				t.Errorf("first call: %+v, %v", out, err)
			}
			backends["dm"].hook = nil
			out, err = callSend(t, reg, caller, hello)
			if err != nil || out.Status != test.retry || len(backends["dm"].sent) != test.leave {
				t.Errorf("second call: %+v, %v; %d left", out, err, len(backends["dm"].sent))
			}
		})
	}
}

func TestPanicInASendIsUncertain(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	backends["dm"].hook = func(op string) error {
		if op == "send" {
			panic("boom")
		}
		return nil
	}
	if _, err := callSend(t, reg, caller, hello); asError(err).Code != Internal || strings.Contains(err.Error(), "boom") {
		t.Errorf("a panic: %v", err)
	}
	backends["dm"].hook = nil
	if out, err := callSend(t, reg, caller, hello); err != nil || out.Status != "uncertain" {
		t.Errorf("after a panic: %+v, %v", out, err)
	}
}

// TestSendsOnceAtOnce: of many equal calls at the same time one sends, the
// others are told to wait or that it is done.
func TestSendsOnceAtOnce(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := callSend(t, reg, caller, hello); err != nil && !errors.Is(err, Busy) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(backends["dm"].sent); n != 1 {
		t.Errorf("%d messages left", n)
	}
}

func TestMessageIDs(t *testing.T) {
	ids := func(args string) (out [2]string) {
		for i := range out {
			reg, caller, _ := fixture(t, "dm") // another journal: nothing is remembered
			sent, err := callSend(t, reg, caller, args)
			if err != nil {
				t.Fatal(err)
			}
			out[i] = sent.MessageID
		}
		return out
	}
	if got := ids(withMember(hello, `"idempotency_key":"k1"`)); got[0] != got[1] || !strings.HasSuffix(got[0], "@example.org") {
		t.Errorf("with a key the Message-ID is always the same: %v", got)
	}
	if got := ids(hello); got[0] == got[1] {
		t.Errorf("without one it is new for each intent: %v", got)
	}
}

// TestIntentsAreApart: no two of grant, account and key run into one another.
func TestIntentsAreApart(t *testing.T) {
	ids := map[string]bool{}
	for _, key := range []Key{{Grant: "a", Account: "bc", Intent: "key:1"}, {Grant: "ab", Account: "c", Intent: "key:1"}, {Grant: "a", Account: "b", Intent: "key:1"}} {
		ids[(&call{key: key}).intentID()] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d of 3 intents", len(ids))
	}
}

func TestSendNeedsAJournal(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	caller.Journal = nil
	if _, err := callSend(t, reg, caller, hello); err == nil || len(backends["dm"].sent) != 0 {
		t.Errorf("sent without a journal: %v", err)
	}
	if _, err := reg.Call(context.Background(), caller, "list_messages", nil); err != nil {
		t.Errorf("reading needs none: %v", err)
	}
}

func TestRecipientPolicy(t *testing.T) {
	tests := []struct {
		name   string
		policy scopes.RecipientPolicy
		quota  scopes.Quota
		to     string
		code   Code
	}{
		{"others allowed", scopes.RecipientPolicy{Others: scopes.Allow}, scopes.Quota{}, `"bob@example.com"`, ""},
		{"others asked about, and nobody to ask", scopes.RecipientPolicy{Others: scopes.Ask}, scopes.Quota{}, `"bob@example.com"`, ""},
		{"asked about by name, and nobody to ask", scopes.RecipientPolicy{Others: scopes.Deny, Ask: []string{"bob@example.com"}}, scopes.Quota{}, `"bob@example.com"`, ""},
		{"others denied", scopes.RecipientPolicy{Others: scopes.Deny}, scopes.Quota{}, `"bob@example.com"`, RecipientRefused},
		{"others denied, on the list", scopes.RecipientPolicy{Others: scopes.Deny, Allow: []string{"@example.com"}}, scopes.Quota{}, `"Bob <BOB@example.com>"`, ""},
		{"others denied, one of two on the list", scopes.RecipientPolicy{Others: scopes.Deny, Allow: []string{"@example.com"}}, scopes.Quota{}, `"bob@example.com","eve@example.net"`, RecipientRefused},
		{"others denied, to oneself", scopes.RecipientPolicy{Others: scopes.Deny}, scopes.Quota{}, `"Ann@Example.org"`, ""},
		{"oneself on the deny list", scopes.RecipientPolicy{Others: scopes.Allow, Deny: []string{"@example.org"}}, scopes.Quota{}, `"ann@example.org"`, RecipientRefused},
		{"on the deny list", scopes.RecipientPolicy{Others: scopes.Allow, Deny: []string{"bob@example.com"}}, scopes.Quota{}, `"bob@example.com"`, RecipientRefused},
		{"an IDN on the list", scopes.RecipientPolicy{Others: scopes.Deny, Allow: []string{"@xn--bcher-kva.example"}}, scopes.Quota{}, `"bob@b\u00fccher.example"`, ""},
		{"an IDN on the deny list", scopes.RecipientPolicy{Others: scopes.Allow, Deny: []string{"@xn--bcher-kva.example"}}, scopes.Quota{}, `"bob@B\u00dcCHER.example"`, RecipientRefused},
		{"a domain that cannot be written", scopes.RecipientPolicy{Others: scopes.Allow}, scopes.Quota{}, `"bob@a\u2488com.example"`, RecipientRefused},
		{"too many", scopes.RecipientPolicy{Others: scopes.Allow}, scopes.Quota{Recipients: 1}, `"bob@example.com","eve@example.net"`, QuotaExceeded},
		{"default limit", scopes.RecipientPolicy{Others: scopes.Allow}, scopes.Quota{}, strings.Repeat(`"bob@example.com",`, scopes.DefaultRecipients) + `"x@example.com"`, QuotaExceeded},
	}
	for _, field := range []string{"to", "cc", "bcc"} {
		for _, test := range tests {
			t.Run(field+" "+test.name, func(t *testing.T) {
				reg, caller, backends := fixture(t, "dm")
				caller.Grant.Recipients, caller.Grant.Quota = test.policy, test.quota
				_, err := callSend(t, reg, caller, `{"`+field+`":[`+test.to+`],"body":"x","confirm_send":true}`)
				if test.code == "" && err != nil || test.code != "" && (err == nil || asError(err).Code != test.code) {
					t.Errorf("%v, want code %q", err, test.code)
				}
				if sent := len(backends["dm"].sent); (sent == 0) != (test.code != "") {
					t.Errorf("%d messages left", sent)
				}
			})
		}
	}
}

func TestSendAttachments(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	out, err := callSend(t, reg, caller, `{"to":["bob@example.com"],"html":"<p>See <b>this</b></p>","confirm_send":true,
		"attachments":[{"handle":"dm-1.1:2"},{"name":"n.txt","type":"text/plain","data":"aGk="}]}`)
	if err != nil {
		t.Fatal(err)
	}
	m := backends["dm"].sent[0]
	if len(m.Attachments) != 2 || string(m.Attachments[0].Data) != "%PDF-" || m.Attachments[0].Name != "plan.pdf" || string(m.Attachments[1].Data) != "hi" {
		t.Errorf("attachments: %+v", m.Attachments)
	}
	if !strings.Contains(m.Text, "See this") {
		t.Errorf("no text beside the HTML: %q", m.Text)
	}
	if strings.Join(out.Attachments, " ") != "plan.pdf n.txt" {
		t.Errorf("the answer lists %v", out.Attachments)
	}
}

// TestSendAttachmentNamedLikeAPath: what a sender called a file must not keep
// the file from being sent on.
func TestSendAttachmentNamedLikeAPath(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	_, err := callSend(t, reg, caller, `{"to":["bob@example.com"],"body":"x","confirm_send":true,"attachments":[{"handle":"dm-1.1:3"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := backends["dm"].sent[0].Attachments[0].Name; got != "Q1_2026_plan.pdf" {
		t.Errorf("the file is called %q", got)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	for _, test := range []struct{ tool, args string }{
		{"move_message", `{"ids":["dm-1.1","dm-gone"],"to":"archive","dry_run":true}`},
		{"flag_message", `{"ids":["dm-1.1","dm-gone"],"seen":true,"dry_run":true}`},
		{"delete_message", `{"ids":["dm-1.1","dm-gone"],"permanent":true,"dry_run":true}`},
		{"send_message", `{"to":["bob@example.com"],"body":"x","dry_run":true}`},
	} {
		t.Run(test.tool, func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			res, err := reg.Call(context.Background(), caller, test.tool, json.RawMessage(test.args))
			if err != nil {
				t.Fatal(err)
			}
			if did := strings.ReplaceAll(strings.ReplaceAll(backends["dm"].took(), "folders", ""), "read", ""); strings.TrimSpace(did) != "" {
				t.Errorf("the backend saw %q", did)
			}
			if !strings.Contains(string(res.JSON), "dry_run") {
				t.Errorf("the answer does not say that it was a dry run: %s", res.JSON)
			}
			if strings.Contains(test.args, "gone") && !strings.Contains(string(res.JSON), `"done":1`) {
				t.Errorf("one of two is there: %s", res.JSON)
			}
		})
	}
}

// TestOneKeyOneMessage: a key that was used for another message is refused, and
// neither sends nor answers as if it had.
func TestOneKeyOneMessage(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	first := withMember(hello, `"idempotency_key":"k1"`)
	if _, err := callSend(t, reg, caller, first); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{strings.Replace(first, "Hi", "Ho", 1), strings.Replace(first, "bob@", "eve@", 1)} {
		_, err := callSend(t, reg, caller, other)
		if err == nil || asError(err).Code != Conflict || !strings.Contains(err.Error(), "another message") {
			t.Errorf("%v", err)
		}
	}
	if n := len(backends["dm"].sent); n != 1 {
		t.Errorf("%d messages left", n)
	}
	if out, err := callSend(t, reg, caller, first); err != nil || !out.Duplicate {
		t.Errorf("the first again: %+v, %v", out, err)
	}
}
