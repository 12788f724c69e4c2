package imapxtest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	// copyBuffer is large enough that a proxied attachment is not slowed down.
	copyBuffer = 64 << 10
	// stallWindow is what a stalled direction swallows, like the receive
	// buffer of a machine that hangs: a small message is sent without trouble.
	stallWindow = 64 << 10
	// delayLine is how many reads may be under way in a direction with delay:
	// with copyBuffer each, 400 MB/s at 40 ms one way.
	delayLine = 256
	// slowSteps is how often a second a slowed direction moves, if it has a
	// byte to move each time.
	slowSteps = 50
)

// link is one forwarded connection. Its plain fields are guarded by
// FaultProxy.mu.
type link struct {
	p              *FaultProxy
	client, server *net.TCPConn
	faults         []*fault
	delay          time.Duration // one way
	replays        bool
	gone           chan struct{} // closed by drop
	dropped        sync.Once

	asked   bool // the client has sent since the server last did
	cut     bool
	stalled [2]bool
	seen    [2][]byte // what each side's opposite got, if that is recorded
}

func newLink(p *FaultProxy, client, server *net.TCPConn, faults []*fault) *link {
	l := &link{p: p, client: client, server: server, faults: faults, gone: make(chan struct{})}
	for _, f := range faults {
		l.delay += f.delay
		l.replays = l.replays || f.what == replay
	}
	return l
}

// drop closes both ends at once.
func (l *link) drop() {
	l.dropped.Do(func() { close(l.gone) })
	l.client.Close()
	l.server.Close()
}

func (l *link) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.gone:
	}
}

// flow is one direction of a link. Its fields belong to the goroutine that
// delivers, passed apart.
type flow struct {
	*link
	side      Side
	src, dst  *net.TCPConn
	passed    int64 // of what src sent; under FaultProxy.mu
	rate      int   // bytes per second; 0 is no limit
	swallowed int
}

func (l *link) flow(side Side) *flow {
	if side == FromServer {
		return &flow{link: l, side: side, src: l.server, dst: l.client}
	}
	return &flow{link: l, side: side, src: l.client, dst: l.server}
}

// parcel is what one Read returned and when it is to be handed on.
type parcel struct {
	data []byte
	err  error
	due  time.Time
}

// run forwards until src ends or the link is dropped.
func (f *flow) run() {
	if f.delay <= 0 {
		f.read(func(b []byte) { f.deliver(b) }, f.end)
		return
	}
	line := make(chan parcel, delayLine)
	var unloading sync.WaitGroup
	unloading.Go(func() {
		for next := range line {
			f.wait(time.Until(next.due))
			if next.err != nil {
				f.end(next.err)
			} else {
				f.deliver(next.data)
			}
		}
	})
	send := func(b []byte, err error) { // never blocks for good: unloading ends when the link does
		line <- parcel{data: bytes.Clone(b), err: err, due: time.Now().Add(f.delay)}
	}
	f.read(func(b []byte) { send(b, nil) }, func(err error) { send(nil, err) })
	close(line)
	unloading.Wait()
}

func (f *flow) read(data func([]byte), end func(error)) {
	buf := make([]byte, copyBuffer)
	for {
		hurry(f.src)
		n, err := f.src.Read(buf)
		if n > 0 {
			if f.side == FromClient {
				f.ask()
			}
			data(buf[:n])
		}
		if err != nil {
			end(err)
			return
		}
	}
}

func (f *flow) ask() {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.asked = true
}

// deliver hands b on, in pieces if a plan strikes within it.
func (f *flow) deliver(b []byte) {
	if f.side == FromServer && locked(f.p, func() bool { return f.asked && f.p.hold > 0 }) {
		f.wait(locked(f.p, func() time.Duration { return f.p.hold }))
	}
	for len(b) > 0 {
		most := len(b)
		if f.rate > 0 {
			most = min(most, max(f.rate/slowSteps, 1))
			f.wait(time.Duration(most) * time.Second / time.Duration(f.rate))
		}
		n, due, open := f.claim(b[:most])
		if !open || !f.write(b[:n]) {
			f.discard(len(b))
			return
		}
		b = b[n:]
		f.strike(due)
	}
}

// write tells whether b went out. That it does not is no fault of the link's
// once it is cut.
func (f *flow) write(b []byte) bool {
	_, err := f.dst.Write(b)
	if err != nil && !locked(f.p, func() bool { return f.cut }) {
		f.drop()
	}
	return err == nil
}

