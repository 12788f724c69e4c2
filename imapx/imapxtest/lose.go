package imapxtest

import (
	"bytes"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// Loss says what becomes of a command that [Lose] waits for.
type Loss int

// Answer: the server carries it out, and its answer is lost. Command: it never
// reaches the server.
const (
	Answer Loss = iota
	Command
)

// Lose starts a proxy before addr, which takes IMAP in the clear, and closes the
// first connection on which a client sends command ("UID MOVE"): behind the
// server's whole answer, of which nothing passes, or before the server sees the
// command. All other connections it lets be. It returns its address.
func Lose(t testing.TB, addr, command string, loss Loss) string {
	t.Helper()
	l := &loser{command: []byte(" " + command), loss: loss}
	ln := listen(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer client.Close()
				server, err := net.Dial("tcp", addr)
				if err != nil {
					return
				}
				defer server.Close()
				l.relay(client, server)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
		if !l.done() {
			t.Errorf("imapxtest: no client sent %s", command)
		}
	})
	return ln.Addr().String()
}

type loser struct {
	command []byte
	loss    Loss

	mu  sync.Mutex
	hit bool
}

func (l *loser) done() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hit
}

// tag returns the tag of the command waited for, the first time it is in b.
func (l *loser) tag(b []byte) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range bytes.Lines(b) {
		tag, rest, _ := bytes.Cut(line, []byte(" "))
		if !l.hit && bytes.HasPrefix(append([]byte(" "), rest...), l.command) {
			l.hit = true
			return string(tag)
		}
	}
	return ""
}

func (l *loser) relay(client, server net.Conn) {
	swallow := make(chan string, 1)
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer client.Close()
		passAnswers(client, server, swallow)
	}()
	buf := make([]byte, 64<<10)
	lost := false
	for {
		n, err := client.Read(buf)
		if tag := l.tag(buf[:n]); tag != "" {
			if l.loss == Command {
				break
			}
			lost = true
			swallow <- tag
		}
		if _, bad := server.Write(buf[:n]); err != nil || bad != nil {
			break
		}
	}
	if !lost {
		server.Close()
	}
	<-over
}

// passAnswers passes on what the server says, until a command's tag is to be
// swallowed: then it reads up to that command's end.
func passAnswers(client io.Writer, server io.Reader, swallow <-chan string) {
	var lost strings.Builder
	tag := ""
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		select {
		case tag = <-swallow:
		default:
		}
		if tag == "" {
			if _, bad := client.Write(buf[:n]); bad != nil {
				return
			}
		} else if lost.Write(buf[:n]); strings.Contains("\n"+lost.String(), "\n"+tag+" ") {
			return
		} else if strings.HasPrefix(lost.String(), "+") {
			// The leave to send a string is no answer yet (RFC 9051 section 7.6).
			if _, bad := io.WriteString(client, lost.String()); bad != nil {
				return
			}
			lost.Reset()
		}
		if err != nil {
			return
		}
	}
}
