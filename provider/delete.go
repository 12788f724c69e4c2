package provider

import "context"

// Deleter removes messages: CapDelete moves them to Trash, CapPurge removes
// them for good.
type Deleter interface {
	// Delete returns one Outcome per id. With permanent it removes exactly the
	// named messages, never others that happen to be marked \Deleted.
	Delete(ctx context.Context, ids []MessageID, permanent bool) ([]Outcome, error)
}

// Delete removes 1 to MaxBatch messages and answers as Move does.
func (a *Account) Delete(ctx context.Context, ids []MessageID, permanent bool) ([]Outcome, error) {
	op, need := "delete", CapDelete
	if permanent {
		op, need = "delete permanently", CapPurge
	}
	d, err := use[Deleter](ctx, a, op, need)
	if err != nil {
		return nil, err
	}
	if ids, err = a.checkIDs(op, ids, MaxBatch); err != nil {
		return nil, err
	}
	out, err := d.Delete(ctx, ids, permanent)
	return complete(op, ids, out, err)
}
