package memmail_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
)

func demoNow() time.Time { return time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC) }

func demo(t *testing.T, now func() time.Time) *provider.Account {
	t.Helper()
	box, err := memmail.NewDemo(memmail.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	acct, err := provider.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = acct.Close() })
	return acct
}

// walk lists every message of every folder.
func walk(t *testing.T, acct *provider.Account) map[string][]provider.Summary {
	t.Helper()
	ctx := t.Context()
	folders, err := acct.ListFolders(ctx)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]provider.Summary{}
	for _, f := range folders {
		list := func(ctx context.Context, req provider.PageRequest) (provider.Page[provider.Summary], error) {
			return acct.ListMessages(ctx, provider.ListOptions{Folder: f.ID}, req)
		}
		for s, err := range provider.All(ctx, provider.PageRequest{Limit: provider.MaxLimit}, list) {
			if err != nil {
				t.Fatal(err)
			}
			out[f.Path] = append(out[f.Path], s)
		}
	}
	return out
}

func read(t *testing.T, acct *provider.Account, id provider.MessageID) *provider.Message {
	t.Helper()
	got, err := acct.ReadMessages(t.Context(), []provider.MessageID{id}, provider.ReadOptions{})
	if err != nil || got[0].Err != nil {
		t.Fatalf("read %s: %v, %v", id, err, got)
	}
	return got[0].Message
}

func TestDemoFolders(t *testing.T) {
	folders, err := demo(t, demoNow).ListFolders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	total := 0
	for _, f := range folders {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %d/%d %s", f.Path, f.Unread, f.Total, f.Role)))
		total += f.Total
	}
	want := []string{
		"INBOX 22/57 inbox", "Archive 0/44 archive", "Drafts 0/4 drafts", "Junk 6/9 junk", "Projects/Lighthouse 1/18",
		"Receipts 0/15", "Sent 0/37 sent", "Trash 1/7 trash",
	}
	if diff := cmp.Diff(want, got); diff != "" || total < 190 {
		t.Errorf("%d messages (-want +got):\n%s", total, diff)
	}
}

// TestDemoMessages reads every message; those meant to be damaged are named.
func TestDemoMessages(t *testing.T) {
	damaged := map[string]int{"Grüße vom Ruderclub: Riemen gesucht": 2, "Fax from 0047 555 0143, 1 page": 1, "You are our winner": 0}
	acct := demo(t, demoNow)
	left := regexp.MustCompile(`\{[a-zA-Z0-9]+([+-]\w+)?\}|^@|\n@[@|-]`)
	ids := map[string]bool{}
	var replies []*provider.Message
	for folder, list := range walk(t, acct) {
		for i, s := range list {
			m := read(t, acct, s.ID)
			if n := damaged[m.Subject]; len(m.Defects) != n {
				t.Errorf("%s: %q has defects %q, want %d", folder, m.Subject, m.Defects, n)
			}
			if m.Subject == "" || len(m.From) != 1 || m.HeaderID == "" || m.Text == "" && m.HTML == "" {
				t.Errorf("%s: %q lacks something: %+v", folder, m.Subject, m.Summary)
			}
			for _, text := range []string{m.Subject, m.Text, m.HTML} {
				if strings.ContainsRune(text, utf8.RuneError) || left.MatchString(text) {
					t.Errorf("%s: %q: odd text %.200q", folder, m.Subject, text)
				}
			}
			if s.Received.After(demoNow()) || i > 0 && s.Received.After(list[i-1].Received) {
				t.Errorf("%s: %q is out of time: %v", folder, s.Subject, s.Received)
			}
			if !m.Date.IsZero() && m.Date.Sub(s.Received).Abs() > 24*time.Hour {
				t.Errorf("%s: %q is dated %v and came %v", folder, s.Subject, m.Date, s.Received)
			}
			ids[m.HeaderID] = true
			if len(m.InReplyTo) > 0 {
				replies = append(replies, m)
			}
			checkFiles(t, acct, m)
		}
	}
	for _, m := range replies {
		for _, id := range append(m.References, m.InReplyTo...) {
			if !ids[id] {
				t.Errorf("%q answers %s, which is nowhere", m.Subject, id)
			}
		}
	}
	if len(replies) < 50 {
		t.Errorf("only %d replies", len(replies))
	}
}

