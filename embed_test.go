package postern_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestEmbed builds the README's program in a module of its own, with this
// checkout in place of the library, and finds only what it imports linked.
func TestEmbed(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.go"), readmeProgram(t))
	write(t, filepath.Join(dir, "go.mod"), "module example.org/embed\n\ngo 1.26.0\n\nrequire github.com/postern-mail/postern v0.0.0\n\nreplace github.com/postern-mail/postern => "+root+"\n")
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "go.sum"), string(sum))
	exe := filepath.Join(dir, "embed")
	run(t, dir, "go", "build", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-o", exe, ".")

	out := run(t, dir, exe)
	if !strings.Contains(out, `"columns":["id","from","subject"`) || !strings.HasSuffix(strings.TrimSpace(out), "<nil>") {
		t.Errorf("it prints %.300s", out)
	}
	var linked []string
	for line := range strings.Lines(run(t, dir, "go", "version", "-m", exe)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "dep" {
			linked = append(linked, fields[1])
		}
	}
	for _, module := range linked {
		for _, foreign := range []string{"go-sdk", "go-imap", "go-smtp", "go-sasl", "jsonschema", "sql"} {
			if strings.Contains(module, foreign) {
				t.Errorf("%s is linked, and nothing the program imports needs it", module)
			}
		}
	}
	info, err := os.Stat(exe)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d modules linked (%s), %.1f MB on %s/%s", len(linked), strings.Join(linked, " "), float64(info.Size())/1e6, runtime.GOOS, runtime.GOARCH)
}

// readmeProgram is the Go block of the README.
func readmeProgram(t *testing.T) string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(readme), "```go\n")
	program, _, closed := strings.Cut(after, "```")
	if !ok || !closed {
		t.Fatal("the README has no Go program")
	}
	return program
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}
