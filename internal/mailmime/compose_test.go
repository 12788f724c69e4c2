package mailmime_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	gomail "github.com/emersion/go-message/mail"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/postern-mail/postern/internal/mailmime"
)

func draft() mailmime.Draft {
	return mailmime.Draft{
		From:      mailmime.Address{Name: "Ann Lee", Mailbox: "ann@example.org"},
		To:        addrs{{Mailbox: "bob@example.org"}},
		Subject:   "Keel bolts",
		Text:      "Hello Bob\n",
		MessageID: "m1@example.org",
		Date:      time.Date(2026, 11, 20, 9, 30, 0, 0, time.FixedZone("", 3600)),
	}
}

func compose(t *testing.T, d mailmime.Draft) []byte {
	t.Helper()
	b, err := mailmime.Compose(d)
	if err != nil {
		t.Fatalf("Compose: %v", err)
	}
	checkWire(t, b)
	return b
}

// checkWire checks what every server may rely on.
func checkWire(t *testing.T, b []byte) {
	t.Helper()
	if i := bytes.IndexFunc(b, func(r rune) bool { return r >= 0x80 || r == 0 }); i >= 0 {
		t.Errorf("byte %d is %#x: not plain ASCII", i, b[i])
	}
	rest := bytes.ReplaceAll(b, []byte("\r\n"), nil)
	if bytes.ContainsAny(rest, "\r\n") {
		t.Error("a CR or LF stands alone")
	}
	for line := range bytes.SplitSeq(b, []byte("\r\n")) {
		if len(line) > 998 {
			t.Errorf("a line has %d characters", len(line))
		}
	}
}

