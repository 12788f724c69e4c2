package providertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/provider"
)

const (
	// checkTimeout bounds one check: real servers on a loaded machine need
	// seconds, a hanging backend must not hold up the others.
	checkTimeout = 60 * time.Second
	// promptly is how soon a call must return once its context has ended.
	promptly = 5 * time.Second
)

// trial is one run of one check. Failures are kept, not reported, so that an
// exception can excuse them.
type trial struct {
	t    *testing.T // for the harness alone
	h    Harness
	ctx  func() context.Context
	p    provider.Provider
	acct *provider.Account
	caps provider.CapabilitySet
	// remains says that originals stay when they are moved, marked as deleted.
	remains bool
	// patience is how long a call may go on when its context has ended.
	patience time.Duration

	mu sync.Mutex
	result
}

// stop ends a check from within; perform recovers it.
type stop struct{}

// perform runs c on a fresh account. Only the harness can fail t.
func perform(t *testing.T, h Harness, c check, patience time.Duration) (res result) {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	tr := &trial{t: t, h: h, patience: patience, ctx: func() context.Context { return ctx }}
	defer func() {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		res = tr.result
		if r := recover(); r != nil && r != (stop{}) {
			panic(r)
		}
	}()
	tr.open()
	defer func() { _ = tr.acct.Close() }()
	if missing := c.needs &^ tr.caps; missing != 0 {
		tr.skipf("the backend does not report: %s", missing)
	}
	c.run(tr)
	return tr.result
}

// open makes the account and logs in, as capabilities are known only then.
func (tr *trial) open() {
	tr.p = tr.h.Open(tr.t)
	acct, err := provider.Open(tr.p)
	tr.must("open the account", err)
	tr.acct = acct
	if acct.Capabilities().Can(provider.CapFolders) {
		_, err := acct.ListFolders(tr.ctx())
		tr.must("list folders", err)
	}
	tr.caps = acct.Capabilities()
	if r, ok := tr.h.(Remainer); ok {
		tr.remains = r.Remains()
	}
}

// errorf notes a failure and goes on. It is safe for concurrent use.
func (tr *trial) errorf(format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.failures = append(tr.failures, fmt.Sprintf(format, args...))
}

// fatalf notes a failure and ends the check. Only for the check's own goroutine.
func (tr *trial) fatalf(format string, args ...any) {
	tr.errorf(format, args...)
	panic(stop{})
}

// skipf ends the check; failures noted before still count.
func (tr *trial) skipf(format string, args ...any) {
	tr.skipped = fmt.Sprintf(format, args...)
	panic(stop{})
}

func (tr *trial) must(what string, err error) {
	if err != nil {
		tr.fatalf("%s: %v", what, err)
	}
}

// want notes a failure unless err has one of codes.
func (tr *trial) want(what string, err error, codes ...provider.Code) {
	if !slices.Contains(codes, provider.CodeOf(err)) {
		tr.errorf("%s: got %v, want %v", what, err, codes)
	}
}

// inbox returns the folder that new mail goes to.
func (tr *trial) inbox() provider.Folder {
	if f, ok := tr.role(provider.RoleInbox); ok {
		return f
	}
	if tr.caps.Can(provider.CapFolders) {
		tr.fatalf("no folder has the role inbox")
	}
	return provider.Folder{ID: "INBOX", Path: "INBOX"}
}

func (tr *trial) folders() []provider.Folder {
	if !tr.caps.Can(provider.CapFolders) {
		return nil
	}
	all, err := tr.acct.ListFolders(tr.ctx())
	tr.must("list folders", err)
	return all
}

func (tr *trial) role(r provider.Role) (provider.Folder, bool) {
	return tr.find(func(f provider.Folder) bool { return f.Role == r })
}

func (tr *trial) find(match func(provider.Folder) bool) (provider.Folder, bool) {
	all := tr.folders()
	if i := slices.IndexFunc(all, match); i >= 0 {
		return all[i], true
	}
	return provider.Folder{}, false
}

