package imapx

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
)

const (
	// maxIdle is how many connections of a pool do nothing but listen: the owner's
	// own devices listen too, and servers count all of them.
	maxIdle = 2
	// idleRenew is how long one IDLE lasts. RFC 2177 asks for less than 29
	// minutes, but routers forget a silent connection after 5, and until the
	// server answers nobody knows that it is still there.
	idleRenew = 4 * time.Minute
	// idleSettle is how long after its "+" a server is trusted to tell of all that
	// arrives: some begin to listen behind it.
	idleSettle = time.Second
	// idleGrace is how long a connection listens on for nobody: a model that
	// waits again thinks before it does.
	idleGrace = 20 * time.Second
	// idleLasts is how long a connection must have listened for its loss to be
	// no sign that it cannot.
	idleLasts = 30 * time.Second
	// idleTries is how often in a row it may fail; then we ask instead, for idleRest.
	idleTries = 3
	idleRest  = 5 * time.Minute
	// doneWithin bounds the answer to DONE, which says nothing new.
	doneWithin = 10 * time.Second
	// partWithin bounds a goodbye that nobody waits for.
	partWithin = time.Second
)

// idle listens on a connection of its own until it is lost, which is no error:
// the next one may do better. An error ends the watch.
func (l *lookout) idle(ctx context.Context) error {
	c, err := l.pool.reach(ctx)
	if err != nil {
		return l.unreached(ctx, err)
	}
	defer c.close()
	from := time.Now()
	err = l.listen(ctx, c)
	stood := l.stand(false)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case hopeless(err):
		return err
	case c.lost == nil:
		l.noIdle() // the server refused to, and says so
		return nil
	}
	long := time.Since(from) >= idleLasts
	if stood && long {
		l.failures = 0
		return nil
	}
	if l.failures++; long || l.failures >= idleTries {
		l.noIdle() // it says that it can, and lets us wait for a "+", say
		return nil
	}
	return l.rest(ctx, firstWait<<l.failures)
}

// unreached decides what a failed dial means.
func (l *lookout) unreached(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case KindOf(err) == Limit:
		l.noIdle() // the connections there are serve, too
		return nil
	case hopeless(err) || KindOf(err) == TLS:
		return err
	}
	return l.slow(ctx)
}

// hopeless reports a failure that trying again does not mend.
func hopeless(err error) bool {
	switch KindOf(err) {
	case Auth, NotFound, Closed, Invalid:
		return true
	default:
		return false
	}
}

// listen opens the mailbox and idles there, again and again.
func (l *lookout) listen(ctx context.Context, c *Conn) error {
	if err := c.selectBox(ctx, l.mailbox, reads); err != nil {
		return err
	}
	for {
		cmd, err := c.idleStart(ctx)
		if err != nil {
			return err
		}
		select {
		case <-c.guard.bell: // rung by what stand tells anyway
		default:
		}
		l.stand(true)
		if err := l.attend(ctx, c); err != nil {
			c.idlePart(cmd)
			return err
		}
		if err := c.idleEnd(ctx, cmd); err != nil {
			return err
		}
	}
}

// attend rings for whoever watches until the IDLE is to be renewed.
func (l *lookout) attend(ctx context.Context, c *Conn) error {
	renew, settled := time.NewTimer(idleRenew), time.NewTimer(idleSettle)
	defer renew.Stop()
	defer settled.Stop()
	for {
		if err := c.dismissed(); err != nil {
			return c.giveUp(err)
		}
		select {
		case <-c.guard.bell:
			if c.dismissed() == nil {
				l.ring()
			}
		case <-settled.C:
			l.ring()
		case <-renew.C:
			return nil
		case <-l.yield:
			l.noIdle()
			return c.giveUp(errors.New("the connection is needed elsewhere"))
		case <-c.client.Closed():
			return c.giveUp(c.brokenBy("IDLE", errors.New("the connection was lost")))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// dismissed returns the server's goodbye; some stay on the line behind it.
func (c *Conn) dismissed() error {
	if said, _ := c.guard.reason(); said.typ == "BYE" {
		return statusError("IDLE", said.typ, said.code, said.text)
	}
	return nil
}

// giveUp marks the connection as lost.
func (c *Conn) giveUp(why error) error {
	c.lost = why
	return why
}

// idleStart asks the server to tell what happens and returns when it does.
// While it does no answer is due, so the guard has no deadline.
func (c *Conn) idleStart(ctx context.Context) (cmd *imapclient.IdleCommand, err error) {
	err = c.run(ctx, "IDLE", reads, func(cl *imapclient.Client) (err error) {
		cmd, err = cl.Idle()
		return err
	})
	return cmd, err
}

// idleEnd ends an IDLE. The library can block there for ever; a connection
// whose server does not answer is closed.
func (c *Conn) idleEnd(ctx context.Context, cmd *imapclient.IdleCommand) error {
	ctx, cancel := context.WithTimeout(ctx, doneWithin)
	defer cancel()
	return c.run(ctx, "DONE", reads, func(*imapclient.Client) error {
		if err := cmd.Close(); err != nil {
			return err
		}
		return cmd.Wait()
	})
}

// idlePart ends an IDLE on a connection that is not needed any more: it says
// goodbye behind DONE and waits for nothing.
func (c *Conn) idlePart(cmd *imapclient.IdleCommand) {
	ctx, cancel := context.WithTimeout(context.Background(), partWithin)
	defer cancel()
	why := c.lost
	defer func() { c.lost = why }()
	c.lost = nil // for the last time
	// What becomes of it does not matter: the connection is closed in any case.
	_ = c.run(ctx, "DONE", reads, func(cl *imapclient.Client) error {
		if err := cmd.Close(); err != nil {
			return err
		}
		cl.Logout()
		return nil
	})
}
