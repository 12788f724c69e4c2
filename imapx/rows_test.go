package imapx_test

import (
	"context"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/imapx"
)

// faultState is a state behind the login, reached by a call.
type faultState struct {
	name    string
	scripts []string // of the connections up to it; the last one reaches it
	listens bool     // nobody waits for an answer: only Close ends what is left
	do      func(ctx context.Context, p *imapx.Pool) error
}

// faultStates is every state behind the login in which a server can fail us.
func faultStates() []faultState {
	in := func(write bool, mailbox string, fn func(context.Context, *imapx.Conn) error) func(context.Context, *imapx.Pool) error {
		return func(ctx context.Context, p *imapx.Pool) error {
			lease := p.Read
			if write {
				lease = p.Write
			}
			return lease(ctx, mailbox, func(c *imapx.Conn) error { return fn(ctx, c) })
		}
	}
	one := []imapx.UID{5}
	letter := func(ctx context.Context, c *imapx.Conn) error {
		_, err := c.Append(ctx, "Sent", imapx.AppendOptions{MessageID: "1@example.org"}, strings.NewReader("some text"), 9)
		return err
	}
	return []faultState{
		{"noop", []string{hello("") + "C: NOOP\n"}, false, in(false, "", func(ctx context.Context, c *imapx.Conn) error { return c.Noop(ctx) })},
		{"list", []string{hello("") + "C: LIST\n"}, false, in(false, "", func(ctx context.Context, c *imapx.Conn) error {
			_, err := c.List(ctx, true)
			return err
		})},
		{"create", []string{hello("") + "C: CREATE\n"}, false, in(true, "", func(ctx context.Context, c *imapx.Conn) error { return c.Create(ctx, "New", imapx.UseNone) })},
		{"select", []string{hello("") + "C: EXAMINE INBOX\n"}, false, in(false, "INBOX", func(context.Context, *imapx.Conn) error { return nil })},
		{"search", []string{inboxed("", "EXAMINE") + "C: UID SEARCH\n"}, false, in(false, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			_, err := c.Search(ctx, imapx.Criteria{}, 5)
			return err
		})},
		{"fetch", []string{inboxed("", "EXAMINE") + "C: UID FETCH 5\n"}, false, in(false, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			_, err := c.Fetch(ctx, one, body(1000))
			return err
		})},
		{"newest", []string{inboxed("", "EXAMINE") + "C: FETCH 2:*\n"}, false, in(false, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			_, _, err := c.FetchNewest(ctx, 2, body(1000))
			return err
		})},
		{"store", []string{inboxed("", "SELECT") + "C: UID STORE 5\n"}, false, in(true, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			_, err := c.Store(ctx, one, []string{`\Seen`}, nil)
			return err
		})},
		{"move", []string{inboxed("MOVE UIDPLUS", "SELECT") + "C: UID MOVE 5\n"}, false, in(true, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			_, err := c.Move(ctx, one, "Archive")
			return err
		})},
		{"copy", []string{inboxed("UIDPLUS", "SELECT") + "C: UID FETCH 5\nS: * 1 FETCH (UID 5 FLAGS () INTERNALDATE \"02-Nov-2026 10:00:00 +0000\" RFC822.SIZE 9 BODY[HEADER.FIELDS (MESSAGE-ID)] \"\")\nS: $ OK\nC: UID COPY 5\n"}, false,
			in(true, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
				_, err := c.Move(ctx, one, "Archive")
				return err
			})},
		{"remove", []string{inboxed("UIDPLUS", "SELECT") + "C: UID STORE 5\nS: * 1 FETCH (UID 5 FLAGS (\\Deleted))\nS: $ OK\nC: UID EXPUNGE 5\n"}, false,
			in(true, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
				_, err := c.Remove(ctx, one)
				return err
			})},
		{"append", []string{hello("") + "C: APPEND\n"}, false, in(true, "", letter)},
		{"append, behind the data", []string{hello("") + "C: APPEND\nS: + go on\nC+ some text\n"}, false, in(true, "", letter)},
		{"idle", []string{loggedIn("IDLE") + "C: NOOP\nS: $ OK\n", inboxed("IDLE", "EXAMINE") + "C: IDLE\n"}, true,
			func(ctx context.Context, p *imapx.Pool) error {
				err := p.Read(ctx, "", func(c *imapx.Conn) error { return c.Noop(ctx) })
				return errors.Join(err, p.Watch(ctx, "INBOX", func() {}))
			}},
		{"idle, listening", []string{loggedIn("IDLE") + "C: NOOP\nS: $ OK\n", inboxed("IDLE", "EXAMINE") + idling}, true,
			func(ctx context.Context, p *imapx.Pool) error {
				err := p.Read(ctx, "", func(c *imapx.Conn) error { return c.Noop(ctx) })
				return errors.Join(err, p.Watch(ctx, "INBOX", func() {}))
			}},
	}
}

