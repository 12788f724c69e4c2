package scopes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/scopes"
)

func TestAccessIsASetNotAnOrder(t *testing.T) {
	all := []scopes.Access{scopes.Read, scopes.Write, scopes.Send, scopes.Destroy}
	for _, granted := range all {
		for _, asked := range all {
			if got := scopes.Accesses(granted).Has(asked); got != (granted == asked) {
				t.Errorf("Accesses(%s).Has(%s) = %v", granted, asked, got)
			}
		}
	}
	if diff := cmp.Diff(all, scopes.AllAccess().Slice()); diff != "" {
		t.Errorf("AllAccess (-want +got):\n%s", diff)
	}
}

func TestInvalidAccess(t *testing.T) {
	for _, a := range []scopes.Access{0, 5, 8, 9, 255} {
		if a.Valid() {
			t.Errorf("%s is valid", a)
		}
		if set := scopes.Accesses(a); set != 0 {
			t.Errorf("Accesses(%s) = %08b, want none", a, set)
		}
		if scopes.AccessSet(255).Has(a) {
			t.Errorf("a set with all bits has %s", a)
		}
	}
	if got := scopes.AccessSet(255).Slice(); len(got) != 4 {
		t.Errorf("a set with all bits lists %v", got)
	}
	if got := scopes.AccessSet(255).Intersect(255); got != scopes.AllAccess() {
		t.Errorf("stray bits survive: %08b", got)
	}
}

func TestAccessSetIntersect(t *testing.T) {
	got := scopes.Accesses(scopes.Read, scopes.Send).Intersect(scopes.Accesses(scopes.Send, scopes.Destroy))
	if got != scopes.Accesses(scopes.Send) {
		t.Errorf("intersection %q, want send", got)
	}
	if scopes.AccessSet(0).Has(scopes.Read) || scopes.AccessSet(0).Slice() != nil {
		t.Error("the zero set allows reading")
	}
}
