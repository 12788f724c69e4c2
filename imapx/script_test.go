package imapx_test

import (
	"bufio"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// scripted is a server that plays transcripts, one per connection:
//
//	S: * OK hello          it sends a line; "$" at its start stands for the client's tag
//	S- (UID 5              it sends without a line end; \r\n stands for one
//	S. (UID 5              likewise, a byte every 10 ms
//	S~ * OK                likewise, a byte a second
//	R:                     it reads whatever comes
//	T:                     it does a TLS handshake, with scripted.cert
//	C: UID FETCH           it reads a command that begins so
//	C+ AGFubg==            it reads a line that belongs to one
//	W: 30s                 it waits
//	X:                     it closes the connection
//
// A transcript that ends leaves the connection open and silent.
type scripted struct {
	addr string
	cert tls.Certificate

	mu    sync.Mutex
	dials int
	lines []string // everything clients sent, tags aside
	fault []string
}

func serve(t *testing.T, transcripts ...string) *scripted {
	t.Helper()
	return serveLater(t, func(string) []string { return transcripts })
}

// serveLater is serve for transcripts in which the server's address occurs.
func serveLater(t *testing.T, write func(addr string) (transcripts []string)) *scripted {
	t.Helper()
	leakcheck.Check(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{addr: ln.Addr().String()}
	transcripts := write(s.addr)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			n := s.dials
			s.dials++
			s.mu.Unlock()
			wg.Go(func() {
				defer conn.Close()
				if n >= len(transcripts) {
					s.note("one connection too many")
					return
				}
				s.play(conn, transcripts[n])
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
		for _, f := range s.fault {
			t.Errorf("script: %s", f)
		}
	})
	return s
}

func (s *scripted) note(fault string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = append(s.fault, fault)
}

func (s *scripted) play(conn net.Conn, transcript string) {
	br := bufio.NewReader(conn)
	tag := ""
	for _, step := range strings.Split(strings.TrimSpace(transcript), "\n") {
		kind, arg, _ := strings.Cut(strings.TrimLeft(step, "\t"), " ")
		switch kind {
		case "R:":
			if _, err := br.Read(make([]byte, 4<<10)); err != nil {
				return
			}
		case "T:":
			secured := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{s.cert}})
			if secured.Handshake() != nil {
				return
			}
			conn, br = secured, bufio.NewReader(secured)
		case "S:", "S-", "S.", "S~":
			if rest, ok := strings.CutPrefix(arg, "$"); ok {
				arg = tag + rest
			}
			if arg = strings.ReplaceAll(arg, `\r\n`, "\r\n"); kind == "S:" {
				arg += "\r\n"
			}
			step := len(arg)
			pause := 10 * time.Millisecond
			if kind == "S~" {
				pause = time.Second
			}
			if kind == "S." || kind == "S~" {
				step = 1
			}
			for b := range slices.Chunk([]byte(arg), max(1, step)) {
				if _, err := conn.Write(b); err != nil {
					return
				}
				if len(b) < len(arg) {
					<-time.After(pause)
				}
			}
		case "C:", "C+":
			line, err := br.ReadString('\n')
			if err != nil {
				return
			}
			command := strings.TrimRight(line, "\r\n")
			if kind == "C:" {
				tag, command, _ = strings.Cut(command, " ")
			}
			s.mu.Lock()
			s.lines = append(s.lines, command)
			s.mu.Unlock()
			if !strings.HasPrefix(command, arg) {
				s.note("got " + command + ", want " + arg)
				return
			}
		case "W:":
			pause, err := time.ParseDuration(arg)
			if err != nil {
				s.note(err.Error())
			}
			<-time.After(pause)
		case "X:":
			return
		}
	}
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		s.mu.Lock()
		s.lines = append(s.lines, strings.TrimSpace(line))
		s.mu.Unlock()
	}
}

// heard returns what clients sent.
func (s *scripted) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

func (s *scripted) dialed() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials
}

func (s *scripted) options() imapx.Options {
	return imapx.Options{
		Addr: s.addr, Security: imapx.Cleartext, Username: "ann", Password: "open sesame",
		Progress: 2 * time.Second, DialTimeout: 2 * time.Second, MaxConns: 1,
	}
}

// hello is a login to a server with these capabilities.
func hello(caps string) string {
	return "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\nC: AUTHENTICATE PLAIN\nS: $ OK [CAPABILITY IMAP4rev1 " + caps + "] in\n"
}

// inboxed is a login that goes on to open INBOX with three messages.
func inboxed(caps, verb string) string {
	return hello(caps) + "C: " + verb + " INBOX\nS: * 3 EXISTS\nS: * FLAGS (\\Seen)\nS: * OK [UIDVALIDITY 7] ok\nS: * OK [UIDNEXT 6] ok\nS: $ OK open\n"
}