// claim takes as much of b as may pass before the next plan strikes, garbles
// it, and counts it before it is forwarded: whoever sees a byte finds it
// counted. It returns the plans that strike then, and whether anything may pass
// at all.
func (f *flow) claim(b []byte) (n int, due []*fault, open bool) {
	p := f.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.cut || f.stalled[f.side] {
		return 0, nil, false
	}
	n = len(b)
	for _, plan := range f.faults {
		if left := f.left(plan); plan.side == f.side && plan.what != garble && left > 0 && left < int64(n) {
			n = int(left)
		}
	}
	b = b[:n]
	for _, plan := range f.faults {
		if plan.side == f.side && plan.what == garble {
			f.garble(plan, b)
		}
	}
	f.passed += int64(n)
	p.passed[f.side] += int64(n)
	f.tally(b)
	return n, f.due(), true
}

// left tells how many bytes may pass before plan strikes; less than none if
// that is over. p.mu is held.
func (f *flow) left(plan *fault) int64 {
	if plan.overAll {
		return plan.base + plan.at - f.p.passed[f.side]
	}
	return plan.at - f.passed
}

func (f *flow) garble(plan *fault, b []byte) {
	from := f.left(plan)
	for i, mask := range plan.mask {
		if at := from + int64(i); at >= 0 && at < int64(len(b)) {
			b[at] ^= mask
			if !plan.struck {
				plan.struck = true
				f.p.struck++
			}
		}
	}
}

// tally counts what is about to be sent to dst. p.mu is held.
func (f *flow) tally(b []byte) {
	f.p.received[f.side] += int64(len(b))
	if f.side == FromServer && f.asked {
		f.asked = false
		f.p.trips++
	}
	if f.p.record || f.replays {
		keep := b
		if !f.replays {
			keep = b[:min(len(b), max(maxTranscript-len(f.seen[f.side]), 0))]
		}
		f.seen[f.side] = append(f.seen[f.side], keep...)
	}
}

// due returns the plans that have come to strike. p.mu is held.
func (f *flow) due() []*fault {
	var due []*fault
	for _, plan := range f.faults {
		if plan.what == nothing || plan.what == garble || plan.what == delay {
			continue
		}
		if plan.side == f.side && !plan.struck && f.left(plan) <= 0 {
			plan.struck = true
			if plan.what != slow {
				f.p.struck++
			}
			due = append(due, plan)
		}
	}
	return due
}

func (f *flow) strike(due []*fault) {
	for _, plan := range due {
		switch plan.what {
		case cut:
			f.shut()
		case reset:
			_ = f.client.SetLinger(0) // the other end may be gone: then there is nothing to reset
			_ = f.server.SetLinger(0)
			f.drop()
		case stall:
			f.p.mu.Lock()
			f.stalled[f.side] = true
			f.p.mu.Unlock()
		case replay:
			f.again(plan.back)
		case slow:
			f.rate = plan.rate
		case nothing, garble, delay: // never due
		}
	}
}

// again sends the last n bytes once more.
func (f *flow) again(n int) {
	f.p.mu.Lock()
	seen := f.seen[f.side]
	last := slices.Clone(seen[max(len(seen)-n, 0):])
	f.tally(last)
	f.p.mu.Unlock()
	f.write(last)
}

// shut ends both directions. The sockets are read on until their ends close
// them, because closing one with unread bytes would reset it.
func (f *flow) shut() {
	f.p.mu.Lock()
	f.cut = true
	f.p.mu.Unlock()
	if f.client.CloseWrite() != nil || f.server.CloseWrite() != nil {
		f.drop()
	}
}

// discard is what becomes of n bytes that may not pass.
func (f *flow) discard(n int) {
	f.p.mu.Lock()
	cut, stalled := f.cut, f.stalled[f.side]
	f.p.mu.Unlock()
	switch {
	case cut && f.side == FromClient:
		f.client.Close() // whoever writes to a closed connection learns it
		return
	case cut, !stalled:
		return
	}
	if f.swallowed += n; f.swallowed > stallWindow {
		<-f.gone
	}
}

// end passes the end of src on.
func (f *flow) end(err error) {
	f.p.mu.Lock()
	cut, stalled, lame := f.cut, f.stalled[f.side], f.stalled[FromServer] || f.stalled[FromClient]
	f.p.mu.Unlock()
	switch {
	case cut && f.side == FromClient:
		f.client.Close() // the server's last words are read to their end
	case cut:
	case f.side == FromServer && stalled:
		<-f.gone // the client is to see nothing; it ends the link by leaving
	case !errors.Is(err, io.EOF), f.side == FromClient && lame:
		f.drop()
	case f.dst.CloseWrite() != nil:
		f.drop()
	}
}
