package imapx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
			inboxed("MOVE", "SELECT")+exists+"C: UID FETCH 5\nS- * 1 FETCH (UID 5"+described+"S: $ OK\n"+archive+gone+inbox+"C: NOOP\nS: $ OK\n"+gone+
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

// TestStoreIsLookedForTwice: a server may go on with a change after it lost us,
// and show what it did behind a NOOP only.
func TestStoreIsLookedForTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		look := func(flags string) string {
			return "C: UID FETCH 5\nS: * 1 FETCH (UID 5 FLAGS (" + flags + "))\nS: $ OK\n"
		}
		var b bubble
		b.cert = selfSigned(t)
		p := open(t, b.options(t, imapx.Cleartext, inboxed("", "SELECT")+"C: UID STORE 5\nX:",
			inboxed("", "SELECT")+look("")+"C: NOOP\nS: $ OK\n"+look("\\Seen")))
		write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			got, err := c.Store(ctx, []imapx.UID{5}, []string{`\Seen`}, nil)
			diff(t, "changed", imapx.Changed{Done: []imapx.UID{5}}, got)
			return err
		})
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

// TestThousandAtATime: no command names more than 1000 messages, which no server
// may refuse (RFC 9738), nor has a line of more than 11 KB.
func TestThousandAtATime(t *testing.T) {
	const most = 2500
	var uids []imapx.UID
	for n := range most {
		uids = append(uids, imapx.UID(4_000_000_000)+imapx.UID(2*n))
	}
	flags := func(seq int) string { return fmt.Sprintf("S: * %d FETCH (UID %d FLAGS (\\Seen))\n", seq+1, uids[seq]) }
	script := func(verb string, answer func(from, to int) string) string {
		var b strings.Builder
		for from := 0; from < most; from += 1000 {
			to := min(from+1000, most)
			fmt.Fprintf(&b, "C: %s %d,%d\n%sS: $ OK\n", verb, uids[from], uids[from+1], answer(from, to))
		}
		return b.String()
	}
	shown := func(from, to int) string {
		var b strings.Builder
		for seq := from; seq < to; seq++ {
			b.WriteString(flags(seq))
		}
		return b.String()
	}
	moved := func(from, to int) string {
		set := strings.Trim(strings.ReplaceAll(fmt.Sprint(uids[from:to]), " ", ","), "[]")
		return fmt.Sprintf("S: * OK [COPYUID 9 %s %d:%d] moved\n", set, from+1, to)
	}
	for _, tt := range []struct {
		name, script string
		do           func(context.Context, *imapx.Conn) ([]imapx.UID, error)
	}{
		{"fetch", script("UID FETCH", shown), func(ctx context.Context, c *imapx.Conn) ([]imapx.UID, error) {
			f, err := c.Fetch(ctx, uids, imapx.Items{Flags: true})
			return uidsOf(f.Messages), err
		}},
		{"store", script("UID STORE", shown), func(ctx context.Context, c *imapx.Conn) ([]imapx.UID, error) {
			got, err := c.Store(ctx, uids, []string{`\Seen`}, nil)
			return got.Done, err
		}},
		{"move", script("UID MOVE", moved), func(ctx context.Context, c *imapx.Conn) ([]imapx.UID, error) {
			got, err := c.Move(ctx, uids, "Archive")
			return got.Done, err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, inboxed("MOVE UIDPLUS", "SELECT")+tt.script)
			write(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
				got, err := tt.do(ctx, c)
				diff(t, "done", uids, got)
				return err
			})
			for _, line := range strings.Split(srv.heard(), "\n") {
				if len(line) > 11<<10+100 {
					t.Errorf("a line of %d bytes", len(line))
				}
			}
		})
	}
}

