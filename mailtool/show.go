package mailtool

import (
	"slices"
	"strconv"
	"time"

	"github.com/postern-mail/postern/internal/calendar"
	"github.com/postern-mail/postern/internal/mailfacts"
	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
)

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
	Format      string          `json:"format,omitempty" jsonschema:"html when the body is the source"`
	NextOffset  int             `json:"next_offset,omitempty" jsonschema:"the text goes on here"`
	Folded      *foldedOut      `json:"folded,omitempty" jsonschema:"characters left out, which format full shows"`
	Invite      string          `json:"invite,omitempty" jsonschema:"what its calendar part says"`
	Unsubscribe string          `json:"unsubscribe,omitempty" jsonschema:"how to leave the list, by the sender's own words"`
	Auth        string          `json:"auth,omitempty" jsonschema:"what the owner's mail server found out about the sender"`
	Attachments []attachmentOut `json:"attachments,omitempty" jsonschema:"files that came with it"`
	Warnings    []string        `json:"warnings,omitempty" jsonschema:"what is odd about it"`
	Dropped     *droppedOut     `json:"dropped,omitempty" jsonschema:"what was left out of the text"`
}

type foldedOut struct {
	Quoted    int `json:"quoted,omitempty" jsonschema:"of messages that it answers"`
	Signature int `json:"signature,omitempty" jsonschema:"of signatures"`
}

type attachmentOut struct {
	Handle string `json:"handle" jsonschema:"what get_attachment reads it by, and send_message attaches it by"`
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

// formatHTML is the source of an HTML body.
const formatHTML = "html"

// show is one message as a model reads it, in at most share bytes of JSON.
func (env *Env) show(m *provider.Message, body mailtext.Result, in readIn, share int) messageOut {
	out := messageOut{
		ID: string(m.ID), Folder: cleanLine(string(m.Folder)), MessageID: cleanLine(m.HeaderID), InReplyTo: cleanLines(m.InReplyTo),
		From: addressList(m.From), To: addressList(m.To), Cc: addressList(m.Cc), Subject: cleanLine(m.Subject),
		Date: shortTime(dateOf(m.Summary), env.Account.zone()), Flags: letters(m.Summary), Labels: cleanLines(m.Labels),
	}
	if !sameAddresses(m.ReplyTo, m.From) {
		out.ReplyTo = addressList(m.ReplyTo)
	}
	if in.Format == "headers" {
		for _, f := range m.Header {
			out.Headers = append(out.Headers, cleanLine(f.Name+": "+f.Value))
		}
		out.Warnings = warnings(cleanLines(m.Defects))
		out.fit(share)
		return out
	}
	for _, p := range m.Parts {
		out.Attachments = append(out.Attachments, attachmentOut{
			Handle: handleOf(m.ID, p.ID), Name: cleanLine(p.Name), Type: cleanLine(p.Type), Size: p.Size,
		})
	}
	facts := mailfacts.Of(m, mailfacts.Options{Border: env.Account.Border})
	out.Unsubscribe, out.Auth = facts.Unsubscribe, facts.Auth
	out.take(body)
	out.invite(m, env.Account.zone(), min(maxInvite, share/4))
	out.Warnings = warnings(facts.Warnings, out.Warnings, cleanLines(m.Defects))
	out.fit(share / 2)
	text, next := sliceJSON(body.Text, in.Offset, min(share-jsonSize(out)-bodyFrame, readBudget))
	if next == 0 && body.Truncated {
		out.Warnings = append(out.Warnings, "the text is longer than this server reads")
	}
	if in.Offset > 0 && text == "" {
		out.Warnings = append(out.Warnings, "offset is behind the end of the text")
	}
	out.NextOffset = next
	if text != "" {
		out.Body = mailtext.Fence(env.Nonce, text)
	}
	return out
}

// bodyFrame is what nonces, next_offset and a warning take beside the text.
const bodyFrame = 200

// take notes what the body is and what was dropped from it.
func (m *messageOut) take(body mailtext.Result) {
	if m.Warnings = cleanLines(body.Warnings); body.Format == formatHTML {
		m.Format = body.Format
	}
	m.count(body.Dropped)
	if f := body.Folded; f != (mailtext.Folded{}) {
		m.Folded = &foldedOut{Quoted: f.Quoted, Signature: f.Signature}
	}
}

// count adds to what was left out.
func (m *messageOut) count(d mailtext.Dropped) {
	if d == (mailtext.Dropped{}) {
		return
	}
	if m.Dropped == nil {
		m.Dropped = &droppedOut{}
	}
	m.Dropped.Hidden += d.Hidden
	m.Dropped.Trackers += d.Trackers
	m.Dropped.Images += d.Images
	m.Dropped.Invisible += d.Invisible
}

// maxInvite is the text of an invitation, in bytes: a guest list of dozens.
const maxInvite = 3_000

// invite tells what the calendar part says, without what the text says as well, in at most so many bytes of JSON.
func (m *messageOut) invite(from *provider.Message, zone *time.Location, most int) {
	if from.Calendar == "" {
		return
	}
	c := calendar.Read(from.Calendar, zone)
	text, dropped := c.Text(calendar.Options{Zone: zone, Brief: true})
	m.count(dropped)
	next := 0
	m.Invite, next = sliceJSON(text, 0, most)
	if c.Truncated || next > 0 || from.CalendarTruncated {
		m.Warnings = append(m.Warnings, "the invitation is longer than shown here; get_attachment shows all")
	}
}

// fit shortens lists until the message takes at most share bytes, and says so.
// No list takes more than half of what those before it left.
func (m *messageOut) fit(share int) {
	bare := *m
	bare.From, bare.ReplyTo, bare.To, bare.Cc, bare.InReplyTo = nil, nil, nil, nil, nil
	bare.Attachments, bare.Labels, bare.Warnings, bare.Headers = nil, nil, nil, nil
	const names = 300 // the lists' own names, and the warning
	space, left := room(share-jsonSize(bare)-names), 0
	m.Warnings = keep(&space, space/2, m.Warnings, &left)
	for _, list := range []*[]string{&m.From, &m.ReplyTo, &m.To} {
		*list = keep(&space, space/2, *list, &left)
	}
	m.Attachments = keep(&space, space/2, m.Attachments, &left)
	for _, list := range []*[]string{&m.Cc, &m.Labels, &m.InReplyTo} {
		*list = keep(&space, space/2, *list, &left)
	}
	m.Headers = keep(&space, space, m.Headers, &left)
	if left > 0 {
		m.Warnings = append(m.Warnings, strconv.Itoa(left)+" addresses, files, labels, warnings or header fields are left out for length; a message read alone shows more")
	}
}

// maxWarnings is how many a reader takes in; a broken message has dozens.
const maxWarnings = 8

// warnings joins lists of them, the most telling first, and counts those beyond maxWarnings in the last.
func warnings(lists ...[]string) []string {
	all := slices.Concat(lists...)
	if len(all) > maxWarnings {
		all = append(all[:maxWarnings-1:maxWarnings-1], andMore(len(all)-maxWarnings+1))
	}
	return all
}

func addressList(list []provider.Address) []string {
	const shown = 50 // recipients of a mass mailing say nothing beyond
	var out []string
	for _, a := range list[:min(len(list), shown)] {
		out = append(out, cleanAddress(a))
	}
	if more := len(list) - shown; more > 0 {
		out = append(out, andMore(more))
	}
	return out
}

func andMore(n int) string { return "and " + strconv.Itoa(n) + " more" }

func cleanLines(list []string) []string {
	var out []string
	for _, s := range list {
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
