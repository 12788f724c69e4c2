package imapx_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// losing opens srv's account through a proxy that loses one command, or the
// answer to it.
func losing(t *testing.T, srv *imapxtest.Server, command string, loss imapxtest.Loss) *imapx.Pool {
	t.Helper()
	addr := imapxtest.Lose(t, srv.Addr, command, loss)
	leakcheck.Check(t)
	opts := options(srv, addr)
	opts.Security, opts.TLSConfig, opts.MaxConns = imapx.Cleartext, nil, 1
	return open(t, opts)
}

// move moves as a caller does that noted the messages before.
func move(t *testing.T, p *imapx.Pool, uids []imapx.UID, dest string) (got imapx.Moved, err error) {
	t.Helper()
	err = p.Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
		if err := c.Identify(t.Context(), uids); err != nil {
			return err
		}
		got, err = c.Move(t.Context(), uids, dest)
		return err
	})
	return got, err
}

// inBoxes names the messages that INBOX and Archive hold, by their number.
func inBoxes(t *testing.T, srv *imapxtest.Server) (inbox, archive []string) {
	t.Helper()
	names := func(folder string) (out []string) {
		for _, u := range srv.UIDs(t, folder) {
			_, rest, _ := strings.Cut(string(srv.Raw(t, folder, u)), "This is message ")
			name, _, _ := strings.Cut(rest, ".")
			out = append(out, name)
		}
		slices.Sort(out)
		return out
	}
	return names("INBOX"), names("Archive")
}

// TestLostAnswersToAMove: each message is in exactly one of the two mailboxes
// afterwards, and the result says in which.
func TestLostAnswersToAMove(t *testing.T) {
	both := []string{"MOVE"}
	for _, tt := range []struct {
		name, command string
		loss          imapxtest.Loss
		hide          []string
		moved         bool
	}{
		{"move, answer", "UID MOVE", imapxtest.Answer, nil, true},
		{"move, command", "UID MOVE", imapxtest.Command, nil, false},
		{"move without copyuid, answer", "UID MOVE", imapxtest.Answer, []string{"UIDPLUS"}, true},
		{"copy, answer", "UID COPY", imapxtest.Answer, both, true},
		{"copy, command", "UID COPY", imapxtest.Command, both, false},
		{"removal, answer", "UID EXPUNGE", imapxtest.Answer, both, true},
		{"removal, command", "UID STORE", imapxtest.Command, both, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				if tt.command == "UID MOVE" {
					needs(t, srv, "MOVE")
				}
				uids := fill(t, srv, "INBOX", 5)
				srv.Append(t, "Archive", mail(2000))
				p := losing(t, srv, tt.command, tt.loss)
				got, err := move(t, p, []imapx.UID{uids[3], uids[1]}, srv.Path("Archive"))
				inbox, archive := inBoxes(t, srv)
				if !tt.moved {
					wantKind(t, err, imapx.Unavailable)
					diff(t, "nothing moved", imapx.Moved{New: map[imapx.UID]imapx.UID{}}, got)
					diff(t, "inbox", []string{"1", "2", "3", "4", "5"}, inbox)
					diff(t, "archive", []string{"2000"}, archive)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				slices.Sort(got.Done)
				diff(t, "done", []imapx.UID{uids[1], uids[3]}, got.Done)
				diff(t, "inbox", []string{"1", "3", "5"}, inbox)
				diff(t, "archive", []string{"2", "2000", "4"}, archive)
				for from, to := range got.New {
					if want := slices.Index(uids, from) + 1; !strings.Contains(string(srv.Raw(t, "Archive", uint32(to))), fmt.Sprintf("message %d.", want)) {
						t.Errorf("%d became %d, another message", from, to)
					}
				}
				if len(got.New) != 2 || got.Validity != srv.UIDValidity(t, "Archive") {
					t.Errorf("new numbers %v of %d", got.New, got.Validity)
				}
			}, tt.hide...)
		})
	}
}

