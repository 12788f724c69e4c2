package imapmail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/internal/submission"
	"github.com/postern-mail/postern/provider"
)

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// mapError is the one place where errors of the layers below get a Code.
func mapError(err error) error {
	var known *provider.Error
	var imap *imapx.Error
	var smtp *submission.Error
	var mime *mailmime.Error
	switch isKnown := errors.As(err, &known); {
	case isKnown && (errors.As(err, &imap) && holds(imap.Err, known) || errors.As(err, &smtp) && holds(smtp.Err, known)):
		return known // a Token function's own, without the layers it came through
	case err == nil, isKnown:
		return err
	case errors.As(err, &imap):
		return fromIMAP(imap)
	case errors.As(err, &smtp):
		return fromSMTP(smtp)
	case errors.As(err, &mime):
		return &provider.Error{Code: provider.Invalid, Err: err}
	}
	return err
}

func holds(err error, known *provider.Error) bool {
	var inner *provider.Error
	return errors.As(err, &inner) && inner == known
}

// unreached is the hint for a server that does not answer as it should: who set
// it up now may have the address wrong, who did last year need only wait.
const unreached = "check the server's address, port and TLS setting; if they are right, try again later"

// spokeNoTLS tells a port without TLS from a certificate that is wrong.
func spokeNoTLS(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record)
}

func fromIMAP(e *imapx.Error) error {
	out, short := classify(e), *e
	if e.Kind == imapx.Auth || string(e.Kind) == string(out.Code) {
		short.Kind = "" // the Code says it
	}
	out.Err = told{short.Error(), e}
	return out
}

func classify(e *imapx.Error) *provider.Error {
	out := &provider.Error{Code: codeOf(e.Kind), RetryAfter: e.RetryAfter}
	switch e.Kind {
	case imapx.Auth:
		out.Hint = "check the user name and password, then sign in again"
		if e.Op == "token" {
			out.Hint = "the owner has to sign in again, as the user of this mailbox"
		}
	case imapx.TLS:
		out.Hint = "check the server's name and certificate; nothing secret was sent"
		if spokeNoTLS(e) || e.Op == "STARTTLS" {
			out.Hint = unreached
		}
	case imapx.Limit:
		out.Hint = "wait, then try again"
	case imapx.Unavailable, imapx.Protocol:
		if e.Op == "dial" || e.Op == "connect" || e.Op == "greeting" && e.Kind == imapx.Protocol {
			out.Hint = unreached
		}
	case imapx.Validity:
		out.Hint = "the folder was rebuilt: list or search again for new ids"
	case imapx.Uncertain:
		out.Hint = "read or list to see whether it happened, before trying again"
		return out // the code is that of what ended the connection
	default: // says all there is
	}
	if code, hint := advice(e.Code); hint != "" {
		out.Hint, out.Code = hint, cmp.Or(code, out.Code)
	}
	return out
}

func codeOf(k imapx.Kind) provider.Code {
	switch k {
	case imapx.Auth:
		return provider.Unauthenticated
	case imapx.Limit:
		return provider.RateLimited
	case imapx.TLS, imapx.Unavailable, imapx.Protocol, imapx.Closed:
		return provider.Unavailable
	case imapx.Validity, imapx.Exists:
		return provider.Conflict
	case imapx.NotFound:
		return provider.NotFound
	case imapx.Refused:
		return provider.Denied
	case imapx.TooLarge:
		return provider.TooLarge
	case imapx.Uncertain:
		return provider.Uncertain
	case imapx.Unsupported:
		return provider.Unsupported
	case imapx.Invalid:
		return provider.Invalid
	}
	return provider.Internal
}

// advice says what can be done about a response code (RFC 5530), and its Code
// where that of its kind is too coarse.
func advice(code string) (provider.Code, string) {
	switch code {
	case "EXPIRED":
		return "", "the password or the account has expired: its owner must renew it"
	case "AUTHORIZATIONFAILED":
		return "", "the login is right, and may not use this account: its owner must ask the administrator"
	case "PRIVACYREQUIRED":
		return "", "the server takes no password without TLS: change the TLS setting"
	case "CONTACTADMIN", "CORRUPTION":
		return "", "the server's administrator must look at it; trying again does not help"
	case "SERVERBUG", "UNAVAILABLE":
		return "", "it is the server's fault, and may work later"
	case "CLIENTBUG":
		return provider.Internal, "it is our fault: report it with the server's words"
	case "EXPUNGEISSUED":
		return provider.Conflict, "others have removed messages meanwhile: list or search again"
	case "INUSE":
		return "", "another program is at work on the folder: wait, then try again"
	case "OVERQUOTA":
		return provider.Denied, "the mailbox is full: something must be deleted first"
	case "NOPERM":
		return "", "the account may not do this here"
	case "CANNOT":
		return "", "the server can never do this: do not try again"
	case "HASCHILDREN":
		return provider.Conflict, "the folder has folders below it: remove or move those first"
	case "MESSAGELIMIT":
		return "", "the server takes fewer messages at once"
	case "TRYCREATE":
		return "", "create the folder first"
	case "BADCHARSET":
		return provider.Unsupported, "the server searches bodies for ASCII text only: search for other words"
	}
	return "", ""
}

