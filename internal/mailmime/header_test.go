package mailmime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mailmime"
)

func TestParseHeader(t *testing.T) {
	raw := mail(
		"Authentication-Results: mx.example.org; spf=pass",
		"Authentication-Results: old.example.net; spf=fail",
		"From: =?utf-8?q?J=C3=BCrgen?= <j@example.com>",
		"Sender: list@example.com",
		"To: Ann Lee <ann@example.org>,",
		" Bob <bob@example.org>",
		"Cc: c@example.org", "Bcc: d@example.org", "Reply-To: e@example.org",
		"Subject: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?=",
		"Date: Fri, 20 Nov 2026 09:30:00 +0100 (CET)",
		"Message-Id: <m1@example.com>",
		"In-Reply-To: <p1@example.com> (message of yesterday)",
		"References: <r1@example.com>",
		"\t<p1@example.com>",
		"List-Id: Crew list <crew.example.com>",
		"List-Unsubscribe: <https://example.com/u>, <mailto:u@example.com>",
		"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
		"X-Odd : spaced",
		"", "body: not a header", "")
	h, defects := mailmime.ParseHeader([]byte(raw))
	if len(defects) != 0 {
		t.Errorf("defects %v", defects)
	}
	fields := h.Fields
	h.Fields = nil
	want := mailmime.Header{
		MessageID: "m1@example.com", InReplyTo: []string{"p1@example.com"}, References: []string{"r1@example.com", "p1@example.com"},
		Subject: "Re: Grüße",
		From:    addrs{{Name: "Jürgen", Mailbox: "j@example.com"}}, Sender: addrs{{Mailbox: "list@example.com"}},
		To: addrs{{Name: "Ann Lee", Mailbox: "ann@example.org"}, {Name: "Bob", Mailbox: "bob@example.org"}},
		Cc: addrs{{Mailbox: "c@example.org"}}, Bcc: addrs{{Mailbox: "d@example.org"}}, ReplyTo: addrs{{Mailbox: "e@example.org"}},
		Date:   time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC),
		ListID: "crew.example.com", ListUnsubscribe: "<https://example.com/u>, <mailto:u@example.com>", ListUnsubscribePost: "List-Unsubscribe=One-Click",
		AuthenticationResults: []string{"mx.example.org; spf=pass", "old.example.net; spf=fail"},
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(fields) != 17 || fields[16] != (mailmime.Field{Name: "X-Odd", Value: "spaced"}) || fields[4].Value != "Ann Lee <ann@example.org>, Bob <bob@example.org>" {
		t.Errorf("fields %q", fields)
	}
	h.Fields = fields
	if got := h.Get("subject"); got != "Re: Grüße" {
		t.Errorf("Get(subject) = %q", got)
	}
}

func TestParseHeaderDefects(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      []string
	}{
		{"fine", "From: a@example.org\r\n\r\n", nil},
		{"bad address", "To: nobody here\r\n\r\n", []string{"malformed address in the to field"}},
		{"bad date", "Date: yesterday\r\n\r\n", []string{"date field not understood"}},
		{"two senders", "From: a@example.org\r\nFrom: b@example.org\r\n\r\n", []string{"more than one From field; the first is used"}},
		{"first line folded", " continued\r\nSubject: x\r\n\r\n", []string{"header line without a field name was skipped"}},
		{"colon without a name", ": x\r\nSubject: x\r\n\r\n", []string{"header line without a field name was skipped"}},
		{"no end", "Subject: x", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, got := mailmime.ParseHeader([]byte(tt.raw))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(tt.raw, "Subject: x") && h.Subject != "x" {
				t.Errorf("subject %q", h.Subject)
			}
		})
	}
	h, defects := mailmime.ParseHeader([]byte(strings.Repeat("junk\r\nA: b\r\n", 500)))
	if len(defects) > 51 || len(h.Fields) != 500 {
		t.Errorf("%d defects, %d fields", len(defects), len(h.Fields))
	}
}

func TestMessageIDs(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{"<a@b>", []string{"a@b"}},
		{"<a@b> <c@d>", []string{"a@b", "c@d"}},
		{"<a@b><c@d>", []string{"a@b", "c@d"}},
		{"<a@b>,\r\n <c@d>", []string{"a@b", "c@d"}},
		{"< a@b >", []string{"a@b"}},
		{"a@b", []string{"a@b"}},
		{"a@b, c@d", []string{"a@b", "c@d"}},
		{"Your message of Monday", nil},
		{"<no-at-sign>", []string{"no-at-sign"}},
		{"<a@b", []string{"a@b"}},
		{"<>", nil},
		{"", nil},
	} {
		h, _ := mailmime.ParseHeader([]byte("References: " + tt.in + "\r\n\r\n"))
		if diff := cmp.Diff(tt.want, h.References); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.in, diff)
		}
	}
}

func TestMessageIDsAreBounded(t *testing.T) {
	for name, in := range map[string]string{"in brackets": strings.Repeat("<a@b> ", 3000), "without": strings.Repeat("a@b ", 3000)} {
		h, _ := mailmime.ParseHeader([]byte("References: " + in + "\r\n\r\n"))
		if len(h.References) != 1000 {
			t.Errorf("%s: %d ids of 3000, want 1000", name, len(h.References))
		}
	}
}

// A part's header alone says of it what reading the whole message does.
func TestParsePart(t *testing.T) {
	for _, tt := range []struct {
		name, header, charset string
		digest                bool
		want                  mailmime.Part
	}{
		{name: "nothing", want: mailmime.Part{Type: "text/plain"}},
		{name: "nothing, in a digest", header: "\r\n", digest: true, want: mailmime.Part{Type: "message/rfc822"}},
		{
			name:   "all there is, and the body behind it",
			header: mail("Content-Type: Text/HTML; charset=UTF-8", "X-Other: x", "Content-Disposition: attachment; filename=a b.html", "Content-Transfer-Encoding: Base64", "Content-ID: <c@x>", "", "Content-ID: <d@x>"),
			want:   mailmime.Part{Type: "text/html", Charset: "utf-8", Name: "a b.html", Disposition: "attachment", ContentID: "c@x", Encoding: "base64"},
		},
		{
			name: "a raw name in the charset of the text", header: "Content-Type: image/png; name=\"\xd0\xcc\xc1\xce\"", charset: "KOI8-R",
			want: mailmime.Part{Type: "image/png", Name: "план"},
		},
		{
			name: "a charset that is none", header: "Content-Type: image/png; name=\"Gr\xfc\xdfe\"", charset: "no such \x00",
			want: mailmime.Part{Type: "image/png", Name: "Grüße"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, mailmime.ParsePart([]byte(tt.header), tt.charset, tt.digest)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
