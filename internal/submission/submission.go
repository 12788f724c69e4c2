// Package submission sends one message over SMTP submission (RFC 6409) and
// says exactly what became of it.
//
//	result, err := submission.Send(ctx, options, envelope, message)
//
// Send answers in one of three ways. No error: the server has taken the
// message for everybody in Result.Accepted. An error that matches Uncertain:
// the server may have taken it, and a second try may send it twice. Any other
// error: nothing was sent. Nothing is ever tried twice here but a login with an
// access token that the server refused, with another token.
//
// Send may be called by several goroutines; each call has a connection of its
// own, and it is gone when the call returns.
package submission

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// Security is how the connection is protected.
type Security int

// The ways to connect. STARTTLS never falls back to cleartext.
const (
	TLS       Security = iota // from the first byte (RFC 8314 section 3.3)
	STARTTLS                  // RFC 3207
	Cleartext                 // to loopback addresses, elsewhere only with AllowCleartext
)

const (
	defaultDialTimeout = 30 * time.Second
	// defaultProgress allows for a server that scans or looks things up
	// between two answers.
	defaultProgress = time.Minute
	// finalAnswer is the wait for the answer to the final dot: RFC 5321 section
	// 4.5.3.2.6 asks for ten minutes, because giving up early makes duplicates.
	finalAnswer = 10 * time.Minute
	// quitAnswer is short: the message is already the server's.
	quitAnswer = 5 * time.Second
	// maxAnswers bounds all a server may say in one session, TLS handshake
	// included: a thousand recipients get an answer of 200 bytes each, and an
	// endless EHLO answer costs no more than this.
	maxAnswers = 512 << 10
	// maxRecipients is ten times what every server must take (RFC 5321 section
	// 4.5.3.1.8); more is a mistake or abuse.
	maxRecipients = 1000
)

// Options say where and how to send. Addr is required.
type Options struct {
	Addr     string // host:port
	Security Security

	// AllowCleartext permits Cleartext to hosts other than loopback. The
	// password and the message can then be read on the way.
	AllowCleartext bool

	// TLSConfig is for own authorities or a pinned certificate; nil means the
	// system's. InsecureSkipVerify is refused unless VerifyConnection is set.
	TLSConfig *tls.Config

	// Username and Password log in with SCRAM-SHA-256, PLAIN or LOGIN. Without a
	// Username there is no login.
	Username, Password string

	// Token returns an OAuth access token to log in with in place of Password.
	// It is called with refused empty, and once more with the token that the
	// server refused, for another one. An error that matches Unauthenticated says
	// that the owner has to sign in again.
	Token func(ctx context.Context, refused string) (string, error)

	// LocalName is what EHLO says; empty means "localhost".
	LocalName string

	// DialTimeout bounds connecting and the TLS handshake (30 s when zero);
	// Progress how long no byte may move in either direction (1 min when zero).
	// A login has twice Progress in all; the answer to the whole message may take
	// ten minutes whatever Progress is.
	DialTimeout, Progress time.Duration

	// SendToRest sends to the accepted recipients when others are refused.
	// Without it one refusal means that nobody gets the message.
	SendToRest bool

	// Dial replaces net.Dialer.DialContext.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Envelope is who sends and who receives, as bare addresses. It is apart from
// the message's header: this is where Bcc recipients are.
type Envelope struct {
	From string
	To   []string
}

// Result is what the server answered.
type Result struct {
	Accepted []string  // recipients the message was taken for
	Refused  []Refusal // recipients it was not taken for, in the order given
	Text     string    // the server's words to the whole message, cleaned
}

// Refusal is the server's no to one recipient. A Code below 500 may change
// with time.
type Refusal struct {
	Address  string
	Code     int
	Enhanced string // "5.1.1" (RFC 3463), or empty
	Text     string // the server's words, cleaned
}

// Send submits message, bytes in RFC 5322 form, to everybody in env. Line ends
// are made CRLF; a message with a NUL is refused. Cancelling ctx closes the
// connection and returns ctx.Err(), or, once the end of the message was on its
// way, an Uncertain error that wraps it. All other errors are *Error. On a
// refused recipient Result.Refused tells who, with or without an error.
func Send(ctx context.Context, opt Options, env Envelope, message []byte) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	message, err := check(&opt, &env, message)
	if err != nil {
		return Result{}, err
	}
	s, err := connectAs(ctx, &opt)
	if err != nil {
		return Result{}, before(ctx, "connecting", err)
	}
	defer s.close()
	return s.send(ctx, &opt, env, message)
}
