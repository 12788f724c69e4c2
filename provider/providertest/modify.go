package providertest

import (
	"fmt"

	"github.com/postern-mail/postern/provider"
)

func modifyChecks() []check {
	modify := provider.Caps(provider.CapModify, provider.CapRead)
	return []check{
		{"modify/set and clear", modify, checkSetAndClear},
		{"modify/deleted removes nothing", modify, checkDeletedRemovesNothing},
		{"modify/draft", modify, checkDraftIsRefused},
		{"modify/many", modify, checkModifyMany},
		{"modify/in part", modify | provider.Caps(provider.CapPurge), checkModifyInPart},
	}
}

// checkSetAndClear changes one flag after another; all others stay.
func checkSetAndClear(tr *trial) {
	in := tr.inbox()
	id, other := tr.deliver(in, numbered(2)[0]), tr.deliver(in, numbered(2)[1])
	want := provider.Flags(0)
	change := func(add, remove provider.Flags) {
		tr.must("change flags", outcome(tr.acct.SetFlags(tr.ctx(), []provider.MessageID{id}, provider.FlagChange{Add: add, Remove: remove})))
		want = want&^remove | add
		if got := tr.flags(id); got != want {
			tr.errorf("after adding %05b and removing %05b: %05b, want %05b", add, remove, got, want)
		}
	}
	for _, f := range []provider.Flags{provider.Seen, provider.Flagged, provider.Answered, provider.Deleted} {
		change(f, 0)
	}
	change(provider.Seen, 0)
	for _, f := range []provider.Flags{provider.Flagged, provider.Deleted, provider.Seen, provider.Seen} {
		change(0, f)
	}
	change(provider.Seen|provider.Flagged, provider.Answered)
	if got := tr.flags(other); got != 0 {
		tr.errorf("a message that nobody named has flags %05b", got)
	}
	for _, s := range tr.list(in) {
		if s.ID == id && s.Flags != want {
			tr.errorf("listed with %05b, want %05b", s.Flags, want)
		}
	}
}

func checkDeletedRemovesNothing(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 3)
	_, err := tr.acct.SetFlags(tr.ctx(), all[1:2], provider.FlagChange{Add: provider.Deleted})
	tr.must("mark as deleted", err)
	if got := tr.list(in); len(got) != 3 || !got[1].Flags.Has(provider.Deleted) {
		tr.errorf("after marking one as deleted: %+v", got)
	}
	tr.read(all[1])
}

func checkDraftIsRefused(tr *trial) {
	in := tr.inbox()
	id := tr.deliver(in, numbered(1)[0])
	for name, change := range map[string]provider.FlagChange{
		"set draft": {Add: provider.Draft}, "clear draft": {Remove: provider.Draft}, "no change": {},
		"set and clear": {Add: provider.Seen, Remove: provider.Seen}, "an unknown flag": {Add: 1 << 7}, "another": {Add: 1 << 6},
	} {
		_, err := tr.acct.SetFlags(tr.ctx(), []provider.MessageID{id}, change)
		tr.want(name, err, provider.Invalid)
	}
	if got := tr.flags(id); got != 0 {
		tr.errorf("refused, and changed to %05b", got)
	}
}

// checkModifyMany changes every other message of many at once.
func checkModifyMany(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 60)
	var named []provider.MessageID
	for i := 0; i < len(all); i += 2 {
		named = append(named, all[i])
	}
	got, err := tr.acct.SetFlags(tr.ctx(), named, provider.FlagChange{Add: provider.Flagged})
	tr.must("change many", err)
	if len(got) != len(named) {
		tr.fatalf("%d outcomes for %d ids", len(got), len(named))
	}
	for i, o := range got {
		if o.ID != named[i] || o.Err != nil {
			tr.errorf("outcome %d is %+v, want success for %s", i, o, named[i])
		}
	}
	for i, s := range tr.list(in) {
		if s.Flags.Has(provider.Flagged) != (i%2 == 0) {
			tr.errorf("%s at %d has flags %05b", s.ID, i, s.Flags)
		}
	}
	var tooMany []provider.MessageID
	for i := range provider.MaxBatch + 1 {
		tooMany = append(tooMany, provider.MessageID(fmt.Sprintf("%s-%d", tr.acct.Tag(), i)))
	}
	_, err = tr.acct.SetFlags(tr.ctx(), tooMany, provider.FlagChange{Add: provider.Flagged})
	tr.want("more than a batch", err, provider.Invalid)
	_, err = tr.acct.SetFlags(tr.ctx(), nil, provider.FlagChange{Add: provider.Flagged})
	tr.want("no id at all", err, provider.Invalid)
}

// checkModifyInPart: what is there is changed, what is gone is named.
func checkModifyInPart(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 3)
	tr.must("purge", outcome(tr.acct.Delete(tr.ctx(), all[1:2], true)))
	got, err := tr.acct.SetFlags(tr.ctx(), []provider.MessageID{all[1], all[0], all[2], all[0]}, provider.FlagChange{Add: provider.Seen})
	tr.must("change in part", err)
	if len(got) != 3 {
		tr.fatalf("%d outcomes for 3 different ids", len(got))
	}
	tr.want("the one that is gone", got[0].Err, provider.NotFound)
	for i, id := range []provider.MessageID{all[0], all[2]} {
		if o := got[i+1]; o.ID != id || o.Err != nil {
			tr.errorf("outcome %+v, want success for %s", o, id)
		}
		if f := tr.flags(id); f != provider.Seen {
			tr.errorf("%s has flags %05b, want seen", id, f)
		}
	}
}
