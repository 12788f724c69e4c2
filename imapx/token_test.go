package imapx_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/imapx"
)

// b64 is what a SASL message looks like on the wire; "^" stands for control A.
func b64(s string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(s, "^", "\x01")))
}

// tokens gives out one token a call, the last one for ever, and notes which
// ones it was told are refused.
type tokens struct {
	give    []string
	refused []string
}

func (g *tokens) token(_ context.Context, refused string) (string, error) {
	g.refused = append(g.refused, refused)
	if len(g.give) > 1 {
		defer func() { g.give = g.give[1:] }()
	}
	return g.give[0], nil
}

func withToken(srv *scripted, fn func(context.Context, string) (string, error)) imapx.Options {
	opts := srv.options()
	opts.Password, opts.Token = "", fn
	return opts
}

func TestToken(t *testing.T) {
	const (
		x      = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] hello\n"
		in     = "S: $ OK [CAPABILITY IMAP4rev1] in\nC: NOOP\nS: $ OK"
		status = `{"status":"401","schemes":"bearer","scope":"mail"}`
	)
	login := func(token string) string {
		return "C: AUTHENTICATE XOAUTH2 " + b64("user=ann^auth=Bearer "+token+"^^") + "\n"
	}
	challenged := "S: + " + b64(status) + "\nC+ \n"
	for _, tt := range []struct {
		name    string
		give    []string
		scripts []string
		kinds   []imapx.Kind // of each call in turn, "" for success
		refused []string     // what Token was called with
		text    string       // in the first error
	}{
		{name: "xoauth2", give: []string{"t1"}, scripts: []string{x + login("t1") + in}, kinds: []imapx.Kind{""}, refused: []string{""}},
		{name: "xoauth2 without initial response", give: []string{"t1"},
			scripts: []string{"S: * OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] hi\nC: AUTHENTICATE XOAUTH2\nS: + \nC+ " + b64("user=ann^auth=Bearer t1^^") + "\n" + in},
			kinds:   []imapx.Kind{""}, refused: []string{""}},
		{name: "capabilities asked for", give: []string{"t1"},
			scripts: []string{"S: * OK hi\nC: CAPABILITY\nS: * CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2\nS: $ OK\n" + login("t1") + in},
			kinds:   []imapx.Kind{""}, refused: []string{""}},
		{name: "expired, then renewed", give: []string{"t1", "t2"},
			scripts: []string{x + login("t1") + challenged + "S: $ NO [AUTHENTICATIONFAILED] Invalid credentials", x + login("t2") + in},
			kinds:   []imapx.Kind{""}, refused: []string{"", "t1"}},
		{name: "refused without a challenge or code", give: []string{"t1", "t2"},
			scripts: []string{x + login("t1") + "S: $ NO AUTHENTICATE failed.", x + login("t2") + in},
			kinds:   []imapx.Kind{""}, refused: []string{"", "t1"}},
		{name: "refused twice", give: []string{"t1", "t2", "t3"},
			scripts: []string{x + login("t1") + challenged + "S: $ NO nope", x + login("t2") + challenged + "S: $ NO nope again", x + login("t3") + in},
			kinds:   []imapx.Kind{imapx.Auth, ""}, refused: []string{"", "t1", ""},
			text: "nope again: the access token is refused (the server's status is 401)"},
		{name: "no other token", give: []string{"t1"},
			scripts: []string{x + login("t1") + challenged + "S: $ NO nope"},
			kinds:   []imapx.Kind{imapx.Auth, imapx.Auth, imapx.Auth}, refused: []string{"", "t1", "", "t1", "", "t1"}, text: "token: auth: nope: the access token is refused"},
		{name: "refused token comes again, then a new one", give: []string{"t1", "t1", "t1", "t2"},
			scripts: []string{x + login("t1") + "S: $ NO nope", x + login("t2") + in},
			kinds:   []imapx.Kind{imapx.Auth, ""}, refused: []string{"", "t1", "", "t1"}, text: "the access token is refused"},
		{name: "server is busy", give: []string{"t1", "t2"},
			scripts: []string{x + login("t1") + challenged + "S: $ NO [UNAVAILABLE] token server is down"},
			kinds:   []imapx.Kind{imapx.Unavailable}, refused: []string{""}, text: "token server is down"},
		{name: "too many connections", give: []string{"t1", "t2"},
			scripts: []string{x + login("t1") + "S: $ NO [LIMIT] 15 are enough"}, kinds: []imapx.Kind{imapx.Limit}, refused: []string{""}, text: "15 are enough"},
		{name: "bye", give: []string{"t1", "t2"},
			scripts: []string{x + login("t1") + "S: * BYE see you\nX:"}, kinds: []imapx.Kind{imapx.Unavailable}, refused: []string{""}, text: "see you"},
		{name: "bye in greeting", give: []string{"t1", "t2"},
			scripts: []string{"S: * BYE [UNAVAILABLE] restarting\nX:"}, kinds: []imapx.Kind{imapx.Unavailable}, refused: []string{""}, text: "restarting"},
		{name: "bad", give: []string{"t1", "t2"},
			scripts: []string{x + login("t1") + "S: $ BAD what"}, kinds: []imapx.Kind{imapx.Protocol}, refused: []string{""}, text: "what"},
		{name: "wants tls first", give: []string{"t1", "t2"},
			scripts: []string{x + login("t1") + "S: $ NO [PRIVACYREQUIRED] no"}, kinds: []imapx.Kind{imapx.Auth}, refused: []string{""}, text: "PRIVACYREQUIRED"},
		{name: "asks without end", give: []string{"t1", "t2"},
			scripts: []string{x + login("t1") + challenged + "S: + " + b64(status)}, kinds: []imapx.Kind{imapx.Auth}, refused: []string{"", "t1"}},
		{name: "no mechanism", give: []string{"t1"},
			scripts: []string{"S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi"}, kinds: []imapx.Kind{imapx.Unsupported}, refused: []string{""}, text: "XOAUTH2"},
		{name: "no token", give: []string{""}, kinds: []imapx.Kind{imapx.Auth}, refused: []string{""}, text: "no access token"},
		{name: "no token but a command", give: []string{"t1\r\nA1 DELETE INBOX"}, kinds: []imapx.Kind{imapx.Auth}, refused: []string{""}},
		{name: "words of controls", give: []string{"t1", "t1"},
			scripts: []string{x + login("t1") + "S: $ NO a\u009b2J\u202eb\x1b[2J"},
			kinds:   []imapx.Kind{imapx.Auth}, refused: []string{"", "t1"}, text: "a 2J b [2J"},
		{name: "status of controls", give: []string{"t1", "t2"},
			scripts: []string{x + login("t1") + "S: $ NO nope", x + login("t2") + "S: + " + b64(`{"status":"\u001b[2J\u202e`+strings.Repeat("x", 300)+`"}`) + "\nC+ \nS: $ NO nope"},
			kinds:   []imapx.Kind{imapx.Auth}, refused: []string{"", "t1"}, text: "(the server's status is [2J" + strings.Repeat("x", 57) + "…)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "asks without end" {
				tt.scripts = append(tt.scripts, x+login("t2")+"S: $ NO no")
			}
			srv := serve(t, tt.scripts...)
			asked := &tokens{give: tt.give}
			p := open(t, withToken(srv, asked.token))
			for i, kind := range tt.kinds {
				err := noop(t, p)
				if kind == "" {
					if err != nil {
						t.Fatalf("call %d: %v", i, err)
					}
					continue
				}
				wantKind(t, err, kind)
				if i == 0 && !strings.Contains(err.Error(), tt.text) {
					t.Errorf("error %q lacks %q", err, tt.text)
				}
				for _, secret := range []string{"t1", "t2", b64("Bearer")} {
					if strings.Contains(err.Error(), secret) {
						t.Errorf("error %q shows a token", err)
					}
				}
			}
			if diff := cmp.Diff(tt.refused, asked.refused); diff != "" {
				t.Errorf("Token was called with other arguments (-want +got):\n%s", diff)
			}
			if srv.dialed() != len(tt.scripts) {
				t.Errorf("%d connections, want %d", srv.dialed(), len(tt.scripts))
			}
		})
	}
}

