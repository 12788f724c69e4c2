package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// row is what came out of one operation.
type row struct {
	name             string
	calls, readers   int
	most             float64
	raw, empty, took time.Duration // medians
	ratio            float64       // median of (took - empty) / raw, pair by pair
	cpu              time.Duration // of mailmcp, for one call
	result           int           // bytes of the answer
	wire             passed        // where counted
	counted          bool
}

// rig is everything that takes part in a comparison.
type rig struct {
	hands []*wire
	empty *served
	mail  *served
}

// reps is how often an operation is repeated.
func (op operation) reps(delay time.Duration, quick bool) int {
	n := op.runs
	if delay > 0 {
		n = min(n, 5)
	}
	if quick {
		n = (n + 3) / 4
	}
	return n
}

// measure runs the three sides in turn.
func (r *rig) measure(ctx context.Context, op operation, reps int) (row, error) {
	out := row{name: op.name, calls: op.calls, readers: op.readers, most: op.most}
	var raw, empty, took []time.Duration
	var before time.Duration
	var ratios []float64
	for n := range reps + 1 {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		a, err := timed(func() error { return op.hand(r.hands) })
		if err != nil {
			return out, fmt.Errorf("%s by hand: %w", op.name, err)
		}
		b, err := timed(func() error { return r.nothing(ctx, op) })
		if err != nil {
			return out, fmt.Errorf("%s, empty calls: %w", op.name, err)
		}
		c, err := timed(func() (err error) { out.result, err = op.tool(ctx, r.mail); return err })
		if err != nil {
			return out, fmt.Errorf("%s: %w", op.name, err)
		}
		if n == 0 { // both sides are warm now
			if before, err = r.mail.cpu(); err != nil {
				return out, err
			}
			continue
		}
		raw, empty, took = append(raw, a), append(empty, b), append(took, c)
		ratios = append(ratios, float64(c-b)/float64(a))
	}
	after, err := r.mail.cpu()
	if err != nil {
		return out, err
	}
	out.cpu = (after - before) / time.Duration(reps*op.calls)
	out.raw, out.empty, out.took, out.ratio = median(raw), median(empty), median(took), median(ratios)
	return out, nil
}

// nothing makes as many calls as op, of a tool that does nothing.
func (r *rig) nothing(ctx context.Context, op operation) error {
	callers := max(op.readers, 1)
	return together(callers, op.calls/callers, func(int) error {
		_, err := r.empty.call(ctx, emptyTool, nil)
		return err
	})
}

func timed(fn func() error) (time.Duration, error) {
	began := time.Now()
	err := fn()
	return time.Since(began), err
}

func median[T int | int64 | float64 | time.Duration](list []T) T {
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
