package imapmail

import (
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// TestDeleteWhereOriginalsStay: a server with neither MOVE nor UIDPLUS.
func TestDeleteWhereOriginalsStay(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		fill(t, srv, "INBOX", 2)
		acct, _, _ := account(t, srv, nil)
		all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items)
		for range 2 { // the second time it finds the copy
			out, err := acct.Delete(t.Context(), all[:1], false)
			if err != nil || out[0].Err != nil || !out[0].Remains {
				t.Fatalf("%+v, %v", out, err)
			}
		}
		if n := len(srv.UIDs(t, "Trash")); n != 1 {
			t.Errorf("%d copies in Trash", n)
		}
		for _, s := range list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items {
			if s.Flags.Has(provider.Deleted) != (s.ID == all[0]) {
				t.Errorf("%s has flags %05b", s.ID, s.Flags)
			}
		}
		_, err := acct.Delete(t.Context(), all[:1], true)
		wantCode(t, err, provider.Unsupported)
	}, "MOVE", "UIDPLUS")
}

// TestDeleteWithoutTrash: the folder is made when it is needed first, and again
// when it is gone since.
func TestDeleteWithoutTrash(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		if srv.Path("Trash") != "Trash" {
			t.Skip("Courier never lets go of Trash")
		}
		fill(t, srv, "INBOX", 2)
		srv.DeleteFolder(t, "Trash")
		acct, _, _ := account(t, srv, nil)
		all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items)
		for _, id := range all {
			out, err := acct.Delete(t.Context(), []provider.MessageID{id}, false)
			if err != nil || out[0].Err != nil {
				t.Fatalf("%+v, %v", out, err)
			}
			if n := len(srv.UIDs(t, "Trash")); n != 1 {
				t.Fatalf("Trash holds %d", n)
			}
			folders, err := acct.ListFolders(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(folders, func(f provider.Folder) bool { return f.Role == provider.RoleTrash })
			if i < 0 || folders[i].Path != "Trash" || !folders[i].Subscribed {
				t.Errorf("folders %+v", folders)
			}
			srv.DeleteFolder(t, "Trash")
		}
	})
}

// TestRemovalRefused: what was marked and not removed says so.
func TestRemovalRefused(t *testing.T) {
	acct, b, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "UIDPLUS", func(command string) string {
			switch {
			case strings.HasPrefix(command, "EXAMINE"):
				return "* 0 EXISTS\n* OK [UIDVALIDITY 7] ok\n$ OK open\n"
			case strings.HasPrefix(command, "UID STORE"):
				return "* 1 FETCH (UID 1 FLAGS (\\Deleted))\n* 2 FETCH (UID 2 FLAGS (\\Deleted))\n$ OK done\n"
			case strings.HasPrefix(command, "UID EXPUNGE"):
				return "$ NO [INUSE] somebody is at it\n"
			case strings.HasPrefix(command, "UID SEARCH"):
				return "* SEARCH 2\n$ OK done\n"
			}
			return ""
		})
	})
	list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}) // logs in: only now it is known what the server can do
	out, err := acct.Delete(t.Context(), []provider.MessageID{b.newID("INBOX", 7, 1), b.newID("INBOX", 7, 2)}, true)
	if err != nil || out[0].Err != nil || out[0].Remains || !out[1].Remains {
		t.Fatalf("%+v, %v", out, err)
	}
	wantCode(t, out[1].Err, provider.RateLimited)
	for _, words := range []string{"marked deleted", "somebody is at it"} {
		if !strings.Contains(out[1].Err.Error(), words) {
			t.Errorf("%q lacks %q", out[1].Err, words)
		}
	}
}
