package provider_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/postern-mail/postern/provider"
)

func TestWatchRefuses(t *testing.T) {
	many := make([]provider.FolderID, provider.MaxWatch+1)
	for i := range many {
		many[i] = provider.FolderID("f" + strings.Repeat("x", i))
	}
	for name, folders := range map[string][]provider.FolderID{
		"none": {}, "many": many, "no name": {""}, "control character": {"a\nb"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake("work")
			err := open(t, f).Watch(t.Context(), folders, func(provider.FolderID) {})
			if !errors.Is(err, provider.Invalid) || len(f.called()) > 0 {
				t.Errorf("error %v, calls %v", err, f.called())
			}
		})
	}
	if err := open(t, newFake("work")).Watch(t.Context(), []provider.FolderID{"INBOX"}, nil); !errors.Is(err, provider.Invalid) {
		t.Errorf("nobody to tell: %v", err)
	}
	if _, err := open(t, newFake("work")).Mark(t.Context(), ""); !errors.Is(err, provider.Invalid) {
		t.Errorf("a mark of no folder: %v", err)
	}
}

// TestWatchOfOneFolderTwice tells of it once.
func TestWatchOfOneFolderTwice(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	err := open(t, newFake("work")).Watch(ctx, []provider.FolderID{"INBOX", "INBOX"}, func(provider.FolderID) { told++; cancel() })
	if told != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("told %d times, %v", told, err)
	}
}

func TestWatchThatEndsByItself(t *testing.T) {
	f := newFake("work")
	f.watch = func(context.Context, func(provider.FolderID)) error { return nil }
	if err := open(t, f).Watch(t.Context(), []provider.FolderID{"INBOX"}, func(provider.FolderID) {}); !errors.Is(err, provider.Internal) {
		t.Errorf("got %v", err)
	}
}

func TestSearchAfter(t *testing.T) {
	id := provider.NewMessageID("work", "7.1")
	in := []provider.FolderID{"INBOX"}
	tests := []struct {
		name  string
		query provider.Query
		caps  provider.CapabilitySet
		want  provider.Code
	}{
		{"one folder", provider.Query{In: in, After: id}, provider.AllCaps(), ""},
		{"no folder", provider.Query{After: id}, provider.AllCaps(), provider.Invalid},
		{"two folders", provider.Query{In: []provider.FolderID{"A", "B"}, After: id}, provider.AllCaps(), provider.Invalid},
		{"everywhere", provider.Query{Everywhere: true, After: id}, provider.AllCaps(), provider.Invalid},
		{"within a part", provider.Query{In: in, Not: []provider.Query{{After: id}}}, provider.AllCaps(), provider.Invalid},
		{"another account's", provider.Query{In: in, After: provider.NewMessageID("home", "7.1")}, provider.AllCaps(), provider.Invalid},
		{"no id", provider.Query{In: in, After: "yesterday"}, provider.AllCaps(), provider.Invalid},
		{"no watcher", provider.Query{In: in, After: id}, provider.AllCaps() &^ provider.Caps(provider.CapWatch), provider.Unsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake("work")
			f.caps = test.caps
			_, err := open(t, f).Search(t.Context(), test.query, provider.PageRequest{})
			if provider.CodeOf(err) != test.want || (len(f.called()) > 0) != (test.want == "") {
				t.Errorf("error %v, want %q; calls %v", err, test.want, f.called())
			}
		})
	}
}
