package mailmime_test

import (
	"testing"

	"github.com/postern-mail/postern/internal/mailmime"
)

func TestFlowed(t *testing.T) {
	for _, tt := range []struct{ name, delsp, in, want string }{
		{"joined", "no", "one \r\ntwo\r\nthree\r\n", "one two\nthree\n"},
		{"delsp", "yes", "日 \r\n本\r\n", "日本\n"},
		{"delsp and a blank", "yes", "one  \r\ntwo\r\n", "one two\n"},
		{"stuffed", "no", " From here\r\n >not quoted\r\n", "From here\n>not quoted\n"},
		{"quoted", "no", ">> one \r\n>> two\r\n> three\r\n", ">> one two\n> three\n"},
		{"depth changes within a flow", "no", "> one \r\ntwo\r\n", "> one \ntwo\n"},
		{"signature", "no", "one\r\n-- \r\nAnn\r\n", "one\n-- \nAnn\n"},
		{"flow ends at the signature", "no", "one \r\n-- \r\nAnn", "one \n-- \nAnn"},
		{"quoted signature", "no", "> -- \r\n> Ann\r\n", "> -- \n> Ann\n"},
		{"last line flows", "no", "one ", "one "},
		{"last line flows and ends", "no", "one \r\n", "one \n"},
		{"empty lines", "no", "\r\n\r\none\r\n", "\n\none\n"},
		{"empty", "no", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, mail("Content-Type: text/plain; charset=utf-8; format=Flowed; delsp="+tt.delsp, "", tt.in), mailmime.Limits{})
			if m.Text != tt.want {
				t.Errorf("%q, want %q", m.Text, tt.want)
			}
		})
	}
	// Without the parameter a text stays as it is.
	if m := parse(t, mail("Content-Type: text/plain", "", "one ", "two"), mailmime.Limits{}); m.Text != "one \ntwo" {
		t.Errorf("%q", m.Text)
	}
}

func TestEnriched(t *testing.T) {
	for _, tt := range []struct{ name, kind, in, want string }{
		{"commands", "enriched", "a <bold>b</bold> <color><param>red</param>c</color>", "a b c"},
		{"breaks", "enriched", "one\r\ntwo\r\n\r\nthree\r\n\r\n\r\nfour", "one two\nthree\n\nfour"},
		{"nofill", "enriched", "<nofill>a\r\nb</nofill>", "a\nb"},
		{"brackets", "enriched", "a << b <> c <3 d", "a < b <> c <3 d"},
		{"open param", "enriched", "a<param>b", "a"},
		{"command cut", "enriched", "a<bol", "a<bol"},
		{"richtext", "richtext", "a<nl>b <lt> <Bold>c</Bold>", "a\nb < c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, mail("Content-Type: text/"+tt.kind, "", tt.in), mailmime.Limits{})
			if m.Text != tt.want {
				t.Errorf("%q, want %q", m.Text, tt.want)
			}
		})
	}
}
