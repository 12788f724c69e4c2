package imapx_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

func TestMove(t *testing.T) {
	for _, tt := range []struct {
		name string
		hide []string
	}{
		{name: "move"},
		{name: "copy and expunge", hide: []string{"MOVE"}},
		{name: "move without uidplus", hide: []string{"UIDPLUS"}},
		{name: "copy only", hide: []string{"MOVE", "UIDPLUS"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				uids := fill(t, srv, "INBOX", 5)
				srv.SetFlags(t, "INBOX", uint32(uids[4]), `\Deleted`) // another client's: must stay
				p := pool(t, srv)
				var got imapx.Moved
				write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) (err error) {
					got, err = c.Move(ctx, []imapx.UID{uids[3], uids[1], 4000}, srv.Path("Archive"))
					return err
				})
				there := srv.UIDs(t, "Archive")
				if len(there) != 2 {
					t.Fatalf("archive holds %v", there)
				}
				diff(t, "missing", []imapx.UID{4000}, got.Missing)
				if hides := func(name string) bool { return slices.Contains(tt.hide, name) }; hides("UIDPLUS") && (hides("MOVE") || !has(t, srv, "MOVE")) {
					diff(t, "remain", []imapx.UID{uids[3], uids[1]}, got.Remain)
					if len(srv.UIDs(t, "INBOX")) != 5 || !slices.Contains(srv.Flags(t, "INBOX", uint32(uids[1])), `\Deleted`) {
						t.Error("the originals are not just marked")
					}
					return
				}
				slices.Sort(got.Done)
				diff(t, "done", []imapx.UID{uids[1], uids[3]}, got.Done)
				diff(t, "left", []uint32{uint32(uids[0]), uint32(uids[2]), uint32(uids[4])}, srv.UIDs(t, "INBOX"))
				for from, to := range got.New {
					if got.Validity != srv.UIDValidity(t, "Archive") {
						t.Errorf("%d became %d of another mailbox", from, to)
					}
					if want := slices.Index(uids, from) + 1; !strings.Contains(string(srv.Raw(t, "Archive", uint32(to))), fmt.Sprintf("message %d.", want)) {
						t.Errorf("%d became %d, another message", from, to)
					}
				}
				if known := len(got.New); known != 2 && !slices.Contains(tt.hide, "UIDPLUS") {
					t.Errorf("%d new numbers known", known)
				}
			}, tt.hide...)
		})
	}
}

func TestMoveToNowhere(t *testing.T) {
	for _, hide := range [][]string{nil, {"MOVE"}, {"MOVE", "UIDPLUS"}} {
		t.Run(fmt.Sprint("hide ", hide), func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				uids := fill(t, srv, "INBOX", 3)
				p := pool(t, srv)
				err := p.Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
					_, err := c.Move(t.Context(), uids, "No such box")
					return err
				})
				wantKind(t, err, imapx.NotFound)
				if got := srv.UIDs(t, "INBOX"); len(got) != 3 {
					t.Fatalf("%d of 3 messages left", len(got))
				}
				for _, u := range uids {
					if slices.Contains(srv.Flags(t, "INBOX", uint32(u)), `\Deleted`) {
						t.Error("a message that was not copied is marked")
					}
				}
				write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
					_, err := c.Move(ctx, uids, "INBOX")
					wantKind(t, err, imapx.Invalid)
					_, err = c.Move(ctx, uids, "Arch\r\nive")
					wantKind(t, err, imapx.Invalid)
					return nil
				})
			}, hide...)
		})
	}
}

