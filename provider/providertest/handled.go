package providertest

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/provider"
)

func handledChecks() []check {
	handled := provider.Caps(provider.CapHandled, provider.CapModify, provider.CapRead)
	return []check{
		{"handled/set and clear", handled, checkHandled},
		{"handled/unhandled only", handled, checkUnhandledOnly},
		{"handled/search", handled | provider.Caps(provider.CapSearch), checkSearchHandled},
		{"handled/move", handled | provider.Caps(provider.CapMove), checkHandledMoves},
		{"handled/in part", handled | provider.Caps(provider.CapPurge), checkHandledInPart},
		{"handled/where it is not kept", provider.Caps(provider.CapModify, provider.CapRead), checkHandledMissing},
	}
}

func handledOperation() operation {
	return operation{"set handled", provider.CapHandled, true, func(ctx context.Context, on any, s scene) error {
		return outcome(on.(provider.Modifier).SetFlags(ctx, []provider.MessageID{s.id}, provider.FlagChange{Add: provider.Handled}))
	}}
}

func (tr *trial) handle(ids ...provider.MessageID) {
	got, err := tr.acct.SetFlags(tr.ctx(), ids, provider.FlagChange{Add: provider.Handled})
	tr.must("mark as handled", err)
	for _, o := range got {
		tr.must("mark "+string(o.ID)+" as handled", o.Err)
	}
}

// checkHandled: the mark is beside the owner's flags, and no label.
func checkHandled(tr *trial) {
	in := tr.inbox()
	id, other := tr.deliver(in, numbered(2)[0]), tr.deliver(in, numbered(2)[1])
	tr.handle(id)
	tr.read(id)
	if got := tr.flags(id); got != provider.Handled {
		tr.errorf("marked as handled, and read here: flags %06b, want %06b", got, provider.Handled)
	}
	if got := tr.flags(other); got != 0 {
		tr.errorf("a message that nobody named has flags %06b", got)
	}
	for _, s := range tr.list(in) {
		want := provider.Flags(0)
		if s.ID == id {
			want = provider.Handled
		}
		if s.Flags != want || len(s.Labels) > 0 {
			tr.errorf("%s listed with %06b and labels %q, want %06b and none", s.ID, s.Flags, s.Labels, want)
		}
	}
	if m := tr.read(id); m.Flags != provider.Handled || len(m.Labels) > 0 {
		tr.errorf("read with %06b and labels %q", m.Flags, m.Labels)
	}
	both := provider.FlagChange{Add: provider.Seen, Remove: provider.Handled}
	tr.must("clear it, and set seen", outcome(tr.acct.SetFlags(tr.ctx(), []provider.MessageID{id}, both)))
	if got := tr.flags(id); got != provider.Seen {
		tr.errorf("cleared, and seen set: %06b", got)
	}
}

func checkUnhandledOnly(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 7) // newest first
	tr.handle(all[0], all[3], all[4])
	_, err := tr.acct.SetFlags(tr.ctx(), all[1:2], provider.FlagChange{Add: provider.Seen})
	tr.must("set seen", err)
	walk := func(opts provider.ListOptions) []provider.MessageID {
		opts.Folder, opts.UnhandledOnly = in.ID, true
		return ids(tr.walk(2, func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
			return tr.acct.ListMessages(ctx, opts, page)
		}))
	}
	if got, want := walk(provider.ListOptions{}), []provider.MessageID{all[1], all[2], all[5], all[6]}; !slices.Equal(got, want) {
		tr.errorf("unhandled: %s", difference(got, want))
	}
	if got, want := walk(provider.ListOptions{UnreadOnly: true}), []provider.MessageID{all[2], all[5], all[6]}; !slices.Equal(got, want) {
		tr.errorf("unhandled and unread: %s", difference(got, want))
	}
	cursor := tr.firstCursor(tr.getList(in))
	_, err = tr.acct.ListMessages(tr.ctx(), provider.ListOptions{Folder: in.ID, UnhandledOnly: true}, provider.PageRequest{After: cursor})
	tr.want("a cursor of all in a list of the unhandled", err, provider.Invalid)
}