// TestMoveThatNobodyCanTell: without a Message-ID, or with one that two have,
// no copy proves anything.
func TestMoveThatNobodyCanTell(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"no message-id":   func(s string) string { return strings.Replace(s, "Message-ID", "X-Other-ID", 1) },
		"odd message-id":  func(s string) string { return strings.Replace(s, "Message-ID: <", "Message-ID: <(comment)", 1) },
		"two of one kind": nil,
	} {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				needs(t, srv, "MOVE")
				if change == nil {
					srv.Append(t, "Drafts", mail(1)) // copies are of one date
					srv.Do(t, "SELECT Drafts", "COPY 1 INBOX", "COPY 1 INBOX")
				} else {
					for n := range 2 {
						srv.Append(t, "INBOX", []byte(change(string(mail(n+1)))))
					}
				}
				var uids []imapx.UID
				for _, u := range srv.UIDs(t, "INBOX") {
					uids = append(uids, imapx.UID(u))
				}
				p := losing(t, srv, "UID MOVE", imapxtest.Answer)
				got, err := move(t, p, uids, "Archive")
				wantKind(t, err, imapx.Uncertain)
				if len(got.Unsure) == 0 || len(got.Done)+len(got.Unsure) != 2 {
					t.Errorf("moved %+v", got)
				}
			})
		})
	}
}

// TestMoveTakenUpAgain: a move that stopped behind its copy is finished by the
// next one, which copies nothing again.
func TestMoveTakenUpAgain(t *testing.T) {
	t.Run("in another process, marked", func(t *testing.T) {
		onServers(t, func(t *testing.T, srv *imapxtest.Server) {
			uids := fill(t, srv, "INBOX", 2)
			srv.Do(t, "SELECT INBOX", fmt.Sprintf("UID COPY %d %s", uids[0], srv.Path("Archive")))
			srv.SetFlags(t, "INBOX", uint32(uids[0]), `\Deleted`)
			got, err := move(t, pool(t, srv), uids, srv.Path("Archive"))
			if err != nil || len(got.Done) != 2 || len(got.New) != 2 {
				t.Errorf("%+v, %v", got, err)
			}
			inbox, archive := inBoxes(t, srv)
			diff(t, "inbox", []string(nil), inbox)
			diff(t, "archive", []string{"1", "2"}, archive)
		}, "MOVE")
	})
	t.Run("after the caller gave up", func(t *testing.T) {
		onServers(t, func(t *testing.T, srv *imapxtest.Server) {
			uids := fill(t, srv, "INBOX", 2)
			p := losing(t, srv, "UID COPY", imapxtest.Answer)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var got imapx.Moved
			err := p.Write(ctx, "INBOX", func(c *imapx.Conn) (err error) {
				time.AfterFunc(150*time.Millisecond, cancel) // while it looks
				got, err = c.Move(ctx, uids, srv.Path("Archive"))
				return err
			})
			if err == nil { // it was quicker
				return
			}
			if err != context.Canceled { //nolint:errorlint // bare is the promise
				t.Fatalf("%+v, %v", got, err)
			}
			got, err = move(t, p, uids, srv.Path("Archive"))
			if err != nil || len(got.Done) != 2 {
				t.Errorf("%+v, %v", got, err)
			}
			inbox, archive := inBoxes(t, srv)
			diff(t, "inbox", []string(nil), inbox)
			diff(t, "archive", []string{"1", "2"}, archive)
		}, "MOVE")
	})
}

// TestLateCopy: a copy that comes after we looked for it is found by the next
// move, which makes no second one.
func TestLateCopy(t *testing.T) {
	const (
		message  = "(UID %d FLAGS () INTERNALDATE \"02-Nov-2026 10:00:00 +0000\" RFC822.SIZE 9 BODY[HEADER.FIELDS (\"Message-ID\")] {31}\\r\\nMessage-ID: <1@example.org>\\r\\n\\r\\n)\\r\\n\n"
		original = "C: UID SEARCH\nS: * SEARCH 5\nS: $ OK\n"
		archive  = "C: EXAMINE \"Archive\"\nS: * 1 EXISTS\nS: * OK [UIDVALIDITY 9] ok\nS: $ OK open\nC: UID SEARCH\n"
		header   = "S- * 1 FETCH (UID %d BODY[HEADER]<0> {6}\\r\\na: b\\r\\n)\\r\\n\nS: $ OK\n"
	)
	inbox := strings.TrimPrefix(inboxed("UIDPLUS", "SELECT"), hello("UIDPLUS"))
	srv := serve(t,
		inboxed("UIDPLUS", "SELECT")+"C: UID FETCH 5\nS- * 1 FETCH "+fmt.Sprintf(message, 5)+"S: $ OK\nC: UID COPY 5\nX:",
		inboxed("UIDPLUS", "SELECT")+original+archive+"S: * SEARCH\nS: $ OK\n"+inbox+"C: NOOP\nS: $ OK\n"+original+
			original+archive+"S: * SEARCH 50\nS: $ OK\nC: UID FETCH 50\nS- * 1 FETCH "+fmt.Sprintf(message, 50)+"S: $ OK\n"+inbox+
			"C: UID FETCH 5\n"+fmt.Sprintf(header, 5)+strings.TrimSuffix(archive, "C: UID SEARCH\n")+"C: UID FETCH 50\n"+fmt.Sprintf(header, 50)+inbox+
			"C: UID STORE 5\nS: $ OK\nC: UID EXPUNGE 5\nS: * 1 EXPUNGE\nS: $ OK")
	write(t, open(t, srv.options()), "INBOX", func(ctx context.Context, c *imapx.Conn) error {
		_, err := c.Move(ctx, []imapx.UID{5}, "Archive")
		wantKind(t, err, imapx.Unavailable)
		got, err := c.Move(ctx, []imapx.UID{5}, "Archive")
		diff(t, "moved", imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5}}, Validity: 9, New: map[imapx.UID]imapx.UID{5: 50}}, got)
		return err
	})
}

