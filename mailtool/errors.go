package mailtool

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
)

// Code classifies a refusal or failure of a tool call: one of provider's codes
// or one of those here. It is an error itself, for errors.Is.
type Code string

// The codes that are not provider's own.
const (
	InsufficientScope Code = "insufficient_scope" // the owner can grant it
	NotPermitted      Code = "not_permitted"      // the grant does not allow it
	GateClosed        Code = "gate_closed"        // the operator's switch is off
	ConfirmRequired   Code = "confirm_required"
	RecipientRefused  Code = "recipient_refused"
	QuotaExceeded     Code = "quota_exceeded"
	ApprovalRequired  Code = "approval_required"
	UnknownTool       Code = "unknown_tool"
	Busy              Code = "busy"
	Timeout           Code = "timeout"
	Canceled          Code = "canceled"
)

// Provider's codes, as tools say them.
const (
	Invalid     = Code(provider.Invalid)
	NotFound    = Code(provider.NotFound)
	Conflict    = Code(provider.Conflict)
	Uncertain   = Code(provider.Uncertain)
	Unsupported = Code(provider.Unsupported)
	Unavailable = Code(provider.Unavailable)
	TooLarge    = Code(provider.TooLarge)
	Internal    = Code(provider.Internal)
)

func (c Code) Error() string { return string(c) }

// Error is why a call was refused or failed, for a model to act on: what was
// wrong and what to do next. It is written as the answer's member "error".
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Next    string `json:"next,omitempty"`
	// Scopes are those to ask the owner for, when Code is InsufficientScope.
	Scopes     []string `json:"scopes,omitempty"`
	Status     int      `json:"status,omitempty"`
	RetryAfter int      `json:"retry-after,omitempty"` // seconds
	Limit      *int     `json:"ratelimit-limit,omitempty"`
	Remaining  *int     `json:"ratelimit-remaining,omitempty"`
	Reset      *int     `json:"ratelimit-reset,omitempty"` // seconds left
	err        error
}

// Error reads "code: message; next".
func (e *Error) Error() string {
	text := string(e.Code) + ": " + e.Message
	if e.Next != "" {
		text += "; " + e.Next
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Is matches the error's Code.
func (e *Error) Is(target error) bool { return target == error(e.Code) }

func refuse(code Code, message, next string) *Error {
	return &Error{Code: code, Message: message, Next: next}
}

func paramFault(name, what, wants string) *Error {
	return refuse(Invalid, name+" "+what, "it takes "+wants)
}

// asError turns any error of a handler or backend into one for a model.
func asError(err error) *Error {
	var own *Error
	var from *provider.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &from):
		return fromProvider(from)
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Code: Timeout, Message: "the mail server did not answer in time", Next: "try again, or ask for less", err: err}
	case errors.Is(err, context.Canceled):
		return &Error{Code: Canceled, Message: "the call was cancelled", err: err}
	}
	return &Error{Code: Internal, Message: "a fault inside the server", Next: "tell the operator", err: err}
}

func fromProvider(p *provider.Error) *Error {
	e := &Error{Code: Code(provider.CodeOf(p)), Status: p.Status, err: p}
	e.Next, _ = mailtext.CleanLine(p.Hint, maxHint) // it may quote folder names
	e.Message = cleanLine(strings.TrimSpace(p.Op + ": " + causeText(p)))
	if e.Next == "" {
		e.Next = nextStep(provider.CodeOf(p))
	}
	if p.RetryAfter > 0 {
		e.RetryAfter = seconds(p.RetryAfter)
	}
	if r := p.RateLimit; r != nil {
		e.Limit, e.Remaining = known(r.Limit), known(r.Remaining)
		if r.Reset >= 0 {
			s := seconds(r.Reset)
			e.Reset = &s
		}
	}
	return e
}

// maxHint is room for three folder paths of a usual length, in runes.
const maxHint = 1500

func causeText(p *provider.Error) string {
	if p.Err == nil {
		return string(provider.CodeOf(p))
	}
	return p.Err.Error()
}

func known(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// nextStep is what to do about a failure that named no step of its own.
func nextStep(c provider.Code) string {
	switch c {
	case provider.Invalid:
		return "correct the arguments and call again"
	case provider.NotFound:
		return "it may have been moved or deleted: list or search again"
	case provider.Conflict:
		return "ids and cursors from before are void: list again"
	case provider.Denied:
		return "the mail server refused; its words are in the message"
	case provider.Unauthenticated:
		return "the owner has to sign in to the mail account again"
	case provider.Unsupported:
		return "list_accounts says what the account can do"
	case provider.RateLimited:
		return "wait as long as retry-after says, then try again"
	case provider.TooLarge:
		return "ask for less"
	case provider.Unavailable:
		return "try again in a little while"
	case provider.Uncertain:
		return "it may have happened: look before trying again"
	default: // the message says it all
		return ""
	}
}
