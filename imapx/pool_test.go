package imapx_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

func TestManyCallers(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uids := fill(t, srv, "INBOX", 20)
		p := pool(t, srv)
		var wg sync.WaitGroup
		for caller := range 16 {
			wg.Go(func() {
				for round := range 10 {
					err := p.Read(t.Context(), []string{"INBOX", srv.Path("Archive")}[(caller+round)%4/3], func(c *imapx.Conn) error {
						if c.Mailbox().Name == srv.Path("Archive") {
							h, err := c.Search(t.Context(), imapx.Criteria{}, 5)
							if len(h.UIDs) != 0 {
								t.Errorf("archive has %v", h.UIDs)
							}
							return err
						}
						f, _, err := c.FetchNewest(t.Context(), 20, listing())
						if err == nil && !slices.Equal(uidsOf(f.Messages), reversed(uids)) {
							t.Errorf("caller %d got %v", caller, uidsOf(f.Messages))
						}
						return err
					})
					if err != nil {
						t.Errorf("caller %d: %v", caller, err)
					}
				}
			})
		}
		wg.Wait()
		if n := srv.Conns(); n > imapx.DefaultMaxConns {
			t.Errorf("%d connections", n)
		}
		p.Close()
		srv.WaitConns(t, 0)
	})
}

// TestCancelAnywhere cancels 200 calls at random moments: each returns at once,
// with the context's own error or a whole answer, and nothing is left.
func TestCancelAnywhere(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uids := fill(t, srv, "INBOX", 30)
		p := pool(t, srv)
		work := []func(context.Context, *imapx.Conn) error{
			func(ctx context.Context, c *imapx.Conn) error {
				f, _, err := c.FetchNewest(ctx, 30, listing())
				if err == nil && len(f.Messages) != 30 {
					t.Errorf("%d messages and no error", len(f.Messages))
				}
				return err
			},
			func(ctx context.Context, c *imapx.Conn) error {
				f, err := c.Fetch(ctx, uids, body(1000))
				if err == nil && len(f.Messages) != 30 {
					t.Errorf("%d messages and no error", len(f.Messages))
				}
				return err
			},
			func(ctx context.Context, c *imapx.Conn) error {
				h, err := c.Search(ctx, imapx.Criteria{Text: []string{"message"}}, 100)
				if err == nil && len(h.UIDs) != 30 {
					t.Errorf("%d hits and no error", len(h.UIDs))
				}
				return err
			},
			func(ctx context.Context, c *imapx.Conn) error { _, err := c.List(ctx, true); return err },
		}
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(int64(60*time.Millisecond))))
				defer cancel()
				err := p.Read(ctx, "INBOX", func(c *imapx.Conn) error { return work[i%len(work)](ctx, c) })
				late := time.Now()
				if deadline, _ := ctx.Deadline(); late.Sub(deadline) > 3*time.Second {
					t.Errorf("call %d returned %v late", i, late.Sub(deadline))
				}
				if err != nil && err != context.DeadlineExceeded { //nolint:errorlint // bare is the promise
					t.Errorf("call %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		read(t, p, "INBOX", work[0]) // the pool still works
		p.Close()
		srv.WaitConns(t, 0)
	})
}

func TestCancelWhileWaitingForAConnection(t *testing.T) {
	srv := serve(t, hello(""))
	p := open(t, srv.options())
	ctx, cancel := context.WithCancel(t.Context())
	err := p.Read(ctx, "", func(*imapx.Conn) error {
		waiting := make(chan error)
		go func() { waiting <- p.Read(ctx, "", func(*imapx.Conn) error { return nil }) }()
		cancel()
		return <-waiting
	})
	if err != context.Canceled { //nolint:errorlint // bare is the promise
		t.Errorf("error %v", err)
	}
}

func TestCancelledChange(t *testing.T) {
	srv := serve(t, inboxed("", "SELECT")+"C: UID STORE")
	p := open(t, srv.options())
	ctx, cancel := context.WithCancel(t.Context())
	var got imapx.Changed
	err := p.Write(ctx, "INBOX", func(c *imapx.Conn) (err error) {
		go func() {
			for !strings.Contains(srv.heard(), "STORE") && ctx.Err() == nil {
				runtime.Gosched()
			}
			cancel()
		}()
		got, err = c.Store(ctx, []imapx.UID{5}, []string{`\Seen`}, nil)
		return err
	})
	if err != context.Canceled { //nolint:errorlint // bare is the promise
		t.Errorf("error %v", err)
	}
	diff(t, "changed", imapx.Changed{Unsure: []imapx.UID{5}}, got)
}

func TestDeadPooledConnection(t *testing.T) {
	again := inboxed("", "EXAMINE") + "C: UID FETCH 5\nS: * 1 FETCH (UID 5 FLAGS () BODY[]<0> {2}\nS- hi\nS: )\nS: $ OK"
	for _, tt := range []struct{ name, end string }{
		{"closed behind the first call", "X:"},
		{"closed at the next command", "C: NOOP\nX:"},
		{"said goodbye at the next command", "C: NOOP\nS: * BYE the mailbox changed\nX:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, again+"\n"+tt.end, again)
			p := open(t, srv.options())
			for range 2 {
				f, err := fetchOne(t, p, 5)
				if err != nil || len(f.Messages) != 1 {
					t.Fatalf("%+v, %v", f, err)
				}
			}
		})
	}
}

