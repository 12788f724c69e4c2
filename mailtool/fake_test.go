package mailtool

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// recorder is a backend that can do everything and notes what reached it.
type recorder struct {
	account string
	caps    provider.CapabilitySet
	hook    func(op string) error // may be nil

	mu    sync.Mutex
	calls []string
	sent  []provider.Outgoing
}

var (
	_ provider.Folders  = (*recorder)(nil)
	_ provider.Reader   = (*recorder)(nil)
	_ provider.Searcher = (*recorder)(nil)
	_ provider.Modifier = (*recorder)(nil)
	_ provider.Mover    = (*recorder)(nil)
	_ provider.Deleter  = (*recorder)(nil)
	_ provider.Sender   = (*recorder)(nil)
)

func (r *recorder) note(op string) error {
	r.mu.Lock()
	r.calls = append(r.calls, op)
	r.mu.Unlock()
	if r.hook != nil {
		return r.hook(op)
	}
	return nil
}

// took returns the operations noted since the last time.
func (r *recorder) took() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := strings.Join(r.calls, " ")
	r.calls = nil
	return all
}

func (r *recorder) Info() provider.Info {
	return provider.Info{Account: r.account, Service: "test", Identities: []provider.Address{
		{Name: "Ann Lee", Addr: "ann@example.org"}, {Addr: "office@example.org"}, {Addr: "desk@example.org"},
	}}
}
func (r *recorder) Capabilities() provider.CapabilitySet { return r.caps }
func (r *recorder) Close() error                         { return nil }

func (r *recorder) ListFolders(context.Context) ([]provider.Folder, error) {
	return []provider.Folder{
		{ID: "INBOX", Path: "INBOX", Delimiter: "/", Role: provider.RoleInbox, Total: 2, Unread: 1},
		{ID: "Archive", Path: "Archive", Delimiter: "/", Role: provider.RoleArchive},
		{ID: "Trash", Path: "Trash", Delimiter: "/", Role: provider.RoleTrash},
		{ID: "Clients", Path: "Clients", Delimiter: "/", NoSelect: true, Total: -1, Unread: -1},
	}, r.note("folders")
}

func (r *recorder) id(local string) provider.MessageID {
	return provider.NewMessageID(r.account, local)
}

func (r *recorder) summary(local, subject string, received time.Time) provider.Summary {
	return provider.Summary{
		ID: r.id(local), Folder: "INBOX", HeaderID: local + "@example.com", Subject: subject, Received: received, Date: received,
		From: []provider.Address{{Name: "Bob", Addr: "bob@example.com"}}, Size: 1200, Flags: provider.Flagged, HasAttach: true,
	}
}

func (r *recorder) ListMessages(_ context.Context, _ provider.ListOptions, page provider.PageRequest) (provider.Page[provider.Summary], error) {
	return provider.Page[provider.Summary]{Items: []provider.Summary{r.summary("1.1", "Hello", testNow)}}, r.note("list")
}

func (r *recorder) ReadMessages(_ context.Context, ids []provider.MessageID, _ provider.ReadOptions) ([]provider.ReadResult, error) {
	var out []provider.ReadResult
	for _, id := range ids {
		res := provider.ReadResult{ID: id}
		if strings.Contains(string(id), "gone") {
			res.Err = &provider.Error{Code: provider.NotFound}
		} else {
			m := provider.Message{Summary: r.summary(id.Local(), "Hello", testNow), Text: "text of " + string(id)}
			m.ID = id
			res.Message = &m
		}
		out = append(out, res)
	}
	return out, r.note("read")
}

