package provider_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/postern-mail/postern/provider"
)

func codes() []provider.Code {
	return []provider.Code{
		provider.Invalid, provider.NotFound, provider.Conflict, provider.Denied, provider.Unauthenticated, provider.Unsupported,
		provider.RateLimited, provider.TooLarge, provider.Unavailable, provider.Uncertain, provider.Internal,
	}
}

func TestErrorMatchesItsCodeOnly(t *testing.T) {
	for _, code := range codes() {
		err := fmt.Errorf("outside: %w", &provider.Error{Op: "move", Code: code, Err: io.ErrUnexpectedEOF})
		for _, other := range codes() {
			if got, want := errors.Is(err, other), other == code; got != want {
				t.Errorf("errors.Is(%v, %q) = %v, want %v", err, other, got, want)
			}
		}
		if got, want := errors.Is(err, errors.ErrUnsupported), code == provider.Unsupported; got != want {
			t.Errorf("errors.Is(%v, ErrUnsupported) = %v, want %v", err, got, want)
		}
		if got, want := errors.Is(code, errors.ErrUnsupported), code == provider.Unsupported; got != want {
			t.Errorf("errors.Is(Code %q, ErrUnsupported) = %v, want %v", code, got, want)
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v hides its cause", err)
		}
	}
}

func TestErrorText(t *testing.T) {
	tests := []struct {
		err  *provider.Error
		want string
	}{
		{&provider.Error{Op: "move", Code: provider.Denied, Err: errors.New("read-only")}, "move: denied: read-only"},
		{&provider.Error{Op: "move", Code: provider.Denied}, "move: denied"},
		{&provider.Error{Code: provider.Denied, Hint: "ask the owner"}, "denied"},
		{&provider.Error{Op: "move"}, "move: internal"},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("Error() = %q, want %q", got, test.want)
		}
	}
}

func TestCodeOf(t *testing.T) {
	tests := []struct {
		name string
		err  error
		want provider.Code
	}{
		{"nil", nil, ""},
		{"a typed error", &provider.Error{Code: provider.Denied}, provider.Denied},
		{"wrapped", fmt.Errorf("reading: %w", &provider.Error{Code: provider.NotFound}), provider.NotFound},
		{"outermost of two typed errors", &provider.Error{Code: provider.Denied, Err: &provider.Error{Code: provider.NotFound}}, provider.Denied},
		{"a bare code", provider.Conflict, provider.Conflict},
		{"a code around a typed error", fmt.Errorf("%w: %w", provider.Conflict, &provider.Error{Code: provider.NotFound}), provider.Conflict},
		{"cancelled", context.Canceled, ""},
		{"deadline, wrapped", fmt.Errorf("fetch: %w", context.DeadlineExceeded), ""},
		{"uncertain because cancelled", &provider.Error{Code: provider.Uncertain, Err: context.Canceled}, provider.Uncertain},
		{"another library's unsupported", fmt.Errorf("sync: %w", errors.ErrUnsupported), provider.Unsupported},
		{"unknown", io.EOF, provider.Internal},
		{"a typed error without a code", &provider.Error{Op: "move"}, provider.Internal},
		{"without a code, around a context error", &provider.Error{Err: context.Canceled}, provider.Internal},
		{"an empty code", provider.Code(""), provider.Internal},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := provider.CodeOf(test.err); got != test.want {
				t.Errorf("CodeOf(%v) = %q, want %q", test.err, got, test.want)
			}
		})
	}
}

