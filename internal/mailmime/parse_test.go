package mailmime_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mailmime"
)

// mail makes CR LF lines of a message written in Go.
func mail(lines ...string) string { return strings.Join(lines, "\r\n") }

func parse(t *testing.T, raw string, lim mailmime.Limits) *mailmime.Message {
	t.Helper()
	m, err := mailmime.Parse(strings.NewReader(raw), lim)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return m
}

// outline shows a part's tree: id, type, size and name; the sizes of multiparts are compared with what OpenPart gives.
func outline(p mailmime.Part) []string {
	line := fmt.Sprintf("%s %s %d %s", p.ID, p.Type, p.Size, p.Name)
	if strings.HasPrefix(p.Type, "multipart/") {
		line = p.ID + " " + p.Type
	}
	out := []string{strings.TrimSpace(line)}
	for _, c := range p.Parts {
		out = append(out, outline(c)...)
	}
	return out
}

func ids(parts []mailmime.Part) string {
	var out []string
	for _, p := range parts {
		out = append(out, p.ID)
	}
	return strings.Join(out, " ")
}

func TestParseStructure(t *testing.T) {
	for _, tt := range []struct {
		name        string
		raw         string
		outline     []string
		text, html  string
		attachments string
		defects     []string
	}{
		{
			name:    "plain",
			raw:     mail("Subject: x", "", "Hello", "there", ""),
			outline: []string{"1 text/plain 14"},
			text:    "Hello\nthere\n",
		},
		{
			name:    "no body",
			raw:     mail("Subject: x", ""),
			outline: []string{"1 text/plain 0"},
		},
		{
			name:    "empty",
			raw:     "",
			outline: []string{"1 text/plain 0"},
			defects: []string{"there is nothing in the message"},
		},
		{
			name: "alternative",
			raw: mail(`Content-Type: multipart/alternative; boundary=b`, "", "preamble", "--b", "", "plain",
				"--b", "Content-Type: text/html", "", "<p>rich</p>", "--b--", "epilogue"),
			outline: []string{"multipart/alternative", "1 text/plain 5", "2 text/html 11"},
			text:    "plain", html: "<p>rich</p>",
		},
		{
			name: "mixed, related, alternative",
			raw: mail(`Content-Type: multipart/mixed; boundary="a"`, "", "--a", "Content-Type: multipart/alternative; boundary=b", "",
				"--b", "", "plain", "--b", "Content-Type: multipart/related; boundary=c", "",
				"--c", "Content-Type: text/html", "", "<img src=cid:x>", "--c", "Content-Type: image/png; name=p.png", "Content-ID: <x>", "Content-Transfer-Encoding: base64", "", "AAAA", "--c--",
				"--b--", "--a", "Content-Type: application/pdf", "Content-Disposition: attachment; filename=r.pdf", "Content-Transfer-Encoding: base64", "", "AAAAAA==", "--a--", ""),
			outline: []string{"multipart/mixed", "1 multipart/alternative", "1.1 text/plain 5", "1.2 multipart/related", "1.2.1 text/html 15", "1.2.2 image/png 3 p.png", "2 application/pdf 4 r.pdf"},
			text:    "plain", html: "<img src=cid:x>", attachments: "1.2.2 2",
		},
		{
			name: "embedded multipart",
			raw: mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "see below", "--a", "Content-Type: message/rfc822", "",
				"Subject: inner", "Content-Type: multipart/mixed; boundary=i", "", "--i", "", "inner text", "--i", "Content-Type: image/png", "", "P", "--i--", "--a--"),
			outline: []string{"multipart/mixed", "1 text/plain 9", "2 message/rfc822 120", "2.1 text/plain 10", "2.2 image/png 1"},
			text:    "see below", attachments: "2",
		},
		{
			name:        "embedded plain",
			raw:         mail("Content-Type: multipart/digest; boundary=a", "", "--a", "", "Subject: one", "", "first", "--a", "", "Subject: two", "", "second", "--a--"),
			outline:     []string{"multipart/digest", "1 message/rfc822 21", "1.1 text/plain 5", "2 message/rfc822 22", "2.1 text/plain 6"},
			attachments: "1 2",
		},
		{
			name:        "message as the root",
			raw:         mail("Content-Type: message/rfc822", "", "Subject: inner", "", "hello"),
			outline:     []string{"1 message/rfc822 23", "1.1 text/plain 5"},
			attachments: "1",
		},
		{
			name:        "embedded in base64 stays closed",
			raw:         mail("Content-Type: message/rfc822", "Content-Transfer-Encoding: base64", "", "U3ViamVjdDogeA0KDQp4"),
			outline:     []string{"1 message/rfc822 15"},
			attachments: "1",
		},
		{
			name:    "text parts in a row",
			raw:     mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "one", "--a", "", "two", "--a", `Content-Type: text/plain; name="log.txt"`, "", "log", "--a--"),
			outline: []string{"multipart/mixed", "1 text/plain 3", "2 text/plain 3", "3 text/plain 3 log.txt"},
			text:    "one\n\ntwo", attachments: "3",
		},
		{
			name:    "footer behind HTML keeps the HTML complete",
			raw:     mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: text/html", "", "<p>x</p>", "--a", "", "a < b", "--a--"),
			outline: []string{"multipart/mixed", "1 text/html 8", "2 text/plain 5"},
			html:    "<p>x</p>\n<pre>a &lt; b</pre>\n",
		},
		{
			name:    "footer behind both forms",
			raw:     mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: multipart/alternative; boundary=b", "", "--b", "", "plain", "--b", "Content-Type: text/html", "", "<p>x</p>", "--b--", "--a", "", "list", "--a--"),
			outline: []string{"multipart/mixed", "1 multipart/alternative", "1.1 text/plain 5", "1.2 text/html 8", "2 text/plain 4"},
			text:    "plain\n\nlist", html: "<p>x</p>\n<pre>list</pre>\n",
		},
		{
			name:        "text sent as a file",
			raw:         mail("Content-Disposition: attachment; filename=a.txt", "", "text"),
			outline:     []string{"1 text/plain 4 a.txt"},
			attachments: "1",
		},
		{
			name:    "invitation beside the text",
			raw:     mail("Content-Type: multipart/alternative; boundary=b", "", "--b", "", "come", "--b", "Content-Type: text/calendar; method=request", "", "BEGIN:VCALENDAR", "--b--"),
			outline: []string{"multipart/alternative", "1 text/plain 4", "2 text/calendar 15"},
			text:    "come", attachments: "2",
		},
		{
			name:    "related with a start",
			raw:     mail(`Content-Type: multipart/related; boundary=b; start="<root>"`, "", "--b", "Content-Type: image/gif", "", "G", "--b", "Content-Type: text/html", "Content-ID: <root>", "", "<p>r</p>", "--b--"),
			outline: []string{"multipart/related", "1 image/gif 1", "2 text/html 8"},
			html:    "<p>r</p>", attachments: "1",
		},
		{
			name:    "two plain alternatives: none is lost",
			raw:     mail("Content-Type: multipart/alternative; boundary=b", "", "--b", "", "one", "--b", "Content-Type: text/markdown", "", "two", "--b--"),
			outline: []string{"multipart/alternative", "1 text/plain 3", "2 text/markdown 3"},
			text:    "one", attachments: "2",
		},
		{
			name:    "no end boundary",
			raw:     mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "one", "--a", "", "two"),
			outline: []string{"multipart/mixed", "1 text/plain 3", "2 text/plain 3"},
			text:    "one\n\ntwo", defects: []string{"the message ends early: its multipart is not closed"},
		},
		{
			name:    "inner boundary not closed",
			raw:     mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: multipart/alternative; boundary=b", "", "--b", "", "plain", "--a", "Content-Type: image/png", "", "P", "--a--"),
			outline: []string{"multipart/mixed", "1 multipart/alternative", "1.1 text/plain 5", "2 image/png 1"},
			text:    "plain", attachments: "2", defects: []string{`multipart "1" is not closed`},
		},
		{
			name:    "boundary never used",
			raw:     mail("Content-Type: multipart/mixed; boundary=a", "", "only", "text"),
			outline: []string{"1 text/plain 10"},
			text:    "only\ntext", defects: []string{"multipart without any part is read as text"},
		},
		{
			name:    "no boundary parameter, guessed",
			raw:     mail("Content-Type: multipart/mixed", "", "--xyz", "Content-Type: text/html", "", "<p>x</p>", "--xyz--"),
			outline: []string{"multipart/mixed", "1 text/html 8"},
			html:    "<p>x</p>", defects: []string{"multipart without a boundary; it was guessed"},
		},
		{
			name:    "no boundary at all",
			raw:     mail("Content-Type: multipart/mixed", "", "just text"),
			outline: []string{"1 text/plain 9"},
			text:    "just text", defects: []string{"multipart without any part is read as text"},
		},
		{
			name:    "empty part at the end",
			raw:     mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "x", "--a", "--a--"),
			outline: []string{"multipart/mixed", "1 text/plain 1", "2 text/plain 0"},
			text:    "x\n\n",
		},
		{
			name:    "part without header and blank line",
			raw:     mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "just text here", "--a--"),
			outline: []string{"multipart/mixed", "1 text/plain 14"},
			text:    "just text here", defects: []string{"no blank line between header and body"},
		},
		{
			name:    "boundaries that begin alike",
			raw:     mail("Content-Type: multipart/mixed; boundary=ab", "", "--ab", "Content-Type: multipart/mixed; boundary=abc", "", "--abc", "", "x", "--abc--", "--ab--"),
			outline: []string{"multipart/mixed", "1 multipart/mixed", "1.1 text/plain 1"},
			text:    "x",
		},
		{
			name:    "lines that look like boundaries",
			raw:     mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "-- ", "--abc", "--", "--a-", "--a--  "),
			outline: []string{"multipart/mixed", "1 text/plain 20"},
			text:    "-- \n--abc\n--\n--a-",
		},
		{
			name:    "blanks behind the boundary",
			raw:     mail("Content-Type: multipart/mixed; boundary=a", "", "--a \t", "", "x", "--a-- "),
			outline: []string{"multipart/mixed", "1 text/plain 1"},
			text:    "x",
		},
		{
			name:    "bare LF",
			raw:     strings.ReplaceAll(mail("Subject: x", "Content-Type: multipart/mixed; boundary=a", "", "--a", "", "one", "", "--a--", ""), "\r\n", "\n"),
			outline: []string{"multipart/mixed", "1 text/plain 4"},
			text:    "one\n",
		},
		{
			name:    "bare CR",
			raw:     strings.ReplaceAll(mail("Subject: x", "", "one", "two"), "\r\n", "\r"),
			outline: []string{"1 text/plain 7"},
			text:    "one\ntwo",
		},
		{
			name:    "mailbox line in front",
			raw:     mail("From ann@example.org Thu Jan  1 00:00:00 2026", "Subject: x", "", "text"),
			outline: []string{"1 text/plain 4"},
			text:    "text",
		},
		{
			name:    "junk among the header",
			raw:     mail("Subject: x", "junk without colon", "To: a@example.org", "", "text"),
			outline: []string{"1 text/plain 4"},
			text:    "text", defects: []string{"header line without a field name was skipped"},
		},
		{
			name:    "blank line missing",
			raw:     mail("Subject: x", "Dear Ann,", "", "text"),
			outline: []string{"1 text/plain 17"},
			text:    "Dear Ann,\n\ntext", defects: []string{"no blank line between header and body"},
		},
		{
			name:    "text only",
			raw:     "just a text",
			outline: []string{"1 text/plain 11"},
			text:    "just a text", defects: []string{"no blank line between header and body"},
		},
		{
			name:    "type without semicolon",
			raw:     mail("Content-Type: text/html charset=iso-8859-1", "", "<p>\xfc</p>"),
			outline: []string{"1 text/html 8"},
			html:    "<p>ü</p>",
		},
		{
			name:    "type not understood",
			raw:     mail("Content-Type: plain", "", "x"),
			outline: []string{"1 text/plain 1"},
			text:    "x", defects: []string{"content type not understood"},
		},
		{
			name:    "charset in the page only",
			raw:     mail("Content-Type: text/html", "", `<meta charset="windows-1251"><p>`+"\xcf\xf0</p>"),
			outline: []string{"1 text/html 38"},
			html:    `<meta charset="windows-1251"><p>Пр</p>`,
		},
		{
			name:    "charset in the page, ASCII in the header",
			raw:     mail("Content-Type: text/html; charset=us-ascii", "", `<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>`+"\xf0\xd2</p>"),
			outline: []string{"1 text/html 77"},
			html:    `<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>Пр</p>`,
		},
		{
			name:    "unknown charset and encoding",
			raw:     mail("Content-Type: text/plain; charset=x-nothing", "Content-Transfer-Encoding: x-odd", "", "gr\xfcn"),
			outline: []string{"1 text/plain 4"},
			text:    "grün", defects: []string{"unknown transfer encoding; part 1 is kept as it is", "unknown charset; part 1 is read as UTF-8 or windows-1252"},
		},
		{
			name:    "base64 junk",
			raw:     mail("Content-Transfer-Encoding: base64", "", "aGVs!bG8*gd29ybGQ="),
			outline: []string{"1 text/plain 11"},
			text:    "hello world",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, tt.raw, mailmime.Limits{})
			if diff := cmp.Diff(tt.outline, outline(m.Root)); diff != "" {
				t.Errorf("structure (-want +got):\n%s", diff)
			}
			if m.Text != tt.text || m.HTML != tt.html {
				t.Errorf("text %q html %q, want %q and %q", m.Text, m.HTML, tt.text, tt.html)
			}
			if got := ids(m.Attachments); got != tt.attachments {
				t.Errorf("attachments %q, want %q", got, tt.attachments)
			}
			if diff := cmp.Diff(tt.defects, m.Defects); diff != "" {
				t.Errorf("defects (-want +got):\n%s", diff)
			}
			slow, err := mailmime.Parse(iotest.OneByteReader(strings.NewReader(tt.raw)), mailmime.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m, slow); diff != "" {
				t.Errorf("byte by byte (-whole +slow):\n%s", diff)
			}
			checkParts(t, tt.raw, m.Root)
		})
	}
}

