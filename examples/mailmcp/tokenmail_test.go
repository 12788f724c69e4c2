package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
)

// tokenMail stands before a mail server and lets in who has a good access
// token, by one mechanism, and nobody else.
type tokenMail struct {
	*imapxtest.Server
	imap, smtp string // where it listens

	user, mechanism string
	good            func(token string) bool

	wg    sync.WaitGroup
	mu    sync.Mutex
	over  bool
	conns []net.Conn
}

func newTokenMail(t *testing.T, user string, good func(token string) bool, mechanism string) *tokenMail {
	t.Helper()
	m := &tokenMail{Server: imapxtest.Memory(t), user: user, mechanism: mechanism, good: good}
	imap, smtp := m.listen(t, m.serveIMAP), m.listen(t, m.serveSMTP)
	m.imap, m.smtp = imap.Addr().String(), smtp.Addr().String()
	t.Cleanup(func() {
		imap.Close()
		smtp.Close()
		m.mu.Lock()
		m.over = true
		m.mu.Unlock()
		m.cut()
		m.wg.Wait()
	})
	return m
}

func (m *tokenMail) listen(t *testing.T, serve func(*gate) error) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if !m.keep(conn) {
				return
			}
			m.wg.Go(func() {
				defer conn.Close()
				g := &gate{conn: conn, in: bufio.NewReader(conn)}
				_ = serve(g) // the client that is cut off is what the test looks at
			})
		}
	})
	return listener
}

func (m *tokenMail) keep(conn net.Conn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.over {
		conn.Close()
		return false
	}
	m.conns = append(m.conns, conn)
	return true
}

// cut ends every connection, as a server that is restarted does.
func (m *tokenMail) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, conn := range m.conns {
		conn.Close()
	}
	m.conns = nil
}

// gate is one client before it has logged in.
type gate struct {
	conn net.Conn
	in   *bufio.Reader
}

func (g *gate) say(format string, args ...any) { fmt.Fprintf(g.conn, format+"\r\n", args...) }

func (g *gate) hear() (string, error) {
	line, err := g.in.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err
}

// admits reads what both mechanisms send (RFC 7628 section 3.1; XOAUTH2 has
// the user in a field of its own).
func (m *tokenMail) admits(encoded string) bool {
	response, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return false
	}
	user, token := "", ""
	for field := range strings.SplitSeq(string(response), "\x01") {
		if name, ok := strings.CutPrefix(field, "user="); ok && m.mechanism == "XOAUTH2" {
			user = name
		}
		if name, ok := strings.CutPrefix(field, "n,a="); ok && m.mechanism == "OAUTHBEARER" {
			user = strings.TrimSuffix(name, ",")
		}
		if value, ok := strings.CutPrefix(field, "auth=Bearer "); ok {
			token = value
		}
	}
	return user == m.user && m.good(token)
}

var refusedToken = base64.StdEncoding.EncodeToString([]byte(`{"status":"invalid_token","schemes":"bearer"}`))

func (m *tokenMail) serveIMAP(g *gate) error {
	g.say("* OK [CAPABILITY IMAP4rev1 SASL-IR LOGINDISABLED AUTH=%s] ready", m.mechanism)
	for {
		line, err := g.hear()
		if err != nil {
			return err
		}
		tag, rest, _ := strings.Cut(line, " ")
		initial, ok := strings.CutPrefix(rest, "AUTHENTICATE "+m.mechanism+" ")
		switch {
		case !ok:
			g.say("%s BAD tokens only", tag)
		case !m.admits(initial):
			g.say("+ %s", refusedToken)
			if _, err := g.hear(); err != nil {
				return err
			}
			g.say("%s NO [AUTHENTICATIONFAILED] no such token", tag)
		default:
			return m.pass(g, m.Addr, tag+" OK in", func(up *gate) error {
				up.say("gate LOGIN %s %s", m.Username, m.Password)
				return up.until("gate OK")
			})
		}
	}
}

func (m *tokenMail) serveSMTP(g *gate) error {
	g.say("220 ready")
	for {
		line, err := g.hear()
		if err != nil {
			return err
		}
		initial, ok := strings.CutPrefix(line, "AUTH "+m.mechanism+" ")
		switch {
		case strings.HasPrefix(line, "EHLO "):
			g.say("250-gate\r\n250-8BITMIME\r\n250 AUTH %s", m.mechanism)
		case !ok:
			g.say("530 5.7.0 tokens only")
		case !m.admits(initial):
			g.say("334 %s", refusedToken)
			if _, err := g.hear(); err != nil {
				return err
			}
			g.say("535 5.7.8 no such token")
		default:
			return m.pass(g, m.SubmissionAddr, "235 2.7.0 in", func(up *gate) error {
				up.say("EHLO gate")
				if err := up.until("250 "); err != nil {
					return err
				}
				up.say("AUTH PLAIN %s", base64.StdEncoding.EncodeToString([]byte("\x00"+m.Username+"\x00"+m.Password)))
				return up.until("235 ")
			})
		}
	}
}

func (g *gate) until(prefix string) error {
	for {
		line, err := g.hear()
		if err != nil || strings.HasPrefix(line, prefix) {
			return err
		}
	}
}

// pass logs in to the server behind and joins the client to it.
func (m *tokenMail) pass(g *gate, addr, welcome string, login func(*gate) error) error {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	up := &gate{conn: conn, in: bufio.NewReader(conn)}
	if _, err := up.hear(); err != nil {
		return err
	}
	if err := login(up); err != nil {
		return err
	}
	g.say("%s", welcome)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer conn.Close()
		_, _ = io.Copy(conn, g.in)
	})
	_, err = io.Copy(g.conn, up.in)
	g.conn.Close()
	wg.Wait()
	return err
}
