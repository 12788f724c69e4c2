package provider

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Code classifies a failure. It is an error itself, so callers can write
// errors.Is(err, provider.NotFound), and a string, so it can go on the wire.
type Code string

// The codes. Callers branch on these; everything else is detail.
const (
	Invalid         Code = "invalid"         // the caller's arguments are wrong
	NotFound        Code = "not_found"       // no such message, folder or part
	Conflict        Code = "conflict"        // stale id or cursor; list again
	Denied          Code = "denied"          // the server refused
	Unauthenticated Code = "unauthenticated" // sign in again
	Unsupported     Code = "unsupported"     // also matches errors.ErrUnsupported
	RateLimited     Code = "rate_limited"    // see RetryAfter
	TooLarge        Code = "too_large"       // over a limit, named in the text
	Unavailable     Code = "unavailable"     // may work later
	Uncertain       Code = "uncertain"       // it may have happened: do not silently retry
	Internal        Code = "internal"        // a fault of ours
)

func (c Code) Error() string { return string(c) }

// Is reports whether c is Unsupported and target errors.ErrUnsupported.
func (c Code) Is(target error) bool { return c == Unsupported && target == errors.ErrUnsupported }

// Error is every failure of a backend, mapped once at the backend's edge.
type Error struct {
	Op         string        // "search", "move", ...
	Code       Code          // never empty
	Hint       string        // what the caller can do next; may be empty
	RetryAfter time.Duration // wait at least this long; 0 unknown
	RateLimit  *RateLimit    // what the service said of its limits; may be nil
	Status     int           // HTTP status or SMTP reply code; 0 none
	Err        error         // cause, in the server's own words; may be nil
}

// RateLimit is what a service says of its limits. Negative: not said.
type RateLimit struct {
	Limit, Remaining int
	Reset            time.Duration // until the window starts anew
}

// Error reads "op: code: cause".
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	b.WriteString(string(e.code()))
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is matches the error's Code and, for Unsupported, errors.ErrUnsupported.
func (e *Error) Is(target error) bool {
	return target == error(e.code()) || e.Code.Is(target)
}

// code is Internal when a backend left it out: "" would read as success.
func (c Code) code() Code {
	if c == "" {
		return Internal
	}
	return c
}

func (e *Error) code() Code { return e.Code.code() }

// CodeOf returns the outermost Code in err's tree, or Internal. It returns ""
// for nil and for context errors, which callers test with errors.Is.
func CodeOf(err error) Code {
	var coded interface {
		error
		code() Code
	}
	switch {
	case err == nil:
		return ""
	case errors.As(err, &coded):
		return coded.code()
	case isContext(err):
		return ""
	case errors.Is(err, errors.ErrUnsupported):
		return Unsupported
	}
	return Internal
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// wrap names the operation of a backend's error. Context errors pass bare,
// unless the backend classified them (an uncertain outcome stays uncertain).
func wrap(op string, err error) error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		if e.Op != "" {
			return err
		}
		named := *e
		named.Op, named.Code = op, CodeOf(err)
		if err != error(e) { //nolint:errorlint // only what is said around e has to be kept
			named.Err = err
		}
		return &named
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	}
	code := CodeOf(err)
	if err == error(code) { //nolint:errorlint // a bare code says nothing beside itself
		err = nil
	}
	return &Error{Op: op, Code: code, Err: err}
}

func invalid(op, text string) error {
	return &Error{Op: op, Code: Invalid, Err: errors.New(text)}
}
