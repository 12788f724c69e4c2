// Package memmail is a mail backend that keeps everything in memory: the reference for what a backend must do, for tests,
// and with NewDemo a mailbox to try things on.
//
//	box, err := memmail.New(memmail.Options{Account: "work", Identities: []provider.Address{{Name: "Ann Lee", Addr: "ann@example.org"}}})
//	id, err := box.Deliver("INBOX", raw, memmail.Delivery{})
//	acct, err := provider.Open(box)
//
// It keeps messages as they would travel (RFC 5322) and reads them like every other backend does. Its ids behave like those
// of an IMAP server: a message that moves gets a new one, and Rebuild voids all of a folder. A Backend is safe for concurrent
// use, holds no goroutine and does no I/O; what it is sent stays inside, see Sent.
package memmail

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/postern-mail/postern/provider"
)

// Options configure a Backend.
type Options struct {
	// Account is the embedder's id of the account. Required.
	Account string
	// Identities are the addresses to send from; without any the backend cannot send.
	Identities []provider.Address
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Refuse decides what the submission server says to a recipient; nil, or nil from it, accepts.
	Refuse func(address string) *provider.Refusal
	// Fault is called before each operation, named as in an error's Op, and before "file copy", the copy in Sent. An error
	// from it is the operation's. It must return when ctx ends. Nil means none.
	Fault func(ctx context.Context, op string) error
}

// Backend is a mailbox in memory.
type Backend struct {
	opts Options

	mu       sync.RWMutex
	closed   bool
	working  sync.WaitGroup
	folders  []*folder
	validity uint32        // the last one given to a folder
	rebuilds uint32        // how many folders were rebuilt
	change   chan struct{} // closed when anything arrives, and then another
	outbox   []Submission
}

// New returns an empty mailbox with the folders INBOX, Archive, Drafts, Junk, Sent and Trash.
func New(opts Options) (*Backend, error) {
	if opts.Account == "" {
		return nil, fail("open", provider.Invalid, "the account needs an id")
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	opts.Identities = slices.Clone(opts.Identities)
	b := &Backend{opts: opts, change: make(chan struct{})}
	for _, role := range []provider.Role{
		provider.RoleInbox, provider.RoleArchive, provider.RoleDrafts, provider.RoleJunk, provider.RoleSent, provider.RoleTrash,
	} {
		b.ensureRole(role)
	}
	return b, nil
}

// Info describes the account.
func (b *Backend) Info() provider.Info {
	return provider.Info{Account: b.opts.Account, Service: "memory", Identities: slices.Clone(b.opts.Identities)}
}

// Capabilities is everything there is, less sending where there is no address to send from.
func (b *Backend) Capabilities() provider.CapabilitySet {
	caps := provider.AllCaps()
	if len(b.opts.Identities) == 0 {
		caps &^= provider.Caps(provider.CapSend)
	}
	return caps
}

// Close waits for operations under way; later ones fail. The mail is gone with the Backend.
func (b *Backend) Close() error {
	b.mu.Lock()
	b.closed = true
	b.changed()
	b.mu.Unlock()
	b.working.Wait()
	return nil
}

// begin starts an operation; the caller ends it with done.
func (b *Backend) begin(ctx context.Context, op string) (done func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.RLock()
	closed := b.closed
	if !closed {
		b.working.Add(1)
	}
	b.mu.RUnlock()
	if closed {
		return nil, fail(op, provider.Unavailable, "the mailbox is closed")
	}
	if err := b.fault(ctx, op); err != nil {
		b.working.Done()
		return nil, err
	}
	return b.working.Done, nil
}

func (b *Backend) fault(ctx context.Context, op string) error {
	if b.opts.Fault != nil {
		if err := b.opts.Fault(ctx, op); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func fail(op string, code provider.Code, text string) error {
	return &provider.Error{Op: op, Code: code, Err: errors.New(text)}
}
