package imapx

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/leakcheck"
)

// TestSocketOptions: a connection that a router forgot is found out by
// keepalive within a minute, and each read acknowledges at once: without that,
// answers of Cyrus and Courier above one segment take 44 ms.
func TestSocketOptions(t *testing.T) {
	leakcheck.Check(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	conn, err := Options{}.withDefaults().Dial(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	rc, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	option := func(level, name int) (n int) {
		if err := rc.Control(func(fd uintptr) { n, err = syscall.GetsockoptInt(int(fd), level, name) }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	on, idle := option(syscall.SOL_SOCKET, syscall.SO_KEEPALIVE), option(syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE)
	every, times := option(syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL), option(syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT)
	if on != 1 || idle+every*times > 60 {
		t.Errorf("keepalive %d: a dead peer is found after %d s and %d times %d s", on, idle, times, every)
	}

	if err := rc.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 0)
	}); err != nil || option(syscall.IPPROTO_TCP, syscall.TCP_QUICKACK) != 0 {
		t.Fatal("delayed acknowledgement cannot be set", err)
	}
	g := newGuard(conn, conn, conn, time.Second, Limits{}.withDefaults())
	if err := g.arm(); err != nil {
		t.Fatal(err)
	}
	if err := g.due(); err != nil {
		t.Fatal(err)
	}
	if option(syscall.IPPROTO_TCP, syscall.TCP_QUICKACK) != 1 {
		t.Error("a read delays its acknowledgement")
	}
}
