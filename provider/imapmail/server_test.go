package imapmail

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/provider"
)

func options(srv *imapxtest.Server) Options {
	trust := &tls.Config{RootCAs: srv.CA, ServerName: "localhost"}
	return Options{
		Account: "work",
		IMAP: imapx.Options{
			Addr: srv.TLSAddr, TLSConfig: trust, Username: srv.Username, Password: srv.Password, Progress: 20 * time.Second,
		},
		SMTP:       &SMTP{Addr: srv.SubmissionTLSAddr, TLSConfig: trust},
		Identities: []provider.Address{{Name: "Me", Addr: srv.Address}},
	}
}

func open(t *testing.T, opts Options) *Backend {
	t.Helper()
	b, err := Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

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

// needs skips t on servers of a kind that lacks what the test is about.
func needs(t *testing.T, srv *imapxtest.Server, capability string) {
	t.Helper()
	if !strings.Contains(srv.Do(t, "CAPABILITY")[0]+" ", " "+capability+" ") {
		t.Skip("the server has no " + capability)
	}
}

// account opens srv's account behind a counting proxy.
func account(t *testing.T, srv *imapxtest.Server, change func(*Options)) (*provider.Account, *Backend, *imapxtest.FaultProxy) {
	t.Helper()
	count := imapxtest.Count(t, srv.TLSAddr)
	leakcheck.Check(t)
	opts := options(srv)
	opts.IMAP.Addr = count.Addr
	if change != nil {
		change(&opts)
	}
	b := open(t, opts)
	acct, err := provider.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	return acct, b, count
}

func letter(n int) []byte {
	return fmt.Appendf(nil, "From: Ann <ann@example.org>\r\nTo: bob@example.com\r\nSubject: letter %d\r\n"+
		"Message-ID: <%d@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThis is letter %d.\r\n", n, n, n)
}

func fill(t *testing.T, srv *imapxtest.Server, folder string, n int) {
	t.Helper()
	var all [][]byte
	for i := range n {
		all = append(all, letter(i+1))
	}
	srv.AppendAll(t, folder, all)
}

func list(t *testing.T, acct *provider.Account, opts provider.ListOptions, page provider.PageRequest) provider.Page[provider.Summary] {
	t.Helper()
	got, err := acct.ListMessages(t.Context(), opts, page)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func ids(list []provider.Summary) []provider.MessageID {
	var out []provider.MessageID
	for _, s := range list {
		out = append(out, s.ID)
	}
	return out
}

func subjects(list []provider.Summary) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.Subject)
	}
	return out
}

func wantCode(t *testing.T, err error, want provider.Code) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %s", err, want)
	}
}

func diff(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// serve is a server in clear: each connection is one call of talk.
func serve(t *testing.T, talk func(net.Conn)) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
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
				talk(conn)
			})
		}
	})
	return ln.Addr().String()
}
