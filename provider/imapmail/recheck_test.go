package imapmail

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

func TestPlausible(t *testing.T) {
	head := strings.ReplaceAll(`From: "Lee, Ann" <user421@example.org>
To: =?utf-8?q?J=C3=B6rg_Stra=C3=9Fe?= <joerg@example.org>,
 team: x@example.net;
Bcc: boss@example.com
Subject: Quarterly   report
  for =?utf-8?b?xLBzdGFuYnVs?=

`, "\n", "\r\n")
	h, _ := mailmime.ParseHeader([]byte(head))
	e := entry{header: h, Summary: provider.Summary{From: addresses(h.From), To: addresses(h.To), Cc: addresses(h.Cc), Subject: h.Subject}}
	words := func(w ...string) []string { return w }
	for _, tt := range []struct {
		name string
		q    provider.Query
		want bool
	}{
		{"nothing asked", provider.Query{}, true},
		{"address", provider.Query{From: words("USER421@")}, true},
		{"a word that only begins so", provider.Query{From: words("user42@")}, false},
		{"one of two words", provider.Query{From: words("ann", "bob")}, false},
		{"name as shown", provider.Query{From: words("Lee, Ann <user")}, true},
		{"name as written", provider.Query{From: words(`"Lee, Ann" <user`)}, true},
		{"letters folded", provider.Query{To: words("jorg strasse")}, true},
		{"letters in capitals", provider.Query{To: words("JÖRG STRASSE")}, true},
		{"a name of a group", provider.Query{To: words("team")}, true},
		{"bcc", provider.Query{To: words("boss@")}, true},
		{"bcc is not cc", provider.Query{Cc: words("boss@")}, false},
		{"over a line end", provider.Query{Subject: words("report for istanbul")}, true},
		{"blanks", provider.Query{Subject: words("quarterly report")}, true},
		{"another subject", provider.Query{Subject: words("weekly")}, false},
		{"text is the server's", provider.Query{Text: words("absent"), Body: words("absent")}, true},
		{"one of several", provider.Query{Any: [][]provider.Query{{{From: words("bob")}, {Subject: words("report")}}}}, true},
		{"one of several with text", provider.Query{Any: [][]provider.Query{{{From: words("bob")}, {Text: words("x")}}}}, true},
		{"none of several", provider.Query{Any: [][]provider.Query{{{From: words("bob")}, {Subject: words("weekly")}}}}, false},
		{"excluded is the server's", provider.Query{Not: []provider.Query{{From: words("ann")}}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := plausible(tt.q, e); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
	for _, subject := range []string{"=?big5?q?=FF=FE?=", "=?utf-8?q?no end"} {
		odd, _ := mailmime.ParseHeader([]byte("Subject: " + subject + "\r\n\r\n"))
		if !plausible(provider.Query{Subject: words("whatever")}, entry{header: odd}) {
			t.Errorf("%q, which only the server may know to read, is left out", subject)
		}
	}
	if s := (sieve{query: provider.Query{From: words("absent")}}); !s.passes(entry{header: h, cut: true}) {
		t.Error("a header that was cut short decides")
	}
}

// FuzzLoose: what holds a word as it is written holds it loosely too, as long
// as the word ends where a letter does.
func FuzzLoose(f *testing.F) {
	f.Add("Grüße  an\tİstanbul", 2, 9)
	f.Fuzz(func(t *testing.T, text string, from, to int) {
		runes := []rune(text)
		if from < 0 || to > len(runes) || from >= to || to < len(runes) && unicode.Is(unicode.Mn, runes[to]) {
			return
		}
		word := string(runes[from:to])
		if got, want := loose(string(runes)), loose(word); !strings.Contains(got, want) {
			t.Errorf("%q holds %q, and %q not %q", text, word, got, want)
		}
	})
}

// TestIndexOfWords: a server that finds words by their beginning. What it finds
// too much is left out, also of the count, and a page is filled all the same.
func TestIndexOfWords(t *testing.T) {
	acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "", func(command string) string {
			switch {
			case strings.HasPrefix(command, "EXAMINE"):
				return "* 40 EXISTS\n* OK [UIDVALIDITY 7] ok\n* OK [UIDNEXT 41] ok\n$ OK open\n"
			case strings.HasPrefix(command, "UID SEARCH"):
				to := 40
				_, _ = fmt.Sscanf(command, "UID SEARCH UID 1:%d ", &to)
				var out strings.Builder
				for u := 1; u <= to; u++ {
					fmt.Fprint(&out, " ", u)
				}
				return "* SEARCH" + out.String() + "\n$ OK done\n"
			case strings.HasPrefix(command, "UID FETCH"):
				var out strings.Builder
				for u := 1; u <= 40; u++ {
					from := "user421@example.org"
					if u%4 == 0 {
						from = "User42@example.org"
					}
					out.WriteString(strings.TrimSuffix(listed(u, from, fmt.Sprint("message ", u)), "$ OK done\n"))
				}
				return out.String() + "$ OK done\n"
			}
			return ""
		})
	})
	q := provider.Query{In: []provider.FolderID{"INBOX"}, From: []string{"user42@"}}
	first, err := acct.Search(t.Context(), q, provider.PageRequest{Limit: 6})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "first page", []string{"message 40", "message 36", "message 32", "message 28", "message 24", "message 20"}, subjects(first.Items))
	if first.Total != 0 {
		t.Errorf("a total of %d, which counts what does not match", first.Total)
	}
	second, err := acct.Search(t.Context(), q, provider.PageRequest{Limit: 6, After: first.Next})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "second page", []string{"message 16", "message 12", "message 8", "message 4"}, subjects(second.Items))
	all, err := acct.Search(t.Context(), q, provider.PageRequest{})
	if err != nil || len(all.Items) != 10 || all.Total != 10 || all.Next != "" {
		t.Errorf("%d items of %d, next %q, %v", len(all.Items), all.Total, all.Next, err)
	}
}

