package mailmime_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mailmime"
)

// nested wraps text into depth multiparts.
func nested(depth int) string {
	var b strings.Builder
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	b.WriteString("\r\ndeep text\r\n")
	for i := depth - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "--b%d--\r\n", i)
	}
	return b.String()
}

func TestParseNesting(t *testing.T) {
	m := parse(t, nested(60), mailmime.Limits{})
	if m.Text != "deep text" || len(m.Defects) != 0 {
		t.Errorf("60 deep: text %q, defects %v", m.Text, m.Defects)
	}
	m = parse(t, nested(60), mailmime.Limits{Depth: 10})
	if m.Text != "" || len(m.Attachments) != 1 || len(m.Defects) != 1 {
		t.Errorf("60 deep, limit 10: text %q, attachments %v, defects %v", m.Text, m.Attachments, m.Defects)
	}
	for depth, want := range map[int]string{10: "deep text", 11: ""} {
		if m := parse(t, nested(depth), mailmime.Limits{Depth: 10}); m.Text != want {
			t.Errorf("%d deep, limit 10: text %q, want %q", depth, m.Text, want)
		}
	}
	start := processTime()
	m = parse(t, nested(20000), mailmime.Limits{})
	if took := processTime() - start; took > 2*time.Second || len(m.Defects) == 0 {
		t.Errorf("20000 deep: %v, defects %v", took, m.Defects)
	}
	forwards := strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 20000) + "Subject: end\r\n\r\nx"
	if m := parse(t, forwards, mailmime.Limits{}); len(m.Defects) != 1 || len(m.Attachments) != 1 {
		t.Errorf("20000 forwards: defects %v, attachments %d", m.Defects, len(m.Attachments))
	}
}

func TestParseLimits(t *testing.T) {
	t.Run("parts", func(t *testing.T) {
		raw := "Content-Type: multipart/mixed; boundary=a\r\n\r\n" + strings.Repeat("--a\r\n\r\nx\r\n", 300000) + "--a--\r\n"
		m := parse(t, raw, mailmime.Limits{})
		if got := len(m.Root.Parts); got != mailmime.DefaultParts {
			t.Errorf("%d parts, want %d", got, mailmime.DefaultParts)
		}
		if diff := cmp.Diff([]string{"more than 1000 parts; the rest was skipped"}, m.Defects); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("text", func(t *testing.T) {
		m := parse(t, "\r\n"+strings.Repeat("é", 100), mailmime.Limits{TextBytes: 33})
		if m.Text != strings.Repeat("é", 16) || !m.TextTruncated || m.Root.Size != 200 {
			t.Errorf("text %q, truncated %v, size %d", m.Text, m.TextTruncated, m.Root.Size)
		}
	})
	t.Run("text of many parts", func(t *testing.T) {
		raw := "Content-Type: multipart/mixed; boundary=a\r\n\r\n" + strings.Repeat("--a\r\n\r\n"+strings.Repeat("x", 30)+"\r\n", 50) + "--a--\r\n"
		m := parse(t, raw, mailmime.Limits{TextBytes: 100})
		if len(m.Text) != 100 || !m.TextTruncated || len(m.Root.Parts) != 50 {
			t.Errorf("%d bytes of text, truncated %v, %d parts", len(m.Text), m.TextTruncated, len(m.Root.Parts))
		}
	})
	t.Run("text of alternatives not chosen", func(t *testing.T) {
		raw := "Content-Type: multipart/alternative; boundary=a\r\n\r\n" + strings.Repeat("--a\r\n\r\n"+strings.Repeat("x", 100)+"\r\n", 4) + "--a\r\nContent-Type: text/html\r\n\r\n<p>\r\n--a--\r\n"
		m := parse(t, raw, mailmime.Limits{TextBytes: 100})
		if len(m.Text) != 100 || m.TextTruncated || m.HTML != "" || !m.HTMLTruncated {
			t.Errorf("%d bytes of text, truncated %v, HTML %q, truncated %v", len(m.Text), m.TextTruncated, m.HTML, m.HTMLTruncated)
		}
	})
	t.Run("html grown by escaping", func(t *testing.T) {
		raw := mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: text/html", "", "<p>", "--a", "", strings.Repeat("<", 99), "--a--")
		m := parse(t, raw, mailmime.Limits{TextBytes: 100})
		if len(m.HTML) != 100 || !m.HTMLTruncated {
			t.Errorf("%d bytes of HTML, truncated %v", len(m.HTML), m.HTMLTruncated)
		}
	})
	t.Run("header", func(t *testing.T) {
		raw := mail("Subject: x", "X-Big: "+strings.Repeat("y", 1000), "To: a@example.org", "", "text")
		m := parse(t, raw, mailmime.Limits{HeaderBytes: 500})
		if m.Header.Subject != "x" || m.Text != "text" || len(m.Header.To) != 0 || len(m.Defects) != 1 {
			t.Errorf("subject %q text %q to %v defects %v", m.Header.Subject, m.Text, m.Header.To, m.Defects)
		}
	})
	t.Run("part header of 50 MB", func(t *testing.T) {
		field := strings.Repeat("X-Field: some value of a field\r\n", 200)
		big := io.LimitReader(repeated(field), 50<<20/int64(len(field))*int64(len(field)))
		head := strings.NewReader(mail("Content-Type: multipart/mixed; boundary=a", "", "--a", ""))
		tail := strings.NewReader(mail("", "text", "--a--"))
		m, err := mailmime.Parse(io.MultiReader(head, big, tail), mailmime.Limits{})
		if err != nil || m.Text != "text" || len(m.Defects) != 1 {
			t.Errorf("error %v, text %q, defects %v", err, m.Text, m.Defects)
		}
	})
	t.Run("one line of 50 MB", func(t *testing.T) {
		m, err := mailmime.Parse(io.MultiReader(strings.NewReader("Subject: x\r\nX-Long: "), io.LimitReader(repeated(strings.Repeat("y", 5000)), 50<<20), strings.NewReader("\r\n\r\ntext")), mailmime.Limits{})
		if err != nil || m.Header.Subject != "x" || m.Text != "text" {
			t.Errorf("error %v, subject %q, text %q", err, m.Header.Subject, m.Text)
		}
	})
}

// repeated reads s for ever.
func repeated(s string) io.Reader { return &repeatReader{s: []byte(s)} }

type repeatReader struct {
	s  []byte
	at int
}

func (r *repeatReader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c := copy(p[n:], r.s[r.at:])
		n += c
		r.at = (r.at + c) % len(r.s)
	}
	return n, nil
}
