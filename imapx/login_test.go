package imapx_test

import (
	"context"
	"crypto/tls"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

func noop(t *testing.T, p *imapx.Pool) error {
	t.Helper()
	return p.Read(t.Context(), "", func(c *imapx.Conn) error { return c.Noop(t.Context()) })
}

func TestLoginRefused(t *testing.T) {
	greet := func(caps string) string { return "S: * OK [CAPABILITY IMAP4rev1 " + caps + "] hello\n" }
	for _, tt := range []struct {
		name, script string
		change       func(*imapx.Options)
		kind         imapx.Kind
		text         string // in the error
		silent       bool   // nothing secret was sent
	}{
		{name: "login disabled", script: greet("LOGINDISABLED STARTTLS"), kind: imapx.Auth, text: "LOGINDISABLED", silent: true},
		{name: "wrong password", script: greet("") + "C: LOGIN \"ann\" \"open sesame\"\nS: $ NO [AUTHENTICATIONFAILED] nope", kind: imapx.Auth, text: "nope"},
		{name: "plain no", script: greet("") + "C: LOGIN\nS: $ NO go away", kind: imapx.Auth, text: "go away"},
		{name: "wrong password to plain", script: greet("AUTH=PLAIN SASL-IR") + "C: AUTHENTICATE PLAIN AGFubgBvcGVuIHNlc2FtZQ==\nS: $ NO nope", kind: imapx.Auth},
		{name: "plain without initial response", script: greet("AUTH=PLAIN LOGINDISABLED") + "C: AUTHENTICATE PLAIN\nS: + \nC+ AGFubgBvcGVuIHNlc2FtZQ==\nS: $ NO nope", kind: imapx.Auth},
		{name: "server busy", script: greet("") + "C: LOGIN\nS: $ NO [UNAVAILABLE] database is down", kind: imapx.Unavailable, text: "database is down"},
		{name: "too many connections", script: greet("") + "C: LOGIN\nS: $ NO [LIMIT] too many", kind: imapx.Limit, text: "too many"},
		{name: "bye at login", script: greet("") + "C: LOGIN\nS: * BYE come back tomorrow\nX:", kind: imapx.Unavailable, text: "come back tomorrow"},
		{name: "bye in greeting", script: "S: * BYE [LIMIT] full house\nX:", kind: imapx.Limit, text: "full house", silent: true},
		{name: "no mail server", script: "S: SSH-2.0-OpenSSH_9.2", kind: imapx.Protocol, text: "SSH-2.0", silent: true},
		{name: "no imap4", script: "S: * OK [CAPABILITY IMAP2] old\nC: LOGIN\nS: $ OK [CAPABILITY IMAP2] in", kind: imapx.Protocol},
		{name: "says nothing", script: "", kind: imapx.Unavailable, text: "dial timeout", silent: true,
			change: func(o *imapx.Options) { o.DialTimeout = 50 * time.Millisecond }},
		{name: "never answers", script: greet("") + "C: LOGIN", kind: imapx.Unavailable, text: "no answer for 50ms",
			change: func(o *imapx.Options) { o.Progress = 50 * time.Millisecond }},
		{name: "endless line", script: "S: * OK " + strings.Repeat("x", 40_000), kind: imapx.TooLarge, silent: true},
		{name: "endless answer", script: greet("") + "C: LOGIN\n" + strings.Repeat("S: * OK still here\n", 200), kind: imapx.Protocol},
		{name: "unknown mechanism", script: greet("AUTH=PLAIN"), kind: imapx.Unsupported, silent: true,
			change: func(o *imapx.Options) {
				o.Password, o.Auth = "", func() (sasl.Client, error) { return sasl.NewExternalClient(""), nil }
			}},
		{name: "no token", script: greet("AUTH=PLAIN"), kind: imapx.Auth, text: "no token", silent: true,
			change: func(o *imapx.Options) {
				o.Password, o.Auth = "", func() (sasl.Client, error) { return nil, errors.New("no token") }
			}},
		{name: "starttls refused", script: greet("STARTTLS") + "C: STARTTLS\nS: $ NO not today", kind: imapx.TLS, text: "not today", silent: true,
			change: func(o *imapx.Options) { o.Security = imapx.StartTLS }},
		{name: "preauth before tls", script: "S: * PREAUTH [CAPABILITY IMAP4rev1] come in", kind: imapx.TLS, silent: true,
			change: func(o *imapx.Options) { o.Security = imapx.StartTLS }},
		{name: "data behind starttls", script: greet("STARTTLS") + "C: STARTTLS\nS: $ OK go\\r\\n* CAPABILITY IMAP4rev1", kind: imapx.TLS, silent: true,
			change: func(o *imapx.Options) { o.Security = imapx.StartTLS }},
		{name: "no tls at all", script: greet(""), kind: imapx.TLS, silent: true,
			change: func(o *imapx.Options) { o.Security = imapx.ImplicitTLS }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, tt.script)
			opts := srv.options()
			if tt.change != nil {
				tt.change(&opts)
			}
			err := noop(t, open(t, opts))
			wantKind(t, err, tt.kind)
			if !strings.Contains(err.Error(), tt.text) {
				t.Errorf("error %q lacks %q", err, tt.text)
			}
			if strings.Contains(err.Error(), "sesame") {
				t.Errorf("error %q shows the password", err)
			}
			if sent := srv.heard(); tt.silent && (strings.Contains(sent, "LOGIN") || strings.Contains(sent, "AUTHENTICATE")) {
				t.Errorf("the client sent %q", sent)
			}
		})
	}
}

