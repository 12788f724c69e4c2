package imapx

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// probeAfter is how long a connection may have been idle and still be
	// trusted with a change: routers forget connections after minutes.
	probeAfter = 30 * time.Second
	// selectAfter is how long a mailbox stays selected over leases. One that others
	// renamed, or removed and made anew, lives on in the connection that has it.
	selectAfter = time.Minute
	// firstWait and lastWait bound the pause before dialling again after a
	// failure; it doubles each time.
	firstWait = 100 * time.Millisecond
	lastWait  = 5 * time.Second
)

// Pool holds the connections of one login. It is safe for concurrent use.
type Pool struct {
	opts  Options
	slots chan struct{} // one per connection that may be in use
	ended chan struct{}
	wg    sync.WaitGroup

	memory  memory
	watches lookouts

	mu      sync.Mutex
	idle    []*Conn // the longest unused first
	inUse   map[*Conn]bool
	leased  int // in use or being dialled
	lack    lack
	turns   map[string]*turn
	closed  bool
	refused error // a refused password, which is not tried again
	proof   *proof
	token   refusedToken
	caps    Caps
	server  string        // what it says it is
	wait    time.Duration // before the next dial
	notTill time.Time
}

// Open checks opts and returns a pool. It does no I/O: the first call dials.
func Open(opts Options) (*Pool, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	p := &Pool{opts: opts, slots: make(chan struct{}, opts.MaxConns), ended: make(chan struct{}), inUse: make(map[*Conn]bool), turns: make(map[string]*turn)}
	for range opts.MaxConns {
		p.slots <- struct{}{}
	}
	return p, nil
}

// Caps is what the server announced at the last login, nothing before it.
func (p *Pool) Caps() (c Caps, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.caps, p.caps.known()
}

// Read leases a connection with mailbox opened read-only (none for "") and
// calls fn. fn must change nothing and start anew each time: it is called once
// more, on a new connection, when the one it had is lost.
func (p *Pool) Read(ctx context.Context, mailbox string, fn func(*Conn) error) error {
	again, err := p.read(ctx, mailbox, false, fn)
	if again && ctx.Err() == nil {
		_, err = p.read(ctx, mailbox, true, fn)
	}
	return err
}

// read reports with again that the connection was lost, and not because the
// server wants none.
func (p *Pool) read(ctx context.Context, mailbox string, fresh bool, fn func(*Conn) error) (again bool, err error) {
	c, err := p.lease(ctx, mailbox, fresh)
	if err != nil {
		return false, err
	}
	defer p.release(c)
	if err = c.examine(ctx, mailbox); err == nil {
		err = fn(c)
	}
	return err != nil && (c.deadOnArrival() || c.wentAway(ctx, err)), err
}

func (c *Conn) examine(ctx context.Context, mailbox string) error {
	if mailbox == "" {
		return nil
	}
	return c.selectBox(ctx, mailbox, reads)
}

// wentAway reports a connection that was lost, or fell silent, in the middle of
// a call.
func (c *Conn) wentAway(ctx context.Context, err error) bool {
	return err != nil && c.lost != nil && KindOf(err) == Unavailable && ctx.Err() == nil
}

// deadOnArrival reports a pooled connection that had died, or that the server
// had given up, while it was unused.
func (c *Conn) deadOnArrival() bool {
	if !c.reused || c.lost == nil {
		return false
	}
	said, _ := c.guard.reason()
	return c.silent() || said.typ == "BYE"
}

// lease waits for a connection that nobody else uses. With fresh it is a new one.
func (p *Pool) lease(ctx context.Context, mailbox string, fresh bool) (*Conn, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.regrow()
		select {
		case <-p.slots:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-p.ended:
			return nil, errClosed()
		}
		c, err := p.take(mailbox, fresh)
		if err != nil {
			p.slots <- struct{}{}
			return nil, err
		}
		if c != nil {
			return c, nil
		}
		c, err = p.dial(ctx)
		if err == nil {
			return c, nil
		}
		if p.shrink(err) {
			continue
		}
		p.back()
		if KindOf(err) != Limit || !p.watches.makeRoom() {
			return nil, err
		}
	}
}

// take pops the idle connection that suits best: one that has the mailbox
// selected, else the one unused for longest, which others miss least.
func (p *Pool) take(mailbox string, fresh bool) (*Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed()
	}
	for len(p.idle) > 0 {
		best := 0
		for i, c := range p.idle {
			if c.box != nil && c.box.Name == spelled(mailbox) {
				best = i
			}
		}
		c := p.idle[best]
		p.idle = append(p.idle[:best], p.idle[best+1:]...)
		if c.idle.Stop() {
			p.wg.Done()
		}
		if fresh || !c.usable() {
			p.discard(c)
			if fresh {
				break
			}
			continue
		}
		if time.Since(c.boxFrom) > selectAfter {
			c.box = nil
		}
		c.reused, c.stale, c.fresh, c.heard = true, c.box != nil, false, c.guard.received.Load()
		p.lend(c)
		return c, nil
	}
	if p.refused != nil {
		return nil, p.refused
	}
	p.lend(nil)
	return nil, nil
}

