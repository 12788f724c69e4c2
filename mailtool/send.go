package mailtool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

func sendTools() []Tool {
	return []Tool{Define(Spec{
		Name:        "send_message",
		Aliases:     []string{"send_mail"},
		Title:       "Send a message",
		Description: "Sends a new message, once: the same content within 10 minutes is a retry unless idempotency_key differs.",
		Effect:      scopes.Effect{Verb: "send", Access: scopes.Send, Scopes: scopes.AllOf(scopes.MailSend), Gate: scopes.Sending},
		Escalate:    []Escalation{{Param: "attachments.handle", Effect: scopes.Effect{Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.AllOf(scopes.MailRead)}}},
		Needs:       provider.Caps(provider.CapSend),
		Params:      []Param{{Name: "attachments.handle", Needs: provider.Caps(provider.CapRead)}},
		Confirm:     "confirm_send",
		Tags:        []scopes.Tag{"messages", "sending"},
	}, sendMessage)}
}

type sendIn struct {
	To             []string   `json:"to,omitempty" jsonschema:"recipients, one address an item" max:"100" format:"recipient"`
	Cc             []string   `json:"cc,omitempty" jsonschema:"copies" max:"100" format:"recipient"`
	Bcc            []string   `json:"bcc,omitempty" jsonschema:"copies nobody else sees" max:"100" format:"recipient"`
	From           string     `json:"from,omitempty" jsonschema:"an identity of the account, default the first" format:"address"`
	Subject        string     `json:"subject,omitempty" jsonschema:"subject" maxlen:"1000"`
	Body           string     `json:"body,omitempty" jsonschema:"plain text" format:"text" maxlen:"500000"`
	HTML           string     `json:"html,omitempty" jsonschema:"the same as HTML" format:"text" maxlen:"500000"`
	Attachments    []attachIn `json:"attachments,omitempty" jsonschema:"files, each by handle or by name and data" max:"50"`
	ConfirmSend    bool       `json:"confirm_send,omitempty" jsonschema:"true once the owner agreed to this message"`
	IdempotencyKey string     `json:"idempotency_key,omitempty" jsonschema:"your name for this message; the same key never sends twice" maxlen:"200"`
	DryRun         bool       `json:"dry_run,omitempty" jsonschema:"only check"`
}

type attachIn struct {
	Handle string `json:"handle,omitempty" jsonschema:"attachment of a received message" format:"handle"`
	Name   string `json:"name,omitempty" jsonschema:"file name" maxlen:"200"`
	Type   string `json:"type,omitempty" jsonschema:"media type" maxlen:"100"`
	Data   []byte `json:"data,omitempty" jsonschema:"small files only"`
}

type sendOut struct {
	Untrusted      string       `json:"untrusted,omitempty" jsonschema:"a nonce, and the notice that the strings below were written by others"`
	Status         string       `json:"status" jsonschema:"sent, uncertain (it may have left), or dry_run"`
	MessageID      string       `json:"message_id,omitempty" jsonschema:"Message-ID"`
	Accepted       []string     `json:"accepted,omitempty" jsonschema:"recipients the server took"`
	Refused        []refusalOut `json:"refused,omitempty" jsonschema:"recipients it refused"`
	SentCopy       string       `json:"sent_copy,omitempty" jsonschema:"filed, by_server or failed"`
	Attachments    []string     `json:"attachments,omitempty" jsonschema:"files that went with it"`
	IdempotencyKey string       `json:"idempotency_key,omitempty" jsonschema:"the key given"`
	Duplicate      bool         `json:"duplicate,omitempty" jsonschema:"this message was sent before; nothing left now"`
	Next           string       `json:"next,omitempty" jsonschema:"what to do"`
}

type refusalOut struct {
	Address string `json:"address" jsonschema:"recipient"`
	Code    int    `json:"code,omitempty" jsonschema:"SMTP reply code"`
	Error   string `json:"error" jsonschema:"the server's words"`
}

const (
	statusSent      = "sent"
	statusUncertain = "uncertain"
	statusDryRun    = "dry_run"
)

func (o *sendOut) uncertain() bool { return o.Status == statusUncertain }

func (o *sendOut) repeated() any {
	again := *o
	again.Duplicate = true
	if again.Next == "" {
		again.Next = "nothing left now; to send it once more, or another message, use another idempotency_key"
	}
	return &again
}

