package imapmail

import (
	"errors"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// operation is a call that uses messages of the folder Projects by their ids.
type operation struct {
	name string
	do   func(*testing.T, *provider.Account, []provider.MessageID) error
}

func operations(archive provider.FolderID) []operation {
	outcome := func(out []provider.Outcome, err error) error {
		if err != nil {
			return err
		}
		return out[0].Err
	}
	return []operation{
		{"read", func(t *testing.T, a *provider.Account, ids []provider.MessageID) error {
			got, err := a.ReadMessages(t.Context(), ids, provider.ReadOptions{})
			if err != nil {
				return err
			}
			return got[0].Err
		}},
		{"open part", func(t *testing.T, a *provider.Account, ids []provider.MessageID) error {
			_, _, err := a.OpenPart(t.Context(), ids[0], "1")
			return err
		}},
		{"flag", func(t *testing.T, a *provider.Account, ids []provider.MessageID) error {
			return outcome(a.SetFlags(t.Context(), ids, provider.FlagChange{Add: provider.Seen}))
		}},
		{"move", func(t *testing.T, a *provider.Account, ids []provider.MessageID) error {
			return outcome(a.Move(t.Context(), ids, archive))
		}},
		{"delete", func(t *testing.T, a *provider.Account, ids []provider.MessageID) error {
			return outcome(a.Delete(t.Context(), ids, false))
		}},
		{"purge", func(t *testing.T, a *provider.Account, ids []provider.MessageID) error {
			return outcome(a.Delete(t.Context(), ids, true))
		}},
	}
}

// TestFolderTakenAway: each call on a folder that others removed, or rebuilt,
// while we had it open fails in its own terms, touches nothing else, and the
// account goes on working.
func TestFolderTakenAway(t *testing.T) {
	onServers(t, func(t *testing.T, root *imapxtest.Server) {
		for _, op := range operations(provider.FolderID(root.Path("Archive"))) {
			for _, how := range []struct {
				name string
				take func(*testing.T, *imapxtest.Server)
				code provider.Code
			}{
				{"removed", func(t *testing.T, srv *imapxtest.Server) { srv.DeleteFolder(t, "Projects") }, provider.NotFound},
				{"rebuilt", func(t *testing.T, srv *imapxtest.Server) {
					srv.Rebuild(t, "Projects")
					fill(t, srv, "Projects", 3)
				}, provider.Conflict},
			} {
				t.Run(op.name+"/"+how.name, func(t *testing.T) {
					srv := root.Fresh(t)
					srv.Do(t, "CREATE "+srv.Path("Projects")) // a server may make Drafts anew by itself
					fill(t, srv, "Projects", 3)
					acct, _, _ := account(t, srv, nil)
					projects := provider.ListOptions{Folder: provider.FolderID(srv.Path("Projects"))}
					all := ids(list(t, acct, projects, provider.PageRequest{}).Items)
					if err := whole(acct.SetFlags(t.Context(), all[:1], provider.FlagChange{Add: provider.Seen})); err != nil {
						t.Fatal(err) // now it is open for changes
					}
					how.take(t, srv)
					srv.Cut() // the in-memory server, and Dovecot for a while, go on showing the old one
					err := op.do(t, acct, all)
					if op.name == "move" || op.name == "delete" {
						// The connection was lost under the move: they are in neither folder.
						if !errors.Is(err, provider.NotFound) {
							wantCode(t, err, how.code)
						}
					} else {
						wantCode(t, err, how.code)
					}
					if how.code == provider.Conflict {
						if n := len(srv.UIDs(t, "Projects")); n != 3 {
							t.Errorf("%d messages left in the new folder", n)
						}
						all = ids(list(t, acct, projects, provider.PageRequest{}).Items)
						if err := op.do(t, acct, all); err != nil {
							t.Errorf("with new ids: %v", err)
						}
					}
					list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
				})
			}
		}
	})
}

// TestDestinationTakenAway: what cannot arrive stays where it is.
func TestDestinationTakenAway(t *testing.T) {
	for _, hide := range [][]string{nil, {"MOVE"}} {
		onServers(t, func(t *testing.T, srv *imapxtest.Server) {
			fill(t, srv, "INBOX", 2)
			srv.Do(t, "CREATE "+srv.Path("Elsewhere"))
			acct, _, _ := account(t, srv, nil)
			all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items)
			if err := whole(acct.Move(t.Context(), all[:1], provider.FolderID(srv.Path("Elsewhere")))); err != nil {
				t.Fatal(err)
			}
			srv.DeleteFolder(t, "Elsewhere")
			_, err := acct.Move(t.Context(), all[1:], provider.FolderID(srv.Path("Elsewhere")))
			wantCode(t, err, provider.NotFound)
			if n := len(srv.UIDs(t, "INBOX")); n != 1 {
				t.Errorf("%d messages left", n)
			}
		}, hide...)
	}
}
