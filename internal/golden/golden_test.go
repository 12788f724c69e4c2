package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func TestCompare(t *testing.T) {
	tests := []struct {
		name  string
		file  string // content; "missing" leaves it out
		got   string
		wants []string // parts of the one failure; none: passes
	}{
		{name: "equal", file: "a\nb\n", got: "a\nb\n"},
		{name: "empty file and empty result", file: "", got: ""},
		{name: "missing", file: "missing", got: "", wants: []string{"is missing", "-update"}},
		{name: "another line", file: "a\nb\n", got: "a\nc\n", wants: []string{"-want +got", `"b\n"`, `"c\n"`}},
		{name: "last line end gone", file: "a\n", got: "a", wants: []string{"differs"}},
		{name: "line ends", file: "a\n", got: "a\r\n", wants: []string{`"a\r\n"`}},
		{name: "not text", file: "\xff\x00", got: "\xff\x01", wants: []string{"differs"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "want")
			if tt.file != "missing" {
				if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			r := &recorder{TB: t}
			compare(r, path, []byte(tt.got), false)
			if len(tt.wants) == 0 {
				if len(r.failures) != 0 {
					t.Fatalf("unexpected failures: %q", r.failures)
				}
				return
			}
			if len(r.failures) != 1 {
				t.Fatalf("got %d failures, want 1: %q", len(r.failures), r.failures)
			}
			for _, want := range tt.wants {
				// cmp.Diff mixes in no-break spaces on purpose.
				if msg := strings.ReplaceAll(r.failures[0], "\u00a0", " "); !strings.Contains(msg, want) {
					t.Errorf("failure lacks %q:\n%s", want, msg)
				}
			}
		})
	}
}

func TestUpdate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "dir", "want.txt")
	for _, content := range []string{"first", "second"} {
		compare(t, path, []byte(content), true)
		compare(t, path, []byte(content), false)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, path, []byte("second"), true)
	again, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(again.ModTime()) {
		t.Error("an unchanged file was written again")
	}
}

func TestUnreadable(t *testing.T) {
	r := &recorder{TB: t}
	compare(r, t.TempDir(), nil, false)
	compare(r, t.TempDir(), nil, true)
	if len(r.failures) != 2 {
		t.Errorf("a directory in place of the file: got %q, want 2 failures", r.failures)
	}
}

func TestFlag(t *testing.T) {
	path := filepath.Join(t.TempDir(), "want")
	r := &recorder{TB: t}
	Compare(r, path, []byte("x"))
	_, err := os.Stat(path)
	if *update {
		if err != nil || len(r.failures) != 0 {
			t.Errorf("with -update: %v, %q", err, r.failures)
		}
	} else if err == nil || len(r.failures) != 1 {
		t.Errorf("without -update: %v, %q", err, r.failures)
	}
}
