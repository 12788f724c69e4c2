package imapxtest

import (
	"testing"
	"time"
)

// Side is a direction through a [FaultProxy].
type Side int

// What the server sends, and what the client sends.
const (
	FromServer Side = iota
	FromClient
)

func (s Side) String() string {
	return [...]string{FromServer: "from server", FromClient: "from client"}[s]
}

// Plan is one thing that goes wrong with a connection, made by a method of
// [Side] or by [Delay]; the zero Plan does nothing. Positions are in bytes that
// the side has sent: a plan at 0 strikes before the first byte, at 5 as soon as
// five have passed, without waiting for a sixth.
type Plan struct {
	what    trouble
	side    Side
	at      int64
	overAll bool

	mask  []byte        // garble
	back  int           // replay
	rate  int           // slow, bytes per second
	delay time.Duration // delay, one way
}

type trouble int

const (
	nothing trouble = iota
	cut
	reset
	stall
	garble
	replay
	slow
	delay
)

// Cut closes the connection for both ends in good order: each reads what has
// passed and then the end of the stream. What the other side has under way at
// that moment may still arrive or be lost.
func (s Side) Cut(at int64) Plan { return Plan{what: cut, side: s, at: at} }

// Reset aborts the connection: both ends get an error instead of an end.
func (s Side) Reset(at int64) Plan { return Plan{what: reset, side: s, at: at} }

// Stall lets nothing more through this way, not even the end of the stream,
// while the connection stays open and the other way works. The proxy takes a
// further 64 KiB off the sender's hands and then leaves it waiting.
func (s Side) Stall(at int64) Plan { return Plan{what: stall, side: s, at: at} }

// Garble flips the bits of mask in the bytes at, at+1 and so on.
func (s Side) Garble(at int64, mask ...byte) Plan {
	return Plan{what: garble, side: s, at: at, mask: append([]byte(nil), mask...)}
}

// Replay sends the last n bytes before at, or as many as the connection has
// seen, a second time. They do not count for positions.
func (s Side) Replay(at int64, n int) Plan { return Plan{what: replay, side: s, at: at, back: n} }

// Slow lets bytesPerSecond through from at on, at least one.
func (s Side) Slow(at int64, bytesPerSecond int) Plan {
	return Plan{what: slow, side: s, at: at, rate: max(bytesPerSecond, 1)}
}

// Delay makes every round trip longer by roundTrip, half of it each way, the
// end of the stream included. It limits no throughput worth mentioning and
// leaves TCP's own handshake alone.
func Delay(roundTrip time.Duration) Plan { return Plan{what: delay, delay: roundTrip / 2} }

// OverAll makes the position count over all connections since the plan was
// given to the proxy; it then strikes once, whichever connection gets there.
func (p Plan) OverAll() Plan {
	p.overAll = true
	return p
}

// fault is a Plan at work: for one connection, or for all of them if it counts
// over all. Its fields are guarded by FaultProxy.mu.
type fault struct {
	Plan
	base   int64 // over all: what had passed when the plan was given
	struck bool
}

// Always makes plans hold for every connection made from now on, in place of
// the earlier ones; without any, connections are let be again.
func (p *FaultProxy) Always(plans ...Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.always = p.arm(plans)
}

// Next makes plans hold for the next connection that Next has not been called
// for, on top of those of Always: three calls plan the next three connections.
func (p *FaultProxy) Next(plans ...Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = append(p.next, p.arm(plans))
}

func (p *FaultProxy) arm(plans []Plan) []*fault {
	var armed []*fault
	for _, plan := range plans {
		armed = append(armed, &fault{Plan: plan, base: p.passed[plan.side]})
	}
	return armed
}

// draw returns the faults of the connection that has just been made.
func (p *FaultProxy) draw() []*fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	drawn := p.always
	if len(p.next) > 0 {
		drawn = append(drawn[:len(drawn):len(drawn)], p.next[0]...)
		p.next = p.next[1:]
	}
	var own []*fault
	for _, f := range drawn {
		if !f.overAll {
			f = &fault{Plan: f.Plan}
		}
		own = append(own, f)
	}
	return own
}

// Struck returns how many plans have come true since the start or the last
// Reset, those of Slow and Delay apart.
func (p *FaultProxy) Struck() int { return locked(p, func() int { return p.struck }) }

// WaitStruck waits up to 5 seconds for Struck to be want or more, and fails t
// otherwise.
func (p *FaultProxy) WaitStruck(t testing.TB, want int) {
	t.Helper()
	if !await(func() bool { return p.Struck() >= want }) {
		t.Fatalf("imapxtest: %d plans have struck, want %d", p.Struck(), want)
	}
}