// TestBackendErrors looks at what callers get for what a backend returns.
func TestBackendErrors(t *testing.T) {
	tests := []struct {
		name string
		err  error
		code provider.Code
		text string
	}{
		{"no operation named", &provider.Error{Code: provider.NotFound, Err: errors.New("no such folder")}, provider.NotFound, "search: not_found: no such folder"},
		{"an operation named", &provider.Error{Op: "connect", Code: provider.Unavailable}, provider.Unavailable, "connect: unavailable"},
		{"no code", &provider.Error{Err: errors.New("odd")}, provider.Internal, "search: internal: odd"},
		{"a bare code", provider.Denied, provider.Denied, "search: denied"},
		{"an unknown error", io.ErrUnexpectedEOF, provider.Internal, "search: internal: unexpected EOF"},
		{"another library's unsupported", errors.ErrUnsupported, provider.Unsupported, "search: unsupported: unsupported operation"},
		{"uncertain because cancelled", &provider.Error{Code: provider.Uncertain, Err: context.Canceled}, provider.Uncertain, "search: uncertain: context canceled"},
		{"wrapped, no operation", fmt.Errorf("uid 7: %w", &provider.Error{Code: provider.NotFound}), provider.NotFound, "search: not_found: uid 7: not_found"},
		{"wrapped, operation named", fmt.Errorf("uid 7: %w", &provider.Error{Op: "fetch", Code: provider.NotFound}), provider.NotFound, "uid 7: fetch: not_found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake("work")
			f.err = test.err
			_, err := open(t, f).Search(t.Context(), provider.Query{}, provider.PageRequest{})
			if got := provider.CodeOf(err); got != test.code {
				t.Errorf("code %q, want %q", got, test.code)
			}
			if err.Error() != test.text {
				t.Errorf("text %q, want %q", err, test.text)
			}
			if !errors.Is(err, test.err) && !errors.Is(err, provider.CodeOf(test.err)) {
				t.Errorf("%v lost %v", err, test.err)
			}
		})
	}
}

func TestBackendErrorKeepsItsFacts(t *testing.T) {
	inner := &provider.Error{
		Code: provider.RateLimited, Hint: "wait", RetryAfter: 3 * time.Second,
		RateLimit: &provider.RateLimit{Limit: 5, Reset: time.Minute}, Status: 429, Err: errors.New("slow down"),
	}
	for name, from := range map[string]error{"direct": inner, "wrapped": fmt.Errorf("page 2: %w", inner)} {
		t.Run(name, func(t *testing.T) {
			f := newFake("work")
			f.err = from
			a := open(t, f)
			for _, op := range operations() {
				var got *provider.Error
				if err := op.do(t.Context(), a); !errors.As(err, &got) {
					t.Fatalf("%s: %v is no *Error", op.name, err)
				}
				want := *inner
				want.Op = op.name
				if diff := cmp.Diff(&want, got, cmpopts.IgnoreFields(provider.Error{}, "Err")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", op.name, diff)
				}
				if !strings.HasSuffix(got.Error(), "slow down") {
					t.Errorf("%s: %q lost the cause", op.name, got)
				}
			}
			if inner.Op != "" {
				t.Errorf("the backend's own error was changed: %v", inner)
			}
		})
	}
}

func TestContextErrorsPassBare(t *testing.T) {
	for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
		for _, from := range []error{want, fmt.Errorf("fetch: %w", want)} {
			f := newFake("work")
			f.err = from
			a := open(t, f)
			for _, op := range operations() {
				if got := op.do(t.Context(), a); got != want { //nolint:errorlint // bare is the point
					t.Errorf("%s of a backend that says %q: %#v, want it bare", op.name, from, got)
				}
			}
		}
	}
}

func TestItemErrorsAreNamed(t *testing.T) {
	f := newFake("work")
	f.outcomes = func(ids []provider.MessageID) []provider.Outcome {
		return []provider.Outcome{{ID: ids[0], Err: &provider.Error{Code: provider.NotFound}}}
	}
	f.reads = func(ids []provider.MessageID) []provider.ReadResult {
		return []provider.ReadResult{{ID: ids[0], Err: io.ErrUnexpectedEOF}}
	}
	a, ids := open(t, f), []provider.MessageID{provider.NewMessageID("work", "1")}
	moved, err := a.Move(t.Context(), ids, "Archive")
	if err != nil || moved[0].Err.Error() != "move: not_found" {
		t.Errorf("Move: %v, %v", moved, err)
	}
	read, err := a.ReadMessages(t.Context(), ids, provider.ReadOptions{})
	if err != nil || read[0].Err.Error() != "read messages: internal: unexpected EOF" {
		t.Errorf("ReadMessages: %v, %v", read, err)
	}
}
