package provider

import (
	"context"
	"errors"
)

// MaxBatch is the most messages that one change may name.
const MaxBatch = 1000

// Outcome reports one item of a batch; a batch may succeed in part.
type Outcome struct {
	ID    MessageID
	NewID MessageID // set when the change renumbered the message and the number is known
	// Remains says that a message could not be removed and is left marked \Deleted:
	// without Err the original of one that was copied, with Err one to be deleted.
	Remains bool
	Err     error // nil on success; Uncertain when it may have happened
}

// Mover moves messages between folders of the account.
type Mover interface {
	// Move returns one Outcome per id. A message is at every moment in one of
	// the two folders, or for a moment in both; never in neither.
	Move(ctx context.Context, ids []MessageID, to FolderID) ([]Outcome, error)
}

// Move moves 1 to MaxBatch messages and returns one Outcome per id, in order; a
// repeated id counts once. With an error it returns the outcomes known before
// the error, if any, and Uncertain for the rest.
func (a *Account) Move(ctx context.Context, ids []MessageID, to FolderID) ([]Outcome, error) {
	const op = "move"
	m, err := use[Mover](ctx, a, op, CapMove)
	if err != nil {
		return nil, err
	}
	if err := checkFolderName(op, string(to)); err != nil {
		return nil, err
	}
	if ids, err = a.checkIDs(op, ids, MaxBatch); err != nil {
		return nil, err
	}
	out, err := m.Move(ctx, ids, to)
	return complete(op, ids, out, a.folderGone(err))
}

// complete answers for every id, also those a backend forgot: whether those
// were changed nobody knows.
func complete(op string, ids []MessageID, got []Outcome, err error) ([]Outcome, error) {
	if err != nil && len(got) == 0 {
		return nil, wrap(op, err)
	}
	byID := make(map[MessageID]Outcome, len(got))
	for _, o := range got {
		byID[o.ID] = o
	}
	out := make([]Outcome, 0, len(ids))
	for _, id := range ids {
		o, ok := byID[id]
		if !ok {
			o = Outcome{ID: id, Err: &Error{Op: op, Code: Uncertain, Hint: "read the message to see", Err: errors.New("the backend did not answer for this message")}}
		}
		o.Err = wrap(op, o.Err)
		out = append(out, o)
	}
	return out, wrap(op, err)
}
