package imapx_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// onServers runs test on the in-memory server and, where there is one, Dovecot.
func onServers(t *testing.T, test func(t *testing.T, srv *imapxtest.Server), hide ...string) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, imapxtest.Memory(t, imapxtest.Options{Hide: hide})) })
	t.Run("dovecot", func(t *testing.T) { test(t, imapxtest.Dovecot(t, imapxtest.Options{Hide: hide})) })
}

// options logs in to srv over TLS, straight or through a proxy before it.
func options(srv *imapxtest.Server, addr string) imapx.Options {
	return imapx.Options{
		Addr: addr, TLSConfig: &tls.Config{RootCAs: srv.CA, ServerName: "localhost"},
		Username: srv.Username, Password: srv.Password, Progress: 10 * time.Second,
	}
}

func open(t *testing.T, opts imapx.Options) *imapx.Pool {
	t.Helper()
	p, err := imapx.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func pool(t *testing.T, srv *imapxtest.Server) *imapx.Pool {
	t.Helper()
	leakcheck.Check(t)
	return open(t, options(srv, srv.TLSAddr))
}

func mail(n int) []byte {
	return fmt.Appendf(nil, "From: Ann <ann@example.org>\r\nTo: bob@example.com\r\nSubject: number %d\r\n"+
		"Message-ID: <%d@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThis is message %d.\r\n", n, n, n)
}

func fill(t *testing.T, srv *imapxtest.Server, folder string, n int) []imapx.UID {
	t.Helper()
	var all [][]byte
	for i := range n {
		all = append(all, mail(i+1))
	}
	var uids []imapx.UID
	for _, u := range srv.AppendAll(t, folder, all) {
		uids = append(uids, imapx.UID(u))
	}
	return uids
}

// listing is what a page of messages asks for.
func listing() imapx.Items {
	return imapx.Items{
		Flags: true, Date: true, Size: true, Structure: true,
		Sections: []imapx.Section{{Fields: []string{"From", "Subject", "References"}}},
	}
}

func uidsOf(msgs []imapx.Message) []imapx.UID {
	uids := []imapx.UID{}
	for _, m := range msgs {
		uids = append(uids, m.UID)
	}
	return uids
}

func reversed(uids []imapx.UID) []imapx.UID {
	out := slices.Clone(uids)
	slices.Reverse(out)
	return out
}

func read(t *testing.T, p *imapx.Pool, mailbox string, fn func(ctx context.Context, c *imapx.Conn) error) {
	t.Helper()
	if err := p.Read(t.Context(), mailbox, func(c *imapx.Conn) error { return fn(t.Context(), c) }); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, p *imapx.Pool, mailbox string, fn func(ctx context.Context, c *imapx.Conn) error) {
	t.Helper()
	if err := p.Write(t.Context(), mailbox, func(c *imapx.Conn) error { return fn(t.Context(), c) }); err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, want imapx.Kind) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want kind %q", err, want)
	}
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

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
				read(t, p, "", func(ctx context.Context, c *imapx.Conn) (err error) {
					got, err = c.List(ctx, true)
					return err
				})
				uses := map[imapx.Use]string{}
				for _, f := range got {
					uses[f.Use] += f.Name
					if f.Delimiter != "/" || f.NoSelect || f.Counts == nil {
						t.Errorf("folder %+v", f)
						continue
					}
					if want := f.Name != "Grüße & Co"; f.Subscribed != want && f.Name != "INBOX" && tt.name != "plain" {
						t.Errorf("%s subscribed: %v", f.Name, f.Subscribed)
					}
					if f.Name == "Archive" && (f.Counts.Messages != 3 || f.Counts.Unseen != 3 || f.Counts.UIDValidity == 0) {
						t.Errorf("archive counts %+v", f.Counts)
					}
				}
				diff(t, "uses", map[imapx.Use]string{
					imapx.UseInbox: "INBOX", imapx.UseDrafts: "Drafts", imapx.UseSent: "Sent", imapx.UseTrash: "Trash",
					imapx.UseJunk: "Junk", imapx.UseArchive: "Archive", imapx.UseNone: "Grüße & Co",
				}, uses)
			}, tt.hide...)
		})
	}
}

