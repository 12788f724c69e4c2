package submission_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// step is one exchange of a scripted server: it waits for a line that starts
// with want (none: speaks at once) and answers. After the steps it hangs up.
type step struct {
	want   string
	answer string // without the last CRLF; empty: silence
	do     func(c net.Conn)
}

// blank is what a step wants when it wants an empty line.
const blank = "(an empty line)"

// ehlo is the usual beginning, with the extensions given.
func ehlo(extensions ...string) []step {
	answer := "250-mail.test.invalid"
	for _, e := range extensions {
		answer += "\r\n250-" + e
	}
	return []step{{answer: "220 mail.test.invalid ESMTP"}, {want: "EHLO ", answer: answer + "\r\n250 HELP"}}
}

// upTo is a whole transaction for one recipient up to where last begins.
func upTo(last string, more ...step) []step {
	steps := ehlo("8BITMIME", "SIZE 100000000")
	for _, s := range []step{
		{want: "MAIL FROM:<alice@test.invalid>", answer: "250 ok"},
		{want: "RCPT TO:<bob@test.invalid>", answer: "250 ok"},
		{want: "DATA", answer: "354 go on"},
		{want: ".", answer: "250 queued as 1"},
		{want: "QUIT", answer: "221 bye"},
	} {
		if strings.HasPrefix(s.want, last) {
			break
		}
		steps = append(steps, s)
	}
	return append(steps, more...)
}

// scripted is a server that plays steps to one client.
type scripted struct {
	addr string

	mu   sync.Mutex
	said strings.Builder // what the client sent
}

func (s *scripted) heard() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.String()
}

func (s *scripted) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(p)
}

// script starts the server. A client that does not follow the steps loses the
// connection and the test.
func script(t *testing.T, steps ...step) *scripted {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{addr: ln.Addr().String()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Error(err)
		}
		s.play(t, conn, steps)
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return s
}

func (s *scripted) play(t *testing.T, conn net.Conn, steps []step) {
	br := bufio.NewReader(io.TeeReader(conn, s))
	for _, st := range steps {
		if st.want != "" && !await(t, br, st.want) {
			return
		}
		if st.do != nil {
			st.do(conn)
		}
		if st.answer != "" {
			if _, err := io.WriteString(conn, st.answer+"\r\n"); err != nil {
				return
			}
		}
	}
}

// await reads the next line, which must be the wanted one, or, for the final
// dot, all lines up to it.
func await(t *testing.T, br *bufio.Reader, want string) bool {
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return false
		}
		line = strings.TrimRight(line, "\r\n")
		if want == "." {
			if line == "." {
				return true
			}
			continue
		}
		if want == blank && line == "" {
			return true
		}
		if !strings.HasPrefix(line, want) {
			t.Errorf("client sent %q, want %q", line, want)
			return false
		}
		return true
	}
}

// untilClosed reads on until the client has gone.
func untilClosed(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
