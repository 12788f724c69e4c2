package provider_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/postern-mail/postern/provider"
)

// fake is a backend that can do everything, reports what it is told to, and
// records every operation that reaches it.
type fake struct {
	info provider.Info
	caps provider.CapabilitySet

	folders  []provider.Folder
	page     provider.Page[provider.Summary]
	reads    func(ids []provider.MessageID) []provider.ReadResult
	outcomes func(ids []provider.MessageID) []provider.Outcome
	receipt  provider.Receipt
	part     provider.Part
	body     string
	mark     provider.MessageID
	watch    func(ctx context.Context, told func(provider.FolderID)) error
	err      error // what every operation returns
	closeErr error

	mu     sync.Mutex
	calls  []string
	closed int
	// What came last.
	ids  []provider.MessageID
	to   provider.FolderID
	req  provider.PageRequest
	read provider.ReadOptions
	sent provider.Outgoing
}

func newFake(account string) *fake {
	return &fake{
		info: provider.Info{
			Account: account, Service: "fake",
			Identities: []provider.Address{{Name: "Ann Lee", Addr: "ann@example.org"}, {Addr: "office@example.org"}},
		},
		caps: provider.AllCaps(),
		reads: func(ids []provider.MessageID) []provider.ReadResult {
			out := make([]provider.ReadResult, 0, len(ids))
			for _, id := range ids {
				out = append(out, provider.ReadResult{ID: id, Message: &provider.Message{Summary: provider.Summary{ID: id}}})
			}
			return out
		},
		outcomes: func(ids []provider.MessageID) []provider.Outcome {
			out := make([]provider.Outcome, 0, len(ids))
			for _, id := range ids {
				out = append(out, provider.Outcome{ID: id})
			}
			return out
		},
	}
}

func (f *fake) note(call string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
}

func (f *fake) called() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func (f *fake) Info() provider.Info                  { return f.info }
func (f *fake) Capabilities() provider.CapabilitySet { return f.caps }

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return f.closeErr
}

func (f *fake) ListFolders(context.Context) ([]provider.Folder, error) {
	f.note("ListFolders")
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.folders), f.err
}

func (f *fake) setFolders(folders ...provider.Folder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.folders = folders
}

func (f *fake) CreateFolder(_ context.Context, path string) (provider.Folder, error) {
	f.note("CreateFolder")
	return provider.Folder{ID: provider.FolderID(path), Path: path}, f.err
}

func (f *fake) RenameFolder(_ context.Context, _ provider.FolderID, path string) (provider.Folder, error) {
	f.note("RenameFolder")
	return provider.Folder{ID: provider.FolderID(path), Path: path}, f.err
}

func (f *fake) DeleteFolder(context.Context, provider.FolderID, bool) error {
	f.note("DeleteFolder")
	return f.err
}

func (f *fake) ListMessages(_ context.Context, _ provider.ListOptions, req provider.PageRequest) (provider.Page[provider.Summary], error) {
	f.note("ListMessages")
	f.req = req
	return f.page, f.err
}

func (f *fake) ReadMessages(_ context.Context, ids []provider.MessageID, opts provider.ReadOptions) ([]provider.ReadResult, error) {
	f.note("ReadMessages")
	f.ids, f.read = ids, opts
	return f.reads(ids), f.err
}

func (f *fake) OpenPart(context.Context, provider.MessageID, provider.PartID) (provider.Part, io.ReadCloser, error) {
	f.note("OpenPart")
	return f.part, io.NopCloser(strings.NewReader(f.body)), f.err
}

func (f *fake) Search(_ context.Context, _ provider.Query, req provider.PageRequest) (provider.Page[provider.Summary], error) {
	f.note("Search")
	f.req = req
	return f.page, f.err
}

func (f *fake) SetFlags(_ context.Context, ids []provider.MessageID, _ provider.FlagChange) ([]provider.Outcome, error) {
	f.note("SetFlags")
	f.ids = ids
	return f.outcomes(ids), f.err
}

func (f *fake) Move(_ context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	f.note("Move")
	f.ids, f.to = ids, to
	return f.outcomes(ids), f.err
}

func (f *fake) Delete(_ context.Context, ids []provider.MessageID, permanent bool) ([]provider.Outcome, error) {
	if permanent {
		f.note("Purge")
	} else {
		f.note("Delete")
	}
	f.ids = ids
	return f.outcomes(ids), f.err
}

func (f *fake) Send(_ context.Context, m provider.Outgoing) (provider.Receipt, error) {
	f.note("Send")
	f.sent = m
	return f.receipt, f.err
}

