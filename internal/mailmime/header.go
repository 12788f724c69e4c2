package mailmime

import (
	"bytes"
	"net/mail"
	"strings"
	"time"
	"unicode"
)

// Header holds what a message's header says, decoded. Of a field that may occur once the first counts; Fields has them all.
type Header struct {
	MessageID           string // without angle brackets, like all ids here
	InReplyTo           []string
	References          []string
	Subject             string
	From, Sender        []Address
	To, Cc, Bcc         []Address
	ReplyTo             []Address
	Date                time.Time // zero when absent or garbled
	ListID              string    // the id between the angle brackets, else the whole value
	ListUnsubscribe     string    // as written
	ListUnsubscribePost string
	// AuthenticationResults are in the order of the header: the newest border's first.
	AuthenticationResults []string
	Fields                []Field
}

// Field is one header field: the name as written, the value unfolded and decoded.
type Field struct{ Name, Value string }

// Get returns the first value of a field, its name in any case.
func (h *Header) Get(name string) string {
	for _, f := range h.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// ParseHeader reads a header block, with or without the blank line and the body behind it, and names what was malformed.
// It reads at most DefaultHeaderBytes.
func ParseHeader(raw []byte) (Header, []string) {
	return newParser(bytes.NewReader(raw), Limits{}, new(buffers)).onlyHeader()
}

func (p *parser) onlyHeader() (Header, []string) {
	fields := p.header()
	h := p.decodeHeader(fields)
	return h, p.defects
}

// rawField is a field as it stands in the message, unfolded.
type rawField struct{ name, value string }

func lookupField(fields []rawField, name string) string {
	for _, f := range fields {
		if strings.EqualFold(f.name, name) {
			return strings.TrimSpace(f.value)
		}
	}
	return ""
}

func repeated(fields []rawField, name string) bool {
	n := 0
	for _, f := range fields {
		if strings.EqualFold(f.name, name) {
			n++
		}
	}
	return n > 1
}

func (p *parser) decodeHeader(raw []rawField) Header {
	var h Header
	var seen fieldSet
	h.Fields = make([]Field, 0, len(raw))
	for _, f := range raw {
		value := strings.TrimSpace(f.value)
		decoded := DecodeHeader(value)
		h.Fields = append(h.Fields, Field{f.name, decoded})
		name, bit := knownField(f.name)
		switch {
		case name == "":
			continue
		case name == "authentication-results":
			h.AuthenticationResults = append(h.AuthenticationResults, decoded)
			continue
		case seen&bit != 0:
			if name == "from" || name == "subject" || name == "date" || name == "message-id" {
				p.defect("more than one " + f.name + " field; the first is used")
			}
			continue
		}
		seen |= bit
		p.decodeField(&h, name, value)
	}
	return h
}

// fieldSet is a set of the fields that decodeHeader reads, a bit each.
type fieldSet uint32

// knownField is the name in lower case of a field that decodeHeader reads, and its bit; no name for others.
func knownField(name string) (lower string, bit fieldSet) {
	for i, known := range [...]string{
		"message-id", "in-reply-to", "references", "subject", "from", "sender", "to", "cc", "bcc", "reply-to", "date",
		"list-id", "list-unsubscribe", "list-unsubscribe-post", "authentication-results",
	} {
		if len(known) == len(name) && strings.EqualFold(known, name) {
			return known, 1 << i
		}
	}
	return "", 0
}

func (p *parser) decodeField(h *Header, name, value string) {
	switch name {
	case "message-id":
		h.MessageID = firstOf(parseMessageIDs(value))
	case "in-reply-to":
		h.InReplyTo = parseMessageIDs(value)
	case "references":
		h.References = parseMessageIDs(value)
	case "subject":
		h.Subject = DecodeHeader(value)
	case "from":
		h.From = p.addresses(name, value)
	case "sender":
		h.Sender = p.addresses(name, value)
	case "to":
		h.To = p.addresses(name, value)
	case "cc":
		h.Cc = p.addresses(name, value)
	case "bcc":
		h.Bcc = p.addresses(name, value)
	case "reply-to":
		h.ReplyTo = p.addresses(name, value)
	case "date":
		t, ok := parseDate(value)
		if !ok {
			p.defect("date field not understood")
		}
		h.Date = t
	case "list-id":
		h.ListID = listID(DecodeHeader(value))
	case "list-unsubscribe":
		h.ListUnsubscribe = DecodeHeader(value)
	case "list-unsubscribe-post":
		h.ListUnsubscribePost = DecodeHeader(value)
	}
}

func (p *parser) addresses(name, value string) []Address {
	list, ok := ParseAddressList(value)
	if !ok {
		p.defect("malformed address in the " + name + " field")
	}
	return list
}

func firstOf(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// maxMessageIDs bounds a References field; honest threads stay below, and more would only bloat every reply.
const maxMessageIDs = 1000

// parseMessageIDs reads <a@b> <c@d> (RFC 5322 section 3.6.4) and ids without their brackets.
func parseMessageIDs(s string) []string {
	var ids []string
	s = unfold(s)
	for s != "" && len(ids) < maxMessageIDs {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(s[open:], '>')
		if end < 0 {
			break
		}
		id := s[open+1 : open+end]
		if strings.IndexFunc(id, unicode.IsSpace) >= 0 {
			id = strings.Join(strings.Fields(id), "")
		}
		if id != "" {
			ids = append(ids, decodeText(id))
		}
		s = s[open+end+1:]
	}
	if len(ids) > 0 {
		return ids
	}
	for w := range strings.FieldsSeq(s) {
		w = strings.Trim(w, "<>,;")
		if strings.Contains(w, "@") && len(ids) < maxMessageIDs {
			ids = append(ids, decodeText(w))
		}
	}
	return ids
}

func listID(s string) string {
	open, end := strings.LastIndexByte(s, '<'), strings.LastIndexByte(s, '>')
	if open >= 0 && end > open+1 {
		return s[open+1 : end]
	}
	return s
}

// maxDateLen cuts junk behind a date; the longest form with a comment has about 50 characters.
const maxDateLen = 100

// parseDate reads RFC 5322 section 3.3 dates and the deviations seen most.
func parseDate(s string) (time.Time, bool) {
	// What nearly all mail has. Nothing below reads it in another way.
	if t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", s); err == nil && len(s) <= maxDateLen {
		return plausible(t)
	}
	s = strings.TrimSpace(stripComments(unfold(s)))
	if len(s) > maxDateLen {
		return time.Time{}, false
	}
	s = numericZone(strings.Join(strings.Fields(strings.Replace(s, ",", ", ", 1)), " "))
	if t, err := mail.ParseDate(s); err == nil {
		return plausible(t)
	}
	for _, layout := range []string{
		"Mon, 2 Jan 2006 15:04:05 -07:00", "2 Jan 2006 15:04:05 -07:00",
		"Mon, 2 Jan 2006 15:04:05 GMT-0700", "Mon, 2 Jan 2006 15:04:05 UTC-0700",
		"Mon 2 Jan 2006 15:04:05 -0700", "Monday, 2 January 2006 15:04:05 -0700", "Mon, 2 January 2006 15:04:05 -0700",
		"Mon, 2-Jan-2006 15:04:05 -0700", "2-Jan-2006 15:04:05 -0700",
		"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 2006 -0700",
		"Mon, 2 Jan 2006 15.04.05 -0700", "Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04",
		"Mon, Jan 2 2006 15:04:05 -0700", "Mon, 2 Jan 06 15:04:05 -0700",
		time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2006-01-02T15:04:05",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return plausible(t)
		}
	}
	return time.Time{}, false
}

// numericZone replaces the zone names of RFC 5322 section 4.3, and two of Europe's and one of Japan's that are unambiguous:
// time.Parse takes a name but not its meaning.
func numericZone(s string) string {
	i := strings.LastIndexByte(s, ' ')
	zone := ""
	switch s[i+1:] {
	case "EDT":
		zone = "-0400"
	case "EST", "CDT":
		zone = "-0500"
	case "CST", "MDT":
		zone = "-0600"
	case "MST", "PDT":
		zone = "-0700"
	case "PST":
		zone = "-0800"
	case "CET", "MET":
		zone = "+0100"
	case "CEST", "MEST":
		zone = "+0200"
	case "JST":
		zone = "+0900"
	default:
		return s
	}
	return s[:i+1] + zone
}

// plausible refuses years no mail has, which would sort before or after everything.
func plausible(t time.Time) (time.Time, bool) {
	if t.Year() < 1970 || t.Year() > 2200 {
		return time.Time{}, false
	}
	return t, true
}
