package imapmail

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

func TestIDs(t *testing.T) {
	b := open(t, Options{Account: "work", IMAP: imapx.Options{Addr: "imap.example.org:993", Username: "ann"}})
	id := b.newID("Projects/Åre 2026", 1763632800, 4294967295)
	if len(id) > 32 {
		t.Errorf("%s has %d characters", id, len(id))
	}
	r, err := b.parseID(id)
	if err != nil || r.validity != 1763632800 || r.uid != 4294967295 || r.hash != provider.ShortHash("Projects/Åre 2026", folderHash) {
		t.Errorf("%s is %+v, %v", id, r, err)
	}
	local := id.Local()
	for name, bad := range map[string]string{
		"another account": "zz-" + local, "no tag": local, "empty": "", "too few fields": "work-a.b",
		"leading zero": string(id[:len(id)-len("1z141z3")]) + "01z141z3", "uid 0": strings.TrimSuffix(string(id), "1z141z3") + "0",
		"uid too large": strings.TrimSuffix(string(id), "1z141z3") + "1z141z4", "upper case": strings.ToUpper(string(id)),
		"sign": strings.TrimSuffix(string(id), "1z141z3") + "+5", "extra field": string(id) + ".1", "short folder": strings.Replace(string(id), r.hash, "abc", 1),
	} {
		if _, err := b.parseID(provider.MessageID(bad)); provider.CodeOf(err) != provider.Invalid {
			t.Errorf("%s: %q gives %v", name, bad, err)
		}
	}
}

// FuzzID: an id is either refused or says exactly one thing.
func FuzzID(f *testing.F) {
	b, err := Open(Options{Account: "work", IMAP: imapx.Options{Addr: "imap.example.org:993", Username: "ann"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { b.Close() })
	f.Add(string(b.newID("INBOX", 7, 5)))
	f.Add("abc-aaaaaaa.1.1")
	f.Add("abc-aaaaaaa.01.1")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := b.parseID(provider.MessageID(s))
		if err != nil {
			wantCode(t, err, provider.Invalid)
			return
		}
		if again := provider.NewMessageID("work", localID(r.hash, r.validity, r.uid)); string(again) != s {
			t.Errorf("%q means %+v, which is written %q", s, r, again)
		}
	})
}

func TestIDsOfOtherSessions(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		srv.CreateFolder(t, "Projects")
		srv.Append(t, "Projects", letter(1))
		acct, _, _ := account(t, srv, nil)
		id := list(t, acct, provider.ListOptions{Folder: provider.FolderID(srv.Path("Projects"))}, provider.PageRequest{}).Items[0].ID

		later, _, count := account(t, srv, nil) // knows no folder yet
		got, err := later.ReadMessages(t.Context(), []provider.MessageID{id}, provider.ReadOptions{})
		if err != nil || got[0].Err != nil || got[0].Message.Subject != "letter 1" {
			t.Fatalf("%+v, %v", got, err)
		}
		count.Reset()
		if _, err := later.ReadMessages(t.Context(), []provider.MessageID{id}, provider.ReadOptions{}); err != nil || count.RoundTrips() != 1 {
			t.Errorf("%d round trips the second time, %v", count.RoundTrips(), err)
		}

		srv.DeleteFolder(t, "Projects")
		newest, _, _ := account(t, srv, nil)
		got, err = newest.ReadMessages(t.Context(), []provider.MessageID{id}, provider.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, got[0].Err, provider.NotFound)
		out, err := newest.SetFlags(t.Context(), []provider.MessageID{id}, provider.FlagChange{Add: provider.Seen})
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, out[0].Err, provider.NotFound)
	})
}

// TestFoldersListedMeanwhile: whoever looks up a folder never finds the list
// half replaced.
func TestFoldersListedMeanwhile(t *testing.T) {
	b := open(t, Options{Account: "work", IMAP: imapx.Options{Addr: "imap.example.org:993", Username: "ann"}})
	list := []imapx.Folder{{Name: "INBOX"}, {Name: "Archive"}}
	b.remember(list)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 5000 {
			b.remember(list)
		}
	}()
	defer func() { <-done }()
	for hash := provider.ShortHash("Archive", folderHash); ; {
		select {
		case <-done:
			return
		default:
			if len(b.named(hash)) != 1 {
				t.Fatal("a folder that was listed before and after is not known")
			}
		}
	}
}

// TestIDsOfFoldersThatAreGone: however many, the folders are listed once.
func TestIDsOfFoldersThatAreGone(t *testing.T) {
	acct, b, count := account(t, imapxtest.Memory(t), nil)
	list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
	var ids []provider.MessageID
	for i := range 10 {
		ids = append(ids, b.newID(fmt.Sprint("gone ", i), 1, 1))
	}
	count.Reset()
	got, err := acct.ReadMessages(t.Context(), ids, provider.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		wantCode(t, r.Err, provider.NotFound)
	}
	if n := count.RoundTrips(); n > 1 {
		t.Errorf("%d round trips", n)
	}
}

// TestMoveToInboxInAnyCase: the one name without case is one folder.
func TestMoveToInboxInAnyCase(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		fill(t, srv, "Archive", 1)
		acct, _, _ := account(t, srv, nil)
		all := ids(list(t, acct, provider.ListOptions{Folder: provider.FolderID(srv.Path("Archive"))}, provider.PageRequest{}).Items)
		out, err := acct.Move(t.Context(), all, "inbox")
		if err != nil || out[0].Err != nil {
			t.Fatalf("%+v, %v", out, err)
		}
		if _, err := acct.ListFolders(t.Context()); err != nil {
			t.Fatal(err)
		}
		moved := []provider.MessageID{out[0].NewID}
		diff(t, "new ids", moved, ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items))
		got, err := acct.ReadMessages(t.Context(), moved, provider.ReadOptions{})
		if err != nil || got[0].Err != nil {
			t.Errorf("%+v, %v", got, err)
		}
		_, err = acct.Move(t.Context(), moved, "Inbox")
		wantCode(t, err, provider.Invalid)
	})
}