func (f *fake) Thread(_ context.Context, _ provider.MessageID, req provider.PageRequest) (provider.Page[provider.Summary], error) {
	f.note("Thread")
	f.req = req
	return f.page, f.err
}

func (f *fake) Mark(context.Context, provider.FolderID) (provider.MessageID, error) {
	f.note("Mark")
	return f.mark, f.err
}

// Watch calls what the test set, else it tells once of each folder.
func (f *fake) Watch(ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
	f.note("Watch")
	if f.watch != nil {
		return f.watch(ctx, told)
	}
	if f.err != nil {
		return f.err
	}
	for _, id := range folders {
		told(id)
	}
	<-ctx.Done()
	return ctx.Err()
}

// open makes an account of parts and fails the test when that fails.
func open(t testing.TB, parts ...provider.Provider) *provider.Account {
	t.Helper()
	a, err := provider.Open(parts...)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return a
}

// operation is one method of an Account with arguments that are fine for an
// account named "work".
type operation struct {
	name string // as errors name it
	call string // as the fake records it
	need provider.Capability
	do   func(ctx context.Context, a *provider.Account) error
}

func operations() []operation {
	id := provider.NewMessageID("work", "7.1")
	ids := []provider.MessageID{id}
	return []operation{
		{"list folders", "ListFolders", provider.CapFolders, func(ctx context.Context, a *provider.Account) error {
			_, err := a.ListFolders(ctx)
			return err
		}},
		{"create folder", "CreateFolder", provider.CapFolderEdit, func(ctx context.Context, a *provider.Account) error {
			_, err := a.CreateFolder(ctx, "Work")
			return err
		}},
		{"rename folder", "RenameFolder", provider.CapFolderEdit, func(ctx context.Context, a *provider.Account) error {
			_, err := a.RenameFolder(ctx, "Work", "Old")
			return err
		}},
		{"delete folder", "DeleteFolder", provider.CapFolderEdit, func(ctx context.Context, a *provider.Account) error {
			return a.DeleteFolder(ctx, "Work", false)
		}},
		{"list messages", "ListMessages", provider.CapRead, func(ctx context.Context, a *provider.Account) error {
			_, err := a.ListMessages(ctx, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
			return err
		}},
		{"read messages", "ReadMessages", provider.CapRead, func(ctx context.Context, a *provider.Account) error {
			_, err := a.ReadMessages(ctx, ids, provider.ReadOptions{})
			return err
		}},
		{"open part", "OpenPart", provider.CapRead, func(ctx context.Context, a *provider.Account) error {
			_, _, err := a.OpenPart(ctx, id, "1.2")
			return err
		}},
		{"search", "Search", provider.CapSearch, func(ctx context.Context, a *provider.Account) error {
			_, err := a.Search(ctx, provider.Query{}, provider.PageRequest{})
			return err
		}},
		{"set flags", "SetFlags", provider.CapModify, func(ctx context.Context, a *provider.Account) error {
			_, err := a.SetFlags(ctx, ids, provider.FlagChange{Add: provider.Seen})
			return err
		}},
		{"move", "Move", provider.CapMove, func(ctx context.Context, a *provider.Account) error {
			_, err := a.Move(ctx, ids, "Archive")
			return err
		}},
		{"delete", "Delete", provider.CapDelete, func(ctx context.Context, a *provider.Account) error {
			_, err := a.Delete(ctx, ids, false)
			return err
		}},
		{"delete permanently", "Purge", provider.CapPurge, func(ctx context.Context, a *provider.Account) error {
			_, err := a.Delete(ctx, ids, true)
			return err
		}},
		{"thread", "Thread", provider.CapThread, func(ctx context.Context, a *provider.Account) error {
			_, err := a.Thread(ctx, id, provider.PageRequest{})
			return err
		}},
		{"mark", "Mark", provider.CapWatch, func(ctx context.Context, a *provider.Account) error {
			_, err := a.Mark(ctx, "INBOX")
			return err
		}},
		{"watch", "Watch", provider.CapWatch, func(ctx context.Context, a *provider.Account) error {
			until, cancel := context.WithCancel(ctx)
			defer cancel()
			told := false
			err := a.Watch(until, []provider.FolderID{"INBOX"}, func(provider.FolderID) { told = true; cancel() })
			if told && errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		}},
		{"send", "Send", provider.CapSend, func(ctx context.Context, a *provider.Account) error {
			_, err := a.Send(ctx, letter())
			return err
		}},
	}
}

// bare hides everything optional that a backend's code offers.
type bare struct{ provider.Provider }
