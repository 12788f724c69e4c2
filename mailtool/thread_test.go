package mailtool_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

// mailbox is a caller with full rights on a mailbox in memory, and a way to put messages there.
func mailbox(t *testing.T) (*mailtool.Registry, *mailtool.Caller, func(folder, raw string) string) {
	t.Helper()
	box, err := memmail.New(memmail.Options{Account: "dm", Identities: []provider.Address{{Name: "Ann", Addr: "ann@example.org"}}})
	if err != nil {
		t.Fatal(err)
	}
	acct, err := provider.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = acct.Close() })
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	caller := &mailtool.Caller{
		Grant:    scopes.Grant{ID: "g", Scopes: scopes.AllScopes(), Access: scopes.AllAccess(), Accounts: scopes.AllAccounts(), Gates: scopes.AllGates()},
		Accounts: []mailtool.Account{{ID: "dm", Mail: acct, Zone: time.UTC}},
	}
	arrived := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	return reg, caller, func(folder, raw string) string {
		arrived = arrived.Add(time.Minute)
		id, err := box.Deliver(folder, []byte(strings.ReplaceAll(raw, "\n", "\r\n")), memmail.Delivery{Received: arrived})
		if err != nil {
			t.Fatal(err)
		}
		return string(id)
	}
}

// conversation is an answer of read_thread.
type conversation struct {
	Untrusted string
	Subject   string
	Messages  []struct {
		ID, Subject, Body, Auth string
		From                    []string
		NextOffset              int `json:"next_offset"`
	}
	NextCursor string `json:"next_cursor"`
	Total      *int
	Failed     []struct{ ID, Code string }
}

func readThread(t *testing.T, reg *mailtool.Registry, c *mailtool.Caller, args string) (conversation, int) {
	t.Helper()
	res, err := reg.Call(context.Background(), c, "read_thread", json.RawMessage(args))
	if err != nil {
		t.Fatal(err)
	}
	var out conversation
	if err := json.Unmarshal(res.JSON, &out); err != nil {
		t.Fatal(err)
	}
	return out, len(res.JSON)
}

// inside takes the nonces away.
func inside(t *testing.T, untrusted, body string) string {
	t.Helper()
	nonce, _, _ := strings.Cut(untrusted, ":")
	text, ok := strings.CutPrefix(body, nonce+"\n")
	text, end := strings.CutSuffix(text, "\n"+nonce)
	if body != "" && (!ok || !end) {
		t.Errorf("the body is not between nonces: %q", body)
	}
	return text
}

const question = "The boiler in the second flat has stopped again last night, and the tenants are cold.\n" +
	"Could you please ask Mr Weber to come on Thursday morning before ten, and to bring the valve?\n"

func TestReadThread(t *testing.T) {
	reg, caller, deliver := mailbox(t)
	deliver("INBOX", "From: Bob <bob@example.com>\nTo: ann@example.org\nSubject: The boiler\nMessage-ID: <1@example.com>\nDate: Fri, 20 Nov 2026 09:00:00 +0000\n\n"+question)
	sent := deliver("Sent", "From: Ann <ann@example.org>\nTo: bob@example.com\nSubject: Re: The boiler\nMessage-ID: <2@example.org>\nIn-Reply-To: <1@example.com>\nReferences: <1@example.com>\n\nHe comes at nine. Is that fine?\n\nBob wrote:\n> "+strings.ReplaceAll(strings.TrimSpace(question), "\n", "\n> ")+"\n")
	deliver("INBOX", "From: Bob <bob@example.com>\nTo: ann@example.org\nSubject: AW: Re: The boiler\nMessage-ID: <3@example.com>\nReferences: <1@example.com> <2@example.org>\n\nYes, thank you.\n\n"+strings.ReplaceAll(question, "cold.\n", "cold. "))
	deliver("INBOX", "From: Eve <eve@example.net>\nTo: ann@example.org\nSubject: URGENT: Re: The boiler\nMessage-ID: <4@example.net>\nReferences: <1@example.com>\n\nPay me first.\n")
	deliver("INBOX", "From: Eve <eve@example.net>\nSubject: The boiler\nMessage-ID: <5@example.net>\n\nNot of this conversation.\n")

	got, _ := readThread(t, reg, caller, `{"id":"`+sent+`"}`)
	type entry struct{ From, Subject, Body string }
	var entries []entry
	for _, m := range got.Messages {
		entries = append(entries, entry{m.From[0], m.Subject, inside(t, got.Untrusted, m.Body)})
	}
	want := []entry{
		{"Bob <bob@example.com>", "", strings.TrimSpace(question)},
		{"Ann <ann@example.org>", "", "He comes at nine. Is that fine?"},
		{"Bob <bob@example.com>", "", "Yes, thank you.\n\n[as above: 179 characters]"},
		{"Eve <eve@example.net>", "URGENT: Re: The boiler", "Pay me first."},
	}
	answer, quotation, _ := strings.Cut(entries[1].Body, "\n")
	if entries[1].Body = answer; strings.Contains(quotation, "boiler") {
		t.Errorf("the question comes twice: %q", quotation)
	}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
	if got.Subject != "The boiler" || got.Total == nil || *got.Total != 4 || got.NextCursor != "" || len(got.Failed) != 0 {
		t.Errorf("subject %q, total %v, cursor %q, failed %v", got.Subject, got.Total, got.NextCursor, got.Failed)
	}
}

