package imapx_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/imapx"
)

// piped plays transcripts over pipes, so that time can be made up. A connection
// beyond the last transcript is refused.
func piped(t *testing.T, transcripts ...string) (*scripted, imapx.Options) {
	s := &scripted{}
	var wg sync.WaitGroup
	opts := s.options()
	opts.Addr, opts.Progress = "localhost:143", 30*time.Second
	opts.Dial = func(context.Context, string, string) (net.Conn, error) {
		s.mu.Lock()
		n := s.dials
		s.dials++
		s.mu.Unlock()
		if n >= len(transcripts) {
			return nil, errors.New("nobody listens")
		}
		ours, theirs := net.Pipe()
		wg.Go(func() {
			defer theirs.Close()
			s.play(theirs, transcripts[n])
		})
		return ours, nil
	}
	t.Cleanup(func() {
		wg.Wait()
		for _, f := range s.fault {
			t.Errorf("script: %s", f)
		}
	})
	return s, opts
}

// loggedIn is the pool's own connection, which only learns what the server can.
func loggedIn(caps string) string { return hello(caps) + "C: NOOP\nS: $ OK done\n" }

// statuses answers STATUS again and again.
func statuses(n int) string {
	return strings.Repeat("C: STATUS \"INBOX\"\nS: * STATUS INBOX (MESSAGES 3 UIDNEXT 6 UIDVALIDITY 7)\nS: $ OK done\n", n)
}

func know(t *testing.T, p *imapx.Pool) {
	t.Helper()
	read(t, p, "", func(ctx context.Context, c *imapx.Conn) error { return c.Noop(ctx) })
}

const idling = "C: IDLE\nS: + go on\n"

// TestIdleOnBadServers: whatever becomes of an IDLE, whoever watches is told when
// a watch stands again, or that none can.
func TestIdleOnBadServers(t *testing.T) {
	examined := inboxed("IDLE", "EXAMINE")
	tests := []struct {
		name        string
		transcripts []string // of the connections behind the first
		own         string   // further lines of the first
		tells       int      // at least so often
		within      time.Duration
		heard       []string
	}{
		{"tells of mail", []string{examined + idling + "W: 30s\nS: * 4 EXISTS\n"}, "", 3, 31 * time.Second, nil},
		{"tells of flags only", []string{examined + idling + "W: 30s\nS: * 3 FETCH (FLAGS (\\Seen))\nS: * OK still here\n"}, "", 2, 31 * time.Second, nil},
		{"drops the connection", []string{examined + idling + "X:", examined + idling}, "", 2, 5 * time.Second, nil},
		{"drops the connection without a plus", []string{examined + "C: IDLE\nX:", examined + idling}, "", 1, 5 * time.Second, nil},
		{"says goodbye", []string{examined + idling + "S: * BYE going down\nX:", examined + idling}, "", 2, 5 * time.Second, nil},
		{"says goodbye and stays", []string{examined + idling + "S: * BYE going down\n", examined + idling}, "", 3, 5 * time.Second, nil},
		{"never sends a plus", []string{examined + "C: IDLE\n"}, statuses(3), 1, 36 * time.Second, nil},
		{"refuses to idle", []string{examined + "C: IDLE\nS: $ NO not now\n"}, statuses(3), 1, 10 * time.Second, nil},
		{"does not know it", []string{examined + "C: IDLE\nS: $ BAD what\n"}, statuses(3), 1, 10 * time.Second, nil},
		{"never answers DONE", []string{examined + idling + "C+ DONE\n", examined + idling}, "", 4, 5 * time.Minute, []string{"DONE"}},
		{"drops every time", []string{examined + idling + "X:", examined + idling + "X:", examined + idling + "X:"}, statuses(2), 4, 10 * time.Second, nil},
		{"lets no more in", []string{"S: * BYE [LIMIT] too many connections\nX:"}, statuses(3), 1, 10 * time.Second, nil},
		{"renews", []string{examined + strings.Repeat(idling+"C+ DONE\nS: $ OK done\n", 3) + idling}, "", 8, 13 * time.Minute, []string{"DONE"}},
		{"grumbles", []string{examined + idling + "W: 9s\nS: * NO disk is almost full\nS: * 9 UNKNOWN (((\nS: * 4 EXISTS\n"}, "", 3, 10 * time.Second, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, opts := piped(t, append([]string{loggedIn("IDLE") + test.own}, test.transcripts...)...)
				p := open(t, opts)
				know(t, p)
				ctx, cancel := context.WithTimeout(t.Context(), test.within)
				defer cancel()
				tells := 0
				if err := p.Watch(ctx, "INBOX", func() { tells++; synctest.Wait() }); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the watch ended with %v", err)
				}
				most := test.tells
				if strings.Contains(strings.Join(test.transcripts, ""), "X:") {
					most++ // what comes right before the end of a connection may be told by itself
				}
				if tells < test.tells || tells > most {
					t.Errorf("told %d times, want %d", tells, test.tells)
				}
				if got, want := s.dialed(), len(test.transcripts)+1; got != want {
					t.Errorf("%d connections, want %d", got, want)
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				for _, want := range test.heard {
					if !strings.Contains(s.heard(), want) {
						t.Errorf("clients never sent %s:\n%s", want, s.heard())
					}
				}
			})
		})
	}
}

