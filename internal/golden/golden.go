// Package golden compares what a test produced with a file kept in testdata.
//
//	golden.Compare(t, "testdata/list.json", got)
//
// go test ./that/package -update writes the files anew. A test may call it
// from several goroutines as long as their paths differ.
package golden

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// update is the one switch of this kind in the module: a second package that
// registered the same flag would stop the test binary.
var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// Compare makes t fail when the file at path does not hold exactly got. A
// missing file is a failure. With -update it writes the file, making its
// directory, and does not fail.
func Compare(t testing.TB, path string, got []byte) {
	t.Helper()
	compare(t, path, got, *update)
}

func compare(t testing.TB, path string, got []byte, update bool) {
	t.Helper()
	if update {
		write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Errorf("golden file %s is missing; go test -update writes it. Got:\n%s", path, got)
	case err != nil:
		t.Errorf("golden file: %v", err)
	case !bytes.Equal(got, want):
		t.Errorf("%s differs (-want +got); go test -update accepts it:\n%s", path, diff(want, got))
	}
}

func write(t testing.TB, path string, got []byte) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, got) {
		return // leave the modification time alone: cached test results depend on it
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Errorf("golden file: %v", err)
		return
	}
	if err := os.WriteFile(path, got, 0o644); err != nil {
		t.Errorf("golden file: %v", err)
	}
}

// diff compares text by lines and other bytes as they are.
func diff(want, got []byte) string {
	if !utf8.Valid(want) || !utf8.Valid(got) {
		return cmp.Diff(want, got)
	}
	return cmp.Diff(strings.SplitAfter(string(want), "\n"), strings.SplitAfter(string(got), "\n"))
}