// second returns a folder that is not the inbox and that an ordinary search
// looks into: a new one, or one the account has.
func (tr *trial) second() provider.Folder {
	if tr.caps.Can(provider.CapFolderEdit) {
		if f, ok := tr.find(func(f provider.Folder) bool { return f.Path == "Second" }); ok {
			return f
		}
		f, err := tr.acct.CreateFolder(tr.ctx(), "Second")
		tr.must("create a folder", err)
		return f
	}
	f, ok := tr.find(func(f provider.Folder) bool {
		return !f.NoSelect && (f.Role == provider.RoleNone || f.Role == provider.RoleArchive)
	})
	if !ok {
		tr.skipf("the account has no second folder and cannot make one")
	}
	return f
}

// deliver puts l into f from outside.
func (tr *trial) deliver(f provider.Folder, l letter) provider.MessageID {
	return tr.deliverRaw(f, l.raw())
}

func (tr *trial) deliverRaw(f provider.Folder, raw []byte) provider.MessageID {
	id := tr.h.Deliver(tr.t, f.Path, raw)
	if id.Tag() != tr.acct.Tag() {
		tr.fatalf("the harness delivered as %q, which is no id of the account %q", id, tr.acct.Tag())
	}
	return id
}

// list walks a whole folder.
func (tr *trial) list(f provider.Folder) []provider.Summary {
	return tr.listing(provider.ListOptions{Folder: f.ID})
}

func (tr *trial) listing(opts provider.ListOptions) []provider.Summary {
	return tr.walk(50, func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
		return tr.acct.ListMessages(ctx, opts, page)
	})
}

func (tr *trial) search(q provider.Query) []provider.Summary {
	return tr.walk(50, func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
		return tr.acct.Search(ctx, q, page)
	})
}

type fetch = func(context.Context, provider.PageRequest) (provider.Page[provider.Summary], error)

// mostPages bounds a walk: no check has as many messages as that.
const mostPages = 500

// walk follows the cursor to the end and checks each page on the way.
func (tr *trial) walk(limit int, get fetch) []provider.Summary {
	var all []provider.Summary
	req := provider.PageRequest{Limit: limit}
	for range mostPages {
		page, err := get(tr.ctx(), req)
		tr.must("get a page", err)
		if len(page.Items) > limit {
			tr.errorf("a page of at most %d has %d items", limit, len(page.Items))
		}
		for _, o := range page.Failed {
			tr.errorf("%s could not be delivered: %v", o.ID, o.Err)
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all
		}
		req.After = page.Next
	}
	tr.fatalf("no end after %d pages", mostPages)
	return nil
}

// read reads one message or ends the check.
func (tr *trial) read(id provider.MessageID) *provider.Message {
	m, err := tr.tryRead(id)
	tr.must("read "+string(id), err)
	return m
}

func (tr *trial) tryRead(id provider.MessageID) (*provider.Message, error) {
	got, err := tr.acct.ReadMessages(tr.ctx(), []provider.MessageID{id}, provider.ReadOptions{})
	switch {
	case err != nil:
		return nil, err
	case len(got) != 1 || got[0].ID != id:
		return nil, fmt.Errorf("asked for %s, got %+v", id, got)
	case got[0].Err != nil:
		return nil, got[0].Err
	case got[0].Message == nil || got[0].Message.ID != id:
		return nil, errors.New("another message or none came back")
	}
	return got[0].Message, nil
}

// flags looks at a message from outside where the harness can, else by listing.
func (tr *trial) flags(id provider.MessageID) provider.Flags {
	if v, ok := tr.h.(FlagViewer); ok {
		return v.Flags(tr.t, id)
	}
	got, err := tr.acct.ReadMessages(tr.ctx(), []provider.MessageID{id}, provider.ReadOptions{HeadersOnly: true})
	tr.must("read the header of "+string(id), err)
	tr.must("read the header of "+string(id), got[0].Err)
	return got[0].Message.Flags
}

// outcome returns the error of the one item of a batch.
func outcome(got []provider.Outcome, err error) error {
	switch {
	case err != nil:
		return err
	case len(got) != 1:
		return fmt.Errorf("%d outcomes for one item", len(got))
	}
	return got[0].Err
}

func ids(list []provider.Summary) []provider.MessageID {
	out := make([]provider.MessageID, 0, len(list))
	for _, s := range list {
		out = append(out, s.ID)
	}
	return out
}

func headerIDs(list []provider.Summary) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, s.HeaderID)
	}
	return out
}