// lend counts a lease, of a connection yet to be dialled when c is nil. Close
// waits for it.
func (p *Pool) lend(c *Conn) {
	p.wg.Add(1)
	p.leased++
	if c != nil {
		p.inUse[c] = true
	}
}

// dial connects for a lease, unless Close comes first.
func (p *Pool) dial(ctx context.Context) (*Conn, error) {
	c, err := p.reach(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		p.discard(c)
		return nil, errClosed()
	}
	p.caps, p.wait, p.notTill = c.caps, 0, time.Time{}
	p.inUse[c] = true
	return c, nil
}

// reach connects until Close, and notes what a failure says about further dials.
func (p *Pool) reach(ctx context.Context) (*Conn, error) {
	dctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.wg.Go(func() {
		select {
		case <-p.ended:
			cancel()
		case <-dctx.Done():
		}
	})
	c, err := p.connect(dctx)
	if err == nil {
		return c, nil
	}
	select {
	case <-p.ended:
		return nil, errClosed()
	default:
		p.failed(err)
		return nil, err
	}
}

func (p *Pool) connect(ctx context.Context) (*Conn, error) {
	p.mu.Lock()
	pause := time.Until(p.notTill)
	p.mu.Unlock()
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s, err := p.login(ctx)
	if err != nil {
		return nil, err
	}
	c, err := newConn(p, s)
	if err != nil {
		s.raw.Close()
		return nil, dialError(ctx, "connect", err)
	}
	return c, nil
}

// failed spaces out further dials.
func (p *Pool) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch KindOf(err) {
	case Unavailable, Limit:
		p.wait = min(max(2*p.wait, firstWait), lastWait)
		p.notTill = time.Now().Add(p.wait/2 + rand.N(p.wait/2))
	default: // says nothing about the next dial
	}
}

// shrink gives up every slot without a connection when the server allows no
// more, so that the caller waits for one of those there are.
func (p *Pool) shrink(err error) bool {
	if KindOf(err) != Limit {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leased < 2 && len(p.idle) == 0 {
		return false
	}
	p.lose(1) // the caller's own
	for len(p.slots) > len(p.idle) {
		select {
		case <-p.slots:
			p.lose(1)
		default:
		}
	}
	p.leased--
	p.wg.Done()
	p.wait, p.notTill = 0, time.Time{}
	return true
}

// release returns a lease. Connections that broke are not used again.
func (p *Pool) release(c *Conn) {
	p.mu.Lock()
	delete(p.inUse, c)
	if c.doubt {
		c.box, c.doubt = nil, false
	}
	if p.closed || !c.usable() {
		p.discard(c)
	} else {
		c.idleFrom = time.Now()
		p.wg.Add(1)
		c.idle = time.AfterFunc(p.opts.IdleClose, func() {
			defer p.wg.Done()
			p.expire(c)
		})
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	p.back()
}

// back returns a slot.
func (p *Pool) back() {
	p.mu.Lock()
	p.leased--
	p.mu.Unlock()
	p.slots <- struct{}{}
	p.wg.Done()
}

// discard closes c beside the caller: a reader may take a moment to end.
func (p *Pool) discard(c *Conn) { p.wg.Go(c.logout) }

func (p *Pool) expire(c *Conn) {
	p.mu.Lock()
	found := false
	for i, x := range p.idle {
		if x == c {
			p.idle, found = append(p.idle[:i], p.idle[i+1:]...), true
			if c.idle.Stop() { // this is the timer of an earlier pause, which came late
				p.wg.Done()
			}
			break
		}
	}
	p.mu.Unlock()
	if found {
		c.logout()
	}
}

// Close ends every connection, those in use too, and waits until nothing of
// the pool is left. It is idempotent.
func (p *Pool) Close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.ended)
		for _, c := range p.idle {
			if c.idle.Stop() {
				p.wg.Done()
			}
			p.discard(c)
		}
		p.idle = nil
		for c := range p.inUse {
			c.guard.fail(errClosed())
		}
		p.watches.stop()
	}
	p.mu.Unlock()
	p.wg.Wait()
	return nil
}

func errClosed() error {
	return &Error{Op: "lease", Kind: Closed, Err: errors.New("the account is closed")}
}