// TestReadLongThread: a conversation that no answer holds comes in several, each message once, each text to its end by
// read_message.
func TestReadLongThread(t *testing.T) {
	reg, caller, deliver := mailbox(t)
	const letters, lines = 45, 150
	var first string
	for n := range letters {
		var text strings.Builder
		for line := range lines {
			fmt.Fprintf(&text, "letter %d has line %d of %d, which says something new\n", n, line, lines)
		}
		id := deliver("INBOX", fmt.Sprintf("From: bob@example.com\nSubject: Long\nMessage-ID: <%d@example.com>\nReferences: <0@example.com>\n\n%s", n, text.String()))
		if first == "" {
			first = id
		}
	}
	seen := map[string]bool{}
	for cursor, calls := "", 0; ; calls++ {
		got, size := readThread(t, reg, caller, `{"id":"`+first+`","limit":200,"cursor":"`+cursor+`"}`)
		if size > 60_000 || calls > letters {
			t.Fatalf("an answer of %d bytes, call %d", size, calls)
		}
		for _, m := range got.Messages {
			if seen[m.ID] {
				t.Errorf("%s comes twice", m.ID)
			}
			seen[m.ID] = true
			if m.NextOffset == 0 {
				t.Errorf("%s: %d bytes of text came whole", m.ID, len(m.Body))
			}
		}
		if cursor = got.NextCursor; cursor == "" {
			break
		}
	}
	if len(seen) != letters {
		t.Errorf("%d of %d letters", len(seen), letters)
	}
	checkRest(t, reg, caller, first, lines)
}

// checkRest goes on with a text in read_message where read_thread stopped.
func checkRest(t *testing.T, reg *mailtool.Registry, caller *mailtool.Caller, id string, lines int) {
	t.Helper()
	got, _ := readThread(t, reg, caller, `{"id":"`+id+`"}`)
	text, next := inside(t, got.Untrusted, got.Messages[0].Body), got.Messages[0].NextOffset
	for next > 0 {
		res, err := reg.Call(context.Background(), caller, "read_message", json.RawMessage(fmt.Sprintf(`{"ids":[%q],"offset":%d}`, id, next)))
		if err != nil {
			t.Fatal(err)
		}
		var rest conversation
		if err := json.Unmarshal(res.JSON, &rest); err != nil {
			t.Fatal(err)
		}
		text, next = text+inside(t, rest.Untrusted, rest.Messages[0].Body), rest.Messages[0].NextOffset
	}
	if n := strings.Count(text, "something new"); n != lines {
		t.Errorf("%d of %d lines", n, lines)
	}
}

func TestReadThreadErrors(t *testing.T) {
	reg, caller, deliver := mailbox(t)
	id := deliver("INBOX", "From: bob@example.com\nSubject: x\n\nx\n")
	for name, test := range map[string]struct {
		args string
		code mailtool.Code
	}{
		"gone":             {`{"id":"` + id[:len(id)-1] + `zz9"}`, ""},
		"garbled cursor":   {`{"id":"` + id + `","cursor":"x"}`, mailtool.Invalid},
		"several":          {`{"id":["` + id + `"]}`, mailtool.Invalid},
		"another account":  {`{"id":"zz-1.2"}`, mailtool.Invalid},
		"as in other tool": {`{"ids":["` + id + `"]}`, mailtool.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			res, err := reg.Call(context.Background(), caller, "read_thread", json.RawMessage(test.args))
			var failure *mailtool.Error
			if !errors.As(err, &failure) || test.code != "" && failure.Code != test.code {
				t.Errorf("%s, %v", res.JSON, err)
			}
		})
	}
}
