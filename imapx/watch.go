package imapx

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// firstPoll and lastPoll bound the pause between two questions where no
	// connection can listen. It grows as nothing happens.
	firstPoll = 2 * time.Second
	lastPoll  = 30 * time.Second
)

// Watch calls told as soon as the watch on the mailbox stands, again whenever
// mail may have arrived there since, and now and then for no reason. All that
// watch a mailbox share one connection, which idles (RFC 2177); a pool has at
// most two of these, beside its others. Further mailboxes, and servers without
// IDLE or without room for a connection, are asked by STATUS every 2 to 30
// seconds. Watch outlives lost connections. It ends with ctx's error, with
// NotFound when there is no such mailbox, and when the login or the pool ends.
func (p *Pool) Watch(ctx context.Context, mailbox string, told func()) error {
	if err := CheckName("IDLE", mailbox); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	l, bell, err := p.watches.join(p, spelled(mailbox))
	if err != nil {
		return err
	}
	defer l.leave(bell)
	for {
		select {
		case <-bell:
			if err := ctx.Err(); err != nil {
				return err
			}
			told()
		case <-l.over:
			return l.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lookouts are the watches of a pool, one for each mailbox.
type lookouts struct {
	mu      sync.Mutex
	by      map[string]*lookout
	idling  int  // connections that listen, at most maxIdle
	stopped bool // the pool is closed
}

// lookout watches one mailbox for everybody.
type lookout struct {
	pool    *Pool
	mailbox string
	cancel  context.CancelFunc
	over    chan struct{} // closed when it has ended, with err
	err     error
	yield   chan struct{} // a connection is needed elsewhere
	joined  chan struct{} // somebody watches who did not before

	// Of the lookout's own goroutine.
	failures int
	seen     arrival
	known    bool
	pause    time.Duration

	// Guarded by the pool's lookouts.
	bells   map[chan struct{}]bool
	stands  bool
	idles   bool
	notTill time.Time // no connection of its own before
	grace   *time.Timer
}

// join adds a bell to the lookout of a mailbox, starting that if need be.
func (w *lookouts) join(p *Pool, mailbox string) (*lookout, chan struct{}, error) {
	p.mu.Lock() // so that Close waits for every goroutine that is started here
	defer p.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.closed || w.stopped {
		return nil, nil, errClosed()
	}
	bell := make(chan struct{}, 1)
	l := w.by[mailbox]
	if l == nil {
		ctx, cancel := context.WithCancel(context.Background())
		l = &lookout{
			pool: p, mailbox: mailbox, cancel: cancel, over: make(chan struct{}), bells: make(map[chan struct{}]bool),
			yield: make(chan struct{}, 1), joined: make(chan struct{}, 1), pause: firstPoll,
		}
		if w.by == nil {
			w.by = make(map[string]*lookout)
		}
		w.by[mailbox] = l
		p.wg.Go(func() { l.run(ctx) })
	}
	if l.grace != nil {
		l.grace.Stop()
		l.grace = nil
	}
	l.bells[bell] = true
	if l.stands {
		bell <- struct{}{}
	}
	wake(l.joined)
	return l, bell, nil
}

// leave takes a bell away. The last one leaves the lookout a while to go on.
func (l *lookout) leave(bell chan struct{}) {
	w := &l.pool.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(l.bells, bell)
	if len(l.bells) > 0 || w.by[l.mailbox] != l {
		return
	}
	l.grace = time.AfterFunc(idleGrace, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(l.bells) == 0 {
			w.drop(l)
			l.cancel()
		}
	})
}

// drop forgets a lookout: who watches next starts another.
func (w *lookouts) drop(l *lookout) {
	if w.by[l.mailbox] == l {
		delete(w.by, l.mailbox)
	}
	if l.grace != nil {
		l.grace.Stop()
		l.grace = nil
	}
}

// stop ends every lookout.
func (w *lookouts) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	for _, l := range w.by {
		w.drop(l)
		l.cancel()
	}
}

// run listens or asks until nothing more can be told.
func (l *lookout) run(ctx context.Context) {
	defer l.cancel()
	var err error
	for err == nil {
		if l.takeIdle() {
			err = l.idle(ctx)
			l.giveIdle()
			l.known = false
			continue
		}
		if err = l.ask(ctx); err == nil && !l.canIdle() {
			err = l.slow(ctx)
		}
	}
	w := &l.pool.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drop(l)
	if l.err = err; w.stopped && ctx.Err() != nil {
		l.err = errClosed()
	}
	close(l.over)
}

// takeIdle takes one of the pool's few connections that listen, if the server
// can and there is one left.
func (l *lookout) takeIdle() bool {
	if !l.canIdle() {
		return false
	}
	w := &l.pool.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.idling >= maxIdle {
		return false
	}
	w.idling++
	l.idles = true
	return true
}

func (l *lookout) canIdle() bool {
	caps, known := l.pool.Caps()
	w := &l.pool.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	return known && caps.Has("IDLE") && w.idling < maxIdle && !time.Now().Before(l.notTill)
}

func (l *lookout) giveIdle() {
	w := &l.pool.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	w.idling--
	l.idles = false
}

// noIdle makes the lookout ask for a while.
func (l *lookout) noIdle() {
	w := &l.pool.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	l.notTill, l.failures = time.Now().Add(idleRest), 0
}

// makeRoom gives up a connection that listens, for work that has none. It
// reports whether there was one.
func (w *lookouts) makeRoom() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.by {
		if l.idles && l.stands {
			wake(l.yield)
			return true
		}
	}
	return false
}

