package submission_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/internal/submission"
)

const message = "From: alice@test.invalid\r\nSubject: Hi\r\n\r\nHello\r\n.\r\n..two dots\r\n"

func envelope(to ...string) submission.Envelope {
	return submission.Envelope{From: "alice@test.invalid", To: to}
}

// clear are options for a scripted server.
func clear(addr string) submission.Options {
	return submission.Options{Addr: addr, Security: submission.Cleartext, Progress: 10 * time.Second}
}

// secured are options for srv over TLS.
func secured(srv *imapxtest.Server) submission.Options {
	return submission.Options{
		Addr: srv.SubmissionTLSAddr, TLSConfig: &tls.Config{RootCAs: srv.CA},
		Username: srv.Username, Password: srv.Password,
	}
}

func servers(t *testing.T, test func(t *testing.T, srv *imapxtest.Server)) {
	t.Run("memory", func(t *testing.T) { leakcheck.Check(t); test(t, imapxtest.Memory(t)) })
	t.Run("dovecot", func(t *testing.T) { leakcheck.Check(t); test(t, imapxtest.Dovecot(t)) })
}

func TestSend(t *testing.T) {
	servers(t, func(t *testing.T, srv *imapxtest.Server) {
		for name, change := range map[string]func(*submission.Options){
			"TLS":       func(*submission.Options) {},
			"STARTTLS":  func(o *submission.Options) { o.Addr, o.Security = srv.SubmissionAddr, submission.STARTTLS },
			"cleartext": func(o *submission.Options) { o.Addr, o.Security = srv.SubmissionAddr, submission.Cleartext },
		} {
			t.Run(name, func(t *testing.T) {
				s := srv.Fresh(t)
				opt := secured(s)
				change(&opt)
				env := submission.Envelope{From: s.Address, To: []string{s.Address, "ann@example.org", s.Address}}
				result, err := submission.Send(t.Context(), opt, env, []byte(message))
				if err != nil {
					t.Fatal(err)
				}
				if want := env.To[:2]; !cmp.Equal(result.Accepted, want) || len(result.Refused) != 0 || result.Text == "" {
					t.Errorf("got %+v, want accepted %q", result, want)
				}
				sent := s.Sent()
				if len(sent) != 1 || sent[0].From != s.Address || !cmp.Equal(sent[0].To, env.To[:2]) {
					t.Fatalf("the server got %+v", sent)
				}
				if !bytes.HasSuffix(sent[0].Data, []byte(message)) {
					t.Errorf("the message arrived as %q", sent[0].Data)
				}
				if uids := s.UIDs(t, "INBOX"); len(uids) != 1 {
					t.Errorf("INBOX holds %v, want one message", uids)
				}
			})
		}
	})
}

func TestRefusedRecipients(t *testing.T) {
	servers(t, func(t *testing.T, srv *imapxtest.Server) {
		srv.RefuseRecipients("gone@example.org")
		srv.DeferRecipients("slow@example.org")
		tests := []struct {
			name         string
			to           []string
			rest         bool
			wantErr      error
			wantCode     int
			wantAccepted []string
			wantRefused  map[string]int
		}{
			{name: "one of two", to: []string{"slow@example.org", "ann@example.org", "gone@example.org"}, wantErr: submission.Refused, wantCode: 550,
				wantRefused: map[string]int{"slow@example.org": 450, "gone@example.org": 550}},
			{name: "only for now", to: []string{"slow@example.org"}, wantErr: submission.Refused, wantCode: 450,
				wantRefused: map[string]int{"slow@example.org": 450}},
			{name: "to the rest", to: []string{"gone@example.org", "ann@example.org"}, rest: true,
				wantAccepted: []string{"ann@example.org"}, wantRefused: map[string]int{"gone@example.org": 550}},
			{name: "no rest", to: []string{"gone@example.org"}, rest: true, wantErr: submission.Refused, wantCode: 550,
				wantRefused: map[string]int{"gone@example.org": 550}},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := srv.Fresh(t)
				opt := secured(s)
				opt.SendToRest = tt.rest
				result, err := submission.Send(t.Context(), opt, submission.Envelope{From: s.Address, To: tt.to}, []byte(message))
				if !errors.Is(err, tt.wantErr) {
					t.Fatalf("got %v, want %v", err, tt.wantErr)
				}
				var e *submission.Error
				if errors.As(err, &e) && e.Code != tt.wantCode {
					t.Errorf("code: got %d, want %d", e.Code, tt.wantCode)
				}
				refused := make(map[string]int)
				for _, r := range result.Refused {
					refused[r.Address] = r.Code
					if r.Enhanced == "" || r.Text == "" {
						t.Errorf("refusal lacks the server's words: %+v", r)
					}
				}
				if !cmp.Equal(refused, tt.wantRefused) || !cmp.Equal(result.Accepted, tt.wantAccepted) {
					t.Errorf("got %+v", result)
				}
				if got, want := len(s.Sent()), min(len(tt.wantAccepted), 1); got != want {
					t.Errorf("%d messages sent, want %d", got, want)
				}
			})
		}
	})
}

