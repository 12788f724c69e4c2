package imapx_test

import (
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
