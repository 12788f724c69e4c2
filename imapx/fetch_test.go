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
MIME-Version: 1.0
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