// TestMoveRefusedWithoutAReason: a server that says NO and no more is asked
// whether there is such a mailbox.
func TestMoveRefusedWithoutAReason(t *testing.T) {
	const (
		byMove = "C: UID SEARCH\nS: * SEARCH 5\nS: $ OK\nC: UID MOVE 5 \"Archive\"\n"
		byCopy = "C: UID FETCH 5\nS: * 1 FETCH (UID 5 FLAGS () INTERNALDATE \"02-Nov-2026 10:00:00 +0000\" RFC822.SIZE 9 BODY[HEADER.FIELDS (\"Message-ID\")] {2}\nS:\nS: )\nS: $ OK\nC: UID COPY 5 \"Archive\"\n"
		ask    = "C: LIST \"\" \"Archive\"\n"
	)
	for _, tt := range []struct {
		name, caps, script string
		kind               imapx.Kind
	}{
		{"move, not there", "MOVE", byMove + "S: $ NO sorry\n" + ask + "S: $ OK", imapx.NotFound},
		{"move, there", "MOVE", byMove + "S: $ NO sorry\n" + ask + "S: * LIST () \"/\" Archive\nS: $ OK", imapx.Refused},
		{"copy, not there", "", byCopy + "S: $ NO sorry\n" + ask + "S: $ OK", imapx.NotFound},
		{"copy, there and not for mail", "", byCopy + "S: $ NO sorry\n" + ask + "S: * LIST (\\NoSelect) \"/\" Archive\nS: $ OK", imapx.Refused},
		{"copy, not to be asked", "", byCopy + "S: $ NO sorry\n" + ask + "S: $ NO", imapx.Refused},
		{"copy, with a reason", "", byCopy + "S: $ NO [NOPERM] yours it is not", imapx.Refused},
		{"copy, with another", "", byCopy + "S: $ NO [OVERQUOTA] full", imapx.Limit},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, inboxed(tt.caps, "SELECT")+tt.script)
			err := open(t, srv.options()).Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
				got, err := c.Move(t.Context(), []imapx.UID{5}, "Archive")
				diff(t, "moved", imapx.Moved{New: map[imapx.UID]imapx.UID{}}, got)
				return err
			})
			wantKind(t, err, tt.kind)
		})
	}
}

func TestRemove(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uids := fill(t, srv, "INBOX", 4)
		srv.SetFlags(t, "INBOX", uint32(uids[3]), `\Deleted`)
		p := pool(t, srv)
		write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			got, err := c.Remove(ctx, []imapx.UID{uids[1], 4000})
			diff(t, "changed", imapx.Changed{Done: []imapx.UID{uids[1]}, Missing: []imapx.UID{4000}}, got)
			return err
		})
		diff(t, "left", []uint32{uint32(uids[0]), uint32(uids[2]), uint32(uids[3])}, srv.UIDs(t, "INBOX"))
	})
}

func TestRemoveNeedsUIDPLUS(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uids := fill(t, srv, "INBOX", 2)
		p := pool(t, srv)
		write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			_, err := c.Remove(ctx, uids)
			if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("error %v", err)
			}
			return nil
		})
		if slices.Contains(srv.Flags(t, "INBOX", uint32(uids[0])), `\Deleted`) || len(srv.UIDs(t, "INBOX")) != 2 {
			t.Error("something was changed")
		}
	}, "UIDPLUS")
}

// TestMoveAgain: where originals stay, a second move makes no second copy.
func TestMoveAgain(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uids := fill(t, srv, "INBOX", 3)
		p := pool(t, srv)
		move := func(uids ...imapx.UID) (got imapx.Moved) {
			write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) (err error) {
				got, err = c.Move(ctx, uids, srv.Path("Archive"))
				return err
			})
			return got
		}
		diff(t, "remain", uids[:2], move(uids[0], uids[1]).Remain)
		diff(t, "again", uids, move(uids...).Remain)
		srv.SetFlags(t, "INBOX", uint32(uids[0]))
		diff(t, "unmarked", uids[:1], move(uids[0]).Remain)
		if there := srv.UIDs(t, "Archive"); len(there) != 3 {
			t.Errorf("%d copies of 3", len(there))
		}
		// Another process finds the copies, and knows no others.
		srv.Append(t, "INBOX", mail(9), `\Deleted`)
		p = pool(t, srv)
		ninth := imapx.UID(srv.UIDs(t, "INBOX")[3])
		got := move(append(slices.Clone(uids), ninth)...)
		diff(t, "later", uids, got.Remain)
		diff(t, "never copied", []imapx.UID{ninth}, got.Marked)
		if there := srv.UIDs(t, "Archive"); len(there) != 3 {
			t.Errorf("%d copies of 3, later", len(there))
		}
	}, "MOVE", "UIDPLUS")
}
