package postern_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReliabilityTable: every test that docs/RELIABILITY.md names exists, in the
// package that it names.
func TestReliabilityTable(t *testing.T) {
	doc, err := os.ReadFile("docs/RELIABILITY.md")
	if err != nil {
		t.Fatal(err)
	}
	dirs := map[string]string{
		"imapx": "imapx", "imapmail": "provider/imapmail", "submission": "internal/submission",
		"provider": "provider", "mailtool": "mailtool",
	}
	sources := make(map[string]string)
	for name, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no tests in %s: %v", dir, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			sources[name] += string(b)
		}
	}
	named := 0
	for _, m := range regexp.MustCompile("`([a-z]+)\\.(Test[A-Za-z0-9]+)(?:/([^`]+))?`").FindAllStringSubmatch(string(doc), -1) {
		named++
		source, ok := sources[m[1]]
		switch {
		case !ok:
			t.Errorf("%s: no such package", m[0])
		case !strings.Contains(source, "func "+m[2]+"(t *testing.T)"):
			t.Errorf("%s: no such test", m[0])
		case m[3] != "" && !strings.Contains(source, `"`+m[3]+`"`):
			t.Errorf("%s: no such case", m[0])
		}
	}
	if named < 50 {
		t.Errorf("only %d tests are named", named)
	}
}
