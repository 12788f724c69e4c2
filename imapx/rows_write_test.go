package imapx_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/imapx"
)

// TestRoomIsAskedFor: from 1 MB on the mailbox is asked for the room it has, and
// nothing is uploaded that it would refuse. Whoever cannot be asked may take it.
func TestRoomIsAskedFor(t *testing.T) {
	const size = 1 << 20
	taken := "C: APPEND \"Sent\" {1048576}\nS: $ NO [NOPERM] so far and no further"
	for _, tt := range []struct {
		name, caps, script string
		kind               imapx.Kind
	}{
		{"quota in bytes", "QUOTA", "C: GETQUOTAROOT \"Sent\"\nS: * QUOTAROOT Sent all\nS: * QUOTA all (MESSAGE 1 9 STORAGE 1000 2023)\nS: $ OK", imapx.Limit},
		{"quota in messages", "QUOTA", "C: GETQUOTAROOT\nS: * QUOTAROOT Sent all\nS: * QUOTA all (MESSAGE 9 9)\nS: $ OK", imapx.Limit},
		{"room enough", "QUOTA", "C: GETQUOTAROOT\nS: * QUOTAROOT Sent all\nS: * QUOTA all (STORAGE 1000 2024)\nS: $ OK\n" + taken, imapx.Refused},
		{"quota refused", "QUOTA", "C: GETQUOTAROOT\nS: $ NO not yours\n" + taken, imapx.Refused},
		{"limit of all", "APPENDLIMIT=1048575", "C: LOGOUT", imapx.TooLarge},
		{"limit of the mailbox", "APPENDLIMIT", "C: STATUS \"Sent\" (APPENDLIMIT)\nS: * STATUS Sent (APPENDLIMIT 1048575)\nS: $ OK", imapx.TooLarge},
		{"below the limit", "APPENDLIMIT", "C: STATUS\nS: * STATUS Sent (APPENDLIMIT 1048576)\nS: $ OK\n" + taken, imapx.Refused},
		{"limit refused", "APPENDLIMIT", "C: STATUS\nS: $ BAD what\n" + taken, imapx.Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, hello(tt.caps)+tt.script)
			err := open(t, srv.options()).Write(t.Context(), "", func(c *imapx.Conn) error {
				_, err := c.Append(t.Context(), "Sent", imapx.AppendOptions{}, bytes.NewReader(make([]byte, size)), size)
				return err
			})
			wantKind(t, err, tt.kind)
			if asked := strings.Contains(srv.heard(), "APPEND \""); asked != (tt.kind == imapx.Refused) {
				t.Errorf("sent %s", srv.heard())
			}
		})
	}
}

// TestAppendIsLookedForTwice: a server may store what it has after it lost us.
func TestAppendIsLookedForTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		look := func(hits string) string {
			return "C: EXAMINE \"Sent\"\nS: * 3 EXISTS\nS: * OK [UIDVALIDITY 7] ok\nS: $ OK open\nC: UID SEARCH\nS: * SEARCH" + hits + "\nS: $ OK\n"
		}
		var b bubble
		b.cert = selfSigned(t)
		p := open(t, b.options(t, imapx.Cleartext, hello("")+"C: APPEND\nS: + go on\nC+ some text\nX:", hello("")+look("")+look(" 9")))
		err := p.Write(t.Context(), "", func(c *imapx.Conn) error {
			got, err := c.Append(t.Context(), "Sent", imapx.AppendOptions{MessageID: "1@example.org"}, strings.NewReader("some text"), 9)
			diff(t, "appended", imapx.Appended{Validity: 7, UID: 9}, got)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		p.Close()
		b.wg.Wait()
		for _, fault := range b.fault {
			t.Error(fault)
		}
	})
}

