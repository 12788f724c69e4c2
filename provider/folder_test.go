package provider_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

// germanFolders is a mailbox whose names do not give the roles away.
func germanFolders() []provider.Folder {
	return []provider.Folder{
		{ID: "f-1", Path: "INBOX", Delimiter: "/", Role: provider.RoleInbox},
		{ID: "f-2", Path: "Ablage", Delimiter: "/", Role: provider.RoleArchive},
		{ID: "f-3", Path: "archive", Delimiter: "/"},
		{ID: "f-4", Path: "Gesendet", Delimiter: "/", Role: provider.RoleSent},
		{ID: "f-5", Path: "Trash", Delimiter: "/"},
		{ID: "f-6", Path: "Gelöscht", Delimiter: "/", Role: provider.RoleTrash},
		{ID: "f-7", Path: "Projekte/Ägypten", Delimiter: "/"},
		{ID: "f-8", Path: "Projekte", Delimiter: "/", NoSelect: true},
		{ID: "Gesendet", Path: "Export", Delimiter: "/"},
		{ID: "f-9", Path: "junk/old", Delimiter: "/"},
	}
}

func TestFolderResolution(t *testing.T) {
	tests := []struct{ name, ask, want string }{
		{"by id", "f-4", "Gesendet"},
		{"an id before a path", "Gesendet", "Export"},
		{"by path", "Ablage", "Ablage"},
		{"a path before a role", "archive", "archive"},
		{"by role", "sent", "Gesendet"},
		{"a role in any case", "SENT", "Gesendet"},
		{"a role before another case of a path", "trash", "Gelöscht"},
		{"the path itself before the role", "Trash", "Trash"},
		{"a path in another case", "ablage", "Ablage"},
		{"a path in another case, beyond ASCII", "PROJEKTE/ÄGYPTEN", "Projekte/Ägypten"},
		{"inbox", "Inbox", "INBOX"},
		{"one that holds no messages", "Projekte", "Projekte"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake("work")
			f.folders = germanFolders()
			a := open(t, f)
			for _, when := range []string{"first", "again"} {
				got, err := a.Folder(t.Context(), test.ask)
				if err != nil || got.Path != test.want {
					t.Errorf("%s: Folder(%q) = %q, %v, want %q", when, test.ask, got.Path, err, test.want)
				}
			}
		})
	}
}

// TestFolderNotInvented: a role nobody has is not guessed from a name in any
// language, and neither is a folder from a part of its name.
func TestFolderNotInvented(t *testing.T) {
	tests := []struct{ name, ask, hint string }{
		{"a role nobody has", "junk", `"junk/old"`},
		{"a role in another language", "Papierkorb", "list_folders"},
		{"the last level only", "Ägypten", `"Projekte/Ägypten"`},
		{"a typing mistake", "Gesendt", `nearest names: "Gesendet"`},
		{"no role", "none", "list_folders"},
		{"spaces around", " INBOX ", `"INBOX"`},
	}
	f := newFake("work")
	f.folders = germanFolders()[:8]
	f.folders = append(f.folders, germanFolders()[9])
	a := open(t, f)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := a.Folder(t.Context(), test.ask)
			var e *provider.Error
			if !errors.As(err, &e) || e.Code != provider.NotFound || got != (provider.Folder{}) {
				t.Fatalf("Folder(%q) = %+v, %v, want NotFound", test.ask, got, err)
			}
			if !strings.Contains(e.Hint, test.hint) || !strings.Contains(err.Error(), fmt.Sprintf("%q", test.ask)) {
				t.Errorf("error %q, hint %q, want %q", err, e.Hint, test.hint)
			}
		})
	}
}