func TestFetchNewest(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uids := fill(t, srv, "INBOX", 30)
		count := imapxtest.Count(t, srv.TLSAddr)
		leakcheck.Check(t)
		p := open(t, options(srv, count.Addr))
		page := func(n int) (f imapx.Fetched, total int) {
			t.Helper()
			read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) (err error) {
				f, total, err = c.FetchNewest(ctx, n, listing())
				return err
			})
			return f, total
		}
		f, total := page(5)
		diff(t, "uids", reversed(uids[25:]), uidsOf(f.Messages))
		m := f.Messages[0]
		if total != 30 || len(m.Flags) != 0 && !slices.Equal(m.Flags, []string{`\Recent`}) || time.Since(m.Date) > time.Hour || m.Size != int64(len(mail(30))) {
			t.Errorf("total %d, message %+v", total, m)
		}
		if m.Structure.Type != "text/plain" || !slices.Equal(m.Structure.Path, []int{1}) {
			t.Errorf("structure %+v", m.Structure)
		}
		if h := string(m.Sections[0]); !strings.Contains(h, "number 30\r\n") || strings.Contains(h, "Message-ID") {
			t.Errorf("header fields %q", h)
		}

		t.Run("warm", func(t *testing.T) {
			count.Reset()
			page(5)
			if n := count.RoundTrips(); n != 1 {
				t.Errorf("%d round trips, want 1", n)
			}
		})
		t.Run("new mail", func(t *testing.T) {
			uids = append(uids, fill(t, srv, "INBOX", 2)...)
			f, total := page(5)
			diff(t, "uids", reversed(uids[27:]), uidsOf(f.Messages))
			if total != 32 {
				t.Errorf("total %d", total)
			}
		})
		t.Run("flags set elsewhere", func(t *testing.T) {
			srv.SetFlags(t, "INBOX", uint32(uids[31]), `\Flagged`)
			f, _ := page(5)
			if len(f.Messages) != 5 || !slices.Contains(f.Messages[0].Flags, `\Flagged`) {
				t.Errorf("%+v", f.Messages)
			}
		})
		t.Run("messages gone", func(t *testing.T) {
			srv.Expunge(t, "INBOX", uint32(uids[31]), uint32(uids[28]), uint32(uids[0]))
			uids = append(slices.Clone(uids[1:28]), uids[29:31]...)
			f, total := page(5)
			diff(t, "uids", reversed(uids[24:]), uidsOf(f.Messages))
			if total != 29 {
				t.Errorf("total %d", total)
			}
		})
		t.Run("more than there are", func(t *testing.T) {
			f, total := page(100)
			diff(t, "uids", reversed(uids), uidsOf(f.Messages))
			if total != 29 {
				t.Errorf("total %d", total)
			}
		})
		t.Run("emptied and filled again", func(t *testing.T) {
			for _, u := range uids {
				srv.Expunge(t, "INBOX", uint32(u))
			}
			if f, total := page(5); total != 0 || len(f.Messages) != 0 {
				t.Errorf("%d messages, total %d", len(f.Messages), total)
			}
			uids := fill(t, srv, "INBOX", 1)
			f, total := page(5)
			diff(t, "uids", uids, uidsOf(f.Messages))
			if total != 1 {
				t.Errorf("total %d", total)
			}
		})
	})
}

func TestFetch(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uids := fill(t, srv, "INBOX", 4)
		p := pool(t, srv)
		read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			late := imapx.UID(srv.Append(t, "INBOX", mail(99))) // the connection has not heard of it
			ask := []imapx.UID{uids[2], late, 4000, uids[0]}
			f, err := c.Fetch(ctx, ask, imapx.Items{Flags: true, Sections: []imapx.Section{
				{Kind: imapx.Text, Max: 7}, {Kind: imapx.Text, Offset: 8, Max: 100}, {Path: []int{1}, Max: 4},
				{Kind: imapx.Header, Max: 10_000}, {Max: 1 << 20}, {Path: []int{1}, Kind: imapx.MIME, Max: 1000},
			}})
			if err != nil {
				return err
			}
			diff(t, "uids", []imapx.UID{uids[2], late, uids[0]}, uidsOf(f.Messages))
			diff(t, "missing", []imapx.UID{4000}, f.Missing)
			sec := f.Messages[0].Sections
			raw := string(mail(3))
			diff(t, "sections", []string{"This is", "message 3.\r\n", "This", raw[:strings.Index(raw, "This")], raw},
				[]string{string(sec[0]), string(sec[1]), string(sec[2]), string(sec[3]), string(sec[4])})
			return nil
		})
		for _, u := range uids {
			if flags := srv.Flags(t, "INBOX", uint32(u)); slices.Contains(flags, `\Seen`) {
				t.Errorf("reading set %v", flags)
			}
		}
	})
}

