package imapx

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Kind classifies a failure. It is an error itself, so callers can write
// errors.Is(err, imapx.NotFound).
type Kind string

// The kinds.
const (
	Auth        Kind = "auth"        // the server refused the login; the same one is never tried again
	TLS         Kind = "tls"         // certificate or handshake; nothing secret was sent
	Limit       Kind = "limit"       // too many connections, quota, throttling
	Unavailable Kind = "unavailable" // no connection, or it was lost; may work later
	Validity    Kind = "validity"    // the mailbox was rebuilt: its UIDs mean nothing any more
	NotFound    Kind = "not_found"   // no such mailbox
	Exists      Kind = "exists"      // the mailbox is there already
	Refused     Kind = "refused"     // the server said NO
	Protocol    Kind = "protocol"    // the server said BAD or sent what makes no sense
	TooLarge    Kind = "too_large"   // an answer or a message over a limit
	Uncertain   Kind = "uncertain"   // a change was sent and no answer came: it may have happened
	Unsupported Kind = "unsupported" // the server lacks the extension; matches errors.ErrUnsupported
	Closed      Kind = "closed"      // the pool is closed
	Invalid     Kind = "invalid"     // the caller's arguments are wrong
)

func (k Kind) Error() string { return string(k) }

// Error is every failure of this package. Context errors are returned bare.
type Error struct {
	Op   string // the command or step, "LOGIN", "UID MOVE", "dial", ...
	Kind Kind
	Text string // the server's own words; may be empty
	Code string // response code of RFC 5530 in upper case; may be empty
	Err  error  // cause; may be nil

	RetryAfter time.Duration // how long the server asks to wait; 0: it does not say
}

// Error reads "op: kind: [CODE] text: cause", each thing once: what the words
// behind it say as well is left out.
func (e *Error) Error() string {
	op, code, cause := e.Op, e.Code, ""
	if e.Err != nil {
		cause = e.Err.Error()
	}
	kind := string(e.Kind)
	for _, prefix := range []string{op + ": ", kind + ": "} { // "STARTTLS: tls: STARTTLS: ...", "tls: tls: ..."
		if len(prefix) > 2 {
			cause = strings.TrimPrefix(cause, prefix)
		}
	}
	if op != "" && strings.HasPrefix(cause, op+" ") {
		op = "" // "dial: unavailable: dial tcp ..."
	}
	if hasFold(op, kind) {
		kind = "" // "TLS handshake: tls: ...", "AUTHENTICATE: auth: ..."
	}
	if letters(code) == letters(e.Text) {
		code = "" // "[AUTHENTICATIONFAILED] Authentication failed."
	}
	if code != "" {
		code = "[" + code + "]"
	}
	var said []string
	for _, s := range []string{op, kind, strings.TrimSpace(code + " " + e.Text), cause} {
		if s != "" {
			said = append(said, s)
		}
	}
	return strings.Join(said, ": ")
}

func hasFold(s, prefix string) bool {
	return prefix != "" && len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// letters is s for comparing its words with a response code.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		if r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, s)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is matches the error's Kind and, for Unsupported, errors.ErrUnsupported.
func (e *Error) Is(target error) bool {
	return target == error(e.Kind) || e.Kind == Unsupported && target == errors.ErrUnsupported
}

// KindOf returns the Kind in err's tree, "" when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

func invalid(op, text string) error {
	return &Error{Op: op, Kind: Invalid, Err: errors.New(text)}
}

func unsupported(op, capability string) error {
	return &Error{Op: op, Kind: Unsupported, Err: errors.New("the server does not offer " + capability)}
}

// statusError is a tagged NO or BAD, or an untagged BYE, as an error.
func statusError(op, typ, code, text string) *Error {
	code = responseCode(code)
	e := &Error{Op: op, Kind: statusKind(typ, code), Code: code, Text: text}
	if e.RetryAfter = backoff(text); e.RetryAfter > 0 && (e.Kind == Refused || e.Kind == Protocol) {
		e.Kind = Limit
	}
	return e
}

// statusKind maps response codes: those of RFC 5530, and where another RFC is
// named of that one. What is not listed says no more than NO, BAD or BYE does.
func statusKind(typ, code string) Kind {
	switch code {
	case "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED":
		return Auth
	case "UNAVAILABLE", "SERVERBUG", "CONTACTADMIN", "CORRUPTION",
		"EXPUNGEISSUED": // the next look at the mailbox shows what is left
		return Unavailable
	case "LIMIT", "OVERQUOTA", "INUSE",
		"THROTTLED": // Gmail, Yahoo
		return Limit
	case "TOOBIG", // RFC 4469 section 4.2
		"MESSAGELIMIT": // RFC 9738 section 3.1
		return TooLarge
	case "NONEXISTENT", "TRYCREATE": // RFC 9051 section 7.1
		return NotFound
	case "ALREADYEXISTS":
		return Exists
	case "CLIENTBUG":
		return Protocol
	case "UNKNOWN-CTE", // RFC 3516 section 4.3
		"USEATTR": // RFC 6154 section 5
		return Unsupported
	case "NOPERM", "CANNOT", "HASCHILDREN", "BADCHARSET": // the last RFC 9051 section 7.1
		return Refused
	}
	switch typ {
	case "BAD":
		return Protocol
	case "BYE":
		return Unavailable
	}
	return Refused
}

// maxBackoff bounds what a server may ask us to wait.
const maxBackoff = time.Hour

// backoff reads how long Exchange asks to wait, which it says in words only.
func backoff(text string) time.Duration {
	_, rest, ok := strings.Cut(strings.ToLower(text), "suggested backoff time: ")
	digits, unit, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || !strings.HasPrefix(unit, "milliseconds") {
		return 0
	}
	return min(time.Duration(n)*time.Millisecond, maxBackoff)
}

// isStatus tells a server's answer from a lost connection.
func isStatus(err error) (*imap.Error, bool) {
	var status *imap.Error
	ok := errors.As(err, &status)
	return status, ok
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
