package providertest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/postern-mail/postern/provider"
)

func watchChecks() []check {
	watch := provider.Caps(provider.CapWatch)
	marks := watch | provider.Caps(provider.CapSearch)
	return []check{
		{"watch/tells", watch, checkTells},
		{"watch/folders", watch, checkWatchFolders},
		{"watch/several", watch, checkWatchSeveral},
		{"watch/cancel", watch, checkWatchCancel},
		{"watch/close", watch, checkWatchClose},
		{"watch/missing folder", watch, checkWatchMissing},
		{"watch/folder goes away", watch | provider.Caps(provider.CapFolderEdit), checkWatchGone},
		{"watch/mark", marks, checkMark},
		{"watch/mark of a message that is gone", marks | provider.Caps(provider.CapPurge), checkMarkGone},
		{"watch/foreign mark", marks, checkForeignMark},
		{"watch/stale mark", marks, checkStaleMark},
		{"watch/wait", marks, checkWait},
		{"watch/wait in vain", marks, checkWaitInVain},
	}
}

// slowly is how many times its patience a check waits to be told: some backends
// hear of mail by asking now and then.
const slowly = 6

// watching is a Watch under way.
type watching struct {
	tr     *trial
	told   chan provider.FolderID
	ended  chan error
	cancel context.CancelFunc
}

// watch starts to watch the backend itself and returns when all folders have
// been told of once.
func (tr *trial) watch(folders ...provider.Folder) *watching {
	w := tr.begin(folders...)
	w.awaitAll(folders, "the watch stands")
	return w
}

func (tr *trial) begin(folders ...provider.Folder) *watching {
	ctx, cancel := context.WithCancel(tr.ctx())
	w := &watching{tr: tr, told: make(chan provider.FolderID, 1000), ended: make(chan error, 1), cancel: cancel}
	var asked []provider.FolderID
	for _, f := range folders {
		asked = append(asked, f.ID)
	}
	var inside, over atomic.Int32
	go func() {
		err := tr.p.(provider.Watcher).Watch(ctx, asked, func(id provider.FolderID) {
			if inside.Add(1) > 1 {
				tr.errorf("told twice at a time")
			}
			if over.Load() > 0 {
				tr.errorf("told after Watch had returned")
			}
			<-time.After(time.Millisecond) // so that two at a time meet
			select {
			case w.told <- id:
			default:
				tr.errorf("told a thousand times")
			}
			inside.Add(-1)
		})
		over.Add(1)
		w.ended <- err
	}()
	return w
}

// await waits to be told of f.
func (w *watching) await(f provider.Folder, when string) {
	w.awaitAll([]provider.Folder{f}, when)
}

// awaitAll waits to be told of each of folders, in any order.
func (w *watching) awaitAll(folders []provider.Folder, when string) {
	timer := time.NewTimer(slowly * w.tr.patience)
	defer timer.Stop()
	for left := slices.Clone(folders); len(left) > 0; {
		select {
		case id := <-w.told:
			left = slices.DeleteFunc(left, func(f provider.Folder) bool { return f.ID == id })
		case err := <-w.ended:
			w.ended <- err
			w.tr.fatalf("not told of %s when %s: the watch ended with %v", left[0].Path, when, err)
		case <-timer.C:
			w.cancel()
			w.tr.fatalf("not told of %s when %s", left[0].Path, when)
		}
	}
}

// forget drops what was told so far.
func (w *watching) forget() {
	for len(w.told) > 0 {
		<-w.told
	}
}

// stop ends the watch and returns its error.
func (w *watching) stop() error {
	w.cancel()
	return w.tr.promptly("a watch that was cancelled", func() error { return <-w.ended })
}

func (w *watching) stopWell() {
	if err := w.stop(); !errors.Is(err, context.Canceled) || provider.CodeOf(err) != "" {
		w.tr.errorf("a cancelled watch ended with %v", err)
	}
}

func checkTells(tr *trial) {
	in := tr.inbox()
	tr.fill(in, 2)
	w := tr.watch(in)
	for _, l := range numbered(3) {
		w.forget()
		tr.deliver(in, l)
		w.await(in, l.subject+" arrived")
	}
	w.stopWell()
	if again := tr.watch(in); again != nil { // one after the other works as well
		again.stopWell()
	}
}

// checkWatchFolders: of two folders, each is told by name.
func checkWatchFolders(tr *trial) {
	in, other := tr.inbox(), tr.second()
	w := tr.watch(in, other)
	for _, f := range []provider.Folder{other, in} {
		w.forget()
		tr.deliver(f, letter{id: "here@test.invalid", subject: "here"})
		w.await(f, "mail arrived there")
	}
	w.stopWell()
}

