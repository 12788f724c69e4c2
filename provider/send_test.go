package provider_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

// letter is a message that every account may send.
func letter() provider.Outgoing {
	return provider.Outgoing{
		To:       []provider.Address{{Name: "Bob", Addr: "bob@example.com"}},
		Subject:  "Lunch",
		Text:     "At noon?\r\n",
		HeaderID: "0a1b@example.org",
		Date:     time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
	}
}

func TestSend(t *testing.T) {
	f := newFake("work")
	f.receipt = provider.Receipt{HeaderID: "0a1b@example.org", Accepted: []string{"bob@example.com"}, Copy: provider.CopyFiled}
	m := letter()
	m.Cc = []provider.Address{{Addr: "carol@example.net"}}
	m.Bcc = []provider.Address{{Addr: "dan@[192.0.2.1]"}}
	m.ReplyTo = []provider.Address{{Name: "Jürgen, Büro", Addr: "büro@example.org"}}
	m.InReplyTo, m.References = []string{"1@example.com"}, []string{"0@example.com", "1@example.com"}
	m.Attachments = []provider.Attachment{{Name: "Übersicht.pdf", Type: "application/pdf", Data: []byte("x")}, {}}
	got, err := open(t, f).Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f.receipt, got); diff != "" {
		t.Errorf("receipt (-want +got):\n%s", diff)
	}
	m.From = f.info.Identities[0]
	if diff := cmp.Diff(m, f.sent); diff != "" {
		t.Errorf("the backend got (-want +got):\n%s", diff)
	}
}

// TestSendRefused: the receipt names each refusal also when the send failed.
func TestSendRefused(t *testing.T) {
	f := newFake("work")
	f.receipt.Refused = []provider.Refusal{{Address: "bob@example.com", Status: 550, Text: "no such user"}}
	f.err = &provider.Error{Code: provider.Denied, Status: 550}
	got, err := open(t, f).Send(t.Context(), letter())
	if !errors.Is(err, provider.Denied) || !cmp.Equal(got.Refused, f.receipt.Refused) {
		t.Errorf("Send = %+v, %v", got, err)
	}
}

