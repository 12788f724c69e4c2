package imapx_test

import (
	"context"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

func TestID(t *testing.T) {
	for _, tt := range []struct{ name, answer, want string }{
		{"named", "S: * ID (\"name\" \"Dovecot\" \"x\" NIL \"version\" \"2.3\")\nS: $ OK\nC: NOOP\nS: $ OK", "Dovecot 2.3"},
		{"no version", "S: * id (\"NAME\" \"Cyrus\")\nS: $ OK\nC: NOOP\nS: $ OK", "Cyrus"},
		{"nothing", "S: * ID NIL\nS: $ OK\nC: NOOP\nS: $ OK", ""},
		{"refused", "S: $ BAD what\nC: NOOP\nS: $ OK", ""},
		{"garbled", "S: * ID (((\nS: $ OK\nC: NOOP\nS: $ OK", ""},
		{"control characters and length", "S: * ID (\"name\" {4}\nS- a\tb\x01\nS:  \"version\" \"" + strings.Repeat("v", 200) + "\")\nS: $ OK\nC: NOOP\nS: $ OK", "a b  " + strings.Repeat("v", 75) + "..."},
		{"never answered", "C: NOOP\nS: $ OK", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, hello("ID")+"C: ID (\"name\" \"postern\"\n"+tt.answer+"\nC: NOOP\nS: $ OK")
			p := open(t, srv.options())
			for range 2 { // the second time it is not said again
				if err := noop(t, p); err != nil {
					t.Fatal(err)
				}
			}
			diff(t, "server", tt.want, p.Server())
		})
	}
}

// TestIDOnAServer: an append, whose literal waits for leave, is a first command too.
func TestIDOnAServer(t *testing.T) {
	srv := imapxtest.Dovecot(t)
	count := imapxtest.Count(t, srv.TLSAddr)
	leakcheck.Check(t)
	p := open(t, options(srv, count.Addr))
	raw := strings.Repeat("x", 10_000)
	write(t, p, "", func(ctx context.Context, c *imapx.Conn) error {
		count.Reset()
		_, err := c.Append(ctx, "Sent", imapx.AppendOptions{}, strings.NewReader(raw), int64(len(raw)))
		return err
	})
	if n := count.RoundTrips(); n > 2 {
		t.Errorf("%d round trips", n)
	}
	if got := p.Server(); got != "Dovecot" {
		t.Errorf("the server is %q", got)
	}
}
