package imapxtest

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// countHold is how long the first bytes of an answer wait in a counting proxy.
// Commands the client pipelined behind the first one arrive meanwhile, so they
// count as what they are: one round trip. It must be longer than a busy
// machine needs to send them.
const countHold = 4 * time.Millisecond

// FaultProxy forwards TCP connections, counts what passes and does to it what
// Always and Next have planned. Its methods may be called at any time from any
// goroutine.
//
// A round trip is counted when the server sends after the client has sent: one
// for any number of commands pipelined before the first answer, none for what
// the server sends unasked (the greeting of a cleartext connection, updates
// during IDLE) and none for the TCP handshake. Bytes are only looked at in
// passing, so TLS counts the same way: the TLS 1.3 handshake is one, and the
// greeting behind it another, because it answers the client's Finished.
type FaultProxy struct {
	// Addr is where to connect, "127.0.0.1:port".
	Addr string

	target string
	hold   time.Duration
	record bool
	ln     net.Listener
	wg     sync.WaitGroup
	done   chan struct{}

	mu       sync.Mutex
	links    map[*link]bool
	always   []*fault
	next     [][]*fault
	passed   [2]int64 // by Side, since the start
	dialed   int
	trips    int
	struck   int
	received [2]int64 // by Side, since the last Reset
	records  []*link
}

// Count starts a proxy before addr that ends with the test. It holds the first
// bytes of each answer back for some milliseconds, so that commands sent
// together count as one round trip.
func Count(t testing.TB, addr string) *FaultProxy {
	t.Helper()
	return forward(t, addr, countHold, false)
}

// Fault starts a proxy before addr that ends with the test. It keeps
// transcripts and, unless told to, holds nothing back: without a Delay pipelined
// commands may count as several round trips.
func Fault(t testing.TB, addr string) *FaultProxy {
	t.Helper()
	return forward(t, addr, 0, true)
}

func forward(t testing.TB, addr string, hold time.Duration, record bool) *FaultProxy {
	t.Helper()
	ln := listen(t)
	p := &FaultProxy{
		Addr: ln.Addr().String(), target: addr, hold: hold, record: record,
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

// Hold changes how long the first bytes of each answer wait: for tests of strict
// budgets, since a machine that does other work is slow to send a packet.
func (p *FaultProxy) Hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = d
}

// RoundTrips returns the round trips since the start or the last Reset.
func (p *FaultProxy) RoundTrips() int { return locked(p, func() int { return p.trips }) }

// Sent returns the bytes from clients to the server since the start or the
// last Reset.
func (p *FaultProxy) Sent() int64 { return locked(p, func() int64 { return p.received[FromClient] }) }

// Received returns the bytes from the server to clients since the start or
// the last Reset.
func (p *FaultProxy) Received() int64 {
	return locked(p, func() int64 { return p.received[FromServer] })
}

// Dialed returns how many connections clients have made since the start or the
// last Reset.
func (p *FaultProxy) Dialed() int { return locked(p, func() int { return p.dialed }) }

// Conns returns how many connections are open now. A client that went away
// while more than 64 KiB of it were stalled counts until Cut.
func (p *FaultProxy) Conns() int { return locked(p, func() int { return len(p.links) }) }

func locked[T any](p *FaultProxy, read func() T) T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return read()
}

// Reset sets all counts but Conns to zero and empties the transcripts, keeping
// those of open connections. Plans stay.
func (p *FaultProxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialed, p.trips, p.struck, p.received = 0, 0, 0, [2]int64{}
	p.records = slices.DeleteFunc(p.records, func(l *link) bool { return !p.links[l] })
	for l := range p.links {
		l.seen = [2][]byte{}
	}
}

// Cut drops every open connection. New ones are accepted.
func (p *FaultProxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.drop()
	}
}

func (p *FaultProxy) accept() {
	for {
		conn, err := p.ln.Accept()
		if err != nil {
			return
		}
		faults := p.draw() // here, so that plans go by the order of connections
		p.wg.Go(func() { p.serve(conn.(*net.TCPConn), faults) })
	}
}

func (p *FaultProxy) serve(client *net.TCPConn, faults []*fault) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		client.Close()
		return
	}
	l := newLink(p, client, server.(*net.TCPConn), faults)
	if !p.add(l) {
		l.drop()
		return
	}
	down, up := l.flow(FromServer), l.flow(FromClient)
	p.mu.Lock()
	atOnce, asWell := down.due(), up.due()
	p.mu.Unlock()
	down.strike(atOnce)
	up.strike(asWell)
	var both sync.WaitGroup
	both.Go(up.run)
	both.Go(down.run)
	both.Wait()

	l.drop()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

func (p *FaultProxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
		return false
	default:
		p.links[l] = true
		p.dialed++
		if p.record {
			p.records = append(p.records, l)
		}
		return true
	}
}
