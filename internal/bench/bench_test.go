package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/mail"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/internal/mailmime"
)

// The empty server is this very program: in tests, the test binary.
func TestMain(m *testing.M) {
	if mode := os.Getenv(emptyMode); mode != "" {
		exit(serveEmpty(mode))
	}
	os.Exit(m.Run())
}

func TestParse(t *testing.T) {
	usual := settings{messages: 10_000, delays: []time.Duration{0, 20 * time.Millisecond, 80 * time.Millisecond}, transports: []string{"stdio", "http"}}
	other := settings{messages: 2000, delays: []time.Duration{5 * time.Millisecond}, transports: []string{"http"}, quick: true, write: true}
	for name, tt := range map[string]struct {
		args []string
		want settings
		err  string
	}{
		"nothing":           {nil, usual, ""},
		"everything":        {[]string{"-messages", "2000", "-delay", "5", "-transport", "http", "-quick", "-write"}, other, ""},
		"too few messages":  {[]string{"-messages", "10"}, settings{}, "-messages"},
		"a delay in words":  {[]string{"-delay", "0,soon"}, settings{}, `"soon"`},
		"a delay below 0":   {[]string{"-delay", "-1"}, settings{}, `"-1"`},
		"another transport": {[]string{"-transport", "sse"}, settings{}, `"sse"`},
		"a stray word":      {[]string{"now"}, settings{}, `"now"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(tt.args, io.Discard)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want one with %q", err, tt.err)
				}
				return
			}
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(settings{})); err != nil || d != "" {
				t.Errorf("error %v (-want +got):\n%s", err, d)
			}
		})
	}
}

func TestLetters(t *testing.T) {
	const n = 200
	shapes := map[shape]int{}
	var subjects, senders, bodies int
	for i := range n {
		raw := letter(i, n)
		if !bytes.Equal(raw, letter(i, n)) {
			t.Fatalf("letter %d is another each time", i)
		}
		m, err := mailmime.Parse(bytes.NewReader(raw), mailmime.Limits{})
		if err != nil || len(m.Defects) > 0 {
			t.Fatalf("letter %d: %v %q", i, err, m.Defects)
		}
		if _, err := mail.ReadMessage(bytes.NewReader(raw)); err != nil {
			t.Fatalf("letter %d: %v", i, err)
		}
		s := shapeOf(i)
		shapes[s]++
		if got := m.HTML != ""; got != (s != plainText) {
			t.Errorf("letter %d has HTML: %v", i, got)
		}
		want := map[shape]int64{attached45: 45 << 10, attached370: 370 << 10}[s]
		if got := m.Attachments; (want > 0) != (len(got) == 1) || want > 0 && (got[0].Size < want || got[0].Size > want+60) {
			t.Errorf("letter %d has attachments %+v", i, got)
		}
		for count, found := range map[*int]bool{
			&subjects: strings.Contains(m.Header.Subject, subjectWord), &bodies: strings.Contains(m.Text, bodyWord),
			&senders: strings.HasPrefix(m.Header.From[0].Mailbox, senderName+"@"),
		} {
			if found {
				*count++
			}
		}
		if got := !isASCII(m.Text); got != isForeign(i) {
			t.Errorf("letter %d is foreign: %v", i, got)
		}
	}
	want := map[shape]int{plainText: 60, withHTML: 126, attached45: 12, attached370: 2}
	if d := cmp.Diff(want, shapes); d != "" {
		t.Errorf("shapes (-want +got):\n%s", d)
	}
	if subjects != 13 || senders != 1 || bodies != 1 {
		t.Errorf("%d subjects, %d letters of the sender and %d bodies are to be found", subjects, senders, bodies)
	}
	if size := len(hugeLetter()); size < 11_000_000 || size > 12_000_000 {
		t.Errorf("the large letter has %d bytes", size)
	}
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

func TestWire(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		want   []string
		err    string
	}{
		"lines":                {"* 1 EXISTS\r\nT OK done\r\n", []string{"* 1 EXISTS\r\n"}, ""},
		"a literal":            {"* 1 FETCH (BODY[] {10}\r\nT OK\r\n1234 UID 5)\r\nT OK\r\n", []string{"* 1 FETCH (BODY[] {10}\r\n"}, ""},
		"two literals":         {"* 1 FETCH (A {1}\r\nx B {2}\r\nyz)\r\n* 2 X\r\nT OK\r\n", []string{"* 1 FETCH (A {1}\r\n", "* 2 X\r\n"}, ""},
		"a refusal":            {"T NO not now\r\n", nil, "NO not now"},
		"an end in the middle": {"* 1 FETCH (BODY[] {10}\r\nabc", []string{"* 1 FETCH (BODY[] {10}\r\n"}, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			client, server := net.Pipe()
			w := newWire(client)
			defer w.close()
			go func() {
				_, _ = server.Read(make([]byte, 100))
				_, _ = io.WriteString(server, strings.ReplaceAll(tt.answer, "T ", "w1 "))
				server.Close()
			}()
			var got []string
			err := w.do("NOOP", func(line []byte) { got = append(got, string(line)) })
			if (tt.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
		})
	}
}

func TestNewest(t *testing.T) {
	for _, tt := range []struct {
		set  string
		want []int
	}{
		{"", nil}, {"5", []int{5}}, {"1:3,7", []int{7, 3}}, {"1,2:9", []int{9, 8}},
	} {
		if got, err := newest(tt.set, 2); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("newest(%q) = %v, %v, want %v", tt.set, got, err, tt.want)
		}
	}
	for _, bad := range []string{"x", "1:", "1,,2"} {
		if got, err := newest(bad, 9); err == nil {
			t.Errorf("newest(%q) = %v", bad, got)
		}
	}
}

func TestProxy(t *testing.T) {
	leakcheck.Check(t)
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	const delay = 30 * time.Millisecond
	p, err := newProxy(echo.Addr().String(), delay)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	for range 2 {
		for _, word := range []string{"one", "two"} { // behind each other: one round trip
			if _, err := io.WriteString(conn, word); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.ReadFull(conn, make([]byte, 6)); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 2*delay {
		t.Errorf("two round trips took %v", took)
	}
	if d := cmp.Diff(counts{trips: 2, sent: 12, received: 12}, p.take(), cmp.AllowUnexported(counts{})); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
}

func TestProcessFigures(t *testing.T) {
	now, most, err := resident([]byte("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n"))
	if now != 1<<20 || most != 2<<20 || err != nil {
		t.Errorf("memory %d and %d, %v", now, most, err)
	}
	if _, _, err := resident([]byte("Name:\tx\n")); err == nil {
		t.Error("no figures are no error")
	}
	took, err := used([]byte("12 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20"))
	if took != 2*time.Second || err != nil {
		t.Errorf("time %v, %v", took, err)
	}
	if _, err := used([]byte("12 (x) S 1")); err == nil {
		t.Error("a short line is no error")
	}
}

func TestTogether(t *testing.T) {
	seen := make([]bool, 12)
	if err := together(3, 4, func(n int) error { seen[n] = true; return nil }); err != nil || slices.Contains(seen, false) {
		t.Errorf("done %v, %v", seen, err)
	}
	broken := errors.New("broken")
	if err := together(2, 2, func(n int) error {
		if n == 2 {
			return broken
		}
		return nil
	}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// The empty server answers over both transports and ends with its client.
func TestEmptyServer(t *testing.T) {
	leakcheck.Check(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, transport := range []string{overStdio, overHTTP} {
		t.Run(transport, func(t *testing.T) {
			s, err := program{path: self, env: []string{emptyMode + "=" + transport}}.start(context.Background(), transport)
			if err != nil {
				t.Fatal(err)
			}
			text, err := s.call(context.Background(), emptyTool, nil)
			if text != "{}" || err != nil {
				t.Errorf("answer %q, %v", text, err)
			}
			if _, most, err := s.memory(); err != nil && most == 0 {
				t.Errorf("memory %d, %v", most, err)
			}
			if err := s.close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}