func TestComposeRoundTrip(t *testing.T) {
	long := strings.Repeat("unbroken", 200)
	for _, tt := range []struct {
		name string
		edit func(*mailmime.Draft)
	}{
		{"plain", func(*mailmime.Draft) {}},
		{"empty text", func(d *mailmime.Draft) { d.Text = "" }},
		{"empty subject", func(d *mailmime.Draft) { d.Subject = "" }},
		{"accents", func(d *mailmime.Draft) { d.Subject, d.Text = "Grüße", "Schöne Grüße\naus Kiel\n" }},
		{"Japanese", func(d *mailmime.Draft) {
			d.Subject, d.Text = strings.Repeat("船の図面", 60), "図面を送ります。\n"
		}},
		{"emoji at every edge", func(d *mailmime.Draft) { d.Subject = strings.Repeat("a⛵", 100) }},
		{"long subject of words", func(d *mailmime.Draft) { d.Subject = strings.Repeat("keel bolts and ribs ", 60) + "end" }},
		{"long subject without blanks", func(d *mailmime.Draft) { d.Subject = long }},
		{"blanks around the subject", func(d *mailmime.Draft) { d.Subject = "  two  blanks  " }},
		{"subject like an encoded word", func(d *mailmime.Draft) { d.Subject = "=?utf-8?q?no?= it is not" }},
		{"subject like a header", func(d *mailmime.Draft) { d.Subject = "Bcc: x@example.org" }},
		{"long lines", func(d *mailmime.Draft) { d.Text = long + " " + long + "\n" }},
		{"a line over 998", func(d *mailmime.Draft) { d.Text = long[:999] + "\n" }},
		{"a line of 998", func(d *mailmime.Draft) { d.Text = long[:998] + "\n" }},
		{"blanks at line ends", func(d *mailmime.Draft) { d.Text = "a \nb\t\n\n -- \n" }},
		{"dots and mailbox lines", func(d *mailmime.Draft) { d.Text = ".\n..\nFrom here\n>From\n" }},
		{"lines like boundaries", func(d *mailmime.Draft) { d.Text, d.HTML = "--=_alt_\n--x--\n", "--=_\n" }},
		{"NUL and escapes in the text", func(d *mailmime.Draft) { d.Text = "a\x00b\x1b[0m=41\n" }},
		{"HTML only", func(d *mailmime.Draft) { d.Text, d.HTML = "", "<p>Grüße</p>\n" }},
		{"both forms", func(d *mailmime.Draft) { d.HTML = "<p>Hello Bob</p>\n" }},
		{"many people", func(d *mailmime.Draft) {
			for range 50 {
				d.To = append(d.To, mailmime.Address{Name: "Lee, Ann \"Boss\" \\ Jr.", Mailbox: "ann@example.org"}, mailmime.Address{Name: "山田 太郎", Mailbox: "t@example.com"}, mailmime.Address{Mailbox: "x+y@example.net"})
			}
			d.Cc, d.ReplyTo = d.To[3:9], d.To[:2]
		}},
		{"long names", func(d *mailmime.Draft) {
			d.To = addrs{{Name: long, Mailbox: "a@example.org"}, {Name: strings.Repeat("Ann, Lee ", 300) + "x", Mailbox: "b@example.org"}, {Name: strings.Repeat("ö", 300), Mailbox: "c@example.org"}}
		}},
		{"odd names", func(d *mailmime.Draft) {
			d.To = addrs{{Name: "=?utf-8?q?x?=", Mailbox: "a@example.org"}, {Name: " Ann ", Mailbox: "b@example.org"}, {Name: "Ann (office)", Mailbox: "c@example.org"}, {Name: "ann@example.net", Mailbox: "d@example.org"}, {Name: "a  b", Mailbox: "e@example.org"}, {Name: "<x>, y;:", Mailbox: "f@example.org"}}
		}},
		{"thread", func(d *mailmime.Draft) {
			d.InReplyTo = []string{"p1@example.com"}
			for range 40 {
				d.References = append(d.References, "some-long-id.0123456789abcdef@mail.example.com")
			}
		}},
		{"files", func(d *mailmime.Draft) {
			d.Attachments = []mailmime.Attachment{
				{Name: "plan.pdf", Type: "application/pdf", Data: []byte("%PDF-1.4\n\x00\xff")},
				{Name: "Übersicht.csv", Type: "text/csv; charset=utf-8", Data: []byte("a;b\r\n")},
				{Name: strings.Repeat("図", 80) + ".txt", Data: bytes.Repeat([]byte("x"), 1000)},
				{Name: `quote " percent % star *.txt`, Data: nil},
				{Type: "text/calendar; method=REQUEST; charset=utf-8", Data: []byte("BEGIN:VCALENDAR\r\n")},
			}
		}},
		{"only a file", func(d *mailmime.Draft) {
			d.Text, d.Attachments = "", []mailmime.Attachment{{Name: "a.bin", Data: []byte{0, 1, 2}}}
		}},
		{"picture in the HTML", func(d *mailmime.Draft) {
			d.HTML = "<img src=\"cid:logo@example.org\">\n"
			d.Attachments = []mailmime.Attachment{{Name: "logo.png", Type: "image/png", Data: []byte("P"), ContentID: "logo@example.org", Inline: true}, {Name: "b.txt", Data: []byte("b")}}
		}},
		{"forwarded message", func(d *mailmime.Draft) {
			d.Attachments = []mailmime.Attachment{{Name: "m.eml", Type: "message/rfc822", Data: []byte("Subject: x\r\n\r\ntext\r\n")}}
		}},
		{"forwarded 8-bit message", func(d *mailmime.Draft) {
			d.Attachments = []mailmime.Attachment{{Name: "m.eml", Type: "message/rfc822", Data: []byte("Subject: x\r\n\r\ngr\xfcn\r\n")}}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := draft()
			tt.edit(&d)
			raw := compose(t, d)
			if again := compose(t, d); !bytes.Equal(raw, again) {
				t.Error("the same draft gave two messages")
			}
			m := parse(t, string(raw), mailmime.Limits{})
			if len(m.Defects) > 0 {
				t.Errorf("defects: %v", m.Defects)
			}
			compareDraft(t, d, m)
			compareFiles(t, d, raw, m.Attachments)
			compareOther(t, d, raw)
		})
	}
}