func TestWrongPasswordIsNeverTriedAgain(t *testing.T) {
	srv := serve(t, "S: * OK [CAPABILITY IMAP4rev1] hello\nC: LOGIN\nS: $ NO nope")
	p := open(t, srv.options())
	for range 3 {
		wantKind(t, noop(t, p), imapx.Auth)
	}
	if n := srv.dialed(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestRefusedTokenIsAskedForAnew(t *testing.T) {
	refused := "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\nC: AUTHENTICATE PLAIN\nS: $ NO expired"
	srv := serve(t, refused, hello("")+"C: NOOP\nS: $ OK")
	opts := srv.options()
	asked := 0
	opts.Password, opts.Auth = "", func() (sasl.Client, error) {
		asked++
		return sasl.NewPlainClient("", "ann", "token"), nil
	}
	p := open(t, opts)
	wantKind(t, noop(t, p), imapx.Auth)
	if err := noop(t, p); err != nil || asked != 2 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

func TestBusyServerIsTriedAgain(t *testing.T) {
	srv := serve(t, "S: * BYE [UNAVAILABLE] restarting\nX:", hello("")+"C: NOOP\nS: $ OK")
	p := open(t, srv.options())
	wantKind(t, noop(t, p), imapx.Unavailable)
	if err := noop(t, p); err != nil {
		t.Error(err)
	}
}

func TestConnectionLimit(t *testing.T) {
	srv := serve(t, hello("")+"C: NOOP\nS: $ OK\nC: NOOP\nS: $ OK", "S: * BYE [LIMIT] one is enough\nX:")
	opts := srv.options()
	opts.MaxConns = 3
	p := open(t, opts)
	second := make(chan error)
	err := p.Read(t.Context(), "", func(c *imapx.Conn) error {
		go func() { second <- noop(t, p) }()
		for srv.dialed() < 2 {
			runtime.Gosched()
		}
		return c.Noop(t.Context())
	})
	if err := errors.Join(err, <-second); err != nil {
		t.Fatal(err)
	}
	if n := srv.dialed(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestSecurity(t *testing.T) {
	for name, start := range map[string]func(*testing.T) *imapxtest.Server{
		"memory":  func(t *testing.T) *imapxtest.Server { return imapxtest.Memory(t) },
		"dovecot": func(t *testing.T) *imapxtest.Server { return imapxtest.Dovecot(t) },
	} {
		t.Run(name, func(t *testing.T) {
			srv := start(t)
			for _, tt := range []struct {
				name   string
				change func(*imapx.Options)
				kind   imapx.Kind
			}{
				{name: "tls", change: func(*imapx.Options) {}},
				{name: "starttls", change: func(o *imapx.Options) { o.Addr, o.Security = srv.Addr, imapx.StartTLS }},
				{name: "cleartext on loopback", change: func(o *imapx.Options) { o.Addr, o.Security = srv.Addr, imapx.Cleartext }},
				{name: "unknown authority", change: func(o *imapx.Options) { o.TLSConfig = nil }, kind: imapx.TLS},
				{name: "unknown authority with starttls", change: func(o *imapx.Options) {
					o.Addr, o.Security, o.TLSConfig = srv.Addr, imapx.StartTLS, nil
				}, kind: imapx.TLS},
				{name: "wrong name", change: func(o *imapx.Options) { o.TLSConfig.ServerName = "mail.example.org" }, kind: imapx.TLS},
				{name: "pin does not match", change: func(o *imapx.Options) {
					o.TLSConfig = &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(tls.ConnectionState) error { return errors.New("another certificate") }}
				}, kind: imapx.TLS},
				{name: "wrong password", change: func(o *imapx.Options) { o.Password = "guess" }, kind: imapx.Auth},
				{name: "nobody listens", change: func(o *imapx.Options) { o.Addr = "127.0.0.1:1" }, kind: imapx.Unavailable},
			} {
				t.Run(tt.name, func(t *testing.T) {
					leakcheck.Check(t)
					opts := options(srv, srv.TLSAddr)
					tt.change(&opts)
					err := noop(t, open(t, opts))
					if tt.kind != "" {
						wantKind(t, err, tt.kind)
					} else if err != nil {
						t.Fatal(err)
					}
				})
			}
		})
	}
}

func TestOptions(t *testing.T) {
	good := imapx.Options{Addr: "imap.example.org:993", Username: "ann", Password: "x"}
	for name, change := range map[string]func(*imapx.Options){
		"no port":            func(o *imapx.Options) { o.Addr = "imap.example.org" },
		"no host":            func(o *imapx.Options) { o.Addr = ":993" },
		"no user":            func(o *imapx.Options) { o.Username = "" },
		"control character":  func(o *imapx.Options) { o.Password = "a\r\nb" },
		"two logins":         func(o *imapx.Options) { o.Auth = func() (sasl.Client, error) { return nil, nil } },
		"token and password": func(o *imapx.Options) { o.Token = (&tokens{}).token },
		"token and auth": func(o *imapx.Options) {
			o.Password, o.Token, o.Auth = "", (&tokens{}).token, func() (sasl.Client, error) { return nil, nil }
		},
		"token without user":    func(o *imapx.Options) { o.Password, o.Username, o.Token = "", "", (&tokens{}).token },
		"user that ends itself": func(o *imapx.Options) { o.Password, o.Username, o.Token = "", "a\x01b", (&tokens{}).token },
		"skip verification":     func(o *imapx.Options) { o.TLSConfig = &tls.Config{InsecureSkipVerify: true} },
		"cleartext":             func(o *imapx.Options) { o.Security = imapx.Cleartext },
		"unknown security":      func(o *imapx.Options) { o.Security = "ssl" },
		"too many":              func(o *imapx.Options) { o.MaxConns = 100 },
		"negative time":         func(o *imapx.Options) { o.Progress = -1 },
		"negative limit":        func(o *imapx.Options) { o.Limits.Body = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			opts := good
			change(&opts)
			_, err := imapx.Open(opts)
			wantKind(t, err, imapx.Invalid)
		})
	}
	for name, change := range map[string]func(*imapx.Options){
		"token":                  func(o *imapx.Options) { o.Password, o.Token = "", (&tokens{}).token },
		"defaults":               func(*imapx.Options) {},
		"cleartext, said so":     func(o *imapx.Options) { o.Security, o.AllowCleartext = imapx.Cleartext, true },
		"cleartext to loopback":  func(o *imapx.Options) { o.Security, o.Addr = imapx.Cleartext, "[::1]:143" },
		"cleartext to localhost": func(o *imapx.Options) { o.Security, o.Addr = imapx.Cleartext, "localhost:143" },
	} {
		t.Run(name, func(t *testing.T) {
			opts := good
			change(&opts)
			p, err := imapx.Open(opts)
			if err != nil {
				t.Fatal(err)
			}
			p.Close()
			wantKind(t, p.Read(context.Background(), "", func(*imapx.Conn) error { return nil }), imapx.Closed)
		})
	}
}
