package imapx

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/leakcheck"
)

// answerer is a server that lets anybody in, answers the first command that is
// no NOOP with its answer, "$" standing for the tag, and then closes unless the
// answer ends the command or it is to stay.
type answerer struct {
	addr, caps, answer string
	leave, stay        bool // it gives leave for literals; it stays silent

	mu    sync.Mutex
	lines []string
}

func answering(t *testing.T, caps, answer string, leave bool) *answerer {
	t.Helper()
	leakcheck.Check(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &answerer{addr: ln.Addr().String(), caps: caps, answer: answer, leave: leave}
	var wg sync.WaitGroup
	wg.Go(func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		s.serve(conn)
	})
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
	})
	return s
}

func (s *answerer) options() Options {
	return Options{Addr: s.addr, Security: Cleartext, Username: "ann", Password: "open sesame", Progress: 2 * time.Second, MaxConns: 1}
}

// sent is the command it answered; lines of one command are joined by |.
func (s *answerer) sent() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "|")
}

func (s *answerer) serve(conn net.Conn) {
	say := func(text string) { _, _ = conn.Write([]byte(text)) }
	say("* PREAUTH [CAPABILITY IMAP4rev1 " + s.caps + "] in\r\n")
	br := bufio.NewReader(conn)
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		switch command {
		case "NOOP":
			say(tag + " OK\r\n")
			continue
		case "LOGOUT":
			return
		}
		s.note(command)
		size := command[max(0, strings.LastIndexByte(command, '{')):]
		if strings.HasPrefix(size, "{") && (s.leave || strings.HasSuffix(size, "+}")) {
			if !strings.HasSuffix(size, "+}") {
				say("+ go on\r\n")
			}
			rest, err := br.ReadString('\n')
			if err != nil {
				return
			}
			s.note(strings.TrimRight(rest, "\r\n"))
		}
		say(strings.ReplaceAll(s.answer, "$", tag))
		if !strings.Contains(s.answer, "$") && !s.stay {
			return
		}
	}
}

func (s *answerer) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}
