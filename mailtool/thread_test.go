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
	deliver("INBOX", "From: Bob <bob@example.com>\nTo: ann@example.org\nSubject: The boiler\nMessage-ID: <1@example.com>\nList-Unsubscribe: <https://example.com/u>\nDate: Fri, 20 Nov 2026 09:00:00 +0000\n\n"+question)
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
	res, err := reg.Call(context.Background(), caller, "read_thread", json.RawMessage(`{"id":"`+sent+`"}`))
	if err != nil || strings.Contains(string(res.JSON), "message_id") || strings.Contains(string(res.JSON), "in_reply_to") || strings.Contains(string(res.JSON), "unsubscribe") {
		t.Errorf("what the order says, and how to leave, is repeated: %s, %v", res.JSON, err)
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

// TestReadThreadUnshown: what an earlier message has behind its next_offset stands nowhere above.
func TestReadThreadUnshown(t *testing.T) {
	reg, caller, deliver := mailbox(t)
	var long strings.Builder
	for line := range 300 {
		fmt.Fprintf(&long, "line %d of a letter that says something new in each of its lines\n", line)
	}
	first := deliver("INBOX", "From: bob@example.com\nSubject: Long\nMessage-ID: <1@example.com>\n\n"+long.String()+question)
	deliver("INBOX", "From: eve@example.com\nSubject: Long\nMessage-ID: <2@example.com>\nReferences: <1@example.com>\n\nNew.\n\n"+question)
	deliver("INBOX", "From: eve@example.com\nSubject: Long\nMessage-ID: <3@example.com>\nReferences: <1@example.com>\n\nOld.\n\n"+question)
	got, _ := readThread(t, reg, caller, `{"id":"`+first+`"}`)
	if len(got.Messages) != 3 || got.Messages[0].NextOffset == 0 {
		t.Fatalf("%d messages, next_offset %d", len(got.Messages), got.Messages[0].NextOffset)
	}
	if text := inside(t, got.Untrusted, got.Messages[1].Body); !strings.Contains(text, "boiler") {
		t.Errorf("what is not above is left out: %q", text)
	}
	if text := inside(t, got.Untrusted, got.Messages[2].Body); strings.Contains(text, "boiler") {
		t.Errorf("what is above is not left out: %q", text)
	}
}

// TestReadThreadGoesOn: where a text stops in a conversation, read_message goes on without a gap or a repetition, also
// behind what was left out, quoted history that is folded, HTML, and characters of several bytes.
func TestReadThreadGoesOn(t *testing.T) {
	var lines strings.Builder
	for line := range 260 {
		fmt.Fprintf(&lines, "Zeile %d: „größer“ \"ist\" 家 nicht besser\n", line)
	}
	for name, body := range map[string]string{
		"plain":        "Content-Type: text/plain; charset=utf-8\n\n" + lines.String(),
		"HTML":         "Content-Type: text/html; charset=utf-8\n\n<p>" + strings.ReplaceAll(lines.String(), "\n", "<br>\n") + "</p>",
		"repeated":     "Content-Type: text/plain; charset=utf-8\n\nVorab.\n\n" + question + "\n" + lines.String(),
		"folded":       "Content-Type: text/plain; charset=utf-8\n\n" + lines.String() + "\nOn Fri, 20 Nov 2026, Bob <bob@example.com> wrote:\n> " + strings.ReplaceAll(question, "\n", "\n> ") + "\n",
		"without ends": "Content-Type: text/plain; charset=utf-8\n\n" + strings.ReplaceAll(strings.ReplaceAll(lines.String(), "\n", ""), " ", "_"),
	} {
		t.Run(name, func(t *testing.T) {
			reg, caller, deliver := mailbox(t)
			deliver("INBOX", "From: bob@example.com\nSubject: Long\nMessage-ID: <1@example.com>\n\n"+question)
			id := deliver("INBOX", "From: eve@example.com\nSubject: Long\nMessage-ID: <2@example.com>\nReferences: <1@example.com>\nMIME-Version: 1.0\nContent-Transfer-Encoding: 8bit\n"+body)
			whole, cuts := wholeText(t, reg, caller, id, 0)
			thread, _ := readThread(t, reg, caller, `{"id":"`+id+`"}`)
			m := thread.Messages[1]
			rest, _ := wholeText(t, reg, caller, id, m.NextOffset)
			if m.NextOffset == 0 || whole[:m.NextOffset]+rest != whole {
				t.Fatalf("the rest from %d on (%d cuts) is not that of the text", m.NextOffset, cuts)
			}
			shown := inside(t, thread.Untrusted, m.Body)
			if i := strings.Index(shown, "[as above"); i >= 0 {
				_, shown, _ = strings.Cut(shown[i:], "]\n")
			} else if name == "repeated" {
				t.Error("nothing is left out")
			}
			if !strings.HasSuffix(whole[:m.NextOffset], shown) {
				t.Errorf("what is shown does not end where the rest begins: %.80q", shown)
			}
		})
	}
}

// TestReadThreadEnds: a text that reaches its bound near something left out goes on behind it.
func TestReadThreadEnds(t *testing.T) {
	for size := 7_700; size <= 8_000; size += 20 {
		reg, caller, deliver := mailbox(t)
		deliver("INBOX", "From: bob@example.com\nSubject: Long\nMessage-ID: <1@example.com>\n\n"+question)
		var text strings.Builder
		for n := 0; text.Len() < size; n++ {
			fmt.Fprintf(&text, "%d%s\n", n, strings.Repeat("x", min(60, size-text.Len())))
		}
		id := deliver("INBOX", "From: eve@example.com\nSubject: Long\nMessage-ID: <2@example.com>\nReferences: <1@example.com>\n\n"+text.String()+"\n"+question+"\nThe last line.\n")
		thread, _ := readThread(t, reg, caller, `{"id":"`+id+`"}`)
		m := thread.Messages[1]
		shown := inside(t, thread.Untrusted, m.Body)
		rest := ""
		if m.NextOffset > 0 {
			rest, _ = wholeText(t, reg, caller, id, m.NextOffset)
		}
		if strings.Count(shown+rest, "The last line.") != 1 {
			t.Errorf("%d bytes: next_offset %d, %q", size, m.NextOffset, shown[max(0, len(shown)-80):])
		}
	}
}

// wholeText is a text of read_message from an offset on, and in how many pieces it came.
func wholeText(t *testing.T, reg *mailtool.Registry, caller *mailtool.Caller, id string, offset int) (text string, pieces int) {
	t.Helper()
	for ; pieces == 0 || offset > 0; pieces++ {
		res, err := reg.Call(context.Background(), caller, "read_message", json.RawMessage(fmt.Sprintf(`{"ids":[%q],"offset":%d}`, id, offset)))
		if err != nil {
			t.Fatal(err)
		}
		var out conversation
		if err := json.Unmarshal(res.JSON, &out); err != nil {
			t.Fatal(err)
		}
		text, offset = text+inside(t, out.Untrusted, out.Messages[0].Body), out.Messages[0].NextOffset
	}
	return text, pieces
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