func TestReadIsRetriedOnlyOnce(t *testing.T) {
	srv := serve(t, hello("")+"C: NOOP\nS: $ OK\nC: NOOP\nX:", hello("")+"C: NOOP\nX:")
	p := open(t, srv.options())
	if err := noop(t, p); err != nil {
		t.Fatal(err)
	}
	wantKind(t, noop(t, p), imapx.Unavailable)
}

func TestWriteIsLookedUpAndNeverRetried(t *testing.T) {
	const unread = "S: * 1 FETCH (UID 5 FLAGS ())\nS: $ OK\n"
	srv := serve(t, inboxed("", "SELECT")+"C: NOOP\nS: $ OK\nC: NOOP\nC: UID STORE\nX:",
		inboxed("", "SELECT")+"C: UID FETCH 5 (UID FLAGS)\n"+unread+"C: NOOP\nS: $ OK\nC: UID FETCH 5 (UID FLAGS)\n"+unread)
	p := open(t, srv.options())
	write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error { return c.Noop(ctx) })
	err := p.Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
		got, err := c.Store(t.Context(), []imapx.UID{5}, []string{`\Seen`}, nil)
		diff(t, "changed", imapx.Changed{}, got)
		return err
	})
	wantKind(t, err, imapx.Unavailable)
	if n := strings.Count(srv.heard(), "UID STORE"); n != 1 {
		t.Errorf("%d times stored", n)
	}
}

func TestWriteOnADeadPooledConnectionTriesANewOne(t *testing.T) {
	srv := serve(t, inboxed("", "EXAMINE")+"C: SELECT\nX:", inboxed("", "SELECT")+"C: UID STORE\nS: * 1 FETCH (UID 5 FLAGS (\\Seen))\nS: $ OK")
	p := open(t, srv.options())
	read(t, p, "INBOX", func(context.Context, *imapx.Conn) error { return nil })
	write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
		got, err := c.Store(ctx, []imapx.UID{5}, []string{`\Seen`}, nil)
		diff(t, "changed", imapx.Changed{Done: []imapx.UID{5}}, got)
		return err
	})
}

func TestConnectionWithTheMailboxIsPreferred(t *testing.T) {
	srv := imapxtest.Memory(t)
	count := imapxtest.Count(t, srv.TLSAddr)
	leakcheck.Check(t)
	p := open(t, options(srv, count.Addr))
	nothing := func(context.Context, *imapx.Conn) error { return nil }
	if err := p.Read(t.Context(), "INBOX", func(*imapx.Conn) error {
		return p.Read(t.Context(), "Archive", func(*imapx.Conn) error { return nil })
	}); err != nil {
		t.Fatal(err)
	}
	count.Reset()
	for range 3 {
		read(t, p, "INBOX", nothing)
		read(t, p, "Archive", nothing)
	}
	if n := count.RoundTrips(); n != 0 {
		t.Errorf("%d round trips to open what was open", n)
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	srv := imapxtest.Memory(t)
	leakcheck.Check(t)
	opts := options(srv, srv.TLSAddr)
	opts.IdleClose = 20 * time.Millisecond
	p := open(t, opts)
	for range 2 {
		if err := noop(t, p); err != nil {
			t.Fatal(err)
		}
		srv.WaitConns(t, 0)
	}
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	for name, script := range map[string]string{"waiting for an answer": hello("") + "C: NOOP", "dialling": ""} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, script)
			opts := srv.options()
			opts.Progress, opts.DialTimeout = time.Minute, time.Minute
			p := open(t, opts)
			done := make(chan error)
			go func() { done <- noop(t, p) }()
			for srv.dialed() == 0 || script != "" && !strings.Contains(srv.heard(), "NOOP") {
				runtime.Gosched()
			}
			if err := errors.Join(p.Close(), p.Close()); err != nil {
				t.Error(err)
			}
			wantKind(t, <-done, imapx.Closed)
		})
	}
}

func TestFreshConnectionRoundTrips(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		count := imapxtest.Count(t, srv.TLSAddr)
		leakcheck.Check(t)
		p := open(t, options(srv, count.Addr))
		if err := noop(t, p); err != nil {
			t.Fatal(err)
		}
		// TCP, TLS, greeting, login, at most two CAPABILITY, and the NOOP itself.
		if n := count.RoundTrips(); n > 6 {
			t.Errorf("%d round trips behind the TCP handshake", n)
		}
	})
}

func TestDialIsUsed(t *testing.T) {
	srv := imapxtest.Memory(t)
	leakcheck.Check(t)
	opts := options(srv, "mail.example.org:993")
	opts.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if addr != "mail.example.org:993" {
			t.Errorf("dialled %s", addr)
		}
		return new(net.Dialer).DialContext(ctx, network, srv.TLSAddr)
	}
	if err := noop(t, open(t, opts)); err != nil {
		t.Error(err)
	}
}

// TestLeaseOfOneThatGivesUp: a function that ends its goroutine or panics
// gives its connection back, so that Close does not wait for it.
func TestLeaseOfOneThatGivesUp(t *testing.T) {
	srv := imapxtest.Memory(t)
	p := pool(t, srv)
	for name, call := range map[string]func(context.Context, string, func(*imapx.Conn) error) error{"read": p.Read, "write": p.Write} {
		for range 3 {
			func() {
				defer func() { _ = recover() }()
				_ = call(t.Context(), "INBOX", func(*imapx.Conn) error { panic(name) })
			}()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if err := call(ctx, "INBOX", func(c *imapx.Conn) error { return c.Noop(ctx) }); err != nil {
			t.Errorf("%s, afterwards: %v", name, err)
		}
		cancel()
	}
}
