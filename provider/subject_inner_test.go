package provider

import (
	"strings"
	"testing"
	"time"
)

func TestBaseSubject(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"Keel":                        "Keel",
		"Re: Keel":                    "Keel",
		"RE: Fwd:  re[2]: Keel bolts": "Keel bolts",
		"AW: WG: Keel":                "Keel",
		"Sv: [boat] Re: Keel (fwd)":   "Keel",
		"[boat]":                      "[boat]",
		"Re:":                         "",
		"Regarding: Keel":             "Regarding: Keel",
		"12:30 at the pier":           "12:30 at the pier",
		"Re: 12:30":                   "12:30",
		"(fwd)":                       "(fwd)",
		"\u56de\u590d\uff1aKeel":      "Keel",
		"\u56de\u590d: Keel":          "Keel",
		" \t Keel \r\n bolts ":        "Keel bolts",
	} {
		if got := baseSubject(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestBaseSubjectIsFast: a subject is a stranger's, and may be long.
func TestBaseSubjectIsFast(t *testing.T) {
	const slow = 10 * time.Second // with the race detector; going through it again and again takes minutes
	for _, mark := range []string{"Re: ", "[a] ", "[", "Re", ":", "(fwd)"} {
		began := time.Now()
		if got := baseSubject(strings.Repeat(mark, 250_000) + "Keel"); time.Since(began) > slow {
			t.Errorf("%q: %d bytes left after %v", mark, len(got), time.Since(began))
		}
		began = time.Now()
		if got := baseSubject("Keel" + strings.Repeat(mark, 250_000)); time.Since(began) > slow {
			t.Errorf("behind it %q: %d bytes left after %v", mark, len(got), time.Since(began))
		}
	}
}
