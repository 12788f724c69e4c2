package imapx_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

func TestChangesOfOneMailboxTakeTurns(t *testing.T) {
	srv := imapxtest.Memory(t)
	p := pool(t, srv)
	nothing := func(*imapx.Conn) error { return nil }
	var entered atomic.Bool
	second := make(chan error, 1)
	err := p.Write(t.Context(), "INBOX", func(*imapx.Conn) error {
		go func() {
			second <- p.Write(t.Context(), "inbox", func(*imapx.Conn) error {
				entered.Store(true)
				return nil
			})
		}()
		// It waits without a connection: another mailbox, and reading, go on.
		for range 20 {
			if err := p.Write(t.Context(), "Archive", nothing); err != nil {
				return err
			}
			if err := p.Read(t.Context(), "INBOX", nothing); err != nil {
				return err
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Write(ctx, "INBOX", nothing); err != context.Canceled { //nolint:errorlint // bare is the promise
			t.Errorf("cancelled while waiting: %v", err)
		}
		if entered.Load() {
			t.Error("two changes of one mailbox at a time")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil || !entered.Load() {
		t.Errorf("the second change: %v", err)
	}
}

// TestWriteHearsOfOurOtherConnections: a connection that has the mailbox open
// for changes costs nothing more, one that missed a change of ours a NOOP.
func TestWriteHearsOfOurOtherConnections(t *testing.T) {
	srv := imapxtest.Memory(t)
	fill(t, srv, "INBOX", 4)
	count := imapxtest.Count(t, srv.TLSAddr)
	leakcheck.Check(t)
	p := open(t, options(srv, count.Addr))
	nothing := func(*imapx.Conn) error { return nil }
	cost := func() int {
		count.Reset()
		write(t, p, "INBOX", func(context.Context, *imapx.Conn) error { return nil })
		return count.RoundTrips()
	}
	cost()
	if n := cost(); n != 0 {
		t.Errorf("%d round trips for a mailbox that is open", n)
	}
	// A second connection changes the mailbox while the first is elsewhere.
	if err := p.Read(t.Context(), "INBOX", func(*imapx.Conn) error { return p.Write(t.Context(), "INBOX", nothing) }); err != nil {
		t.Fatal(err)
	}
	if first, second := cost(), cost(); first+second > 1 {
		t.Errorf("%d and %d round trips, want one NOOP in all", first, second)
	}
}
