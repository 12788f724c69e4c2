package imapmail

import (
	"bytes"
	"crypto/rand"
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/mailmime"
)

// A large message is read in pieces, but which parts are its body, and what
// the others are called, must come out as if it had been read whole. So a
// message of the same shape is written, with the pieces in their places and
// nothing in the others, and read by the same code.

// describe reads a structure as a message without content.
func describe(p *imapx.Part) *mailmime.Message {
	return readOutline(p, pieces{}, mailmime.Limits{})
}

// pieces are what came of a large message, by section number: the content of
// some parts, still encoded, and the headers of some.
type pieces struct{ content, headers map[string][]byte }

// readOutline reads a structure with the pieces that there are.
func readOutline(p *imapx.Part, have pieces, lim mailmime.Limits) *mailmime.Message {
	if p == nil {
		return &mailmime.Message{}
	}
	w := &outline{root: p, have: have, sizes: make(map[string]int64), boundary: rand.Text()}
	w.part(p)
	msg, _ := mailmime.Parse(&w.buf, lim) // a buffer does not fail
	fixSizes(&msg.Root, w.sizes)
	for i := range msg.Attachments {
		fixSizes(&msg.Attachments[i], w.sizes)
	}
	return msg
}

type outline struct {
	buf      bytes.Buffer
	root     *imapx.Part
	have     pieces
	sizes    map[string]int64 // of the parts left empty, as encoded
	boundary string           // nobody who wrote the mail can know it
}

func (w *outline) part(p *imapx.Part) {
	if strings.HasPrefix(p.Type, "multipart/") {
		w.multipart(p)
		return
	}
	if header := w.have.headers[p.Section()]; !describes(w.root, p, header) {
		w.header(p)
	} else {
		w.buf.Write(contentFields(header))
	}
	w.buf.WriteString("\r\n")
	body, have := w.have.content[p.Section()]
	if !have {
		w.sizes[p.Section()] = p.Size
	}
	w.buf.Write(body)
}

// header writes the header of a leaf as the server describes it.
func (w *outline) header(p *imapx.Part) {
	w.field("Content-Type", p.Type, p.Params, "")
	if p.Disposition != "" {
		w.field("Content-Disposition", p.Disposition, p.DispositionParams, "")
	}
	w.plain("Content-Transfer-Encoding", p.Encoding)
	w.plain("Content-ID", p.ID)
}

func (w *outline) multipart(p *imapx.Part) {
	// Inner boundaries must not begin like outer ones, or one ends the other.
	boundary := p.Section() + "=" + w.boundary
	w.field("Content-Type", multipartType(p.Type), p.Params, boundary)
	if p.Disposition != "" {
		w.field("Content-Disposition", p.Disposition, p.DispositionParams, "")
	}
	for _, child := range p.Children {
		w.buf.WriteString("\r\n--" + boundary + "\r\n")
		w.part(child)
	}
	w.buf.WriteString("\r\n--" + boundary + "--\r\n")
}

// multipartType is a type as far as it is one: what a server adds to it must not be read as a parameter.
func multipartType(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"[]?=`, r) }); i >= 0 {
		s = s[:i]
	}
	if strings.HasSuffix(s, "/") {
		return s + "mixed"
	}
	return s
}

// field writes a field with the parameters as the server gave them; they are
// still encoded, and decoded by whoever reads the outline.
func (w *outline) field(name, value string, params map[string]string, boundary string) {
	w.buf.WriteString(name + ": " + oneLine(value))
	if boundary != "" { // first, because the first of two counts
		w.buf.WriteString(";\r\n boundary=\"" + boundary + `"`)
	}
	for k, v := range params {
		switch {
		case strings.EqualFold(k, "boundary") || !isParam(k):
		case strings.HasSuffix(k, "*"): // RFC 2231 section 4: extended values are not quoted
			w.buf.WriteString(";\r\n " + k + "=" + extended(v))
		default:
			w.buf.WriteString(";\r\n " + k + `="` + escaped(oneLine(v)) + `"`)
		}
	}
	w.buf.WriteString("\r\n")
}

