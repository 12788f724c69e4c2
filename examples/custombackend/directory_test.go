package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/providertest"
)

// harness puts message files into a directory.
type harness struct {
	dir   string
	box   *Directory
	files int
}

func (h *harness) Open(t *testing.T) provider.Provider {
	t.Helper()
	h.dir, h.files = t.TempDir(), 0
	for _, folder := range []string{"INBOX", "Letters"} {
		if err := os.Mkdir(filepath.Join(h.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	box, err := Open("dir", os.DirFS(h.dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	h.box = box
	return box
}

func (h *harness) Deliver(t *testing.T, folder string, raw []byte) provider.MessageID {
	t.Helper()
	h.files++
	name := fmt.Sprintf("%s/%06d.eml", folder, h.files)
	if err := os.WriteFile(filepath.Join(h.dir, name), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.box.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return h.box.known[name]
}

func (h *harness) Rebuild(t *testing.T, folder string) {
	t.Helper()
	if err := h.box.box.Rebuild(folder); err != nil {
		t.Fatal(err)
	}
}

func account(t *testing.T, files fs.FS) *provider.Account {
	t.Helper()
	dir, err := Open("dir", files)
	if err != nil {
		t.Fatal(err)
	}
	acct, err := provider.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = acct.Close() })
	return acct
}

func TestConformance(t *testing.T) { providertest.Run(t, &harness{}) }

const letter = "From: bob@example.net\r\nSubject: %s\r\n\r\nx\r\n"

func TestFilesComeAndGo(t *testing.T) {
	files := fstest.MapFS{
		"INBOX/1.eml":                {Data: fmt.Appendf(nil, letter, "one")},
		"Projects/Lighthouse/2.eml":  {Data: fmt.Appendf(nil, letter, "two")},
		"Projects/Lighthouse/notes":  {Data: []byte("not a message")},
		"beside the folders.eml":     {Data: fmt.Appendf(nil, letter, "nowhere")},
		"Projects/Lighthouse/.empty": {},
	}
	acct := account(t, files)
	subjects := func() string {
		t.Helper()
		page, err := acct.Search(t.Context(), provider.Query{Everywhere: true}, provider.PageRequest{})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, s := range page.Items {
			all = append(all, string(s.Folder)+": "+s.Subject)
		}
		return strings.Join(all, ", ")
	}
	if got, want := subjects(), "Projects/Lighthouse: two, INBOX: one"; got != want {
		t.Errorf("found %q, want %q", got, want)
	}
	delete(files, "INBOX/1.eml")
	files["INBOX/3.eml"] = &fstest.MapFile{Data: fmt.Appendf(nil, letter, "three")}
	if got, want := subjects(), "INBOX: three, Projects/Lighthouse: two"; got != want {
		t.Errorf("found %q, want %q", got, want)
	}
	folders, err := acct.ListFolders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range folders {
		paths = append(paths, f.Path)
	}
	if diff := cmp.Diff([]string{"INBOX", "Projects", "Projects/Lighthouse"}, paths); diff != "" {
		t.Error(diff)
	}
}

// vanishing lists a file and a directory that are gone when they are opened.
type vanishing struct{ fstest.MapFS }

func (v vanishing) Open(name string) (fs.File, error) {
	if strings.Contains(name, "gone") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return v.MapFS.Open(name)
}

func (v vanishing) ReadFile(name string) ([]byte, error) {
	return fs.ReadFile(struct{ fs.FS }{v}, name)
}

func (v vanishing) ReadDir(name string) ([]fs.DirEntry, error) {
	if strings.Contains(name, "gone") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return v.MapFS.ReadDir(name)
}

func TestFilesGoMeanwhile(t *testing.T) {
	acct := account(t, vanishing{fstest.MapFS{
		"INBOX/1-gone.eml": {Data: []byte("x")}, "INBOX/2.eml": {Data: fmt.Appendf(nil, letter, "two")}, "gone/3.eml": {Data: []byte("x")},
	}})
	page, err := acct.ListMessages(t.Context(), provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
	if err != nil || len(page.Items) != 1 || page.Items[0].Subject != "two" {
		t.Errorf("%+v, %v", page.Items, err)
	}
}

// stopping ends a context once the whole tree was read.
type stopping struct {
	fstest.MapFS
	stop func()
}

func (s stopping) ReadDir(name string) ([]fs.DirEntry, error) {
	s.stop()
	return s.MapFS.ReadDir(name)
}

func TestRemovalIsTriedAgain(t *testing.T) {
	files := stopping{fstest.MapFS{"1/1.eml": {Data: fmt.Appendf(nil, letter, "one")}}, func() {}}
	dir, err := Open("dir", &files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dir.Close() })
	if err := dir.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	delete(files.MapFS, "1/1.eml")
	ctx, cancel := context.WithCancel(t.Context())
	files.stop = cancel // there is nothing left to walk over, only to remove
	if err := dir.refresh(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want canceled", err)
	}
	files.stop = func() {}
	page, err := dir.Search(t.Context(), provider.Query{Everywhere: true}, provider.PageRequest{})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("a removed file is still found: %+v, %v", page.Items, err)
	}
}

func TestDirectoryThatIsGone(t *testing.T) {
	acct := account(t, os.DirFS(filepath.Join(t.TempDir(), "gone")))
	if _, err := acct.ListFolders(t.Context()); !errors.Is(err, provider.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), nil, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"this account can: folders read search thread\n", "\nINBOX (2)\n", `"Green it is"`, `"Maße bestätigen"`, "\nLetters (1)\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	if err := run(t.Context(), []string{filepath.Join(t.TempDir(), "gone")}, &out); err == nil {
		t.Error("a directory that does not exist is no error")
	}
}
