package imapx_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/postern-mail/postern/imapx"
)

func Example() {
	addr, stop := demoServer("From: bob@example.com\r\nSubject: lunch?\r\n\r\nToday at noon?\r\n")
	defer stop()

	pool, err := imapx.Open(imapx.Options{Addr: addr, Security: imapx.Cleartext, Username: "ann", Password: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	ctx := context.Background()
	err = pool.Read(ctx, "INBOX", func(c *imapx.Conn) error {
		page, total, err := c.FetchNewest(ctx, 10, imapx.Items{Sections: []imapx.Section{{Fields: []string{"Subject"}}}})
		if err != nil {
			return err
		}
		for _, m := range page.Messages {
			fmt.Printf("%d of %d: %s\n", m.UID, total, strings.TrimSpace(string(m.Sections[0])))
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: 1 of 1: Subject: lunch?
}

// demoServer is an in-memory IMAP server with one message in ann's inbox.
func demoServer(raw string) (addr string, stop func()) {
	user := imapmemserver.NewUser("ann", "secret")
	if err := user.Create("INBOX", nil); err != nil {
		log.Fatal(err)
	}
	if _, err := user.Append("INBOX", strings.NewReader(raw), &imap.AppendOptions{}); err != nil {
		log.Fatal(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		InsecureAuth: true,
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln) // ends when ln is closed
	}()
	return ln.Addr().String(), func() {
		_ = ln.Close()
		_ = srv.Close()
		<-done
	}
}
