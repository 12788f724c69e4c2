package imapmail

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

func TestListByTime(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		acct, b, _ := account(t, srv, nil)
		base := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
		for i := range 6 { // two hours apart
			err := b.pool.Write(t.Context(), "", func(c *imapx.Conn) error {
				_, err := c.Append(t.Context(), "INBOX", imapx.AppendOptions{Date: base.Add(time.Duration(i) * 2 * time.Hour)},
					strings.NewReader(string(letter(i))), int64(len(letter(i))))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			name          string
			since, before time.Time
			want          []string
		}{
			{"since the hour", base.Add(6 * time.Hour), time.Time{}, []string{"letter 5", "letter 4", "letter 3"}},
			{"before the hour", time.Time{}, base.Add(4 * time.Hour), []string{"letter 1", "letter 0"}},
			{"both", base.Add(time.Hour), base.Add(5 * time.Hour), []string{"letter 2", "letter 1"}},
			{"zone does not matter", base.Add(6 * time.Hour).In(time.FixedZone("", 14*3600)), time.Time{}, []string{"letter 5", "letter 4", "letter 3"}},
			{"nothing", base.AddDate(0, 0, 3), time.Time{}, nil},
		} {
			t.Run(tt.name, func(t *testing.T) {
				opts := provider.ListOptions{Folder: "INBOX", Since: tt.since, Before: tt.before}
				got := list(t, acct, opts, provider.PageRequest{})
				diff(t, "subjects", tt.want, subjects(got.Items))
				var walked []string
				for s, err := range provider.All(t.Context(), provider.PageRequest{Limit: 1}, func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
					return acct.ListMessages(ctx, opts, page)
				}) {
					if err != nil {
						t.Fatal(err)
					}
					walked = append(walked, s.Subject)
				}
				diff(t, "walked", tt.want, walked)
				q := provider.Query{In: []provider.FolderID{"INBOX"}, Since: tt.since, Before: tt.before}
				hits, err := acct.Search(t.Context(), q, provider.PageRequest{})
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "found", tt.want, subjects(hits.Items))
			})
		}
	})
}

func TestListEmptyAndMissingFolders(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		acct, _, _ := account(t, srv, nil)
		if got := list(t, acct, provider.ListOptions{Folder: provider.FolderID(srv.Path("Archive"))}, provider.PageRequest{}); len(got.Items) != 0 || got.Next != "" || got.Total != 0 {
			t.Errorf("an empty folder lists %+v", got)
		}
		if got := list(t, acct, provider.ListOptions{Folder: "iNbOx", UnreadOnly: true}, provider.PageRequest{}); len(got.Items) != 0 || got.Next != "" {
			t.Errorf("an empty inbox lists %+v", got)
		}
		_, err := acct.ListMessages(t.Context(), provider.ListOptions{Folder: "Nowhere"}, provider.PageRequest{})
		wantCode(t, err, provider.NotFound)
		_, err = acct.Search(t.Context(), provider.Query{In: []provider.FolderID{"Nowhere"}}, provider.PageRequest{})
		wantCode(t, err, provider.NotFound)
		if got := list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}); len(got.Items) != 0 {
			t.Errorf("the inbox lists %+v", got)
		}
	})
}

func TestKeywordsAreLabels(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		srv.Append(t, "INBOX", letter(1), `\Seen`, `\Flagged`, "$todo")
		acct, _, _ := account(t, srv, nil)
		s := list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{}).Items[0]
		diff(t, "labels", []string{"$todo"}, s.Labels)
		if s.Flags != provider.Seen|provider.Flagged {
			t.Errorf("flags %b", s.Flags)
		}
	})
}
