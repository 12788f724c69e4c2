package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/internal/leakcheck"
)

// service is an authorization server and the mail server that takes its tokens.
type service struct {
	auth *authServer
	mail *tokenMail
}

func newService(t *testing.T, mechanism string) service {
	t.Helper()
	auth := newAuthServer(t)
	return service{auth, newTokenMail(t, "ann@example.org", auth.good, mechanism)}
}

func (s service) file() serviceFile {
	return serviceFile{Auth: s.auth.URL, IMAP: s.mail.imap, SMTP: s.mail.smtp}
}

// loggedIn is a state file with the login of account imap.
func (s service) loggedIn(t *testing.T) (file string) {
	t.Helper()
	file = stateName(t)
	st := opened(t, file, stateKeyOne)
	s.auth.issue("refresh-0")
	put(t, st, "imap", aLogin("refresh-0"))
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// From the owner's consent to an agent that reads and sends: two processes,
// two kinds of servers, and tokens that end in mid-session.
func TestLoginThenServe(t *testing.T) {
	for _, mechanism := range []string{"OAUTHBEARER", "XOAUTH2"} {
		t.Run(mechanism, func(t *testing.T) {
			s := newService(t, mechanism)
			s.auth.rotate = true
			s.mail.Append(t, "INBOX", letter("Alpha"))
			name, value := s.file().env()
			file := stateName(t)

			cmd, stdin, _, stderr := command(t, clientEnv().with(name, value, "MAIL_STATE_KEY", ""), append([]string{"login"}, loginArgs(file)...)...)
			defer stdin.Close()
			address := waitFor(t, func() string { return found(stderr.String()) }, func() bool { return cmd.ProcessState != nil })
			if status, text, _ := browse(t, address); status != 200 {
				t.Errorf("the page: %d %s", status, text)
			}
			if err := cmd.Wait(); err != nil {
				t.Fatalf("login: %v: %s", err, stderr.String())
			}

			// Nothing but the file is needed to serve.
			cmd, stdin, stdout, stderr := command(t, env{name: value, "MAIL_ALLOW_SENDING": "true"}, "-state", file, "-policy", "allow")
			c := &client{ClientSession: handshake(t, &mcp.IOTransport{Reader: stdout, Writer: stdin})}
			for range 3 {
				if got := c.do(t, "list_messages", nil).column(t, "subject"); !slices.Equal(got, []string{"Alpha"}) {
					t.Fatalf("listed %q", got)
				}
				s.auth.endAccess()
				s.mail.cut()
			}
			if n := s.auth.requests("refresh_token"); n != 3 {
				t.Errorf("%d renewals, want 3", n)
			}
			send := args{"to": []string{"eve@example.net"}, "subject": "Hello", "body": "Hello", "confirm_send": true}
			if sent := c.do(t, "send_message", send); sent.Status != "sent" || sent.SentCopy == "filed" {
				t.Errorf("send: %s; the service files the copy", sent.text)
			}
			if n := len(s.mail.Sent()); n != 1 {
				t.Errorf("%d messages sent, want 1", n)
			}
			kept := opened(t, file, "")
			if l, _, err := kept.login(t.Context(), "imap"); err != nil || !slices.Equal(s.auth.goodRefresh(), []string{l.RefreshToken}) {
				t.Errorf("kept %q, %v; the server knows %q", l.RefreshToken, err, s.auth.goodRefresh())
			}

			s.auth.revoke()
			s.auth.endAccess()
			s.mail.cut()
			for range 2 {
				got := c.refused(t, "unauthenticated", "list_messages", nil)
				if strings.Count(got.text, "mailmcp login again") != 1 || !strings.Contains(got.text, "Token has been expired or revoked.") ||
					strings.Contains(got.text, "password") || strings.Contains(got.text, "sign in") {
					t.Errorf("%s: want what to do, once, and the server's words", got.text)
				}
			}
			stdin.Close()
			if err := cmd.Wait(); err != nil || stderr.String() != "" {
				t.Errorf("ended with %v and said %q", err, stderr.String())
			}
		})
	}
}

// connectTo is connect to a service of the test.
func (s service) connect(t *testing.T, e env, args ...string) *client {
	t.Helper()
	return connectWith(t, s.file().find, e.with("MAIL_STATE_KEY", stateKeyOne), args...)
}

// A login again in another process is used by the one that serves.
func TestLoginAgainWhileServing(t *testing.T) {
	leakcheck.Check(t)
	s := newService(t, "XOAUTH2")
	s.mail.Append(t, "INBOX", letter("Alpha"))
	file := s.loggedIn(t)
	c := s.connect(t, env{}, "-state", file)
	c.do(t, "list_messages", nil)
	s.auth.revoke()
	s.auth.endAccess()
	s.mail.cut()
	c.refused(t, "unauthenticated", "list_messages", nil)
	l := startLogin(t, s.file().find, clientEnv(), loginArgs(file)...)
	browse(t, l.address(t))
	l.end(t, 0)
	c.do(t, "list_messages", nil)
}

// A server that cannot give a token now is no reason to log in again.
func TestAuthServerIsDown(t *testing.T) {
	s := newService(t, "XOAUTH2")
	file := s.loggedIn(t)
	c := s.connect(t, env{}, "-state", file)
	s.auth.Close()
	got := c.refused(t, "unavailable", "list_messages", nil)
	if strings.Contains(got.text, "mailmcp login") || strings.Contains(got.text, "refresh-0") {
		t.Errorf("it says %s", got.text)
	}
}

// The token is for the service's own servers, also as the owner names them, and
// for nobody with a password.
func TestServersOfALogin(t *testing.T) {
	s := newService(t, "XOAUTH2")
	file := s.loggedIn(t)
	for name, tc := range map[string]struct {
		env        env
		imap, smtp string
		sentBy     string
	}{
		"the service's": {env{}, "127.0.0.1:1143 none ann@example.org ", "127.0.0.1:1587 none  ", "server"},
		"another user":  {env{"IMAP_USER": "shared@example.org"}, "127.0.0.1:1143 none shared@example.org ", "127.0.0.1:1587 none  ", "server"},
		"named":         {env{"IMAP_ADDR": "imap.example.org"}, "imap.example.org:993 tls ann@example.org ", "", ""},
		"both named": {
			env{"IMAP_ADDR": "imap.example.org", "SMTP_ADDR": "smtp.example.org"},
			"imap.example.org:993 tls ann@example.org ", "smtp.example.org:465 tls ann@example.org ", "",
		},
		"another login to send": {
			env{"SMTP_ADDR": "smtp.example.org", "SMTP_USER": "relay", "SMTP_PASSWORD": "secret-2"},
			"127.0.0.1:1143 none ann@example.org ", "smtp.example.org:465 tls relay secret-2", "",
		},
		"named otherwise": {env{"IMAP_ADDR": "IMAP.example.org."}, "IMAP.example.org.:993 tls ann@example.org ", "", ""},
		"by way of a program on this machine": {
			env{"IMAP_ADDR": "localhost:1993", "SMTP_ADDR": "[::1]:1465"}, "localhost:1993 tls ann@example.org ", "[::1]:1465 tls ann@example.org ", "",
		},
		"the same client": {
			env{"IMAP_OAUTH_CLIENT_ID": "client-1", "IMAP_OAUTH_CLIENT_SECRET": "secret-3"},
			"127.0.0.1:1143 none ann@example.org ", "127.0.0.1:1587 none  ", "server",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := mustRead(t, tc.env.with("MAIL_STATE_KEY", stateKeyOne), "-state", file).accounts[0]
			smtp := ""
			if a.smtp != nil {
				smtp = brief(a.smtp)
			}
			if !a.login || a.id != "imap" || brief(a.imap) != tc.imap || smtp != tc.smtp || string(a.sentBy) != tc.sentBy {
				t.Errorf("got %v %s %q, %q, %q; want %q, %q, %q", a.login, a.id, brief(a.imap), smtp, a.sentBy, tc.imap, tc.smtp, tc.sentBy)
			}
			if a.secret != tc.env["IMAP_OAUTH_CLIENT_SECRET"] {
				t.Errorf("secret %q", a.secret)
			}
		})
	}
}

