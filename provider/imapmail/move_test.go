package imapmail

import (
	"errors"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// TestMoveWithALostAnswer: a caller learns where each message is, and may try
// again whatever it learns.
func TestMoveWithALostAnswer(t *testing.T) {
	for _, tt := range []struct {
		name, command string
		loss          imapxtest.Loss
		hide          []string
		moved         bool
	}{
		{"move, answer", "UID MOVE", imapxtest.Answer, nil, true},
		{"move, command", "UID MOVE", imapxtest.Command, nil, false},
		{"copy, answer", "UID COPY", imapxtest.Answer, []string{"MOVE"}, true},
		{"copy, command", "UID COPY", imapxtest.Command, []string{"MOVE"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				if tt.command == "UID MOVE" {
					needs(t, srv, "MOVE")
				}
				fill(t, srv, "INBOX", 3)
				archive := provider.FolderID(srv.Path("Archive"))
				b := losing(t, srv, tt.command, tt.loss)
				acct, err := provider.Open(b)
				if err != nil {
					t.Fatal(err)
				}
				all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items)
				out, err := acct.Move(t.Context(), all[:2], archive)
				if !tt.moved {
					wantCode(t, err, provider.Unavailable)
					if n := len(srv.UIDs(t, "INBOX")); n != 3 {
						t.Fatalf("%d messages left", n)
					}
					out, err = acct.Move(t.Context(), all[:2], archive)
				}
				if err != nil {
					t.Fatal(err)
				}
				for i, o := range out {
					if o.Err != nil || o.NewID == "" {
						t.Fatalf("%+v", o)
					}
					read, err := acct.ReadMessages(t.Context(), []provider.MessageID{o.NewID}, provider.ReadOptions{})
					if err != nil || read[0].Err != nil || read[0].Message.HeaderID != []string{"3@example.org", "2@example.org"}[i] {
						t.Errorf("%s became %+v, %v", o.ID, read, err)
					}
				}
				if in, there := len(srv.UIDs(t, "INBOX")), len(srv.UIDs(t, "Archive")); in != 1 || there != 2 {
					t.Errorf("%d left, %d arrived", in, there)
				}
				again, err := acct.Move(t.Context(), all[:2], archive)
				if err != nil || !errors.Is(again[0].Err, provider.NotFound) {
					t.Errorf("again: %+v, %v", again, err)
				}
			}, tt.hide...)
		})
	}
}

// TestFallbackRoundTrips: a thousand messages cost three round trips where the
// server has no MOVE.
func TestFallbackRoundTrips(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		fill(t, srv, "INBOX", 40)
		acct, _, count := account(t, srv, nil)
		all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{Limit: provider.MaxLimit}).Items)
		if err := whole(acct.Move(t.Context(), all[:1], provider.FolderID(srv.Path("Archive")))); err != nil {
			t.Fatal(err)
		}
		count.Reset()
		if err := whole(acct.Move(t.Context(), all[1:], provider.FolderID(srv.Path("Archive")))); err != nil {
			t.Fatal(err)
		}
		if n := count.RoundTrips(); n > 3 {
			t.Errorf("%d round trips", n)
		}
	}, "MOVE")
}

// TestMoveOfIDsFromElsewhere: those that were never listed here cost one more.
func TestMoveOfIDsFromElsewhere(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		needs(t, srv, "MOVE")
		fill(t, srv, "INBOX", 3)
		other, _, _ := account(t, srv, nil)
		all := ids(list(t, other, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items)
		acct, _, count := account(t, srv, nil)
		if err := whole(acct.SetFlags(t.Context(), all, provider.FlagChange{Add: provider.Seen})); err != nil {
			t.Fatal(err)
		}
		count.Reset()
		if err := whole(acct.Move(t.Context(), all, provider.FolderID(srv.Path("Archive")))); err != nil {
			t.Fatal(err)
		}
		if n := count.RoundTrips(); n > 2 {
			t.Errorf("%d round trips", n)
		}
	})
}
