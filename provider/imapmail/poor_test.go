package imapmail

import (
	"errors"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// onPoorServers runs test on servers that answer differently, where there are any.
func onPoorServers(t *testing.T, test func(t *testing.T, srv *imapxtest.Server)) {
	t.Helper()
	t.Run("cyrus", func(t *testing.T) { test(t, imapxtest.Cyrus(t)) })
	t.Run("courier", func(t *testing.T) { test(t, imapxtest.Courier(t)) })
}

// TestChangesOnPoorServers: a change whose answer is lost, and folders that are
// not there, on Cyrus and on Courier, which has no MOVE and keeps all below INBOX.
func TestChangesOnPoorServers(t *testing.T) {
	onPoorServers(t, func(t *testing.T, root *imapxtest.Server) {
		commands := []string{"UID MOVE"}
		courier := root.Path("Archive") != "Archive"
		if courier {
			commands = []string{"UID COPY", "UID EXPUNGE"}
		}
		for _, command := range commands {
			t.Run("lost answer to "+command, func(t *testing.T) {
				srv := root.Fresh(t)
				fill(t, srv, "INBOX", 3)
				archive := provider.FolderID(srv.Path("Archive"))
				acct, err := provider.Open(losing(t, srv, command, imapxtest.Answer))
				if err != nil {
					t.Fatal(err)
				}
				all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items)
				out, err := acct.Move(t.Context(), all[:2], archive)
				if err != nil || out[0].Err != nil || out[1].Err != nil || out[0].NewID == "" {
					t.Fatalf("%+v, %v", out, err)
				}
				if in, there := len(srv.UIDs(t, "INBOX")), len(srv.UIDs(t, "Archive")); in != 1 || there != 2 {
					t.Errorf("%d left, %d arrived", in, there)
				}
				out, err = acct.Move(t.Context(), all[:2], archive)
				if err != nil || !errors.Is(out[0].Err, provider.NotFound) {
					t.Errorf("again: %+v, %v", out, err)
				}
			})
		}
		t.Run("sent and trash are made", func(t *testing.T) {
			srv := root.Fresh(t)
			fill(t, srv, "INBOX", 1)
			srv.DeleteFolder(t, "Sent")
			if !courier { // which never lets go of Trash
				srv.DeleteFolder(t, "Trash")
			}
			acct, _, _ := account(t, srv, nil)
			got, err := acct.Send(t.Context(), outgoing("bob@example.com"))
			if err != nil || got.Copy != provider.CopyFiled {
				t.Fatalf("receipt %+v, %v", got, err)
			}
			all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items)
			out, err := acct.Delete(t.Context(), all, false)
			if err != nil || out[0].Err != nil {
				t.Fatalf("%+v, %v", out, err)
			}
			if sent, trash := len(srv.UIDs(t, "Sent")), len(srv.UIDs(t, "Trash")); sent != 1 || trash != 1 {
				t.Errorf("%d in Sent, %d in Trash", sent, trash)
			}
		})
	})
}
