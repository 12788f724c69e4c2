package mailtool

import (
	"context"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
)

type readIn struct {
	IDs    []string `json:"ids" jsonschema:"message ids" min:"1" max:"10" format:"message_id"`
	Format string   `json:"format,omitempty" jsonschema:"text unless given; html is the source, headers has no body" enum:"text|html|headers"`
	Offset int      `json:"offset,omitempty" jsonschema:"where in the text to go on, one id only" min:"0" max:"100000000"`
}

type readOut struct {
	Untrusted string       `json:"untrusted" jsonschema:"a nonce, and the notice that the strings below were written by others"`
	Messages  []messageOut `json:"messages" jsonschema:"the messages, in the order asked"`
	Failed    []Failure    `json:"failed,omitempty" jsonschema:"what could not be read, and why"`
}

type messageOut struct {
	ID          string          `json:"id" jsonschema:"its id"`
	Folder      string          `json:"folder,omitempty" jsonschema:"where it is"`
	MessageID   string          `json:"message_id,omitempty" jsonschema:"Message-ID"`
	InReplyTo   []string        `json:"in_reply_to,omitempty" jsonschema:"Message-IDs it answers"`
	From        []string        `json:"from,omitempty" jsonschema:"author"`
	To          []string        `json:"to,omitempty" jsonschema:"recipients"`
	Cc          []string        `json:"cc,omitempty" jsonschema:"copies"`
	ReplyTo     []string        `json:"reply_to,omitempty" jsonschema:"where answers go, when not to the author"`
	Subject     string          `json:"subject,omitempty" jsonschema:"subject"`
	Date        string          `json:"date,omitempty" jsonschema:"when it was written"`
	Flags       string          `json:"flags,omitempty" jsonschema:"letters as in list_messages"`
	Labels      []string        `json:"labels,omitempty" jsonschema:"labels or keywords"`
	Headers     []string        `json:"headers,omitempty" jsonschema:"every header field, in order"`
	Body        string          `json:"body,omitempty" jsonschema:"text between two nonces"`
	Format      string          `json:"format,omitempty" jsonschema:"what the body is: text or html"`
	NextOffset  int             `json:"next_offset,omitempty" jsonschema:"the text goes on here"`
	Attachments []attachmentOut `json:"attachments,omitempty" jsonschema:"files that came with it"`
	Warnings    []string        `json:"warnings,omitempty" jsonschema:"what is odd about it"`
	Dropped     *droppedOut     `json:"dropped,omitempty" jsonschema:"what was left out of the text"`
}

type attachmentOut struct {
	Handle string `json:"handle" jsonschema:"names it in other tools"`
	Name   string `json:"name,omitempty" jsonschema:"file name as the sender gave it"`
	Type   string `json:"type" jsonschema:"media type"`
	Size   int64  `json:"size,omitempty" jsonschema:"bytes"`
}

type droppedOut struct {
	Hidden    int `json:"hidden,omitempty" jsonschema:"pieces a person would not see"`
	Trackers  int `json:"trackers,omitempty" jsonschema:"tracking images and links"`
	Images    int `json:"images,omitempty" jsonschema:"images"`
	Invisible int `json:"invisible,omitempty" jsonschema:"invisible characters"`
}

// readBudget is the text of one answer in bytes, shared by its messages.
const readBudget = 48_000

// shortestShare keeps ten messages readable: each gets at least this much.
const shortestShare = readBudget / provider.MaxRead

func readMessage(ctx context.Context, env *Env, in readIn) (*readOut, error) {
	if in.Offset > 0 && len(in.IDs) > 1 {
		return nil, paramFault("offset", "is given with several ids", "one id")
	}
	ids := make([]provider.MessageID, len(in.IDs))
	for i, id := range in.IDs {
		ids[i] = provider.MessageID(id)
	}
	results, err := env.Mail.ReadMessages(ctx, ids, provider.ReadOptions{HeadersOnly: in.Format == "headers"})
	if err != nil {
		return nil, err
	}
	out := &readOut{Untrusted: untrusted(env.Nonce), Messages: []messageOut{}}
	left, waiting := readBudget, len(results)
	for _, r := range results {
		if r.Err != nil {
			out.Failed = append(out.Failed, failure(r.ID, r.Err))
			waiting--
			continue
		}
		share := max(left/waiting, shortestShare)
		m := env.show(r.Message, in, share)
		left, waiting = left-len(m.Body), waiting-1
		out.Messages = append(out.Messages, m)
	}
	if len(out.Messages) == 0 && len(results) == 1 {
		return nil, results[0].Err
	}
	return out, nil
}

// show is one message as a model reads it, its body in at most share bytes.
func (env *Env) show(m *provider.Message, in readIn, share int) messageOut {
	out := messageOut{
		ID: string(m.ID), Folder: cleanLine(string(m.Folder)), MessageID: cleanLine(m.HeaderID), InReplyTo: cleanLines(m.InReplyTo),
		From: addressList(m.From), To: addressList(m.To), Cc: addressList(m.Cc), Subject: cleanLine(m.Subject),
		Date: shortTime(dateOf(m.Summary), env.Account.zone()), Flags: letters(m.Summary), Labels: cleanLines(m.Labels),
		Warnings: cleanLines(m.Defects),
	}
	if !sameAddresses(m.ReplyTo, m.From) {
		out.ReplyTo = addressList(m.ReplyTo)
	}
	if in.Format == "headers" {
		for _, f := range m.Header {
			out.Headers = append(out.Headers, cleanLine(f.Name+": "+f.Value))
		}
		return out
	}
	for _, p := range m.Parts {
		out.Attachments = append(out.Attachments, attachmentOut{
			Handle: handleOf(m.ID, p.ID), Name: cleanLine(p.Name), Type: cleanLine(p.Type), Size: p.Size,
		})
	}
	env.body(&out, m, in, share)
	return out
}

func (env *Env) body(out *messageOut, m *provider.Message, in readIn, share int) {
	body := mailtext.Result{Text: m.HTML, Format: "html", Truncated: m.HTMLTruncated}
	if in.Format != "html" || m.HTML == "" {
		body = mailtext.Body(m.Text, m.HTML, mailtext.Options{})
		body.Truncated = body.Truncated || m.TextTruncated && m.Text != ""
	} else {
		body.Text, body.Dropped = mailtext.Clean(m.HTML)
	}
	out.Format = body.Format
	out.Warnings = append(out.Warnings, body.Warnings...)
	if d := body.Dropped; d != (mailtext.Dropped{}) {
		out.Dropped = &droppedOut{Hidden: d.Hidden, Trackers: d.Trackers, Images: d.Images, Invisible: d.Invisible}
	}
	text, next := mailtext.Slice(body.Text, in.Offset, share)
	if next == 0 && body.Truncated {
		out.Warnings = append(out.Warnings, "the text is longer than this server reads")
	}
	out.NextOffset = next
	if text != "" {
		out.Body = mailtext.Fence(env.Nonce, text)
	}
}

func addressList(list []provider.Address) []string {
	const shown = 50 // recipients of a mass mailing say nothing beyond
	var out []string
	for i, a := range list {
		if i == shown {
			return append(out, "and more")
		}
		out = append(out, cleanAddress(a))
	}
	return out
}

func cleanLines(list []string) []string {
	const shown = 50
	var out []string
	for _, s := range list[:min(len(list), shown)] {
		out = append(out, cleanLine(s))
	}
	return out
}

func sameAddresses(a, b []provider.Address) bool {
	if len(a) != len(b) {
		return len(a) == 0
	}
	for i := range a {
		if a[i].Addr != b[i].Addr {
			return false
		}
	}
	return true
}
