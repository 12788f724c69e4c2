package imapxtest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// veil stands before a server and hides capabilities: it takes them out of
// every list, before and after the login, and answers BAD to commands that need
// them. It ends TLS itself and talks to the server in the clear.
type veil struct {
	hidden hidden
	server string // the server's cleartext address
	tls    *tls.Config

	wg    sync.WaitGroup
	mu    sync.Mutex
	ended bool
	conns map[net.Conn]bool
}

// conceal starts a veil and returns its addresses in the clear, with STARTTLS,
// and with TLS.
func conceal(t testing.TB, h *host, names []string) (imap, imaps string) {
	t.Helper()
	v := &veil{hidden: hide(names), server: h.imap, tls: h.ca.server(), conns: make(map[net.Conn]bool)}
	plain, implicit := listen(t), listen(t)
	v.wg.Go(func() { v.accept(plain, false) })
	v.wg.Go(func() { v.accept(implicit, true) })
	t.Cleanup(func() {
		plain.Close()
		implicit.Close()
		v.mu.Lock()
		v.ended = true
		for conn := range v.conns {
			conn.Close()
		}
		v.mu.Unlock()
		v.wg.Wait()
	})
	return plain.Addr().String(), implicit.Addr().String()
}

func (v *veil) accept(ln net.Listener, implicit bool) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		v.wg.Go(func() {
			defer v.keep(conn)()
			client := conn
			if implicit {
				client = tls.Server(conn, v.tls)
			}
			v.serve(client, implicit)
		})
	}
}

// keep notes conn, to be closed at the end of the test at the latest, and
// returns what closes it.
func (v *veil) keep(conn net.Conn) (release func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ended {
		conn.Close()
	}
	v.conns[conn] = true
	return func() {
		conn.Close()
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.conns, conn)
	}
}

// serve veils one connection until either end closes it.
func (v *veil) serve(client net.Conn, secure bool) {
	server, err := net.Dial("tcp", v.server)
	if err != nil {
		return
	}
	defer v.keep(server)()
	s := &veiled{veil: v, client: client, server: server, secure: secure, leave: make(chan bool, 1)}
	said := bufio.NewReader(server)
	if s.respond(said) != nil { // the greeting comes before answers of our own
		return
	}
	var down sync.WaitGroup
	down.Go(func() {
		defer close(s.leave)
		s.responses(said)
		client.Close() // commands ends
	})
	s.commands()
	server.Close() // responses ends
	down.Wait()
}

// veiled is one connection. What goes to the client is written under mu, whole
// lines at a time, as both directions write there.
type veiled struct {
	*veil
	server net.Conn

	mu     sync.Mutex
	client net.Conn
	secure bool
	// asking is the tag of the command whose literal waits for the server's
	// leave; leave tells then whether it came.
	asking string
	leave  chan bool
}

func (s *veiled) tell(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := io.WriteString(s.client, text)
	return err
}

// responses passes what the server says.
func (s *veiled) responses(from *bufio.Reader) {
	for {
		if err := s.respond(from); err != nil {
			return
		}
	}
}

// respond passes one response, its literals in passing.
func (s *veiled) respond(from *bufio.Reader) error {
	for first := true; ; first = false {
		line, err := from.ReadString('\n')
		if err != nil {
			return err
		}
		_, size, literal := cutLiteral(strings.TrimRight(line, "\r\n"))
		s.mu.Lock()
		if first {
			s.answer(line)
			line = s.hidden.response(strings.TrimRight(line, "\r\n")) + "\r\n"
			if s.secure { // the server does not know
				line = strings.Replace(line, " STARTTLS", "", 1)
			}
		}
		_, err = io.WriteString(s.client, line)
		if err == nil && literal {
			_, err = io.CopyN(s.client, from, int64(size))
		}
		s.mu.Unlock()
		if err != nil || !literal {
			return err
		}
	}
}

// answer looks whether a response is what a literal waits for. mu is held.
func (s *veiled) answer(line string) {
	if s.asking == "" {
		return
	}
	if granted := strings.HasPrefix(line, "+"); granted || strings.HasPrefix(line, s.asking+" ") {
		s.asking = ""
		s.leave <- granted
	}
}

// ask sends a line that ends in a literal's announcement and tells whether the
// literal may follow (RFC 9051 section 4.3).
func (s *veiled) ask(tag, line string) (granted bool, err error) {
	if strings.HasSuffix(strings.TrimRight(line, "\r\n"), "+}") {
		_, err = io.WriteString(s.server, line)
		return true, err
	}
	s.mu.Lock()
	s.asking = tag
	s.mu.Unlock()
	if _, err = io.WriteString(s.server, line); err != nil {
		return false, err
	}
	return <-s.leave, nil
}

// commands passes what the client says.
func (s *veiled) commands() {
	from := bufio.NewReader(s.client)
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		switch {
		case strings.EqualFold(command, "STARTTLS") && !s.secure:
			if from = s.startTLS(tag); from == nil {
				return
			}
		case command != "" && s.hidden.refuses(shape(command)):
			err = s.refuse(from, tag, line)
		default:
			err = s.pass(from, tag, line)
		}
		if err != nil {
			return
		}
	}
}

// startTLS goes on with the client in TLS (RFC 9051 section 6.2.1).
func (s *veiled) startTLS(tag string) *bufio.Reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := fmt.Fprintf(s.client, "%s OK Begin TLS\r\n", tag); err != nil {
		return nil
	}
	s.client, s.secure = tls.Server(s.client, s.tls), true
	return bufio.NewReader(s.client)
}

// refuse answers BAD, having read the literals that are on their way anyway.
func (s *veiled) refuse(from *bufio.Reader, tag, line string) error {
	for {
		line = strings.TrimRight(line, "\r\n")
		_, size, literal := cutLiteral(line)
		if !literal || !strings.HasSuffix(line, "+}") {
			return s.tell(tag + " BAD Unknown command or argument\r\n")
		}
		if _, err := io.CopyN(io.Discard, from, int64(size)); err != nil {
			return err
		}
		var err error
		if line, err = from.ReadString('\n'); err != nil {
			return err
		}
	}
}

// pass hands a command on, with its literals. Where a later part of it needs
// something hidden it is too late for BAD: the connection ends.
func (s *veiled) pass(from *bufio.Reader, tag, line string) error {
	for whole := ""; ; {
		part := strings.TrimRight(line, "\r\n")
		_, size, literal := cutLiteral(part)
		if !literal {
			_, err := io.WriteString(s.server, line)
			return err
		}
		if granted, err := s.ask(tag, line); err != nil || !granted {
			return err
		}
		if _, err := io.CopyN(s.server, from, int64(size)); err != nil {
			return err
		}
		whole += part
		var err error
		if line, err = from.ReadString('\n'); err != nil {
			return err
		}
		_, command, _ := strings.Cut(whole+strings.TrimRight(line, "\r\n"), " ")
		if s.hidden.refuses(shape(command)) {
			return errors.Join(errHidden, s.tell("* BYE Unknown argument\r\n"))
		}
	}
}

var errHidden = errors.New("the end of a command needs what is hidden")
