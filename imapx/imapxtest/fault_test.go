package imapxtest_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

const (
	fromServer = imapxtest.FromServer
	fromClient = imapxtest.FromClient
)

// speaker is a server that says text to every client, ends its side and hands
// over what it heard until the client's side ended or broke.
func speaker(t *testing.T, text string) (addr string, heard chan string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	heard = make(chan string, 1000)
	var wg sync.WaitGroup
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer conn.Close()
				said := make(chan struct{})
				wg.Go(func() {
					defer close(said)
					if _, err := io.WriteString(conn, text); err == nil {
						_ = conn.(*net.TCPConn).CloseWrite()
					}
				})
				data, _ := io.ReadAll(conn)
				<-said
				heard <- string(data)
			})
		}
	})
	return ln.Addr().String(), heard
}

func dialProxy(t *testing.T, p *imapxtest.FaultProxy) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	return timed(t, conn)
}

func timed(t *testing.T, conn net.Conn) *net.TCPConn {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// exchange says text over a connection of its own, hears all and hangs up.
func exchange(t *testing.T, p *imapxtest.FaultProxy, text string) (string, error) {
	t.Helper()
	dialed, err := net.Dial("tcp", p.Addr)
	if err != nil {
		return "", err // a reset can come that early
	}
	conn := timed(t, dialed)
	defer conn.Close()
	_, werr := io.WriteString(conn, text)
	if werr == nil {
		werr = conn.CloseWrite()
	}
	data, err := io.ReadAll(conn)
	if err == nil && errors.Is(werr, syscall.ECONNRESET) {
		err = werr // the system tells of a reset once
	}
	return string(data), err
}

func TestFaultPlans(t *testing.T) {
	const down, up, lost = "0123456789", "abcdefghij", "?"
	type plans = []imapxtest.Plan
	cases := map[string]struct {
		plans                    plans
		client, server, breaksBy string // what each reads; "?" may be under way still
		struck                   int
	}{
		"none":                      {nil, down, up, "", 0},
		"zero plan":                 {plans{{}}, down, up, "", 0},
		"garble one":                {plans{fromServer.Garble(3, 1)}, "0122456789", up, "", 1},
		"garble across a replay":    {plans{fromServer.Garble(3, 1, 0, 1), fromServer.Replay(4, 1)}, "01222446789", up, "", 2},
		"garble the last":           {plans{fromClient.Garble(9, 3, 3)}, down, "abcdefghii", "", 1},
		"garble with no bits":       {plans{fromClient.Garble(0)}, down, up, "", 0},
		"replay":                    {plans{fromServer.Replay(5, 3)}, "0123423456789", up, "", 1},
		"replay at the end":         {plans{fromServer.Replay(10, 2)}, "012345678989", up, "", 1},
		"replay more than there is": {plans{fromClient.Replay(2, 50)}, down, "ababcdefghij", "", 1},
		"replay of nothing":         {plans{fromClient.Replay(0, 5)}, down, up, "", 1},
		"replay and cut":            {plans{fromServer.Replay(5, 5), fromServer.Cut(6)}, "01234012345", lost, "", 2},
		"beyond the end":            {plans{fromServer.Cut(11), fromClient.Garble(10, 1)}, down, up, "", 0},
		"cut at once":               {plans{fromServer.Cut(0)}, "", lost, "", 1},
		"cut the server":            {plans{fromServer.Cut(4)}, "0123", lost, "", 1},
		"cut the server's last":     {plans{fromServer.Cut(10)}, down, lost, "", 1},
		"cut the client":            {plans{fromClient.Cut(4)}, lost, "abcd", "", 1},
		"cut the client at once":    {plans{fromClient.Cut(0)}, lost, "", "", 1},
		"reset the server":          {plans{fromServer.Reset(4)}, lost, lost, "reset", 1},
		"reset the client":          {plans{fromServer.Stall(0), fromClient.Reset(4)}, lost, lost, "reset", 2},
		"reset at once":             {plans{fromClient.Reset(0)}, "", lost, "reset", 1},
		"slow in name only":         {plans{fromServer.Slow(4, 1e9), imapxtest.Delay(0)}, down, up, "", 0},
		"delay and cut":             {plans{imapxtest.Delay(2 * time.Millisecond), fromServer.Cut(4)}, "0123", lost, "", 1},
		"delay":                     {plans{imapxtest.Delay(2 * time.Millisecond)}, down, up, "", 0},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			leakcheck.Check(t)
			addr, heard := speaker(t, down)
			p := imapxtest.Fault(t, addr)
			p.Next(tc.plans...)
			got, err := exchange(t, p, up)
			if tc.client != lost && got != tc.client {
				t.Errorf("client read %q, want %q", got, tc.client)
			}
			if reset := errors.Is(err, syscall.ECONNRESET); reset != (tc.breaksBy == "reset") || !reset && err != nil {
				t.Errorf("client read to %v", err)
			}
			if got := <-heard; tc.server != lost && got != tc.server {
				t.Errorf("server read %q, want %q", got, tc.server)
			}
			waitFor(t, func() bool { return p.Conns() == 0 })
			if p.Struck() != tc.struck {
				t.Errorf("%d plans struck, want %d", p.Struck(), tc.struck)
			}
			// The next connection has no plan.
			if got, err := exchange(t, p, up); got != down || err != nil {
				t.Errorf("then: %q, %v", got, err)
			}
		})
	}
}

