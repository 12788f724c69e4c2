package imapmail

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/internal/submission"
	"github.com/postern-mail/postern/provider"
)

func (s *SMTP) check(imap imapx.Options) error {
	if _, _, err := net.SplitHostPort(s.Addr); err != nil {
		return invalid("the submission server must be host:port")
	}
	own := s.Password != "" || s.Token != nil
	switch {
	case s.Password != "" && s.Token != nil:
		return invalid("sending has both a password and a token")
	case imap.Auth != nil && (s.Username == "" || !own):
		return invalid("sending needs a user name and a password or token of its own")
	case s.Username != "" && s.Username != imap.Username && !own && imap.Token == nil:
		return invalid("sending under another user name needs a password or token of its own")
	}
	if s.TLSConfig != nil && s.TLSConfig.InsecureSkipVerify && s.TLSConfig.VerifyConnection == nil {
		return invalid("certificates are always verified: give the server's CA or pin its certificate instead")
	}
	switch s.Security {
	case imapx.ImplicitTLS, imapx.StartTLS, imapx.Cleartext:
		return nil
	}
	return invalid("unknown security " + string(s.Security))
}

func (s *SMTP) options(imap imapx.Options) submission.Options {
	o := submission.Options{
		Addr: s.Addr, TLSConfig: s.TLSConfig, AllowCleartext: s.AllowCleartext,
		Username: s.Username, Password: s.Password,
	}
	if s.Username == "" {
		o.Username = imap.Username
	}
	switch {
	case s.Token != nil:
		o.Token = tokenForSending(s.Token)
	case s.Password == "" && imap.Token != nil:
		o.Token = tokenForSending(imap.Token)
	case s.Password == "":
		o.Password = imap.Password
	}
	switch s.Security {
	case imapx.StartTLS:
		o.Security = submission.STARTTLS
	case imapx.Cleartext:
		o.Security = submission.Cleartext
	default:
		o.Security = submission.TLS
	}
	return o
}

// tokenForSending is fn with its errors in the words of submission.
func tokenForSending(fn func(context.Context, string) (string, error)) func(context.Context, string) (string, error) {
	return func(ctx context.Context, refused string) (string, error) {
		token, err := fn(ctx, refused)
		if errors.Is(err, imapx.Auth) {
			err = &submission.Error{Kind: submission.Unauthenticated, Err: err}
		}
		return token, err
	}
}

// Send submits m and files a copy in Sent. What becomes of the copy never
// changes whether the send succeeded.
func (b *Backend) Send(ctx context.Context, m provider.Outgoing) (provider.Receipt, error) {
	if b.opts.SMTP == nil {
		return provider.Receipt{}, &provider.Error{Code: provider.Unsupported, Err: errors.New("the account has no submission server")}
	}
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return provider.Receipt{}, &provider.Error{Code: provider.Unavailable, Err: errors.New("the account is closed")}
	}
	draft := newDraft(m)
	raw, err := mailmime.Compose(draft)
	if err != nil {
		return provider.Receipt{}, mapError(err)
	}
	to, err := draft.Recipients()
	if err != nil {
		return provider.Receipt{}, mapError(err)
	}
	from, err := mailmime.EncodeMailbox(m.From.Addr)
	if err != nil {
		return provider.Receipt{}, mapError(err)
	}
	receipt := provider.Receipt{HeaderID: m.HeaderID}
	result, err := b.submit(ctx, submission.Envelope{From: from, To: to}, raw)
	receipt.Accepted = result.Accepted
	for _, r := range result.Refused {
		receipt.Refused = append(receipt.Refused, provider.Refusal{Address: r.Address, Status: r.Code, Text: r.Text})
	}
	if err != nil {
		return receipt, mapError(err)
	}
	if b.opts.SentBy == SentByServer {
		receipt.Copy = provider.CopyByServer
		return receipt, nil
	}
	receipt.Copy = provider.CopyFiled
	if receipt.CopyID, err = b.file(ctx, m.HeaderID, raw); err != nil {
		receipt.Copy, receipt.CopyErr = provider.CopyFailed, mapError(err)
	}
	return receipt, nil
}

// submit sends, unless the server has refused the password before.
func (b *Backend) submit(ctx context.Context, to submission.Envelope, raw []byte) (submission.Result, error) {
	if refused := b.loginRefused.Load(); refused != nil {
		return submission.Result{}, refused
	}
	opts := b.opts.SMTP.options(b.opts.IMAP)
	result, err := submission.Send(ctx, opts, to, raw)
	var e *submission.Error
	if opts.Password != "" && errors.As(err, &e) && e.Kind == submission.Unauthenticated && e.Code == wrongPassword {
		again := *e
		again.Text = strings.TrimSpace(again.Text + " (it is not tried again until the account is reopened)")
		b.loginRefused.CompareAndSwap(nil, &again)
	}
	return result, err
}

// wrongPassword is RFC 4954 section 6.
const wrongPassword = 535

func newDraft(m provider.Outgoing) mailmime.Draft {
	d := mailmime.Draft{
		From: mimeAddress(m.From), To: mimeAddresses(m.To), Cc: mimeAddresses(m.Cc), Bcc: mimeAddresses(m.Bcc),
		ReplyTo: mimeAddresses(m.ReplyTo), Subject: m.Subject, Text: m.Text, HTML: m.HTML,
		MessageID: m.HeaderID, InReplyTo: m.InReplyTo, References: m.References, Date: m.Date,
	}
	for _, a := range m.Attachments {
		d.Attachments = append(d.Attachments, mailmime.Attachment{Name: a.Name, Type: a.Type, Data: a.Data})
	}
	return d
}

func mimeAddress(a provider.Address) mailmime.Address {
	return mailmime.Address{Name: a.Name, Mailbox: a.Addr}
}

func mimeAddresses(list []provider.Address) []mailmime.Address {
	out := make([]mailmime.Address, len(list))
	for i, a := range list {
		out[i] = mimeAddress(a)
	}
	return out
}
