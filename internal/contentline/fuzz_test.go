package contentline_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-mail/postern/internal/contentline"
)

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"BEGIN:VEVENT\r\nSUMMARY;LANGUAGE=de:Gr\xc3\r\n \xbc\xc3\x9fe\r\nlost\r\nEND:VEVENT",
		"A:x\u00c3\n \u00bcy",
		`ATTENDEE;CN="a:b";X=^n^^,"c" d:mailto:a@b`,
		"item1.N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=D0=98=\n=D0;x=\n",
		"PHOTO;ENCODING=b:AAAA\n BBBB\nCCCC\n",
		"\xff\xfeA\x00:\x00B\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := contentline.NewReader(text)
		for l, ok := r.Next(); ok; l, ok = r.Next() {
			if l.Name == "" || l.Name != strings.ToUpper(l.Name) || strings.ContainsAny(l.Name, ":;.\r\n ") {
				t.Errorf("the name %q", l.Name)
			}
			if !utf8.ValidString(l.Value) || !utf8.ValidString(l.Extra) {
				t.Errorf("not UTF-8: %q", l.Value+l.Extra)
			}
			if l.Binary && l.Value != "" {
				t.Errorf("%q is shown", l.Value)
			}
			for _, p := range l.Params {
				if len(p.Values) == 0 || strings.Contains(strings.Join(p.Values, ""), "\r") {
					t.Errorf("parameter %q", p)
				}
			}
		}
	})
}