func (r *recorder) OpenPart(_ context.Context, _ provider.MessageID, part provider.PartID) (provider.Part, io.ReadCloser, error) {
	if part == "9" { // as much as a message takes
		return provider.Part{ID: part, Name: "big.bin", Type: "application/octet-stream"}, io.NopCloser(io.LimitReader(zeros{}, maxAttached)), r.note("open")
	}
	name := "plan.pdf"
	if part == "3" {
		name = `Q1/2026\plan.pdf`
	}
	return provider.Part{ID: part, Name: name, Type: "application/pdf"}, io.NopCloser(strings.NewReader("%PDF-")), r.note("open")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func (r *recorder) Search(context.Context, provider.Query, provider.PageRequest) (provider.Page[provider.Summary], error) {
	return provider.Page[provider.Summary]{Items: []provider.Summary{r.summary("1.2", "Found", testNow)}}, r.note("search")
}

func (r *recorder) Thread(_ context.Context, id provider.MessageID, _ provider.PageRequest) (provider.Page[provider.Summary], error) {
	s := r.summary("1.1", "Hello", testNow)
	s.ID = id
	return provider.Page[provider.Summary]{Items: []provider.Summary{s}}, r.note("thread")
}

func (r *recorder) outcomes(op string, ids []provider.MessageID) ([]provider.Outcome, error) {
	var out []provider.Outcome
	for _, id := range ids {
		out = append(out, provider.Outcome{ID: id})
	}
	return out, r.note(op)
}

func (r *recorder) SetFlags(_ context.Context, ids []provider.MessageID, _ provider.FlagChange) ([]provider.Outcome, error) {
	return r.outcomes("flags", ids)
}

func (r *recorder) Move(_ context.Context, ids []provider.MessageID, _ provider.FolderID) ([]provider.Outcome, error) {
	return r.outcomes("move", ids)
}

func (r *recorder) Delete(_ context.Context, ids []provider.MessageID, permanent bool) ([]provider.Outcome, error) {
	if permanent {
		return r.outcomes("purge", ids)
	}
	return r.outcomes("delete", ids)
}

func (r *recorder) Send(_ context.Context, m provider.Outgoing) (provider.Receipt, error) {
	if err := r.note("send"); err != nil {
		return provider.Receipt{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, m)
	var to []string
	for _, a := range m.To {
		to = append(to, a.Addr)
	}
	return provider.Receipt{HeaderID: m.HeaderID, Accepted: to, Copy: provider.CopyFiled}, nil
}

var testNow = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

// fullGrant allows everything; tests take from it.
func fullGrant() scopes.Grant {
	return scopes.Grant{
		ID: "g1", Scopes: scopes.AllScopes(), Access: scopes.AllAccess(), Accounts: scopes.AllAccounts(),
		Gates: scopes.AllGates(), Recipients: scopes.RecipientPolicy{Others: scopes.Allow}, Created: testNow,
	}
}

func openGates() Gates {
	return Gates{Sending: Switch{Open: true, Name: "ALLOW_SENDING"}, Destructive: Switch{Open: true, Name: "ALLOW_DESTRUCTIVE"}, Migration: Switch{Open: true}}
}

// fixture is a caller with full rights over the accounts named.
func fixture(t *testing.T, accounts ...string) (*Registry, *Caller, map[string]*recorder) {
	t.Helper()
	reg, err := NewRegistry(nil, Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	c := &Caller{Grant: fullGrant(), Now: func() time.Time { return testNow }, Journal: &testJournal{records: map[Key]Record{}}}
	backends := map[string]*recorder{}
	for _, id := range accounts {
		r := &recorder{account: id, caps: provider.AllCaps()}
		acct, err := provider.Open(r)
		if err != nil {
			t.Fatal(err)
		}
		backends[id] = r
		c.Accounts = append(c.Accounts, Account{ID: scopes.AccountID(id), Mail: acct, Gates: openGates(), Zone: time.UTC})
	}
	return reg, c, backends
}

// testJournal keeps records without expiry or quota: the real ones have their own suite.
type testJournal struct {
	mu      sync.Mutex
	audit   []AuditRow
	records map[Key]Record
	marks   map[string]bool // by box and id
}

func (j *testJournal) Mark(_ context.Context, box MarkBox, ids []string, handled bool, _ time.Time) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.marks == nil {
		j.marks = map[string]bool{}
	}
	for _, id := range ids {
		if delete(j.marks, box.Account+" "+id); handled {
			j.marks[box.Account+" "+id] = true
		}
	}
	return nil
}

func (j *testJournal) Marked(_ context.Context, box MarkBox, ids []string, _ time.Time) (marked []string, all int, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, id := range ids {
		if j.marks[box.Account+" "+id] {
			marked = append(marked, id)
		}
	}
	return marked, len(j.marks), nil
}

func (j *testJournal) Audit(_ context.Context, row AuditRow) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.audit = append(j.audit, row)
	return nil
}

func (j *testJournal) Lookup(_ context.Context, key Key, _ time.Time) (Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.records[key], nil
}

func (j *testJournal) Claim(_ context.Context, c Claim) (ClaimResult, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r, taken := j.records[c.Key]; taken {
		return ClaimResult{Record: r}, nil
	}
	j.records[c.Key] = Record{State: Running, ID: c.ID, Content: c.Content}
	return ClaimResult{Taken: true}, nil
}

func (j *testJournal) Finish(_ context.Context, key Key, r Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r.State == "" {
		delete(j.records, key)
	} else {
		j.records[key] = r
	}
	return nil
}