// escaped makes s fit between quotes (RFC 5322 section 3.2.4).
func escaped(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), `"`, `\"`)
}

// extended keeps what an extended value may hold, so that it ends where it ends.
func extended(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?=`, r) {
			return -1
		}
		return r
	}, s)
}

func (w *outline) plain(name, value string) {
	if value = oneLine(value); value != "" {
		w.buf.WriteString(name + ": " + value + "\r\n")
	}
}

// isParam accepts names of RFC 2045 tokens, which is all a reader looks for.
func isParam(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?=`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// oneLine keeps a stranger's text from starting a line of its own.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s))
}

func fixSizes(p *mailmime.Part, sizes map[string]int64) {
	if size, ok := sizes[p.ID]; ok {
		p.Size = size
	}
	for i := range p.Parts {
		fixSizes(&p.Parts[i], sizes)
	}
}

// hasFile is describe(p).HasFile(), at a hundredth of the cost: lists ask it of
// every message.
func hasFile(p *imapx.Part) bool {
	text, file := false, false
	if p == nil {
		return false
	}
	var visit func(p *imapx.Part, later bool)
	visit = func(p *imapx.Part, later bool) {
		if strings.HasPrefix(p.Type, "multipart/") {
			for i, child := range p.Children {
				visit(child, later || i > 0 && p.Type != "multipart/alternative" && text)
			}
			return
		}
		named := hasName(p.Params, "name") || hasName(p.DispositionParams, "filename")
		switch {
		case mailmime.InBody(p.Type, p.Disposition, named, later):
			text = true
		case p.ID != "" && p.Disposition != "attachment": // shown within the HTML
		case named, p.Disposition == "attachment", p.Type == "message/rfc822", p.Type == "message/global", mailmime.IsTNEF(p.Type):
			file = true
		}
	}
	visit(p, false)
	return file
}

// hasName looks for a parameter in any form of RFC 2231.
func hasName(params map[string]string, name string) bool {
	for k, v := range params {
		if rest, ok := strings.CutPrefix(k, name); ok && v != "" && (rest == "" || rest[0] == '*') {
			return true
		}
	}
	return false
}

// bodyParts lists the leaves that could be the body, in order: what a reader
// would take for text in place, as far as structure tells.
func bodyParts(p *imapx.Part) []*imapx.Part {
	var out []*imapx.Part
	var visit func(*imapx.Part)
	visit = func(p *imapx.Part) {
		switch {
		case strings.HasPrefix(p.Type, "multipart/"):
			for _, child := range p.Children {
				visit(child)
			}
		case len(out) < maxBodyParts && mailmime.InBody(p.Type, p.Disposition, false, false):
			out = append(out, p)
		}
	}
	visit(p)
	return out
}

// maxBodyParts bounds the pieces of a body: mailing list footers make three.
const maxBodyParts = 12

// calendarPart is the part whose content is the message's Calendar; nil: none.
func calendarPart(p *imapx.Part) *imapx.Part {
	if !strings.HasPrefix(p.Type, "multipart/") {
		if mailmime.IsCalendar(p.Type) {
			return p
		}
		return nil
	}
	for _, child := range p.Children {
		if found := calendarPart(child); found != nil {
			return found
		}
	}
	return nil
}

// textCharset is mailmime.TextCharset: with it, lists and reads show raw 8-bit
// text in a header alike.
func textCharset(p *imapx.Part) string {
	switch {
	case p == nil:
		return ""
	case strings.HasPrefix(p.Type, "text/"):
		return p.Params["charset"]
	case !strings.HasPrefix(p.Type, "multipart/"):
		return ""
	}
	for _, child := range p.Children {
		if charset := textCharset(child); charset != "" {
			return charset
		}
	}
	return ""
}
