package imapx

import (
	"context"
	"testing"
	"time"
)

// TestLateExpiry: the timer of an earlier pause that comes late leaves nothing
// for Close to wait for.
func TestLateExpiry(t *testing.T) {
	srv := answering(t, "", "", false)
	opts := srv.options()
	opts.IdleClose = 20 * time.Second
	p, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	var c *Conn
	if err := p.Read(context.Background(), "", func(lease *Conn) error { c = lease; return nil }); err != nil {
		t.Fatal(err)
	}
	p.expire(c)
	start := time.Now()
	if err := p.Close(); err != nil || time.Since(start) > 10*time.Second {
		t.Errorf("closed after %v: %v", time.Since(start), err)
	}
}
