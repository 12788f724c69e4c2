package provider

import (
	"context"
	"errors"
)

// Flags is a set of system flags (RFC 9051 section 2.3.2) and Handled. Zero is none.
type Flags uint8

// The flags.
const (
	Seen Flags = 1 << iota
	Answered
	Flagged
	Draft
	Deleted // marked for removal; nothing is removed by it
	// Handled is an agent's own mark: dealt with. It says nothing of what the
	// owner has read. It needs CapHandled, to be set, listed by or searched for.
	Handled
	allFlags = Seen | Answered | Flagged | Draft | Deleted | Handled
)

// Has reports whether every flag of want is set.
func (f Flags) Has(want Flags) bool { return f&want == want }

// FlagChange sets and clears flags; others stay as they are.
type FlagChange struct {
	Add, Remove Flags
}

// Modifier changes flags.
type Modifier interface {
	// SetFlags returns one Outcome per id. Draft is never changed. Handled in a
	// folder that does not keep it is Unsupported for the messages there.
	SetFlags(ctx context.Context, ids []MessageID, change FlagChange) ([]Outcome, error)
}

// SetFlags changes flags of 1 to MaxBatch messages and answers as Move does.
// Handled is Unsupported without CapHandled.
func (a *Account) SetFlags(ctx context.Context, ids []MessageID, change FlagChange) ([]Outcome, error) {
	const op = "set flags"
	m, err := use[Modifier](ctx, a, op, CapModify)
	if err != nil {
		return nil, err
	}
	switch both := change.Add | change.Remove; {
	case both == 0:
		return nil, invalid(op, "no flag to change")
	case both&^allFlags != 0, both.Has(Draft):
		return nil, invalid(op, "only seen, answered, flagged, deleted and handled can be changed")
	case change.Add&change.Remove != 0:
		return nil, invalid(op, "a flag is to be set and cleared at once")
	}
	if err := a.checkHandled(op, change.Add|change.Remove); err != nil {
		return nil, err
	}
	if ids, err = a.checkIDs(op, ids, MaxBatch); err != nil {
		return nil, err
	}
	out, err := m.SetFlags(ctx, ids, change)
	return complete(op, ids, out, err)
}

// checkHandled refuses Handled where the account does not keep it.
func (a *Account) checkHandled(op string, flags Flags) error {
	if flags.Has(Handled) && !a.Capabilities().Can(CapHandled) {
		return &Error{Op: op, Code: Unsupported, Err: errors.New("this account cannot do that: " + CapHandled.String())}
	}
	return nil
}
