package mailmime

import (
	"bytes"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
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
// It reads at most DefaultHeaderBytes. Raw 8-bit text is UTF-8, else in the charset of the block's Content-Type.
func ParseHeader(raw []byte) (Header, []string) {
	return newParser(bytes.NewReader(raw), Limits{}, new(buffers)).onlyHeader("")
}

// ParsePart describes a part by its header block alone, as Parse does: all but ID, Size and Parts. charset is that of the
// first text of the message that names one, for raw 8-bit file names; digest: the part stands in a multipart/digest.
func ParsePart(header []byte, charset string, digest bool) Part {
	p := newParser(bytes.NewReader(header), Limits{}, new(buffers))
	if charset, _, _ = strings.Cut(normCharset(charset), " "); validToken(charset) {
		p.written = charset
	}
	return p.describe(p.header(true), place{digest: digest}).Part
}

func (p *parser) onlyHeader(charset string) (Header, []string) {
	fields := p.header(false)
	if p.hint = charset; charset == "" {
		_, params := parseParams(lookupField(fields, "Content-Type"))
		p.hint = lookupParam(params, "charset")
	}
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
		value := strings.TrimSpace(labelled(f.value, p.hint, strings.EqualFold(f.name, "subject")))
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
		p.decodeField(&h, name, value, decoded)
	}
	return h
}

// labelled reads raw 8-bit text that is not UTF-8 in the charset of the message's text. Of UTF-7 that is done for words only:
// elsewhere a plus is a zone or part of an address.
func labelled(s, charset string, words bool) string {
	eight := !utf8.ValidString(s)
	if charset == "" || !eight && !strings.Contains(s, "+") {
		return s
	}
	enc, _ := lookupCharset(charset)
	_, seven := enc.(decodeOnly)
	if enc == nil || width(enc) > 1 || seven && !(words && closedShifts(s)) || !eight && !seven {
		return s
	}
	decoded := decodeWith(enc, []byte(s))
	if seven && !strings.ContainsFunc(decoded, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return s // a plus is a plus
	}
	return decoded
}

// closedShifts tells whether every plus begins digits that a minus ends, as UTF-7 is written and sums are not.
func closedShifts(s string) bool {
	for {
		_, rest, ok := strings.Cut(s, "+")
		if !ok {
			return true
		}
		s = strings.TrimLeftFunc(rest, func(r rune) bool { return r < utf8.RuneSelf && r != '+' && base64Digit(byte(r)) })
		if !strings.HasPrefix(s, "-") {
			return false
		}
	}
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

func (p *parser) decodeField(h *Header, name, value, decoded string) {
	switch name {
	case "message-id":
		h.MessageID = firstOf(parseMessageIDs(value))
	case "in-reply-to":
		h.InReplyTo = parseMessageIDs(value)
	case "references":
		h.References = parseMessageIDs(value)
	case "subject":
		h.Subject = decoded
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
		h.ListID = listID(decoded)
	case "list-unsubscribe":
		h.ListUnsubscribe = decoded
	case "list-unsubscribe-post":
		h.ListUnsubscribePost = decoded
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
