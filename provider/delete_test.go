package provider_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

// TestDeleteAndPurgeAreTwoRights: one does not bring the other.
func TestDeleteAndPurgeAreTwoRights(t *testing.T) {
	tests := []struct {
		name      string
		may       provider.Capability
		permanent bool
		call      string // empty: refused
	}{
		{"to Trash, allowed", provider.CapDelete, false, "Delete"},
		{"for good, allowed", provider.CapPurge, true, "Purge"},
		{"for good with the right to Trash", provider.CapDelete, true, ""},
		{"to Trash with the right for good", provider.CapPurge, false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake("work")
			out, err := open(t, f).Restrict(provider.Caps(test.may)).Delete(t.Context(), workIDs(2), test.permanent)
			if test.call == "" {
				if !errors.Is(err, errors.ErrUnsupported) || len(f.called()) > 0 {
					t.Errorf("error %v, calls %v", err, f.called())
				}
				return
			}
			if err != nil || len(out) != 2 || !cmp.Equal(f.called(), []string{test.call}) {
				t.Errorf("%v, %v, calls %v", out, err, f.called())
			}
		})
	}
}
