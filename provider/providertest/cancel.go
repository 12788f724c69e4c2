package providertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/postern-mail/postern/provider"
)

func cancelChecks() []check {
	return []check{
		{"cancel/before", 0, func(tr *trial) { checkEnded(tr, context.Canceled) }},
		{"cancel/deadline", 0, func(tr *trial) { checkEnded(tr, context.DeadlineExceeded) }},
		{"cancel/while reading", provider.Caps(provider.CapRead), checkCancelReading},
		{"cancel/while changing", provider.Caps(provider.CapRead, provider.CapModify), checkCancelChanging},
		{"cancel/while moving", provider.Caps(provider.CapRead, provider.CapMove), checkCancelMoving},
		{"cancel/open part", provider.Caps(provider.CapRead), checkCancelPart},
	}
}

// ended returns a context that is over for the reason why.
func (tr *trial) ended(why error) (context.Context, context.CancelFunc) {
	if errors.Is(why, context.DeadlineExceeded) {
		return context.WithDeadline(tr.ctx(), time.Now().Add(-time.Second))
	}
	ctx, cancel := context.WithCancel(tr.ctx())
	cancel()
	return ctx, cancel
}

// checkEnded asks the backend itself, as an Account does not let such a call
// through: every operation returns the context's error, and changes nothing.
func checkEnded(tr *trial, why error) {
	s := tr.scene()
	before := tr.state()
	ctx, cancel := tr.ended(why)
	defer cancel()
	for _, op := range operations() {
		if !tr.caps.Can(op.needs) {
			continue
		}
		for name, on := range map[string]any{"backend": tr.p, "account": tr.acct} {
			err := tr.promptly(op.name, func() error { return op.call(ctx, on, s) })
			if !errors.Is(err, why) || provider.CodeOf(err) != "" {
				tr.errorf("%s of the %s under a context that is over: got %v, want %v", op.name, name, err, why)
			}
		}
	}
	if after := tr.state(); after != before {
		tr.errorf("calls whose context was over changed\n%s\nto\n%s", before, after)
	}
}

// promptly fails the check when f does not return in good time.
func (tr *trial) promptly(what string, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(tr.patience)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		tr.fatalf("%s did not return within %v", what, tr.patience)
		return nil
	}
}

// state describes all that the account holds, to be compared.
func (tr *trial) state() string {
	text := fmt.Sprintf("%d sent\n", len(tr.sent()))
	folders := tr.folders()
	if folders == nil {
		folders = []provider.Folder{tr.inbox()}
	}
	for _, f := range folders {
		text += f.Path + ":"
		if tr.caps.Can(provider.CapRead) && !f.NoSelect {
			for _, s := range tr.list(f) {
				text += fmt.Sprintf(" %s(%05b)", s.ID, s.Flags)
			}
		}
		text += "\n"
	}
	return text
}

// rounds is how many calls are cancelled, each a little later than the last.
const rounds = 40

// cancelled runs f again and again, its context ending ever later, and accepts
// success and the context's own error.
func (tr *trial) cancelled(what string, f func(context.Context) error) {
	for i := range rounds {
		ctx, cancel := context.WithCancel(tr.ctx())
		timer := time.AfterFunc(time.Duration(i*i)*5*time.Microsecond, cancel)
		err := tr.promptly(what, func() error { return f(ctx) })
		timer.Stop()
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) {
			tr.errorf("%s, cancelled: %v", what, err)
		}
	}
}

func checkCancelReading(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 10)
	tr.cancelled("list", func(ctx context.Context) error {
		_, err := tr.acct.ListMessages(ctx, provider.ListOptions{Folder: in.ID}, provider.PageRequest{})
		return err
	})
	tr.cancelled("read", func(ctx context.Context) error {
		got, err := tr.acct.ReadMessages(ctx, all, provider.ReadOptions{})
		for i, r := range got {
			if r.Err == nil && r.Message.ID != all[i] {
				return fmt.Errorf("asked for %s, got %s", all[i], r.Message.ID)
			}
		}
		return err
	})
	if tr.caps.Can(provider.CapSearch) {
		tr.cancelled("search", func(ctx context.Context) error {
			_, err := tr.acct.Search(ctx, provider.Query{Text: []string{"letter"}}, provider.PageRequest{})
			return err
		})
	}
	if got := ids(tr.list(in)); !slices.Equal(got, all) {
		tr.errorf("afterwards: %s", difference(got, all))
	}
}

func checkCancelChanging(tr *trial) {
	in := tr.inbox()
	all := tr.fill(in, 10)
	tr.cancelled("set flags", func(ctx context.Context) error {
		_, err := tr.acct.SetFlags(ctx, all[:5], provider.FlagChange{Add: provider.Flagged})
		return err
	})
	_, err := tr.acct.SetFlags(tr.ctx(), all[:5], provider.FlagChange{Remove: provider.Flagged})
	tr.must("set flags afterwards", err)
	for _, s := range tr.list(in) {
		if s.Flags != 0 {
			tr.errorf("%s has flags %05b", s.ID, s.Flags)
		}
	}
}

// checkCancelMoving moves one message to and fro: it is never lost.
func checkCancelMoving(tr *trial) {
	here, there := tr.inbox(), tr.second()
	tr.deliver(here, full())
	for i := range rounds {
		for _, f := range []provider.Folder{here, there} {
			list := tr.list(f)
			if len(list) == 0 {
				continue
			}
			to := there
			if f.ID == there.ID {
				to = here
			}
			ctx, cancel := context.WithCancel(tr.ctx())
			timer := time.AfterFunc(time.Duration(i*i)*5*time.Microsecond, cancel)
			err := tr.promptly("move", func() error { return outcome(tr.acct.Move(ctx, ids(list[:1]), to.ID)) })
			timer.Stop()
			cancel()
			if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, provider.Uncertain) {
				tr.errorf("move, cancelled: %v", err)
			}
			break
		}
		n := len(tr.list(here)) + len(tr.list(there))
		if n == 0 {
			// A server may carry out a move that was cancelled between two looks;
			// then it is at rest.
			n = len(tr.list(here)) + len(tr.list(there))
		}
		if n == 0 {
			tr.fatalf("the message is gone after %d moves", i+1)
		}
	}
}

// checkCancelPart: a stream whose context ends stops, and Close returns.
func checkCancelPart(tr *trial) {
	in := tr.inbox()
	id := tr.deliver(in, letter{id: "big@test.invalid", subject: "big", file: "big.bin", data: make([]byte, 1<<20)})
	ctx, cancel := context.WithCancel(tr.ctx())
	defer cancel()
	_, body, err := tr.acct.OpenPart(ctx, id, "2")
	tr.must("open a part", err)
	_, err = io.ReadFull(body, make([]byte, 1000))
	tr.must("read its start", err)
	cancel()
	err = tr.promptly("read on", func() error { _, err := io.Copy(io.Discard, body); return err })
	if err != nil && !errors.Is(err, context.Canceled) {
		tr.errorf("read on after the context ended: %v", err)
	}
	if err := tr.promptly("close", body.Close); err != nil && !errors.Is(err, context.Canceled) {
		tr.errorf("close: %v", err)
	}
	if m := tr.read(id); m.HeaderID != "big@test.invalid" {
		tr.errorf("afterwards %s reads as %s", id, m.HeaderID)
	}
}
