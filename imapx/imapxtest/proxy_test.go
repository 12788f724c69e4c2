package imapxtest_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// talk is a line-based client of a proxied server.
type talk struct {
	t    *testing.T
	conn net.Conn
	br   *bufio.Reader
}

func newTalk(t *testing.T, conn net.Conn, err error) *talk {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &talk{t: t, conn: conn, br: bufio.NewReader(conn)}
}

func (c *talk) write(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.conn, s); err != nil {
		c.t.Fatal(err)
	}
}

// until reads lines up to one that starts with prefix.
func (c *talk) until(prefix string) {
	c.t.Helper()
	for {
		line, err := c.br.ReadString('\n')
		if err != nil {
			c.t.Fatalf("waiting for %q: %v", prefix, err)
		}
		if strings.HasPrefix(line, prefix) {
			return
		}
	}
}

func TestCount(t *testing.T) {
	quick(t, func(t *testing.T, srv *imapxtest.Server) {
		t.Run("cleartext", func(t *testing.T) {
			srv := srv.Fresh(t)
			p := imapxtest.Count(t, srv.Addr)
			conn, err := net.Dial("tcp", p.Addr)
			c := newTalk(t, conn, err)
			c.until("* OK")
			if got := p.RoundTrips(); got != 0 {
				t.Errorf("greeting: %d round trips, want 0", got)
			}
			countSession(t, srv, p, c)
		})
		t.Run("TLS", func(t *testing.T) {
			srv := srv.Fresh(t)
			p := imapxtest.Count(t, srv.TLSAddr)
			conn, err := tls.Dial("tcp", p.Addr, &tls.Config{RootCAs: srv.CA})
			c := newTalk(t, conn, err)
			c.until("* OK")
			if got := p.RoundTrips(); got != 2 {
				t.Errorf("handshake and greeting: %d round trips, want 2", got)
			}
			countSession(t, srv, p, c)
		})
	})
}

func countSession(t *testing.T, srv *imapxtest.Server, p *imapxtest.FaultProxy, c *talk) {
	t.Helper()
	step := func(name string, want int, work func()) {
		t.Helper()
		p.Reset()
		work()
		if got := p.RoundTrips(); got != want {
			t.Errorf("%s: %d round trips, want %d", name, got, want)
		}
	}
	step("login", 1, func() {
		c.write(fmt.Sprintf("a LOGIN %s %s\r\n", srv.Username, srv.Password))
		c.until("a ")
	})
	step("one after the other", 2, func() {
		c.write("b NOOP\r\n")
		c.until("b ")
		c.write("c NOOP\r\n")
		c.until("c ")
	})
	step("pipelined", 1, func() {
		for _, tag := range []string{"d", "e", "f"} {
			c.write(tag + " NOOP\r\n")
		}
		c.until("f ")
	})
	step("synchronizing literal", 2, func() {
		c.write("g EXAMINE {5}\r\n")
		c.until("+")
		c.write("INBOX\r\n")
		c.until("g ")
	})
	step("idle and an update", 1, func() {
		c.write("h IDLE\r\n")
		c.until("+")
		srv.Append(t, "INBOX", []byte(sample))
		c.until("* 1 EXISTS")
	})
	step("end of idle", 1, func() {
		c.write("DONE\r\n")
		c.until("h ")
	})
}

// echo answers every line, so that bytes can be counted exactly.
func echo(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(conn, conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return ln.Addr().String()
}

func TestCountBytesAndConnections(t *testing.T) {
	leakcheck.Check(t)
	p := imapxtest.Count(t, echo(t))
	for i := 1; i <= 2; i++ {
		conn, err := net.Dial("tcp", p.Addr)
		c := newTalk(t, conn, err)
		c.write("12345\n")
		c.until("12345")
		if got := p.Conns(); got != 1 {
			t.Errorf("Conns: got %d, want 1", got)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if _, err := c.br.ReadByte(); err != io.EOF {
			t.Errorf("after the end: %v, want EOF", err)
		}
		conn.Close()
		waitFor(t, func() bool { return p.Conns() == 0 })
		if p.Dialed() != i || p.Sent() != int64(6*i) || p.Received() != int64(6*i) || p.RoundTrips() != i {
			t.Errorf("dialed %d, sent %d, received %d, round trips %d", p.Dialed(), p.Sent(), p.Received(), p.RoundTrips())
		}
	}
	p.Reset()
	if p.Dialed() != 0 || p.Sent() != 0 || p.Received() != 0 || p.RoundTrips() != 0 {
		t.Error("Reset left counts")
	}
}

func TestCountCut(t *testing.T) {
	leakcheck.Check(t)
	p := imapxtest.Count(t, echo(t))
	conn, err := net.Dial("tcp", p.Addr)
	c := newTalk(t, conn, err)
	c.write("x\n")
	c.until("x")
	p.Cut()
	if _, err := c.br.ReadByte(); err == nil {
		t.Error("a byte came through after Cut")
	}
	waitFor(t, func() bool { return p.Conns() == 0 })
	conn, err = net.Dial("tcp", p.Addr)
	again := newTalk(t, conn, err)
	again.write("y\n")
	again.until("y")
}

func TestCountNoServer(t *testing.T) {
	leakcheck.Check(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	p := imapxtest.Count(t, ln.Addr().String())
	conn, err := net.Dial("tcp", p.Addr)
	c := newTalk(t, conn, err)
	if _, err := c.br.ReadByte(); err == nil {
		t.Error("a byte came from nowhere")
	}
}

// waitFor polls a condition that another goroutine brings about.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("condition not reached within 5 s")
		case <-tick.C:
		}
	}
}
