package imapx_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

func TestAppend(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		p := pool(t, srv)
		raw := string(mail(1)) + strings.Repeat("0123456789abcdef\r\n", 20_000)
		var got imapx.Appended
		sent := srv.Path("Sent")
		write(t, p, "", func(ctx context.Context, c *imapx.Conn) (err error) {
			got, err = c.Append(ctx, sent, imapx.AppendOptions{Flags: []string{`\Seen`}, Date: time.Unix(1.7e9, 0)}, strings.NewReader(raw), int64(len(raw)))
			return err
		})
		if string(srv.Raw(t, sent, uint32(got.UID))) != raw || got.Validity != srv.UIDValidity(t, sent) {
			t.Errorf("stored as %+v", got)
		}
		if !slices.Contains(srv.Flags(t, sent, uint32(got.UID)), `\Seen`) {
			t.Error("flag lost")
		}
		for _, tt := range []struct {
			name, box, body string
			size            int64
			kind            imapx.Kind
		}{
			{"no such mailbox", srv.Path("Nowhere"), raw, int64(len(raw)), imapx.NotFound},
			{"short body", sent, "abc", 10, imapx.Unavailable},
			{"empty", sent, "", 0, imapx.Invalid},
		} {
			err := p.Write(t.Context(), "", func(c *imapx.Conn) error {
				_, err := c.Append(t.Context(), tt.box, imapx.AppendOptions{}, strings.NewReader(tt.body), tt.size)
				return err
			})
			if !errors.Is(err, tt.kind) {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.kind)
			}
			read(t, p, sent, func(ctx context.Context, c *imapx.Conn) error { return c.Noop(ctx) })
		}
		if got := srv.UIDs(t, sent); len(got) != 1 {
			t.Errorf("sent holds %d messages", len(got))
		}
	})
}

// TestAppendToAMailboxOpenForReading: Courier refuses what goes to the mailbox
// that is open, when it is open for reading only.
func TestAppendToAMailboxOpenForReading(t *testing.T) {
	opened := "S: * 0 EXISTS\nS: * OK [UIDVALIDITY 7] ok\nS: $ OK open\n"
	srv := serve(t, hello("LITERAL+")+"C: EXAMINE \"Sent\"\n"+opened+"C: SELECT \"Sent\"\n"+opened+
		"C: APPEND \"Sent\"\nC+ some text\nS: $ OK\nC: APPEND \"Sent\"\nC+ some text\nS: $ OK\nC: APPEND \"Drafts\"\nC+ some text\nS: $ OK")
	read(t, open(t, srv.options()), "Sent", func(ctx context.Context, c *imapx.Conn) error {
		for _, box := range []string{"Sent", "Sent", "Drafts"} {
			if _, err := c.Append(ctx, box, imapx.AppendOptions{}, strings.NewReader("some text"), 9); err != nil {
				return err
			}
		}
		return nil
	})
}

// slowTaker is a server that takes an appended message a little at a time.
func slowTaker(t *testing.T, size int, pause time.Duration) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1] hello\r\n")
		br := bufio.NewReaderSize(conn, 1<<10)
		for {
			line, err := br.ReadString('\n')
			if err != nil {
				return
			}
			tag, command, _ := strings.Cut(line, " ")
			if strings.HasPrefix(command, "LOGIN") {
				fmt.Fprint(conn, tag+" OK [CAPABILITY IMAP4rev1] in\r\n")
			}
			if strings.HasPrefix(command, "APPEND") {
				fmt.Fprint(conn, "+ go on\r\n")
				for left := int64(size); left > 0; left -= int64(size) / 10 {
					if _, err := io.CopyN(io.Discard, br, min(left, int64(size)/10)); err != nil {
						return
					}
					<-time.After(pause)
				}
				fmt.Fprint(conn, tag+" OK stored\r\n")
			}
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	return ln.Addr().String()
}

// TestSlowUpload: a server that keeps taking data is making progress, though
// it says nothing meanwhile.
func TestSlowUpload(t *testing.T) {
	leakcheck.Check(t)
	const size = 30 << 20
	addr := slowTaker(t, size, 150*time.Millisecond)
	p := open(t, imapx.Options{Addr: addr, Security: imapx.Cleartext, Username: "ann", Password: "x", Progress: time.Second, MaxConns: 1})
	write(t, p, "", func(ctx context.Context, c *imapx.Conn) error {
		_, err := c.Append(ctx, "Sent", imapx.AppendOptions{}, bytes.NewReader(make([]byte, size)), size)
		return err
	})
}
