package imapmail

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// TestSearchRoundTrips counts on the wire what a search costs on a warm
// connection, with ESEARCH and without.
func TestSearchRoundTrips(t *testing.T) {
	for _, hide := range [][]string{nil, {"ESEARCH", "SORT", "PARTIAL"}} {
		t.Run("without "+strings.Join(hide, " "), func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) { countSearches(t, srv, hide == nil) }, hide...)
		})
	}
}

func countSearches(t *testing.T, srv *imapxtest.Server, ranges bool) {
	needs(t, srv, "ESEARCH")
	fill(t, srv, "Archive", 120)
	commands := []string{"SELECT " + srv.Path("Archive")}
	for range 20 {
		commands = append(commands, "COPY 1:120 INBOX")
	}
	srv.Do(t, commands...)
	srv.Append(t, "Sent", letter(5000))
	acct, _, count := account(t, srv, func(o *Options) { o.IMAP.MaxConns = 1 })
	inbox := []provider.FolderID{"INBOX"}
	subject := provider.Query{In: inbox, Subject: []string{"letter"}}
	first, err := acct.Search(t.Context(), subject, provider.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		q     provider.Query
		after provider.Cursor
		most  int
		found int
	}{
		{"by subject", subject, "", 2, 20},
		{"its second page", subject, first.Next, 2, 20},
		{"nothing", provider.Query{In: inbox, From: []string{"nobody"}}, "", 1, 0},
		{"by sender, to and flag", provider.Query{In: inbox, From: []string{"ann@"}, To: []string{"bob"}, Without: provider.Flagged}, "", 2, 20},
		{"a common word in the body", provider.Query{In: inbox, Body: []string{"this is letter"}}, "", 2, 20},
		{"no such word in the body", provider.Query{In: inbox, Body: []string{"absent"}}, "", 3, 0}, // 1000 messages, all but a few, the rest
		{"by message id", provider.Query{In: inbox, HeaderID: "<77@example.org>"}, "", 2, 20},
		{"in three folders", provider.Query{In: []provider.FolderID{"INBOX", provider.FolderID(srv.Path("Archive")), provider.FolderID(srv.Path("Sent"))}, HeaderID: "5000@example.org"}, "", 2 + 3 + 1, 1}, // 3 opened, 3 searched, 1 fetched, less one left open
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := acct.Search(t.Context(), provider.Query{In: inbox, Larger: 1 << 40}, provider.PageRequest{}); err != nil {
				t.Fatal(err) // INBOX is open from here on
			}
			count.Reset()
			got, err := acct.Search(t.Context(), tt.q, provider.PageRequest{After: tt.after})
			if err != nil || len(got.Items) != tt.found {
				t.Fatalf("%d found, %v", len(got.Items), err)
			}
			if n := count.RoundTrips(); n > tt.most {
				t.Errorf("%d round trips, want at most %d", n, tt.most)
			}
		})
	}
	t.Run("bytes", func(t *testing.T) {
		if len(srv.UIDs(t, "INBOX")) < 2400 {
			t.Fatal("too few messages to tell")
		}
		count.Reset()
		if _, err := acct.Search(t.Context(), provider.Query{In: inbox}, provider.PageRequest{Limit: 1}); err != nil {
			t.Fatal(err)
		}
		if n := count.Received(); ranges && n > 2500 {
			t.Errorf("%d bytes came for one hit of 2400", n)
		}
	})
}
