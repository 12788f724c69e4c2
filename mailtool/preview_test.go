package mailtool_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/imapmail"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

// previews are a list's, newest first.
func (tr *triage) previews(tool string, a args) []string {
	tr.t.Helper()
	page := tr.list(tool, args{"include_body": true}.with(a))
	at := slices.Index(page.Columns, "preview")
	var out []string
	for _, row := range page.Rows {
		out = append(out, row[at])
	}
	return out
}

func TestPreviews(t *testing.T) {
	head := "From: Bob <bob@example.com>\nSubject: s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"
	tests := []struct {
		name, raw string
		check     func(string) bool
	}{
		{"short", head + "Hello.\n", func(p string) bool { return p == "Hello." }},
		{"long", head + strings.Repeat("word ", 1000), func(p string) bool {
			n := utf8.RuneCountInString(p)
			return n > 1900 && n <= 2003 && strings.HasSuffix(p, "...") && strings.HasPrefix(p, "word word")
		}},
		{"counted in characters", head + strings.Repeat("\u4f1a", 1500), func(p string) bool { return p == strings.Repeat("\u4f1a", 1500) }},
		{"cleaned", head + "He\u200bl\u202elo\n", func(p string) bool { return p == "Hello" }},
		{"of HTML", strings.Replace(head, "text/plain", "text/html", 1) + "<style>" + strings.Repeat("a{color:red}", 3000) +
			"</style><p style=\"display:none\">hidden</p><p>Seen</p>", func(p string) bool { return p == "Seen" }},
		{"without what it quotes", head + "Agreed.\n\nOn Mon, 2 Nov 2026 at 10:00, Ann Lee <ann@example.org> wrote:\n> Shall we?\n> Or not?\n", func(p string) bool {
			return strings.Contains(p, "Agreed.") && !strings.Contains(p, "Shall we?")
		}},
		{"of nothing", head, func(p string) bool { return p == "" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tr := newTriage(t, keeping{server: true})
			tr.put("INBOX", test.raw)
			for tool, a := range map[string]args{"list_messages": {}, "search_messages": {"folders": []string{"inbox"}}} {
				if got := tr.previews(tool, a); len(got) != 1 || !test.check(got[0]) {
					t.Errorf("%s: %q", tool, got)
				}
			}
		})
	}
}

// TestManyPreviews: at most 20 rows, and never more than an answer holds: what
// does not fit comes behind the cursor.
func TestManyPreviews(t *testing.T) {
	tr := newTriage(t, keeping{server: true})
	var want []string
	for i := range 45 {
		want = append(want, tr.put("INBOX", fmt.Sprintf(
			"Subject: %d\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n%s", i, strings.Repeat("\u4f1a\u8b70\n", 900))))
	}
	slices.Reverse(want)
	a, got := args{"include_body": true, "limit": 200, "cursor": ""}, []string(nil)
	for range 20 {
		raw, err := tr.call("list_messages", a)
		if err != nil || len(raw) > 60_000 {
			t.Fatalf("%d bytes, %v", len(raw), err)
		}
		page := tr.list("list_messages", a)
		if len(page.Rows) > 20 || len(page.Rows) == 0 {
			t.Errorf("%d rows", len(page.Rows))
		}
		for _, row := range page.Rows {
			got = append(got, row[0])
		}
		if a["cursor"] = page.NextCursor; page.NextCursor == "" {
			break
		}
	}
	same(t, "messages", got, want)
}

// halting reads some messages, or none.
type halting struct {
	provider.Provider
	provider.Folders
	provider.Reader
	err error
}

func (h halting) ReadMessages(ctx context.Context, ids []provider.MessageID, o provider.ReadOptions) ([]provider.ReadResult, error) {
	if h.err != nil {
		return nil, h.err
	}
	got, err := h.Reader.ReadMessages(ctx, ids, o)
	got[0] = provider.ReadResult{ID: ids[0], Err: &provider.Error{Code: provider.Unavailable}}
	return got, err
}

