package providertest

import (
	"slices"

	"github.com/postern-mail/postern/provider"
)

func deleteChecks() []check {
	read := provider.Caps(provider.CapRead)
	trash, purge := read|provider.Caps(provider.CapDelete), read|provider.Caps(provider.CapPurge)
	return []check{
		{"delete/to trash", trash | provider.Caps(provider.CapFolders), checkTrash},
		{"delete/in part", trash | purge, checkDeleteInPart},
		{"delete/for good", purge, checkPurge},
		{"delete/only the named", purge | provider.Caps(provider.CapModify), checkPurgeOnlyNamed},
	}
}

func checkTrash(tr *trial) {
	in := tr.inbox()
	all := []provider.MessageID{tr.deliver(in, full()), tr.deliver(in, numbered(1)[0])}
	got, err := tr.acct.Delete(tr.ctx(), all[:1], false)
	tr.must("delete", outcome(got, err))
	tr.leaves(in, got, all[1])
	if tr.remains {
		got, err = tr.acct.Delete(tr.ctx(), all[:1], false)
		tr.must("delete again", outcome(got, err))
		tr.leaves(in, got, all[1])
	}
	trash, ok := tr.role(provider.RoleTrash)
	if !ok {
		tr.fatalf("deleted, and there is no folder with the role trash")
	}
	there := tr.list(trash)
	if !slices.Equal(headerIDs(there), []string{"full@test.invalid"}) {
		tr.fatalf("trash holds %q", headerIDs(there))
	}
	if got[0].NewID != "" && got[0].NewID != there[0].ID {
		tr.errorf("the outcome says %s, the folder %s", got[0].NewID, there[0].ID)
	}
	m := tr.read(there[0].ID)
	if m.Subject != full().subject || len(m.Parts) != 1 || m.Flags.Has(provider.Deleted) {
		tr.errorf("in trash: %+v", m)
	}
}

func checkDeleteInPart(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 3)
	tr.must("purge", outcome(tr.acct.Delete(tr.ctx(), all[1:2], true)))
	for _, permanent := range []bool{false, true} {
		ask := []provider.MessageID{all[1], all[0]}
		if permanent {
			ask[1] = all[2]
		}
		got, err := tr.acct.Delete(tr.ctx(), ask, permanent)
		tr.must("delete in part", err)
		tr.want("the one that is gone", got[0].Err, provider.NotFound)
		if got[1].Err != nil {
			tr.errorf("the one that is there: %v", got[1].Err)
		}
	}
	if left := tr.list(in); len(left) != 0 {
		tr.errorf("left: %+v", left)
	}
}

// checkPurge: what is removed for good is in no folder.
func checkPurge(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 4)
	got, err := tr.acct.Delete(tr.ctx(), all[1:3], true)
	tr.must("delete permanently", err)
	for _, o := range got {
		if o.Err != nil || o.Remains {
			tr.errorf("outcome %+v, want success", o)
		}
	}
	if left, want := ids(tr.list(in)), []provider.MessageID{all[0], all[3]}; !slices.Equal(left, want) {
		tr.errorf("left: %s", difference(left, want))
	}
	for _, f := range tr.folders() {
		if f.NoSelect || f.ID == in.ID || f.Role == provider.RoleAll {
			continue
		}
		if found := tr.list(f); len(found) != 0 {
			tr.errorf("%s holds %q", f.Path, headerIDs(found))
		}
	}
}

// checkPurgeOnlyNamed: others that are marked as deleted stay.
func checkPurgeOnlyNamed(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 4)
	_, err := tr.acct.SetFlags(tr.ctx(), []provider.MessageID{all[0], all[3]}, provider.FlagChange{Add: provider.Deleted})
	tr.must("mark", err)
	tr.must("delete permanently", outcome(tr.acct.Delete(tr.ctx(), all[1:2], true)))
	want := []provider.MessageID{all[0], all[2], all[3]}
	if left := ids(tr.list(in)); !slices.Equal(left, want) {
		tr.fatalf("left: %s", difference(left, want))
	}
	if f := tr.flags(all[0]); f != provider.Deleted {
		tr.errorf("a message that nobody named has flags %05b", f)
	}
	if tr.caps.Can(provider.CapDelete) {
		tr.must("delete", outcome(tr.acct.Delete(tr.ctx(), all[2:3], false)))
		want = []provider.MessageID{all[0], all[3]}
		if left := ids(tr.list(in)); !slices.Equal(left, want) {
			tr.errorf("left after deleting to trash: %s", difference(left, want))
		}
	}
}
