package imapx_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

// rawConn is the bound for what a client can be: it writes commands and finds
// the end of the answers.
type rawConn struct {
	net.Conn
	br   *bufio.Reader
	tags int
}

func rawDial(b *testing.B, srv *imapxtest.Server, addr string) *rawConn {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	c := &rawConn{Conn: conn, br: bufio.NewReaderSize(conn, 64<<10)}
	if _, err := c.br.ReadSlice('\n'); err != nil {
		b.Fatal(err)
	}
	for _, command := range []string{"LOGIN " + srv.Username + " " + srv.Password, "EXAMINE INBOX"} {
		if err := c.do(command); err != nil {
			b.Fatal(err)
		}
	}
	return c
}

func (c *rawConn) do(command string) error {
	c.tags++
	tag := "r" + strconv.Itoa(c.tags)
	if _, err := io.WriteString(c, tag+" "+command+"\r\n"); err != nil {
		return err
	}
	for start := true; ; {
		line, err := c.br.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if start && bytes.HasPrefix(line, []byte(tag)) {
			if !bytes.HasPrefix(line[len(tag):], []byte(" OK")) {
				return errors.New(string(line))
			}
			return nil
		}
		n := 0
		if open := bytes.LastIndexByte(line, '{'); open >= 0 && bytes.HasSuffix(line, []byte("}\r\n")) {
			if n, err = strconv.Atoi(string(line[open+1 : len(line)-3])); err != nil {
				return err
			}
			if _, err := c.br.Discard(n); err != nil {
				return err
			}
			start = false
			continue
		}
		start = err == nil
	}
}

// fillFast stores messages many at a time (MULTIAPPEND, RFC 3502).
func fillFast(b *testing.B, srv *imapxtest.Server, n int, message func(i int) []byte) {
	b.Helper()
	c := rawDial(b, srv, srv.Direct())
	const batch = 200
	for from := 0; from < n; from += batch {
		var command strings.Builder
		command.WriteString("APPEND INBOX")
		for i := from; i < min(n, from+batch); i++ {
			raw := message(i)
			fmt.Fprintf(&command, " {%d+}\r\n%s", len(raw), raw)
		}
		if err := c.do(command.String()); err != nil {
			b.Fatal(err)
		}
	}
}

// newsletter is message i of the listings: what lists show of a mail, and a
// structure with parts in it.
func newsletter(i int) []byte {
	return fmt.Appendf(nil, "Received: from mx.example.org by in.example.com; Mon, 2 Nov 2026 10:00:00 +0000\r\n"+
		"From: Sender %d <sender%d@example.org>\r\nTo: Alice <alice@example.com>, Bob <bob@example.com>\r\nSubject: News of the week, issue %d\r\n"+
		"Message-ID: <%d.news@example.org>\r\nReferences: <%d.news@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe news.\r\n"+
		"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>The news.</p>\r\n--b--\r\n", i%50, i%50, i, i, i-1)
}

// side is one way to do what the others do too.
type side struct {
	name string
	run  func() error
}

// compare runs the sides in turn, ours first, and reports ours over each of
// the others: the median of the ratios of each turn, which hold however busy
// the machine is.
func compare(b *testing.B, sides ...side) {
	b.Helper()
	took := make([][]float64, len(sides))
	turn := func(keep bool) {
		for i, s := range sides {
			began := time.Now()
			if err := s.run(); err != nil {
				b.Fatalf("%s: %v", s.name, err)
			}
			if keep {
				took[i] = append(took[i], float64(time.Since(began)))
			}
		}
	}
	turn(false) // warm
	for b.Loop() {
		turn(true)
	}
	b.ReportMetric(0, "ns/op") // that of all sides together says nothing
	for i, s := range sides {
		b.ReportMetric(middle(took[i])/1e6, "ms-"+s.name)
		if i == 0 {
			continue
		}
		ratios := make([]float64, len(took[i]))
		for k := range ratios {
			ratios[k] = took[0][k] / took[i][k]
		}
		b.ReportMetric(middle(ratios), "x-"+s.name)
	}
}

func middle(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// allocated reports what one run of ours allocates.
func allocated(b *testing.B, run func() error) {
	b.Helper()
	const runs = 5
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		if err := run(); err != nil {
			b.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/runs, "allocs/run")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/runs/1000, "KB-alloc/run")
}

// cleartext logs in without TLS, so that all sides read the same bytes.
func cleartext(srv *imapxtest.Server, addr string) imapx.Options {
	opts := options(srv, addr)
	opts.Security, opts.TLSConfig = imapx.Cleartext, nil
	return opts
}

// ours makes a run of a pool of its own behind addr.
func ours(b *testing.B, srv *imapxtest.Server, addr string, fn func(c *imapx.Conn) error) func() error {
	b.Helper()
	p, err := imapx.Open(cleartext(srv, addr))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { p.Close() })
	return func() error { return p.Read(b.Context(), "INBOX", fn) }
}

// counted reports round trips and bytes of a warm run of ours.
func counted(b *testing.B, srv *imapxtest.Server, fn func(c *imapx.Conn) error) {
	b.Helper()
	proxy := imapxtest.Count(b, srv.Direct())
	run := ours(b, srv, proxy.Addr, fn)
	for range 2 {
		proxy.Reset()
		if err := run(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(proxy.RoundTrips()), "trips")
	b.ReportMetric(float64(proxy.Received()), "B-in")
	b.ReportMetric(float64(proxy.Sent()), "B-out")
}

// library is bare go-imap, selected and warm.
func library(b *testing.B, srv *imapxtest.Server, addr string) *imapclient.Client {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	client := imapclient.New(conn, nil)
	b.Cleanup(func() { client.Close() })
	if err := client.Login(srv.Username, srv.Password).Wait(); err != nil {
		b.Fatal(err)
	}
	if _, err := client.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		b.Fatal(err)
	}
	return client
}

// want fails a comparison in which one side found something else.
func want(n, got int, err error) error {
	if err == nil && n != got {
		err = fmt.Errorf("%d messages, want %d", got, n)
	}
	return err
}
