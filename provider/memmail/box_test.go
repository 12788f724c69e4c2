package memmail_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
)

const letter = "From: Bob <bob@example.net>\r\nTo: ann@example.org\r\nSubject: Keel bolts\r\nMessage-ID: <k1@example.net>\r\n\r\nTwelve, please.\r\n"

func outgoing() provider.Outgoing {
	return provider.Outgoing{
		From: provider.Address{Name: "Ann Lee", Addr: "ann@example.org"}, To: []provider.Address{{Addr: "bob@example.net"}},
		Subject: "Keel bolts", Text: "On their way.\n", HeaderID: "s1@example.org", Date: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
	}
}

func account(t *testing.T, box *memmail.Backend) *provider.Account {
	t.Helper()
	acct, err := provider.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	return acct
}

func subjects(t *testing.T, acct *provider.Account, folder string) []string {
	t.Helper()
	page, err := acct.ListMessages(t.Context(), provider.ListOptions{Folder: provider.FolderID(folder)}, provider.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range page.Items {
		out = append(out, s.Subject)
	}
	return out
}

func TestNewNeedsAnAccount(t *testing.T) {
	if _, err := memmail.New(memmail.Options{}); !errors.Is(err, provider.Invalid) {
		t.Errorf("got %v, want invalid", err)
	}
}

func TestNoIdentityNoSending(t *testing.T) {
	box, err := memmail.New(memmail.Options{Account: "mem"})
	if err != nil {
		t.Fatal(err)
	}
	if box.Capabilities().Can(provider.CapSend) {
		t.Error("a mailbox without an address reports that it can send")
	}
}

func TestSend(t *testing.T) {
	box := open(t, memmail.Options{})
	acct := account(t, box)
	m := outgoing()
	m.Cc = []provider.Address{{Addr: "Info@Example.org"}}
	m.Bcc = []provider.Address{{Name: "Hidden", Addr: "carol@bücher.example"}}
	receipt, err := acct.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"bob@example.net", "Info@Example.org", "carol@xn--bcher-kva.example"}
	if diff := cmp.Diff(want, receipt.Accepted); diff != "" || receipt.Copy != provider.CopyFiled || receipt.HeaderID != "s1@example.org" {
		t.Errorf("receipt %+v\n%s", receipt, diff)
	}
	sent := box.Sent()
	if len(sent) != 1 || sent[0].From != "ann@example.org" || !cmp.Equal(sent[0].Recipients, want) || bytes.Contains(sent[0].Raw, []byte("carol")) {
		t.Errorf("sent %+v", sent)
	}
	sent[0].Raw[0] = 'X'
	if again := box.Sent(); again[0].Raw[0] == 'X' {
		t.Error("writing to what Sent returned changed the mailbox")
	}
	// One of the recipients is an address of the account.
	if diff := cmp.Diff([]string{"Keel bolts"}, subjects(t, acct, "INBOX")); diff != "" {
		t.Errorf("inbox:\n%s", diff)
	}
	if got := read(t, acct, receipt.CopyID); got.Folder != "Sent" || got.Flags != provider.Seen || got.HeaderID != "s1@example.org" {
		t.Errorf("the copy is %+v", got.Summary)
	}
}

func TestSendRefused(t *testing.T) {
	box := open(t, memmail.Options{Refuse: func(address string) *provider.Refusal {
		if strings.HasPrefix(address, "bob") {
			return &provider.Refusal{Status: 550, Text: "unknown"}
		}
		return nil
	}})
	m := outgoing()
	m.Cc = []provider.Address{{Addr: "ann@example.org"}}
	receipt, err := account(t, box).Send(t.Context(), m)
	if !errors.Is(err, provider.Denied) || len(receipt.Accepted) != 0 {
		t.Errorf("error %v, receipt %+v", err, receipt)
	}
	if diff := cmp.Diff([]provider.Refusal{{Address: "bob@example.net", Status: 550, Text: "unknown"}}, receipt.Refused); diff != "" {
		t.Error(diff)
	}
	if len(box.Sent()) != 0 || len(subjects(t, account(t, box), "Sent")) != 0 || len(subjects(t, account(t, box), "INBOX")) != 0 {
		t.Error("one recipient was refused, and something was sent")
	}
}

