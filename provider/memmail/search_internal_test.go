package memmail

import (
	"strings"
	"testing"
	"time"
)

func TestVisibleText(t *testing.T) {
	for in, want := range map[string]string{
		"<p>a<b>c</b>":                    " a c ",
		"a<STYLE>x</b>y</sTyLe >b":        "a b",
		"a<script>1</scripts>2</script>b": "a 2 b",
		"a<!-- <b>x</b> - -->b":           "a b",
		"a<!-->b":                         "a b",
		"a<style>x":                       "a ",
		"a<!-- x":                         "a ",
		"R&amp;D <":                       "R&D  ",
		"a<!---->b":                       "a b",
	} {
		if got := visibleText(in); got != want {
			t.Errorf("visibleText(%q) = %q, want %q", in, got, want)
		}
	}
}

// A page of tags took minutes to search.
func TestVisibleTextTakesLinearTime(t *testing.T) {
	for _, unit := range []string{"<!---->", "<!--", "<style></style>", "<style>", "<style></", "<script>x</script>", "<"} {
		start := time.Now()
		visibleText(strings.Repeat(unit, (1<<20)/len(unit)))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("1 MB of %q took %v", unit, took)
		}
	}
}