// told is an error in fewer words: its class is said before it.
type told struct {
	text string
	err  error
}

func (t told) Error() string { return t.text }

func (t told) Unwrap() error { return t.err }

// smtpText leaves out the class, which the Code says, and what is said twice.
func smtpText(e *submission.Error) string {
	text := strings.TrimPrefix(e.Error(), e.Kind.Error()+": ")
	text = strings.ReplaceAll(text, submission.Invalid.Error()+": ", "")
	return strings.ReplaceAll(text, ": tls: ", ": ")
}

func fromSMTP(e *submission.Error) error {
	out := &provider.Error{Code: provider.Internal, Status: e.Code, Err: told{smtpText(e), e}}
	switch e.Kind {
	case submission.Invalid:
		out.Code = provider.Invalid
	case submission.Insecure:
		out.Code, out.Hint = provider.Unavailable, "check the submission server's name, TLS setting and certificate; nothing was sent"
	case submission.Unauthenticated:
		out.Code, out.Hint = provider.Unauthenticated, "check the user name and password for sending, or sign in again"
	case submission.Unsupported:
		out.Code = provider.Unsupported
	case submission.TooLarge:
		out.Code = provider.TooLarge
	case submission.Refused, submission.Permanent:
		out.Code = provider.Denied
	case submission.Temporary, submission.Unavailable:
		out.Code, out.Hint = provider.Unavailable, "nothing was sent; it may work later"
		if e.Code == 0 {
			out.Hint = "nothing was sent; " + strings.Replace(unreached, "the server's", "the submission server's", 1)
		}
	case submission.Uncertain:
		out.Code, out.Hint = provider.Uncertain, "the message may have left: look for its Message-ID in Sent, do not send again"
	}
	return out
}

// because is err with the server's reason for it, and the reason's class.
func because(err, cause error, code provider.Code, hint string) error {
	if cause == nil {
		return &provider.Error{Code: code, Hint: hint, Err: err}
	}
	var known *provider.Error
	if errors.As(cause, &known) {
		code = known.Code
	}
	return &provider.Error{Code: code, Hint: hint, Err: fmt.Errorf("%w: %w", err, cause)}
}

var (
	errHalfFlagged = errors.New("the flags to set are set, and those to clear are not cleared")
	errHalfRemoved = errors.New("the message is marked deleted, and still there")
	errInBoth      = errors.New("the message was copied, and the original is still there")
)

func halfFlagged(cause error) provider.Outcome {
	return provider.Outcome{Err: because(errHalfFlagged, cause, provider.Unavailable, "clear the others again")}
}

func halfRemoved(cause error) provider.Outcome {
	hint := "delete it again, or clear its deleted flag to keep it"
	return provider.Outcome{Remains: true, Err: because(errHalfRemoved, cause, provider.Unavailable, hint)}
}

func inBoth(cause error) error {
	return because(errInBoth, cause, provider.Unavailable, "move it again: it is not copied a second time")
}

func gone() error {
	return &provider.Error{Code: provider.NotFound, Err: errors.New("the message is gone")}
}

func marked() error {
	return &provider.Error{
		Code: provider.Conflict, Hint: "look for a copy where it should go; to move it all the same, clear its deleted flag first",
		Err: errors.New("the message is marked deleted: an earlier move may have copied it already, and this server cannot remove it"),
	}
}

func incomplete() error {
	return &provider.Error{Code: provider.Unavailable, Hint: "try again", Err: errors.New("the server left part of its answer out, twice")}
}

// unreadable names a message of which no answer can be read, for why: nil when
// the server left something out.
func unreadable(why error) error {
	if why == nil {
		return incomplete()
	}
	return &provider.Error{
		Code: provider.Unavailable, Hint: "the other messages can be read; open this one in another mail program",
		Err: errors.New("the server's answer for this message cannot be read: " + why.Error()),
	}
}

func unsure() error {
	return &provider.Error{
		Code: provider.Uncertain, Hint: "read or list to see whether it happened, before trying again",
		Err: errors.New("no answer came to the change"),
	}
}
