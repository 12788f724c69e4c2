package imapx_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// watcher is a Watch under way.
type watcher struct {
	t      *testing.T
	told   chan struct{}
	ended  chan error
	cancel context.CancelFunc
}

// heardWithin bounds the wait to be told: a folder that is asked about is asked
// every two seconds at first.
const heardWithin = 20 * time.Second

func watch(t *testing.T, p *imapx.Pool, mailbox string) *watcher {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watcher{t: t, told: make(chan struct{}, 1), ended: make(chan error, 1), cancel: cancel}
	go func() {
		w.ended <- p.Watch(ctx, mailbox, func() {
			select {
			case w.told <- struct{}{}:
			default:
			}
		})
	}()
	return w
}

func (w *watcher) await() {
	w.t.Helper()
	timer := time.NewTimer(heardWithin)
	defer timer.Stop()
	select {
	case <-w.told:
	case err := <-w.ended:
		w.t.Fatalf("the watch ended: %v", err)
	case <-timer.C:
		w.t.Fatal("not told")
	}
}

func (w *watcher) stop() {
	w.t.Helper()
	w.cancel()
	if err := <-w.ended; !errors.Is(err, context.Canceled) {
		w.t.Errorf("a cancelled watch ended with %v", err)
	}
}

// forget drops what was told, and what the standing of a watch may still tell.
func (w *watcher) forget() {
	select {
	case <-w.told:
	default:
	}
}

// rounds is how often a watch is put to the test: one that asks takes seconds.
func rounds(hide string) int {
	if hide == "IDLE" {
		return 1
	}
	return 3
}

func TestWatchIsTold(t *testing.T) {
	for _, hide := range []string{"", "IDLE"} {
		t.Run("without "+hide, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				p := pool(t, srv)
				fill(t, srv, "INBOX", 2)
				w := watch(t, p, "inbox")
				w.await()
				for n := range rounds(hide) {
					w.forget()
					srv.Append(t, "INBOX", mail(n+3))
					w.await()
				}
				w.stop()
			}, hide)
		})
	}
}

// TestWatchersShareAConnection counts what ten that wait cost: one connection
// beside that of the pool.
func TestWatchersShareAConnection(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		leakcheck.Check(t)
		count := imapxtest.Count(t, srv.TLSAddr)
		p := open(t, options(srv, count.Addr))
		read(t, p, "INBOX", func(context.Context, *imapx.Conn) error { return nil })
		var all []*watcher
		for range 10 {
			all = append(all, watch(t, p, "INBOX"))
		}
		for _, w := range all {
			w.await()
		}
		srv.Append(t, "INBOX", mail(1))
		for _, w := range all {
			w.await()
		}
		if n := count.Dialed(); n != 2 {
			t.Errorf("%d connections for ten that watch and one call, want 2", n)
		}
		for _, w := range all {
			w.stop()
		}
		again := watch(t, p, "INBOX") // within the grace
		again.await()
		again.stop()
		if n := count.Dialed(); n != 2 {
			t.Errorf("%d connections after another watch, want 2", n)
		}
	})
}