// What contradicts the login, or leaves it unclear who logs in, is refused.
func TestBadServedLogin(t *testing.T) {
	s := newService(t, "XOAUTH2")
	file := s.loggedIn(t)
	none := stateName(t)
	opened(t, none, stateKeyOne).Close()
	config := configFile(t, `[{"id":"work","provider":"imap","variables":{}}]`)
	for name, tc := range map[string]struct {
		env  env
		args []string
		want []string
	}{
		"a password too":      {env{"IMAP_PASSWORD": "secret-2"}, []string{"-state", file}, []string{"IMAP_PASSWORD", "login for account imap"}},
		"another client":      {env{"IMAP_OAUTH_CLIENT_ID": "client-2"}, []string{"-state", file}, []string{"IMAP_OAUTH_CLIENT_ID", "mailmcp login"}},
		"another tenant":      {env{"IMAP_OAUTH_TENANT": "example.org"}, []string{"-state", file}, []string{"IMAP_OAUTH_TENANT"}},
		"a setting of a host": {env{"IMAP_TLS": "starttls"}, []string{"-state", file}, []string{"IMAP_TLS", "IMAP_ADDR"}},
		"another's server":    {env{"IMAP_ADDR": "imap.example.net"}, []string{"-state", file}, []string{"IMAP_ADDR", `"imap.example.net:993"`, "gmail", "access token"}},
		"a server below":      {env{"IMAP_ADDR": "imap.example.org.example.net"}, []string{"-state", file}, []string{"IMAP_ADDR", "gmail"}},
		"another's for mail":  {env{"SMTP_ADDR": "smtp.example.net"}, []string{"-state", file}, []string{"SMTP_ADDR", `"smtp.example.net:465"`, "SMTP_PASSWORD"}},
		"sending without":     {env{"SMTP_USER": "relay"}, []string{"-state", file}, []string{"SMTP_USER", "SMTP_ADDR"}},
		"relay, no password":  {env{"SMTP_ADDR": "smtp.example.org", "SMTP_USER": "relay"}, []string{"-state", file}, []string{"SMTP_PASSWORD", "missing"}},
		"nobody logged in":    {env{}, []string{"-state", none}, []string{"-state", "no login for account imap", "mailmcp login", "-provider demo"}},
		"nor for imap":        {env{}, []string{"-state", none, "-provider", "imap"}, []string{"IMAP_PASSWORD", "mailmcp login"}},
		"nor with a server":   {env{"IMAP_ADDR": "imap.example.org", "IMAP_USER": "ann"}, []string{"-state", none}, []string{"IMAP_PASSWORD", "mailmcp login"}},
		"nor for work":        {env{}, []string{"-state", file, "-config", config}, []string{"account work", "IMAP_PASSWORD", "mailmcp login", "-account work"}},
		"another key":         {env{"MAIL_STATE_KEY": stateKeyTwo}, []string{"-state", file}, []string{"-state", "another key"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := env{"MAIL_STATE_KEY": stateKeyOne}
			for name, value := range tc.env {
				e[name] = value
			}
			_, err := read(t, e, tc.args...)
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.ContainsAny(err.Error(), "\r\n") || strings.Contains(err.Error(), "secret-2") {
				t.Errorf("%q: want one line and no secret", err)
			}
		})
	}
}

// An account of the config file has a login of its own.
func TestLoginOfAConfiguredAccount(t *testing.T) {
	s := newService(t, "OAUTHBEARER")
	s.mail.Append(t, "INBOX", letter("Alpha"))
	file := s.loggedIn(t)
	st := opened(t, file, stateKeyOne)
	s.auth.issue("refresh-work")
	put(t, st, "work", aLogin("refresh-work"))
	st.Close()
	config := configFile(t, `[{"id":"work","provider":"imap","variables":{}}]`)
	c := s.connect(t, env{}, "-state", file, "-config", config)
	list := c.do(t, "list_messages", nil)
	if got := list.column(t, "mailbox"); len(got) != 2 || got[0] == got[1] {
		t.Errorf("listed from %q", got)
	}
}
