package provider_test

import (
	"context"
	"testing"

	"github.com/postern-mail/postern/provider"
)

// TestHandled: whatever speaks of the mark needs CapHandled beside what it
// needs anyway, and reaches no backend without it.
func TestHandled(t *testing.T) {
	mark := provider.Query{With: provider.Handled}
	calls := []struct {
		name string
		need provider.Capability
		do   func(context.Context, *provider.Account) error
	}{
		{"set", provider.CapModify, func(ctx context.Context, a *provider.Account) error {
			_, err := a.SetFlags(ctx, workIDs(2), provider.FlagChange{Add: provider.Handled})
			return err
		}},
		{"clear beside another", provider.CapModify, func(ctx context.Context, a *provider.Account) error {
			_, err := a.SetFlags(ctx, workIDs(2), provider.FlagChange{Add: provider.Seen, Remove: provider.Handled})
			return err
		}},
		{"list", provider.CapRead, func(ctx context.Context, a *provider.Account) error {
			_, err := a.ListMessages(ctx, provider.ListOptions{Folder: "INBOX", UnhandledOnly: true}, provider.PageRequest{})
			return err
		}},
		{"search", provider.CapSearch, func(ctx context.Context, a *provider.Account) error {
			_, err := a.Search(ctx, mark, provider.PageRequest{})
			return err
		}},
		{"search for others", provider.CapSearch, func(ctx context.Context, a *provider.Account) error {
			_, err := a.Search(ctx, provider.Query{Without: provider.Handled}, provider.PageRequest{})
			return err
		}},
		{"search deep inside", provider.CapSearch, func(ctx context.Context, a *provider.Account) error {
			_, err := a.Search(ctx, provider.Query{Any: [][]provider.Query{{{Not: []provider.Query{mark}}}}}, provider.PageRequest{})
			return err
		}},
	}
	for _, call := range calls {
		for _, keep := range []struct {
			name  string
			caps  provider.CapabilitySet
			works bool
		}{
			{"both", provider.Caps(call.need, provider.CapHandled), true},
			{"without the mark", provider.AllCaps() &^ provider.Caps(provider.CapHandled), false},
			{"the mark alone", provider.Caps(provider.CapHandled), false},
		} {
			t.Run(call.name+"/"+keep.name, func(t *testing.T) {
				f := newFake("work")
				err := call.do(t.Context(), open(t, f).Restrict(keep.caps))
				if keep.works {
					if err != nil || len(f.called()) != 1 {
						t.Errorf("error %v, calls %v", err, f.called())
					}
					return
				}
				if provider.CodeOf(err) != provider.Unsupported || len(f.called()) > 0 {
					t.Errorf("error %v, calls %v, want Unsupported and none", err, f.called())
				}
			})
		}
	}
}
