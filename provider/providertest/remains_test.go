package providertest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/provider"
)

// keepingHarness opens toys whose server cannot remove single messages.
type keepingHarness struct{ toyHarness }

var _ Remainer = (*keepingHarness)(nil)

func (*keepingHarness) Remains() bool { return true }

// keeper copies a message once, leaves its original, marked as deleted, and says
// so. Flaws make broken ones of it.
type keeper struct {
	*toy
	purges    bool // reports what it cannot do
	copiesAll bool // also what it has copied before
	marksCopy bool
	marksNone bool
	saysNot   bool
	refuses   bool // asked again for what it has copied
	removes   bool
}

func (b keeper) Capabilities() provider.CapabilitySet {
	if b.purges {
		return b.toy.Capabilities()
	}
	return b.toy.Capabilities() &^ provider.Caps(provider.CapPurge)
}

func (b keeper) Move(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	again, stayed := make(map[provider.MessageID]bool), make(map[provider.MessageID]bool)
	out, err := b.eachTo(ctx, ids, to, func(target, f *toyFolder, i int) provider.MessageID {
		m := f.messages[i]
		if target == f {
			stayed[toyID(f, m)] = true
			return toyID(f, m)
		}
		at := slices.IndexFunc(target.messages, func(c *toyMessage) bool { return bytes.Equal(c.raw, m.raw) })
		if m.flags.Has(provider.Deleted) && at >= 0 && !b.copiesAll {
			again[toyID(f, m)] = true
			return toyID(target, target.messages[at])
		}
		twin := *m
		if !b.marksNone {
			m.flags |= provider.Deleted
		}
		if b.marksCopy {
			twin.flags |= provider.Deleted
		}
		if b.removes {
			f.messages = slices.Delete(f.messages, i, i+1)
		}
		return b.put(target, &twin)
	})
	for i, o := range out {
		if b.refuses && again[o.ID] {
			out[i].Err = toyError(provider.Conflict, "moved before")
			continue
		}
		out[i].Remains = o.Err == nil && !b.saysNot && !stayed[o.ID]
	}
	return out, err
}

func (b keeper) Delete(ctx context.Context, ids []provider.MessageID, permanent bool) ([]provider.Outcome, error) {
	if permanent && !b.purges {
		return nil, toyError(provider.Unsupported, "nothing can be removed")
	}
	return b.Move(ctx, ids, "Trash")
}

func TestBackendThatKeepsOriginalsPasses(t *testing.T) {
	ran := map[string]bool{}
	for _, c := range checks() {
		if beyondToy(c.name) {
			continue
		}
		h := &keepingHarness{toyHarness{spoil: func(b *toy) provider.Provider { return keeper{toy: b} }}}
		r := perform(t, h, c, promptly)
		for _, f := range r.failures {
			t.Errorf("%s: %s", c.name, f)
		}
		ran[c.name] = r.skipped == ""
	}
	for _, name := range []string{"move/one", "move/many", "move/again", "move/leaves others alone", "delete/to trash", "concurrency/moving", "cancel/while moving"} {
		if !ran[name] {
			t.Errorf("%s did not run", name)
		}
	}
}

func TestBackendThatKeepsOriginalsBadlyFails(t *testing.T) {
	const moves = "move/one, move/many, move/again, move/leaves others alone, delete/to trash, concurrency/moving"
	for _, tc := range []struct {
		name  string
		flaw  keeper
		fails string
	}{
		{"copies again", keeper{copiesAll: true}, "move/again, delete/to trash, concurrency/moving"},
		{"marks the copy", keeper{marksCopy: true}, "move/one, delete/to trash"},
		{"marks nothing", keeper{marksNone: true}, moves},
		{"does not say so", keeper{saysNot: true}, "move/one, move/many, move/again, move/leaves others alone, delete/to trash"},
		{"refuses what it has moved", keeper{refuses: true}, "move/again, delete/to trash"},
		{"removes originals", keeper{removes: true}, moves},
		{"says that it purges", keeper{purges: true}, "capability/implemented"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for name := range strings.SplitSeq(tc.fails, ", ") {
				h := &keepingHarness{toyHarness{spoil: func(b *toy) provider.Provider {
					flawed := tc.flaw
					flawed.toy = b
					return flawed
				}}}
				if r := perform(t, h, named(t, name), promptly); len(r.failures) == 0 {
					t.Errorf("%s does not see it", name)
				}
			}
		})
	}
}

// Nobody may leave originals behind unless the harness says so, nor say that
// they remain where they do not.
func TestOriginalsRemainOnlyWhereSaid(t *testing.T) {
	for what, spoil := range map[string]func(*toy) provider.Provider{
		"keeps them": func(b *toy) provider.Provider { return keeper{toy: b} },
		"says so": func(b *toy) provider.Provider {
			return bent{toy: b, move: func(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
				got, err := b.Move(ctx, ids, to)
				for i := range got {
					got[i].Remains = true
				}
				return got, err
			}}
		},
	} {
		t.Run(what, func(t *testing.T) {
			for _, name := range []string{"move/one", "move/many", "move/again", "move/leaves others alone"} {
				if r := perform(t, &toyHarness{spoil: spoil}, named(t, name), promptly); len(r.failures) == 0 {
					t.Errorf("%s does not see it", name)
				}
			}
		})
	}
}
