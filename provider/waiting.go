package provider

import (
	"context"
	"errors"
	"sync"
)

// waits are those under way on an account and its restricted views.
type waits struct {
	slots  chan struct{} // holds one for each
	closed chan struct{}
	once   sync.Once
}

func newWaits() *waits {
	return &waits{slots: make(chan struct{}, MaxWaits), closed: make(chan struct{})}
}

// close ends them all, waits for that, and lets no more begin.
func (w *waits) close() {
	w.once.Do(func() {
		close(w.closed)
		for range MaxWaits {
			w.slots <- struct{}{}
		}
	})
}

// begin takes a slot, until done. ctx ends when the account is closed.
func (w *waits) begin(ctx context.Context) (until context.Context, done func(), err error) {
	select {
	case <-w.closed:
		return nil, nil, errAccountClosed
	default:
	}
	select {
	case w.slots <- struct{}{}:
	default:
		return nil, nil, &Error{Code: RateLimited, Hint: "wait for one of them to end", Err: ErrTooManyWaits}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-w.closed:
			cancel(errAccountClosed)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-over
		<-w.slots
	}, nil
}

var errAccountClosed = &Error{Code: Unavailable, Err: errors.New("the account was closed")}
