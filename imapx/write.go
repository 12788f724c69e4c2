package imapx

import (
	"context"
	"time"
)

// turn is what changes of one mailbox share: they go one after the other,
// because a server asked twice at once to move a message may copy it twice
// (Dovecot does).
type turn struct {
	taken   chan struct{} // holds one value while somebody changes the mailbox
	changes int64         // made so far; under Pool.mu
}

func (p *Pool) turn(mailbox string) *turn {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.turns[mailbox]
	if t == nil {
		t = &turn{taken: make(chan struct{}, 1)}
		p.turns[mailbox] = t
	}
	return t
}

// Write leases a connection with mailbox opened for changes (none for "") and
// calls fn; once more, on a new connection, when the first turns out dead before
// anything was sent on it. Changes of one mailbox wait for each other.
func (p *Pool) Write(ctx context.Context, mailbox string, fn func(*Conn) error) error {
	if mailbox == "" {
		return p.write(ctx, "", nil, fn)
	}
	mailbox = spelled(mailbox)
	t := p.turn(mailbox)
	select {
	case t.taken <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.ended:
		return errClosed()
	}
	defer func() { <-t.taken }()
	return p.write(ctx, mailbox, t, fn)
}

func (p *Pool) write(ctx context.Context, mailbox string, t *turn, fn func(*Conn) error) error {
	again, err := p.writeOn(ctx, mailbox, t, false, fn)
	if again && ctx.Err() == nil {
		_, err = p.writeOn(ctx, mailbox, t, true, fn)
	}
	return err
}

// writeOn reports with again that nothing was sent that could have changed anything.
func (p *Pool) writeOn(ctx context.Context, mailbox string, t *turn, fresh bool, fn func(*Conn) error) (again bool, err error) {
	c, err := p.lease(ctx, mailbox, fresh)
	if err != nil {
		return false, err
	}
	defer p.release(c)
	if err := c.prepare(ctx, mailbox, t); err != nil {
		return c.deadOnArrival(), err
	}
	if t != nil {
		defer func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			t.changes++
			c.knows = t.changes
		}()
	}
	first, sent, reused := c.guard, c.guard.sent.Load(), c.reused
	err = fn(c)
	return err != nil && reused && c.guard == first && c.lost != nil && first.sent.Load() == sent, err
}

// prepare opens mailbox for changes on a connection that is known to live and
// has heard of what our other connections changed. What other clients did it
// hears on the way.
func (c *Conn) prepare(ctx context.Context, mailbox string, t *turn) error {
	if t == nil {
		if c.reused && time.Since(c.idleFrom) > probeAfter {
			return c.Noop(ctx)
		}
		return nil
	}
	c.pool.mu.Lock()
	made := t.changes
	c.pool.mu.Unlock()
	if c.openFor(mailbox, changes) && (c.knows != made || time.Since(c.idleFrom) > probeAfter) {
		if err := c.Noop(ctx); err != nil {
			return err
		}
	}
	if err := c.selectBox(ctx, mailbox, changes); err != nil {
		return err
	}
	c.knows = made
	return nil
}
