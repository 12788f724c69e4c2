package postern_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tiktoken-go/tokenizer"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

// Budgets, in tokens of o200k (docs/DESIGN.md section 6).
const (
	listBudget      = 2500 // tools of the five mail scopes: names, descriptions, input schemas
	discoveryBudget = 700  // the same behind four tools
	pageBudget      = 900  // a page of 20
	mixedBudget     = 7000 // ten mixed messages
	noticeBudget    = 40   // the notice that an answer's words are a stranger's
	fenceBudget     = 20   // the nonces around a body
)

// counter counts tokens as recent models do.
func counter(t *testing.T) func(text string) int {
	t.Helper()
	enc, err := tokenizer.Get(tokenizer.O200kBase)
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) int {
		n, err := enc.Count(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

// fiveScopes is a caller with the five scopes of mail on one account.
func fiveScopes(t *testing.T, box *memmail.Backend) (*mailtool.Registry, *mailtool.Caller) {
	t.Helper()
	acct, err := provider.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = acct.Close() })
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	return reg, &mailtool.Caller{
		Grant: scopes.Grant{
			ID: "g", Scopes: scopes.NewSet(scopes.MailFolders, scopes.MailRead, scopes.MailSearch, scopes.MailModify, scopes.MailSend),
			Access: scopes.AllAccess(), Accounts: scopes.AllAccounts(), Gates: scopes.AllGates(),
		},
		Accounts: []mailtool.Account{{ID: "work", Mail: acct, Zone: time.UTC}},
	}
}

// listed is what a host puts before a model of one tool.
type listed struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	InputSchema json.RawMessage `json:"input_schema"`
}

func TestToolListTokens(t *testing.T) {
	count := counter(t)
	box, err := memmail.NewDemo(memmail.Options{Account: "work"})
	if err != nil {
		t.Fatal(err)
	}
	reg, caller := fiveScopes(t, box)
	discovery, err := reg.Discovery()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		reg    *mailtool.Registry
		budget int
	}{{"all", reg, listBudget}, {"discovery", discovery, discoveryBudget}} {
		t.Run(test.name, func(t *testing.T) {
			total := 0
			for _, v := range test.reg.Visible(caller) {
				raw, err := json.Marshal(listed{v.Name, v.Description, v.InputSchema})
				if err != nil {
					t.Fatal(err)
				}
				n := count(string(raw))
				t.Logf("%5d  %s", n, v.Name)
				total += n
			}
			if t.Logf("%5d in all, of %d", total, test.budget); total > test.budget {
				t.Error("over the budget")
			}
		})
	}
}

func TestPageTokens(t *testing.T) {
	count := counter(t)
	box, err := memmail.NewDemo(memmail.Options{Account: "work"})
	if err != nil {
		t.Fatal(err)
	}
	reg, caller := fiveScopes(t, box)
	res, err := reg.Call(context.Background(), caller, "list_messages", nil)
	if err != nil {
		t.Fatal(err)
	}
	var page struct{ Rows [][]string }
	if err := json.Unmarshal(res.JSON, &page); err != nil || len(page.Rows) != 20 {
		t.Fatalf("%d rows, %v", len(page.Rows), err)
	}
	if n := count(string(res.JSON)); n > pageBudget {
		t.Errorf("a page of 20 costs %d tokens, more than %d:\n%s", n, pageBudget, res.JSON)
	} else {
		t.Logf("%d tokens, %d bytes", n, len(res.JSON))
	}
}

// triage are ten messages, one of each kind that costs a reader most.
func triage(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	files, err := filepath.Glob("testdata/triage/*.eml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".eml")] = raw
	}
	page, err := os.ReadFile("internal/mailtext/testdata/newsletter/retail.html")
	if err != nil {
		t.Fatal(err)
	}
	out["newsletter"] = append([]byte("From: Shop <news@shop.example>\nTo: ann@example.org\nSubject: This week\nDate: Thu, 19 Nov 2026 06:00:00 +0000\nMessage-ID: <n1@shop.example>\n"+
		"List-Unsubscribe: <https://shop.example/u/8c1>, <mailto:leave-8c1@shop.example>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n"+
		"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"), page...)
	out["large"] = large(11 << 20)
	if len(out) != 10 {
		t.Fatalf("%d kinds of messages", len(out))
	}
	return out
}

// large is a message with an attachment of so many bytes as it travels.
func large(size int) []byte {
	var b bytes.Buffer
	b.WriteString("From: Helen Carver <helen@carverdesign.example.com>\nTo: ann@example.org\nSubject: Photographs of the hull\nDate: Wed, 18 Nov 2026 07:48:00 +0000\n" +
		"Message-ID: <hel3@carverdesign.example.com>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n" +
		"Ann, here are all the photographs of the coamings, as you asked. The third shows the lifting best.\n\nHelen\n" +
		"--b\nContent-Type: application/zip\nContent-Disposition: attachment; filename=photographs.zip\nContent-Transfer-Encoding: base64\n\n")
	line := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("JPEG"), 14)) + "\n"
	for b.Len() < size {
		b.WriteString(line)
	}
	b.WriteString("--b--\n")
	return b.Bytes()
}

func TestMixedTokens(t *testing.T) {
	count := counter(t)
	box, err := memmail.New(memmail.Options{Account: "work", Identities: []provider.Address{{Addr: "ann@example.org"}}})
	if err != nil {
		t.Fatal(err)
	}
	reg, caller := fiveScopes(t, box)
	var ids []string
	for name, raw := range triage(t) {
		id, err := box.Deliver("INBOX", bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")), memmail.Delivery{})
		if err != nil {
			t.Fatal(err)
		}
		res := read(t, reg, caller, string(id))
		t.Logf("%5d tokens, %6d bytes of %8d  %s", count(string(res)), len(res), len(raw), name)
		ids = append(ids, string(id))
	}
	res := read(t, reg, caller, ids...)
	n := count(string(res))
	t.Logf("%5d tokens in all", n)
	if n > mixedBudget {
		t.Errorf("ten mixed messages cost %d tokens, more than %d", n, mixedBudget)
	}
}

func read(t *testing.T, reg *mailtool.Registry, caller *mailtool.Caller, ids ...string) json.RawMessage {
	t.Helper()
	args, err := json.Marshal(struct {
		IDs []string `json:"ids"`
	}{ids})
	if err != nil {
		t.Fatal(err)
	}
	res, err := reg.Call(context.Background(), caller, "read_message", args)
	if err != nil {
		t.Fatal(err)
	}
	return res.JSON
}

// TestUntrustedTokens: what marks strangers' words costs little, whatever the nonce is.
func TestUntrustedTokens(t *testing.T) {
	count := counter(t)
	box, err := memmail.New(memmail.Options{Account: "work"})
	if err != nil {
		t.Fatal(err)
	}
	reg, caller := fiveScopes(t, box)
	id, err := box.Deliver("INBOX", []byte("From: a@b.test\r\n\r\nHello there\r\n"), memmail.Delivery{})
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		var out struct {
			Untrusted string
			Messages  []struct{ Body string }
		}
		if err := json.Unmarshal(read(t, reg, caller, string(id)), &out); err != nil {
			t.Fatal(err)
		}
		notice := fmt.Sprintf(`"untrusted":%q,`, out.Untrusted)
		if n := count(notice); n > noticeBudget {
			t.Errorf("%d tokens: %s", n, notice)
		}
		marked, bare := fmt.Sprintf("%q", out.Messages[0].Body), `"Hello there"`
		if n := count(marked) - count(bare); n > fenceBudget {
			t.Errorf("%d tokens: %s", n, marked)
		}
	}
}