func TestFetchEachSharesARoundTrip(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uids := fill(t, srv, "INBOX", 3)
		count := imapxtest.Count(t, srv.TLSAddr)
		leakcheck.Check(t)
		p := open(t, options(srv, count.Addr))
		read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			count.Reset()
			var jobs []imapx.FetchJob
			for _, u := range uids {
				jobs = append(jobs, imapx.FetchJob{UIDs: []imapx.UID{u}, Items: imapx.Items{Sections: []imapx.Section{{Kind: imapx.Text, Max: 100}}}})
			}
			got, err := c.FetchEach(ctx, jobs)
			if err != nil {
				return err
			}
			for i, f := range got {
				if len(f.Messages) != 1 || string(f.Messages[0].Sections[0]) != fmt.Sprintf("This is message %d.\r\n", i+1) {
					t.Errorf("job %d: %+v", i, f)
				}
			}
			if n := count.RoundTrips(); n != 1 {
				t.Errorf("%d round trips, want 1", n)
			}
			_, err = c.FetchEach(ctx, []imapx.FetchJob{jobs[0], jobs[0]})
			wantKind(t, err, imapx.Invalid)
			return nil
		})
	})
}

func TestStructure(t *testing.T) {
	raw := strings.ReplaceAll(`From: ann@example.org
Subject: nested
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=A

--A
Content-Type: multipart/alternative; boundary=B

--B
Content-Type: text/plain; charset=utf-8

hello
--B
Content-Type: text/html

<p>hello
--B--
--A
Content-Type: message/rfc822

Subject: inner
Content-Type: multipart/mixed; boundary=C

--C

one
--C
Content-Type: image/png
Content-Disposition: attachment; filename="x.png"
Content-Transfer-Encoding: base64

AAAA
--C--
--A
Content-Type: message/rfc822

Subject: single

text
--A--
`, "\n", "\r\n")
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		uid := imapx.UID(srv.Append(t, "INBOX", []byte(raw)))
		p := pool(t, srv)
		read(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) error {
			f, err := c.Fetch(ctx, []imapx.UID{uid}, imapx.Items{Structure: true})
			if err != nil {
				return err
			}
			var got []string
			f.Messages[0].Structure.Walk(func(p *imapx.Part) bool {
				got = append(got, p.Section()+" "+p.Type+" "+p.Disposition+p.DispositionParams["filename"])
				return true
			})
			diff(t, "parts", []string{
				" multipart/mixed ", "1 multipart/alternative ", "1.1 text/plain ", "1.2 text/html ",
				"2 message/rfc822 ", "2 multipart/mixed ", "2.1 text/plain ", "2.2 image/png attachmentx.png",
				"3 message/rfc822 ", "3.1 text/plain ",
			}, got)
			return nil
		})
	})
}

