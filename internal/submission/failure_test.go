package submission_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/internal/submission"
)

// TestFailurePoints breaks or refuses every stage of a session once.
func TestFailurePoints(t *testing.T) {
	login := ehlo("AUTH PLAIN LOGIN")
	withLogin := func(o *submission.Options) { o.Username, o.Password = "alice", "secret" }
	startTLS := func(o *submission.Options) { withLogin(o); o.Security = submission.STARTTLS }
	tests := []struct {
		name   string
		steps  []step
		change func(*submission.Options)
		want   error
		code   int
		words  string // part of the error's text
	}{
		{name: "no greeting", want: submission.Unavailable},
		{name: "greeting 554", steps: []step{{answer: "554 5.3.2 not today"}}, want: submission.Permanent, code: 554, words: "5.3.2 not today"},
		{name: "greeting 421", steps: []step{{answer: "421 busy"}}, want: submission.Temporary, code: 421, words: "busy"},
		{name: "greeting is not SMTP", steps: []step{{answer: "* OK IMAP ready"}}, want: submission.Unavailable},
		{name: "greeting of controls", steps: []step{{answer: "hi\x1b[2J\u202e\x00" + strings.Repeat("x", 1500)}}, want: submission.Unavailable, words: `hi\x1b[2J`},
		{name: "greeting too long", steps: []step{{answer: "220 " + strings.Repeat("x", 5000)}}, want: submission.Unavailable},
		{name: "lost at EHLO", steps: []step{{answer: "220 hi"}, {want: "EHLO"}}, want: submission.Unavailable},
		{name: "EHLO refused", steps: []step{{answer: "220 hi"}, {want: "EHLO", answer: "550 go away"}}, want: submission.Permanent, code: 550},
		{name: "endless EHLO answer", steps: []step{{answer: "220 hi"}, {want: "EHLO", do: endless("250-X\r\n")}}, want: submission.Unavailable, words: "too much"},
		{name: "no STARTTLS", steps: ehlo("AUTH PLAIN"), change: startTLS, want: submission.Insecure},
		{name: "STARTTLS refused", steps: append(ehlo("STARTTLS"), step{want: "STARTTLS", answer: "502 no"}), change: startTLS, want: submission.Insecure, code: 502},
		{name: "STARTTLS not now", steps: append(ehlo("STARTTLS"), step{want: "STARTTLS", answer: "454 no"}), change: startTLS, want: submission.Temporary, code: 454},
		{name: "STARTTLS then cleartext", steps: append(ehlo("STARTTLS"), step{want: "STARTTLS", answer: "220 go\r\n250-evil\r\n250 AUTH PLAIN"}), change: startTLS, want: submission.Unavailable},
		{name: "no AUTH", steps: ehlo("SIZE"), change: withLogin, want: submission.Unsupported},
		{name: "no mechanism of ours", steps: ehlo("AUTH GSSAPI"), change: withLogin, want: submission.Unsupported},
		{name: "AUTH 535", steps: append(login, step{want: "AUTH PLAIN", answer: "535 5.7.8 wrong"}), change: withLogin, want: submission.Unauthenticated, code: 535, words: "wrong"},
		{name: "AUTH 454", steps: append(login, step{want: "AUTH PLAIN", answer: "454 4.7.0 later"}), change: withLogin, want: submission.Temporary, code: 454},
		{name: "AUTH 504", steps: append(login, step{want: "AUTH PLAIN", answer: "504 what"}), change: withLogin, want: submission.Unsupported, code: 504},
		{name: "lost at AUTH", steps: append(login, step{want: "AUTH PLAIN"}), change: withLogin, want: submission.Unavailable},
		{name: "lost at MAIL", steps: upTo("MAIL", step{want: "MAIL"}), want: submission.Unavailable, words: "MAIL"},
		{name: "MAIL 451", steps: upTo("MAIL", step{want: "MAIL", answer: "451 4.3.0 disk"}), want: submission.Temporary, code: 451, words: "disk"},
		{name: "MAIL 550", steps: upTo("MAIL", step{want: "MAIL", answer: "550 5.7.1 not you"}), want: submission.Permanent, code: 550},
		{name: "MAIL 530", steps: upTo("MAIL", step{want: "MAIL", answer: "530 5.7.0 log in"}), want: submission.Unauthenticated, code: 530},
		{name: "MAIL 552", steps: upTo("MAIL", step{want: "MAIL", answer: "552 too big"}), want: submission.TooLarge, code: 552},
		{name: "lost at RCPT", steps: upTo("RCPT", step{want: "RCPT"}), want: submission.Unavailable, words: "RCPT"},
		{name: "RCPT 421", steps: upTo("RCPT", step{want: "RCPT", answer: "421 bye"}), want: submission.Temporary, code: 421},
		{name: "RCPT 550, RSET lost", steps: upTo("RCPT", step{want: "RCPT", answer: "550 no"}, step{want: "RSET"}), want: submission.Refused, code: 550},
		{name: "lost at DATA", steps: upTo("DATA", step{want: "DATA"}), want: submission.Unavailable, words: "DATA"},
		{name: "DATA 451", steps: upTo("DATA", step{want: "DATA", answer: "451 wait"}), want: submission.Temporary, code: 451},
		{name: "DATA 554", steps: upTo("DATA", step{want: "DATA", answer: "554 no"}), want: submission.Permanent, code: 554},
		{name: "dot 452", steps: upTo(".", step{want: ".", answer: "452 4.3.1 full"}), want: submission.Temporary, code: 452},
		{name: "dot 554", steps: upTo(".", step{want: ".", answer: "554-5.7.1 spam\r\n554 5.7.1 indeed"}), want: submission.Permanent, code: 554, words: "5.7.1 spam indeed"},
		{name: "dot 552 5.3.4", steps: upTo(".", step{want: ".", answer: "552 5.3.4 big"}), want: submission.TooLarge, code: 552},
		{name: "dot 552 5.2.2", steps: upTo(".", step{want: ".", answer: "552 5.2.2 mailbox full"}), want: submission.Permanent, code: 552},
		{name: "lost after the dot", steps: upTo(".", step{want: "."}), want: submission.Uncertain},
		{name: "garbage after the dot", steps: upTo(".", step{want: ".", answer: "what?"}), want: submission.Uncertain},
		{name: "controls after the dot", steps: upTo(".", step{want: ".", answer: "2\x1b50 ok\u202e"}), want: submission.Uncertain},
		{name: "354 after the dot", steps: upTo(".", step{want: ".", answer: "354 more"}), want: submission.Uncertain},
		{name: "999 after the dot", steps: upTo(".", step{want: ".", answer: "999 more"}), want: submission.Uncertain},
		{name: "half an answer after the dot", steps: upTo(".", step{want: ".", do: say("25")}), want: submission.Uncertain},
		{name: "endless answer after the dot", steps: upTo(".", step{want: ".", do: endless("250-x\r\n")}), want: submission.Uncertain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leakcheck.Check(t)
			srv := script(t, tt.steps...)
			opt := clear(srv.addr)
			if tt.change != nil {
				tt.change(&opt)
			}
			result, err := submission.Send(t.Context(), opt, envelope("bob@test.invalid"), []byte(message))
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			var e *submission.Error
			if !errors.As(err, &e) || e.Code != tt.code || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("got %+v, want code %d and %q", e, tt.code, tt.words)
			}
			if len(result.Accepted) != 0 {
				t.Errorf("accepted %q with an error", result.Accepted)
			}
			if text := err.Error(); strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || len(text) > 600 {
				t.Errorf("the server's words were not cleaned: %.700q", text)
			}
			if opt.Security == submission.STARTTLS && (strings.Contains(srv.heard(), "AUTH") || strings.Contains(srv.heard(), "MAIL")) {
				t.Errorf("said in clear: %q", srv.heard())
			}
		})
	}
}

