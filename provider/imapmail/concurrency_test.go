package imapmail

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// TestCallersAtOnce: 16 callers of one account, each sees whole answers.
func TestCallersAtOnce(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		fill(t, srv, "INBOX", 30)
		fill(t, srv, "Archive", 5)
		acct, b, _ := account(t, srv, nil)
		all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{Limit: 30}).Items)
		var wg sync.WaitGroup
		for caller := range 16 {
			wg.Go(func() {
				for range 4 {
					page, err := acct.ListMessages(t.Context(), provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{Limit: 30})
					if err != nil || !slices.Equal(ids(page.Items), all) {
						t.Errorf("list: %d items, %v", len(page.Items), err)
					}
					hits, err := acct.Search(t.Context(), provider.Query{Subject: []string{"letter"}}, provider.PageRequest{Limit: 50})
					if err != nil || len(hits.Items) != 35 {
						t.Errorf("search: %d items, %v", len(hits.Items), err)
					}
					got, err := acct.ReadMessages(t.Context(), all[caller:caller+10], provider.ReadOptions{})
					if err != nil || slices.ContainsFunc(got, func(r provider.ReadResult) bool { return r.Err != nil || r.Message.Text == "" }) {
						t.Errorf("read: %+v, %v", got, err)
					}
					if err := whole(acct.SetFlags(t.Context(), all[caller:caller+1], provider.FlagChange{Add: provider.Flagged})); err != nil {
						t.Errorf("flag: %v", err)
					}
				}
			})
		}
		wg.Wait()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		srv.WaitConns(t, 0)
	})
}

// TestCancelledCalls cancels 200 calls at random moments.
func TestCancelledCalls(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		fill(t, srv, "INBOX", 30)
		acct, b, _ := account(t, srv, nil)
		all := ids(list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{Limit: 30}).Items)
		calls := []func(context.Context) error{
			func(ctx context.Context) error {
				p, err := acct.ListMessages(ctx, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{Limit: 30})
				if err == nil && len(p.Items) != 30 {
					t.Errorf("%d messages and no error", len(p.Items))
				}
				return err
			},
			func(ctx context.Context) error {
				_, err := acct.Search(ctx, provider.Query{Text: []string{"letter"}}, provider.PageRequest{})
				return err
			},
			func(ctx context.Context) error {
				_, err := acct.ReadMessages(ctx, all[:10], provider.ReadOptions{})
				return err
			},
			func(ctx context.Context) error { _, err := acct.ListFolders(ctx); return err },
			func(ctx context.Context) error {
				_, err := acct.SetFlags(ctx, all[:5], provider.FlagChange{Add: provider.Flagged})
				return err
			},
		}
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(int64(80*time.Millisecond))))
				defer cancel()
				if err := calls[i%len(calls)](ctx); err != nil && err != context.DeadlineExceeded { //nolint:errorlint // bare is the promise
					t.Errorf("call %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		for _, call := range calls {
			if err := call(t.Context()); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		srv.WaitConns(t, 0)
	})
}
