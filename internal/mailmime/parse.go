package mailmime

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Parse reads a message. It returns an error only when r does; the message then holds what was read before it.
func Parse(r io.Reader, lim Limits) (*Message, error) {
	return newParser(r, lim, new(buffers)).message()
}

func (p *parser) message() (*Message, error) {
	msg := &Message{}
	fields := p.header(false)
	first := p.defects
	p.defects = nil
	if p.s.twice {
		p.defect("lines end in CR CR LF")
	}
	root, body := p.root(fields, "", place{})
	p.s.skip()
	msg.Root = root
	msg.setBody(body, p.lim.TextBytes)
	msg.Calendar, msg.CalendarTruncated = p.calendar, p.calendarCut
	if len(fields) == 0 && len(root.Parts) == 0 && strings.TrimSpace(msg.Text) == "" && p.s.err == nil {
		p.defect("there is nothing in the message")
	}
	last := p.defects
	p.defects, p.hint = first, TextCharset(root)
	msg.Header = p.decodeHeader(fields)
	for _, d := range last {
		p.defect(d)
	}
	if p.dropped > 0 {
		p.defects = append(p.defects, "and "+strconv.Itoa(p.dropped)+" more defects")
	}
	msg.Defects = p.defects
	return msg, p.s.err
}

// OpenPart streams the part with the given ID, its transfer encoding removed and its charset untouched; multiparts and
// embedded messages come as they stand in the message. An *Error says that there is no such part. Size of the returned Part
// is not known yet and zero. The reader fails with r's error.
func OpenPart(r io.Reader, id string, lim Limits) (io.Reader, Part, error) {
	p := newParser(r, lim, new(buffers))
	p.want = id
	if id != "" {
		p.root(p.header(false), "", place{})
	}
	if p.found == nil {
		if p.s.err != nil {
			return nil, Part{}, p.s.err
		}
		return nil, Part{}, &Error{Field: "part", Reason: "the message has no part " + strconv.Quote(id)}
	}
	if p.raw {
		return p.s, *p.found, nil
	}
	return DecodeTransfer(p.s, p.found.Encoding), *p.found, nil
}

type parser struct {
	s        *scanner
	lim      Limits
	depth    int
	parts    int
	defects  []string
	dropped  int   // defects beyond maxDefects
	headRoom int64 // left for the headers of parts
	junk     int   // lines in headers that are none
	kept     int64 // bytes of text held, of every part together
	buf      *buffers

	written string // charset of the first text that names one: raw 8-bit file names behind it are in the same

	hint string // charset of raw 8-bit text in the header

	within bool // what is read was decoded from a multipart

	want  string // the part to open
	found *Part
	raw   bool // it has no transfer encoding of its own

	calendar    string
	calendarCut bool
	scheduled   bool // a calendar part was read
}

// place says where a part stands, as far as it decides whether the part is the body.
type place struct {
	embedded bool // in a message within the message, or a companion of the body: never the body
	inner    bool // in a message within the message
	later    bool // another part before it was text already: one with a file name is a file
	digest   bool // message/rfc822 is the default type (RFC 2046 section 5.1.5)
}

func newParser(r io.Reader, lim Limits, buf *buffers) *parser {
	lim = lim.withDefaults()
	s := newScanner(r, buf.source)
	s.mendLines()
	return &parser{s: s, lim: lim, headRoom: partHeaders * lim.HeaderBytes, buf: buf}
}

// defect notes what is malformed, once.
func (p *parser) defect(text string) {
	if slices.Contains(p.defects, text) {
		return
	}
	if len(p.defects) >= maxDefects {
		p.dropped++
		return
	}
	p.defects = append(p.defects, text)
}

// root reads the content of a message, its own or an embedded one; prefix is the section number of the part that holds it.
func (p *parser) root(fields []rawField, prefix string, at place) (Part, body) {
	part := p.describe(fields, at)
	part.ID, part.leafID = prefix, childID(prefix, 1)
	if !part.multipart() {
		part.ID = part.leafID
	}
	return p.content(part, at)
}

func childID(prefix string, n int) string {
	if prefix == "" {
		return strconv.Itoa(n)
	}
	return prefix + "." + strconv.Itoa(n)
}

// content reads a part's content and what it holds for the body.
func (p *parser) content(part node, at place) (Part, body) {
	if p.want != "" && part.ID == p.want && (part.multipart() || part.message()) {
		p.found, p.raw = &part.Part, part.multipart() || readable(part.Encoding)
		return part.Part, body{}
	}
	if part.unread != "" && !at.inner {
		p.defect(partName(part.ID) + " " + part.unread)
	}
	switch {
	case p.depth >= p.lim.Depth && (part.multipart() || part.message()):
		p.defect("nested too deeply; the rest is kept unread")
		part.ID = part.leafID
		return p.leaf(part, at, nil)
	case part.multipart():
		return p.multipart(part, at)
	case part.message() && readable(part.Encoding):
		return p.embedded(part.Part)
	}
	return p.leaf(part, at, nil)
}

// readable tells whether content with this encoding can be read without decoding.
func readable(encoding string) bool {
	return encoding != "base64" && encoding != "quoted-printable" && encoding != "uuencode"
}

