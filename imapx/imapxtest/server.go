// Package imapxtest gives tests a mail server on loopback: IMAP to read and
// SMTP submission to send, both with TLS and without.
//
//	srv := imapxtest.Memory(t)          // or imapxtest.Dovecot(t)
//	uid := srv.Append(t, "INBOX", raw, `\Seen`)
//	... let the code under test work on srv.Addr ...
//	got := srv.Flags(t, "INBOX", uid)   // as another client sees it
//
// Everything a Server does for a test goes over a connection of its own with a
// small client that shares no code with imapx, straight to the server and not
// counted by Conns. [Count] puts a counting proxy before any address, and
// [Fault] one that breaks connections:
//
//	proxy := imapxtest.Fault(t, srv.Addr)
//	proxy.Next(imapxtest.FromServer.Cut(300)) // the next connection, behind 300 bytes
//	proxy.Always(imapxtest.Delay(80 * time.Millisecond))
//	... let the code under test work on proxy.Addr ...
//
// Servers and proxies end with the test that asked for them. A Server may be
// used by several goroutines. Methods that take a testing.TB call Fatal, so
// they belong in the goroutine that runs the test.
package imapxtest

import (
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// Domain is the domain of every account's Address. Mail for any other domain
// is recorded and goes nowhere.
const Domain = "test.invalid"

// Options changes what a server offers. The zero value is an ordinary server.
type Options struct {
	// Hide names capabilities that the server shall not have, such as "MOVE";
	// "THREAD" is all of THREAD=. They are announced neither before the login
	// nor after it, nor are those that make no sense without them, and commands
	// that need them are answered BAD.
	Hide []string

	// Quota is a limit per account, such as "1M", and MaxConns one on
	// connections per account. Only Dovecot has them.
	Quota    string
	MaxConns int

	// Index makes the server search an index of words, which finds them by their
	// beginning. Only Dovecot has it, with its package dovecot-fts-xapian; the
	// test is skipped without it.
	Index bool

	// Mechanisms are SASL mechanisms beside PLAIN and LOGIN, such as
	// "SCRAM-SHA-256". Only Dovecot has them.
	Mechanisms []string

	// Tokens tells whose an access token is, "" for one to refuse; an error for
	// a token service that is down. With it the server takes XOAUTH2 and
	// OAUTHBEARER. It is called by several goroutines. Only Dovecot has it.
	Tokens func(token string) (username string, err error)
}

// Server is a running mail server seen through one account.
type Server struct {
	// Addr and TLSAddr take IMAP: with STARTTLS or in the clear, and with
	// implicit TLS. SubmissionAddr and SubmissionTLSAddr take SMTP likewise.
	Addr, TLSAddr                     string
	SubmissionAddr, SubmissionTLSAddr string

	// CA holds the authority that signed the server's certificate, which is
	// valid for 127.0.0.1 and localhost; CAFile is the same as a PEM file.
	CA     *x509.CertPool
	CAFile string

	// Username and Password log in to IMAP and to submission. Mail to Address
	// arrives in the account's INBOX before the sender gets the answer.
	Username, Password, Address string

	host  *host
	hide  []string
	front [2]*FaultProxy // what Addr and TLSAddr are
	sent  int            // messages recorded before this view was made
}

// host is what all accounts of one server share.
type host struct {
	imap, imaps   string // the server itself, not counted
	smtp, smtps   string
	ca            authority
	sink          *sink
	accounts      atomic.Int64
	addAccount    func(name, password string) error
	path          func(folder string) string // nil: folders are called what tests call them
	keepsValidity bool                       // a folder made anew soon may have the old UIDVALIDITY
	// renumber gives a folder another UIDVALIDITY; nil: any folder can be deleted.
	renumber func(t testing.TB, username, folder string)
	// remove removes a folder by other means than DELETE; nil: there are none.
	remove func(t testing.TB, username, folder string)
}

// view gives an account addresses of its own, so that its connections can be
// told from those of others.
func (h *host) view(t testing.TB, username string, hide []string) *Server {
	t.Helper()
	s := &Server{
		SubmissionAddr: h.smtp, SubmissionTLSAddr: h.smtps,
		CA: h.ca.pool, CAFile: h.ca.file,
		Username: username, Password: username + "-pw", Address: username + "@" + Domain,
		host: h, hide: hide,
		sent: h.sink.count(),
	}
	imap, imaps := h.imap, h.imaps
	if len(hide) > 0 {
		imap, imaps = conceal(t, h, hide)
	}
	s.front[0], s.front[1] = forward(t, imap, 0, false), forward(t, imaps, 0, false)
	s.Addr, s.TLSAddr = s.front[0].Addr, s.front[1].Addr
	return s
}

// Fresh returns the same server seen through an account nobody has used yet,
// with addresses of its own. It costs about a millisecond, so subtests can
// share one server and still start from an empty mailbox.
func (s *Server) Fresh(t testing.TB) *Server {
	t.Helper()
	name := fmt.Sprintf("u%d", s.host.accounts.Add(1))
	if err := s.host.addAccount(name, name+"-pw"); err != nil {
		t.Fatalf("imapxtest: account %s: %v", name, err)
	}
	return s.host.view(t, name, s.hide)
}

// Hiding returns the same server without some capabilities, as Options.Hide
// does it, seen through an account that nobody has used yet.
func (s *Server) Hiding(t testing.TB, capabilities ...string) *Server {
	t.Helper()
	hiding := *s
	hiding.hide = slices.Concat(s.hide, capabilities)
	return hiding.Fresh(t)
}

// As returns the same server seen through the account of username ("alice" or
// "bob"), with addresses of its own.
func (s *Server) As(t testing.TB, username string) *Server {
	t.Helper()
	return s.host.view(t, username, s.hide)
}

// Conns returns how many IMAP connections are open through Addr and TLSAddr.
// A connection counts until both ends have closed it.
func (s *Server) Conns() int {
	return s.front[0].Conns() + s.front[1].Conns()
}

// WaitConns waits up to 5 seconds for Conns to be want and fails t otherwise.
func (s *Server) WaitConns(t testing.TB, want int) {
	t.Helper()
	if !await(func() bool { return s.Conns() == want }) {
		t.Fatalf("imapxtest: %d connections open, want %d", s.Conns(), want)
	}
}

// await looks for 5 seconds whether something comes true.
func await(ok func() bool) bool {
	for deadline := time.Now().Add(5 * time.Second); !ok(); pause(time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// Direct is the server's own address for IMAP in the clear, for benchmarks: no
// connection to it is counted, and nothing is hidden there.
func (s *Server) Direct() string { return s.host.imap }

// Cut drops every connection open through Addr and TLSAddr, as a failing
// network would. New connections are welcome.
func (s *Server) Cut() {
	s.front[0].Cut()
	s.front[1].Cut()
}

func pause(d time.Duration) { <-time.After(d) }

// listen opens a loopback port chosen by the system.
func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("imapxtest: %v", err)
	}
	return ln
}