func sendMessage(ctx context.Context, env *Env, in sendIn) (*sendOut, error) {
	m, err := env.compose(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &sendOut{Status: statusDryRun, IdempotencyKey: in.IdempotencyKey}
	for i, a := range m.Attachments {
		out.Attachments = append(out.Attachments, cleanLine(a.Name))
		if in.Attachments[i].Handle != "" {
			out.Untrusted = untrusted(env.Nonce) // a stranger named the file
		}
	}
	if env.DryRun {
		return out, nil
	}
	receipt, err := env.Mail.Send(ctx, m)
	out.MessageID = m.HeaderID
	switch {
	case errors.Is(err, provider.Uncertain):
		out.Status, out.Next = statusUncertain, "search Sent for this message_id before sending again"
		return out, nil
	case err != nil && len(receipt.Refused) > 0:
		return nil, refusedError(receipt.Refused, err)
	case err != nil:
		return nil, err
	}
	out.Status, out.Accepted, out.SentCopy = statusSent, receipt.Accepted, string(receipt.Copy)
	for _, r := range receipt.Refused {
		out.Refused = append(out.Refused, refusalOut{Address: r.Address, Code: r.Status, Error: cleanLine(r.Text)})
	}
	if receipt.Copy == provider.CopyFailed {
		out.Next = "the message left; only its copy in Sent could not be filed"
	}
	return out, nil
}

// compose makes the message and checks it as sending would.
func (env *Env) compose(ctx context.Context, in sendIn) (m provider.Outgoing, err error) {
	m = provider.Outgoing{Subject: in.Subject, Text: in.Body, HTML: in.HTML, Date: env.Now}
	for _, list := range []struct {
		from []string
		to   *[]provider.Address
	}{{in.To, &m.To}, {in.Cc, &m.Cc}, {in.Bcc, &m.Bcc}} {
		for _, text := range list.from {
			a, err := parseAddress(text)
			if err != nil {
				return m, err
			}
			*list.to = append(*list.to, a)
		}
	}
	if in.From != "" {
		if m.From, err = parseAddress(in.From); err != nil {
			return m, err
		}
	}
	if m.Text == "" && m.HTML != "" {
		m.Text = mailtext.Body("", m.HTML, mailtext.Options{Full: true}).Text
	}
	left := maxAttached
	for i, a := range in.Attachments {
		file, err := env.attachment(ctx, a, left)
		if err != nil {
			which := *asError(err)
			which.Message = "attachments[" + strconv.Itoa(i) + "]: " + which.Message
			return m, &which
		}
		left -= len(file.Data)
		m.Attachments = append(m.Attachments, file)
	}
	m.HeaderID = env.Intent + "@localhost"
	if m, err = env.Mail.CheckOutgoing(m); err != nil {
		return m, err
	}
	from := asciiDomain(m.From.Addr)
	m.HeaderID = env.Intent + from[strings.LastIndexByte(from, '@'):]
	return m, nil
}

// maxAttached bounds the files of a message, in bytes; large mail servers stop at 25 MB.
const maxAttached = 25 << 20

// attachment is a file of at most left bytes, by handle or inline. Nothing is
// read from the machine's disk.
func (env *Env) attachment(ctx context.Context, in attachIn, left int) (provider.Attachment, error) {
	switch {
	case in.Handle != "" && len(in.Data) > 0:
		return provider.Attachment{}, refuse(Invalid, "an attachment has both handle and data", "give one of them")
	case in.Handle == "" && (len(in.Data) == 0 || in.Name == ""):
		return provider.Attachment{}, refuse(Invalid, "an attachment has neither handle nor name and data", "give a handle from read_message, or name and data")
	case in.Handle == "":
		return provider.Attachment{Name: in.Name, Type: in.Type, Data: in.Data}, nil
	}
	id, part, _ := splitHandle(in.Handle)
	info, body, err := env.openPart(ctx, id, part)
	if err != nil {
		return provider.Attachment{}, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, int64(left)+1))
	if err != nil {
		return provider.Attachment{}, err
	}
	if len(data) > left {
		return provider.Attachment{}, refuse(TooLarge, "the attachments are over 25 MB", "leave some out")
	}
	notAPath := strings.NewReplacer("/", "_", `\`, "_")
	file := provider.Attachment{Name: notAPath.Replace(info.Name), Type: info.Type, Data: data}
	if in.Name != "" {
		file.Name = in.Name
	}
	if file.Name = cleanLine(file.Name); file.Name == "" {
		file.Name = "attachment"
	}
	return file, nil
}

// refusedError names who was refused: nothing was sent to anybody.
func refusedError(refused []provider.Refusal, err error) *Error {
	e := asError(err)
	var words []string
	space := room(reasonsBytes)
	for _, r := range refused {
		words = append(words, r.Address+space.words(fmt.Sprintf(" (%d %s)", r.Status, cleanLine(r.Text))))
	}
	return &Error{
		Code: e.Code, Message: "the mail server refused " + strings.Join(words, ", ") + "; nothing was sent to anybody",
		Next: "correct or leave out these recipients and send again", Status: refused[0].Status, err: err,
	}
}
