package providertest

import (
	"slices"

	"github.com/postern-mail/postern/provider"
)

func moveChecks() []check {
	move := provider.Caps(provider.CapMove, provider.CapRead)
	return []check{
		{"move/one", move, checkMoveOne},
		{"move/many", move, checkMoveMany},
		{"move/again", move, checkMoveAgain},
		{"move/in part", move | provider.Caps(provider.CapPurge), checkMoveInPart},
		{"move/nowhere", move, checkMoveNowhere},
		{"move/leaves others alone", move | provider.Caps(provider.CapModify), checkMoveLeavesOthers},
		{"move/to where it is", move, checkMoveInPlace},
	}
}

// checkMoveOne: content and flags come along, the new id reads, the old does not.
func checkMoveOne(tr *trial) {
	in, to := tr.inbox(), tr.second()
	id := tr.deliver(in, full())
	want := provider.Flags(0)
	if tr.caps.Can(provider.CapModify) {
		want = provider.Flagged | provider.Seen
		tr.must("set flags", outcome(tr.acct.SetFlags(tr.ctx(), []provider.MessageID{id}, provider.FlagChange{Add: want})))
	}
	before := tr.read(id)
	got, err := tr.acct.Move(tr.ctx(), []provider.MessageID{id}, to.ID)
	tr.must("move", outcome(got, err))
	tr.leaves(in, got)
	there := tr.list(to)
	if len(there) != 1 {
		tr.fatalf("after the move %d messages are in the new folder, want 1", len(there))
	}
	if got[0].NewID != "" && got[0].NewID != there[0].ID {
		tr.errorf("the outcome says %s, the folder %s", got[0].NewID, there[0].ID)
	}
	after := tr.read(there[0].ID)
	if after.HeaderID != before.HeaderID || after.Subject != before.Subject || after.Text != before.Text || after.Folder != to.ID ||
		!after.Date.Equal(before.Date) || !after.Received.Equal(before.Received) || after.Flags != want || len(after.Parts) != len(before.Parts) {
		tr.errorf("moved\n%+v\nto\n%+v", before, after)
	}
	_, data, err := tr.part(there[0].ID, after.Parts[0].ID)
	if err != nil || string(data) != string(full().data) {
		tr.errorf("the attachment after the move: %q, %v", data, err)
	}
	if there[0].ID != id && !tr.remains {
		_, err = tr.tryRead(id)
		tr.want("read by the old id", err, provider.NotFound, provider.Conflict)
	}
}

func checkMoveMany(tr *trial) {
	in, to := tr.inbox(), tr.second()
	all := tr.fill(in, 40)
	stay := all[10:12]
	named := slices.Concat(all[:10], all[12:])
	got, err := tr.acct.Move(tr.ctx(), named, to.ID)
	tr.must("move many", err)
	if len(got) != len(named) {
		tr.fatalf("%d outcomes for %d ids", len(got), len(named))
	}
	newIDs := map[provider.MessageID]bool{}
	for i, o := range got {
		if o.ID != named[i] || o.Err != nil {
			tr.errorf("outcome %d is %+v, want success for %s", i, o, named[i])
		}
		if o.NewID != "" && newIDs[o.NewID] {
			tr.errorf("two messages have the new id %s", o.NewID)
		}
		newIDs[o.NewID] = true
	}
	tr.leaves(in, got, stay...)
	seen := map[string]bool{}
	for _, h := range headerIDs(tr.list(to)) {
		seen[h] = true
	}
	if len(seen) != len(named) || len(tr.list(to)) != len(named) {
		tr.errorf("%d messages, %d different ones in the new folder, want %d", len(tr.list(to)), len(seen), len(named))
	}
}

// checkMoveAgain: who did not see that a move was made may ask for it again.
func checkMoveAgain(tr *trial) {
	in, to := tr.inbox(), tr.second()
	all := tr.fill(in, 3)
	tr.must("move", outcome(tr.acct.Move(tr.ctx(), all[:1], to.ID)))
	got, err := tr.acct.Move(tr.ctx(), all, to.ID)
	tr.must("move again", err)
	for _, o := range got {
		if o.Err != nil && (tr.remains || o.ID != all[0]) {
			tr.errorf("outcome %+v, want success", o)
		}
	}
	tr.leaves(in, got)
	there := headerIDs(tr.list(to))
	slices.Sort(there)
	if want := []string{"n000@test.invalid", "n001@test.invalid", "n002@test.invalid"}; !slices.Equal(there, want) {
		tr.errorf("moved again, the new folder holds %q, want %q", there, want)
	}
}

