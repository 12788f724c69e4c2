package imapx

import (
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestThreadOf(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         []UID
		kind         Kind
	}{
		{"alone", "(5)", []UID{5}, ""},
		{"in a chain", "(2)(3 5 44)", []UID{3, 5, 44}, ""},
		{"forks", "(3 6 (4 23)(44 7 5))(1)", []UID{3, 6, 4, 23, 44, 7, 5}, ""},
		{"without its first message", "((3)(5))", []UID{3, 5}, ""},
		{"spaces between threads", "(3) (5 6)", []UID{5, 6}, ""},
		{"the largest number", "(5 4294967295)", []UID{5, 4294967295}, ""},
		{"not there", "(2)(3 4)", nil, ""},
		{"empty", "", nil, ""},
		{"a long other thread", "(1 2 3 4 6 7 8 9 10 11 12)(5)", []UID{5}, ""},
		{"too long", "(1 2 3 4 5 6 7 8 9)", nil, TooLarge},
		{"too deep", strings.Repeat("(", 501) + "5" + strings.Repeat(")", 501), nil, TooLarge},
		{"twice", "(5)(5 6)", nil, Protocol},
		{"twice in a thread", "(5 6 5)", nil, Protocol},
		{"another one twice", "(5 6 (7)(6))", nil, Protocol},
		{"zero", "(0 5)", nil, Protocol},
		{"too large a number", "(5 4294967296)", nil, Protocol},
		{"outside of a list", "5", nil, Protocol},
		{"words", "(5 six)", nil, Protocol},
		{"a string", `(5 "6")`, nil, Protocol},
		{"a sign", "(5 -6)", nil, Protocol},
		{"a star", "(5 *)", nil, Protocol},
		{"not closed", "((5)", nil, Protocol},
		{"not opened", "(5))", nil, Protocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := threadOf(tt.answer, 5, 8)
			if KindOf(err) != tt.kind || err != nil && tt.kind == "" {
				t.Fatalf("error %v, want kind %q", err, tt.kind)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestThreadOfMillions: an answer as long as the guard lets through costs
// little more than itself.
func TestThreadOfMillions(t *testing.T) {
	answer := strings.Repeat("(7 8)", defaultNumbers/5)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := threadOf(answer, 5, 500)
	runtime.ReadMemStats(&after)
	if got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes allocated", used)
	}
	if _, err := threadOf("("+strings.Repeat("5 ", 1<<20)+")", 5, 500); !errors.Is(err, TooLarge) {
		t.Errorf("a thread of a million: %v", err)
	}
}

func FuzzThreadOf(f *testing.F) {
	for _, s := range []string{"(2)(3 6 (4 23)(44 7 96))", "((3)(5))", "(5", "5)", "(5 0)", "(99999999999)", "() (5)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := threadOf(s, 5, 10)
		switch {
		case err != nil:
			if k := KindOf(err); k != Protocol && k != TooLarge || got != nil {
				t.Errorf("%v with %v", got, err)
			}
		case got == nil:
			for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
				if n, _ := strconv.ParseUint(word, 10, 32); n == 5 {
					t.Errorf("%q names 5, and nothing came", s)
				}
			}
		case len(got) > 10 || !slices.Contains(got, 5) || slices.Contains(got, 0):
			t.Errorf("%q gave %v", s, got)
		}
	})
}

func TestAnyOfStaysShallow(t *testing.T) {
	list := make([]Criteria, 60)
	for i := range list {
		list[i] = Criteria{From: UID(i + 1), To: UID(i + 1)}
	}
	joined := anyOf(list)
	if err := joined.check("", maxSearchDepth-6); err != nil {
		t.Error(err)
	}
	keys := joined.keys(Caps{})
	for i := range list {
		if want := "UID " + strconv.Itoa(i+1) + ":" + strconv.Itoa(i+1); !strings.Contains(keys, want) {
			t.Errorf("%s is not in %s", want, keys)
		}
	}
	if n := strings.Count(keys, "OR "); n != 59 {
		t.Errorf("%d alternatives in %s", n, keys)
	}
}
