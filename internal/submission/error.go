package submission

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
)

// Kind says what an error means for the caller. It is an error itself, for
// errors.Is(err, submission.Uncertain).
type Kind string

// The kinds of error. Only Uncertain leaves open whether the message was sent.
const (
	Invalid         Kind = "invalid"         // options, address or message cannot be sent
	Insecure        Kind = "insecure"        // no encryption, or a certificate that does not verify
	Unauthenticated Kind = "unauthenticated" // login refused or missing
	Unsupported     Kind = "unsupported"     // the server lacks what this message or login needs
	TooLarge        Kind = "too_large"       // over the server's SIZE
	Refused         Kind = "refused"         // recipients refused: see Result.Refused
	Temporary       Kind = "temporary"       // the server said 4xx: may work later
	Permanent       Kind = "permanent"       // the server said 5xx: will not work
	Unavailable     Kind = "unavailable"     // no connection, or lost before the message was complete
	Uncertain       Kind = "uncertain"       // lost after that: it may have been sent
)

func (k Kind) Error() string { return "submission: " + string(k) }

// Error is every failure of Send apart from a cancelled context.
type Error struct {
	Kind     Kind
	Code     int    // the server's reply code, or 0
	Enhanced string // "5.7.8" (RFC 3463), or empty
	Text     string // the server's words, cleaned and cut to 400 characters
	Err      error  // what lies beneath, if anything does
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.Error())
	if e.Code != 0 {
		fmt.Fprintf(&b, ": %d", e.Code)
		for _, part := range []string{e.Enhanced, e.Text} {
			if part != "" {
				b.WriteString(" " + part)
			}
		}
	}
	if e.Err != nil {
		b.WriteString(": " + words(e.Err.Error())) // can quote what the server said
	}
	return b.String()
}

// Is matches the Kind.
func (e *Error) Is(target error) bool {
	kind, ok := target.(Kind)
	return ok && kind == e.Kind
}

func (e *Error) Unwrap() error { return e.Err }

func invalid(format string, args ...any) error {
	return &Error{Kind: Invalid, Err: fmt.Errorf(format, args...)}
}

// before makes the error of something that failed before the end of the
// message was sent: nothing was delivered.
func before(ctx context.Context, stage string, err error) error {
	if done := ctx.Err(); done != nil {
		return done
	}
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return fromReply(reply, stage)
	}
	kind := Unavailable
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		kind = Insecure
	}
	return &Error{Kind: kind, Err: fmt.Errorf("%s: %w", stage, err)}
}

// after makes the error of something that failed once the final dot may have
// left: only an answer of the server's settles it.
func after(ctx context.Context, err error) error {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) && reply.Code >= 400 && reply.Code < 600 {
		return fromReply(reply, "message")
	}
	if done := ctx.Err(); done != nil {
		err = errors.Join(done, err)
	}
	return &Error{Kind: Uncertain, Err: fmt.Errorf("no answer to the complete message: %w", err)}
}

func fromReply(reply *smtp.SMTPError, stage string) *Error {
	e := &Error{
		Kind: Permanent, Code: reply.Code, Enhanced: enhanced(reply), Text: words(reply.Message),
		Err: fmt.Errorf("answer to %s", stage),
	}
	switch {
	case reply.Code == 530: // RFC 4954 section 6
		e.Kind = Unauthenticated
	case reply.Code == 552 && stage == "MAIL", // RFC 1870 section 6.1
		reply.Code >= 500 && (strings.HasSuffix(e.Enhanced, ".3.4") || strings.HasSuffix(e.Enhanced, ".2.3")): // RFC 3463
		e.Kind = TooLarge
	case reply.Code >= 400 && reply.Code < 500:
		e.Kind = Temporary
	case reply.Code < 400 || reply.Code > 599:
		e.Kind = Unavailable // out of step: not an answer to what was asked
	}
	return e
}

// fromLogin tells a wrong password from a server that cannot check it now
// (RFC 4954 section 6).
func fromLogin(reply *smtp.SMTPError) *Error {
	e := fromReply(reply, "login")
	switch {
	case reply.Code == 504: // mechanism not known after all
		e.Kind = Unsupported
	case reply.Code >= 500, reply.Code == 432: // 432: the password has to be renewed
		e.Kind = Unauthenticated
	}
	return e
}

func enhanced(reply *smtp.SMTPError) string {
	c := reply.EnhancedCode
	if c == smtp.EnhancedCodeNotSet || c == smtp.NoEnhancedCode {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", c[0], c[1], c[2])
}

// maxWords bounds what is kept of a server's text: an answer line has at most
// 512 bytes (RFC 5321 section 4.5.3.1.5).
const maxWords = 400

// words makes a server's text, a stranger's words, fit for one line.
func words(text string) string {
	var b strings.Builder
	count, space := 0, false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case r == utf8.RuneError || !unicode.IsPrint(r):
			continue
		case count >= maxWords:
			return b.String() + "…"
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
		count++
	}
	return b.String()
}
