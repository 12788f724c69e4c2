package imapx_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// onServers runs test on the in-memory server and, where there are, on Dovecot, Cyrus and Courier.
func onServers(t *testing.T, test func(t *testing.T, srv *imapxtest.Server), hide ...string) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, imapxtest.Memory(t, imapxtest.Options{Hide: hide})) })
	t.Run("dovecot", func(t *testing.T) { test(t, imapxtest.Dovecot(t, imapxtest.Options{Hide: hide})) })
	t.Run("cyrus", func(t *testing.T) { test(t, imapxtest.Cyrus(t, imapxtest.Options{Hide: hide})) })
	t.Run("courier", func(t *testing.T) {
		if os.Getenv("POSTERN_COURIER") != "all" {
			t.Skip("set POSTERN_COURIER=all to run every test on Courier too, which is slow")
		}
		test(t, imapxtest.Courier(t, imapxtest.Options{Hide: hide}))
	})
}

// has tells whether srv is of a kind that has a capability, hidden or not.
func has(t *testing.T, srv *imapxtest.Server, capability string) bool {
	t.Helper()
	return strings.Contains(srv.Do(t, "CAPABILITY")[0]+" ", " "+capability+" ")
}

// needs skips t on servers of a kind that lacks what the test is about.
func needs(t *testing.T, srv *imapxtest.Server, capability string) {
	t.Helper()
	if !has(t, srv, capability) {
		t.Skip("the server has no " + capability)
	}
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