func say(text string) func(net.Conn) { return func(c net.Conn) { _, _ = io.WriteString(c, text) } }

// endless repeats line until the client has had enough, 64 MB at most.
func endless(line string) func(net.Conn) {
	return func(c net.Conn) {
		chunk := bytes.Repeat([]byte(line), 1000)
		for sent := 0; sent < 64<<20; sent += len(chunk) {
			if _, err := c.Write(chunk); err != nil {
				return
			}
		}
	}
}

func TestUnusualButFine(t *testing.T) {
	tests := []struct {
		name   string
		steps  []step
		change func(*submission.Options)
	}{
		{name: "HELO only", steps: []step{
			{answer: "220 hi"}, {want: "EHLO", answer: "502 what"}, {want: "HELO localhost", answer: "250 hi"},
			{want: "MAIL FROM:<alice@test.invalid>", answer: "250 ok"}, {want: "RCPT", answer: "251 will forward"},
			{want: "DATA", answer: "354 go"}, {want: ".", answer: "250 done"}, {want: "QUIT", answer: "221 bye"},
		}},
		{name: "LOGIN only", change: func(o *submission.Options) { o.Username, o.Password = "alice", "secret" }, steps: append(ehlo("AUTH LOGIN"),
			step{want: "AUTH LOGIN", answer: "334 UGFzc3dvcmQ6"}, step{want: "c2VjcmV0", answer: "235 hello"},
			step{want: "MAIL", answer: "250 ok"}, step{want: "RCPT", answer: "250 ok"}, step{want: "DATA", answer: "354 go"},
			step{want: ".", answer: "250 done"}, step{want: "QUIT", answer: "221 bye"})},
		{name: "another 2xx after the dot", steps: upTo(".", step{want: ".", answer: "251 done"}, step{want: "QUIT", answer: "221 bye"})},
		{name: "lost at QUIT", steps: upTo("QUIT")},
		{name: "own name", change: func(o *submission.Options) { o.LocalName = "[127.0.0.1]" },
			steps: append([]step{{answer: "220 hi"}, {want: "EHLO [127.0.0.1]", answer: "250 hi"}}, upTo("none")[2:]...)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leakcheck.Check(t)
			srv := script(t, tt.steps...)
			opt := clear(srv.addr)
			if tt.change != nil {
				tt.change(&opt)
			}
			result, err := submission.Send(t.Context(), opt, envelope("bob@test.invalid"), []byte(message))
			if err != nil || len(result.Accepted) != 1 {
				t.Errorf("got %+v, %v\nclient said %q", result, err, srv.heard())
			}
		})
	}
}

