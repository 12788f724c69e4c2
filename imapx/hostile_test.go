package imapx_test

import (
	"bufio"
	"bytes"
	"math"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// flood is what a hostile server sends in place of an answer: head, then
// pattern so many times, then tail.
type flood struct {
	head, pattern string
	times         int
	tail          string
}

// flooding is a server that answers every command beginning with verb by a
// flood, on every connection.
func flooding(t *testing.T, caps, verb string, f flood) *scripted {
	t.Helper()
	leakcheck.Check(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				f.serve(conn, caps, verb)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
	})
	return &scripted{addr: ln.Addr().String()}
}

func (f flood) serve(conn net.Conn, caps, verb string) {
	say := func(s string) { _, _ = conn.Write([]byte(s)) }
	say("* PREAUTH [CAPABILITY IMAP4rev1 " + caps + "] in\r\n")
	chunk := bytes.Repeat([]byte(f.pattern), max(1, 64<<10/max(1, len(f.pattern))))
	in := bufio.NewScanner(conn)
	for in.Scan() {
		tag, command, _ := strings.Cut(in.Text(), " ")
		switch {
		case strings.HasPrefix(command, verb):
			say(f.head)
			for left := f.times * len(f.pattern); left > 0; {
				n, err := conn.Write(chunk[:min(left, len(chunk))])
				if left -= n; err != nil {
					return
				}
			}
			say(strings.ReplaceAll(f.tail, "$", tag))
		case strings.HasPrefix(command, "EXAMINE"):
			say("* 3 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n" + tag + " OK open\r\n")
		default:
			say(tag + " OK\r\n")
		}
	}
}

// TestHostileAnswers: what a server can send costs at most so much time and
// memory, and ends in an error or in a message named as unreadable.
func TestHostileAnswers(t *testing.T) {
	const mostMemory = 64 << 20
	mostTime := time.Second
	if raceDetector {
		mostTime = time.Minute // it slows some of these down a hundredfold; .ci/run also runs this without it
	}
	fetch := func(c *imapx.Conn, t *testing.T) error {
		f, err := c.Fetch(t.Context(), []imapx.UID{5}, imapx.Items{Flags: true, Structure: true, Sections: []imapx.Section{{Max: 1000}}})
		if err == nil && len(f.Incomplete) == 1 {
			return f.Why
		}
		if err == nil && len(f.Messages) == 1 && string(f.Messages[0].Sections[0]) != "hello" {
			t.Errorf("read %q", f.Messages[0].Sections[0])
		}
		return err
	}
	search := func(c *imapx.Conn, t *testing.T) error {
		hits, err := c.Search(t.Context(), imapx.Criteria{}, 50)
		if err == nil && (len(hits.UIDs) != 50 || hits.Total != math.MaxInt32) {
			t.Errorf("%d hits of %d", len(hits.UIDs), hits.Total)
		}
		return err
	}
	list := func(c *imapx.Conn, t *testing.T) error {
		_, err := c.List(t.Context(), true)
		return err
	}
	const whole = `FLAGS () BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 5 1) BODY[]<0> {5}` + "\r\nhello"
	for _, tt := range []struct {
		name, caps, verb string
		flood            flood
		do               func(*imapx.Conn, *testing.T) error
		kind             imapx.Kind
	}{
		{name: "3 MB of parentheses", verb: "UID FETCH", do: fetch, kind: imapx.TooLarge,
			flood: flood{"* 1 FETCH (UID 5 BODYSTRUCTURE ", "(", 3 << 20, ""}},
		{name: "3 MB of parentheses in a list", verb: "LIST", do: list, kind: imapx.TooLarge, flood: flood{"* LIST ", "(", 3 << 20, ""}},
		{name: "a quoted string of 200 MB", verb: "UID FETCH", do: fetch, kind: imapx.TooLarge,
			flood: flood{`* 1 FETCH (UID 5 ENVELOPE (NIL "`, "x", 200 << 20, ""}},
		{name: "a literal of 1 GB", verb: "UID FETCH", do: fetch, kind: imapx.TooLarge,
			flood: flood{"* 1 FETCH (UID 5 BODY[]<0> {1073741824}\r\n", "x", 1 << 30, ""}},
		{name: "a literal of 1 GB that is no body", verb: "UID FETCH", do: fetch, kind: imapx.TooLarge,
			flood: flood{"* 1 FETCH (UID 5 ENVELOPE (NIL {1073741824}\r\n", "x", 1 << 30, ""}},
		{name: "four billion hits", caps: "ESEARCH", verb: "UID SEARCH", do: search,
			flood: flood{"", "", 0, "* ESEARCH (TAG \"$\") UID COUNT 4294967294 ALL 1:4294967294\r\n$ OK\r\n"}},
		{name: "endless hits", verb: "UID SEARCH", do: search, kind: imapx.TooLarge, flood: flood{"* SEARCH", " 4294967295", 20 << 20, ""}},
		{name: "a line without end", verb: "UID FETCH", do: fetch, kind: imapx.TooLarge, flood: flood{"* OK ", "x", 200 << 20, ""}},
		{name: "an answer of an unknown kind without end", verb: "UID FETCH", do: fetch, kind: imapx.TooLarge, flood: flood{"* X-NEWS ", "x", 200 << 20, ""}},
		{name: "a word without end", verb: "UID FETCH", do: fetch, kind: imapx.TooLarge, flood: flood{"* ", "x", 200 << 20, ""}},
		{name: "news in place of the answer", verb: "UID FETCH", do: fetch,
			flood: flood{"* 1 FETCH (UID 5 FLAGS (\\Flagged))\r\n", "", 0, "* 1 FETCH (UID 5 " + whole + ")\r\n$ OK\r\n"}},
		{name: "a literal before the uid", verb: "UID FETCH", do: fetch,
			flood: flood{"", "", 0, "* 1 FETCH (" + whole + " UID 5)\r\n* 1 FETCH (UID 5 " + whole + ")\r\n$ OK\r\n"}},
		{name: "20,000 answers nobody asked for", verb: "UID FETCH", do: fetch,
			flood: flood{"", "* 9 FETCH (FLAGS ())\r\n", 20_000, "* 1 FETCH (UID 5 " + whole + ")\r\n$ OK\r\n"}},
		{name: "mailboxes without end", verb: "LIST", do: list, kind: imapx.TooLarge, flood: flood{"", "* LIST () NIL x\r\n", 10 << 20, ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := flooding(t, tt.caps, tt.verb, tt.flood)
			p := open(t, srv.options())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := p.Read(t.Context(), "INBOX", func(c *imapx.Conn) error { return tt.do(c, t) })
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if imapx.KindOf(err) != tt.kind {
				t.Errorf("error %v, want kind %q", err, tt.kind)
			}
			allocated := after.TotalAlloc - before.TotalAlloc
			if allocated > mostMemory || took > mostTime {
				t.Errorf("it took %v and allocated %d MB", took, allocated>>20)
			}
			t.Logf("%v, %d KB allocated", took.Round(time.Millisecond), allocated>>10)
		})
	}
}
