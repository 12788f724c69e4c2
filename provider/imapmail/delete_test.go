package imapmail

import (
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
		for try := range 2 {
			out, err := acct.Delete(t.Context(), all[:1], false)
			if err != nil {
				t.Fatal(err)
			}
			if try == 0 && (out[0].Err != nil || !out[0].Remains) {
				t.Errorf("%+v", out[0])
			}
			if try == 1 {
				wantCode(t, out[0].Err, provider.Conflict)
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
