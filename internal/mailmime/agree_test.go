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

func TestBoundaryIsTakenAsItStands(t *testing.T) {
	m := parse(t, mail(
		`Content-Type: multipart/mixed; boundary="=?utf-8?q?x?="`, "",
		"--=?utf-8?q?x?=", "", "shown", "--=?utf-8?q?x?=--", "--x", "", "not shown", "--x--", "",
	), mailmime.Limits{})
	if m.Text != "shown" {
		t.Errorf("text %q", m.Text)
	}
}