// TestAppendCutShort: what never went out whole is not stored, which nobody has
// to look up.
func TestAppendCutShort(t *testing.T) {
	for name, rest := range map[string]io.Reader{"ends early": strings.NewReader(""), "fails": iotest.ErrReader(errors.New("no more"))} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, hello("")+"C: APPEND\nS: + go on")
			err := open(t, srv.options()).Write(t.Context(), "", func(c *imapx.Conn) error {
				body := io.MultiReader(strings.NewReader("some"), rest)
				_, err := c.Append(t.Context(), "Sent", imapx.AppendOptions{MessageID: "1@example.org"}, body, 9)
				return err
			})
			wantKind(t, err, imapx.Unavailable)
			if srv.dialed() != 1 {
				t.Errorf("%d connections", srv.dialed())
			}
		})
	}
}

// TestMoveIsLookedForTwice: a server may go on with a move after it lost us.
func TestMoveIsLookedForTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			described = " FLAGS () INTERNALDATE \"02-Nov-2026 10:00:00 +0000\" RFC822.SIZE 9 BODY[HEADER.FIELDS (\"Message-ID\")] {31}\\r\\nMessage-ID: <1@example.org>\\r\\n\\r\\n)\\r\\n\n"
			exists    = "C: UID SEARCH\nS: * SEARCH 5\nS: $ OK\n"
			gone      = "C: UID SEARCH\nS: * SEARCH\nS: $ OK\n"
			archive   = "C: EXAMINE \"Archive\"\nS: * 1 EXISTS\nS: * OK [UIDVALIDITY 9] ok\nS: $ OK open\n"
		)
		inbox := strings.TrimPrefix(inboxed("MOVE", "SELECT"), hello("MOVE"))
		var b bubble
		b.cert = selfSigned(t)
		p := open(t, b.options(t, imapx.Cleartext,
			inboxed("MOVE", "SELECT")+exists+"C: UID MOVE 5\nX:",
			inboxed("MOVE", "SELECT")+exists+"C: UID FETCH 5\nS- * 1 FETCH (UID 5"+described+"S: $ OK\n"+archive+gone+inbox+gone+
				gone+archive+"C: UID SEARCH\nS: * SEARCH 50\nS: $ OK\nC: UID FETCH 50\nS- * 1 FETCH (UID 50"+described+"S: $ OK\n"+inbox))
		err := p.Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
			got, err := c.Move(t.Context(), []imapx.UID{5}, "Archive")
			diff(t, "moved", imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5}}, Validity: 9, New: map[imapx.UID]imapx.UID{5: 50}}, got)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		p.Close()
		b.wg.Wait()
		for _, fault := range b.fault {
			t.Error(fault)
		}
	})
}

// TestChangeOnAForgottenConnection: a connection unused for half a minute, which
// a router may have forgotten, is asked before it is trusted with a change.
func TestChangeOnAForgottenConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bubble
		b.cert = selfSigned(t)
		p := open(t, b.options(t, imapx.Cleartext, inboxed("", "SELECT"), // silent ever since
			inboxed("", "SELECT")+"C: UID STORE 5\nS: * 1 FETCH (UID 5 FLAGS (\\Seen))\nS: $ OK\n",
			hello("")+"C: APPEND\nS: + go on\nC+ some text\nS: $ OK stored"))
		write(t, p, "INBOX", func(context.Context, *imapx.Conn) error { return nil })
		<-time.After(31 * time.Second)
		write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			got, err := c.Store(ctx, []imapx.UID{5}, []string{`\Seen`}, nil)
			diff(t, "changed", imapx.Changed{Done: []imapx.UID{5}}, got)
			return err
		})
		<-time.After(31 * time.Second)
		write(t, p, "", func(ctx context.Context, c *imapx.Conn) error {
			_, err := c.Append(ctx, "Sent", imapx.AppendOptions{}, strings.NewReader("some text"), 9)
			return err
		})
		p.Close()
		b.wg.Wait()
		for _, fault := range b.fault {
			t.Error(fault)
		}
	})
}
