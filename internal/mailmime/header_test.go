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

func TestParseDate(t *testing.T) {
	want := time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)
	for _, in := range []string{
		"Fri, 20 Nov 2026 09:30:00 +0100", "20 Nov 2026 09:30:00 +0100", "Fri, 20 Nov 2026 08:30:00 GMT", "Fri, 20 Nov 2026 08:30:00 UT",
		"Fri, 20 Nov 2026 09:30 +0100", "Fri, 20 Nov 26 09:30:00 +0100", "Fri,20 Nov 2026 09:30:00 +0100", "Fri, 20 Nov 2026 09:30:00 +01:00",
		"Fri 20 Nov 2026 09:30:00 +0100", "Friday, 20 November 2026 09:30:00 +0100", "Fri, 20-Nov-2026 09:30:00 +0100",
		"Fri Nov 20 08:30:00 2026", "Fri, 20 Nov 2026 09.30.00 +0100", "2026-11-20T09:30:00+01:00", "2026-11-20 09:30:00 +0100",
		"Fri, 20 Nov 2026 09:30:00 +0100 (Central European Time)", "  Fri,  20  Nov  2026\r\n 09:30:00   +0100 ", "Fri, 20 Nov 2026 08:30:00", "Fri, 20 Nov 2026 10:30:00 GMT+0200",
		"Fri, 20 Nov 2026 03:30:00 EST",
	} {
		h, defects := mailmime.ParseHeader([]byte("Date: " + in + "\r\n\r\n"))
		if !h.Date.Equal(want) || len(defects) > 0 {
			t.Errorf("%q gives %v, defects %v", in, h.Date, defects)
		}
	}
	for _, in := range []string{"", "yesterday", "99 Nov 2026 09:30:00 +0100", "Fri, 20 Nov 0026 09:30:00 +0100", "Mon, 01 Jan 9999 00:00:00 +0000", strings.Repeat("1", 1000)} {
		h, defects := mailmime.ParseHeader([]byte("Date: " + in + "\r\n\r\n"))
		if !h.Date.IsZero() || len(defects) != 1 {
			t.Errorf("%q gives %v, defects %v", in, h.Date, defects)
		}
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

func TestFileNames(t *testing.T) {
	for _, tt := range []struct{ name, fields, want string }{
		{"plain", `Content-Disposition: attachment; filename=a.txt`, "a.txt"},
		{"quoted", `Content-Disposition: attachment; filename="a b.txt"`, "a b.txt"},
		{"unquoted blanks", `Content-Disposition: attachment; filename=a b.txt; size=3`, "a b.txt"},
		{"unquoted parentheses", `Content-Disposition: attachment; filename=a (1).txt`, "a (1).txt"},
		{"semicolon in quotes", `Content-Disposition: attachment; filename="a;b.txt"`, "a;b.txt"},
		{"escaped quote", `Content-Disposition: attachment; filename="a\"b.txt"`, `a"b.txt`},
		{"unescaped path", `Content-Disposition: attachment; filename="C:\docs\a.txt"`, `C:\docs\a.txt`},
		{"open quote", `Content-Disposition: attachment; filename="a.txt`, "a.txt"},
		{"RFC 2231", `Content-Disposition: attachment; filename*=utf-8''%C3%9Cber%20sicht.txt`, "Über sicht.txt"},
		{"RFC 2231 latin1", `Content-Disposition: attachment; filename*=iso-8859-1'de'%DCber.txt`, "Über.txt"},
		{"RFC 2231 wins", `Content-Disposition: attachment; filename="_ber.txt"; filename*=utf-8''%C3%9Cber.txt`, "Über.txt"},
		{"continued", `Content-Disposition: attachment; filename*0="a very "; filename*1="long name.txt"`, "a very long name.txt"},
		{"continued and encoded", `Content-Disposition: attachment; filename*0*=utf-8''%C3; filename*1*=%9Cber; filename*2=.txt`, "Über.txt"},
		{"continued out of order", `Content-Disposition: attachment; filename*1=b; filename*0=a; filename*1=z`, "ab"},
		{"ten pieces", `Content-Disposition: attachment; filename*10=k; filename*0=a; filename*1=b; filename*2=c; filename*3=d; filename*4=e; filename*5=f; filename*6=g; filename*7=h; filename*8=i; filename*9=j`, "abcdefghijk"},
		{"encoded without a charset", `Content-Disposition: attachment; filename*=%C3%9Cber.txt`, "Über.txt"},
		{"encoded words in pieces", `Content-Disposition: attachment; filename*0="=?utf-8?q?=C3=9C"; filename*1="ber=2Etxt?="`, "Über.txt"},
		{"encoded word", `Content-Disposition: attachment; filename="=?utf-8?q?=C3=9Cber=2Etxt?="`, "Über.txt"},
		{"unquoted encoded word", `Content-Disposition: attachment; filename==?utf-8?q?=C3=9Cber=2Etxt?=`, "Über.txt"},
		{"raw UTF-8", `Content-Disposition: attachment; filename="Über.txt"`, "Über.txt"},
		{"raw latin1", "Content-Disposition: attachment; filename=\"\xdcber.txt\"", "Über.txt"},
		{"in the type", `Content-Type: application/pdf; name="a.pdf"`, "a.pdf"},
		{"disposition before type", "Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-Disposition: attachment; filename=b.pdf", "b.pdf"},
		{"upper case", `CONTENT-DISPOSITION: ATTACHMENT; FILENAME="a.txt"`, "a.txt"},
		{"given twice", `Content-Disposition: attachment; filename=a.txt; filename=b.txt`, "a.txt"},
		{"comment", `Content-Disposition: (x) attachment (y; z); filename=a.txt`, "a.txt"},
		{"control characters stay a stranger's", `Content-Disposition: attachment; filename*=utf-8''a%0D%0Ab`, "a\r\nb"},
		{"none", `Content-Disposition: attachment; filename=`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, tt.fields+"\r\n\r\nx", mailmime.Limits{})
			if m.Root.Name != tt.want {
				t.Errorf("name %q, want %q", m.Root.Name, tt.want)
			}
			if len(m.Attachments) != 1 {
				t.Errorf("%d attachments, want 1", len(m.Attachments))
			}
		})
	}
}
