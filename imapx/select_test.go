package imapx_test

import (
	"context"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

func TestSelectErrors(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		p := pool(t, srv)
		nothing := func(*imapx.Conn) error { return nil }
		wantKind(t, p.Read(t.Context(), "Nowhere", nothing), imapx.NotFound)
		wantKind(t, p.Write(t.Context(), "Nowhere", nothing), imapx.NotFound)
		wantKind(t, p.Read(t.Context(), "a\nb", nothing), imapx.Invalid)
		read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			if err := c.Expect(srv.UIDValidity(t, "INBOX")); err != nil {
				t.Error(err)
			}
			wantKind(t, c.Expect(srv.UIDValidity(t, "INBOX")+1), imapx.Validity)
			_, err := c.Store(ctx, []imapx.UID{1}, []string{`\Seen`}, nil)
			wantKind(t, err, imapx.Invalid)
			return nil
		})
	})
}