func TestLostAnswersToOtherChanges(t *testing.T) {
	for _, tt := range []struct {
		name, command string
		loss          imapxtest.Loss
		done          bool
		do            func(context.Context, *imapx.Conn, []imapx.UID) (imapx.Changed, error)
		check         func(*testing.T, *imapxtest.Server, []imapx.UID) bool
	}{
		{"flags, answer", "UID STORE", imapxtest.Answer, true, flag, isFlagged},
		{"flags, command", "UID STORE", imapxtest.Command, false, flag, isFlagged},
		{"removal, answer", "UID EXPUNGE", imapxtest.Answer, true, remove, isRemoved},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				uids := fill(t, srv, "INBOX", 3)
				p := losing(t, srv, tt.command, tt.loss)
				var got imapx.Changed
				err := p.Write(t.Context(), "INBOX", func(c *imapx.Conn) (err error) {
					got, err = tt.do(t.Context(), c, uids[:2])
					return err
				})
				want := imapx.Changed{}
				if tt.done {
					want.Done = uids[:2]
				} else {
					wantKind(t, err, imapx.Unavailable)
				}
				diff(t, "changed", want, got)
				if tt.done != (err == nil) || tt.check(t, srv, uids[:2]) != tt.done {
					t.Errorf("error %v, on the server: %v", err, tt.check(t, srv, uids[:2]))
				}
			})
		})
	}
	t.Run("removal, command", func(t *testing.T) {
		onServers(t, func(t *testing.T, srv *imapxtest.Server) {
			uids := fill(t, srv, "INBOX", 2)
			p := losing(t, srv, "UID EXPUNGE", imapxtest.Command)
			err := p.Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
				got, err := c.Remove(t.Context(), uids)
				diff(t, "changed", imapx.Changed{Partly: uids}, got)
				return err
			})
			wantKind(t, err, imapx.Unavailable)
		})
	})
}

func flag(ctx context.Context, c *imapx.Conn, uids []imapx.UID) (imapx.Changed, error) {
	return c.Store(ctx, uids, []string{`\Flagged`}, []string{`\Seen`})
}

func isFlagged(t *testing.T, srv *imapxtest.Server, uids []imapx.UID) bool {
	return slices.Contains(srv.Flags(t, "INBOX", uint32(uids[0])), `\Flagged`)
}

func remove(ctx context.Context, c *imapx.Conn, uids []imapx.UID) (imapx.Changed, error) {
	return c.Remove(ctx, uids)
}

func isRemoved(t *testing.T, srv *imapxtest.Server, uids []imapx.UID) bool {
	return !slices.Contains(srv.UIDs(t, "INBOX"), uint32(uids[0]))
}

func TestLostAnswersToAnAppend(t *testing.T) {
	for _, tt := range []struct {
		name   string
		loss   imapxtest.Loss
		id     string
		stored bool
		kind   imapx.Kind
	}{
		{"answer", imapxtest.Answer, "1@example.org", true, ""},
		{"command", imapxtest.Command, "1@example.org", false, imapx.Unavailable},
		{"answer, no message-id", imapxtest.Answer, "", true, imapx.Uncertain},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				p := losing(t, srv, "APPEND", tt.loss)
				var got imapx.Appended
				err := p.Write(t.Context(), "", func(c *imapx.Conn) (err error) {
					raw := string(mail(1))
					got, err = c.Append(t.Context(), srv.Path("Sent"), imapx.AppendOptions{MessageID: tt.id}, strings.NewReader(raw), int64(len(raw)))
					return err
				})
				there := srv.UIDs(t, "Sent")
				if (len(there) == 1) != tt.stored {
					t.Fatalf("sent holds %v", there)
				}
				if tt.kind != "" {
					wantKind(t, err, tt.kind)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "appended", imapx.Appended{Validity: srv.UIDValidity(t, "Sent"), UID: imapx.UID(there[0])}, got)
			})
		})
	}
}

