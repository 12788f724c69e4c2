package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

func TestCapabilityNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range provider.AllCaps().Slice() {
		if c.String() == "" || seen[c.String()] {
			t.Errorf("capability %d has the name %q", c, c)
		}
		seen[c.String()] = true
	}
	past := provider.Capability(1)
	for past.String() != "" {
		past++
	}
	if n := len(seen); n != int(past)-1 {
		t.Errorf("%d capabilities in AllCaps, want %d", n, past-1)
	}
	for _, c := range []provider.Capability{0, past, past + 1, 31, 32, 64, 255} {
		if c.String() != "" {
			t.Errorf("capability %d, which is none, has the name %q", c, c)
		}
	}
}

func TestCapabilitySet(t *testing.T) {
	s := provider.Caps(provider.CapSend, provider.CapRead, provider.CapRead)
	if got, want := s.Slice(), []provider.Capability{provider.CapRead, provider.CapSend}; !cmp.Equal(got, want) {
		t.Errorf("Slice = %v, want %v", got, want)
	}
	if s.String() != "read send" {
		t.Errorf("String = %q", s)
	}
	for _, c := range provider.AllCaps().Slice() {
		if want := c == provider.CapRead || c == provider.CapSend; s.Can(c) != want {
			t.Errorf("Can(%v) = %v", c, !want)
		}
	}
	if !s.Has(provider.Caps(provider.CapRead)) || !s.Has(s) || s.Has(provider.Caps(provider.CapRead, provider.CapMove)) {
		t.Errorf("Has: a set holds its parts and nothing else")
	}
	var none provider.CapabilitySet
	if none.String() != "" || len(none.Slice()) != 0 || none.Can(0) || none.Can(provider.CapRead) {
		t.Errorf("the zero set is not empty: %v", none)
	}
	past := provider.Capability(len(provider.AllCaps().Slice()) + 1)
	if got := provider.Caps(0, past, 31, 32, 255); got != 0 {
		t.Errorf("Caps took values that are no capability: %b", got)
	}
	all := ^provider.CapabilitySet(0)
	for _, c := range []provider.Capability{0, past, 32, 255} {
		if all.Can(c) {
			t.Errorf("Can(%d) is true of a value that is no capability", c)
		}
	}
	if got := len(all.Slice()); got != len(provider.AllCaps().Slice()) {
		t.Errorf("a set of all bits has %d members", got)
	}
}

// TestImplemented: an account finds exactly the interfaces its backend has,
// whatever the backend reports.
func TestImplemented(t *testing.T) {
	f := newFake("work")
	f.caps = ^provider.CapabilitySet(0)
	tests := []struct {
		name string
		part provider.Provider
		want provider.CapabilitySet
	}{
		{"nothing", bare{f}, 0},
		{"folders", struct {
			bare
			provider.Folders
		}{bare{f}, f}, provider.Caps(provider.CapFolders)},
		{"folder editor", struct {
			bare
			provider.FolderEditor
		}{bare{f}, f}, provider.Caps(provider.CapFolderEdit)},
		{"reader", struct {
			bare
			provider.Reader
		}{bare{f}, f}, provider.Caps(provider.CapRead)},
		{"searcher", struct {
			bare
			provider.Searcher
		}{bare{f}, f}, provider.Caps(provider.CapSearch)},
		{"modifier", struct {
			bare
			provider.Modifier
		}{bare{f}, f}, provider.Caps(provider.CapModify, provider.CapHandled)},
		{"mover", struct {
			bare
			provider.Mover
		}{bare{f}, f}, provider.Caps(provider.CapMove)},
		{"deleter", struct {
			bare
			provider.Deleter
		}{bare{f}, f}, provider.Caps(provider.CapDelete, provider.CapPurge)},
		{"sender", struct {
			bare
			provider.Sender
		}{bare{f}, f}, provider.Caps(provider.CapSend)},
		{"threader", struct {
			bare
			provider.Threader
		}{bare{f}, f}, provider.Caps(provider.CapThread)},
		{"reader and searcher", struct {
			bare
			provider.Reader
			provider.Searcher
		}{bare{f}, f, f}, provider.Caps(provider.CapRead, provider.CapSearch, provider.CapThread)},
		{"watcher", struct {
			bare
			provider.Watcher
		}{bare{f}, f}, provider.Caps(provider.CapWatch)},
		{"everything", f, provider.AllCaps()},
	}
	var found provider.CapabilitySet
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := open(t, test.part).Capabilities(); got != test.want {
				t.Errorf("Capabilities = %q, want %q", got, test.want)
			}
		})
		if test.part != provider.Provider(f) {
			found |= test.want
		}
	}
	if found != provider.AllCaps() {
		t.Errorf("no case for %q", provider.AllCaps()&^found)
	}
}