// takingNames are the calls that are handed a folder's name or id.
func takingNames() map[string]func(*testing.T, *provider.Account, string) error {
	return map[string]func(*testing.T, *provider.Account, string) error{
		"find": func(t *testing.T, a *provider.Account, s string) error {
			_, err := a.Folder(t.Context(), s)
			return err
		},
		"create": func(t *testing.T, a *provider.Account, s string) error {
			_, err := a.CreateFolder(t.Context(), s)
			return err
		},
		"delete": func(t *testing.T, a *provider.Account, s string) error {
			return a.DeleteFolder(t.Context(), provider.FolderID(s), true)
		},
		"rename": func(t *testing.T, a *provider.Account, s string) error {
			_, err := a.RenameFolder(t.Context(), provider.FolderID(s), "New")
			return err
		},
		"rename to": func(t *testing.T, a *provider.Account, s string) error {
			_, err := a.RenameFolder(t.Context(), "Old", s)
			return err
		},
		"rename both": func(t *testing.T, a *provider.Account, s string) error {
			_, err := a.RenameFolder(t.Context(), provider.FolderID(s), s)
			return err
		},
		"move to": func(t *testing.T, a *provider.Account, s string) error {
			_, err := a.Move(t.Context(), workIDs(1), provider.FolderID(s))
			return err
		},
		"list": func(t *testing.T, a *provider.Account, s string) error {
			_, err := a.ListMessages(t.Context(), provider.ListOptions{Folder: provider.FolderID(s)}, provider.PageRequest{})
			return err
		},
		"search in": func(t *testing.T, a *provider.Account, s string) error {
			_, err := a.Search(t.Context(), provider.Query{In: []provider.FolderID{"INBOX", provider.FolderID(s)}}, provider.PageRequest{})
			return err
		},
	}
}

func TestFolderNames(t *testing.T) {
	tests := []struct {
		name, path, says string
	}{
		{"empty", "", "empty"},
		{"newline", "Work\r\nA1 DELETE INBOX", "control character"},
		{"zero byte", "Work\x00", "control character"},
		{"a control character beyond ASCII", "Work\u0085", "control character"},
		{"too long", strings.Repeat("é", 501), "1000 bytes"},
	}
	for _, test := range tests {
		for name, call := range takingNames() {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				f := newFake("work")
				err := call(t, open(t, f), test.path)
				if provider.CodeOf(err) != provider.Invalid || !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %v, want Invalid with %q", err, test.says)
				}
				if strings.ContainsAny(err.Error(), "\r\n") || len(err.Error()) > 200 {
					t.Errorf("an error in several lines, or of %d bytes: %q", len(err.Error()), err)
				}
				if len(f.called()) > 0 {
					t.Errorf("the backend was called: %v", f.called())
				}
			})
		}
	}
}

func TestUnknownFolderNameIsClipped(t *testing.T) {
	f := newFake("work")
	_, err := open(t, f).Folder(t.Context(), strings.Repeat("x", 1000))
	if provider.CodeOf(err) != provider.NotFound || len(err.Error()) > 200 {
		t.Errorf("an error of %d bytes: %.200v", len(err.Error()), err)
	}
}

func TestFolderAsksOnce(t *testing.T) {
	f := newFake("work")
	f.folders = germanFolders()
	a := open(t, f)
	view := a.Restrict(provider.Caps(provider.CapFolders, provider.CapFolderEdit))
	for _, name := range []string{"INBOX", "sent", "f-7", "Ablage"} {
		for _, acct := range []*provider.Account{a, view} {
			if _, err := acct.Folder(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := f.called(); len(got) != 1 {
		t.Errorf("asked %d times: %v", len(got), got)
	}
	blind := a.Restrict(provider.Caps(provider.CapRead))
	if got, err := blind.Folder(t.Context(), "INBOX"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a view that may not list folders found %+v, %v", got, err)
	}
	if _, err := blind.Folder(t.Context(), ""); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a view that may not list folders: %v", err)
	}
}

// TestFolderRenamedElsewhere: what is remembered of a folder that is gone ends
// in one NotFound, and the next look-up asks again.
func TestFolderRenamedElsewhere(t *testing.T) {
	uses := map[string]func(*testing.T, *provider.Account, provider.FolderID) error{
		"list": func(t *testing.T, a *provider.Account, id provider.FolderID) error {
			_, err := a.ListMessages(t.Context(), provider.ListOptions{Folder: id}, provider.PageRequest{})
			return err
		},
		"search": func(t *testing.T, a *provider.Account, id provider.FolderID) error {
			_, err := a.Search(t.Context(), provider.Query{In: []provider.FolderID{id}}, provider.PageRequest{})
			return err
		},
		"move": func(t *testing.T, a *provider.Account, id provider.FolderID) error {
			_, err := a.Move(t.Context(), workIDs(1), id)
			return err
		},
		"delete": func(t *testing.T, a *provider.Account, id provider.FolderID) error {
			return a.DeleteFolder(t.Context(), id, false)
		},
	}
	for name, use := range uses {
		t.Run(name, func(t *testing.T) {
			f := newFake("work")
			f.folders = []provider.Folder{{ID: "Work", Path: "Work"}}
			a := open(t, f)
			if _, err := a.Folder(t.Context(), "Work"); err != nil {
				t.Fatal(err)
			}
			f.setFolders(provider.Folder{ID: "Old/Work", Path: "Old/Work", Delimiter: "/"})
			got, err := a.Folder(t.Context(), "Work")
			if err != nil || got.ID != "Work" {
				t.Fatalf("remembered: %+v, %v", got, err)
			}
			f.err = &provider.Error{Code: provider.NotFound, Err: errors.New("no such folder")}
			if err := use(t, a, got.ID); provider.CodeOf(err) != provider.NotFound {
				t.Fatalf("use: %v", err)
			}
			f.err = nil
			_, err = a.Folder(t.Context(), "Work")
			var e *provider.Error
			if !errors.As(err, &e) || e.Code != provider.NotFound || !strings.Contains(e.Hint, `"Old/Work"`) {
				t.Errorf("after that: %v", err)
			}
		})
	}
}

// TestFolderMemoryEnds: a backend whose ids outlive a rename never answers
// NotFound, so what is remembered must not be believed for long.
func TestFolderMemoryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("work")
		f.folders = []provider.Folder{{ID: "1", Path: "Work"}}
		a := open(t, f)
		if _, err := a.Folder(t.Context(), "Work"); err != nil {
			t.Fatal(err)
		}
		f.setFolders(provider.Folder{ID: "1", Path: "Old"}, provider.Folder{ID: "2", Path: "Work"})
		<-time.After(time.Hour)
		if got, err := a.Folder(t.Context(), "Work"); err != nil || got.ID != "2" {
			t.Errorf("an hour later: %+v, %v, want folder 2", got, err)
		}
	})
}