// TestSilenceInEachState: a server that falls silent for ever, or sends a byte a
// second, costs no more than the caller's time; a second later nothing of the
// call is left, and the next call works.
func TestSilenceInEachState(t *testing.T) {
	const budget = 5 * time.Second
	for _, state := range faultStates() {
		for how, tail := range map[string]string{"stalls": "", "trickles": "S~ " + strings.Repeat(`* OK still looking\r\n`, 20)} {
			t.Run(state.name+" "+how, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var b bubble
					b.cert = selfSigned(t)
					scripts := append([]string(nil), state.scripts...)
					scripts[len(scripts)-1] += tail
					p := open(t, b.options(t, imapx.Cleartext, append(scripts, hello("")+"C: NOOP\nS: $ OK")...))
					before := runtime.NumGoroutine()
					ctx, cancel := context.WithTimeout(t.Context(), budget)
					defer cancel()
					begun := time.Now()
					err := state.do(ctx, p)
					if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || imapx.KindOf(err) != "" || took != budget {
						t.Errorf("after %v: %v", took, err)
					}
					<-time.After(time.Second)
					if left := more(before); left > 0 && !state.listens {
						t.Errorf("%d goroutines are left a second later", left)
					}
					if err := noop(t, p); err != nil {
						t.Errorf("the next call: %v", err)
					}
					begun = time.Now()
					p.Close()
					if took := time.Since(begun); took > time.Second {
						t.Errorf("closing took %v", took)
					}
					b.wg.Wait()
					if left := more(before); left > 0 {
						t.Errorf("%d goroutines are left behind Close", left)
					}
					for _, fault := range b.fault {
						t.Error(fault)
					}
				})
			})
		}
	}
}

// more is how many goroutines there are beyond before, in a bubble where nothing
// moves any more: one that has ended is counted until its remains are put away.
func more(before int) (n int) {
	synctest.Wait()
	for range 100_000 {
		if n = runtime.NumGoroutine() - before; n <= 0 {
			return n
		}
		runtime.Gosched()
	}
	return n
}

// TestDeadConnectionIsReplaced: what reads does not notice that the pooled
// connection has died meanwhile.
func TestDeadConnectionIsReplaced(t *testing.T) {
	done := map[string]string{
		"noop": "", "list": `S: * LIST () "/" INBOX` + "\nS: $ OK\nC: STATUS\nS: * STATUS INBOX (MESSAGES 3 UNSEEN 0 UIDVALIDITY 7)\n",
		"search": "S: * SEARCH 5\n", "select": "S: * 3 EXISTS\nS: * OK [UIDVALIDITY 7] ok\n",
		"newest": "S: * 2 FETCH (UID 4 FLAGS () BODY[]<0> \"a\")\nS: * 3 FETCH (UID 5 FLAGS () BODY[]<0> \"b\")\n",
	}
	for _, state := range faultStates() {
		answer, reads := done[state.name]
		if !reads {
			continue
		}
		for name, end := range map[string]string{"closed": "X:", "closed at the command": "R:\nX:", "goodbye": "S: * BYE idle for too long\nX:"} {
			t.Run(state.name+" "+name, func(t *testing.T) {
				srv := serve(t, hello("")+"C: NOOP\nS: $ OK\n"+end, state.scripts[0]+answer+"S: $ OK")
				p := open(t, srv.options())
				if err := noop(t, p); err != nil {
					t.Fatal(err)
				}
				if err := state.do(t.Context(), p); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestBrokenConnectionIsNotPooled: the next call begins on a new connection, and
// has its second try still before it.
func TestBrokenConnectionIsNotPooled(t *testing.T) {
	srv := serve(t, hello("")+"C: NOOP\nX:", hello("")+"C: NOOP\nS: * BYE [UNAVAILABLE] not now\nX:",
		inboxed("", "EXAMINE")+"C: UID SEARCH\nX:", inboxed("", "EXAMINE")+"C: UID SEARCH\nS: * SEARCH 5\nS: $ OK")
	p := open(t, srv.options())
	wantKind(t, noop(t, p), imapx.Unavailable)
	read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
		_, err := c.Search(ctx, imapx.Criteria{}, 5)
		return err
	})
}

// TestRefusalInEachState is TestResponseCodes for the states it leaves out: a
// refusal is typed, keeps the server's words, and the next call works.
func TestRefusalInEachState(t *testing.T) {
	for _, state := range faultStates() {
		switch state.name {
		case "select", "search", "fetch", "store", "append", "idle", "idle, listening":
			continue // TestResponseCodes, TestIdleOnBadServers
		}
		for code, kind := range responseCodes() {
			t.Run(state.name+"/"+code, func(t *testing.T) {
				word, _, _ := strings.Cut(code, " ")
				said := "no such luck"
				if code != "" {
					said = "[" + code + "] " + said
				}
				again := state.scripts[0] + "S: $ NO " + said + "\n"
				switch state.name {
				case "newest": // a NO to numbers is settled by UID
					again += afterLogin("EXAMINE") + "C: FETCH 2:*\nS: $ NO " + said + "\nC: UID SEARCH\nS: $ NO " + said + "\n"
				case "create": // some refuse what is there already, and do not say why
					if kind == imapx.Refused {
						again += "C: STATUS\nS: $ NO [NONEXISTENT] there is none\n"
					}
				case "move", "copy": // nor whether it is the destination that is not there
					if code == "" {
						again += "C: LIST\nS: * LIST () \"/\" Archive\nS: $ OK\n"
					}
				case "remove": // what is left is looked at
					again += "C: UID SEARCH\nS: * SEARCH 5\nS: $ OK\n"
				}
				p := open(t, serve(t, again+"C: NOOP\nS: $ OK", hello("")+"C: NOOP\nS: $ OK").options())
				err := state.do(t.Context(), p)
				wantKind(t, err, kind)
				var e *imapx.Error
				if !errors.As(err, &e) || e.Code != word || e.Text != "no such luck" {
					t.Errorf("%#v", err)
				}
				if err := noop(t, p); err != nil {
					t.Errorf("the next call: %v", err)
				}
			})
		}
	}
}

// TestRenewalIsBounded: an IDLE that is renewed after 4 minutes and does not end
// within 10 seconds is given up, and another connection listens.
func TestRenewalIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listening := inboxed("IDLE", "EXAMINE") + idling
		s, opts := piped(t, loggedIn("IDLE"), listening+"C+ DONE\n", listening)
		p := open(t, opts)
		know(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute+11*time.Second)
		defer cancel()
		_ = p.Watch(ctx, "INBOX", func() {})
		if n := s.dialed(); n != 3 {
			t.Errorf("%d connections, want 3", n)
		}
		p.Close()
	})
}