// checkWatchSeveral: whoever watches is told, and nobody's end is another's.
func checkWatchSeveral(tr *trial) {
	in := tr.inbox()
	var all []*watching
	for range callers {
		all = append(all, tr.begin(in))
	}
	for _, w := range all {
		w.await(in, "the watch stands")
	}
	for i, w := range all {
		if i%2 == 1 {
			w.stopWell()
		}
		w.forget()
	}
	tr.deliver(in, letter{id: "all@test.invalid", subject: "for all"})
	for i, w := range all {
		if i%2 == 0 {
			w.await(in, "mail arrived")
			w.stopWell()
		}
	}
}

func checkWatchCancel(tr *trial) {
	in := tr.inbox()
	tr.cancelled("watch", func(ctx context.Context) error {
		err := tr.p.(provider.Watcher).Watch(ctx, []provider.FolderID{in.ID}, func(provider.FolderID) {})
		if err == nil {
			return errors.New("it ended without an error")
		}
		return err
	})
	tr.watch(in).stopWell()
	tr.deliver(in, letter{id: "after@test.invalid", subject: "after"})
	if n := len(tr.list(in)); tr.caps.Can(provider.CapRead) && n != 1 {
		tr.errorf("%d messages after a watch, want 1", n)
	}
}

// checkWatchClose: Close ends a watch, and waits for it.
func checkWatchClose(tr *trial) {
	w := tr.watch(tr.inbox())
	tr.must("close", tr.promptly("close", tr.acct.Close))
	if err := tr.promptly("a watch that Close overtook", func() error { return <-w.ended }); err == nil || errors.Is(err, context.Canceled) {
		tr.errorf("a watch that Close overtook ended with %v", err)
	}
}

func checkWatchMissing(tr *trial) {
	w := tr.begin(provider.Folder{ID: "No such folder", Path: "No such folder"})
	defer w.cancel()
	tr.want("watch a folder that is not there", tr.promptly("watch a folder that is not there", func() error { return <-w.ended }), provider.NotFound)
	_, err := tr.acct.Mark(tr.ctx(), "No such folder")
	tr.want("mark a folder that is not there", err, provider.NotFound)
}

// checkWatchGone: a watch may take its time to notice, and is then no other
// error than that the folder is not there.
func checkWatchGone(tr *trial) {
	in, other := tr.inbox(), tr.second()
	w := tr.watch(in, other)
	tr.must("delete a folder", tr.acct.DeleteFolder(tr.ctx(), other.ID, true))
	timer := time.NewTimer(tr.patience)
	defer timer.Stop()
	select {
	case err := <-w.ended:
		tr.want("the watch of a folder that went away", err, provider.NotFound)
	case <-timer.C:
		if err := w.stop(); !errors.Is(err, context.Canceled) {
			tr.want("the watch of a folder that went away", err, provider.NotFound)
		}
	}
}

// behind searches what arrived after a mark.
func (tr *trial) behind(f provider.Folder, mark provider.MessageID) []provider.MessageID {
	return ids(tr.search(provider.Query{In: []provider.FolderID{f.ID}, After: mark}))
}

func (tr *trial) mark(f provider.Folder) provider.MessageID {
	mark, err := tr.acct.Mark(tr.ctx(), f.ID)
	tr.must("mark", err)
	return mark
}

func checkMark(tr *trial) {
	in := tr.inbox()
	empty := tr.mark(in)
	if got := tr.behind(in, empty); len(got) > 0 {
		tr.errorf("behind the mark of an empty folder: %v", got)
	}
	all := tr.fill(in, 3) // the newest first
	if got := tr.behind(in, empty); !slices.Equal(got, all) {
		tr.errorf("behind the mark of an empty folder: %v, want %v", got, all)
	}
	mark := tr.mark(in)
	if got := tr.behind(in, mark); len(got) > 0 {
		tr.errorf("behind the newest: %v", got)
	}
	if got := tr.behind(in, all[1]); !slices.Equal(got, all[:1]) {
		tr.errorf("behind %s: %v, want %v", all[1], got, all[:1])
	}
	late := tr.deliver(in, letter{id: "late@test.invalid", subject: "late"})
	if got := tr.behind(in, mark); !slices.Equal(got, []provider.MessageID{late}) {
		tr.errorf("behind the mark: %v, want %s", got, late)
	}
	narrow := tr.search(provider.Query{In: []provider.FolderID{in.ID}, After: empty, Subject: []string{"number 001"}})
	if got := headerIDs(narrow); !slices.Equal(got, []string{"n001@test.invalid"}) {
		tr.errorf("behind a mark with a subject: %v", got)
	}
}

// checkMarkGone: a place stays when its message goes.
func checkMarkGone(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 3)
	tr.must("purge", outcome(tr.acct.Delete(tr.ctx(), all[1:2], true)))
	if got := tr.behind(in, all[1]); !slices.Equal(got, all[:1]) {
		tr.errorf("behind a message that is gone: %v, want %v", got, all[:1])
	}
	tr.must("purge", outcome(tr.acct.Delete(tr.ctx(), all[:1], true)))
	mark := tr.mark(in)
	late := tr.deliver(in, letter{id: "late@test.invalid", subject: "late"})
	for _, place := range []provider.MessageID{mark, all[0], all[2]} {
		if got := tr.behind(in, place); !slices.Equal(got, []provider.MessageID{late}) {
			tr.errorf("behind %s: %v, want %s", place, got, late)
		}
	}
}

