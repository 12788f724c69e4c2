package mailtool

import (
	"testing"
)

func FuzzJSONSize(f *testing.F) {
	for _, s := range []string{
		"", "plain", `quotes " and \ and /`, "line\nline\ttab\r\b\f\v\x00\x1f\x7f", "<b>&amp;</b>", "caf\u00e9 \u6f22\u5b57 \U0001f600",
		"\u2028\u2029\u2027", "\xff\xc3(\xe2\x80", "\ufffd", "\xed\xa0\x80",
	} {
		f.Add(s, "")
		f.Add("x", s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, v := range []any{a, []string{a, b}, []string{a}, []string{}, []string(nil), Failure{ID: a, Error: b}} {
			raw, err := compact(v)
			if err != nil {
				t.Fatal(err)
			}
			if got := jsonSize(v); got != len(raw)+1 {
				t.Errorf("jsonSize(%q) = %d, %s has %d", v, got, raw, len(raw)+1)
			}
		}
	})
}
