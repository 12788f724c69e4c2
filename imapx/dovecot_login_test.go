package imapx_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

// TestDovecotLogins has a real server check every mechanism, for IMAP.
func TestDovecotLogins(t *testing.T) {
	var mu sync.Mutex
	good, down := map[string]string{"first": "alice", "of-bob": "bob"}, false
	srv := imapxtest.Dovecot(t, imapxtest.Options{Mechanisms: []string{"SCRAM-SHA-256"}, Tokens: func(token string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if down {
			return "", errors.New("down for maintenance")
		}
		return good[token], nil
	}})
	only := func(mechanism string) imapx.Options {
		opts := options(srv, srv.TLSAddr)
		opts.Dial = onlyMechanism(mechanism)
		opts.Addr, opts.Security, opts.TLSConfig = srv.Addr, imapx.Cleartext, nil
		return opts
	}
	for _, mechanism := range []string{"SCRAM-SHA-256", "PLAIN", "XOAUTH2", "OAUTHBEARER"} {
		login := func(secret ...string) imapx.Options {
			opts := only(mechanism)
			opts.Password = secret[0]
			if strings.Contains(mechanism, "OAUTH") {
				opts.Password, opts.Token = "", (&tokens{give: secret}).token
			}
			return opts
		}
		right := []string{srv.Password}
		if strings.Contains(mechanism, "OAUTH") {
			right = []string{"first"}
			t.Run(mechanism+" renewed", func(t *testing.T) {
				if err := noop(t, open(t, login("old", "first"))); err != nil {
					t.Error(err)
				}
			})
			t.Run(mechanism+" of another", func(t *testing.T) {
				wantKind(t, noop(t, open(t, login("of-bob", "old"))), imapx.Auth)
			})
			t.Run(mechanism+" cannot be checked", func(t *testing.T) {
				mu.Lock()
				down = true
				mu.Unlock()
				defer func() { mu.Lock(); down = false; mu.Unlock() }()
				wantKind(t, noop(t, open(t, login("first", "old"))), imapx.Unavailable)
			})
		}
		t.Run(mechanism, func(t *testing.T) {
			if err := noop(t, open(t, login(right...))); err != nil {
				t.Error(err)
			}
		})
		t.Run(mechanism+" refused", func(t *testing.T) {
			err := noop(t, open(t, login("wrong", "bad")))
			wantKind(t, err, imapx.Auth)
			if strings.Contains(err.Error(), "wrong") || strings.Contains(err.Error(), "bad") {
				t.Errorf("error %q shows the secret", err)
			}
		})
	}
}

// onlyMechanism dials a server and hides all its mechanisms but one, or fails
// when it was not used.
func onlyMechanism(mechanism string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &oneMechanism{Conn: conn, name: mechanism}, err
	}
}

type oneMechanism struct {
	net.Conn
	name  string
	tried bool
}

func (c *oneMechanism) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.tried {
		return n, err
	}
	words := strings.Split(string(p[:n]), " ")
	for i, w := range words {
		if name, ok := strings.CutPrefix(w, "AUTH="); ok && strings.TrimRight(name, "]") != c.name {
			words[i] = strings.Repeat("X", len(strings.TrimRight(w, "]"))) + strings.Repeat("]", strings.Count(w, "]"))
		}
	}
	copy(p, strings.Join(words, " "))
	return n, err
}

func (c *oneMechanism) Write(p []byte) (int, error) {
	if strings.Contains(string(p), " AUTHENTICATE ") {
		c.tried = true
		if !strings.Contains(string(p), " "+c.name) {
			return 0, errors.New("another mechanism was used")
		}
	}
	return c.Conn.Write(p)
}