func checkSearchHandled(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 5)
	tr.handle(all[1], all[2])
	query := provider.Query{In: []provider.FolderID{in.ID}, Subject: []string{"letter"}}
	for _, tc := range []struct {
		name          string
		with, without provider.Flags
		want          []provider.MessageID
	}{
		{"handled", provider.Handled, 0, all[1:3]},
		{"not handled", 0, provider.Handled, []provider.MessageID{all[0], all[3], all[4]}},
		{"handled and seen", provider.Handled | provider.Seen, 0, nil},
	} {
		query.With, query.Without = tc.with, tc.without
		if got := ids(tr.search(query)); !slices.Equal(got, tc.want) {
			tr.errorf("%s: %s", tc.name, difference(got, tc.want))
		}
	}
}

// checkHandledMoves: the mark stays with a message wherever it goes.
func checkHandledMoves(tr *trial) {
	in, other := tr.inbox(), tr.second()
	id := tr.deliver(in, numbered(1)[0])
	tr.handle(id)
	tr.must("move", outcome(tr.acct.Move(tr.ctx(), []provider.MessageID{id}, other.ID)))
	there := tr.list(other)
	if len(there) != 1 || there[0].Flags != provider.Handled || len(there[0].Labels) > 0 {
		tr.fatalf("moved: %+v", there)
	}
	if !tr.caps.Can(provider.CapDelete) {
		return
	}
	tr.must("delete", outcome(tr.acct.Delete(tr.ctx(), ids(there), false)))
	if trash, ok := tr.role(provider.RoleTrash); ok {
		if got := tr.list(trash); len(got) != 1 || !got[0].Flags.Has(provider.Handled) {
			tr.errorf("deleted: %+v", got)
		}
	}
}

func checkHandledInPart(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 2)
	tr.must("purge", outcome(tr.acct.Delete(tr.ctx(), all[:1], true)))
	got, err := tr.acct.SetFlags(tr.ctx(), all, provider.FlagChange{Add: provider.Handled})
	tr.must("mark in part", err)
	if len(got) != 2 {
		tr.fatalf("%d outcomes for 2 ids", len(got))
	}
	tr.want("the one that is gone", got[0].Err, provider.NotFound)
	tr.must("the one that is there", got[1].Err)
	if f := tr.flags(all[1]); f != provider.Handled {
		tr.errorf("flags %06b", f)
	}
}

// checkHandledMissing: an account that does not keep the mark refuses it
// wherever it is asked for, and changes nothing.
func checkHandledMissing(tr *trial) {
	in := tr.inbox()
	id := tr.deliver(in, numbered(1)[0])
	acct := tr.acct.Restrict(provider.AllCaps() &^ provider.Caps(provider.CapHandled))
	_, err := acct.SetFlags(tr.ctx(), []provider.MessageID{id}, provider.FlagChange{Add: provider.Seen | provider.Handled})
	tr.want("set it beside seen", err, provider.Unsupported)
	_, err = acct.SetFlags(tr.ctx(), []provider.MessageID{id}, provider.FlagChange{Remove: provider.Handled})
	tr.want("clear it", err, provider.Unsupported)
	_, err = acct.ListMessages(tr.ctx(), provider.ListOptions{Folder: in.ID, UnhandledOnly: true}, provider.PageRequest{})
	tr.want("list by it", err, provider.Unsupported)
	if tr.caps.Can(provider.CapSearch) {
		for _, q := range []provider.Query{
			{Without: provider.Handled}, {Not: []provider.Query{{With: provider.Handled}}}, {Any: [][]provider.Query{{{With: provider.Handled}}}},
		} {
			_, err = acct.Search(tr.ctx(), q, provider.PageRequest{})
			tr.want("search for it", err, provider.Unsupported)
		}
	}
	if got := tr.flags(id); got != 0 {
		tr.errorf("refused, and changed to %06b", got)
	}
	if got := tr.list(in); len(got) != 1 || strings.Contains(strings.ToLower(strings.Join(got[0].Labels, " ")), "handled") {
		tr.errorf("refused, and listed as %+v", got)
	}
}