// TestPreviewsThatFail: a list is a list without them, and its cells say so.
func TestPreviewsThatFail(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want []string
	}{
		{"one", nil, []string{"(could not be read: unavailable)", "Text."}},
		{"all", &provider.Error{Code: provider.RateLimited}, []string{"(could not be read: rate_limited)", "(could not be read: rate_limited)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tr := newTriage(t, keeping{server: true})
			box, err := memmail.New(memmail.Options{Account: "dm"})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := box.Deliver("INBOX", []byte("Subject: s\r\n\r\nText.\r\n"), memmail.Delivery{}); err != nil {
					t.Fatal(err)
				}
			}
			acct, err := provider.Open(halting{box, box, box, test.err})
			if err != nil {
				t.Fatal(err)
			}
			tr.caller.Accounts[0].Mail = acct
			same(t, "previews", tr.previews("list_messages", nil), test.want)
		})
	}
}

// TestPreviewsNeedReading: who may only search sees rows without them.
func TestPreviewsNeedReading(t *testing.T) {
	tr := newTriage(t, keeping{server: true})
	tr.fill("INBOX", 1)
	tr.caller.Grant.Scopes = scopes.NewSet(scopes.MailSearch)
	if _, err := tr.call("search_messages", args{"include_body": true}); !errors.Is(err, mailtool.InsufficientScope) {
		t.Errorf("previews without mail:read: %v", err)
	}
	if page := tr.list("search_messages", args{}); len(page.Rows) != 1 || slices.Contains(page.Columns, "preview") {
		t.Errorf("%+v", page)
	}
	for _, v := range tr.reg.Visible(tr.caller) {
		if strings.Contains(string(v.InputSchema), "include_body") {
			t.Errorf("%s offers previews", v.Name)
		}
	}
}

// TestPreviewRoundTrips: what twenty previews cost on the wire, of small messages
// and when some are large.
func TestPreviewRoundTrips(t *testing.T) {
	for _, test := range []struct {
		name  string
		large int
		trips int
		bytes int64
	}{
		{"small", 0, 3, 40 << 10}, // the list, and ten messages at a time
		{"some of 2 MB", 4, 4, 2 << 20},
	} {
		t.Run(test.name, func(t *testing.T) {
			srv := imapxtest.Memory(t)
			for i := range 20 {
				text := "Text of the letter.\r\n"
				if i < test.large {
					text = strings.Repeat("A line of a very long letter.\r\n", 2<<20/31)
				}
				srv.Append(t, "INBOX", fmt.Appendf(nil, "From: Bob <bob@example.com>\r\nSubject: letter %d\r\nMessage-ID: <%d@example.com>\r\n\r\n%s", i, i, text))
			}
			count := imapxtest.Count(t, srv.TLSAddr)
			count.Hold(30 * time.Millisecond)
			b, err := imapmail.Open(imapmail.Options{Account: "dm", IMAP: imapx.Options{
				Addr: count.Addr, TLSConfig: &tls.Config{RootCAs: srv.CA, ServerName: "localhost"}, Username: srv.Username, Password: srv.Password, Progress: 20 * time.Second,
			}})
			if err != nil {
				t.Fatal(err)
			}
			acct, err := provider.Open(b)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = acct.Close() })
			tr := newTriage(t, keeping{server: true})
			tr.caller.Accounts[0].Mail = acct
			tr.list("list_messages", args{}) // logs in
			count.Reset()
			if got := tr.previews("list_messages", nil); len(got) != 20 || !strings.HasPrefix(got[0], "Text of the letter.") {
				t.Errorf("previews %q", got)
			}
			t.Logf("%d round trips, %d bytes", count.RoundTrips(), count.Received())
			if count.RoundTrips() > test.trips || count.Received() > test.bytes {
				t.Errorf("%d round trips, %d bytes, want at most %d and %d", count.RoundTrips(), count.Received(), test.trips, test.bytes)
			}
		})
	}
}
