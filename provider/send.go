package provider

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Outgoing is a message to send. The backend composes it.
type Outgoing struct {
	From        Address // one of Info.Identities; its Name is taken from there when empty
	To, Cc, Bcc []Address
	ReplyTo     []Address
	Subject     string
	Text, HTML  string // at least one, or an attachment
	Attachments []Attachment
	HeaderID    string   // Message-ID without angle brackets; required, so that a retry is the same message
	InReplyTo   []string // Message-IDs without angle brackets
	References  []string
	Date        time.Time // required
}

// Attachment is a file to send.
type Attachment struct {
	Name string // file name, no path
	Type string // media type; empty: application/octet-stream
	Data []byte
}

// Receipt says what became of a sent message.
type Receipt struct {
	HeaderID string
	Accepted []string
	Refused  []Refusal
	Copy     SentCopy
	CopyID   MessageID // the copy in Sent, where known
	CopyErr  error     // why the copy failed
}

// Refusal is one recipient that the server refused.
type Refusal struct {
	Address string
	Status  int    // SMTP reply code
	Text    string // the server's own words
}

// SentCopy says what became of the copy in Sent. The zero value is unknown.
type SentCopy string

// The fates of the copy in Sent.
const (
	CopyFiled    SentCopy = "filed"
	CopyByServer SentCopy = "by_server" // the service files by itself
	CopyFailed   SentCopy = "failed"    // the message left all the same
)

// Bounds of sending.
const (
	MaxRecipients = 100
	MaxSubject    = 2000     // bytes
	maxOutgoing   = 25 << 20 // bytes of text and attachments; large servers stop at 25 to 35 MB
)

// Sender sends mail.
type Sender interface {
	// Send submits m once. When a recipient is refused nothing is sent, every
	// refusal is in the Receipt, and the error is Denied. An error Uncertain
	// means that the message may have left. The copy in Sent never decides
	// whether the send succeeded.
	Send(ctx context.Context, m Outgoing) (Receipt, error)
}

// Send submits m once; see Sender.
func (a *Account) Send(ctx context.Context, m Outgoing) (Receipt, error) {
	const op = "send"
	s, err := use[Sender](ctx, a, op, CapSend)
	if err != nil {
		return Receipt{}, err
	}
	if m.From, err = a.identity(op, m.From); err != nil {
		return Receipt{}, err
	}
	if err := m.validate(op); err != nil {
		return Receipt{}, err
	}
	r, err := s.Send(ctx, m)
	return r, wrap(op, err)
}

// identity completes a From address with the identity's name; others are refused.
func (a *Account) identity(op string, from Address) (Address, error) {
	ids := a.Info().Identities
	if len(ids) == 0 {
		return Address{}, invalid(op, "the account has no address to send from")
	}
	if from == (Address{}) {
		return ids[0], nil
	}
	var known []string
	for _, id := range ids {
		if strings.EqualFold(id.Addr, from.Addr) {
			if from.Name != "" && from.Name != id.Name {
				return Address{}, invalid(op, "from: the name of "+id.Addr+" is "+strconv.Quote(id.Name))
			}
			return id, nil
		}
		known = append(known, id.Addr)
	}
	return Address{}, invalid(op, "from: "+strconv.Quote(from.Addr)+" is not an address of this account; it has "+strings.Join(known, ", "))
}

func (m Outgoing) validate(op string) error {
	n := len(m.To) + len(m.Cc) + len(m.Bcc)
	size := len(m.Text) + len(m.HTML)
	for _, a := range m.Attachments {
		size += len(a.Data)
		if hasControl(a.Name) || hasControl(a.Type) {
			return invalid(op, "an attachment's name or type holds a control character")
		}
	}
	switch {
	case n == 0:
		return invalid(op, "no recipient")
	case n > MaxRecipients:
		return &Error{Op: op, Code: TooLarge, Err: errors.New("more than " + strconv.Itoa(MaxRecipients) + " recipients")}
	case size > maxOutgoing:
		return &Error{Op: op, Code: TooLarge, Err: errors.New("text and attachments are over 25 MB")}
	case size == 0 && m.Subject == "":
		return invalid(op, "the message is empty")
	case len(m.Subject) > MaxSubject:
		return invalid(op, "the subject is longer than "+strconv.Itoa(MaxSubject)+" bytes")
	case hasControl(m.Subject):
		return invalid(op, "the subject holds a control character")
	case m.HeaderID == "" || m.Date.IsZero():
		return invalid(op, "a message needs its Message-ID and date before it is sent")
	}
	for _, list := range [][]Address{m.To, m.Cc, m.Bcc, m.ReplyTo} {
		for _, a := range list {
			if err := a.validate(op); err != nil {
				return err
			}
		}
	}
	return nil
}

// validate refuses what no server may see; the backend's composer knows the
// rest of RFC 5321 section 4.1.2.
func (a Address) validate(op string) error {
	at := strings.LastIndexByte(a.Addr, '@')
	switch {
	case hasControl(a.Name), hasControl(a.Addr):
		return invalid(op, "address "+strconv.Quote(a.Addr)+" holds a control character")
	case at <= 0, at == len(a.Addr)-1, strings.ContainsAny(a.Addr, " <>(),;"):
		return invalid(op, strconv.Quote(a.Addr)+" is not an address like ann@example.org")
	}
	return nil
}

func hasControl(s string) bool { return strings.IndexFunc(s, unicode.IsControl) >= 0 }