// TestFaultEveryByte cuts a stream of several reads at each of its bytes, from
// either side.
func TestFaultEveryByte(t *testing.T) {
	leakcheck.Check(t)
	text := strings.Repeat("0123456789", 20)
	addr, heard := speaker(t, text)
	p := imapxtest.Fault(t, addr)
	for at := range len(text) + 1 {
		p.Next(fromServer.Cut(int64(at)))
		if got, err := exchange(t, p, text); got != text[:at] || err != nil {
			t.Fatalf("cut behind %d from the server: client read %q, %v", at, got, err)
		}
		<-heard
		p.Next(fromClient.Cut(int64(at)))
		if _, err := exchange(t, p, text); err != nil {
			t.Fatalf("cut behind %d from the client: %v", at, err)
		}
		if got := <-heard; got != text[:at] {
			t.Fatalf("cut behind %d from the client: server read %q", at, got)
		}
	}
	if got, want := p.Struck(), 2*(len(text)+1); got != want {
		t.Errorf("%d plans struck, want %d", got, want)
	}
}

func TestFaultStallServer(t *testing.T) {
	leakcheck.Check(t)
	addr, heard := speaker(t, "0123456789")
	p := imapxtest.Fault(t, addr)
	p.Next(fromServer.Stall(4))
	conn := dialProxy(t, p)
	buf := make([]byte, 10)
	if _, err := io.ReadFull(conn, buf[:4]); err != nil || string(buf[:4]) != "0123" {
		t.Fatalf("read %q, %v", buf[:4], err)
	}
	p.WaitStruck(t, 1)
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	// The server has ended its side by now: not even that is to be seen.
	if n, err := conn.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("read %q, %v behind a stall", buf[:n], err)
	}
	if _, err := io.WriteString(conn, "still here"); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if got := <-heard; got != "still here" {
		t.Errorf("server read %q: the other way must stay open", got)
	}
	waitFor(t, func() bool { return p.Conns() == 0 })
}

func TestFaultStallClient(t *testing.T) {
	leakcheck.Check(t)
	addr, heard := speaker(t, "0123456789")
	p := imapxtest.Fault(t, addr)
	p.Next(fromClient.Stall(4))
	conn := dialProxy(t, p)
	if _, err := io.WriteString(conn, "abcdefghij"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); string(got) != "0123456789" || err != nil {
		t.Errorf("client read %q, %v: the other way must stay open", got, err)
	}
	conn.Close()
	if got := <-heard; got != "abcd" {
		t.Errorf("server read %q", got)
	}
	waitFor(t, func() bool { return p.Conns() == 0 })
}

