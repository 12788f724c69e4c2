package postern_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReliabilityTable: every test that docs/RELIABILITY.md names exists, in the
// package that it names, and every row names one.
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
	if named < 150 {
		t.Errorf("only %d tests are named", named)
	}
	traps := 0
	for _, row := range regexp.MustCompile(`(?m)^\| .*`).FindAllString(string(doc), -1) {
		if strings.HasPrefix(row, "| ---") || strings.HasSuffix(row, "| test |") {
			continue
		}
		if !strings.Contains(row, ".Test") {
			t.Errorf("a row without a test: %s", row)
		}
		if strings.HasPrefix(row, fmt.Sprintf("| %d |", traps+1)) {
			traps++
		}
	}
	if traps != 22 {
		t.Errorf("trap %d is missing", traps+1)
	}
}
