package imapxtest

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// countHold is how long the first bytes of an answer wait in a counting proxy.
// Commands the client pipelined behind the first one arrive meanwhile, so they
// count as what they are: one round trip. It must be longer than a busy
// machine needs to send them.
const countHold = 4 * time.Millisecond

// Proxy forwards TCP connections and counts what passes. Its methods may be
// called at any time from any goroutine.
//
// A round trip is counted when the server sends after the client has sent: one
// for any number of commands pipelined before the first answer, none for what
// the server sends unasked (the greeting of a cleartext connection, updates
// during IDLE) and none for the TCP handshake. Bytes are only looked at in
// passing, so TLS counts the same way: the TLS 1.3 handshake is one, and the
// greeting behind it another, because it answers the client's Finished.
type Proxy struct {
	// Addr is where to connect, "127.0.0.1:port".
	Addr string

	target string
	hold   time.Duration
	ln     net.Listener
	wg     sync.WaitGroup
	done   chan struct{}

	mu       sync.Mutex
	links    map[*link]bool
	dialed   int
	trips    int
	sent     int64
	received int64
}

// link is one forwarded connection.
type link struct {
	client, server *net.TCPConn
	asked          bool // the client has sent since the server last did; under Proxy.mu
}

// Count starts a Proxy before addr that ends with the test.
func Count(t testing.TB, addr string) *Proxy {
	t.Helper()
	return forward(t, addr, countHold)
}

func forward(t testing.TB, addr string, hold time.Duration) *Proxy {
	t.Helper()
	ln := listen(t)
	p := &Proxy{
		Addr: ln.Addr().String(), target: addr, hold: hold,
		ln: ln, done: make(chan struct{}), links: make(map[*link]bool),
	}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		close(p.done)
		p.ln.Close()
		p.Cut()
		p.wg.Wait()
	})
	return p
}

// RoundTrips returns the round trips since the start or the last Reset.
func (p *Proxy) RoundTrips() int { return locked(p, func() int { return p.trips }) }

// Sent returns the bytes from clients to the server since the start or the
// last Reset.
func (p *Proxy) Sent() int64 { return locked(p, func() int64 { return p.sent }) }

// Received returns the bytes from the server to clients since the start or
// the last Reset.
func (p *Proxy) Received() int64 { return locked(p, func() int64 { return p.received }) }

// Dialed returns how many connections clients have made since the start or the
// last Reset.
func (p *Proxy) Dialed() int { return locked(p, func() int { return p.dialed }) }

// Conns returns how many connections are open now.
func (p *Proxy) Conns() int { return locked(p, func() int { return len(p.links) }) }

func locked[T any](p *Proxy, read func() T) T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return read()
}

// Reset sets all counts but Conns to zero.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialed, p.trips, p.sent, p.received = 0, 0, 0, 0
}

// Cut drops every open connection. New ones are accepted.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.drop()
	}
}

func (p *Proxy) accept() {
	for {
		conn, err := p.ln.Accept()
		if err != nil {
			return
		}
		p.wg.Go(func() { p.serve(conn.(*net.TCPConn)) })
	}
}

func (p *Proxy) serve(client *net.TCPConn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		client.Close()
		return
	}
	l := &link{client: client, server: server.(*net.TCPConn)}
	if !p.add(l) {
		l.drop()
		return
	}
	up := make(chan struct{})
	p.wg.Go(func() {
		defer close(up)
		l.copy(l.server, l.client, func(n int) { p.countSent(l, n) })
	})
	l.copy(l.client, l.server, func(n int) { p.countReceived(l, n) })
	<-up

	l.drop()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
		return false
	default:
		p.links[l] = true
		p.dialed++
		return true
	}
}

func (p *Proxy) countSent(l *link, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.asked = true
	p.sent += int64(n)
}

func (p *Proxy) countReceived(l *link, n int) {
	if p.hold > 0 && locked(p, func() bool { return l.asked }) {
		select {
		case <-time.After(p.hold):
		case <-p.done:
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if l.asked {
		l.asked = false
		p.trips++
	}
	p.received += int64(n)
}

// copyBuffer is large enough that a proxied attachment is not slowed down.
const copyBuffer = 64 << 10

// copy forwards from src to dst until src ends, tells dst so, and counts
// before it forwards: whoever sees a byte finds it counted.
func (l *link) copy(dst, src *net.TCPConn, count func(n int)) {
	buf := make([]byte, copyBuffer)
	for {
		n, err := src.Read(buf)
		if n > 0 {
			count(n)
			if _, werr := dst.Write(buf[:n]); werr != nil {
				l.drop()
				return
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			if dst.CloseWrite() != nil {
				l.drop()
			}
			return
		case err != nil:
			l.drop()
			return
		}
	}
}

func (l *link) drop() {
	l.client.Close()
	l.server.Close()
}
