package imapx_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

func TestStore(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uids := fill(t, srv, "INBOX", 3)
		srv.SetFlags(t, "INBOX", uint32(uids[0]), `\Seen`, `\Flagged`)
		p := pool(t, srv)
		for range 2 { // the second time nothing changes
			write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
				got, err := c.Store(ctx, []imapx.UID{uids[0], 4000, uids[1]}, []string{`\Answered`, "$Postern"}, []string{`\Seen`})
				diff(t, "changed", imapx.Changed{Done: []imapx.UID{uids[0], uids[1]}, Missing: []imapx.UID{4000}}, got)
				return err
			})
		}
		for i, want := range [][]string{{"$postern", `\answered`, `\flagged`}, {"$postern", `\answered`}, nil} {
			var got []string
			for _, f := range srv.Flags(t, "INBOX", uint32(uids[i])) {
				if f = strings.ToLower(f); f != `\recent` {
					got = append(got, f)
				}
			}
			slices.Sort(got)
			diff(t, fmt.Sprint("message ", i), want, got)
		}
		write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			_, err := c.Store(ctx, uids, []string{"two words"}, nil)
			wantKind(t, err, imapx.Invalid)
			_, err = c.Store(ctx, nil, []string{`\Seen`}, nil)
			wantKind(t, err, imapx.Invalid)
			return nil
		})
		read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error { return c.Noop(ctx) })
	})
}
