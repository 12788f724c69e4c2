package mailtool

import (
	"strings"
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

// TestRoom: what fits to the byte is taken, once.
func TestRoom(t *testing.T) {
	r := room(jsonSize("word"))
	if !r.takes("word") || r != 0 || r.takesBytes(1) {
		t.Errorf("%d left", r)
	}
	if r = room(jsonSize("word")) - 1; r.takes("word") {
		t.Errorf("too long a text is taken, %d left", r)
	}
}

// TestSliceJSON: pieces hold to their bound as JSON has them, and make up the text.
func TestSliceJSON(t *testing.T) {
	for name, text := range map[string]string{
		"plain": strings.Repeat("word ", 60), "quotes": strings.Repeat(`"\`, 150), "mixed": strings.Repeat("ä\"\x01 \u2028 z", 40),
	} {
		for most := 12; most < 90; most++ {
			var whole string
			for offset := 0; len(whole) < len(text); {
				part, next := sliceJSON(text, offset, most)
				if n := textSize(part) + 1; n > most || part == "" {
					t.Fatalf("%s: %q takes %d bytes of %d", name, part, n, most)
				}
				if whole += part; next == 0 {
					break
				}
				offset = next
			}
			if whole != text {
				t.Fatalf("%s in pieces of %d: %q", name, most, whole)
			}
		}
	}
}