func checkForeignMark(tr *trial) {
	in, other := tr.inbox(), tr.second()
	tr.fill(in, 1)
	for what, mark := range map[string]provider.MessageID{
		"another folder's mark": tr.mark(other), "no mark": provider.MessageID(tr.acct.Tag() + "-no.such.mark"),
	} {
		_, err := tr.acct.Search(tr.ctx(), provider.Query{In: []provider.FolderID{in.ID}, After: mark}, provider.PageRequest{})
		tr.want("search behind "+what, err, provider.Invalid)
	}
}

func checkStaleMark(tr *trial) {
	r, ok := tr.h.(Rebuilder)
	if !ok {
		tr.skipf("the harness cannot rebuild a folder")
	}
	in := tr.inbox()
	tr.fill(in, 2)
	mark := tr.mark(in)
	r.Rebuild(tr.t, in.Path)
	_, err := tr.acct.Search(tr.ctx(), provider.Query{In: []provider.FolderID{in.ID}, After: mark}, provider.PageRequest{})
	tr.want("search behind a mark of a folder rebuilt since", err, provider.Conflict)
}

// checkWait: several wait at once, each for a letter of its own.
func checkWait(tr *trial) {
	in := tr.inbox()
	tr.fill(in, 2)
	mark := tr.mark(in)
	const waiting = 4
	all := numbered(10 + waiting)[10:]
	var wg sync.WaitGroup
	for _, l := range all {
		wg.Go(func() {
			got, err := tr.acct.Wait(tr.ctx(), provider.WaitRequest{
				Query: provider.Query{In: []provider.FolderID{in.ID}, Subject: []string{l.subject}, After: mark}, For: slowly * tr.patience,
			})
			if err != nil || !slices.Equal(headerIDs(got.Items), []string{l.id}) || got.Mark != got.Items[0].ID {
				tr.errorf("waited for %s, got %v, mark %s, %v", l.id, headerIDs(got.Items), got.Mark, err)
			}
		})
	}
	for _, l := range all {
		tr.deliver(in, l)
	}
	wg.Wait()
	before, err := tr.acct.Wait(tr.ctx(), provider.WaitRequest{
		Query: provider.Query{In: []provider.FolderID{in.ID}, Subject: []string{all[0].subject}}, Since: time.Now().Add(-time.Hour), For: slowly * tr.patience,
	})
	if err != nil || !slices.Equal(headerIDs(before.Items), []string{all[0].id}) {
		tr.errorf("waited for mail since an hour ago, got %v, %v", headerIDs(before.Items), err)
	}
}

// checkWaitInVain: what comes between two waits is not lost.
func checkWaitInVain(tr *trial) {
	in := tr.inbox()
	q := provider.Query{In: []provider.FolderID{in.ID}, Subject: []string{"number 001"}}
	tr.fill(in, 1)
	got, err := tr.acct.Wait(tr.ctx(), provider.WaitRequest{Query: q, For: 50 * time.Millisecond})
	if err != nil || len(got.Items) > 0 || got.Mark == "" {
		tr.fatalf("waited in vain, got %v, mark %q, %v", headerIDs(got.Items), got.Mark, err)
	}
	want := tr.deliver(in, numbered(2)[1])
	tr.deliver(in, letter{id: "other@test.invalid", subject: "another"})
	q.After = got.Mark
	got, err = tr.acct.Wait(tr.ctx(), provider.WaitRequest{Query: q, For: slowly * tr.patience})
	if err != nil || !slices.Equal(ids(got.Items), []provider.MessageID{want}) {
		tr.errorf("waited on, got %v, %v, want %s", ids(got.Items), err, want)
	}
	ctx, cancel := context.WithCancel(tr.ctx())
	cancel()
	if _, err := tr.acct.Wait(ctx, provider.WaitRequest{Query: q}); !errors.Is(err, context.Canceled) {
		tr.errorf("a cancelled wait: %v", err)
	}
}

// watchOperations mark a folder and watch it until the watch stands.
func watchOperations() []operation {
	return []operation{
		{"mark", provider.CapWatch, false, func(ctx context.Context, on any, s scene) error {
			_, err := on.(provider.Watcher).Mark(ctx, s.inbox.ID)
			return err
		}},
		{"watch", provider.CapWatch, false, func(ctx context.Context, on any, s scene) error {
			until, cancel := context.WithCancel(ctx)
			defer cancel()
			err := on.(provider.Watcher).Watch(until, []provider.FolderID{s.inbox.ID}, func(provider.FolderID) { cancel() })
			if ctx.Err() == nil && errors.Is(err, context.Canceled) {
				return nil // as soon as it stood
			}
			return err
		}},
	}
}