const flagsOf5and6 = "C: UID FETCH 5:6 (UID FLAGS)\nS: * 1 FETCH (UID 5 FLAGS (%s))\nS: * 2 FETCH (UID 6 FLAGS (%s))\nS: $ OK\n"

// TestRefusedChanges: what became of each message, when the server says no.
func TestRefusedChanges(t *testing.T) {
	store := func(c *imapx.Conn, ctx context.Context) (imapx.Moved, error) {
		got, err := c.Store(ctx, []imapx.UID{5, 6}, []string{`\Flagged`}, []string{`\Seen`})
		return imapx.Moved{Changed: got}, err
	}
	remove := func(c *imapx.Conn, ctx context.Context) (imapx.Moved, error) {
		got, err := c.Remove(ctx, []imapx.UID{5, 6})
		return imapx.Moved{Changed: got}, err
	}
	moveBoth := func(c *imapx.Conn, ctx context.Context) (imapx.Moved, error) {
		return c.Move(ctx, []imapx.UID{5, 6}, "Archive")
	}
	const looked = `C: UID FETCH 5:6
S: * 1 FETCH (UID 5 FLAGS () INTERNALDATE "02-Nov-2026 10:00:00 +0000" RFC822.SIZE 9 BODY[HEADER.FIELDS ("Message-ID")] {21}
S- Message-ID: <5@x>\r\n\r\n)
S: 
S: * 2 FETCH (UID 6 FLAGS () INTERNALDATE "02-Nov-2026 10:00:00 +0000" RFC822.SIZE 9 BODY[HEADER.FIELDS ("Message-ID")] {21}
S- Message-ID: <6@x>\r\n\r\n)
S: 
S: $ OK
`
	const copied = looked + "C: UID COPY 5:6\nS: $ OK [COPYUID 9 5:6 11:12] done\n"
	renumbered := map[imapx.UID]imapx.UID{5: 11, 6: 12}
	both := []imapx.UID{5, 6}
	for _, tt := range []struct {
		name, caps, script string
		do                 func(*imapx.Conn, context.Context) (imapx.Moved, error)
		kind               imapx.Kind
		want               imapx.Moved
	}{
		{"adding", "", "C: UID STORE 5:6 +\nS: $ NO [NOPERM] no\n" + fmt.Sprintf(flagsOf5and6, `\Seen`, `\Flagged`), store,
			imapx.Refused, imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{6}}}},
		{"removing", "", "C: UID STORE 5:6 +\nS: $ OK\nC: UID STORE 5:6 -\nS: $ NO [NOPERM] no\n" + fmt.Sprintf(flagsOf5and6, `\Flagged \Seen`, `\Flagged`), store,
			imapx.Refused, imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{6}, Partly: []imapx.UID{5}}}},
		{"ignored", "", "C: UID STORE 5:6 +\nS: * 1 FETCH (UID 5 FLAGS (\\Seen))\nS: * 2 FETCH (UID 6 FLAGS (\\Seen \\Flagged))\nS: $ OK\n" +
			fmt.Sprintf("C: UID STORE\nS: $ OK\n"+flagsOf5and6, ``, `\Flagged`), store,
			imapx.Refused, imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{6}}}},
		{"expunging for good", "UIDPLUS", "C: UID STORE 5:6 +\nS: * 1 FETCH (UID 5 FLAGS (\\Deleted))\nS: * 2 FETCH (UID 6 FLAGS (\\Deleted))\nS: $ OK\nC: UID EXPUNGE\nS: $ NO [INUSE] later\nC: UID SEARCH\nS: * SEARCH 6\nS: $ OK", remove,
			imapx.Limit, imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5}, Partly: []imapx.UID{6}}}},
		{"moving half way", "MOVE UIDPLUS", "C: UID MOVE 5:6\nS: * OK [COPYUID 9 5 11] half\nS: $ NO full", moveBoth,
			imapx.Refused, imapx.Moved{Changed: imapx.Changed{Done: []imapx.UID{5}}, Validity: 9, New: map[imapx.UID]imapx.UID{5: 11}}},
		{"copying", "UIDPLUS", looked + "C: UID COPY 5:6\nS: $ NO [OVERQUOTA] full", moveBoth, imapx.Limit, imapx.Moved{}},
		{"marking the originals", "UIDPLUS", copied + "C: UID STORE\nS: $ NO read only\nC: UID EXPUNGE 5:6\nS: $ OK", moveBoth,
			imapx.Refused, imapx.Moved{Both: both, Validity: 9, New: renumbered}},
		{"expunging the originals", "UIDPLUS", copied + "C: UID STORE 5:6 +FLAGS (\\Deleted)\nS: $ OK\nC: UID EXPUNGE 5:6\nS: $ NO later", moveBoth,
			imapx.Refused, imapx.Moved{Remain: both, Validity: 9, New: renumbered}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, inboxed(tt.caps, "SELECT")+tt.script)
			if tt.want.New == nil && strings.Contains(tt.script, "UID COPY") {
				tt.want.New = map[imapx.UID]imapx.UID{}
			}
			var got imapx.Moved
			err := open(t, srv.options()).Write(t.Context(), "INBOX", func(c *imapx.Conn) (err error) {
				got, err = tt.do(c, t.Context())
				return err
			})
			wantKind(t, err, tt.kind)
			diff(t, "changed", tt.want, got)
		})
	}
}

