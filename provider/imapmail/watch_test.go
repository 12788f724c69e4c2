package imapmail

import (
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// TestWaitersShareAConnection: ten that wait for a message in one folder use one
// connection beside the pool's, and one round trip each for a look behind a mark.
func TestWaitersShareAConnection(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		acct, _, count := account(t, srv, nil)
		fill(t, srv, "INBOX", 2)
		list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
		q := provider.Query{In: []provider.FolderID{"INBOX"}, Subject: []string{"letter 3"}}
		var wg sync.WaitGroup
		mark, err := acct.Mark(t.Context(), "INBOX")
		if err != nil {
			t.Fatal(err)
		}
		q.After = mark
		for range 10 {
			wg.Go(func() {
				got, err := acct.Wait(t.Context(), provider.WaitRequest{Query: q})
				if err != nil || len(got.Items) != 1 || got.Items[0].Subject != "letter 3" {
					t.Errorf("got %v, %v", subjects(got.Items), err)
				}
			})
		}
		for count.Conns() < 3 {
			<-time.After(time.Millisecond) // until the waiters' own connection stands
		}
		srv.Append(t, "INBOX", letter(3))
		wg.Wait()
		if n := count.Dialed(); n > 3 {
			t.Errorf("%d connections, want two of the pool and one that listens", n)
		}
	})
}

// TestWaitWithoutIdle: no message is missed between two waits, nor in one, where
// the folder has to be asked about.
func TestWaitWithoutIdle(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		acct, _, _ := account(t, srv, nil)
		q := provider.Query{In: []provider.FolderID{"INBOX"}}
		got, err := acct.Wait(t.Context(), provider.WaitRequest{Query: q, For: 100 * time.Millisecond})
		if err != nil || len(got.Items) > 0 {
			t.Fatalf("got %v, %v", subjects(got.Items), err)
		}
		srv.Append(t, "INBOX", letter(1))
		q.After = got.Mark
		if got, err = acct.Wait(t.Context(), provider.WaitRequest{Query: q}); err != nil {
			t.Fatal(err)
		}
		diff(t, "between two waits", []string{"letter 1"}, subjects(got.Items))
		q.After = got.Mark
		came := make(chan provider.Waited, 1)
		go func() {
			got, err := acct.Wait(t.Context(), provider.WaitRequest{Query: q})
			if err != nil {
				t.Error(err)
			}
			came <- got
		}()
		srv.Append(t, "INBOX", letter(2))
		diff(t, "in a wait", []string{"letter 2"}, subjects((<-came).Items))
	}, "IDLE")
}

// TestMarkBudget: a warm mark is one round trip.
func TestMarkBudget(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		acct, _, count := account(t, srv, nil)
		fill(t, srv, "INBOX", 3)
		list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
		count.Reset()
		if _, err := acct.Mark(t.Context(), "INBOX"); err != nil {
			t.Fatal(err)
		}
		if n := count.RoundTrips(); n != 1 {
			t.Errorf("%d round trips, want 1", n)
		}
	})
}

// TestMarkOfAnEmptyFolder is no id of a message.
func TestMarkOfAnEmptyFolder(t *testing.T) {
	acct, _, _ := account(t, imapxtest.Memory(t), nil)
	mark, err := acct.Mark(t.Context(), "INBOX")
	if err != nil {
		t.Fatal(err)
	}
	_, err = acct.ReadMessages(t.Context(), []provider.MessageID{mark}, provider.ReadOptions{})
	wantCode(t, err, provider.Invalid)
}
