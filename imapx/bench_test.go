package imapx_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

var listFields = []string{"From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References"}

// BenchmarkNewest lists the newest 50 messages. The aims: at most 1.15 times
// go-imap; 2.5 times raw without and 2.9 times with BODYSTRUCTURE on loopback;
// at 20 ms of delay 1.05 times raw.
func BenchmarkNewest(b *testing.B) {
	const have, n = 500, 50
	srv := imapxtest.Dovecot(b)
	fillFast(b, srv, have, newsletter)
	slow := imapxtest.Fault(b, srv.Direct())
	slow.Always(imapxtest.Delay(20 * time.Millisecond))
	for _, structure := range []bool{false, true} {
		items := imapx.Items{Flags: true, Date: true, Size: true, Structure: structure, Sections: []imapx.Section{{Fields: listFields}}}
		list := func(c *imapx.Conn) error {
			f, _, err := c.FetchNewest(context.Background(), n, items)
			return want(n, len(f.Messages), err)
		}
		name, command := "plain", "FLAGS INTERNALDATE RFC822.SIZE"
		opts := &imap.FetchOptions{
			UID: true, Flags: true, InternalDate: true, RFC822Size: true,
			BodySection: []*imap.FetchItemBodySection{{Specifier: imap.PartSpecifierHeader, HeaderFields: listFields, Peek: true}},
		}
		if structure {
			name, command = "structure", command+" BODYSTRUCTURE"
			opts.BodyStructure = &imap.FetchItemBodyStructure{Extended: true}
		}
		command = fmt.Sprintf("FETCH %d:* (UID %s BODY.PEEK[HEADER.FIELDS (%s)])", have-n+1, command, strings.Join(listFields, " "))
		for _, at := range []struct{ name, addr string }{{"loopback", srv.Direct()}, {"20ms", slow.Addr}} {
			b.Run(name+"/"+at.name, func(b *testing.B) {
				run, raw, client := ours(b, srv, at.addr, list), rawDial(b, srv, at.addr), library(b, srv, at.addr)
				compare(b, side{"imapx", run},
					side{"raw", func() error { return raw.do(command) }},
					side{"go-imap", func() error {
						got, err := client.Fetch(imap.SeqSet{{Start: have - n + 1, Stop: 0}}, opts).Collect()
						return want(n, len(got), err)
					}})
				allocated(b, run)
				counted(b, srv, list)
			})
		}
	}
}

// BenchmarkBody fetches one body. The aim: from 1 MB on at most 1.1 times raw.
func BenchmarkBody(b *testing.B) {
	srv := imapxtest.Dovecot(b)
	sizes := []int{1 << 20, 8 << 20}
	fillFast(b, srv, len(sizes), func(i int) []byte {
		return []byte("Subject: large\r\n\r\n" + strings.Repeat(strings.Repeat("x", 76)+"\r\n", sizes[i]/78))
	})
	for i, size := range sizes {
		b.Run(strconv.Itoa(size>>20)+"MB", func(b *testing.B) {
			uid := imapx.UID(i + 1)
			items := imapx.Items{Sections: []imapx.Section{{Max: 2 * int64(size), Into: make([]byte, 2*size)}}}
			fetch := func(c *imapx.Conn) error {
				f, err := c.Fetch(context.Background(), []imapx.UID{uid}, items)
				if err == nil && (len(f.Messages) != 1 || len(f.Messages[0].Sections[0]) < size*9/10) {
					err = fmt.Errorf("a body is short: %d messages", len(f.Messages))
				}
				return err
			}
			run, raw := ours(b, srv, srv.Direct(), fetch), rawDial(b, srv, srv.Direct())
			compare(b, side{"imapx", run}, side{"raw", func() error {
				return raw.do(fmt.Sprintf("UID FETCH %d (BODY.PEEK[]<0.%d>)", uid, 2*size))
			}})
			allocated(b, run)
			counted(b, srv, fetch)
		})
	}
}

// BenchmarkSearch finds messages by a header field. The aim: no more than the
// server's own time, by which it is divided.
func BenchmarkSearch(b *testing.B) {
	const have = 2000
	srv := imapxtest.Dovecot(b)
	fillFast(b, srv, have, newsletter)
	crit := imapx.Criteria{Header: []imapx.HeaderTerm{{Field: "From", Text: "sender7@"}}}
	search := func(c *imapx.Conn) error {
		hits, err := c.Search(context.Background(), crit, 50)
		return want(have/50, len(hits.UIDs), err)
	}
	run, raw := ours(b, srv, srv.Direct(), search), rawDial(b, srv, srv.Direct())
	compare(b, side{"imapx", run}, side{"raw", func() error { return raw.do(`UID SEARCH RETURN (ALL COUNT) FROM "sender7@"`) }})
	allocated(b, run)
	counted(b, srv, search)
}

// BenchmarkAll lists every one of 10,000 messages, by pages of what lists show
// and then all flags at once. The aim: 20 MB more memory at most.
func BenchmarkAll(b *testing.B) {
	const have, page = 10_000, 200
	srv := imapxtest.Dovecot(b)
	fillFast(b, srv, have, newsletter)
	items := imapx.Items{Flags: true, Date: true, Size: true, Structure: true, Sections: []imapx.Section{{Fields: listFields}}}
	pages := func(c *imapx.Conn) error {
		for last := have; last > 0; last -= page {
			uids := make([]imapx.UID, page)
			for i := range uids {
				uids[i] = imapx.UID(last - i)
			}
			f, err := c.Fetch(context.Background(), uids, items)
			if err = want(page, len(f.Messages), err); err != nil {
				return err
			}
		}
		return nil
	}
	flags := func(c *imapx.Conn) error {
		f, _, err := c.FetchNewest(context.Background(), have, imapx.Items{Flags: true})
		return want(have, len(f.Messages), err)
	}
	for _, bm := range []struct {
		name, command string
		fn            func(c *imapx.Conn) error
	}{
		{"pages", "FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (" + strings.Join(listFields, " ") + ")])", pages},
		{"flags", "FETCH 1:* (UID FLAGS)", flags},
	} {
		b.Run(bm.name, func(b *testing.B) {
			run, raw := ours(b, srv, srv.Direct(), bm.fn), rawDial(b, srv, srv.Direct())
			compare(b, side{"imapx", run}, side{"raw", func() error { return raw.do(bm.command) }})
			peak(b, run)
			counted(b, srv, bm.fn)
		})
	}
}

// peak reports how much memory a run takes beside what was there, as the
// operating system sees it. Linux resets the peak when it is told to.
func peak(b *testing.B, run func() error) {
	b.Helper()
	if err := run(); err != nil { // connected, and warm
		b.Fatal(err)
	}
	runtime.GC()
	if os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) != nil {
		b.Log("the peak of memory is not measured: it needs Linux")
		return
	}
	before := highWater(b)
	if err := run(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(highWater(b)-before)/1024, "MB-more")
}

// highWater is the peak of this process's memory in KB.
func highWater(b *testing.B) int {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		b.Fatal(err)
	}
	return kb
}
