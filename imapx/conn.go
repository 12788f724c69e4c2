package imapx

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"
)

// Conn is a logged-in connection, leased to one function. It must not be used
// by two goroutines, nor after that function has returned.
type Conn struct {
	pool   *Pool
	guard  *guard
	client *imapclient.Client
	caps   Caps
	box    *Mailbox // selected, nil: none
	lost   error    // why the connection can not be used any more

	boxFrom time.Time // when box was selected

	// stale says that other connections may have changed the mailbox since
	// this one last spoke: the next command brings it up to date first.
	stale  bool
	knows  int64 // how many of our changes to the mailbox it has heard of
	fresh  bool  // nothing has been asked since the mailbox was selected
	ownTag int   // of the last command of our own
	doubt  bool  // the server refused something since the mailbox was selected

	reused   bool // served an earlier lease
	heard    int64
	idleFrom time.Time
	idle     *time.Timer
}

func newConn(p *Pool, s *session) (*Conn, error) {
	if err := s.conn.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	c := &Conn{pool: p, caps: s.caps}
	src := io.MultiReader(strings.NewReader(s.caps.greeting()), s.br)
	c.guard = newGuard(s.conn, s.raw, src, p.opts.Progress, p.opts.Limits)
	c.client = imapclient.New(c.guard, nil)
	if err := c.client.WaitGreeting(); err != nil {
		c.close()
		return nil, err
	}
	c.introduce()
	return c, nil
}

// Caps is what the server offers this login.
func (c *Conn) Caps() Caps { return c.caps }

// Mailbox is the selected mailbox, as it was when it was selected.
func (c *Conn) Mailbox() Mailbox {
	if c.box == nil {
		return Mailbox{}
	}
	return *c.box
}

// effect tells commands that may be repeated from those that may not.
type effect bool

const (
	reads   effect = false
	changes effect = true
)

// run sends a command and waits for its answer, both in fn, under ctx. When
// ctx ends the connection is closed, which ends fn.
func (c *Conn) run(ctx context.Context, op string, e effect, fn func(*imapclient.Client) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.lost != nil {
		return c.lost
	}
	if err := c.guard.arm(); err != nil {
		c.guard.fail(err)
	}
	aborted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(aborted)
		c.guard.fail(ctx.Err())
	})
	c.fresh = false
	var sync *imapclient.Command
	if c.stale {
		c.stale = false
		c.guard.join()
		sync = c.client.Noop()
	}
	before := c.guard.sent.Load()
	err := fn(c.client)
	if sync != nil && err == nil {
		_ = sync.Wait() // what became of it does not change what became of the command
	}
	if !stop() {
		<-aborted
	}
	c.guard.disarm()
	return c.outcome(ctx, op, e, c.guard.sent.Load() > before, err)
}

// outcome turns what the library returned into an error of ours, and decides
// whether the connection may be used again.
func (c *Conn) outcome(ctx context.Context, op string, e effect, sent bool, err error) error {
	if status, ok := isStatus(err); ok {
		c.doubt = true // the mailbox may be gone: the next lease selects it anew
		c.lostUnless(!c.guard.dead(), op)
		return statusError(op, string(status.Type), string(status.Code), printable(status.Text))
	}
	var own *Error
	switch {
	case err == nil:
		c.lostUnless(!c.guard.dead(), op)
		return nil
	case errors.As(err, &own) && !c.guard.dead():
		return err
	}
	c.guard.Close() // any failure in mid-stream leaves it out of step
	cause := c.brokenBy(op, err)
	c.lost = cause
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case e == changes && sent:
		return &Error{Op: op, Kind: Uncertain, Err: cause}
	}
	return cause
}

func (c *Conn) lostUnless(alive bool, op string) {
	if !alive && c.lost == nil {
		c.lost = &Error{Op: op, Kind: Unavailable, Err: errors.New("the connection was lost")}
	}
}

// brokenBy explains the end of a connection, with the server's last words.
func (c *Conn) brokenBy(op string, err error) error {
	said, why := c.guard.reason()
	out := &Error{Op: op, Kind: Unavailable, Code: said.code, Text: said.text}
	var own *Error
	switch {
	case errors.As(why, &own):
		out.Kind, out.Err = own.Kind, own.Err
	case errors.As(err, &own):
		out.Kind, out.Err = own.Kind, own.Err
	case why != nil:
		out.Err = why
	default:
		// The library itself gave up on what it read.
		out.Kind, out.Err = Protocol, errors.New(printable(err.Error()))
	}
	if said.typ == "BYE" {
		out.Kind = statusKind(said.typ, said.code)
	}
	return out
}

// silent reports whether the server has sent nothing since the lease began.
func (c *Conn) silent() bool { return c.guard.received.Load() == c.heard }

// usable reports whether the connection can serve another lease.
func (c *Conn) usable() bool {
	if c.lost != nil || c.guard.dead() {
		return false
	}
	select {
	case <-c.client.Closed():
		return false
	default:
		return true
	}
}

// close ends the connection and waits for the library's reader.
func (c *Conn) close() {
	c.guard.Close()
	<-c.client.Closed()
}

// logout says goodbye, without waiting for the answer, and closes.
func (c *Conn) logout() {
	if c.usable() {
		c.client.Logout()
	}
	c.close()
}
