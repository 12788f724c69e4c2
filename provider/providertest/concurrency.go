package providertest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/postern-mail/postern/provider"
)

func concurrencyChecks() []check {
	return []check{
		{"concurrency/reading", provider.Caps(provider.CapRead), checkConcurrentReading},
		{"concurrency/changing", provider.Caps(provider.CapRead, provider.CapModify), checkConcurrentChanging},
		{"concurrency/moving", provider.Caps(provider.CapRead, provider.CapMove), checkConcurrentMoving},
		{"concurrency/close", provider.Caps(provider.CapRead), checkConcurrentClose},
	}
}

const (
	callers = 16 // more than any backend's pool
	calls   = 8  // of each caller
)

// together runs f for callers at once; an error is a failure.
func (tr *trial) together(f func(caller int) error) {
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			for range calls {
				if err := f(n); err != nil {
					tr.errorf("caller %d: %v", n, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// checkConcurrentReading: every caller gets the answer to its own question.
func checkConcurrentReading(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, callers)
	tr.together(func(n int) error {
		m, err := tr.tryRead(all[n])
		if err != nil {
			return err
		}
		if want := numbered(callers)[callers-1-n]; m.Subject != want.subject {
			return fmt.Errorf("read %q, want %q", m.Subject, want.subject)
		}
		page, err := tr.acct.ListMessages(tr.ctx(), provider.ListOptions{Folder: in.ID}, provider.PageRequest{Limit: callers})
		if err != nil || !slices.Equal(ids(page.Items), all) {
			return fmt.Errorf("listed %v, %w", ids(page.Items), err)
		}
		if !tr.caps.Can(provider.CapSearch) {
			return nil
		}
		found, err := tr.acct.Search(tr.ctx(), provider.Query{Subject: []string{m.Subject}}, provider.PageRequest{})
		if err != nil || !slices.Equal(ids(found.Items), all[n:n+1]) {
			return fmt.Errorf("searched for %q, found %v, %w", m.Subject, ids(found.Items), err)
		}
		return nil
	})
}

// checkConcurrentChanging: each caller owns a message; none touches another's.
func checkConcurrentChanging(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, callers)
	tr.together(func(n int) error {
		for _, change := range []provider.FlagChange{{Add: provider.Flagged}, {Remove: provider.Flagged}, {Add: provider.Seen}} {
			if err := outcome(tr.acct.SetFlags(tr.ctx(), all[n:n+1], change)); err != nil {
				return err
			}
		}
		m, err := tr.tryRead(all[n])
		if err == nil && m.Flags != provider.Seen {
			return fmt.Errorf("flags %05b, want seen alone", m.Flags)
		}
		return err
	})
}

// checkConcurrentMoving: all callers want the same messages; each moves once.
func checkConcurrentMoving(tr *trial) {
	in, to := tr.inbox(), tr.second()
	all := tr.fill(in, calls)
	var mu sync.Mutex
	won := map[provider.MessageID]int{}
	tr.together(func(n int) error {
		got, err := tr.acct.Move(tr.ctx(), all, to.ID)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for _, o := range got {
			switch {
			case o.Err == nil:
				won[o.ID]++
			case !errors.Is(o.Err, provider.NotFound) && !errors.Is(o.Err, provider.Conflict):
				return o.Err
			}
		}
		return nil
	})
	var moved []provider.Outcome
	for _, id := range all {
		if won[id] != 1 && !tr.remains || won[id] == 0 {
			tr.errorf("%d callers say that they moved %s", won[id], id)
		}
		moved = append(moved, provider.Outcome{ID: id, Remains: tr.remains})
	}
	tr.leaves(in, moved)
	if n := len(tr.list(to)); n != len(all) {
		tr.errorf("%d messages in the new folder, want %d", n, len(all))
	}
}

// checkConcurrentClose: calls that Close overtakes end; none hangs.
func checkConcurrentClose(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 3)
	started := make(chan struct{}, callers)
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			started <- struct{}{}
			for {
				if _, err := tr.acct.ReadMessages(tr.ctx(), all, provider.ReadOptions{}); err != nil {
					return
				}
				if _, err := tr.acct.ListMessages(tr.ctx(), provider.ListOptions{Folder: in.ID}, provider.PageRequest{}); err != nil {
					return
				}
			}
		})
	}
	for range callers {
		<-started
	}
	tr.must("close", tr.promptly("close", tr.acct.Close))
	tr.must("end", tr.promptly("the calls that Close overtook", func() error { wg.Wait(); return nil }))
}