func TestSendInvalid(t *testing.T) {
	box := open(t, memmail.Options{})
	for name, edit := range map[string]func(*provider.Outgoing){
		"bad id":        func(m *provider.Outgoing) { m.HeaderID = "a b" },
		"bad reference": func(m *provider.Outgoing) { m.References = []string{"a\r\nb"} },
		"bad domain":    func(m *provider.Outgoing) { m.To[0].Addr = "bob@exa..mple" },
		"file path":     func(m *provider.Outgoing) { m.Attachments = []provider.Attachment{{Name: "../x", Data: []byte("x")}} },
		"no recipient":  func(m *provider.Outgoing) { m.To = nil },
	} {
		m := outgoing()
		edit(&m)
		if _, err := box.Send(t.Context(), m); !errors.Is(err, provider.Invalid) {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
	if len(box.Sent()) != 0 {
		t.Error("something was sent")
	}
}

// TestFault fails one operation after another; each leaves the mailbox as it was.
func TestFault(t *testing.T) {
	broken := &provider.Error{Code: provider.Unavailable, Err: errors.New("try later")}
	failing := ""
	box := open(t, memmail.Options{Fault: func(_ context.Context, op string) error {
		if op == failing {
			return broken
		}
		return nil
	}})
	acct := account(t, box)
	id := deliver(t, box, "INBOX", letter)
	ctx, ids := t.Context(), []provider.MessageID{id}
	for op, call := range map[string]func() error{
		"list folders":  func() error { _, err := acct.ListFolders(ctx); return err },
		"create folder": func() error { _, err := acct.CreateFolder(ctx, "New"); return err },
		"rename folder": func() error { _, err := acct.RenameFolder(ctx, "Archive", "New"); return err },
		"delete folder": func() error { return acct.DeleteFolder(ctx, "Archive", true) },
		"list messages": func() error {
			_, err := acct.ListMessages(ctx, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
			return err
		},
		"read messages":      func() error { _, err := acct.ReadMessages(ctx, ids, provider.ReadOptions{}); return err },
		"open part":          func() error { _, _, err := acct.OpenPart(ctx, id, "1"); return err },
		"search":             func() error { _, err := acct.Search(ctx, provider.Query{}, provider.PageRequest{}); return err },
		"set flags":          func() error { _, err := acct.SetFlags(ctx, ids, provider.FlagChange{Add: provider.Seen}); return err },
		"move":               func() error { _, err := acct.Move(ctx, ids, "Archive"); return err },
		"delete":             func() error { _, err := acct.Delete(ctx, ids, false); return err },
		"delete permanently": func() error { _, err := acct.Delete(ctx, ids, true); return err },
		"send":               func() error { _, err := acct.Send(ctx, outgoing()); return err },
	} {
		failing = op
		if err := call(); !errors.Is(err, provider.Unavailable) {
			t.Errorf("%s: got %v, want unavailable", op, err)
		}
	}
	failing = "file copy"
	receipt, err := acct.Send(ctx, outgoing())
	if err != nil || receipt.Copy != provider.CopyFailed || !errors.Is(receipt.CopyErr, provider.Unavailable) || len(box.Sent()) != 1 {
		t.Errorf("the copy failed: error %v, receipt %+v", err, receipt)
	}
	failing = ""
	if m := read(t, acct, id); m.Flags != 0 || m.Folder != "INBOX" || len(subjects(t, acct, "Sent")) != 0 {
		t.Errorf("after the faults: %+v", m.Summary)
	}
}

func TestStaleIDs(t *testing.T) {
	box := open(t, memmail.Options{})
	acct := account(t, box)
	inbox := deliver(t, box, "INBOX", letter)
	if _, err := acct.CreateFolder(t.Context(), "Old/Letters"); err != nil {
		t.Fatal(err)
	}
	old := deliver(t, box, "Old/Letters", letter)
	if _, err := acct.RenameFolder(t.Context(), "Old", "Very old"); err != nil {
		t.Fatal(err)
	}
	if m := read(t, acct, old); m.Folder != "Very old/Letters" {
		t.Errorf("after the folder above was renamed the message is in %q", m.Folder)
	}
	if err := acct.DeleteFolder(t.Context(), "Very old/Letters", true); err != nil {
		t.Fatal(err)
	}
	if err := box.Rebuild("inbox"); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[provider.MessageID]provider.Code{
		inbox: provider.Conflict, old: provider.Conflict, "mem-zz.1": provider.Invalid, "mem-1": provider.Invalid, "mem-2.1": provider.NotFound,
	} {
		got, err := acct.ReadMessages(t.Context(), []provider.MessageID{id}, provider.ReadOptions{})
		if err != nil || !errors.Is(got[0].Err, want) {
			t.Errorf("read %s: %v, %v; want %s", id, err, got, want)
		}
	}
	if err := box.Rebuild("nowhere"); !errors.Is(err, provider.NotFound) {
		t.Errorf("rebuild of a folder that is not: %v", err)
	}
	if _, err := box.Deliver("nowhere", nil, memmail.Delivery{}); !errors.Is(err, provider.NotFound) {
		t.Errorf("delivery to a folder that is not: %v", err)
	}
}

func TestFolderRules(t *testing.T) {
	acct := account(t, open(t, memmail.Options{}))
	for _, tc := range []struct {
		name string
		call func() error
		want provider.Code
	}{
		{"make the inbox again, in other letters", func() error { _, err := acct.CreateFolder(t.Context(), "Inbox"); return err }, provider.Conflict},
		{"empty level", func() error { _, err := acct.CreateFolder(t.Context(), "a//b"); return err }, provider.Invalid},
		{"level of blanks", func() error { _, err := acct.CreateFolder(t.Context(), "a/ "); return err }, provider.Invalid},
		{"trailing delimiter", func() error { _, err := acct.CreateFolder(t.Context(), "a/"); return err }, provider.Invalid},
		{"rename the inbox", func() error { _, err := acct.RenameFolder(t.Context(), "INBOX", "In"); return err }, provider.Denied},
		{"delete the inbox", func() error { return acct.DeleteFolder(t.Context(), "INBOX", true) }, provider.Denied},
		{"below itself", func() error { _, err := acct.RenameFolder(t.Context(), "Archive", "Archive/2025"); return err }, provider.Invalid},
	} {
		if err := tc.call(); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %s", tc.name, err, tc.want)
		}
	}
}

// TestTrashIsMade: deleting works after the owner removed the folder, and a second time.
func TestTrashIsMade(t *testing.T) {
	box := open(t, memmail.Options{})
	acct := account(t, box)
	if err := acct.DeleteFolder(t.Context(), "Trash", true); err != nil {
		t.Fatal(err)
	}
	id, err := box.Deliver("INBOX", []byte(letter), memmail.Delivery{Flags: provider.Seen | provider.Deleted})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		got, err := acct.Delete(t.Context(), []provider.MessageID{id}, false)
		if err != nil || got[0].Err != nil {
			t.Fatalf("delete: %v, %v", err, got)
		}
		if got[0].NewID != "" {
			id = got[0].NewID
		}
		if m := read(t, acct, id); m.Folder != "Trash" || m.Flags != provider.Seen {
			t.Errorf("the message is in %q with flags %05b", m.Folder, m.Flags)
		}
	}
}

// TestSearchPagesOfOneMoment: messages of several folders that came at the same time come once each.
func TestSearchPagesOfOneMoment(t *testing.T) {
	now := demoNow()
	box := open(t, memmail.Options{Now: func() time.Time { return now }})
	for range 4 {
		for _, folder := range []string{"Sent", "INBOX", "Archive"} {
			deliver(t, box, folder, letter)
		}
	}
	seen := map[provider.MessageID]bool{}
	search := func(ctx context.Context, req provider.PageRequest) (provider.Page[provider.Summary], error) {
		return account(t, box).Search(ctx, provider.Query{}, req)
	}
	for s, err := range provider.All(t.Context(), provider.PageRequest{Limit: 1}, search) {
		if err != nil || seen[s.ID] {
			t.Fatalf("%s again, or %v", s.ID, err)
		}
		seen[s.ID] = true
	}
	if len(seen) != 12 {
		t.Errorf("found %d of 12", len(seen))
	}
}

func TestSearchLabelsIsUnsupported(t *testing.T) {
	acct := account(t, open(t, memmail.Options{}))
	labels := provider.Query{Labels: []string{"x"}}
	for _, q := range []provider.Query{labels, {Not: []provider.Query{labels}}, {Any: [][]provider.Query{{{}, labels}}}} {
		if _, err := acct.Search(t.Context(), q, provider.PageRequest{}); !errors.Is(err, provider.Unsupported) {
			t.Errorf("%+v: got %v, want unsupported", q, err)
		}
	}
}

func TestSearchHTML(t *testing.T) {
	box := open(t, memmail.Options{})
	deliver(t, box, "INBOX", "Subject: page\r\nContent-Type: text/html\r\n\r\n<STYLE>.secret{}</style><!-- remark > --><p>Keel &amp; <b>rib</b>s</p><script>code()</script>end<broken")
	acct := account(t, box)
	for word, want := range map[string]int{"keel &": 1, "rib": 1, "end": 1, "secret": 0, "code": 0, "remark": 0, "<p>": 0, "broken": 0} {
		page, err := acct.Search(t.Context(), provider.Query{Body: []string{word}}, provider.PageRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Items) != want {
			t.Errorf("%q: found %d, want %d", word, len(page.Items), want)
		}
	}
}

// TestPartEndsWithItsContext: a stream does not outlive the call it belongs to.
func TestPartEndsWithItsContext(t *testing.T) {
	box := open(t, memmail.Options{})
	id := deliver(t, box, "INBOX", letter)
	ctx, cancel := context.WithCancel(t.Context())
	_, r, err := account(t, box).OpenPart(ctx, id, "1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 3)); err != nil {
		t.Error(err)
	}
	cancel()
	if _, err := r.Read(make([]byte, 3)); !errors.Is(err, context.Canceled) {
		t.Errorf("read after the end: %v", err)
	}
	_, r, err = account(t, box).OpenPart(t.Context(), id, "1")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(r); err == nil {
		t.Error("a closed part can be read")
	}
}

// TestCloseWaits: Close returns when the operation under way has, and not before.
func TestCloseWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		box := open(t, memmail.Options{Fault: func(context.Context, string) error {
			<-release
			return nil
		}})
		listed, closed := false, false
		go func() {
			_, err := box.ListFolders(context.Background())
			if listed = true; err != nil {
				t.Errorf("the operation under way: %v", err)
			}
		}()
		synctest.Wait()
		go func() {
			_ = box.Close()
			closed = true
		}()
		synctest.Wait()
		if listed || closed {
			t.Errorf("before the operation could end: listed %v, closed %v", listed, closed)
		}
		if _, err := box.ListFolders(t.Context()); !errors.Is(err, provider.Unavailable) {
			t.Errorf("after Close was called: %v", err)
		}
		close(release)
		synctest.Wait()
		if !listed || !closed {
			t.Errorf("in the end: listed %v, closed %v", listed, closed)
		}
	})
}
