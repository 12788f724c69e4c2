package imapx_test

import (
	"context"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

func TestList(t *testing.T) {
	for _, tt := range []struct {
		name string
		hide []string
	}{
		{name: "list-status"},
		{name: "status one by one", hide: []string{"LIST-STATUS"}},
		{name: "plain", hide: []string{"LIST-STATUS", "LIST-EXTENDED", "SPECIAL-USE"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				fill(t, srv, "Archive", 3)
				srv.CreateFolder(t, "Grüße & Co")
				p := pool(t, srv)
				var got []imapx.Folder
				listed := tt.name != "plain" && has(t, srv, "LIST-EXTENDED")
				read(t, p, "", func(ctx context.Context, c *imapx.Conn) (err error) {
					got, err = c.List(ctx, true)
					return err
				})
				delimiter := "/"
				if srv.Path("Archive") != "Archive" { // Courier
					delimiter = "."
				}
				uses := map[imapx.Use]string{}
				for _, f := range got {
					uses[f.Use] += f.Name
					if f.Delimiter != delimiter || f.NoSelect || f.Counts == nil {
						t.Errorf("folder %+v", f)
						continue
					}
					if want := f.Name != srv.Path("Grüße & Co"); f.Subscribed != want && f.Name != "INBOX" && listed {
						t.Errorf("%s subscribed: %v", f.Name, f.Subscribed)
					}
					if f.Name == srv.Path("Archive") && (f.Counts.Messages != 3 || f.Counts.Unseen != 3 || f.Counts.UIDValidity == 0) {
						t.Errorf("archive counts %+v", f.Counts)
					}
				}
				diff(t, "uses", map[imapx.Use]string{
					imapx.UseInbox: "INBOX", imapx.UseDrafts: srv.Path("Drafts"), imapx.UseSent: srv.Path("Sent"), imapx.UseTrash: srv.Path("Trash"),
					imapx.UseJunk: srv.Path("Junk"), imapx.UseArchive: srv.Path("Archive"), imapx.UseNone: srv.Path("Grüße & Co"),
				}, uses)
			}, tt.hide...)
		})
	}
}

func TestCreate(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		p := pool(t, srv)
		create := func() error {
			return p.Write(t.Context(), "", func(c *imapx.Conn) error { return c.Create(t.Context(), srv.Path("Später"), imapx.UseNone) })
		}
		if err := create(); err != nil {
			t.Fatal(err)
		}
		wantKind(t, create(), imapx.Exists)
		read(t, p, srv.Path("Später"), func(ctx context.Context, c *imapx.Conn) error { return nil })
	})
}
