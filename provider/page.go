package provider

import (
	"context"
	"iter"
)

// Bounds of a page, in items.
const (
	DefaultLimit = 20
	MaxLimit     = 200 // a page is read by a model: more is never better
)

// PageRequest asks for one page.
type PageRequest struct {
	Limit int    // 0 means DefaultLimit; values above MaxLimit are lowered; negative is invalid
	After Cursor // empty for the first page
}

func (r PageRequest) clamp(op string) (PageRequest, error) {
	switch {
	case r.Limit < 0:
		return r, invalid(op, "limit is negative")
	case r.Limit == 0:
		r.Limit = DefaultLimit
	case r.Limit > MaxLimit:
		r.Limit = MaxLimit
	}
	return r, nil
}

// Page is one page of a listing, newest first.
type Page[T any] struct {
	Items []T
	// Next goes on after the last item; empty on the last page. A page may be
	// short, even empty, and still have a Next: only an empty Next is the end.
	Next Cursor
	// Total is the number of matches when that came for free, else 0.
	Total int
	// Failed names items that exist and could not be delivered.
	Failed []Outcome
	// At makes the cursor that goes on after Items[i], for callers that can use
	// only a part of the page. Nil when Items is empty.
	At func(i int) (Cursor, error)
}

// All walks every page. It ends at the first error, which it yields.
func All[T any](ctx context.Context, req PageRequest, fetch func(context.Context, PageRequest) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			page, err := fetch(ctx, req)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == "" || page.Next == req.After {
				return
			}
			req.After = page.Next
		}
	}
}