// TestFolderMemoryIsNoGuess: a remembered name in another case gives way to a
// folder that has come to be called exactly so.
func TestFolderMemoryIsNoGuess(t *testing.T) {
	f := newFake("work")
	f.folders = []provider.Folder{{ID: "Work", Path: "Work"}}
	a := open(t, f)
	if _, err := a.ListFolders(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.setFolders(provider.Folder{ID: "Work", Path: "Work"}, provider.Folder{ID: "work", Path: "work"})
	if got, err := a.Folder(t.Context(), "work"); err != nil || got.ID != "work" {
		t.Errorf("Folder(work) = %+v, %v", got, err)
	}
}

func TestEditingForgetsFolders(t *testing.T) {
	for _, failing := range []bool{false, true} {
		for _, op := range operations() {
			if op.need != provider.CapFolderEdit {
				continue
			}
			t.Run(fmt.Sprintf("%s/failing %v", op.name, failing), func(t *testing.T) {
				f := newFake("work")
				f.folders = germanFolders()
				a := open(t, f)
				if _, err := a.Folder(t.Context(), "Ablage"); err != nil {
					t.Fatal(err)
				}
				if failing {
					f.err = &provider.Error{Code: provider.Uncertain}
				}
				if err := op.do(t.Context(), a); (err != nil) != failing {
					t.Fatal(err)
				}
				f.err = nil
				f.setFolders(provider.Folder{ID: "x", Path: "Ablage"})
				if got, err := a.Folder(t.Context(), "Ablage"); err != nil || got.ID != "x" {
					t.Errorf("Folder = %+v, %v, want the new one", got, err)
				}
			})
		}
	}
}

func TestListFolders(t *testing.T) {
	f := newFake("work")
	f.folders = germanFolders()
	a := open(t, f)
	got, err := a.ListFolders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(germanFolders(), got); diff != "" {
		t.Errorf("ListFolders (-want +got):\n%s", diff)
	}
	got[0].ID = "elsewhere"
	if inbox, err := a.Folder(t.Context(), "inbox"); err != nil || inbox.ID != "f-1" {
		t.Errorf("a caller changed what the account remembers: %+v, %v", inbox, err)
	}
}

func TestRoles(t *testing.T) {
	seen := map[provider.Role]bool{}
	for _, r := range provider.Roles() {
		if r == provider.RoleNone || seen[r] {
			t.Errorf("role %q", r)
		}
		seen[r] = true
	}
	if len(seen) != 8 {
		t.Errorf("%d roles", len(seen))
	}
}

func TestFolderWhenListingFails(t *testing.T) {
	f := newFake("work")
	f.err = &provider.Error{Code: provider.Unavailable}
	if got, err := open(t, f).Folder(t.Context(), "INBOX"); !errors.Is(err, provider.Unavailable) {
		t.Errorf("Folder = %+v, %v, want what ListFolders said", got, err)
	}
}
