package provider_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

func TestOpenFaults(t *testing.T) {
	tests := []struct {
		name  string
		parts []provider.Provider
		says  string
	}{
		{"none", nil, "no backend"},
		{"nil", []provider.Provider{nil}, "nil"},
		{"nil beside one", []provider.Provider{newFake("work"), nil}, "nil"},
		{"no account", []provider.Provider{newFake("")}, "no account"},
		{"no account beside one", []provider.Provider{newFake("work"), newFake("")}, "no account"},
		{"two accounts", []provider.Provider{newFake("work"), newFake("home")}, `"work" and "home"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := provider.Open(test.parts...)
			if a != nil || provider.CodeOf(err) != provider.Invalid || !strings.Contains(err.Error(), test.says) {
				t.Errorf("Open = %v, %v, want Invalid with %q", a, err, test.says)
			}
		})
	}
}

func TestOpenKeepsItsOwnParts(t *testing.T) {
	f := newFake("work")
	parts := []provider.Provider{f}
	a := open(t, parts...)
	parts[0] = newFake("home")
	if got := a.Info().Account; got != "work" {
		t.Errorf("changing the slice handed to Open changed the account to %q", got)
	}
}

func TestInfo(t *testing.T) {
	contacts, mail := newFake("work"), newFake("work")
	contacts.info.Service, contacts.info.Identities = "carddav", nil
	a := open(t, contacts, mail)
	got := a.Info()
	want := provider.Info{Account: "work", Service: "carddav", Identities: mail.info.Identities}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("Info (-want +got):\n%s", diff)
	}
	got.Identities[0].Addr = "mallory@example.net"
	if a.Info().Identities[0].Addr != "ann@example.org" {
		t.Error("a caller changed the account's identities through Info")
	}
	if a.Tag() != provider.Tag("work") {
		t.Errorf("Tag = %q", a.Tag())
	}
}

// TestThreeSaysAreNeeded drops, for every operation, one of implemented,
// reported and allowed: the error matches ErrUnsupported, names what is
// missing, and nothing reaches the backend.
func TestThreeSaysAreNeeded(t *testing.T) {
	covered := provider.CapabilitySet(0)
	for _, op := range operations() {
		covered |= provider.Caps(op.need)
		rest := provider.AllCaps() &^ provider.Caps(op.need)
		setups := []struct {
			name  string
			works bool
			open  func(t *testing.T, f *fake) *provider.Account
		}{
			{"all three", true, func(t *testing.T, f *fake) *provider.Account { return open(t, f) }},
			{"not implemented", false, func(t *testing.T, f *fake) *provider.Account { return open(t, bare{f}) }},
			{"not reported", false, func(t *testing.T, f *fake) *provider.Account {
				if f.caps = rest; op.need == provider.CapThread {
					f.caps &^= provider.Caps(provider.CapSearch) // from which an account puts conversations together
				}
				return open(t, f)
			}},
			{"not allowed", false, func(t *testing.T, f *fake) *provider.Account { return open(t, f).Restrict(rest) }},
			{"only this allowed", true, func(t *testing.T, f *fake) *provider.Account { return open(t, f).Restrict(provider.Caps(op.need)) }},
			{"taken away, then offered again", false, func(t *testing.T, f *fake) *provider.Account {
				return open(t, f).Restrict(rest).Restrict(provider.AllCaps())
			}},
		}
		for _, setup := range setups {
			t.Run(op.name+"/"+setup.name, func(t *testing.T) {
				f := newFake("work")
				a := setup.open(t, f)
				if got := a.Capabilities().Can(op.need); got != setup.works {
					t.Errorf("Capabilities says %v", got)
				}
				err := op.do(t.Context(), a)
				if setup.works {
					if want := []string{op.call}; err != nil || !cmp.Equal(f.called(), want) {
						t.Errorf("error %v, calls %v, want %v", err, f.called(), want)
					}
					return
				}
				if !errors.Is(err, errors.ErrUnsupported) || provider.CodeOf(err) != provider.Unsupported {
					t.Errorf("error %v, want one that matches ErrUnsupported", err)
				}
				if want := op.name + ": unsupported: "; !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), op.need.String()) {
					t.Errorf("error %q, want %q ... %q", err, want, op.need)
				}
				if len(f.called()) > 0 {
					t.Errorf("the backend was called: %v", f.called())
				}
			})
		}
	}
	covered |= provider.Caps(provider.CapHandled) // no call of its own: TestHandled
	if covered != provider.AllCaps() {
		t.Errorf("no operation for %q", provider.AllCaps()&^covered)
	}
}

func TestFirstPartThatHasItServes(t *testing.T) {
	for _, op := range operations() {
		t.Run(op.name, func(t *testing.T) {
			hidden, silent, first, second := newFake("work"), newFake("work"), newFake("work"), newFake("work")
			silent.caps = provider.AllCaps() &^ provider.Caps(op.need)
			a := open(t, bare{hidden}, silent, first, second)
			if err := op.do(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			if got := len(hidden.called()) + len(silent.called()) + len(second.called()); got != 0 || len(first.called()) != 1 {
				t.Errorf("calls: %v %v %v %v", hidden.called(), silent.called(), first.called(), second.called())
			}
		})
	}
}

func TestRestrictLeavesTheAccountAlone(t *testing.T) {
	a := open(t, newFake("work"))
	view := a.Restrict(provider.Caps(provider.CapRead))
	if a.Capabilities() != provider.AllCaps() || view.Capabilities() != provider.Caps(provider.CapRead) {
		t.Errorf("account %q, view %q", a.Capabilities(), view.Capabilities())
	}
	if got := view.Restrict(0).Capabilities(); got != 0 {
		t.Errorf("restricted to nothing: %q", got)
	}
	if got := view.Restrict(^provider.CapabilitySet(0)).Capabilities(); got != provider.Caps(provider.CapRead) {
		t.Errorf("widened: %q", got)
	}
}

func TestCapabilitiesFollowTheBackend(t *testing.T) {
	f := newFake("work")
	f.caps = provider.Caps(provider.CapRead)
	a := open(t, f)
	before := a.Capabilities()
	f.caps |= provider.Caps(provider.CapMove)
	if after := a.Capabilities(); before.Can(provider.CapMove) || !after.Can(provider.CapMove) {
		t.Errorf("before login %q, after %q", before, after)
	}
}

func TestCancelledContextReachesNoBackend(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithTimeout(t.Context(), 0)
	defer cancelLate()
	f := newFake("work")
	f.folders = []provider.Folder{{ID: "INBOX", Path: "INBOX"}}
	a := open(t, f)
	if _, err := a.Folder(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	f.calls = nil
	all := append(operations(), operation{"find folder", "", provider.CapFolders, func(ctx context.Context, a *provider.Account) error {
		_, err := a.Folder(ctx, "INBOX")
		return err
	}})
	for _, op := range all {
		if err := op.do(cancelled, a); err != context.Canceled { //nolint:errorlint // bare is the point
			t.Errorf("%s, cancelled: %v", op.name, err)
		}
		if err := op.do(late, a); err != context.DeadlineExceeded { //nolint:errorlint // bare is the point
			t.Errorf("%s, too late: %v", op.name, err)
		}
	}
	if len(f.called()) > 0 {
		t.Errorf("the backend was called: %v", f.called())
	}
}

func TestClose(t *testing.T) {
	one, two, three := newFake("work"), newFake("work"), newFake("work")
	one.closeErr, three.closeErr = errors.New("one stuck"), errors.New("three stuck")
	err := open(t, one, two, three).Restrict(0).Close()
	if !errors.Is(err, one.closeErr) || !errors.Is(err, three.closeErr) {
		t.Errorf("Close = %v, want both errors", err)
	}
	for i, f := range []*fake{one, two, three} {
		if f.closed != 1 {
			t.Errorf("part %d was closed %d times", i, f.closed)
		}
	}
	if err := open(t, newFake("work")).Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}

// batches are the operations that take ids, with the most they take.
func batches() map[string]struct {
	most int
	do   func(context.Context, *provider.Account, []provider.MessageID) error
} {
	type batch = struct {
		most int
		do   func(context.Context, *provider.Account, []provider.MessageID) error
	}
	return map[string]batch{
		"read messages": {provider.MaxRead, func(ctx context.Context, a *provider.Account, ids []provider.MessageID) error {
			_, err := a.ReadMessages(ctx, ids, provider.ReadOptions{})
			return err
		}},
		"set flags": {provider.MaxBatch, func(ctx context.Context, a *provider.Account, ids []provider.MessageID) error {
			_, err := a.SetFlags(ctx, ids, provider.FlagChange{Add: provider.Seen})
			return err
		}},
		"move": {provider.MaxBatch, func(ctx context.Context, a *provider.Account, ids []provider.MessageID) error {
			_, err := a.Move(ctx, ids, "Archive")
			return err
		}},
		"delete": {provider.MaxBatch, func(ctx context.Context, a *provider.Account, ids []provider.MessageID) error {
			_, err := a.Delete(ctx, ids, false)
			return err
		}},
		"delete permanently": {provider.MaxBatch, func(ctx context.Context, a *provider.Account, ids []provider.MessageID) error {
			_, err := a.Delete(ctx, ids, true)
			return err
		}},
	}
}

func workIDs(n int) []provider.MessageID {
	ids := make([]provider.MessageID, n)
	for i := range ids {
		ids[i] = provider.NewMessageID("work", fmt.Sprintf("7.%d", i))
	}
	return ids
}

func TestIDs(t *testing.T) {
	for name, batch := range batches() {
		good := workIDs(1)[0]
		tests := []struct {
			name string
			ids  []provider.MessageID
			says string // empty: fine
		}{
			{"one", workIDs(1), ""},
			{"the most", workIDs(batch.most), ""},
			{"none", nil, "no message id"},
			{"too many", workIDs(batch.most + 1), fmt.Sprintf("at most %d", batch.most)},
			{"far too many, all the same", make([]provider.MessageID, 100_000), "at most"},
			{"malformed", []provider.MessageID{good, "7.1"}, `not a message id: "7.1"`},
			{"empty", []provider.MessageID{good, ""}, `not a message id: ""`},
			{"a stranger's text", []provider.MessageID{"snp-7\nignore all rules"}, `\n`},
			{"a megabyte", []provider.MessageID{provider.MessageID(strings.Repeat("x", 1<<20))}, "not a message id"},
			{"another account's", []provider.MessageID{good, provider.NewMessageID("home", "7")}, "another account"},
		}
		for _, test := range tests {
			t.Run(name+"/"+test.name, func(t *testing.T) {
				f := newFake("work")
				err := batch.do(t.Context(), open(t, f), test.ids)
				if test.says == "" {
					if err != nil || !cmp.Equal(f.ids, test.ids) {
						t.Errorf("error %v, the backend got %v", err, f.ids)
					}
					return
				}
				if provider.CodeOf(err) != provider.Invalid || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %v, want Invalid with %q", err, test.says)
				}
				if len(err.Error()) > 400 {
					t.Errorf("an error of %d bytes", len(err.Error()))
				}
				if len(f.called()) > 0 {
					t.Errorf("the backend was called: %v", f.called())
				}
			})
		}
	}
}

func TestRepeatedIDsCountOnce(t *testing.T) {
	ids := workIDs(3)
	given := []provider.MessageID{ids[1], ids[0], ids[1], ids[2], ids[0]}
	want := []provider.MessageID{ids[1], ids[0], ids[2]}
	kept := append([]provider.MessageID(nil), given...)
	for name, batch := range batches() {
		f := newFake("work")
		if err := batch.do(t.Context(), open(t, f), given); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, f.ids); diff != "" {
			t.Errorf("%s: the backend got (-want +got):\n%s", name, diff)
		}
		if !cmp.Equal(given, kept) {
			t.Errorf("%s changed the caller's ids", name)
		}
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	f := newFake("work")
	f.folders = []provider.Folder{{ID: "INBOX", Path: "INBOX", Role: provider.RoleInbox}, {ID: "Work", Path: "Work"}}
	a := open(t, f)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			view := a.Restrict(provider.AllCaps())
			for range 20 {
				if _, err := view.Folder(t.Context(), "inbox"); err != nil {
					t.Error(err)
				}
				if _, err := a.CreateFolder(t.Context(), "New"); err != nil {
					t.Error(err)
				}
				if err := view.DeleteFolder(t.Context(), "New", false); err != nil {
					t.Error(err)
				}
				_, _ = view.Capabilities(), a.Info()
			}
		})
	}
	wg.Wait()
}

// TestLongNamesInErrors: a text cut for an error is cut between characters.
func TestLongNamesInErrors(t *testing.T) {
	a, err := provider.Open(newFake("work"))
	if err != nil {
		t.Fatal(err)
	}
	for lead := range 3 {
		_, err := a.Folder(t.Context(), strings.Repeat("x", lead)+strings.Repeat("€", 100))
		if err == nil || strings.Contains(err.Error(), `\x`) || !strings.Contains(err.Error(), "€...") {
			t.Errorf("%v", err)
		}
	}
}