// TestWatchEndsAfterAGrace: the connection goes with the last who watches, a
// little later, and says goodbye.
func TestWatchEndsAfterAGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, opts := piped(t, loggedIn("IDLE"), inboxed("IDLE", "EXAMINE")+idling)
		p := open(t, opts)
		know(t, p)
		ctx, cancel := context.WithCancel(t.Context())
		if err := p.Watch(ctx, "INBOX", cancel); !errors.Is(err, context.Canceled) {
			t.Errorf("the watch ended with %v", err)
		}
		<-time.After(10 * time.Second)
		if strings.Contains(s.heard(), "DONE") {
			t.Errorf("it ended at once:\n%s", s.heard())
		}
		<-time.After(15 * time.Second)
		synctest.Wait()
		if !strings.Contains(s.heard(), "DONE\n") || !strings.HasSuffix(s.heard(), "LOGOUT") {
			t.Errorf("no goodbye:\n%s", s.heard())
		}
	})
}

// TestPollingSlowsDown: without IDLE the server is asked ever less often, and at
// once again when somebody joins.
func TestPollingSlowsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, opts := piped(t, loggedIn("")+statuses(15))
		p := open(t, opts)
		know(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		tells := 0
		_ = p.Watch(ctx, "INBOX", func() { tells++ })
		if n := strings.Count(s.heard(), "STATUS"); n < 10 || n > 20 {
			t.Errorf("asked %d times in five minutes", n)
		}
		if tells != 1 {
			t.Errorf("told %d times of nothing", tells)
		}
	})
}

// TestPollingOfRefusedStatus opens the mailbox where STATUS is refused.
func TestPollingOfRefusedStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		noop := "C: NOOP\nS: $ OK done\n"
		refused := "C: STATUS \"INBOX\"\nS: $ NO no\n"
		opened := "C: EXAMINE INBOX\nS: * 3 EXISTS\nS: * OK [UIDVALIDITY 7] ok\nS: * OK [UIDNEXT 6] ok\nS: $ OK open\n"
		s, opts := piped(t, loggedIn("")+refused+opened+noop+noop+refused+strings.Replace(opened, "3 EXISTS", "4 EXISTS", 1)+noop)
		p := open(t, opts)
		know(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		tells := 0
		if err := p.Watch(ctx, "INBOX", func() { tells++ }); !errors.Is(err, context.DeadlineExceeded) || tells != 2 {
			t.Errorf("told %d times, %v\n%s", tells, err, s.heard())
		}
	})
}

// TestWatchLearnsTheServer: the first call on a pool may be a watch.
func TestWatchLearnsTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, opts := piped(t, hello("IDLE")+statuses(1), inboxed("IDLE", "EXAMINE")+idling)
		p := open(t, opts)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_ = p.Watch(ctx, "INBOX", func() {})
		if !strings.Contains(s.heard(), "IDLE") {
			t.Errorf("it does not idle:\n%s", s.heard())
		}
	})
}

func TestWatchOfARefusedLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, opts := piped(t, "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\nC: AUTHENTICATE PLAIN\nS: $ NO [AUTHENTICATIONFAILED] no\n")
		wantKind(t, open(t, opts).Watch(t.Context(), "INBOX", func() { t.Error("told") }), imapx.Auth)
	})
}

// TestWatchThroughAnOutage: the server is away for minutes and is not asked all the time.
func TestWatchThroughAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, opts := piped(t, loggedIn("IDLE"), inboxed("IDLE", "EXAMINE")+idling+"X:")
		p := open(t, opts)
		know(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if err := p.Watch(ctx, "INBOX", func() {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the watch ended with %v", err)
		}
		if n := s.dialed(); n < 10 || n > 40 {
			t.Errorf("dialled %d times in ten minutes", n)
		}
	})
}