func TestSendFrom(t *testing.T) {
	ann, office := provider.Address{Name: "Ann Lee", Addr: "ann@example.org"}, provider.Address{Addr: "office@example.org"}
	tests := []struct {
		name string
		from provider.Address
		want provider.Address
		says []string // empty: fine
	}{
		{"default", provider.Address{}, ann, nil},
		{"by address", provider.Address{Addr: "ann@example.org"}, ann, nil},
		{"in another case", provider.Address{Addr: "Ann@EXAMPLE.org"}, ann, nil},
		{"with its name", ann, ann, nil},
		{"the other one", provider.Address{Addr: "office@example.org"}, office, nil},
		{"another name", provider.Address{Name: "The Boss", Addr: "ann@example.org"}, provider.Address{}, []string{"ann@example.org", `"Ann Lee"`}},
		{"a name where there is none", provider.Address{Name: "The Boss", Addr: "office@example.org"}, provider.Address{}, []string{"office@example.org", "no name"}},
		{"a stranger", provider.Address{Addr: "mallory@example.net"}, provider.Address{}, []string{`"mallory@example.net"`, "ann@example.org, office@example.org"}},
		{"only a name", provider.Address{Name: "Ann Lee"}, provider.Address{}, []string{"ann@example.org, office@example.org"}},
		{"two lines", provider.Address{Addr: "ann@example.org\r\nBcc: x@example.net"}, provider.Address{}, []string{`\r\n`}},
		{"without end", provider.Address{Addr: strings.Repeat("a", 1<<20)}, provider.Address{}, []string{"aaa", "ann@example.org"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake("work")
			m := letter()
			m.From = test.from
			_, err := open(t, f).Send(t.Context(), m)
			if len(test.says) == 0 {
				if err != nil || f.sent.From != test.want {
					t.Errorf("sent from %v, %v, want %v", f.sent.From, err, test.want)
				}
				return
			}
			if provider.CodeOf(err) != provider.Invalid || len(f.called()) > 0 {
				t.Fatalf("error %v, calls %v, want Invalid and none", err, f.called())
			}
			for _, s := range test.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
			if len(err.Error()) > 400 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
}

func TestSendWithoutIdentity(t *testing.T) {
	f := newFake("work")
	f.info.Identities = nil
	_, err := open(t, f).Send(t.Context(), letter())
	if provider.CodeOf(err) != provider.Invalid || !strings.Contains(err.Error(), "no address to send from") || len(f.called()) > 0 {
		t.Errorf("error %v, calls %v", err, f.called())
	}
}

func TestSendManyIdentities(t *testing.T) {
	f := newFake("work")
	f.info.Identities = nil
	for i := range 500 {
		f.info.Identities = append(f.info.Identities, provider.Address{Addr: fmt.Sprintf("alias%d@example.org", i)})
	}
	m := letter()
	m.From.Addr = "mallory@example.net"
	_, err := open(t, f).Send(t.Context(), m)
	if provider.CodeOf(err) != provider.Invalid || len(err.Error()) > 1000 || !strings.Contains(err.Error(), "alias0@example.org") {
		t.Errorf("an error of %d bytes: %.200s", len(err.Error()), err)
	}
}

func people(n int) []provider.Address {
	return slices.Repeat([]provider.Address{{Addr: "bob@example.com"}}, n)
}

// sendTest spoils a letter that is fine, or not.
type sendTest struct {
	name string
	with func(*provider.Outgoing)
	code provider.Code // empty: fine
	says string
}

func megabyte() string { return strings.Repeat("x", 1<<20) }

func fineLetters() []sendTest {
	return []sendTest{
		{"most recipients", func(m *provider.Outgoing) { m.To, m.Cc, m.Bcc = people(50), people(25), people(25) }, "", ""},
		{"only Bcc", func(m *provider.Outgoing) { m.To, m.Bcc = nil, people(1) }, "", ""},
		{"only a subject", func(m *provider.Outgoing) { m.Text = "" }, "", ""},
		{"only HTML", func(m *provider.Outgoing) { m.Subject, m.Text, m.HTML = "", "", "<p>hi" }, "", ""},
		{"only an attachment", func(m *provider.Outgoing) {
			m.Subject, m.Text, m.Attachments = "", "", []provider.Attachment{{Name: "empty.txt"}}
		}, "", ""},
		{"longest subject", func(m *provider.Outgoing) { m.Subject = megabyte()[:provider.MaxSubject] }, "", ""},
		{"24 MB", func(m *provider.Outgoing) { m.Text = strings.Repeat(megabyte(), 24) }, "", ""},
	}
}

func badLetters() []sendTest {
	return []sendTest{
		{"no recipient", func(m *provider.Outgoing) { m.To, m.ReplyTo = nil, people(1) }, provider.Invalid, "no recipient"},
		{"101 recipients", func(m *provider.Outgoing) { m.Cc = people(100) }, provider.TooLarge, "100 recipients"},
		{"too many attachments", func(m *provider.Outgoing) { m.Attachments = make([]provider.Attachment, 1001) }, provider.TooLarge, "attachments"},
		{"26 MB of text", func(m *provider.Outgoing) { m.Text = strings.Repeat(megabyte(), 26) }, provider.TooLarge, "25 MB"},
		{"26 MB in all", func(m *provider.Outgoing) {
			m.Text, m.HTML = strings.Repeat(megabyte(), 8), strings.Repeat(megabyte(), 8)
			m.Attachments = []provider.Attachment{{Data: make([]byte, 10<<20)}}
		}, provider.TooLarge, "25 MB"},
		{"an endless header", func(m *provider.Outgoing) {
			m.References = slices.Repeat([]string{"0123456789@example.com"}, 10_000)
		}, provider.TooLarge, "header"},
		{"endless names", func(m *provider.Outgoing) { m.To[0].Name = megabyte() }, provider.TooLarge, "header"},
		{"nothing in it", func(m *provider.Outgoing) { m.Subject, m.Text = "", "" }, provider.Invalid, "empty"},
		{"a long subject", func(m *provider.Outgoing) { m.Subject = megabyte()[:provider.MaxSubject+1] }, provider.Invalid, "2000 bytes"},
		{"no Message-ID", func(m *provider.Outgoing) { m.HeaderID = "" }, provider.Invalid, "Message-ID"},
		{"no date", func(m *provider.Outgoing) { m.Date = time.Time{} }, provider.Invalid, "date"},
		{"a Message-ID in brackets", func(m *provider.Outgoing) { m.HeaderID = "<0a1b@example.org>" }, provider.Invalid, "angle brackets"},
		{"an empty reference", func(m *provider.Outgoing) { m.References = []string{"a@example.com", ""} }, provider.Invalid, "Message-ID"},
		{"two ids as one", func(m *provider.Outgoing) { m.InReplyTo = []string{"a@example.com> <b@example.com"} }, provider.Invalid, "angle brackets"},

		{"line in the subject", func(m *provider.Outgoing) { m.Subject = "a\r\nBcc: x@example.net" }, provider.Invalid, "subject"},
		{"line in the Message-ID", func(m *provider.Outgoing) { m.HeaderID = "a@example.org\r\nBcc: x" }, provider.Invalid, "Message-ID"},
		{"line in In-Reply-To", func(m *provider.Outgoing) { m.InReplyTo = []string{"a@b\nBcc: x"} }, provider.Invalid, "Message-ID"},
		{"line in References", func(m *provider.Outgoing) { m.References = []string{"a@b", "c@d\rx"} }, provider.Invalid, "Message-ID"},
		{"line in an attachment's name", func(m *provider.Outgoing) { m.Attachments = []provider.Attachment{{Name: "a\r\nb"}} }, provider.Invalid, "attachment"},
		{"line in an attachment's type", func(m *provider.Outgoing) { m.Attachments = []provider.Attachment{{Type: "text/plain\r\nX: y"}} }, provider.Invalid, "attachment"},
		{"a path as an attachment's name", func(m *provider.Outgoing) { m.Attachments = []provider.Attachment{{Name: "../../etc/passwd"}} }, provider.Invalid, "path"},
		{"a backslash path", func(m *provider.Outgoing) { m.Attachments = []provider.Attachment{{Name: `C:\x.txt`}} }, provider.Invalid, "path"},
	}
}

func badlyAddressed() []sendTest {
	var tests []sendTest
	lists := map[string]func(*provider.Outgoing, provider.Address){
		"To":       func(m *provider.Outgoing, a provider.Address) { m.To = []provider.Address{m.To[0], a} },
		"Cc":       func(m *provider.Outgoing, a provider.Address) { m.Cc = []provider.Address{a} },
		"Bcc":      func(m *provider.Outgoing, a provider.Address) { m.Bcc = []provider.Address{a} },
		"Reply-To": func(m *provider.Outgoing, a provider.Address) { m.ReplyTo = []provider.Address{a} },
	}
	for list, put := range lists {
		for name, bad := range badAddresses() {
			tests = append(tests, sendTest{list + ": " + name, func(m *provider.Outgoing) { put(m, bad) }, provider.Invalid, ""})
		}
	}
	return tests
}

func TestSendValidates(t *testing.T) {
	for _, test := range slices.Concat(fineLetters(), badLetters(), badlyAddressed()) {
		t.Run(test.name, func(t *testing.T) {
			f := newFake("work")
			m := letter()
			test.with(&m)
			_, err := open(t, f).Send(t.Context(), m)
			if test.code == "" {
				if err != nil || len(f.called()) != 1 {
					t.Errorf("error %v, calls %v", err, f.called())
				}
				return
			}
			if provider.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(err.Error(), "send: ") {
				t.Errorf("error %v, want %s with %q", err, test.code, test.says)
			}
			if strings.ContainsAny(err.Error(), "\r\n") || len(err.Error()) > 300 {
				t.Errorf("an error in several lines, or of %d bytes", len(err.Error()))
			}
			if len(f.called()) > 0 {
				t.Errorf("the backend was called: %v", f.called())
			}
		})
	}
}

// badAddresses are those that could reach somebody else, another command or
// another header than they show.
func badAddresses() map[string]provider.Address {
	return map[string]provider.Address{
		"empty":                      {},
		"only a name":                {Name: "Bob"},
		"no at sign":                 {Addr: "bob"},
		"no local part":              {Addr: "@example.com"},
		"no domain":                  {Addr: "bob@"},
		"line in the address":        {Addr: "bob@example.com\r\nDATA"},
		"line in the name":           {Name: "Bob\r\nBcc: x", Addr: "bob@example.com"},
		"a zero byte":                {Addr: "bob\x00@example.com"},
		"a space":                    {Addr: "bob @example.com"},
		"two in one":                 {Addr: "bob@example.com,eve@example.net"},
		"two in one, semicolon":      {Addr: "bob@example.com;eve@example.net"},
		"angle brackets":             {Addr: "<bob@example.com>"},
		"end of path and parameters": {Addr: "bob@example.com> NOTIFY=NEVER"},
		"a comment":                  {Addr: "bob(x)@example.com"},
		"a source route":             {Addr: "@example.net:bob@example.com"},
		"two at signs":               {Addr: "bob@example.com@example.net"},
		"a quoted at sign":           {Addr: `"bob@example.com"@example.net`},
		"an invisible character":     {Addr: "bob\u200b@example.com"},
		"right to left":              {Addr: "bob\u202e@example.com"},
		"another space":              {Addr: "bob@example.com\u00a0"},
		"not UTF-8":                  {Addr: "bob\xff@example.com"},
		"a name that is not UTF-8":   {Name: "J\xfcrgen", Addr: "bob@example.com"},
		"longer than a path may be":  {Addr: strings.Repeat("b", 250) + "@example.com"},
	}
}

// TestCheckOutgoing: it says what Send would say, and asks nobody.
func TestCheckOutgoing(t *testing.T) {
	f := newFake("work")
	a := open(t, f)
	got, err := a.CheckOutgoing(letter())
	if err != nil || got.From != f.info.Identities[0] {
		t.Errorf("CheckOutgoing = %+v, %v", got.From, err)
	}
	for name, spoil := range map[string]func(*provider.Outgoing){
		"a stranger's address": func(m *provider.Outgoing) { m.From.Addr = "mallory@example.net" },
		"no recipient":         func(m *provider.Outgoing) { m.To = nil },
	} {
		m := letter()
		spoil(&m)
		_, checked := a.CheckOutgoing(m)
		_, sent := a.Send(t.Context(), m)
		if checked == nil || sent == nil || checked.Error() != sent.Error() {
			t.Errorf("%s: CheckOutgoing says %v, Send %v", name, checked, sent)
		}
	}
	if len(f.called()) > 0 {
		t.Errorf("the backend was called: %v", f.called())
	}
}
