package imapmail

import (
	"context"
	"crypto/tls"
	"errors"
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
	switch {
	case err == nil, errors.As(err, &known):
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
	out := &provider.Error{Code: provider.Internal}
	switch e.Kind {
	case imapx.Auth:
		out.Code, out.Hint = provider.Unauthenticated, "check the user name and password, then sign in again"
	case imapx.TLS:
		out.Code, out.Hint = provider.Unavailable, "check the server's name and certificate; nothing secret was sent"
		if spokeNoTLS(e) || e.Op == "STARTTLS" {
			out.Hint = unreached
		}
	case imapx.Limit:
		out.Code, out.Hint = provider.RateLimited, "wait, then try again"
		if e.Code == "OVERQUOTA" {
			out.Code, out.Hint = provider.Denied, "the mailbox is full"
		}
	case imapx.Unavailable, imapx.Protocol, imapx.Closed:
		out.Code = provider.Unavailable
		if e.Op == "dial" || e.Op == "connect" || e.Op == "greeting" && e.Kind == imapx.Protocol {
			out.Hint = unreached
		}
	case imapx.Validity:
		out.Code, out.Hint = provider.Conflict, "the folder was rebuilt: list or search again for new ids"
	case imapx.Exists:
		out.Code = provider.Conflict
	case imapx.NotFound:
		out.Code = provider.NotFound
	case imapx.Refused:
		out.Code = provider.Denied
		if e.Code == "BADCHARSET" {
			out.Code, out.Hint = provider.Unsupported, "the server searches bodies for ASCII text only: search for other words"
		}
	case imapx.TooLarge:
		out.Code = provider.TooLarge
	case imapx.Uncertain:
		out.Code, out.Hint = provider.Uncertain, "read or list to see whether it happened, before trying again"
	case imapx.Unsupported:
		out.Code = provider.Unsupported
	case imapx.Invalid:
		out.Code = provider.Invalid
	}
	return out
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