// TestBccDecidedByUs: what a server cannot decide in one term finds a hidden
// recipient too.
func TestBccDecidedByUs(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		srv.Append(t, "Sent", []byte("From: me@example.org\r\nTo: ann@example.org\r\nBcc: Boss <boss@example.com>\r\nSubject: hidden\r\n\r\nx\r\n"))
		srv.Append(t, "Sent", []byte("From: me@example.org\r\nTo: ann@example.org\r\nSubject: open\r\n\r\nx\r\n"))
		acct, _, _ := account(t, srv, nil)
		boss := provider.Query{To: []string{"boss@"}}
		for name, q := range map[string]provider.Query{
			"alone":                boss,
			"beside an attachment": {Any: [][]provider.Query{{{HasAttach: true}, boss}}},
			"twice excluded":       {Not: []provider.Query{{Not: []provider.Query{{Any: [][]provider.Query{{{HasAttach: true}, boss}}}}}}},
		} {
			q.In = []provider.FolderID{provider.FolderID(srv.Path("Sent"))}
			got, err := acct.Search(t.Context(), q, provider.PageRequest{})
			if err != nil {
				t.Fatal(name, err)
			}
			diff(t, name, []string{"hidden"}, subjects(got.Items))
		}
	})
}

// TestRefusedCharsets: few servers that search ASCII only say so in the one way
// there is for it.
func TestRefusedCharsets(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         provider.Code // of a search that they had to decide
		fallback     bool
		tries        int // searches with a charset, of two that we can decide
	}{
		{"by the code", "NO [BADCHARSET (US-ASCII)] speak plainly", provider.Unsupported, true, 1},
		{"bad", "BAD unknown argument", provider.Unsupported, true, 1},
		{"no", "NO that I cannot", provider.Unsupported, true, 2},
		{"no, for another reason", "NO [NOPERM] not yours", provider.Denied, false, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			tries := 0
			acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) {
				o.IMAP = imapx.Options{Addr: asciiServer(t, tt.answer, func() { mu.Lock(); tries++; mu.Unlock() }), Security: imapx.Cleartext, Username: "ann", Password: "x", Progress: 2 * time.Second}
			})
			in := []provider.FolderID{"INBOX"}
			for range 2 {
				got, err := acct.Search(t.Context(), provider.Query{In: in, Subject: []string{"grüße"}}, provider.PageRequest{})
				if !tt.fallback {
					wantCode(t, err, tt.want)
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				diff(t, "found", []string{"Grüße an Ann"}, subjects(got.Items))
			}
			if tries != tt.tries {
				t.Errorf("%d searches with a charset, want %d", tries, tt.tries)
			}
			_, err := acct.Search(t.Context(), provider.Query{In: in, Body: []string{"grüße"}}, provider.PageRequest{})
			wantCode(t, err, tt.want)
		})
	}
}

// TestRealIndexOfWords does the same on Dovecot with Xapian.
func TestRealIndexOfWords(t *testing.T) {
	srv := imapxtest.Dovecot(t, imapxtest.Options{Index: true})
	var all [][]byte
	for n := range 60 {
		user := []string{"user42", "user421", "user4200"}[n%3]
		all = append(all, fmt.Appendf(nil, "From: %s@example.org\r\nTo: bob@example.com\r\nSubject: message %d\r\n\r\nwords of user42@ and others\r\n", user, n))
	}
	srv.AppendAll(t, "INBOX", all)
	acct, b, _ := account(t, srv, nil)
	q := provider.Query{In: []provider.FolderID{"INBOX"}, From: []string{"user42@"}}
	err := b.pool.Read(t.Context(), "INBOX", func(c *imapx.Conn) error {
		hits, err := c.Search(t.Context(), imapx.Criteria{Header: []imapx.HeaderTerm{{Field: "From", Text: "user42@"}}}, 100)
		if hits.Total <= 20 {
			t.Errorf("the server finds %d of 20, so this shows nothing", hits.Total)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for s, err := range provider.All(t.Context(), provider.PageRequest{Limit: 7}, func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
		return acct.Search(ctx, q, page)
	}) {
		if err != nil {
			t.Fatal(err)
		}
		if found++; s.From[0].Addr != "user42@example.org" {
			t.Errorf("found a message of %s", s.From[0].Addr)
		}
	}
	if found != 20 {
		t.Errorf("%d messages, want 20", found)
	}
	body, err := acct.Search(t.Context(), provider.Query{In: q.In, Body: []string{"words"}}, provider.PageRequest{})
	if err != nil || len(body.Items) != provider.DefaultLimit {
		t.Errorf("%d items, %v", len(body.Items), err)
	}
}
