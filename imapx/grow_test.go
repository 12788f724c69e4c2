package imapx_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/imapx"
)

// stingy is a server that allows a number of connections, over pipes.
type stingy struct {
	mu                  sync.Mutex
	most, open, refused int
	over                sync.WaitGroup
}

func (s *stingy) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	s.mu.Lock()
	defer s.mu.Unlock()
	welcome := s.open < s.most
	if welcome {
		s.open++
	} else {
		s.refused++
	}
	s.over.Go(func() {
		defer server.Close()
		if !welcome {
			fmt.Fprint(server, "* BYE [LIMIT] too many of you\r\n")
			return
		}
		fmt.Fprint(server, "* OK [CAPABILITY IMAP4rev1] hello\r\n")
		for in := bufio.NewScanner(server); in.Scan(); {
			tag, command, _ := strings.Cut(in.Text(), " ")
			answer := tag + " OK done\r\n"
			if strings.HasPrefix(command, "LOGIN") {
				answer = tag + " OK [CAPABILITY IMAP4rev1] in\r\n"
			}
			if _, err := fmt.Fprint(server, answer); err != nil {
				break
			}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
	})
	return client, nil
}

func (s *stingy) allow(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = n
}

// TestPoolGrowsAgain: what the server refused it is asked for again, a while later.
func TestPoolGrowsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &stingy{most: 1}
		p, err := imapx.Open(imapx.Options{
			Addr: "localhost:143", Security: imapx.Cleartext, Username: "ann", Password: "x", MaxConns: 3, Dial: srv.dial,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.over.Wait()
		defer p.Close()
		// together reports whether n callers hold a connection at the same time.
		together := func(n int) bool {
			var held sync.WaitGroup
			let := make(chan struct{})
			got := make(chan error, n)
			in := make(chan struct{}, n)
			for range n {
				held.Go(func() {
					got <- p.Read(t.Context(), "", func(c *imapx.Conn) error {
						in <- struct{}{}
						<-let
						return nil
					})
				})
			}
			synctest.Wait()
			<-time.After(10 * time.Second) // dials pause before they are repeated
			all := len(in) == n
			close(let)
			held.Wait()
			for range n {
				if err := <-got; err != nil {
					t.Error(err)
				}
			}
			return all
		}
		if together(2) {
			t.Fatal("the server allows one")
		}
		refused := srv.refused
		srv.allow(3)
		if together(2) {
			t.Error("it grew at once")
		}
		if srv.refused != refused {
			t.Errorf("%d refusals, then %d: it asked again at once", refused, srv.refused)
		}
		<-time.After(4 * time.Minute)
		if !together(2) {
			t.Error("it did not grow by one")
		}
		if together(3) {
			t.Error("it grew by more than one")
		}
		<-time.After(4 * time.Minute)
		if !together(3) {
			t.Error("it did not grow back")
		}
		<-time.After(10 * time.Minute)
		if !together(3) || together(4) {
			t.Error("it has not the size asked for")
		}
		// A server that has changed its mind is heard.
		srv.allow(0)
		p2, err := imapx.Open(imapx.Options{Addr: "localhost:143", Security: imapx.Cleartext, Username: "ann", Password: "x", MaxConns: 2, Dial: srv.dial})
		if err != nil {
			t.Fatal(err)
		}
		defer p2.Close()
		wantKind(t, p2.Read(t.Context(), "", func(*imapx.Conn) error { return nil }), imapx.Limit)
	})
}