// TestFaultStallBlocks sends more than a stalled peer takes.
func TestFaultStallBlocks(t *testing.T) {
	leakcheck.Check(t)
	addr, _ := speaker(t, "")
	for _, plans := range [][]imapxtest.Plan{{fromClient.Stall(10)}, {fromClient.Stall(10), imapxtest.Delay(time.Millisecond)}} {
		p := imapxtest.Fault(t, addr)
		p.Always(plans...)
		conn := dialProxy(t, p)
		if err := conn.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("wrote %d bytes: %v", n, err)
		}
		if got := p.Sent(); got != 10 {
			t.Errorf("%d bytes counted, want 10", got)
		}
		p.Cut()
		waitFor(t, func() bool { return p.Conns() == 0 })
	}
}

func TestFaultSlow(t *testing.T) {
	leakcheck.Check(t)
	text := strings.Repeat("x", 100)
	addr, _ := speaker(t, text)
	for name, tc := range map[string]struct {
		plan  imapxtest.Plan
		least time.Duration
	}{
		"both pieces":   {fromServer.Slow(0, 1000), 100 * time.Millisecond},
		"from the half": {fromServer.Slow(50, 500), 100 * time.Millisecond},
		"byte by byte":  {fromServer.Slow(96, 40), 100 * time.Millisecond},
		"the client":    {fromClient.Slow(0, 1000), 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			p := imapxtest.Fault(t, addr)
			p.Next(tc.plan)
			began := time.Now()
			if got, err := exchange(t, p, text); got != text || err != nil {
				t.Fatalf("read %q, %v", got, err)
			}
			waitFor(t, func() bool { return p.Conns() == 0 })
			if took := time.Since(began); took < tc.least || took > 100*tc.least {
				t.Errorf("took %v, want %v or a little more", took, tc.least)
			}
		})
	}
}

// TestFaultSlowEnds wants the end of the test not to wait for slow bytes.
func TestFaultSlowEnds(t *testing.T) {
	leakcheck.Check(t)
	addr, _ := speaker(t, "0123456789")
	p := imapxtest.Fault(t, addr)
	p.Always(fromServer.Slow(0, 0), imapxtest.Delay(time.Hour))
	began := time.Now()
	conn := dialProxy(t, p)
	waitFor(t, func() bool { return p.Conns() == 1 })
	p.Cut()
	if _, err := io.ReadAll(conn); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Error(err)
	}
	waitFor(t, func() bool { return p.Conns() == 0 })
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestFaultDelay(t *testing.T) {
	leakcheck.Check(t)
	const roundTrip = 40 * time.Millisecond
	for name, start := range map[string]func(testing.TB, string) *imapxtest.FaultProxy{
		"fault": imapxtest.Fault, "count": imapxtest.Count,
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, echo(t))
			p.Always(imapxtest.Delay(roundTrip))
			c := newTalk(t, dialProxy(t, p), nil)
			for trips := range 3 {
				began := time.Now()
				for i := range 20 { // pipelined: one round trip
					c.write(fmt.Sprintf("%d.%d\n", trips, i))
				}
				c.until(fmt.Sprintf("%d.19", trips))
				if took := time.Since(began); took < roundTrip {
					t.Errorf("answered after %v, want %v at least", took, roundTrip)
				}
				if got := p.RoundTrips(); got != trips+1 {
					t.Errorf("%d round trips, want %d", got, trips+1)
				}
			}
		})
	}
}

func TestFaultDelayThroughput(t *testing.T) {
	leakcheck.Check(t)
	const size = 32 << 20
	addr, _ := speaker(t, strings.Repeat("x", size))
	p := imapxtest.Count(t, addr)
	p.Always(imapxtest.Delay(80 * time.Millisecond))
	began := time.Now()
	if got, err := exchange(t, p, ""); len(got) != size || err != nil {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	// One window of 64 KiB a round trip would take 40 s.
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("32 MB took %v", took)
	}
}

