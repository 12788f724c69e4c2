package provider

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
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
	// Failed names items that exist and could not be delivered. One without an
	// ID is a folder that could not be searched, which its Err names.
	Failed []Outcome
	// Partial says that the backend stopped before the page was full or every
	// folder looked into: what else matches comes behind Next. Reached is when
	// the last messages came in that it looked at, zero when that is unknown.
	Partial bool
	Reached time.Time
	// At makes the cursor that goes on after Items[i], for callers that can use
	// only a part of the page. Nil when Items is empty.
	At func(i int) (Cursor, error)
}

// finish makes a backend's page safe to use.
func finish[T any](op string, page Page[T]) Page[T] {
	if page.At == nil && len(page.Items) > 0 {
		page.At = func(int) (Cursor, error) {
			return "", &Error{Op: op, Code: Internal, Err: errors.New("the backend makes no cursor after an item")}
		}
	}
	return page
}

// All walks every page. It yields an error for each item that failed and goes
// on; it ends at the first page that failed, with that error. A cursor that
// comes again is such a failure: the walk would never end. Memory grows by one
// cursor a page.
func All[T any](ctx context.Context, req PageRequest, fetch func(context.Context, PageRequest) (Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		seen := map[Cursor]bool{req.After: true}
		for req := req; ; {
			page, err := nextPage(ctx, req, fetch)
			if err != nil {
				yield(none, err)
				return
			}
			if !yieldPage(page, yield) || page.Next == "" {
				return
			}
			if seen[page.Next] {
				yield(none, &Error{Op: "list", Code: Internal, Err: errors.New("the backend gave the same cursor again")})
				return
			}
			seen[page.Next] = true
			req.After = page.Next
		}
	}
}

func nextPage[T any](ctx context.Context, req PageRequest, fetch func(context.Context, PageRequest) (Page[T], error)) (Page[T], error) {
	if err := ctx.Err(); err != nil {
		return Page[T]{}, err
	}
	return fetch(ctx, req)
}

func yieldPage[T any](page Page[T], yield func(T, error) bool) bool {
	for _, item := range page.Items {
		if !yield(item, nil) {
			return false
		}
	}
	for _, o := range page.Failed {
		cause := o.Err
		if cause == nil {
			cause = Unavailable
		}
		if o.ID != "" {
			cause = fmt.Errorf("message %s: %w", o.ID, cause)
		}
		var none T
		if !yield(none, wrap("list", cause)) {
			return false
		}
	}
	return true
}