// TestOAuthBearer has the server check each byte (RFC 7628 section 3.1) and
// the answer to its error challenge (section 3.2.3).
func TestOAuthBearer(t *testing.T) {
	greet := "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2 AUTH=OAUTHBEARER] hello\n"
	var port string
	login := func(token string) string {
		return "C: AUTHENTICATE OAUTHBEARER " + b64("n,a=an=3Dn=2C,^host=127.0.0.1^port="+port+"^auth=Bearer "+token+"^^") + "\n"
	}
	srv := serveLater(t, func(addr string) []string {
		port = addr[strings.LastIndexByte(addr, ':')+1:]
		return []string{
			greet + login("t1") + "S: + " + b64(`{"status":"invalid_token"}`) + "\nC+ AQ==\nS: $ NO nope",
			greet + login("t2") + "S: + " + b64(`{"status":"invalid_token"}`) + "\nC+ AQ==\nS: $ NO nope",
			greet + login("t3") + "S: $ OK [CAPABILITY IMAP4rev1] in\nC: NOOP\nS: $ OK",
		}
	})
	asked := &tokens{give: []string{"t1", "t2", "t3"}}
	opts := withToken(srv, asked.token)
	opts.Username = "an=n,"
	p := open(t, opts)
	err := noop(t, p)
	wantKind(t, err, imapx.Auth)
	if !strings.Contains(err.Error(), "the access token is refused (the server's status is invalid_token)") {
		t.Error(err)
	}
	if err := noop(t, p); err != nil {
		t.Error(err)
	}
}

func TestTokenFunctionFails(t *testing.T) {
	own, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name string
		err  error
		kind imapx.Kind
	}{
		{"says sign in", fmt.Errorf("revoked: %w", imapx.Auth), imapx.Auth},
		{"network is down", errors.New("no route to host"), imapx.Unavailable},
		{"a timeout of its own", own.Err(), imapx.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t)
			calls := 0
			p := open(t, withToken(srv, func(context.Context, string) (string, error) { calls++; return "", tt.err }))
			for range 2 {
				err := noop(t, p)
				wantKind(t, err, tt.kind)
				if errors.Is(err, context.Canceled) {
					t.Errorf("%v looks like the caller's own", err)
				}
			}
			if calls != 2 || srv.dialed() != 0 {
				t.Errorf("%d calls, %d connections", calls, srv.dialed())
			}
		})
	}
}

// TestTokenFunctionThatWaits: cancelling and Close reach it.
func TestTokenFunctionThatWaits(t *testing.T) {
	srv := serve(t)
	begun := make(chan struct{})
	wait := func(ctx context.Context, _ string) (string, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return "", fmt.Errorf("asking: %w", ctx.Err())
	}
	p := open(t, withToken(srv, wait))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	read := func(ctx context.Context) { done <- p.Read(ctx, "", func(*imapx.Conn) error { return nil }) }
	go read(ctx)
	<-begun
	cancel()
	if err := <-done; err != context.Canceled { //nolint:errorlint // it has to be bare
		t.Errorf("cancelled: %v", err)
	}
	go read(t.Context())
	<-begun
	p.Close()
	wantKind(t, <-done, imapx.Closed)
}
