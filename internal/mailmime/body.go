package mailmime

import (
	"bufio"
	"bytes"
	"html"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// body is what a part holds for the reader: its plain form, its HTML form, or both. The forms are pieces until the end, so that
// text deep within is not copied on every level.
type body struct {
	text, html       []string
	hasText, hasHTML bool
	textCut, htmlCut bool
	rough            bool     // the plain form is of a kind that others say better
	textIDs, htmlIDs []string // parts the forms were taken from
}

func anyText(list []body) bool {
	for _, b := range list {
		if b.hasText || b.hasHTML {
			return true
		}
	}
	return false
}

// maxTexts bounds what is held before the body is chosen: the plain and the HTML form, and as much in parts not chosen.
const maxTexts = 4

// readText decodes a leaf of the body up to the limit.
func (p *parser) readText(part node, r io.Reader) body {
	charset := part.Charset
	if part.html() && charset != "utf-8" && saysNothing(charset) {
		br := bufio.NewReaderSize(r, 1024)
		head, _ := br.Peek(1024)
		if charset, r = htmlCharset(head), br; bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
			charset = "utf-16"
		}
	}
	limit := max(0, min(p.lim.TextBytes, maxTexts*p.lim.TextBytes-p.kept))
	text, cut := p.decodeText(part.Part, charset, r, limit)
	p.kept += int64(len(text))
	if part.html() {
		return body{html: []string{text}, hasHTML: true, htmlCut: cut, htmlIDs: []string{part.ID}}
	}
	out := body{text: []string{text}, hasText: true, textCut: cut, textIDs: []string{part.ID}, rough: part.Type != "text/plain"}
	switch {
	case part.flowed:
		out.text = []string{unflow(text, part.delsp)}
	case part.Type == "text/enriched", part.Type == "text/richtext":
		out.text = []string{plainEnriched(text, part.Type == "text/richtext")}
	}
	return out
}

// readCalendar decodes a calendar part up to the limit.
func (p *parser) readCalendar(part Part, r io.Reader) {
	p.calendar, p.calendarCut = p.decodeText(part, part.Charset, r, p.lim.TextBytes)
	p.scheduled = true
}

// decodeText reads a part's text as valid UTF-8 with LF line ends, at most limit bytes; cut: there is more.
func (p *parser) decodeText(part Part, charset string, r io.Reader, limit int64) (text string, cut bool) {
	enc, known := lookupCharset(charset)
	if !known {
		p.defect("unknown charset; part " + part.ID + " is read as UTF-8 or windows-1252")
	}
	// A letter takes a byte at least, of what becomes no more than three of UTF-8: the limit is reached within as many.
	most, wide := limit+utf8.UTFMax, enc != nil && width(enc) > 1
	if wide || enc != nil && shifts(enc) {
		most *= 4 // four bytes a letter, or marks that are none
	}
	if !wide {
		r = &lfReader{r: r}
	}
	raw := &p.buf.text
	raw.Reset()
	raw.Grow(int(min(most, int64(p.s.size))))
	n, err := raw.ReadFrom(io.LimitReader(r, most))
	if err != nil && p.s.err == nil {
		p.s.err = err
	}
	enc, wrong := chooseCharset(charset, raw.Bytes())
	if wrong {
		p.defect("part " + part.ID + " is UTF-8 although it is labelled otherwise")
	}
	if enc == nil && !wrong && (charset == "utf-8" || charset == "utf8") && !surelyUTF8(raw.Bytes(), 0) {
		p.defect("part " + part.ID + " is not the UTF-8 it is labelled as")
		if b := raw.Bytes(); mostlyUTF8(b) {
			b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
			raw.Reset()
			raw.Write(b)
		}
	}
	text = strings.TrimPrefix(decodeWith(enc, raw.Bytes()), "\uFEFF")
	if wide && strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	text, cut = clip(text, limit)
	return text, cut || n == most
}

// clip cuts s to at most limit bytes, between two characters.
func clip(s string, limit int64) (string, bool) {
	if int64(len(s)) <= limit {
		return s, false
	}
	n := int(limit)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], true
}

// combine joins what the parts of a multipart hold.
func (p *parser) combine(part node, list []body) body {
	switch part.Type {
	case "multipart/alternative":
		return alternatives(list)
	case "multipart/related":
		for i, b := range list {
			if part.start != "" && part.Parts[i].ContentID == part.start {
				return b
			}
		}
		for _, b := range list {
			if b.hasText || b.hasHTML {
				return b
			}
		}
		return list[0]
	}
	return p.sequence(list)
}