// stand notes whether all that arrives from now on is told, and tells it. It
// returns what was so before.
func (l *lookout) stand(does bool) (did bool) {
	w := &l.pool.watches
	w.mu.Lock()
	did, l.stands = l.stands, does
	w.mu.Unlock()
	if does {
		l.pause = firstPoll
		l.ring()
	}
	return did
}

// ring tells everybody who watches.
func (l *lookout) ring() {
	w := &l.pool.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	for bell := range l.bells {
		wake(bell)
	}
}

// wake never blocks: one notice is as good as many.
func wake(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// slow rests, longer each time.
func (l *lookout) slow(ctx context.Context) error {
	err := l.rest(ctx, l.pause)
	l.pause = min(l.pause*3/2, lastPoll)
	return err
}

// rest waits, less long when somebody joins.
func (l *lookout) rest(ctx context.Context, pause time.Duration) error {
	end := time.Now().Add(pause)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return nil
		case <-l.joined:
			l.pause = firstPoll
			if soon := time.Now().Add(firstPoll); soon.Before(end) {
				end = soon
				timer.Reset(firstPoll)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// arrival changes when a message arrives in a mailbox.
type arrival struct {
	validity uint32
	next     UID
	messages int64
}

// ask looks once whether something has arrived. A server out of reach is asked
// again later, and whoever watches is told then.
func (l *lookout) ask(ctx context.Context) error {
	now, err := l.pool.arrival(ctx, l.mailbox)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case hopeless(err), KindOf(err) == Refused:
		return err
	case err != nil:
		l.known = false
		l.stand(false)
		return nil
	}
	if !l.known {
		l.seen, l.known = now, true
		l.stand(true)
		return nil
	}
	if now != l.seen {
		l.seen, l.pause = now, firstPoll
		l.ring()
	}
	return nil
}

// arrival asks on a connection of the pool.
func (p *Pool) arrival(ctx context.Context, mailbox string) (now arrival, err error) {
	refused := false
	err = p.Read(ctx, "", func(c *Conn) (err error) {
		now, err = c.statusArrival(ctx, mailbox)
		refused = err != nil && c.usable()
		return err
	})
	if !refused || KindOf(err) == NotFound {
		return now, err
	}
	// Some servers refuse STATUS, and some the mailbox: opening it tells which.
	err = p.Read(ctx, mailbox, func(c *Conn) error {
		if c.reused {
			if err := c.Noop(ctx); err != nil {
				return err
			}
		}
		now = arrival{validity: c.Mailbox().UIDValidity, messages: c.count()}
		return nil
	})
	return now, err
}

// statusArrival asks without opening the mailbox (RFC 9051 section 6.3.11).
func (c *Conn) statusArrival(ctx context.Context, mailbox string) (now arrival, err error) {
	cmd := ownCommand{op: "STATUS", args: "STATUS " + quoted(encodeName(mailbox)) + " (MESSAGES UIDNEXT UIDVALIDITY)", takes: []string{"STATUS"}}
	got := false
	_, err = c.own(ctx, reads, cmd, func(r response) error {
		if r.broken || len(r.values) < 2 {
			return nil
		}
		r.values[1].items(func(name string, v value) {
			n, ok := v.number()
			switch {
			case !ok:
			case name == "MESSAGES":
				now.messages, got = int64(n), true
			case name == "UIDNEXT":
				now.next = UID(n)
			case name == "UIDVALIDITY":
				now.validity = uint32(n)
			}
		})
		return nil
	})
	if err == nil && !got {
		err = &Error{Op: "STATUS", Kind: Protocol, Err: errors.New("the server said nothing of the mailbox")}
	}
	return now, err
}
