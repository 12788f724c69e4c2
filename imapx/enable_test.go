package imapx_test

import (
	"context"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx"
)

// TestNothingIsEnabled: a server that could do UTF-8 is spoken to as every
// other, and names beyond ASCII work both ways.
func TestNothingIsEnabled(t *testing.T) {
	srv := serve(t, hello("ENABLE UTF8=ACCEPT CONDSTORE IMAP4rev2")+"C: LIST\nS: * LIST () \"/\" &AOk-t&AOk-\nS: $ OK\nC: APPEND \"&AOk-t&AOk-\"\nS: + go on\nC+ some text\nS: $ OK stored")
	p := open(t, srv.options())
	read(t, p, "", func(ctx context.Context, c *imapx.Conn) error {
		list, err := c.List(ctx, false)
		if err == nil && (len(list) != 1 || list[0].Name != "été") {
			t.Errorf("listed %+v", list)
		}
		return err
	})
	write(t, p, "", func(ctx context.Context, c *imapx.Conn) error {
		_, err := c.Append(ctx, "été", imapx.AppendOptions{}, strings.NewReader("some text"), 9)
		return err
	})
	if strings.Contains(srv.heard(), "ENABLE") {
		t.Errorf("sent %q", srv.heard())
	}
}