// checkFiles opens attachments and checks those of a known kind by what else reads them.
func checkFiles(t *testing.T, acct *provider.Account, m *provider.Message) {
	t.Helper()
	for _, p := range m.Parts {
		_, r, err := acct.OpenPart(t.Context(), m.ID, p.ID)
		if err != nil {
			t.Errorf("%q part %s: %v", m.Subject, p.ID, err)
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil || int64(len(data)) != p.Size || len(data) == 0 {
			t.Errorf("%q part %s: %d bytes of %d, %v", m.Subject, p.ID, len(data), p.Size, err)
		}
		switch {
		case strings.HasSuffix(p.Name, ".pdf"):
			checkPDF(t, data)
		case p.Type == "image/png" && p.Name != "page1.png":
			if _, err := png.Decode(bytes.NewReader(data)); err != nil {
				t.Errorf("%q: %v", p.Name, err)
			}
		case p.Type == "text/calendar" || p.Type == "application/ics":
			if !bytes.HasPrefix(data, []byte("BEGIN:VCALENDAR\r\n")) || !bytes.HasSuffix(data, []byte("END:VCALENDAR\r\n")) {
				t.Errorf("%q: no calendar: %q", m.Subject, data)
			}
		}
	}
}

// checkPDF follows the cross-reference table as a reader does.
func checkPDF(t *testing.T, data []byte) {
	t.Helper()
	m := regexp.MustCompile(`startxref\n(\d+)\n%%EOF\n$`).FindSubmatch(data)
	if m == nil {
		t.Errorf("no startxref in %q", data)
		return
	}
	at, _ := strconv.Atoi(string(m[1]))
	rows := strings.Split(string(data[at:]), "\n")
	for i := 1; i <= 5; i++ {
		offset, err := strconv.Atoi(rows[2+i][:10])
		if want := strconv.Itoa(i) + " 0 obj\n"; err != nil || !bytes.HasPrefix(data[offset:], []byte(want)) {
			t.Errorf("object %d is not at %d, %v", i, offset, err)
		}
	}
}

// TestDemoHas names what a demo is for.
func TestDemoHas(t *testing.T) {
	acct := demo(t, demoNow)
	one := func(q provider.Query) *provider.Message {
		t.Helper()
		q.Everywhere = true
		page, err := acct.Search(t.Context(), q, provider.PageRequest{})
		if err != nil || len(page.Items) == 0 {
			t.Fatalf("%+v: %d found, %v", q, len(page.Items), err)
		}
		return read(t, acct, page.Items[0].ID)
	}
	words := func(w ...string) []string { return w }
	for _, tc := range []struct {
		name string
		q    provider.Query
		ok   func(*provider.Message) bool
	}{
		{"invitation", provider.Query{Subject: words("invitation"), Filename: words("invite.ics")}, func(m *provider.Message) bool {
			return slices.ContainsFunc(m.Parts, func(p provider.Part) bool { return p.Type == "text/calendar" })
		}},
		{"hidden instructions", provider.Query{From: words("harbour-bank-verify")}, func(m *provider.Message) bool {
			return strings.Contains(m.HTML, "display:none") && strings.Contains(m.HTML, "AI assistant") && strings.Contains(m.HTML, "\u200b")
		}},
		{"bounce", provider.Query{Subject: words("Undelivered")}, func(m *provider.Message) bool {
			return strings.Contains(m.Text, "Diagnostic-Code: smtp; 550 5.1.1") && len(m.Parts) == 1 && m.Parts[0].Type == "message/rfc822"
		}},
		{"newsletter", provider.Query{Subject: words("Plank & Rivet 216")}, func(m *provider.Message) bool {
			return strings.Contains(m.HTML, "preheader") && strings.Contains(m.HTML, `width="1" height="1"`) && field(m, "List-Unsubscribe") != ""
		}},
		{"mailing list", provider.Query{From: words("Petra"), Text: words("lighthouse")}, func(m *provider.Message) bool { return field(m, "List-Id") != "" }},
		{"long thread", provider.Query{Subject: words("order SLT-118")}, func(m *provider.Message) bool { return len(m.References) >= 5 }},
		{"Japanese", provider.Query{Text: words("和船工房")}, func(m *provider.Message) bool { return m.From[0].Name == "田中 健一" }},
		{"Cyrillic", provider.Query{Text: words("ЛИСТВЕННИЦА")}, func(m *provider.Message) bool { return m.From[0].Name == "Дмитрий Орлов" }},
		{"Arabic", provider.Query{Subject: words("دعوة")}, func(m *provider.Message) bool { return m.From[0].Name == "سلمى حداد" }},
		{"Chinese", provider.Query{Filename: words("报价单")}, func(m *provider.Message) bool { return m.Subject == "青铜配件报价" }},
		{"huge", provider.Query{Larger: 1 << 20}, func(m *provider.Message) bool { return m.TextTruncated && len(m.Text) == provider.DefaultMaxText }},
		{"draft", provider.Query{With: provider.Draft}, func(m *provider.Message) bool { return m.Folder == "Drafts" }},
		{"failed authentication", provider.Query{Subject: words("card is blocked")}, func(m *provider.Message) bool {
			return strings.Contains(field(m, "Authentication-Results"), "dmarc=fail")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if m := one(tc.q); !tc.ok(m) {
				t.Errorf("%q is not what it should be: parts %+v\n%.1000s\n%.3000s", m.Subject, m.Parts, m.Text, m.HTML)
			}
		})
	}
}

func field(m *provider.Message, name string) string {
	for _, f := range m.Header {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// TestDemoCharsets: texts are really sent in the charsets they name.
func TestDemoCharsets(t *testing.T) {
	acct := demo(t, demoNow)
	found := map[string]bool{}
	for _, list := range walk(t, acct) {
		for _, s := range list {
			kind := field(read(t, acct, s.ID), "Content-Type")
			if _, label, ok := strings.Cut(kind, "charset="); ok {
				found[label] = true
			}
		}
	}
	for _, want := range []string{"windows-1251", "koi8-r", "iso-2022-jp", "iso-8859-1", "iso-8859-2", "windows-1256", "euc-kr"} {
		if !found[want] {
			t.Errorf("no message in %s", want)
		}
	}
}

// TestDemoIsDeterministic: one clock, one mailbox; another clock, the same mailbox on other days.
func TestDemoIsDeterministic(t *testing.T) {
	first, second := walk(t, demo(t, demoNow)), walk(t, demo(t, demoNow))
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("two mailboxes of one moment differ:\n%s", diff)
	}
	for _, now := range []time.Time{
		time.Date(2027, 3, 1, 0, 5, 0, 0, time.FixedZone("", -7*3600)), time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC),
	} {
		later := walk(t, demo(t, func() time.Time { return now }))
		for folder, list := range first {
			if len(later[folder]) != len(list) {
				t.Errorf("at %v %s has %d messages, want %d", now, folder, len(later[folder]), len(list))
			}
			for _, s := range later[folder] {
				if s.Received.After(now) {
					t.Errorf("at %v %q came in the future, %v", now, s.Subject, s.Received)
				}
			}
		}
	}
}

func BenchmarkDemo(b *testing.B) {
	for b.Loop() {
		if _, err := memmail.NewDemo(memmail.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
