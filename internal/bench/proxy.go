package main

import (
	"errors"
	"net"
	"sync"
	"time"
)

// proxy forwards connections to the mail server, half of delay in each
// direction, and counts. A round trip is counted when a client sends after it
// has heard something, so any number of commands behind each other are one.
type proxy struct {
	addr   string
	target string
	delay  time.Duration
	ln     net.Listener
	wg     sync.WaitGroup

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
	counts counts
}

// counts is what passed.
type counts struct {
	trips, sent, received int
}

func newProxy(target string, delay time.Duration) (*proxy, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{addr: ln.Addr().String(), target: target, delay: delay, ln: ln, conns: make(map[net.Conn]bool)}
	p.wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.serve(conn) })
		}
	})
	return p, nil
}

// close drops every connection and waits.
func (p *proxy) close() {
	p.ln.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// take returns what passed since the last time.
func (p *proxy) take() counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counts
	p.counts = counts{}
	return c
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil || !p.add(client, server) {
		client.Close()
		if err == nil {
			server.Close()
		}
		return
	}
	heard := true // under p.mu
	var both sync.WaitGroup
	both.Go(func() {
		p.forward(server, client, func(n int) {
			p.counts.sent += n
			if heard {
				p.counts.trips++
			}
			heard = false
		}, func(int) {})
	})
	both.Go(func() {
		p.forward(client, server, func(int) {}, func(n int) { p.counts.received += n; heard = true })
	})
	both.Wait()
	p.mu.Lock()
	delete(p.conns, client)
	delete(p.conns, server)
	p.mu.Unlock()
}

func (p *proxy) add(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		if !p.closed {
			p.conns[c] = true
		}
	}
	return !p.closed
}

// chunk is bytes on their way.
type chunk struct {
	due   time.Time
	bytes []byte
}

const (
	chunkSize = 64 << 10
	// inFlight bounds what is on its way: 16 MB, more than one answer.
	inFlight = 256
)

// forward copies src to dst with the delay until either ends, and then closes
// both. It calls came and left, under p.mu, with the bytes of each chunk.
func (p *proxy) forward(dst, src net.Conn, came, left func(n int)) {
	way := make(chan chunk, inFlight)
	var wg sync.WaitGroup
	wg.Go(func() {
		var failed error
		for c := range way {
			if failed != nil {
				continue
			}
			time.Sleep(time.Until(c.due))
			p.locked(func() { left(len(c.bytes)) })
			_, failed = dst.Write(c.bytes)
		}
		dst.Close()
		src.Close()
	})
	for {
		buf := make([]byte, chunkSize)
		n, err := src.Read(buf)
		if n > 0 {
			due := time.Now().Add(p.delay / 2)
			p.locked(func() { came(n) })
			way <- chunk{due, buf[:n]}
		}
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				src.Close()
			}
			break
		}
	}
	close(way)
	wg.Wait()
}

func (p *proxy) locked(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
}
