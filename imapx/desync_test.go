package imapx_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
)

// TestNoBodyBecomesProtocol: what a server sends to make the client library
// lose its place never has it read a body, which is not looked at, as answers.
func TestNoBodyBecomesProtocol(t *testing.T) {
	for _, tt := range []struct{ name, line, body string }{
		{"a response code without end", "* OK [X-NEWS y", ""},
		{"one behind a number", "* 1 NO [X-NEWS y", ""},
		{"quotes in an answer to ID, run over its line", `* 5 ID ("x`, `")\r\n`},
		{"the same without a space", `* ID("x`, `")\r\n`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := tt.body + `* OK [UIDVALIDITY 8] a line of a mail\r\n* OK`
			size := len(strings.ReplaceAll(body, `\r\n`, "\r\n"))
			srv := serve(t, "S: * OK [CAPABILITY IMAP4rev1 ID SASL-IR AUTH=PLAIN] hello\nC: AUTHENTICATE PLAIN\nS: $ OK [CAPABILITY IMAP4rev1 ID] in\n"+
				"C+ I0 ID\nC: EXAMINE INBOX\nS: * OK [UIDVALIDITY 7] ok\nS- "+tt.line+fmt.Sprintf(`\r\n* 1 FETCH (BODY[] {%d}\r\n`, size)+body+" UID 5)\\r\\n\nS: $ OK open\n")
			p := open(t, srv.options())
			start := time.Now()
			err := p.Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
				if v := c.Mailbox().UIDValidity; v != 7 {
					t.Errorf("uidvalidity %d", v)
				}
				return nil
			})
			if err != nil && imapx.KindOf(err) != imapx.Protocol || time.Since(start) > time.Second {
				t.Errorf("after %v: %v", time.Since(start), err)
			}
		})
	}
}

// TestRemovalOfNothing: a removal without a number is the end of the list for
// the client library, which then waits for room for the others.
func TestRemovalOfNothing(t *testing.T) {
	for _, line := range []string{"* 0 EXPUNGE", "* EXPUNGE", "* 00000000000000000000000000000 EXPUNGE"} {
		t.Run(line, func(t *testing.T) {
			srv := serve(t, inboxed("UIDPLUS", "SELECT")+"C: UID STORE\nS: * 3 FETCH (UID 5 FLAGS (\\Deleted))\nS: $ OK\nC: UID EXPUNGE\nS: "+line+
				strings.Repeat("\nS: * 1 EXPUNGE", 300)+"\nS: $ OK done")
			var got imapx.Changed
			write(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) (err error) {
				got, err = c.Remove(ctx, []imapx.UID{5})
				return err
			})
			diff(t, "removed", imapx.Changed{Done: []imapx.UID{5}}, got)
		})
	}
}

// TestManySearchAnswers: the limit of a search is one of all that answers it.
func TestManySearchAnswers(t *testing.T) {
	const some = "\nS: * SEARCH 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33 35 37 39"
	srv := serve(t, inboxed("", "EXAMINE")+"C: UID SEARCH"+strings.Repeat(some, 3)+"\nS: $ OK\nC: UID SEARCH"+strings.Repeat(some, 3)+"\nS: $ OK\nC: UID SEARCH"+
		some+"\nS: I0 OK"+some+some+some+some+"\nS: $ OK")
	opts := srv.options()
	opts.Limits.Numbers = 256
	err := open(t, opts).Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
		for range 2 {
			if hits, err := c.Search(t.Context(), imapx.Criteria{}, 50); err != nil || hits.Total != 20 {
				t.Errorf("%d hits, %v", hits.Total, err)
			}
		}
		_, err := c.Search(t.Context(), imapx.Criteria{}, 50)
		return err
	})
	wantKind(t, err, imapx.TooLarge)
}

// TestLeaveBehindAnotherAnswer: a string that waits for the server's leave goes
// on waiting when a command sent before it ends.
func TestLeaveBehindAnotherAnswer(t *testing.T) {
	long := strings.Repeat("b", 1100)
	srv := serve(t, hello("")+"C: LIST\nS: * LIST () \"/\" a\nS: * LIST () \"/\" "+long+"\nS: $ OK\n"+
		"C: STATUS \"a\"\nS: * STATUS a (MESSAGES 1 UNSEEN 0 UIDVALIDITY 7)\nS: $ OK\n"+
		"C: STATUS {1100}\nS: + go on\nC+ "+long+" (\nS: * STATUS "+long+" (MESSAGES 2 UNSEEN 0 UIDVALIDITY 8)\nS: $ OK")
	err := open(t, srv.options()).Read(t.Context(), "", func(c *imapx.Conn) error {
		folders, err := c.List(t.Context(), true)
		for i, f := range folders {
			if f.Counts == nil || f.Counts.Messages != i+1 {
				t.Errorf("%d counts %+v", i, f.Counts)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFetchOfNothing: a call that sends nothing waits for nothing.
func TestFetchOfNothing(t *testing.T) {
	p := open(t, serve(t, inboxed("", "EXAMINE")).options())
	for range 2 { // the second on a connection that is to be brought up to date
		err := p.Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
			got, err := c.FetchEach(t.Context(), nil)
			if len(got) > 0 {
				t.Errorf("fetched %+v", got)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