// TestServerThatIsGone: nobody can look, and the result says so.
func TestServerThatIsGone(t *testing.T) {
	for _, tt := range []struct {
		name, caps, script string
		want               imapx.Changed
		do                 func(*imapx.Conn, context.Context) (imapx.Changed, error)
	}{
		{"flags", "", "C: UID STORE 5:6\nX:", imapx.Changed{Unsure: []imapx.UID{5, 6}}, func(c *imapx.Conn, ctx context.Context) (imapx.Changed, error) {
			return c.Store(ctx, []imapx.UID{5, 6}, []string{`\Seen`}, nil)
		}},
		{"move", "MOVE UIDPLUS", "C: UID MOVE 5:6\nX:", imapx.Changed{Unsure: []imapx.UID{5, 6}}, func(c *imapx.Conn, ctx context.Context) (imapx.Changed, error) {
			got, err := c.Move(ctx, []imapx.UID{5, 6}, "Archive")
			return got.Changed, err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bye := "S: * BYE [UNAVAILABLE] gone for today\nX:"
			srv := serve(t, inboxed(tt.caps, "SELECT")+tt.script, bye, bye)
			err := open(t, srv.options()).Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
				got, err := tt.do(c, t.Context())
				diff(t, "changed", tt.want, got)
				return err
			})
			wantKind(t, err, imapx.Uncertain)
		})
	}
	t.Run("rebuilt behind the first thousand", func(t *testing.T) {
		var uids []imapx.UID
		for u := range imapx.UID(imapx.ChunkSize + 1) {
			uids = append(uids, u+1)
		}
		srv := serve(t, inboxed("MOVE UIDPLUS", "SELECT")+"C: UID MOVE 1:1000\nS: * OK [COPYUID 9 1:1000 1:1000] moved\nX:",
			strings.Replace(inboxed("MOVE UIDPLUS", "SELECT"), "UIDVALIDITY ", "UIDVALIDITY 4", 1))
		err := open(t, srv.options()).Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
			got, err := c.Move(t.Context(), uids, "Archive")
			if len(got.Done) != imapx.ChunkSize || len(got.Unsure)+len(got.Missing) > 0 {
				t.Errorf("%d done, unsure %v, missing %v", len(got.Done), got.Unsure, got.Missing)
			}
			return err
		})
		wantKind(t, err, imapx.Validity)
		if strings.Contains(srv.heard(), "1001") {
			t.Error("a message of the rebuilt mailbox was moved by the number of another")
		}
	})
	t.Run("rebuilt meanwhile", func(t *testing.T) {
		srv := serve(t, inboxed("MOVE UIDPLUS", "SELECT")+"C: UID MOVE\nX:",
			strings.Replace(inboxed("MOVE UIDPLUS", "SELECT"), "UIDVALIDITY ", "UIDVALIDITY 4", 1))
		err := open(t, srv.options()).Write(t.Context(), "INBOX", func(c *imapx.Conn) error {
			got, err := c.Move(t.Context(), []imapx.UID{5, 6}, "Archive")
			diff(t, "unsure", []imapx.UID{5, 6}, got.Unsure)
			return err
		})
		wantKind(t, err, imapx.Uncertain)
	})
}
