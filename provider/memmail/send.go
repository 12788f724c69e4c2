package memmail

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

// Submission is a message as the submission server got it.
type Submission struct {
	From       string
	Recipients []string // every one once, Bcc included
	Raw        []byte   // without Bcc
}

// Sent returns what was sent, oldest first.
func (b *Backend) Sent() []Submission {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := make([]Submission, 0, len(b.outbox))
	for _, s := range b.outbox {
		out = append(out, Submission{s.From, slices.Clone(s.Recipients), slices.Clone(s.Raw)})
	}
	return out
}

// Send keeps the message for Sent, delivers it to INBOX when it goes to one of the account's own addresses, and files a copy.
func (b *Backend) Send(ctx context.Context, m provider.Outgoing) (provider.Receipt, error) {
	const op = "send"
	done, err := b.begin(ctx, op)
	if err != nil {
		return provider.Receipt{}, err
	}
	defer done()
	draft := compose(m)
	raw, err := mailmime.Compose(draft)
	if err != nil {
		return provider.Receipt{}, invalid(op, err)
	}
	recipients, err := draft.Recipients()
	if err != nil {
		return provider.Receipt{}, invalid(op, err)
	}
	if len(recipients) == 0 {
		return provider.Receipt{}, fail(op, provider.Invalid, "no recipient")
	}
	receipt := provider.Receipt{HeaderID: m.HeaderID}
	if receipt.Refused = b.refused(recipients); len(receipt.Refused) > 0 {
		first := receipt.Refused[0]
		return receipt, &provider.Error{Op: op, Code: provider.Denied, Status: first.Status, Err: errors.New(first.Address + " was refused: " + first.Text)}
	}
	receipt.Accepted = recipients
	b.submit(m.From.Addr, recipients, raw)
	receipt.Copy = provider.CopyFiled
	// The message has left: whatever happens to the copy, and to ctx, does not undo it.
	if receipt.CopyErr = b.fault(ctx, "file copy"); receipt.CopyErr != nil {
		receipt.Copy = provider.CopyFailed
		return receipt, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	receipt.CopyID = b.deliver(b.ensureRole(provider.RoleSent), raw, Delivery{Flags: provider.Seen})
	return receipt, nil
}

func (b *Backend) refused(recipients []string) []provider.Refusal {
	var out []provider.Refusal
	for _, address := range recipients {
		if b.opts.Refuse == nil {
			break
		}
		if r := b.opts.Refuse(address); r != nil {
			out = append(out, provider.Refusal{Address: address, Status: r.Status, Text: r.Text})
		}
	}
	return out
}

func (b *Backend) submit(from string, recipients []string, raw []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.outbox = append(b.outbox, Submission{from, slices.Clone(recipients), raw})
	own := func(address string) bool {
		return slices.ContainsFunc(b.opts.Identities, func(id provider.Address) bool { return strings.EqualFold(id.Addr, address) })
	}
	if slices.ContainsFunc(recipients, own) {
		b.deliver(b.ensureRole(provider.RoleInbox), raw, Delivery{})
	}
}

func compose(m provider.Outgoing) mailmime.Draft {
	d := mailmime.Draft{
		From: mailmime.Address{Name: m.From.Name, Mailbox: m.From.Addr}, To: mailboxes(m.To), Cc: mailboxes(m.Cc), Bcc: mailboxes(m.Bcc),
		ReplyTo: mailboxes(m.ReplyTo), Subject: m.Subject, Text: m.Text, HTML: m.HTML, MessageID: m.HeaderID,
		InReplyTo: m.InReplyTo, References: m.References, Date: m.Date,
	}
	for _, a := range m.Attachments {
		d.Attachments = append(d.Attachments, mailmime.Attachment{Name: a.Name, Type: a.Type, Data: a.Data})
	}
	return d
}

func mailboxes(list []provider.Address) []mailmime.Address {
	var out []mailmime.Address
	for _, a := range list {
		out = append(out, mailmime.Address{Name: a.Name, Mailbox: a.Addr})
	}
	return out
}

func invalid(op string, err error) error {
	return &provider.Error{Op: op, Code: provider.Invalid, Err: err}
}