func (p *parser) multipart(part node, at place) (Part, body) {
	if part.boundary == "" {
		if part.boundary = p.guessBoundary(); part.boundary == "" {
			return p.asText(part, at, nil)
		}
		p.defect("multipart without a boundary; it was guessed")
	}
	level := p.s.push(part.boundary)
	p.depth++
	start := p.s.mark()
	preamble, cut := p.preamble()
	if p.s.hit == level && !p.s.closes {
		preamble = nil // parts follow
	}
	var texts []body
	for p.nextPart(part.Part, level) {
		child, text := p.child(part, texts, at)
		part.Parts = append(part.Parts, child)
		texts = append(texts, text)
		if p.found != nil {
			return part.Part, body{}
		}
	}
	p.depth--
	part.Size = p.s.end() - start
	if len(part.Parts) == 0 {
		whole, text, ok := p.multipartWithin(part, at, preamble)
		if !ok {
			whole, text = p.asText(part, at, preamble)
		} else if whole.multipart() {
			whole.Size = part.Size
		}
		if cut {
			p.defect("a multipart without any part is longer than the limit; the rest was skipped")
			text.textCut, text.htmlCut = text.textCut || text.hasText, text.htmlCut || text.hasHTML
		}
		return whole, text
	}
	return part.Part, p.combine(part, texts)
}

// multipartWithin reads a multipart whose delimiters never came as it stands: it is encoded, which RFC 2045 section 6.4
// forbids, or has another boundary than it says. Within such a one there is no other, so that no byte is read many times.
func (p *parser) multipartWithin(part node, at place, content []byte) (Part, body, bool) {
	if p.within {
		return Part{}, body{}, false
	}
	if !readable(part.Encoding) {
		decoded, _ := io.ReadAll(DecodeTransfer(bytes.NewReader(content), part.Encoding)) // a slice does not fail
		if !bytes.Contains(decoded, []byte("--"+part.boundary)) {
			return Part{}, body{}, false
		}
		p.defect("a multipart was encoded as " + part.Encoding)
		content, part.Encoding = decoded, ""
	} else {
		if part.boundary = boundaryIn(content); part.boundary == "" {
			return Part{}, body{}, false
		}
		p.defect("the boundary of a multipart never comes; another was taken")
	}
	outer := p.s
	p.s, p.within = newScanner(bytes.NewReader(content), nil), true
	whole, text := p.multipart(part, at)
	p.within = false
	if p.found == nil {
		p.s = outer
	}
	return whole, text, true
}

// asText reads a multipart without parts as the text it then is.
func (p *parser) asText(part node, at place, given []byte) (Part, body) {
	p.defect("multipart without any part is read as text")
	part.ID, part.Type = part.leafID, "text/plain"
	if given != nil {
		part.Encoding = ""
	}
	return p.leaf(part, at, given)
}

// nextPart moves to the next part of the multipart at level; it returns false when there is none, with the multipart closed.
func (p *parser) nextPart(part Part, level int) bool {
	p.s.skip()
	switch {
	case p.s.hit == level && !p.s.closes && p.parts < p.lim.Parts:
		p.s.resume()
		p.parts++
		return true
	case p.s.hit == level && !p.s.closes:
		p.defect("more than " + strconv.Itoa(p.lim.Parts) + " parts; the rest was skipped")
	case p.s.hit != level && len(part.Parts) > 0 && part.ID == "":
		p.defect("the message ends early: its multipart is not closed")
	case p.s.hit != level && len(part.Parts) > 0:
		p.defect("multipart " + strconv.Quote(part.ID) + " is not closed")
	}
	p.s.bounds = p.s.bounds[:level]
	if p.s.hit == level {
		p.s.resume()
		p.s.skip() // the epilogue
	}
	return false
}

func (p *parser) child(parent node, before []body, at place) (Part, body) {
	n := len(parent.Parts)
	at.digest = parent.Type == "multipart/digest"
	at.later = at.later || n > 0 && parent.Type != "multipart/alternative" && anyText(before)
	part := p.describe(p.header(true), at)
	part.ID = childID(parent.ID, n+1)
	part.leafID = part.ID
	if parent.Type == "multipart/related" && n > 0 {
		// RFC 2387 section 3.2: the first part is the one to show; some put an image before it.
		at.embedded = at.embedded || anyText(before) && (parent.start == "" || part.ContentID != parent.start)
	}
	return p.content(part, at)
}

// preamble reads the text before the first part, which is the body when no part follows.
func (p *parser) preamble() (kept []byte, cut bool) {
	for {
		b := p.s.chunk()
		if len(b) == 0 {
			return kept, cut
		}
		room := max(p.lim.TextBytes, DefaultTextBytes) - int64(len(kept))
		if cut = cut || int64(len(b)) > room; room > 0 {
			kept = append(kept, b[:min(int64(len(b)), room)]...)
		}
	}
}

func (p *parser) embedded(part Part) (Part, body) {
	start := p.s.mark()
	p.depth++
	fields := p.header(true)
	inner, _ := p.root(fields, part.ID, place{embedded: true, inner: true})
	p.depth--
	if p.found != nil {
		return part, body{}
	}
	p.s.skip()
	part.Size = p.s.end() - start
	part.Parts = []Part{inner}
	if inner.multipart() && len(inner.Parts) > 0 {
		part.Parts = inner.Parts
	}
	return part, body{}
}