func TestSearch(t *testing.T) {
	for _, hide := range [][]string{nil, {"ESEARCH"}} {
		t.Run(fmt.Sprint("hide ", hide), func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				uids := fill(t, srv, "INBOX", 12)
				umlaut := imapx.UID(srv.Append(t, "INBOX", []byte("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: x@example.com\r\n\r\nhi\r\n"), `\Seen`))
				p := pool(t, srv)
				search := func(c imapx.Criteria, n int) (h imapx.Hits, err error) {
					err = p.Read(t.Context(), "INBOX", func(conn *imapx.Conn) (err error) {
						h, err = conn.Search(t.Context(), c, n)
						return err
					})
					return h, err
				}
				for _, tt := range []struct {
					name  string
					crit  imapx.Criteria
					n     int
					want  []imapx.UID
					total int
				}{
					{"all, capped", imapx.Criteria{}, 3, []imapx.UID{umlaut, uids[11], uids[10]}, 13},
					{"subject", imapx.Criteria{Header: []imapx.HeaderTerm{{"Subject", "NUMBER 1"}}}, 10, []imapx.UID{uids[11], uids[10], uids[9], uids[0]}, 4},
					{"beyond ascii", imapx.Criteria{Header: []imapx.HeaderTerm{{"Subject", "grüße"}}}, 10, []imapx.UID{umlaut}, 1},
					{"range", imapx.Criteria{From: uids[1], To: uids[2]}, 10, []imapx.UID{uids[2], uids[1]}, 2},
					{"uids", imapx.Criteria{UIDs: []imapx.UID{uids[5], 4000}}, 10, []imapx.UID{uids[5]}, 1},
					{"body", imapx.Criteria{Body: []string{"message 7"}}, 10, []imapx.UID{uids[6]}, 1},
					{"flags", imapx.Criteria{Flags: []string{`\Seen`}}, 10, []imapx.UID{umlaut}, 1},
					{"no flags", imapx.Criteria{NoFlags: []string{`\Seen`}, From: uids[11]}, 10, []imapx.UID{uids[11]}, 1},
					{"not", imapx.Criteria{Not: []imapx.Criteria{{Header: []imapx.HeaderTerm{{"From", "ann@"}}}}}, 10, []imapx.UID{umlaut}, 1},
					{"or", imapx.Criteria{Or: [][2]imapx.Criteria{{{Body: []string{"message 2"}}, {Body: []string{"message 3"}}}}}, 10, []imapx.UID{uids[2], uids[1]}, 2},
					{"nothing", imapx.Criteria{Body: []string{"absent"}}, 10, nil, 0},
					{"since", imapx.Criteria{Since: time.Now().AddDate(0, 0, -2)}, 1, []imapx.UID{umlaut}, 13},
					{"before", imapx.Criteria{Before: time.Now().AddDate(0, 0, -2)}, 1, nil, 0},
				} {
					t.Run(tt.name, func(t *testing.T) {
						got, err := search(tt.crit, tt.n)
						if err != nil {
							t.Fatal(err)
						}
						diff(t, "hits", imapx.Hits{UIDs: tt.want, Total: tt.total}, got)
					})
				}
				t.Run("sees new mail", func(t *testing.T) {
					uid := imapx.UID(srv.Append(t, "INBOX", mail(77)))
					got, err := search(imapx.Criteria{Body: []string{"message 77"}}, 5)
					if err != nil || !slices.Equal(got.UIDs, []imapx.UID{uid}) {
						t.Errorf("got %v, %v", got, err)
					}
				})
				for name, bad := range map[string]imapx.Criteria{
					"line break": {Body: []string{"a\r\nT LOGOUT"}},
					"field":      {Header: []imapx.HeaderTerm{{"Sub ject", "x"}}},
					"flag":       {Flags: []string{"a b"}},
					"not utf-8":  {Not: []imapx.Criteria{{Text: []string{"\xff"}}}},
				} {
					_, err := search(bad, 5)
					if !errors.Is(err, imapx.Invalid) {
						t.Errorf("%s: %v", name, err)
					}
				}
			}, hide...)
		})
	}
}

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

func TestMove(t *testing.T) {
	for _, tt := range []struct {
		name   string
		hide   []string
		remain bool
	}{
		{name: "move"},
		{name: "copy and expunge", hide: []string{"MOVE"}},
		{name: "move without uidplus", hide: []string{"UIDPLUS"}},
		{name: "copy only", hide: []string{"MOVE", "UIDPLUS"}, remain: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				uids := fill(t, srv, "INBOX", 5)
				srv.SetFlags(t, "INBOX", uint32(uids[4]), `\Deleted`) // another client's: must stay
				p := pool(t, srv)
				var got imapx.Moved
				write(t, p, "INBOX", func(ctx context.Context, c *imapx.Conn) (err error) {
					got, err = c.Move(ctx, []imapx.UID{uids[3], uids[1], 4000}, "Archive")
					return err
				})
				there := srv.UIDs(t, "Archive")
				if len(there) != 2 {
					t.Fatalf("archive holds %v", there)
				}
				diff(t, "missing", []imapx.UID{4000}, got.Missing)
				if tt.remain {
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

func TestCreate(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		p := pool(t, srv)
		create := func() error {
			return p.Write(t.Context(), "", func(c *imapx.Conn) error { return c.Create(t.Context(), "Später", imapx.UseNone) })
		}
		if err := create(); err != nil {
			t.Fatal(err)
		}
		wantKind(t, create(), imapx.Exists)
		read(t, p, "Später", func(ctx context.Context, c *imapx.Conn) error { return nil })
	})
}
