package submission

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

var errTooMuch = errors.New("server said too much")

// patientConn gives up when no byte moves for its patience or when the other
// side has said more than a session needs. It replaces the deadlines go-smtp
// sets: those are absolute for commands and absent while the message is sent.
type patientConn struct {
	net.Conn
	patience time.Duration // changed only between calls
	budget   int
}

func (c *patientConn) Read(p []byte) (int, error) {
	if c.budget <= 0 {
		return 0, errTooMuch
	}
	if err := c.Conn.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p[:min(len(p), c.budget)])
	c.budget -= n
	return n, err
}

// maxWrite is what must leave within the patience: small enough for slow
// lines, large enough not to matter on fast ones.
const maxWrite = 16 << 10

func (c *patientConn) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		if err := c.Conn.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
			return written, err
		}
		n, err := c.Conn.Write(p[written:min(len(p), written+maxWrite)])
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

func (c *patientConn) SetDeadline(time.Time) error      { return nil }
func (c *patientConn) SetReadDeadline(time.Time) error  { return nil }
func (c *patientConn) SetWriteDeadline(time.Time) error { return nil }

// dial connects without TLS, within ctx.
func dial(ctx context.Context, opt *Options) (*patientConn, error) {
	open := opt.Dial
	if open == nil {
		open = new(net.Dialer).DialContext
	}
	conn, err := open(ctx, "tcp", opt.Addr)
	if err != nil {
		return nil, err
	}
	return &patientConn{Conn: conn, patience: opt.Progress, budget: maxAnswers}, nil
}

// tlsConfig is the caller's, made to check the name in Addr and to tell a
// refused certificate from a lost connection.
func tlsConfig(opt *Options) *tls.Config {
	config := opt.TLSConfig.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(opt.Addr)
	}
	if config.MinVersion == 0 {
		config.MinVersion = tls.VersionTLS12
	}
	if verify := config.VerifyConnection; verify != nil {
		config.VerifyConnection = func(state tls.ConnectionState) error {
			if err := verify(state); err != nil {
				return &Error{Kind: Insecure, Err: err}
			}
			return nil
		}
	}
	return config
}
