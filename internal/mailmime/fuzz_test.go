package mailmime_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/postern-mail/postern/internal/mailmime"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "\r\n", "Subject: x\r\n\r\ny", nested(5), "From a\r\nb", "a\rb\rc",
		mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: message/rfc822", "", "A: b", "", "--a", "", "x", "--a--"),
		mail("Content-Type: multipart/alternative; boundary=a", "", "--a", "Content-Type: text/html; charset=gb18030", "Content-Transfer-Encoding: base64", "", "PGI+", "--a", "", "x"),
		mail("Content-Type: multipart/mixed", "", "--a", "Content-Type: text/plain; name*0*=x''%41; name*1=b", "", "x", "--a--"),
		mail("Content-Type: multipart/report; boundary=a", "", "--a", "Content-Type: text/plain; format=flowed; delsp=yes", "", "> a ", "> b", "--a", "Content-Type: message/delivery-status", "", "A: b", "--a--"),
		mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: text/calendar; charset=utf-16", "", "B\x00E\x00", "--a", "Content-Type: text/enriched", "Content-Transfer-Encoding: x-uue", "", "begin 644 a", "#86)C", "end"),
		mail("Content-Transfer-Encoding: quoted-printable", "Content-Type: text/plain; charset=iso-2022-jp", "", "=1B$BF|=", "x"),
	} {
		f.Add(s)
	}
	lim := mailmime.Limits{Depth: 5, Parts: 20, HeaderBytes: 2000, TextBytes: 500}
	var reader mailmime.Reader
	f.Fuzz(func(t *testing.T, raw string) {
		alike(t, &reader, raw, lim)
		m, err := mailmime.Parse(strings.NewReader(raw), lim)
		if err != nil {
			t.Fatalf("Parse: %v", err)
		}
		if !utf8.ValidString(m.Text) || !utf8.ValidString(m.HTML) || !utf8.ValidString(m.Header.Subject) || !utf8.ValidString(m.Calendar) {
			t.Error("not UTF-8")
		}
		if len(m.Text) > 500 || len(m.HTML) > 500 || len(m.Calendar) > 500 || len(m.Defects) > 60 {
			t.Errorf("over a limit: text %d, HTML %d, defects %d", len(m.Text), len(m.HTML), len(m.Defects))
		}
		seen := map[string]bool{}
		var walk func(p mailmime.Part, depth int)
		walk = func(p mailmime.Part, depth int) {
			if seen[p.ID] || depth > 8 || !utf8.ValidString(p.Name+p.ContentID+p.Encoding+p.Charset+p.Type+p.Disposition+p.Method) {
				t.Errorf("part %q: repeated, too deep or not UTF-8", p.ID)
			}
			seen[p.ID] = true
			if p.ID != "" {
				r, got, err := mailmime.OpenPart(strings.NewReader(raw), p.ID, lim)
				if err != nil {
					t.Fatalf("OpenPart(%q): %v", p.ID, err)
				}
				n, err := io.Copy(io.Discard, r)
				// A multipart without parts is opened as it stands, and read as text; one whose boundary its parent has too
				// ends elsewhere when it is not taken apart.
				if err != nil || n != p.Size && got.Type == p.Type && len(p.Parts) == 0 {
					t.Errorf("OpenPart(%q) gave %d bytes, error %v; Parse said %d", p.ID, n, err, p.Size)
				}
			}
			for _, c := range p.Parts {
				walk(c, depth+1)
			}
		}
		walk(m.Root, 0)
		if len(seen) > 60 {
			t.Errorf("%d parts", len(seen))
		}
	})
}

func FuzzParseAddressList(f *testing.F) {
	for _, s := range []string{"Ann <a@b>", `"a, b" <a@b>, c@d (e)`, "g: a@b;", "Lee, Ann <a@b>", "=?utf-8?q?a,b?= <c@d>", "<@a,@b:c@d>", `"`, "(", "<", "a @ b", ";:,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, _ := mailmime.ParseAddressList(s)
		for _, a := range list {
			if a == (mailmime.Address{}) || !utf8.ValidString(a.Name) || !utf8.ValidString(a.Mailbox) {
				t.Errorf("entry %q", a)
			}
			if strings.ContainsAny(a.Mailbox, "\r\n") {
				t.Errorf("line break in %q", a.Mailbox)
			}
			if _, err := mailmime.EncodeMailbox(a.Mailbox); err != nil {
				continue
			}
			// What is a valid address is read the same from what String writes, unless it lost control characters there.
			back, _ := mailmime.ParseAddressList(a.String())
			if len(back) != 1 || back[0].Mailbox != a.Mailbox {
				t.Errorf("%q is written %q and read back as %q", a, a.String(), back)
			}
		}
	})
}

func FuzzDecodeHeader(f *testing.F) {
	for _, s := range []string{"=?utf-8?q?a?=", "=?utf-8?b?YQ==?= =?utf-8?b?YQ?=", "=?iso-2022-jp?B?GyRCRnw=?=", "=?a?q?", "\xff", "a\r\n b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := mailmime.DecodeHeader(s)
		if !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
		if !strings.Contains(s, "=?") && utf8.ValidString(s) && !strings.ContainsAny(s, "\r\n") && got != s {
			t.Errorf("plain %q became %q", s, got)
		}
	})
}