func compareDraft(t *testing.T, d mailmime.Draft, m *mailmime.Message) {
	t.Helper()
	type view struct {
		From, To, Cc, ReplyTo   addrs
		Subject, ID, Text, HTML string
		InReplyTo, References   []string
		Date                    time.Time
	}
	want := view{addrs{d.From}, d.To, d.Cc, d.ReplyTo, d.Subject, d.MessageID, d.Text, d.HTML, d.InReplyTo, d.References, d.Date}
	h := m.Header
	got := view{h.From, h.To, h.Cc, h.ReplyTo, h.Subject, h.MessageID, m.Text, m.HTML, h.InReplyTo, h.References, h.Date}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-draft +parsed):\n%s", diff)
	}
}

func compareFiles(t *testing.T, d mailmime.Draft, raw []byte, parts []mailmime.Part) {
	t.Helper()
	type file struct {
		Name, ContentID string
		Data            string
	}
	var want, got []file
	for _, a := range d.Attachments {
		want = append(want, file{a.Name, a.ContentID, string(a.Data)})
	}
	for _, p := range parts {
		r, _, err := mailmime.OpenPart(bytes.NewReader(raw), p.ID, mailmime.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		data := readAll(t, r)
		if int64(len(data)) != p.Size {
			t.Errorf("part %s: size %d, %d bytes", p.ID, p.Size, len(data))
		}
		got = append(got, file{p.Name, p.ContentID, data})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-draft +parsed):\n%s", diff)
	}
}

// compareOther has another reader read the message: what we write is not only understood by ourselves.
func compareOther(t *testing.T, d mailmime.Draft, raw []byte) {
	t.Helper()
	r, err := gomail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("go-message: %v", err)
	}
	if got, err := r.Header.Subject(); err != nil || strings.TrimSpace(got) != strings.TrimSpace(d.Subject) {
		t.Errorf("go-message reads the subject as %q, %v", got, err)
	}
	list, err := r.Header.AddressList("To")
	if err != nil || len(list) != len(d.To) {
		t.Fatalf("go-message reads %d recipients of %d, %v", len(list), len(d.To), err)
	}
	for i, a := range list {
		if strings.TrimSpace(a.Name) != strings.TrimSpace(d.To[i].Name) || a.Address != d.To[i].Mailbox {
			t.Errorf("go-message reads recipient %d as %q <%s>", i, a.Name, a.Address)
		}
	}
	var text, html string
	files := 0
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("go-message: %v", err)
		}
		body := readAll(t, p.Body)
		switch h := p.Header.(type) {
		case *gomail.AttachmentHeader:
			files++
		case *gomail.InlineHeader:
			switch kind, _, _ := h.ContentType(); kind {
			case "text/plain":
				text = strings.ReplaceAll(body, "\r\n", "\n")
			case "text/html":
				html = strings.ReplaceAll(body, "\r\n", "\n")
			default:
				files++
			}
		}
	}
	if text != d.Text || html != d.HTML || files != len(d.Attachments) {
		t.Errorf("go-message reads text %q, HTML %q and %d files", text, html, files)
	}
}

func TestComposeBodyLineEnds(t *testing.T) {
	d := draft()
	d.Text = "one\rtwo\r\nthree\nfour"
	m := parse(t, string(compose(t, d)), mailmime.Limits{})
	if want := "one\ntwo\nthree\nfour\n"; m.Text != want {
		t.Errorf("text %q, want %q", m.Text, want)
	}
}

func TestComposeNeverWritesBcc(t *testing.T) {
	d := draft()
	d.Bcc = addrs{{Name: "Hidden Person", Mailbox: "hidden@example.com"}}
	raw := compose(t, d)
	if bytes.Contains(bytes.ToLower(raw), []byte("hidden")) || bytes.Contains(bytes.ToLower(raw), []byte("bcc")) {
		t.Errorf("the message shows the Bcc:\n%s", raw)
	}
	got, err := d.Recipients()
	if diff := cmp.Diff([]string{"bob@example.org", "hidden@example.com"}, got); diff != "" || err != nil {
		t.Errorf("recipients: %v\n%s", err, diff)
	}
}