func TestWrongPasswordAndCertificate(t *testing.T) {
	servers(t, func(t *testing.T, srv *imapxtest.Server) {
		pin := &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error { return errors.New("not the pinned one") }}
		tests := []struct {
			name   string
			change func(*submission.Options)
			want   error
		}{
			{"wrong password", func(o *submission.Options) { o.Password = "wrong" }, submission.Unauthenticated},
			{"no login", func(o *submission.Options) { o.Username = "" }, submission.Unauthenticated},
			{"unknown authority", func(o *submission.Options) { o.TLSConfig = nil }, submission.Insecure},
			{"unknown authority after STARTTLS", func(o *submission.Options) {
				o.TLSConfig, o.Addr, o.Security = nil, srv.SubmissionAddr, submission.STARTTLS
			}, submission.Insecure},
			{"other name", func(o *submission.Options) { o.TLSConfig.ServerName = "mail.example.org" }, submission.Insecure},
			{"pin differs", func(o *submission.Options) { o.TLSConfig = pin }, submission.Insecure},
			{"TLS to a cleartext port", func(o *submission.Options) { o.Addr = srv.SubmissionAddr }, submission.Unavailable},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				opt := secured(srv)
				tt.change(&opt)
				_, err := submission.Send(t.Context(), opt, envelope("ann@example.org"), []byte(message))
				if !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if len(srv.Sent()) != 0 {
					t.Error("the message was sent all the same")
				}
			})
		}
	})
}