func TestFaultWhichConnection(t *testing.T) {
	leakcheck.Check(t)
	addr, _ := speaker(t, "0123456789")
	p := imapxtest.Fault(t, addr)
	want := func(step string, texts ...string) {
		t.Helper()
		for i, text := range texts {
			if got, err := exchange(t, p, ""); got != text || err != nil {
				t.Errorf("%s, connection %d: read %q, %v; want %q", step, i+1, got, err, text)
			}
		}
	}
	p.Next(fromServer.Cut(1))
	p.Next()
	p.Next(fromServer.Cut(3))
	want("Next three times", "0", "0123456789", "012", "0123456789")
	p.Always(fromServer.Cut(5))
	p.Next(fromServer.Garble(0, 1))
	want("Always and Next", "11234", "01234", "01234")
	p.Always(fromServer.Cut(15).OverAll())
	want("over all", "0123456789", "01234", "0123456789")
	p.Always(fromServer.Garble(19, 1).OverAll(), fromServer.Garble(10, 1, 1).OverAll())
	want("garbled over all", "0123456789", "1023456788", "0123456789")
	p.Always(fromServer.Cut(0).OverAll())
	want("the first over all", "", "0123456789")
	p.Always()
	want("Always of nothing", "0123456789")
}

func TestTranscripts(t *testing.T) {
	leakcheck.Check(t)
	addr, heard := speaker(t, "0123456789")
	p := imapxtest.Fault(t, addr)
	p.Next(fromServer.Garble(0, 1))
	p.Next(fromServer.Cut(3))
	for _, text := range []string{"one", "two"} {
		if _, err := exchange(t, p, text); err != nil {
			t.Fatal(err)
		}
		<-heard
	}
	all := p.Transcripts()
	if len(all) != 2 {
		t.Fatalf("%d transcripts, want 2", len(all))
	}
	if d := cmp.Diff("1123456789", string(all[0].FromServer)) + cmp.Diff("one", string(all[0].FromClient)) +
		cmp.Diff("012", string(all[1].FromServer)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	conn := dialProxy(t, p)
	if _, err := io.ReadFull(conn, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return p.Conns() == 1 })
	p.Reset()
	if _, err := io.WriteString(conn, "later"); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	<-heard
	want := []imapxtest.Transcript{{FromClient: []byte("later")}}
	if d := cmp.Diff(want, p.Transcripts()); d != "" {
		t.Errorf("behind Reset (-want +got):\n%s", d)
	}
	count := imapxtest.Count(t, addr)
	if _, err := exchange(t, count, "x"); err != nil || count.Transcripts() != nil {
		t.Errorf("Count keeps transcripts, or %v", err)
	}
}

func TestBoundaries(t *testing.T) {
	for name, tc := range map[string]struct {
		stream string
		want   []int64
	}{
		"nothing":         {"", nil},
		"half a line":     {"* OK", nil},
		"lines":           {"* OK\r\na OK\r\n", []int64{6, 12}},
		"bare line feed":  {"* OK\nx", []int64{5}},
		"literal":         {"* 1 FETCH (A {4}\r\nx\r\ny B {1}\r\n\n)\r\nz\r\n", []int64{34, 37}},
		"half a literal":  {"ok\r\n* 1 FETCH {9}\r\nx\r\n", []int64{4}},
		"empty literal":   {"* X {0}\r\n\r\n", []int64{11}},
		"LITERAL+":        {"a LOGIN {1+}\r\n\n {1+}\r\n\n\r\n", []int64{25}},
		"not a literal":   {"* OK {x}\r\n* OK {-1}\r\n", []int64{10, 21}},
		"too large":       {"* {99999999999999999999}\r\n* OK\r\n", []int64{26, 32}},
		"larger than all": {"* {9223372036854775807}\r\n* OK\r\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, imapxtest.Boundaries([]byte(tc.stream))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
