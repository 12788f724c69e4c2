package providertest

import (
	"fmt"
	"strings"
	"testing"
)

var (
	_ FlagViewer = (*toyHarness)(nil)
	_ Rebuilder  = (*toyHarness)(nil)
	_ Outbox     = (*toyHarness)(nil)
	_ Refuser    = (*toyHarness)(nil)
)

// beyondToy are checks of messages that a toy cannot read.
func beyondToy(name string) bool { return strings.HasPrefix(name, "corpus/") }

func TestSoundBackendPasses(t *testing.T) {
	ran := 0
	for _, c := range checks() {
		if beyondToy(c.name) {
			continue
		}
		r := perform(t, &toyHarness{}, c, promptly)
		for _, f := range r.failures {
			t.Errorf("%s: %s", c.name, f)
		}
		if r.skipped == "" {
			ran++
		}
	}
	if ran < 85 {
		t.Errorf("only %d checks ran", ran)
	}
}

func TestRunOnASoundBackend(t *testing.T) {
	var except []Exception
	for _, c := range checks() {
		if beyondToy(c.name) && len(perform(t, &toyHarness{}, c, promptly).failures) > 0 {
			except = append(except, Exception{c.name, "a toy reads simple letters only"})
		}
	}
	Run(t, &toyHarness{}, except...)
}

func TestCheckNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range checks() {
		if seen[c.name] || !strings.Contains(c.name, "/") {
			t.Errorf("check %q comes twice or has no group", c.name)
		}
		seen[c.name] = true
	}
}

func TestVerdict(t *testing.T) {
	failed, passed, skipped := result{failures: []string{"f"}}, result{}, result{skipped: "s"}
	for _, tc := range []struct {
		name, excuse string
		r            result
		failures     int
		skip         string
	}{
		{"failed", "", failed, 1, ""},
		{"passed", "", passed, 0, ""},
		{"skipped", "", skipped, 0, "s"},
		{"failed, excused", "why", failed, 0, "excused: why (f)"},
		{"passed, excused", "why", passed, 1, ""},
		{"skipped, excused", "why", skipped, 1, ""},
		{"failed, then skipped", "", result{failures: []string{"f"}, skipped: "s"}, 1, "s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if failures, skip := tc.r.verdict(tc.excuse); len(failures) != tc.failures || skip != tc.skip {
				t.Errorf("got %q, %q", failures, skip)
			}
		})
	}
}

func TestExcuses(t *testing.T) {
	var complaints []string
	complain := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	got := excuses(complain, []Exception{{"move/one", "why"}, {"no such/check", "why"}, {"move/many", ""}})
	if len(complaints) != 2 || got["move/one"] != "why" {
		t.Errorf("complaints %q, excused %v; want one for the unknown check and one for the missing reason", complaints, got)
	}
}
