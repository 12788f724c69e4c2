package mailmime_test

import (
	"testing"

	"github.com/postern-mail/postern/internal/mailmime"
)

func TestFileNames(t *testing.T) {
	for _, tt := range []struct{ name, fields, want string }{
		{"plain", `Content-Disposition: attachment; filename=a.txt`, "a.txt"},
		{"quoted", `Content-Disposition: attachment; filename="a b.txt"`, "a b.txt"},
		{"unquoted blanks", `Content-Disposition: attachment; filename=a b.txt; size=3`, "a b.txt"},
		{"unquoted parentheses", `Content-Disposition: attachment; filename=a (1).txt`, "a (1).txt"},
		{"slash in a name without its semicolon", `Content-Disposition: attachment filename=a / b.txt`, "a / b.txt"},
		{"comment behind an unquoted name", `Content-Disposition: attachment; filename=a.txt (the list)`, "a.txt"},
		{"parentheses at the end of words", `Content-Disposition: attachment; filename=the list.txt (1)`, "the list.txt (1)"},
		{"parentheses behind no extension", `Content-Disposition: attachment; filename=list (1)`, "list (1)"},
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
		{"charset behind a star that is missing", `Content-Disposition: attachment; filename="utf-8''%C3%9Cber.txt"`, "Über.txt"},
		{"pieces without stars", `Content-Disposition: attachment; filename*0="utf-8''%C3%9Cb"; filename*1="er%20x.txt"`, "Über x.txt"},
		{"one quote missing", `Content-Disposition: attachment; filename*=utf-8'%C3%9Cber.txt`, "Über.txt"},
		{"both quotes missing", `Content-Disposition: attachment; filename*=utf-8%C3%9Cber.txt`, "Über.txt"},
		{"apostrophe in an extended name", `Content-Disposition: attachment; filename*=ann's%20list.txt`, "ann's list.txt"},
		{"apostrophes in a plain name", `Content-Disposition: attachment; filename="ann's and bob's 100%.txt"`, "ann's and bob's 100%.txt"},
		{"percent without a charset", `Content-Disposition: attachment; filename="%C3%9Cber%20sicht.txt"`, "Über sicht.txt"},
		{"percent that is no encoding", `Content-Disposition: attachment; filename="100%25 of 50%20.txt"`, "100%25 of 50%20.txt"},
		{"extended value in quotes", `Content-Disposition: attachment; filename*="utf-8''%C3%9Cber.txt"`, "Über.txt"},
		{"empty charset", `Content-Disposition: attachment; filename*=''%C3%9Cber.txt`, "Über.txt"},
		{"unknown charset", `Content-Disposition: attachment; filename*=x-nothing''%C3%9Cber.txt`, "Über.txt"},
		{"wrong charset", `Content-Disposition: attachment; filename*=iso-8859-1''%C3%9Cber.txt`, "Über.txt"},
		{"encoded word in an extended value", `Content-Disposition: attachment; filename*="=?utf-8?q?=C3=9Cber=2Etxt?="`, "Über.txt"},
		{"pieces from one", `Content-Disposition: attachment; filename*1*=utf-8''%C3%9Cb; filename*2=er.txt`, "Über.txt"},
		{"piece missing", `Content-Disposition: attachment; filename*0=a; filename*2=c`, "ac"},
		{"piece with a bad number", `Content-Disposition: attachment; filename*0=a; filename*x=b; filename*-1=c`, "a"},
		{"character split over pieces", `Content-Disposition: attachment; filename*0*=utf-8''%E6%97; filename*1*=%A5.txt`, "日.txt"},
		{"percent cut", `Content-Disposition: attachment; filename*=utf-8''a%2`, "a%2"},
		{"shift_jis", `Content-Disposition: attachment; filename*=shift_jis''%93%FA.txt`, "日.txt"},
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

// A raw 8-bit name is in the charset of the text before it.
func TestRawFileName(t *testing.T) {
	m := parse(t, mail("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain; charset=koi8-r", "", "x", "--b",
		"Content-Type: application/pdf; name=\"\xf0\xd2.pdf\"", "", "P", "--b", "Content-Type: application/pdf; name=\"\xd0\x9f.pdf\"", "", "P", "--b--"), mailmime.Limits{})
	if len(m.Attachments) != 2 || m.Attachments[0].Name != "Пр.pdf" || m.Attachments[1].Name != "П.pdf" {
		t.Errorf("%+v", m.Attachments)
	}
}

// UTF-7 is looked for in words only.
func TestUTF7LeavesStructureAlone(t *testing.T) {
	m := parse(t, mail("Date: Fri, 20 Nov 2026 09:30:00 +0100", "To: ann+AGE-b@example.org", "Content-Type: text/plain; charset=utf-7", "", "x"), mailmime.Limits{})
	if m.Header.Date.Format("15:04 -0700") != "09:30 +0100" || m.Header.To[0].Mailbox != "ann+AGE-b@example.org" || len(m.Defects) > 0 {
		t.Errorf("date %v, to %v, defects %v", m.Header.Date, m.Header.To, m.Defects)
	}
}