// TestWatchOfManyFolders: two connections listen, the other folders are asked.
func TestWatchOfManyFolders(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		leakcheck.Check(t)
		count := imapxtest.Count(t, srv.TLSAddr)
		opts := options(srv, count.Addr)
		opts.MaxConns = 1
		p := open(t, opts)
		folders := []string{"INBOX", srv.Path("Drafts"), srv.Path("Sent"), srv.Path("Archive")}
		var all []*watcher
		for _, f := range folders {
			w := watch(t, p, f)
			w.await()
			all = append(all, w)
		}
		for i, w := range all {
			w.forget()
			srv.Append(t, folders[i], mail(i+1))
		}
		for _, w := range all {
			w.await()
		}
		if n := count.Conns(); n != 3 {
			t.Errorf("%d connections, want two that listen and one of the pool", n)
		}
		for _, w := range all {
			w.stop()
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestWatchWithoutRoom: a server that takes no further connection is asked on
// the one there is.
func TestWatchWithoutRoom(t *testing.T) {
	srv := imapxtest.Dovecot(t, imapxtest.Options{MaxConns: 1})
	p := pool(t, srv)
	read(t, p, "INBOX", func(context.Context, *imapx.Conn) error { return nil })
	w := watch(t, p, "INBOX")
	w.await()
	w.forget()
	put(t, p, mail(1))
	w.await()
	w.stop()
}

// put stores a message over the pool's own connection.
func put(t *testing.T, p *imapx.Pool, raw []byte) {
	t.Helper()
	write(t, p, "", func(ctx context.Context, c *imapx.Conn) error {
		_, err := c.Append(ctx, "INBOX", imapx.AppendOptions{}, bytes.NewReader(raw), int64(len(raw)))
		return err
	})
}

// TestWatchMakesRoom: a connection that listens is given up for a call that has none.
func TestWatchMakesRoom(t *testing.T) {
	srv := imapxtest.Dovecot(t, imapxtest.Options{MaxConns: 1})
	leakcheck.Check(t)
	opts := options(srv, srv.TLSAddr)
	opts.IdleClose = 50 * time.Millisecond // the pool's own connection goes before the second call
	p := open(t, opts)
	read(t, p, "INBOX", func(context.Context, *imapx.Conn) error { return nil })
	srv.WaitConns(t, 0)
	w := watch(t, p, "INBOX")
	w.await()
	srv.WaitConns(t, 1)
	w.forget()
	put(t, p, mail(1))
	w.await()
	w.stop()
}

func TestWatchOutlivesItsConnection(t *testing.T) {
	for _, hide := range []string{"", "IDLE"} {
		t.Run("without "+hide, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				p := pool(t, srv)
				read(t, p, "INBOX", func(context.Context, *imapx.Conn) error { return nil })
				w := watch(t, p, "INBOX")
				w.await()
				for n := range rounds(hide) {
					w.forget()
					srv.Cut()
					srv.Append(t, "INBOX", mail(n+1))
					w.await()
				}
				w.stop()
			}, hide)
		})
	}
}

func TestWatchRefuses(t *testing.T) {
	for _, hide := range []string{"", "IDLE"} {
		t.Run("without "+hide, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				p := pool(t, srv)
				read(t, p, "INBOX", func(context.Context, *imapx.Conn) error { return nil })
				wantKind(t, p.Watch(t.Context(), "No such folder", func() {}), imapx.NotFound)
				wantKind(t, p.Watch(t.Context(), "a\nb", func() {}), imapx.Invalid)
				ended, cancel := context.WithCancel(t.Context())
				cancel()
				if err := p.Watch(ended, "INBOX", func() { t.Error("told") }); !errors.Is(err, context.Canceled) {
					t.Errorf("under a context that is over: %v", err)
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				wantKind(t, p.Watch(t.Context(), "INBOX", func() {}), imapx.Closed)
			}, hide)
		})
	}
}

func TestCloseEndsWatches(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		p := pool(t, srv)
		var all []*watcher
		for _, f := range []string{"INBOX", "INBOX", srv.Path("Sent"), srv.Path("Drafts")} {
			w := watch(t, p, f)
			w.await()
			all = append(all, w)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		for _, w := range all {
			wantKind(t, <-w.ended, imapx.Closed)
		}
		srv.WaitConns(t, 0)
	})
}

// TestWatchesComeAndGo has many begin and end at once.
func TestWatchesComeAndGo(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		p := pool(t, srv)
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				for i := range 10 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n+i)*time.Millisecond)
					if err := p.Watch(ctx, []string{"INBOX", srv.Path("Sent")}[n%2], func() {}); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("a watch ended with %v", err)
					}
					cancel()
				}
			})
		}
		wg.Wait()
		w := watch(t, p, "INBOX")
		w.await()
		w.forget()
		srv.Append(t, "INBOX", mail(1))
		w.await()
		w.stop()
	})
}
