package provider_test

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/provider"
)

func TestFlagsHas(t *testing.T) {
	f := provider.Seen | provider.Flagged
	if !f.Has(provider.Seen) || !f.Has(f) || f.Has(provider.Seen|provider.Draft) || f.Has(provider.Deleted) || !f.Has(0) {
		t.Errorf("Has of %b", f)
	}
}

func TestSetFlags(t *testing.T) {
	tests := []struct {
		name   string
		change provider.FlagChange
		says   string // empty: fine
	}{
		{"set one", provider.FlagChange{Add: provider.Seen}, ""},
		{"clear one", provider.FlagChange{Remove: provider.Flagged}, ""},
		{"set and clear", provider.FlagChange{Add: provider.Seen | provider.Answered, Remove: provider.Flagged | provider.Deleted}, ""},
		{"handled", provider.FlagChange{Add: provider.Handled}, ""},
		{"nothing", provider.FlagChange{}, "no flag"},
		{"set draft", provider.FlagChange{Add: provider.Draft}, "only seen"},
		{"clear draft", provider.FlagChange{Remove: provider.Draft}, "only seen"},
		{"draft among others", provider.FlagChange{Add: provider.Seen | provider.Draft}, "only seen"},
		{"no such flag", provider.FlagChange{Add: 1 << 6}, "only seen"},
		{"no such flag to clear", provider.FlagChange{Add: provider.Seen, Remove: 1 << 7}, "only seen"},
		{"the same twice", provider.FlagChange{Add: provider.Seen | provider.Flagged, Remove: provider.Flagged}, "at once"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake("work")
			out, err := open(t, f).SetFlags(t.Context(), workIDs(2), test.change)
			if test.says == "" {
				if err != nil || len(out) != 2 || len(f.called()) != 1 {
					t.Errorf("%v, %v, calls %v", out, err, f.called())
				}
				return
			}
			if provider.CodeOf(err) != provider.Invalid || !strings.Contains(err.Error(), test.says) || len(f.called()) > 0 {
				t.Errorf("error %v, calls %v, want Invalid with %q", err, f.called(), test.says)
			}
		})
	}
}