// TestSilence: a server that stops answering or reading is given up.
func TestSilence(t *testing.T) {
	large := append([]byte(message), bytes.Repeat([]byte("0123456789abcdef\r\n"), 1<<20)...)
	short := func(o *submission.Options) { o.DialTimeout = 50 * time.Millisecond }
	release := make(chan struct{}) // lets a server go that neither reads nor closes
	hold := func(net.Conn) { <-release }
	tests := []struct {
		name    string
		steps   []step
		message []byte
		change  func(*submission.Options)
	}{
		{"no greeting", []step{{do: hold}}, []byte(message), short},
		{"no handshake", []step{{do: hold}}, []byte(message), func(o *submission.Options) { short(o); o.Security = submission.TLS }},
		{"no answer", upTo("MAIL", step{want: "MAIL", do: hold}), []byte(message), func(o *submission.Options) { o.Progress = 50 * time.Millisecond }},
		{"does not read", upTo(".", step{do: hold}), large, func(o *submission.Options) { o.Progress = 200 * time.Millisecond }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leakcheck.Check(t)
			srv := script(t, tt.steps...)
			opt := clear(srv.addr)
			tt.change(&opt)
			_, err := submission.Send(t.Context(), opt, envelope("bob@test.invalid"), tt.message)
			release <- struct{}{}
			if !errors.Is(err, submission.Unavailable) {
				t.Errorf("got %v, want %v", err, submission.Unavailable)
			}
			if tt.name == "no greeting" && errors.Is(err, context.DeadlineExceeded) {
				t.Error("our own timeout looks like the caller's deadline")
			}
		})
	}
}

// TestCancel cancels at each stage: bare before the dot, uncertain after it.
func TestCancel(t *testing.T) {
	for _, stage := range []string{"MAIL", "RCPT", "DATA", "."} {
		t.Run(stage, func(t *testing.T) {
			leakcheck.Check(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			srv := script(t, upTo(stage, step{want: stage, do: func(c net.Conn) { cancel(); untilClosed(c) }})...)
			_, err := submission.Send(ctx, clear(srv.addr), envelope("bob@test.invalid"), []byte(message))
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
			bare := err == context.Canceled //nolint:errorlint // wrapped or bare is the question
			if after := stage == "."; bare == after || errors.Is(err, submission.Uncertain) != after {
				t.Errorf("got %v (bare: %v)", err, bare)
			}
		})
	}
}
