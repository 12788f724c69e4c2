package imapx_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

func TestAppend(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		p := pool(t, srv)
		raw := string(mail(1)) + strings.Repeat("0123456789abcdef\r\n", 20_000)
		var got imapx.Appended
		write(t, p, "", func(ctx context.Context, c *imapx.Conn) (err error) {
			got, err = c.Append(ctx, "Sent", imapx.AppendOptions{Flags: []string{`\Seen`}, Date: time.Unix(1.7e9, 0)}, strings.NewReader(raw), int64(len(raw)))
			return err
		})
		if string(srv.Raw(t, "Sent", uint32(got.UID))) != raw || got.Validity != srv.UIDValidity(t, "Sent") {
			t.Errorf("stored as %+v", got)
		}
		if !slices.Contains(srv.Flags(t, "Sent", uint32(got.UID)), `\Seen`) {
			t.Error("flag lost")
		}
		for _, tt := range []struct {
			name, box, body string
			size            int64
			kind            imapx.Kind
		}{
			{"no such mailbox", "Nowhere", raw, int64(len(raw)), imapx.NotFound},
			{"short body", "Sent", "abc", 10, imapx.Unavailable},
			{"empty", "Sent", "", 0, imapx.Invalid},
		} {
			err := p.Write(t.Context(), "", func(c *imapx.Conn) error {
				_, err := c.Append(t.Context(), tt.box, imapx.AppendOptions{}, strings.NewReader(tt.body), tt.size)
				return err
			})
			if !errors.Is(err, tt.kind) {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.kind)
			}
			read(t, p, "Sent", func(ctx context.Context, c *imapx.Conn) error { return c.Noop(ctx) })
		}
		if got := srv.UIDs(t, "Sent"); len(got) != 1 {
			t.Errorf("sent holds %d messages", len(got))
		}
	})
}