func TestRecipients(t *testing.T) {
	d := draft()
	d.To = addrs{{Mailbox: "bob@example.org"}, {Mailbox: "bob@EXAMPLE.org"}, {Mailbox: "Bob@example.org"}}
	d.Cc = addrs{{Name: "Bob", Mailbox: "bob@example.org"}, {Mailbox: "info@bücher.example"}}
	got, err := d.Recipients()
	if diff := cmp.Diff([]string{"bob@example.org", "Bob@example.org", "info@xn--bcher-kva.example"}, got); diff != "" || err != nil {
		t.Errorf("recipients: %v\n%s", err, diff)
	}
	d.To, d.Cc = addrs{{Mailbox: `"a@B"@example.org`}, {Mailbox: `"a@b"@example.org`}}, nil
	if got, err := d.Recipients(); len(got) != 2 || err != nil {
		t.Errorf("two people, recipients: %q, %v", got, err)
	}
	d.Bcc = addrs{{Mailbox: "nobody"}}
	if _, err := d.Recipients(); err == nil {
		t.Error("an address without a domain was taken")
	}
}

func TestComposeRefuses(t *testing.T) {
	file := func(a mailmime.Attachment) func(*mailmime.Draft) {
		return func(d *mailmime.Draft) { d.Attachments = []mailmime.Attachment{a} }
	}
	for _, tt := range []struct {
		name  string
		edit  func(*mailmime.Draft)
		field string
	}{
		{"no date", func(d *mailmime.Draft) { d.Date = time.Time{} }, "date"},
		{"no id", func(d *mailmime.Draft) { d.MessageID = "" }, "message id"},
		{"id without a domain", func(d *mailmime.Draft) { d.MessageID = "abc" }, "message id"},
		{"id with a line break", func(d *mailmime.Draft) { d.MessageID = "a@b\r\nBcc: x@example.com" }, "message id"},
		{"id with a bracket", func(d *mailmime.Draft) { d.MessageID = "a@b> <c@d" }, "message id"},
		{"endless id", func(d *mailmime.Draft) { d.MessageID = strings.Repeat("a", 990) + "@b" }, "message id"},
		{"reply id with a blank", func(d *mailmime.Draft) { d.InReplyTo = []string{"a b"} }, "in reply to"},
		{"reference with a line break", func(d *mailmime.Draft) { d.References = []string{"a@b", "c@d\n x"} }, "references"},
		{"no sender", func(d *mailmime.Draft) { d.From = mailmime.Address{} }, "from"},
		{"sender with a line break", func(d *mailmime.Draft) { d.From.Name = "Ann\nBcc: x@example.com" }, "from"},
		{"recipient with a NUL", func(d *mailmime.Draft) { d.To[0].Name = "Bob\x00" }, "to"},
		{"recipient address with a line break", func(d *mailmime.Draft) { d.To[0].Mailbox = "bob@example.org\r\nX: y" }, "to"},
		{"recipient with a bracket", func(d *mailmime.Draft) { d.Cc = addrs{{Mailbox: "a@b>,<c@d"}} }, "cc"},
		{"bad hidden recipient", func(d *mailmime.Draft) { d.Bcc = addrs{{Mailbox: "a b@example.org"}} }, "bcc"},
		{"bad reply address", func(d *mailmime.Draft) { d.ReplyTo = addrs{{Mailbox: "nobody"}} }, "reply to"},
		{"subject with CR LF", func(d *mailmime.Draft) { d.Subject = "x\r\nBcc: x@example.com" }, "subject"},
		{"subject with LF", func(d *mailmime.Draft) { d.Subject = "x\ny" }, "subject"},
		{"subject with a tab", func(d *mailmime.Draft) { d.Subject = "x\ty" }, "subject"},
		{"subject with DEL", func(d *mailmime.Draft) { d.Subject = "x\x7f" }, "subject"},
		{"subject with a C1 control", func(d *mailmime.Draft) { d.Subject = "x\u0085y" }, "subject"},
		{"subject with a line separator", func(d *mailmime.Draft) { d.Subject = "x\u2028y" }, "subject"},
		{"subject not UTF-8", func(d *mailmime.Draft) { d.Subject = "x\xff" }, "subject"},
		{"text not UTF-8", func(d *mailmime.Draft) { d.Text = "x\xff" }, "text"},
		{"html not UTF-8", func(d *mailmime.Draft) { d.HTML = "x\xff" }, "html"},
		{"file name with CR LF", file(mailmime.Attachment{Name: "a\r\nb"}), "attachment 1 name"},
		{"file name with a path", file(mailmime.Attachment{Name: "../a"}), "attachment 1 name"},
		{"file name with a Windows path", file(mailmime.Attachment{Name: `c:\a`}), "attachment 1 name"},
		{"endless file name", file(mailmime.Attachment{Name: strings.Repeat("a", 300)}), "attachment 1 name"},
		{"file type with CR LF", file(mailmime.Attachment{Type: "text/plain\r\nX: y"}), "attachment 1 type"},
		{"file type without a slash", file(mailmime.Attachment{Type: "text"}), "attachment 1 type"},
		{"file type with a line break in a parameter", file(mailmime.Attachment{Type: "text/plain; a=\"b\nc\""}), "attachment 1 type"},
		{"multipart file", file(mailmime.Attachment{Type: "multipart/mixed; boundary=x"}), "attachment 1 type"},
		{"content id with a bracket", file(mailmime.Attachment{ContentID: "a>b"}), "attachment 1 content id"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := draft()
			tt.edit(&d)
			raw, err := mailmime.Compose(d)
			var e *mailmime.Error
			if !errors.As(err, &e) || e.Field != tt.field {
				t.Errorf("error %v, want one about %q; message:\n%s", err, tt.field, raw)
			}
		})
	}
}

