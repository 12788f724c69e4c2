package mailmime_test

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/mailmime"
)

// Fields that readers take differently: what others show must not be another message than ours.
func TestFieldsReadAsOthersDo(t *testing.T) {
	for _, tt := range []struct {
		name, head, text, html string
		part                   mailmime.Part // Type, Name and Disposition
		defect                 string
	}{
		{name: "comma for semicolon", head: "Content-Type: text/html,charset=utf-8", html: "x\n", part: mailmime.Part{Type: "text/html"}},
		{name: "control in the type", head: "Content-Type: text/plain\x01", text: "x\n", part: mailmime.Part{Type: "text/plain"}},
		{name: "no subtype left", head: "Content-Type: text/<html>", text: "x\n", part: mailmime.Part{Type: "text/plain"}, defect: "content type not understood"},
		{name: "no type left", head: "Content-Type: \x01/html", text: "x\n", part: mailmime.Part{Type: "text/plain"}, defect: "content type not understood"},
		{
			name: "quoted disposition", head: "Content-Disposition: \"attachment\"; filename=a.txt",
			part: mailmime.Part{Type: "text/plain", Name: "a.txt", Disposition: "attachment"},
		},
		{
			name: "two types", head: "Content-Type: text/plain\r\nContent-Type: text/html", text: "x\n",
			part: mailmime.Part{Type: "text/plain"}, defect: "more than one Content-Type field; the first is used",
		},
		{
			name: "two encodings", head: "Content-Transfer-Encoding: 7bit\r\ncontent-transfer-encoding: base64", text: "x\n",
			part: mailmime.Part{Type: "text/plain"}, defect: "more than one Content-Transfer-Encoding field; the first is used",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, tt.head+"\r\n\r\nx\r\n", mailmime.Limits{})
			if m.Text != tt.text || m.HTML != tt.html {
				t.Errorf("text %q, html %q", m.Text, m.HTML)
			}
			if p := m.Root; p.Type != tt.part.Type || p.Name != tt.part.Name || p.Disposition != tt.part.Disposition {
				t.Errorf("part %+v", p)
			}
			if got := strings.Join(m.Defects, "; "); got != tt.defect {
				t.Errorf("defects: %s", got)
			}
		})
	}
}

// Which of two boundaries is meant, readers do not agree on: it is said.
func TestBoundaryGivenTwice(t *testing.T) {
	for _, tt := range []struct{ name, head, text, defect string }{
		{"boundaries", "multipart/mixed; boundary=a; boundary=b", "one", "more than one boundary is given; the first, or the extended one, is used"},
		{"boundary extended", "multipart/mixed; boundary=a; boundary*=utf-8''b", "two", "more than one boundary is given; the first, or the extended one, is used"},
		{"boundary in pieces", "multipart/mixed; boundary=a; boundary*0=b", "two", "more than one boundary is given; the first, or the extended one, is used"},
		{"twice the same", "multipart/mixed; boundary=a; boundary=a", "one", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, mail("Content-Type: "+tt.head, "", "--a", "", "one", "--a--", "--b", "", "two", "--b--"), mailmime.Limits{})
			if got := strings.Join(m.Defects, "; "); m.Text != tt.text || got != tt.defect {
				t.Errorf("text %q, defects %q", m.Text, got)
			}
		})
	}
}

func TestBoundaryIsTakenAsItStands(t *testing.T) {
	m := parse(t, mail(
		`Content-Type: multipart/mixed; boundary="=?utf-8?q?x?="`, "",
		"--=?utf-8?q?x?=", "", "shown", "--=?utf-8?q?x?=--", "--x", "", "not shown", "--x--", "",
	), mailmime.Limits{})
	if m.Text != "shown" {
		t.Errorf("text %q", m.Text)
	}
}
