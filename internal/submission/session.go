package submission

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
)

// session is one connection, logged in.
type session struct {
	conn   *patientConn
	client *smtp.Client
	stop   func() bool // ends the watch over ctx
}

// connect dials, secures the connection, says EHLO and logs in. Its errors are
// of any type; on one the connection is closed.
func connect(ctx context.Context, opt *Options, token string) (*session, error) {
	s, err := open(ctx, opt)
	if err != nil {
		return nil, err
	}
	if err := s.loginWithin(ctx, loginBudget*opt.Progress, opt, token); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// open is connect without the login, within DialTimeout.
func open(ctx context.Context, opt *Options) (*session, error) {
	opening, cancel := context.WithTimeout(ctx, opt.DialTimeout)
	defer cancel()
	conn, err := dial(opening, opt)
	if err != nil {
		return nil, slow(ctx, opening, opt, err)
	}
	// Closing is the only thing that interrupts go-smtp.
	s := &session{conn: conn, stop: context.AfterFunc(ctx, func() { conn.Close() })}
	stopOpening := context.AfterFunc(opening, func() { conn.Close() })
	err = s.secure(opening, opt)
	if !stopOpening() && err == nil {
		err = opening.Err()
	}
	if err != nil {
		s.close()
		return nil, slow(ctx, opening, opt, err)
	}
	return s, nil
}

// slow replaces the error of a DialTimeout that is over, so that it is not
// taken for the caller's own deadline.
func slow(ctx, opening context.Context, opt *Options, err error) error {
	if ctx.Err() == nil && opening.Err() != nil {
		return fmt.Errorf("not connected within %v", opt.DialTimeout)
	}
	return err
}

// secure brings the connection to where EHLO has been answered over the
// protection asked for.
func (s *session) secure(ctx context.Context, opt *Options) error {
	switch opt.Security {
	case TLS:
		conn := tls.Client(s.conn, tlsConfig(opt))
		if err := conn.HandshakeContext(ctx); err != nil {
			return err
		}
		s.client = smtp.NewClient(conn)
	case STARTTLS:
		client, err := smtp.NewClientStartTLS(s.conn, tlsConfig(opt))
		if err != nil {
			return startTLSError(err)
		}
		s.client = client
	case Cleartext:
		s.client = smtp.NewClient(s.conn)
	}
	return s.client.Hello(opt.LocalName)
}

// startTLSError sorts go-smtp's one untyped error, "server doesn't support
// STARTTLS", from those of the connection and the server: nothing was said in
// clear after it (RFC 3207 section 4.1).
func startTLSError(err error) error {
	var reply *smtp.SMTPError
	switch {
	case errors.As(err, &reply):
		e := fromReply(reply, "STARTTLS")
		if e.Kind == Permanent {
			e.Kind = Insecure
		}
		return e
	case strings.Contains(err.Error(), "support STARTTLS"):
		return &Error{Kind: Insecure, Err: errors.New("server offers no STARTTLS")}
	}
	return err
}

// close ends the connection without a word, TLS's included.
func (s *session) close() {
	s.stop()
	s.conn.Close()
}

// send runs one mail transaction (RFC 5321 section 3.3).
func (s *session) send(ctx context.Context, opt *Options, env Envelope, message []byte) (Result, error) {
	if limit, ok := s.client.MaxMessageSize(); ok && limit > 0 && len(message) > limit { // RFC 1870 section 6.3
		return Result{}, &Error{Kind: TooLarge, Err: fmt.Errorf("message of %d bytes, server takes %d", len(message), limit)}
	}
	options := &smtp.MailOptions{Size: int64(len(message)), UTF8: needsUTF8(env, message)}
	if ok, _ := s.client.Extension("SMTPUTF8"); options.UTF8 && !ok { // RFC 6531 section 3.5
		return Result{}, &Error{Kind: Unsupported, Err: errors.New("server takes only ASCII in addresses and header")}
	}
	if ok, _ := s.client.Extension("8BITMIME"); !ok && !isASCII(message) { // RFC 6152 section 3
		return Result{}, &Error{Kind: Unsupported, Err: errors.New("server takes no 8-bit message")}
	}
	if err := s.client.Mail(env.From, options); err != nil {
		return Result{}, before(ctx, "MAIL", err)
	}
	result, err := s.recipients(ctx, opt, env.To)
	if err != nil {
		return result, err
	}
	text, err := s.data(ctx, message)
	if err != nil {
		result.Accepted = nil
		return result, err
	}
	result.Text = text
	s.quit()
	return result, nil
}

// recipients announces all of them. With a refusal it gives the transaction up
// unless the rest shall have the message.
func (s *session) recipients(ctx context.Context, opt *Options, to []string) (Result, error) {
	var result Result
	for _, address := range to {
		err := s.client.Rcpt(address, nil)
		var reply *smtp.SMTPError
		switch {
		case err == nil:
			result.Accepted = append(result.Accepted, address)
		case errors.As(err, &reply) && reply.Code >= 400 && reply.Code < 600 && reply.Code != 421:
			result.Refused = append(result.Refused, Refusal{
				Address: address, Code: reply.Code, Enhanced: enhanced(reply), Text: words(reply.Message),
			})
		default: // the connection, or a server that is closing it (421)
			result.Accepted = nil
			return result, before(ctx, "RCPT", err)
		}
	}
	if len(result.Refused) == 0 || opt.SendToRest && len(result.Accepted) > 0 {
		return result, nil
	}
	result.Accepted = nil
	// Nothing was sent whatever the server answers to this.
	s.conn.patience = min(s.conn.patience, quitAnswer)
	if s.client.Reset() == nil {
		s.quit()
	}
	return result, refusedError(result.Refused)
}

// refusedError carries the gravest of the answers.
func refusedError(refused []Refusal) *Error {
	worst := refused[0]
	for _, r := range refused {
		if worst.Code < 500 && r.Code >= 500 {
			worst = r
		}
	}
	return &Error{Kind: Refused, Code: worst.Code, Enhanced: worst.Enhanced, Text: worst.Text, Err: errors.New("answer to RCPT")}
}

// data sends the message. Up to the final dot a failure means that it was not
// sent; from there on only the server's answer tells (RFC 5321 section 4.1.1.4).
func (s *session) data(ctx context.Context, message []byte) (text string, err error) {
	w, err := s.client.Data()
	if err != nil {
		return "", before(ctx, "DATA", err)
	}
	if _, err := w.Write(message); err != nil { // dots are doubled by w
		return "", before(ctx, "message", err)
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.conn.patience = max(s.conn.patience, finalAnswer)
	response, err := w.CloseWithResponse()
	var reply *smtp.SMTPError
	switch {
	case err == nil:
		return words(response.StatusText), nil
	case errors.As(err, &reply) && reply.Code/100 == 2: // only the first digit counts (RFC 5321 section 4.3.2)
		return words(reply.Message), nil
	}
	return "", after(ctx, err)
}

// quit is polite (RFC 5321 section 4.1.1.10) and of no consequence.
func (s *session) quit() {
	s.conn.patience = min(s.conn.patience, quitAnswer)
	_ = s.client.Quit()
}

// needsUTF8 tells whether an address or the header goes beyond ASCII.
func needsUTF8(env Envelope, message []byte) bool {
	header, _, _ := bytes.Cut(message, []byte("\r\n\r\n"))
	return !isASCII(header) || !isASCII([]byte(env.From)) ||
		slices.ContainsFunc(env.To, func(to string) bool { return !isASCII([]byte(to)) })
}

func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