// leaves ends the check unless stay is what is left of f, newest first, after
// messages were moved out of it: beside their originals, marked as deleted, where
// those remain. It returns what stays.
func (tr *trial) leaves(f provider.Folder, moved []provider.Outcome, stay ...provider.MessageID) []provider.Summary {
	originals := make(map[provider.MessageID]bool)
	for _, o := range moved {
		if o.Err == nil {
			originals[o.ID] = tr.remains
		}
		if o.Remains != (tr.remains && o.Err == nil) {
			tr.errorf("outcome %+v: the original remains is %t, want %t", o, o.Remains, tr.remains)
		}
	}
	var others []provider.Summary
	for _, s := range tr.list(f) {
		if !originals[s.ID] {
			others = append(others, s)
			continue
		}
		originals[s.ID] = false
		if !s.Flags.Has(provider.Deleted) || !tr.flags(s.ID).Has(provider.Deleted) {
			tr.errorf("%s remains, and is not marked as deleted", s.ID)
		}
	}
	for id, awaited := range originals {
		if awaited {
			tr.errorf("%s is gone, where originals remain", id)
		}
	}
	if left := ids(others); !slices.Equal(left, stay) {
		tr.fatalf("left behind: %s", difference(left, stay))
	}
	return others
}

func checkMoveInPart(tr *trial) {
	in, to := tr.inbox(), tr.second()
	all := tr.fill(in, 3)
	tr.must("purge", outcome(tr.acct.Delete(tr.ctx(), all[1:2], true)))
	got, err := tr.acct.Move(tr.ctx(), all, to.ID)
	tr.must("move in part", err)
	if got[0].Err != nil || got[2].Err != nil {
		tr.errorf("the messages that are there: %v, %v", got[0].Err, got[2].Err)
	}
	tr.want("the one that is gone", got[1].Err, provider.NotFound)
	if a, b := len(tr.list(in)), len(tr.list(to)); a != 0 || b != 2 {
		tr.errorf("%d left and %d moved, want 0 and 2", a, b)
	}
}

// checkMoveNowhere: a move to a folder that does not exist moves nothing and
// makes no folder.
func checkMoveNowhere(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 2)
	folders := len(tr.folders())
	got, err := tr.acct.Move(tr.ctx(), all, "No Such Folder")
	if err != nil {
		tr.want("move to a folder that does not exist", err, provider.NotFound)
	}
	for _, o := range got {
		tr.want("move to a folder that does not exist", o.Err, provider.NotFound)
	}
	if now := ids(tr.list(in)); !slices.Equal(now, all) {
		tr.errorf("refused, and changed: %s", difference(now, all))
	}
	if now := len(tr.folders()); now != folders {
		tr.errorf("%d folders became %d", folders, now)
	}
}

// checkMoveLeavesOthers: a message that somebody marked as deleted is not
// swept away by the move of another.
func checkMoveLeavesOthers(tr *trial) {
	in, to := tr.inbox(), tr.second()
	all := tr.fill(in, 3)
	tr.must("mark", outcome(tr.acct.SetFlags(tr.ctx(), all[:1], provider.FlagChange{Add: provider.Deleted})))
	got, err := tr.acct.Move(tr.ctx(), all[1:2], to.ID)
	tr.must("move", outcome(got, err))
	if left := tr.leaves(in, got, all[0], all[2]); left[0].Flags != provider.Deleted || left[1].Flags != 0 {
		tr.errorf("left in the folder: %+v", left)
	}
}

// checkMoveInPlace: whatever the answer, the message is there once.
func checkMoveInPlace(tr *trial) {
	in := tr.inbox()
	id := tr.deliver(in, full())
	got, err := tr.acct.Move(tr.ctx(), []provider.MessageID{id}, in.ID)
	if err := outcome(got, err); err != nil {
		tr.want("move to where it is", err, provider.Invalid, provider.Conflict)
	}
	if now := headerIDs(tr.list(in)); !slices.Equal(now, []string{"full@test.invalid"}) {
		tr.errorf("after a move to where it is: %q", now)
	}
}
