//go:build unix

package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every file that is made is its owner's alone, whatever the umask lets through.
func TestStateModes(t *testing.T) {
	file := stateName(t)
	st := opened(t, file, "")
	put(t, st, "imap", aLogin("token-one"))
	files, err := filepath.Glob(file + "*")
	if err != nil || len(files) < 4 {
		t.Fatalf("files %q, %v; want the state, its log and index, and the key", files, err)
	}
	for _, one := range files {
		info, err := os.Lstat(one)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, %v", filepath.Base(one), info.Mode(), err)
		}
	}
}

// What others may read or change, or may have put there, is refused.
func TestStateOfOthers(t *testing.T) {
	move := func(from, to string) error {
		if err := os.Rename(from, to); err != nil {
			return err
		}
		return os.Symlink(to, from)
	}
	chmod := func(mode fs.FileMode) func(string) error {
		return func(file string) error { return os.Chmod(file, mode) }
	}
	for name, tc := range map[string]struct {
		suffix string
		change func(file string) error
		says   string
	}{
		"group reads":      {"", chmod(0o640), "mode 0640"},
		"others read":      {"", chmod(0o604), "mode 0604"},
		"others write":     {"", chmod(0o602), "mode 0602"},
		"a link":           {"", func(f string) error { return move(f, f+".real") }, "symbolic link"},
		"group reads key":  {".key", chmod(0o640), "mode 0640"},
		"others write key": {".key", chmod(0o602), "mode 0602"},
		"key is a link":    {".key", func(f string) error { return move(f, f+".real") }, "symbolic link"},
		"another's":        {"", func(f string) error { return os.Chown(f, 65532, 65532) }, "another user"},
		"another's key":    {".key", func(f string) error { return os.Chown(f, 65532, 65532) }, "another user"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "another") && os.Geteuid() != 0 {
				t.Skip("giving a file away needs the rights of root")
			}
			file := stateName(t)
			st := opened(t, file, "")
			put(t, st, "imap", aLogin("token-one"))
			st.Close()
			if err := tc.change(file + tc.suffix); err != nil {
				t.Fatal(err)
			}
			for _, create := range []bool{true, false} {
				if _, err := openState(t.Context(), file, "", create); err == nil || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), file+tc.suffix) {
					t.Errorf("got %v, want %q", err, tc.says)
				}
			}
		})
	}
}
