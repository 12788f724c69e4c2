package imapxtest

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const (
	// MaxMessage is what the in-memory submission server announces as SIZE,
	// small enough that a test can exceed it.
	MaxMessage = 2 << 20

	maxRecipients = 100
	sinkTimeout   = 20 * time.Second
)

// Received is a message the submission server took.
type Received struct {
	From string
	To   []string
	Data []byte
	User string // who logged in; empty behind Dovecot, which does not say
}

// Sent returns what arrived through submission since this Server was made,
// oldest first, from any account of the server.
func (s *Server) Sent() []Received {
	return s.host.sink.since(s.sent)
}

// RefuseRecipients makes the server answer 550 5.1.1 to RCPT for addresses.
func (s *Server) RefuseRecipients(addresses ...string) {
	s.host.sink.answer(addresses, &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such recipient"})
}

// DeferRecipients makes the server answer 450 4.2.1 to RCPT for addresses.
func (s *Server) DeferRecipients(addresses ...string) {
	s.host.sink.answer(addresses, &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "Try again later"})
}

// DropAfterDot makes the server record a message, deliver it and then hang up
// without an answer. (Behind Dovecot the client sees what Dovecot makes of it.)
func (s *Server) DropAfterDot(drop bool) {
	s.host.sink.mu.Lock()
	defer s.host.sink.mu.Unlock()
	s.host.sink.drop = drop
}

// sink takes mail: as the in-memory submission server, or as the relay behind
// Dovecot's.
type sink struct {
	passwords func(username string) (password string, ok bool) // nil: no AUTH
	imap      string                                           // where mail for known accounts is delivered
	isAccount func(username string) bool

	mu       sync.Mutex
	messages []Received
	answers  answers
	drop     bool
}

// answers are given to RCPT, by recipient in lower case.
type answers map[string]*smtp.SMTPError

// open serves on two ports of its own, in the clear with STARTTLS and with TLS.
func (k *sink) open(t testing.TB, ca authority) (smtp, smtps string) {
	t.Helper()
	plain, implicit := listen(t), listen(t)
	k.serve(t, ca.server(), plain, tls.NewListener(implicit, ca.server()))
	return plain.Addr().String(), implicit.Addr().String()
}

// serve answers SMTP on listeners until the test ends.
func (k *sink) serve(t testing.TB, tlsConfig *tls.Config, listeners ...net.Listener) {
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		session := &sinkSession{sink: k, conn: c}
		if k.passwords == nil {
			return session, nil
		}
		return &authSession{sinkSession: session}, nil
	}))
	srv.Domain = "mail." + Domain
	srv.TLSConfig = tlsConfig
	srv.AllowInsecureAuth = true
	srv.EnableSMTPUTF8 = true
	srv.MaxMessageBytes = MaxMessage
	srv.MaxRecipients = maxRecipients
	srv.ReadTimeout, srv.WriteTimeout = sinkTimeout, sinkTimeout
	srv.ErrorLog = silent{}
	var wg sync.WaitGroup
	for _, ln := range listeners {
		wg.Go(func() {
			if err := srv.Serve(ln); err != nil && !errors.Is(err, net.ErrClosed) {
				t.Errorf("imapxtest: SMTP: %v", err)
			}
		})
	}
	t.Cleanup(func() {
		for _, ln := range listeners {
			ln.Close()
		}
		srv.Close()
		wg.Wait()
	})
}

// silent drops what go-smtp says of connections that clients broke off, which
// tests do on purpose.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

func (k *sink) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.messages)
}

func (k *sink) since(n int) []Received {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.messages[n:])
}

func (k *sink) answer(addresses []string, err *smtp.SMTPError) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, a := range addresses {
		k.answers[strings.ToLower(a)] = err
	}
}

// take records a message and delivers it to the accounts it is for.
func (k *sink) take(m Received) error {
	k.mu.Lock()
	k.messages = append(k.messages, m)
	k.mu.Unlock()
	for _, to := range m.To {
		user, domain, _ := strings.Cut(strings.ToLower(to), "@")
		if domain != Domain || !k.isAccount(user) {
			continue
		}
		if err := k.deliver(user, m.Data); err != nil {
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "delivery: " + err.Error()}
		}
	}
	return nil
}

func (k *sink) deliver(user string, data []byte) error {
	c, err := dial(k.imap, user, user+"-pw")
	if err != nil {
		return err
	}
	defer c.close()
	_, err = appendMessage(c, "INBOX", data, nil)
	return err
}

type sinkSession struct {
	sink *sink
	conn *smtp.Conn
	user string
	mail Received
}

// authSession is a sinkSession of a server that wants a login first.
type authSession struct{ *sinkSession }

func (s *authSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *authSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if want, ok := s.sink.passwords(username); !ok || password != want {
			return smtp.ErrAuthFailed
		}
		s.user = username
		return nil
	}), nil
}

func (s *authSession) Mail(from string, options *smtp.MailOptions) error {
	if s.user == "" {
		// RFC 4954 section 6; the library's own error says 502.
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	return s.sinkSession.Mail(from, options)
}

func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	s.mail = Received{From: from, User: s.user}
	return nil
}

func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	if err := s.sink.answers[strings.ToLower(to)]; err != nil {
		return err
	}
	s.mail.To = append(s.mail.To, to)
	return nil
}

func (s *sinkSession) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	mail := s.mail
	mail.Data = data
	if err := s.sink.take(mail); err != nil {
		return err
	}
	s.sink.mu.Lock()
	drop := s.sink.drop
	s.sink.mu.Unlock()
	if drop {
		return s.conn.Conn().Close()
	}
	return nil
}

func (s *sinkSession) Reset()        { s.mail = Received{} }
func (s *sinkSession) Logout() error { return nil }