// checkParts opens every part that Parse named and compares the size of leaves.
func checkParts(t *testing.T, raw string, p mailmime.Part) {
	t.Helper()
	if p.ID != "" {
		r, got, err := mailmime.OpenPart(strings.NewReader(raw), p.ID, mailmime.Limits{})
		if err != nil {
			t.Errorf("OpenPart(%s): %v", p.ID, err)
			return
		}
		b, err := io.ReadAll(r)
		if err != nil || int64(len(b)) != p.Size || got.Type != p.Type {
			t.Errorf("OpenPart(%s) gave %d bytes of %s, error %v; want %d of %s", p.ID, len(b), got.Type, err, p.Size, p.Type)
		}
	}
	for _, c := range p.Parts {
		checkParts(t, raw, c)
	}
}

// TestSameBoundaryTwice: the innermost open multipart takes the delimiter.
func TestSameBoundaryTwice(t *testing.T) {
	m := parse(t, mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: multipart/alternative; boundary=a", "", "--a", "", "x", "--a--",
		"--a", "Content-Type: image/png", "", "P", "--a--"), mailmime.Limits{})
	want := []string{"multipart/mixed", "1 multipart/alternative", "1.1 text/plain 1", "2 image/png 1"}
	if diff := cmp.Diff(want, outline(m.Root)); diff != "" || m.Text != "x" || ids(m.Attachments) != "2" {
		t.Errorf("text %q, attachments %q\n%s", m.Text, ids(m.Attachments), diff)
	}
}

func TestParseReadError(t *testing.T) {
	broken := errors.New("disk gone")
	raw := mail("Subject: kept", "Content-Type: multipart/mixed; boundary=a", "", "--a", "", "begin")
	m, err := mailmime.Parse(io.MultiReader(strings.NewReader(raw), iotest.ErrReader(broken)), mailmime.Limits{})
	if !errors.Is(err, broken) || m.Header.Subject != "kept" || m.Text != "begin" {
		t.Errorf("error %v, subject %q, text %q", err, m.Header.Subject, m.Text)
	}
	if _, _, err := mailmime.OpenPart(iotest.ErrReader(broken), "1", mailmime.Limits{}); !errors.Is(err, broken) {
		r, _, _ := mailmime.OpenPart(iotest.ErrReader(broken), "1", mailmime.Limits{})
		if _, err := io.ReadAll(r); !errors.Is(err, broken) {
			t.Errorf("OpenPart: error %v, want %v", err, broken)
		}
	}
}