func FuzzCompose(f *testing.F) {
	f.Add("Grüße", "Ann", "text\n", "a.txt", "data")
	f.Add("=?utf-8?q?x?=", "Lee, Ann", "From \n.\n", "ü'*%.txt", "")
	f.Fuzz(func(t *testing.T, subject, name, text, file, data string) {
		d := draft()
		d.Subject, d.From.Name, d.Text = subject, name, text
		d.Attachments = []mailmime.Attachment{{Name: file, Data: []byte(data)}}
		raw, err := mailmime.Compose(d)
		if err != nil {
			return
		}
		checkWire(t, raw)
		m, err := mailmime.Parse(strings.NewReader(string(raw)), mailmime.Limits{})
		if err != nil || len(m.Defects) > 0 || len(m.Attachments) != 1 {
			t.Fatalf("error %v, defects %v, %d attachments", err, m.Defects, len(m.Attachments))
		}
		a := m.Attachments[0]
		if m.Header.Subject != subject || m.Header.From[0] != d.From || a.Name != file || a.Size != int64(len(data)) {
			t.Errorf("subject %q, from %q, file %q of %d bytes", m.Header.Subject, m.Header.From, a.Name, a.Size)
		}
		want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
		if want != "" && !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
		if m.Text != want {
			t.Errorf("text %q, want %q", m.Text, want)
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	for _, s := range []string{
		"Subject: =?utf-7?q?+AOk-?=\r\nFrom: a@b\r\n\r\n", "junk\r\njunk\r\nTo: a\r\n", "Content-Type: text/plain; charset=koi8-r\r\nSubject: \xf0\xd2",
		"From x\r\n>From y\r\n : z\r\n\tfolded\r\n", "Date: Fri, 20 Nov 2026 09:30:00 +0100\r\nReferences: <a@b> <c", "a\rb: c\r\r",
	} {
		f.Add(s, "koi8-r")
		f.Add(s, "utf-7")
	}
	f.Fuzz(func(t *testing.T, raw, charset string) {
		var r mailmime.Reader
		h, defects := r.ParseHeader([]byte(raw), charset)
		if len(defects) > 51 {
			t.Errorf("%d defects", len(defects))
		}
		p := mailmime.ParsePart([]byte(raw), charset, len(raw)%2 == 0)
		texts := []string{h.Subject, h.MessageID, h.ListID, h.ListUnsubscribe, p.Name, p.Type, p.Charset, p.ContentID, p.Encoding}
		for _, field := range h.Fields {
			texts = append(texts, field.Value)
		}
		for _, s := range append(append(texts, h.References...), h.InReplyTo...) {
			if !utf8.ValidString(s) {
				t.Errorf("not UTF-8: %q", s)
			}
		}
	})
}

func FuzzParameters(f *testing.F) {
	for _, s := range []string{
		`attachment; filename="a.txt"`, `attachment; filename*0*=utf-8''%C3; filename*1*=%9C`, `a; filename*=utf-8'%C3`, `a; filename="utf-8''%C3%9C"`,
		`a; filename="=?utf-8?q?=C3=9C?="`, `a (c; "`, `a; filename=%41%C3%9C`, `a; filename*00=x; filename*0=y`, `a;filename=b"c;d"`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := mailmime.Parse(strings.NewReader("Content-Type: "+s+"\r\nContent-Disposition: "+s+"\r\n\r\nx"), mailmime.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		p := m.Root
		if !utf8.ValidString(p.Name) || !utf8.ValidString(p.Charset) || !utf8.ValidString(p.Disposition) || p.Type == "" || len(p.Name) > 6*len(s)+20 {
			t.Errorf("%+v", p)
		}
	})
}

func FuzzDecodeTransfer(f *testing.F) {
	for _, encoding := range []string{"base64", "quoted-printable", "x-uuencode", "8 bit"} {
		f.Add(encoding, "YWJj\r\nZGVm", "utf-8")
		f.Add(encoding, "a=\r\nb =C3=9C \r\n", "utf-7")
		f.Add(encoding, "begin 644 a\r\n+:&5L;&\\@=V]R;&0\r\n`\r\nend", "iso-2022-kr")
		f.Add(encoding, "some words here\r\nand more", "utf-16")
	}
	f.Fuzz(func(t *testing.T, encoding, in, charset string) {
		whole, err := io.ReadAll(mailmime.DecodeTransfer(strings.NewReader(in), encoding))
		if err != nil {
			t.Fatal(err)
		}
		slow, err := io.ReadAll(iotest.OneByteReader(mailmime.DecodeTransfer(iotest.OneByteReader(strings.NewReader(in)), encoding)))
		if err != nil || string(slow) != string(whole) {
			t.Errorf("byte by byte %q, %v; at once %q", slow, err, whole)
		}
		if len(whole) > len(in)+64*strings.Count(in, "\n")+64 { // a line of uuencode says how long it is
			t.Errorf("%d bytes became %d", len(in), len(whole))
		}
		text, err := io.ReadAll(mailmime.DecodeBody(strings.NewReader(in), encoding, charset))
		if err != nil || !utf8.Valid(text) {
			t.Errorf("text %q, %v", text, err)
		}
		slow, err = io.ReadAll(mailmime.DecodeBody(iotest.OneByteReader(strings.NewReader(in)), encoding, charset))
		if err != nil || string(slow) != string(text) {
			t.Errorf("text byte by byte %q, %v; at once %q", slow, err, text)
		}
	})
}
