package scopes

import (
	"fmt"
	"strings"
)

// Reason classifies a refusal. It is an error itself, so that callers write
// errors.Is(err, scopes.Expired), and a string, so that it can go on the wire.
type Reason string

// The reasons of an [Error].
const (
	Expired           Reason = "expired"            // the grant has ended
	InsufficientScope Reason = "insufficient_scope" // only scopes are missing
	NotPermitted      Reason = "not_permitted"      // access, filter or several things
	GateClosed        Reason = "gate_closed"        // only the grant's gate is closed
	Invalid           Reason = "invalid"            // the grant or the effect is faulty
)

func (r Reason) Error() string { return string(r) }

// Error says why a grant does not permit something, and everything that is
// missing. It matches its Reason with [errors.Is].
type Error struct {
	Reason   Reason
	Missing  Requirement // groups of scopes the grant lacks
	Access   Access      // the class the grant lacks, 0 when it has it
	Filtered bool        // a filter of the grant leaves the tool out
	Gate     Gate        // the gate the grant closed
	Err      error       // the fault behind Invalid
}

func (e *Error) Error() string {
	var parts []string
	if len(e.Missing) > 0 {
		parts = append(parts, "needs scope "+e.Missing.String())
	}
	if e.Access != 0 {
		parts = append(parts, fmt.Sprintf("access %s is not granted", e.Access))
	}
	if e.Filtered {
		parts = append(parts, "left out by the grant's methods or tags filter")
	}
	if e.Gate != NoGate {
		parts = append(parts, fmt.Sprintf("gate %s is closed by the grant", e.Gate))
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	if len(parts) == 0 {
		return string(e.Reason)
	}
	return string(e.Reason) + ": " + strings.Join(parts, "; ")
}

// Is reports whether target is e's reason.
func (e *Error) Is(target error) bool { return target == error(e.Reason) }

// Unwrap returns the fault behind Invalid, if any.
func (e *Error) Unwrap() error { return e.Err }

// OnlyScopes reports whether nothing but scopes is missing. Only then may a
// caller be told about the tool, as something the owner could still grant.
func (e *Error) OnlyScopes() bool { return e.Reason == InsufficientScope }

// classify sets the reason from what is missing and reports whether anything is.
func (e *Error) classify() bool {
	scope, gate := len(e.Missing) > 0, e.Gate != NoGate
	switch {
	case e.Access != 0 || e.Filtered || scope && gate:
		e.Reason = NotPermitted
	case scope:
		e.Reason = InsufficientScope
	case gate:
		e.Reason = GateClosed
	default:
		return false
	}
	return true
}