// TestNewsBehindTheAnswer: a connection that was away is brought up to date by
// a NOOP before its command; what a server tells only behind both counts too.
func TestNewsBehindTheAnswer(t *testing.T) {
	for _, tt := range []struct {
		name, caps, script string
		do                 func(context.Context, *imapx.Conn) error
	}{
		{"search", "", "C: UID SEARCH\nS: * SEARCH 5\nS: * 4 EXISTS\nS: $ OK\nC: UID SEARCH\nS: * SEARCH 5 6\nS: $ OK", func(ctx context.Context, c *imapx.Conn) error {
			got, err := c.Search(ctx, imapx.Criteria{}, 5)
			diff(t, "found", imapx.Hits{UIDs: []imapx.UID{6, 5}, Total: 2}, got)
			return err
		}},
		{"fetch", "", "C: UID FETCH 5\nS: * 3 FETCH (UID 5 FLAGS ())\nS: * 3 FETCH (FLAGS (\\Seen))\nS: $ OK\nC: UID FETCH 5\nS: * 3 FETCH (UID 5 FLAGS (\\Seen))\nS: $ OK",
			func(ctx context.Context, c *imapx.Conn) error {
				f, err := c.Fetch(ctx, []imapx.UID{5}, imapx.Items{Flags: true})
				if err == nil {
					diff(t, "flags", []string{`\Seen`}, f.Messages[0].Flags)
				}
				return err
			}},
		{"store", "", "C: UID STORE 5:6\nS: * 3 FETCH (UID 5 FLAGS (\\Seen))\nS: * 4 EXISTS\nS: $ OK\nC: UID SEARCH\nS: * SEARCH 5 6\nS: $ OK\n" +
			"C: UID STORE 6\nS: * 4 FETCH (UID 6 FLAGS (\\Seen))\nS: $ OK", func(ctx context.Context, c *imapx.Conn) error {
			got, err := c.Store(ctx, []imapx.UID{5, 6}, []string{`\Seen`}, nil)
			diff(t, "changed", imapx.Changed{Done: []imapx.UID{5, 6}}, got)
			return err
		}},
		{"move", "MOVE UIDPLUS", "C: UID MOVE 5:6\nS: * OK [COPYUID 9 5 1] moved\nS: * 3 EXPUNGE\nS: * 3 EXISTS\nS: $ OK\n" +
			"C: UID MOVE 6\nS: * OK [COPYUID 9 6 2] moved\nS: * 3 EXPUNGE\nS: $ OK", func(ctx context.Context, c *imapx.Conn) error {
			got, err := c.Move(ctx, []imapx.UID{5, 6}, "Archive")
			diff(t, "moved", imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5, 6}, Missing: []imapx.UID{}}, Validity: 9, New: map[imapx.UID]imapx.UID{5: 1, 6: 2}}, got)
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, serve(t, inboxed(tt.caps, "SELECT")+"C: NOOP\nS: $ OK\n"+tt.script).options())
			write(t, p, "INBOX", func(context.Context, *imapx.Conn) error { return nil })
			write(t, p, "INBOX", tt.do)
		})
	}
}

// TestCopyOfSome: of a move by hand only those originals go that the server says
// it copied.
func TestCopyOfSome(t *testing.T) {
	described := func(seq, uid int) string {
		return fmt.Sprintf("S: * %d FETCH (UID %d FLAGS () INTERNALDATE \"02-Nov-2026 10:00:00 +0000\" RFC822.SIZE 9 BODY[HEADER.FIELDS (\"Message-ID\")] \"\")\n", seq, uid)
	}
	srv := serve(t, inboxed("UIDPLUS", "SELECT")+"C: UID FETCH 5:6\n"+described(2, 5)+described(3, 6)+"S: $ OK\n"+
		"C: UID COPY 5:6\nS: $ OK [COPYUID 9 5 1] copied\n"+
		"C: UID STORE 5 +FLAGS\nS: * 2 FETCH (UID 5 FLAGS (\\Deleted))\nS: $ OK\nC: UID EXPUNGE 5\nS: * 2 EXPUNGE\nS: $ OK")
	write(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
		got, err := c.Move(ctx, []imapx.UID{5, 6}, "Archive")
		diff(t, "moved", imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5}, Missing: []imapx.UID{6}}, Validity: 9, New: map[imapx.UID]imapx.UID{5: 1}}, got)
		return err
	})
	if strings.Contains(srv.heard(), "5:6 +FLAGS") || strings.Contains(srv.heard(), "EXPUNGE 5:6") {
		t.Errorf("sent %s", srv.heard())
	}
}
