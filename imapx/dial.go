package imapx

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// session is a connection that is logged in, before the client library has it.
type session struct {
	conn, raw net.Conn // TLS or TCP, and TCP
	br        *bufio.Reader
	caps      Caps
}

// dial connects, secures and logs in. The library would write LOGIN before the
// greeting, ignore LOGINDISABLED and wait for ever, so all of it is done here.
func dial(ctx context.Context, o Options, refused *refusedToken) (*session, error) {
	if o.Token != nil {
		return dialWithToken(ctx, o, refused)
	}
	return dialOnce(ctx, o, "")
}

// dialOnce logs in with token, or with the options' password without one.
func dialOnce(ctx context.Context, o Options, token string) (*session, error) {
	hello, cancel := context.WithTimeout(ctx, o.DialTimeout)
	defer cancel()
	raw, err := o.Dial(hello, "tcp", o.Addr)
	if err != nil {
		return nil, dialError(ctx, "dial", err)
	}
	w := newWire(raw, o.Progress)
	if err := w.run(hello, func() error { return secure(hello, w, o) }); err != nil {
		raw.Close()
		return nil, dialError(ctx, "connect", err)
	}
	if err := loginWithin(ctx, loginBudget*o.Progress, w, o, token); err != nil {
		raw.Close()
		return nil, dialError(ctx, "login", err)
	}
	return &session{conn: w.conn, raw: raw, br: w.br, caps: w.caps}, nil
}

// loginBudget is how many times the longest silence a whole login may take: a
// server that checks passwords slowly is slow once, one that sends a word now
// and then would never end.
const loginBudget = 2

func loginWithin(ctx context.Context, budget time.Duration, w *wire, o Options, token string) error {
	within, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	err := w.run(within, func() error { return w.login(o, token) })
	if isContext(err) && ended(ctx) == nil {
		return &Error{Op: "login", Kind: Unavailable, Err: errors.New("it did not end within " + budget.String())}
	}
	return err
}

// secure ends with a greeted connection that is as safe as asked for.
func secure(ctx context.Context, w *wire, o Options) error {
	if o.Security == ImplicitTLS {
		if err := w.startTLS(ctx, o); err != nil {
			return err
		}
	}
	if err := w.greeting(); err != nil || o.Security != StartTLS {
		return err
	}
	if w.preauth {
		// RFC 9051 section 7.1.4: STARTTLS is not possible any more, and what
		// answers here may not be the server.
		return &Error{Op: "STARTTLS", Kind: TLS, Err: errors.New("the server skips the login before TLS")}
	}
	if err := w.command("STARTTLS"); err != nil {
		return &Error{Op: "STARTTLS", Kind: TLS, Err: err}
	}
	if w.br.Buffered() > 0 {
		// Anyone on the way could have put it there.
		return &Error{Op: "STARTTLS", Kind: TLS, Err: errors.New("data in clear behind the answer to STARTTLS")}
	}
	w.caps = Caps{} // RFC 9051 section 6.2.1: what was said in clear is void
	return w.startTLS(ctx, o)
}

// tlsError tells a server that cannot be trusted from one that went away.
func tlsError(err error) error {
	var alert tls.AlertError
	var lost net.Error
	if !errors.As(err, &alert) && (errors.As(err, &lost) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || isContext(err)) {
		return err
	}
	return &Error{Op: "TLS handshake", Kind: TLS, Err: err}
}

// dialError names what stopped a connection from coming up. The caller's
// context error stays bare; our own dial timeout does not look like it.
func dialError(ctx context.Context, op string, err error) error {
	if over := ended(ctx); over != nil {
		return over
	}
	var e *Error
	if errors.As(err, &e) {
		if e.Op == "" {
			named := *e
			named.Op = op
			return &named
		}
		return err
	}
	if isContext(err) {
		err = errors.New("no connection within the dial timeout")
	}
	return &Error{Op: op, Kind: Unavailable, Err: err}
}

// ended is ctx.Err, also in the moment between the deadline and its timer: the
// network notices a little earlier.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}
