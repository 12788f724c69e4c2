package postern_test

import (
	"os"
	"strings"
	"testing"
)

// TestDoc: the package comment shows the README's program, which another test
// builds and runs, and names only packages that exist.
func TestDoc(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for line := range strings.Lines(string(readme)) {
		known[strings.TrimSpace(line)] = true
	}
	shown := 0
	for line := range strings.Lines(string(doc)) {
		code, ok := strings.CutPrefix(line, "//\t")
		if code = strings.TrimSpace(code); ok && code != "..." {
			if shown++; !known[code] {
				t.Errorf("not a line of README.md: %s", code)
			}
		}
		if _, link, ok := strings.Cut(line, "["+module+"/"); ok {
			dir, _, _ := strings.Cut(link, "]")
			if _, err := os.Stat(dir); err != nil {
				t.Errorf("doc.go names %s: %v", dir, err)
			}
		}
	}
	if shown < 5 {
		t.Errorf("doc.go shows %d lines of code", shown)
	}
}