func TestEncodeMailbox(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"ann@example.org", "ann@example.org"},
		{"Ann.Lee+boat@Example.ORG", "Ann.Lee+boat@Example.ORG"},
		{"o'neil_x=1@example.org", "o'neil_x=1@example.org"},
		{"root@localhost", "root@localhost"},
		{"info@bücher.example", "info@xn--bcher-kva.example"},
		{"info@例え.example", "info@xn--r8jz45g.example"},
		{"a@[192.0.2.1]", "a@[192.0.2.1]"},
		{"a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"},
		{`"ann lee"@example.org`, `"ann lee"@example.org`},
		{`"a\"b"@example.org`, `"a\"b"@example.org`},
		{`"a@b"@example.org`, `"a@b"@example.org`},
		{"a@under_score.example.org", "a@under_score.example.org"},
		{"", ""},
		{"ann", ""},
		{"@example.org", ""},
		{"ann@", ""},
		{"ann@@example.org", ""},
		{"ann lee@example.org", ""},
		{".ann@example.org", ""},
		{"ann.@example.org", ""},
		{"a..b@example.org", ""},
		{"jürgen@example.org", ""},
		{"ann@example..org", ""},
		{"ann@-example.org", ""},
		{"ann@example.org.", ""},
		{"ann@exa mple.org", ""},
		{"ann@[1.2.3]", ""},
		{"ann@[fe80::1%eth0]", ""},
		{"ann@[192.0.2.1", ""},
		{"ann@exa\nmple.org", ""},
		{"an\rn@example.org", ""},
		{"ann@example.org\x00", ""},
		{"<ann@example.org>", ""},
		{"Ann <ann@example.org>", ""},
		{"ann@example.org,bob@example.org", ""},
		{`"ann"lee"@example.org`, ""},
		{"\"ann\n\"@example.org", ""},
		{`"ann\"@example.org`, ""},
		{`"@example.org`, ""},
		{strings.Repeat("a", 65) + "@example.org", ""},
		{"a@" + strings.Repeat("b", 64) + ".org", ""},
		{strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 93) + "org", strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 93) + "org"},
		{strings.Repeat("a", 64) + "@" + strings.Repeat("b.", 94) + "org", ""},
		{"a@" + strings.Repeat("b.", 127) + "org", ""},
	} {
		t.Run(tt.in, func(t *testing.T) {
			got, err := mailmime.EncodeMailbox(tt.in)
			var e *mailmime.Error
			if got != tt.want || (tt.want == "") != errors.As(err, &e) {
				t.Errorf("EncodeMailbox(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
			}
		})
	}
}
