package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/imapmail"
	"github.com/postern-mail/postern/scopes"
)

// serverFor starts a Dovecot with n messages that ends with the test, or skips.
func serverFor(tb testing.TB, n int) string {
	tb.Helper()
	if os.Getenv("POSTERN_DOVECOT") != "1" {
		tb.Skip("set POSTERN_DOVECOT=1 to run with Dovecot (Debian package dovecot-imapd)")
	}
	if err := missing(); err != nil {
		tb.Fatal(err)
	}
	root, err := moduleRoot(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	base := tb.TempDir()
	for dir := base; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil {
			tb.Fatal(err)
		}
	}
	if err := fill(base, n); err != nil {
		tb.Fatal(err)
	}
	d, err := startDovecot(filepath.Join(root, "imapx", "imapxtest", "servers"), base)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.stop(); err != nil {
			tb.Error(err)
		}
	})
	return d.addr
}

// BenchmarkTools calls the tools in this process: what is left of a call when
// MCP is taken away, for profiles.
func BenchmarkTools(b *testing.B) {
	addr := serverFor(b, leastMessages)
	backend, err := imapmail.Open(imapmail.Options{Account: "imap", IMAP: imapx.Options{
		Addr: addr, Security: imapx.Cleartext, Username: username, Password: password,
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { backend.Close() })
	mail, err := provider.Open(backend)
	if err != nil {
		b.Fatal(err)
	}
	registry, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		b.Fatal(err)
	}
	caller := &mailtool.Caller{
		Grant:    scopes.Grant{ID: "bench", Scopes: scopes.AllScopes(), Access: scopes.AllAccess(), Accounts: scopes.AllAccounts()},
		Accounts: []mailtool.Account{{ID: "imap", Mail: mail}},
	}
	call := func(tool string, args any) []byte {
		raw, err := json.Marshal(args)
		if err != nil {
			b.Fatal(err)
		}
		res, err := registry.Call(context.Background(), caller, tool, raw)
		if err != nil {
			b.Fatal(err)
		}
		return res.JSON
	}
	var page rows
	if err := json.Unmarshal(call("list_messages", listArgs{Limit: 50}), &page); err != nil {
		b.Fatal(err)
	}
	var ids []string
	for _, r := range page.Rows {
		ids = append(ids, r[0])
	}
	for _, bm := range []struct {
		name, tool string
		args       any
	}{
		{"page of 20", "list_messages", listArgs{Limit: 20}},
		{"page of 50", "list_messages", listArgs{Limit: 50}},
		{"read one", "read_message", readArgs{ids[:1]}},
		{"read ten", "read_message", readArgs{ids[:10]}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				call(bm.tool, bm.args)
			}
		})
	}
}
