package provider

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Outgoing is a message to send. The backend composes it.
type Outgoing struct {
	From        Address // one of Info.Identities; its Name is taken from there when empty
	To, Cc, Bcc []Address
	ReplyTo     []Address
	Subject     string
	Text, HTML  string // at least one, or an attachment, or a subject
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
	maxHeader     = 64 << 10 // bytes of names, addresses and Message-IDs; servers refuse headers far beyond
	maxAttached   = 1000     // attachments; each costs a part, also an empty one
	maxAddress    = 254      // bytes; RFC 5321 section 4.5.3.1.3 without the angle brackets
	shownFrom     = 10       // addresses of the account that an error names
)

// Sender sends mail.
type Sender interface {
	// Send submits m once. When a recipient is refused nothing is sent, every
	// refusal is in the Receipt, and the error is Denied. An error Uncertain
	// means that the message may have left; every other error, a context's
	// too, that it did not. The copy in Sent never decides the outcome.
	Send(ctx context.Context, m Outgoing) (Receipt, error)
}

// Send submits m once; see Sender.
func (a *Account) Send(ctx context.Context, m Outgoing) (Receipt, error) {
	const op = "send"
	s, err := use[Sender](ctx, a, op, CapSend)
	if err != nil {
		return Receipt{}, err
	}
	if m, err = a.CheckOutgoing(m); err != nil {
		return Receipt{}, err
	}
	r, err := s.Send(ctx, m)
	return r, wrap(op, err)
}

// CheckOutgoing completes m's sender and refuses what Send would refuse before
// it asks any server.
func (a *Account) CheckOutgoing(m Outgoing) (Outgoing, error) {
	const op = "send"
	from, err := a.identity(op, m.From)
	if err != nil {
		return Outgoing{}, err
	}
	m.From = from
	return m, m.validate(op)
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
			switch {
			case from.Name == "" || from.Name == id.Name:
				return id, nil
			case id.Name == "":
				return Address{}, invalid(op, "from: "+id.Addr+" has no name; leave it out")
			}
			return Address{}, invalid(op, "from: the name of "+id.Addr+" is "+strconv.Quote(id.Name))
		}
		known = append(known, id.Addr)
	}
	has := strings.Join(known[:min(len(known), shownFrom)], ", ")
	if more := len(known) - shownFrom; more > 0 {
		has += " and " + strconv.Itoa(more) + " more"
	}
	return Address{}, invalid(op, "from: "+strconv.Quote(clip(from.Addr))+" is not an address of this account; it has "+has)
}

func (m Outgoing) validate(op string) error {
	if err := m.checkSize(op); err != nil {
		return err
	}
	switch {
	case len(m.To)+len(m.Cc)+len(m.Bcc) == 0:
		return invalid(op, "no recipient")
	case m.Text == "" && m.HTML == "" && m.Subject == "" && len(m.Attachments) == 0:
		return invalid(op, "the message is empty")
	case len(m.Subject) > MaxSubject:
		return invalid(op, "the subject is longer than "+strconv.Itoa(MaxSubject)+" bytes")
	case !headerText(m.Subject):
		return invalid(op, "the subject holds a control character or is not UTF-8")
	case m.HeaderID == "" || m.Date.IsZero():
		return invalid(op, "a message needs its Message-ID and date before it is sent")
	}
	for _, a := range m.Attachments {
		if err := a.validate(op); err != nil {
			return err
		}
	}
	for _, ids := range [][]string{{m.HeaderID}, m.InReplyTo, m.References} {
		for _, id := range ids {
			if id == "" || !headerText(id) || strings.ContainsAny(id, "<>") {
				return invalid(op, "a Message-ID is empty, or holds a control character or angle brackets: "+strconv.Quote(clip(id)))
			}
		}
	}
	for _, list := range [][]Address{{m.From}, m.To, m.Cc, m.Bcc, m.ReplyTo} {
		for _, a := range list {
			if err := a.validate(op); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkSize comes first, so that the rest is cheap.
func (m Outgoing) checkSize(op string) error {
	tooLarge := func(text string) error { return &Error{Op: op, Code: TooLarge, Err: errors.New(text)} }
	body, header := len(m.Text)+len(m.HTML), len(m.HeaderID)
	for _, a := range m.Attachments {
		body += len(a.Data)
		header += len(a.Name) + len(a.Type)
	}
	for _, ids := range [][]string{m.InReplyTo, m.References} {
		for _, id := range ids {
			header += len(id) + len("<> ")
		}
	}
	for _, list := range [][]Address{m.To, m.Cc, m.Bcc, m.ReplyTo} {
		for _, a := range list {
			header += len(a.Name) + len(a.Addr) + len(" <>, ")
		}
	}
	switch {
	case len(m.To)+len(m.Cc)+len(m.Bcc) > MaxRecipients:
		return tooLarge("more than " + strconv.Itoa(MaxRecipients) + " recipients")
	case len(m.Attachments) > maxAttached:
		return tooLarge("more than " + strconv.Itoa(maxAttached) + " attachments")
	case body > maxOutgoing:
		return tooLarge("text and attachments are over 25 MB")
	case header > maxHeader:
		return tooLarge("names, addresses and references make a header of over 64 KB")
	}
	return nil
}

func (a Attachment) validate(op string) error {
	switch {
	case !headerText(a.Name) || !headerText(a.Type):
		return invalid(op, "an attachment's name or type holds a control character or is not UTF-8")
	case strings.ContainsAny(a.Name, `/\`):
		return invalid(op, "an attachment's name is a path: "+strconv.Quote(clip(a.Name)))
	}
	return nil
}

// validate refuses what no server may see, and what two readers could take for
// different addresses: a second at sign, also quoted, and what does not show.
// The backend's composer knows the rest of RFC 5321 section 4.1.2.
func (a Address) validate(op string) error {
	local, domain, _ := strings.Cut(a.Addr, "@")
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	switch {
	case !headerText(a.Name):
		return invalid(op, "the name of address "+strconv.Quote(clip(a.Addr))+" holds a control character or is not UTF-8")
	case local == "", domain == "", len(a.Addr) > maxAddress, strings.ContainsAny(a.Addr, " <>(),;"),
		strings.Contains(domain, "@"), !headerText(a.Addr), strings.ContainsFunc(a.Addr, hidden):
		return invalid(op, strconv.Quote(clip(a.Addr))+" is not an address like ann@example.org")
	}
	return nil
}

// headerText reports whether s may stand in a header: no line of its own can
// begin in it.
func headerText(s string) bool { return !hasControl(s) && utf8.ValidString(s) }

func hasControl(s string) bool { return strings.IndexFunc(s, unicode.IsControl) >= 0 }
