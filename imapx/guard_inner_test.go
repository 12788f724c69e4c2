package imapx

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"
)

// TestWriteBeforeTheEndIsRead: a connection that ended is lost, also to a write
// that notices first.
func TestWriteBeforeTheEndIsRead(t *testing.T) {
	ours, theirs := net.Pipe()
	theirs.Close()
	g := newGuard(ours, ours, ours, time.Second, Limits{}.withDefaults())
	c := &Conn{guard: g}
	_, err := g.Write([]byte("O1.0 NOOP\r\n"))
	if out := c.brokenBy("NOOP", err); !errors.Is(out, Unavailable) || strings.Contains(out.Error(), "protocol") {
		t.Error(out)
	}
}