// alternatives takes the first plain form that says anything and the last HTML form: RFC 2046 section 5.1.4 puts the richest
// last.
func alternatives(list []body) body {
	var out body
	for _, b := range list {
		if b.hasText && (!out.hasText || b.says() > out.says()) {
			out.text, out.hasText, out.textCut, out.textIDs, out.rough = b.text, true, b.textCut, b.textIDs, b.rough
		}
		if b.hasHTML {
			out.html, out.hasHTML, out.htmlCut, out.htmlIDs = b.html, true, b.htmlCut, b.htmlIDs
		}
	}
	return out
}

// says ranks a plain form: nothing, in a kind that others say better, in plain.
func (b body) says() int {
	switch {
	case !slices.ContainsFunc(b.text, func(s string) bool { return strings.TrimSpace(s) != "" }):
		return 0
	case b.rough:
		return 1
	}
	return 2
}

// sequence joins parts that are read one after the other. A form is given only when it is complete.
func (p *parser) sequence(list []body) body {
	var shown []body
	allText, anyHTML := true, false
	for _, b := range list {
		if b.hasText || b.hasHTML {
			shown = append(shown, b)
			allText = allText && b.hasText
			anyHTML = anyHTML || b.hasHTML
		}
	}
	if len(shown) < 2 {
		if len(shown) == 1 {
			return shown[0]
		}
		return body{}
	}
	var out body
	if allText {
		out.joinText(shown)
	}
	if anyHTML {
		out.joinHTML(shown)
	}
	return out
}

func (b *body) joinText(list []body) {
	b.hasText = true
	for i, one := range list {
		if i > 0 && someText(b.text) {
			between := "\n\n"
			if before := list[i-1].text; len(before) > 0 && strings.HasSuffix(before[len(before)-1], "\n") {
				between = "\n"
			}
			b.text = append(b.text, between)
		}
		b.text = append(b.text, one.text...)
		b.textCut = b.textCut || one.textCut
		b.textIDs = append(b.textIDs, one.textIDs...)
	}
}

func someText(pieces []string) bool {
	return slices.ContainsFunc(pieces, func(s string) bool { return s != "" })
}

func (b *body) joinHTML(list []body) {
	b.hasHTML = true
	for _, one := range list {
		if one.hasHTML {
			b.html = append(b.html, one.html...)
			b.htmlCut = b.htmlCut || one.htmlCut
			b.htmlIDs = append(b.htmlIDs, one.htmlIDs...)
			continue
		}
		b.html = append(b.html, "\n<pre>")
		for _, text := range one.text {
			b.html = append(b.html, html.EscapeString(text))
		}
		b.html = append(b.html, "</pre>\n")
		b.htmlCut = b.htmlCut || one.textCut
		b.htmlIDs = append(b.htmlIDs, one.textIDs...)
	}
}

// joined is the pieces as one string of at most limit bytes; cut: there was more.
func joined(pieces []string, limit int64) (s string, cut bool) {
	if len(pieces) == 1 {
		return clip(pieces[0], limit)
	}
	var b strings.Builder
	for _, piece := range pieces {
		part, cut := clip(piece, limit-int64(b.Len()))
		if b.WriteString(part); cut {
			return b.String(), true
		}
	}
	return b.String(), false
}

// setBody takes the body's forms; every other leaf is an attachment.
func (m *Message) setBody(b body, limit int64) {
	m.Text, m.TextTruncated = joined(b.text, limit)
	m.HTML, m.HTMLTruncated = joined(b.html, limit)
	m.TextTruncated, m.HTMLTruncated = m.TextTruncated || b.textCut, m.HTMLTruncated || b.htmlCut
	used := map[string]bool{}
	for _, id := range b.textIDs {
		used[id] = true
	}
	for _, id := range b.htmlIDs {
		used[id] = true
	}
	m.addAttachments(m.Root, used)
}

func (m *Message) addAttachments(part Part, used map[string]bool) {
	if part.multipart() && len(part.Parts) > 0 {
		for _, child := range part.Parts {
			m.addAttachments(child, used)
		}
		return
	}
	if !used[part.ID] {
		m.Attachments = append(m.Attachments, part)
	}
}