// lingering is a connection of which the reader takes a second to notice its end.
type lingering struct{ net.Conn }

func (c lingering) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		<-time.After(time.Second)
	}
	return n, err
}

// TestCloseWaits: when Close returns nothing of the pool is left, neither of a
// connection that is unused, nor of one in use.
func TestCloseWaits(t *testing.T) {
	for name, script := range map[string]string{"unused": "C: NOOP\nS: $ OK", "in use": "C: NOOP"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var b bubble
				b.cert = selfSigned(t)
				opts := b.options(t, imapx.Cleartext, hello("")+script)
				dial := opts.Dial
				opts.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
					conn, err := dial(ctx, network, addr)
					return lingering{conn}, err
				}
				p := open(t, opts)
				done := make(chan error, 1)
				go func() { done <- noop(t, p) }()
				synctest.Wait()
				begun := time.Now()
				if err := errors.Join(p.Close(), p.Close()); err != nil {
					t.Error(err)
				}
				if took := time.Since(begun); took != time.Second {
					t.Errorf("it took %v", took)
				}
				if err := <-done; (name == "unused") != (err == nil) {
					t.Error(err)
				}
				b.wg.Wait()
			})
		})
	}
}

// TestFailedLoginIsClosed: an exchange that went wrong is not carried on. The
// server finds the connection closed, and the next call has another one, unless
// the password itself is in doubt.
func TestFailedLoginIsClosed(t *testing.T) {
	const greet = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN LOGINDISABLED] hello\nC: AUTHENTICATE PLAIN\n"
	for _, tt := range []struct {
		name, script string
		kind, next   imapx.Kind
		dials        int
	}{
		{"garbled challenge", greet + "S: + \nC+ AGFubgBvcGVuIHNlc2FtZQ==\nS: + !!!", imapx.Protocol, "", 2},
		{"one more question", greet + "S: + \nC+ AGFubgBvcGVuIHNlc2FtZQ==\nS: + " + b64("and?"), imapx.Auth, imapx.Auth, 1},
		{"busy", greet + "S: $ NO [UNAVAILABLE] later", imapx.Unavailable, "", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, tt.script, hello("")+"C: NOOP\nS: $ OK")
			p := open(t, srv.options())
			wantKind(t, noop(t, p), tt.kind)
			heard := srv.heard()
			if err := noop(t, p); imapx.KindOf(err) != tt.next {
				t.Error(err)
			}
			if srv.dialed() != tt.dials {
				t.Errorf("%d connections, want %d", srv.dialed(), tt.dials)
			}
			rest := strings.TrimPrefix(srv.heard(), heard)
			if tt.next == "" {
				rest = strings.TrimPrefix(rest, "\nAUTHENTICATE PLAIN AGFubgBvcGVuIHNlc2FtZQ==\nNOOP")
			}
			if rest != "" && rest != "\nLOGOUT" {
				t.Errorf("the client went on with %q", rest)
			}
		})
	}
}