// TestBeyondASCII: what a server does not offer is not tried (RFC 6531 section
// 3.5, RFC 6152 section 3).
func TestBeyondASCII(t *testing.T) {
	const body = "Subject: x\r\n\r\nGrüße\r\n"
	tests := []struct {
		name, to, message string
		extensions        []string
		refused           bool
		says              string // part of the MAIL command
	}{
		{name: "body, offered", to: "bob@test.invalid", message: body, extensions: []string{"8BITMIME"}, says: "BODY=8BITMIME"},
		{name: "body, not offered", to: "bob@test.invalid", message: body, refused: true},
		{name: "header, offered", to: "bob@test.invalid", message: "Subject: ü\r\n\r\n", extensions: []string{"8BITMIME", "SMTPUTF8"}, says: "SMTPUTF8"},
		{name: "header, not offered", to: "bob@test.invalid", message: "Subject: ü\r\n\r\n", extensions: []string{"8BITMIME"}, refused: true},
		{name: "address, offered", to: "bøb@test.invalid", message: message, extensions: []string{"8BITMIME", "SMTPUTF8"}, says: "SMTPUTF8"},
		{name: "address, not offered", to: "bøb@test.invalid", message: message, extensions: []string{"8BITMIME"}, refused: true},
		{name: "ASCII", to: "bob@test.invalid", message: message},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			steps := append(ehlo(tt.extensions...), upTo("none")[2:]...)
			steps[3].want = "RCPT TO:<" + tt.to + ">"
			srv := script(t, steps...)
			_, err := submission.Send(t.Context(), clear(srv.addr), envelope(tt.to), []byte(tt.message))
			if tt.refused {
				if !errors.Is(err, submission.Unsupported) || strings.Contains(srv.heard(), "MAIL") {
					t.Errorf("got %v, want %v; client said %q", err, submission.Unsupported, srv.heard())
				}
				return
			}
			if err != nil || !strings.Contains(srv.heard(), tt.says) {
				t.Errorf("got %v; client said %q, want %q", err, srv.heard(), tt.says)
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	srv := imapxtest.Memory(t)
	count := imapxtest.Count(t, srv.SubmissionTLSAddr)
	opt := secured(srv)
	opt.Addr = count.Addr
	_, err := submission.Send(t.Context(), opt, envelope("ann@example.org"), bytes.Repeat([]byte("line\r\n"), imapxtest.MaxMessage/6+1))
	if !errors.Is(err, submission.TooLarge) {
		t.Errorf("got %v, want %v", err, submission.TooLarge)
	}
	if count.Sent() > 10_000 {
		t.Errorf("%d bytes were sent to learn that", count.Sent())
	}
}

func TestUncertainAfterTheDot(t *testing.T) {
	leakcheck.Check(t)
	srv := imapxtest.Memory(t)
	srv.DropAfterDot(true)
	result, err := submission.Send(t.Context(), secured(srv), envelope(srv.Address), []byte(message))
	if !errors.Is(err, submission.Uncertain) || len(result.Accepted) != 0 {
		t.Errorf("got %+v, %v, want %v", result, err, submission.Uncertain)
	}
	if len(srv.Sent()) != 1 {
		t.Errorf("sent %d times, want once", len(srv.Sent()))
	}
}

func TestNoServer(t *testing.T) {
	leakcheck.Check(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	_, err = submission.Send(t.Context(), clear(ln.Addr().String()), envelope("bob@test.invalid"), []byte(message))
	if !errors.Is(err, submission.Unavailable) {
		t.Errorf("got %v, want %v", err, submission.Unavailable)
	}
}

func TestRoundTrips(t *testing.T) {
	srv := imapxtest.Memory(t)
	count := imapxtest.Count(t, srv.SubmissionTLSAddr)
	opt := secured(srv)
	opt.Addr = count.Addr
	to := []string{"a@example.org", "b@example.org", "c@example.org"}
	if _, err := submission.Send(t.Context(), opt, envelope(to...), []byte(message)); err != nil {
		t.Fatal(err)
	}
	// TLS, greeting, EHLO, AUTH, MAIL, one RCPT each, DATA, the message, QUIT.
	if got, want := count.RoundTrips(), 8+len(to); got != want {
		t.Errorf("got %d round trips, want %d", got, want)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	srv := imapxtest.Memory(t)
	_, err := submission.Send(ctx, secured(srv), envelope(srv.Address), []byte(message))
	if err != context.Canceled { //nolint:errorlint // it must be bare
		t.Errorf("got %v, want the bare %v", err, context.Canceled)
	}
}

// TestLines: what reaches the server has no lone CR or LF, whatever came in.
func TestLines(t *testing.T) {
	srv := imapxtest.Memory(t)
	smuggled := "Subject: x\n\nbody\r.\rMAIL FROM:<eve@example.org>\n.\nmore\r\n.\r\nend"
	if _, err := submission.Send(t.Context(), secured(srv), envelope("ann@example.org"), []byte(smuggled)); err != nil {
		t.Fatal(err)
	}
	sent := srv.Sent()
	if len(sent) != 1 {
		t.Fatalf("%d messages arrived, want 1", len(sent))
	}
	want := strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n").Replace(smuggled) + "\r\n"
	if got := string(sent[0].Data); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
