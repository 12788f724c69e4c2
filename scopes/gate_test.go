package scopes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/scopes"
)

func TestGates(t *testing.T) {
	all := []scopes.Gate{scopes.Sending, scopes.Destructive, scopes.Migration}
	for _, open := range all {
		set := scopes.Gates(open)
		for _, asked := range all {
			if got := set.Has(asked); got != (open == asked) {
				t.Errorf("Gates(%s).Has(%s) = %v", open, asked, got)
			}
		}
		if !set.Has(scopes.NoGate) || !open.Known() {
			t.Errorf("%s: NoGate open %v, known %v", open, set.Has(scopes.NoGate), open.Known())
		}
	}
	if diff := cmp.Diff(all, scopes.AllGates().Slice()); diff != "" {
		t.Errorf("AllGates (-want +got):\n%s", diff)
	}
	if got := scopes.Gates(all[0], all[1]).Intersect(scopes.Gates(all[1], all[2])); got != scopes.Gates(all[1]) {
		t.Errorf("intersection %q, want destructive", got)
	}
}

func TestZeroAndUnknownGates(t *testing.T) {
	var zero scopes.GateSet
	if !zero.Has(scopes.NoGate) || !scopes.NoGate.Known() {
		t.Error("NoGate is closed or unknown")
	}
	if zero.Has(scopes.Sending) || zero.Slice() != nil {
		t.Errorf("the zero set opens %v", zero.Slice())
	}
	for _, g := range []scopes.Gate{"send", "Sending", " ", "all"} {
		if g.Known() || scopes.Gates(g) != 0 || scopes.GateSet(255).Has(g) {
			t.Errorf("%q: known %v, set %08b, open %v; want unknown and closed", g, g.Known(), scopes.Gates(g), scopes.GateSet(255).Has(g))
		}
	}
	if got := scopes.GateSet(255).Intersect(255); got != scopes.AllGates() {
		t.Errorf("stray bits survive: %08b", got)
	}
}
