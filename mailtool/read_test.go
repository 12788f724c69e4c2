package mailtool_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/mailtool"
)

// shown is one message of read_message.
type shown struct {
	ID, Subject, Body, Format, Invite, Unsubscribe, Auth string

	Warnings []string
	Folded   struct{ Quoted, Signature int }
	Headers  []string
}

func readOne(t *testing.T, id, format string, call func(name string, args json.RawMessage) json.RawMessage) shown {
	t.Helper()
	args, err := json.Marshal(struct {
		IDs    []string `json:"ids"`
		Format string   `json:"format,omitempty"`
	}{[]string{id}, format})
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		Untrusted string
		Messages  []shown
	}
	if err := json.Unmarshal(call("read_message", args), &out); err != nil || len(out.Messages) != 1 {
		t.Fatalf("%v, %d messages", err, len(out.Messages))
	}
	m := out.Messages[0]
	m.Body = inside(t, out.Untrusted, m.Body)
	return m
}

// TestReadFacts: what a message says besides its text is told in words.
func TestReadFacts(t *testing.T) {
	reg, caller, deliver := mailbox(t)
	call := func(name string, args json.RawMessage) json.RawMessage {
		res, err := reg.Call(context.Background(), caller, name, args)
		if err != nil {
			t.Fatal(err)
		}
		return res.JSON
	}
	id := deliver("INBOX", `Authentication-Results: mx.example.org; spf=pass; dkim=pass; dmarc=fail
Received: from x by mx.example.org with ESMTPS; Fri, 20 Nov 2026 09:00:00 +0000
From: "service@bank.example" <x@evil.test>
To: ann@example.org
Subject: Meeting
List-Unsubscribe: <https://news.example.org/u/1>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Please come.

On Thu, 19 Nov 2026 at 10:00, Ann <ann@example.org> wrote:
> Shall we meet?
> I could come on Monday.

--`+" "+`
Bob, Head of Meetings
--b
Content-Type: text/calendar; charset=utf-8; method=REQUEST

BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
UID:1
SUMMARY:Planning
LOCATION:Room 2
DTSTART;TZID=W. Europe Standard Time:20261124T150000
DTEND;TZID=W. Europe Standard Time:20261124T154500
ORGANIZER;CN=Bob:mailto:bob@example.com
ATTENDEE;CN=Ann;PARTSTAT=NEEDS-ACTION:mailto:ann@example.org
END:VEVENT
END:VCALENDAR
--b--
`)
	m := readOne(t, id, "", call)
	for _, want := range []string{"Planning", "Room 2", "2026-11-24", "14:00", "bob@example.com", "ann@example.org"} {
		if !strings.Contains(m.Invite, want) {
			t.Errorf("the invitation does not say %q:\n%s", want, m.Invite)
		}
	}
	if m.Unsubscribe != "one-click at news.example.org" || m.Auth != "spf=pass dkim=pass dmarc=fail" || m.Format != "" {
		t.Errorf("unsubscribe %q, auth %q, format %q", m.Unsubscribe, m.Auth, m.Format)
	}
	for _, want := range []string{"dmarc=fail", "service@bank.example"} {
		if !strings.Contains(strings.Join(m.Warnings, "\n"), want) {
			t.Errorf("no warning of %s: %q", want, m.Warnings)
		}
	}
	if !strings.HasPrefix(m.Body, "Please come.") || strings.Contains(m.Body, "Shall we meet") || m.Folded.Quoted == 0 {
		t.Errorf("body %q, folded %+v", m.Body, m.Folded)
	}
	full := readOne(t, id, "full", call)
	if !strings.Contains(full.Body, "Shall we meet?") || !strings.Contains(full.Body, "Head of Meetings") || full.Folded.Quoted != 0 {
		t.Errorf("format full: body %q, folded %+v", full.Body, full.Folded)
	}
	if headers := readOne(t, id, "headers", call); len(headers.Headers) != 9 || headers.Body != "" {
		t.Errorf("format headers: %+v", headers)
	}
}

// TestReadLongLinks: an address is cut where it only tells who reads, and whole where it is asked for.
func TestReadLongLinks(t *testing.T) {
	reg, caller, deliver := mailbox(t)
	address := "https://login.example.org/reset?token=" + strings.Repeat("3f9a71", 20)
	id := deliver("INBOX", "From: a@example.org\nSubject: Reset\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p>Please <a href=\""+address+"\">choose a new password</a>.</p>\n")
	call := func(name string, args json.RawMessage) json.RawMessage {
		res, err := reg.Call(context.Background(), caller, name, args)
		if err != nil {
			t.Fatal(err)
		}
		return res.JSON
	}
	for format, whole := range map[string]bool{"": false, "full": true} {
		if m := readOne(t, id, format, call); strings.Contains(m.Body, address) != whole || !strings.Contains(m.Body, "https://login.example.org/") {
			t.Errorf("format %q: %s", format, m.Body)
		}
	}
}

// TestReadOffset: an offset counts what can be read on, and only that.
func TestReadOffset(t *testing.T) {
	reg, caller, deliver := mailbox(t)
	id := deliver("INBOX", "From: bob@example.com\nContent-Type: text/html; charset=utf-8\n\n<p>Grüße aus <b>Köln</b></p>"+strings.Repeat("<p>und noch eine Zeile mit „Zeichen“</p>\n", 2000))
	for format, test := range map[string]struct {
		offset int
		code   mailtool.Code
		says   string
	}{
		"headers": {1, mailtool.Invalid, ""},
		"text":    {10_000_000, "", "offset is behind the end"},
		"full":    {10_000_000, "", "offset is behind the end"},
		"html":    {10_000_000, "", "offset is behind the end"},
	} {
		t.Run(format, func(t *testing.T) {
			res, err := reg.Call(context.Background(), caller, "read_message", json.RawMessage(fmt.Sprintf(`{"ids":[%q],"format":%q,"offset":%d}`, id, format, test.offset)))
			var failure *mailtool.Error
			if errors.As(err, &failure) != (test.code != "") || failure != nil && failure.Code != test.code || !strings.Contains(string(res.JSON), test.says) {
				t.Errorf("%s, %v", res.JSON, err)
			}
		})
	}
	for _, format := range []string{"text", "full", "html"} {
		var joined strings.Builder
		for offset, calls := 0, 0; calls == 0 || offset > 0; calls++ {
			res, err := reg.Call(context.Background(), caller, "read_message", json.RawMessage(fmt.Sprintf(`{"ids":[%q],"format":%q,"offset":%d}`, id, format, offset)))
			var out conversation
			if err != nil || json.Unmarshal(res.JSON, &out) != nil || calls > 30 {
				t.Fatalf("%s, call %d: %v", format, calls, err)
			}
			joined.WriteString(inside(t, out.Untrusted, out.Messages[0].Body))
			offset = out.Messages[0].NextOffset
		}
		if n := strings.Count(joined.String(), "und noch eine Zeile mit „Zeichen“"); n != 2000 {
			t.Errorf("%s: %d lines of 2000", format, n)
		}
	}
}
