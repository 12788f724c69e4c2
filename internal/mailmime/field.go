package mailmime

import (
	"bytes"
	"strings"
)

// header reads a header block to the blank line that ends it, to the first line that cannot be header, or to the section's end.
// Of a part's header only what describes the part is kept.
func (p *parser) header(part bool) []rawField {
	marks, block := p.buf.marks[:0], p.buf.block[:0]
	room := int(p.lim.HeaderBytes)
	if part {
		room = int(min(p.lim.HeaderBytes, max(p.headRoom, leastHeader)))
	}
	full, over, keeping, any := room, false, false, false
	if !part {
		p.skipBlankLines()
	}
	p.skipMailboxLine()
	for over || !p.startsBody() {
		line, cut, ok := p.s.line(max(room, maxFieldName))
		if !ok || len(line) == 0 && !cut {
			break
		}
		room -= len(line) + 2
		if over {
			continue
		}
		if cut || room < 0 {
			over = true
			p.defect("header longer than the limit; the rest was skipped")
		}
		name, value, isField := cutField(line)
		any = any || isField
		switch {
		case (line[0] == ' ' || line[0] == '\t') && any:
			if !over && keeping {
				block = append(block, line...)
				marks[len(marks)-1].value = len(block)
			}
		case !isField:
			p.defect("header line without a field name was skipped")
		case !over:
			if keeping = !part || describes(name); !keeping {
				continue
			}
			block = append(block, name...)
			mark := fieldMark{name: len(block)}
			block = append(block, value...)
			mark.value = len(block)
			marks = append(marks, mark)
		}
	}
	if part {
		p.headRoom -= int64(full - max(room, 0))
	}
	p.buf.marks, p.buf.block = marks, block
	return cutFields(string(block), marks)
}

// describes tells whether a field says what a part is (RFC 2045 section 3).
func describes(name []byte) bool {
	return len(name) > 8 && bytes.EqualFold(name[:8], []byte("content-"))
}

const (
	// partHeaders bounds the headers of all parts together, in headers of the message's own limit.
	partHeaders = 16
	// leastHeader is read of a part's header even when that much was read: parts need no more.
	leastHeader = 8 << 10
)

// fieldMark says where in a block of fields one ends: its name, and its value behind that.
type fieldMark struct{ name, value int }

// cutFields makes fields of a block: one string for all of them.
func cutFields(block string, marks []fieldMark) []rawField {
	fields := make([]rawField, len(marks))
	start := 0
	for i, m := range marks {
		fields[i] = rawField{name: block[start:m.name], value: block[m.name:m.value]}
		start = m.value
	}
	return fields
}

// maxBlankLines is how many blank lines before the header are passed over.
const maxBlankLines = 20

// skipBlankLines passes over blank lines where a header begins behind them.
func (p *parser) skipBlankLines() {
	window, _ := p.s.br.Peek(min(maxJunk, p.s.size))
	blank := 0
	for rest := window; blank < maxBlankLines; blank++ {
		line, more, ok := bytes.Cut(rest, []byte("\n"))
		if !ok || len(bytes.TrimRight(line, "\r")) > 0 {
			break
		}
		rest = more
		window = window[len(line)+1:]
	}
	if name, _, ok := cutField(firstLine(window)); blank == 0 || !ok || !ofHeader(name) {
		return
	}
	p.defect("blank lines before the header were skipped")
	for range blank {
		p.s.line(0)
	}
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return line
}

// skipMailboxLine passes over the "From " line that a mailbox file puts before each message.
func (p *parser) skipMailboxLine() {
	if p.s.hit >= 0 || p.s.eof {
		return
	}
	head, _ := p.s.br.Peek(6)
	if bytes.HasPrefix(head, []byte("From ")) || string(head) == ">From " {
		if _, _, isField := cutField(p.s.peekLine()); !isField { // "From : ann@example.org"
			p.s.line(0)
		}
	}
}

// startsBody tells whether the body begins at the next line although no blank line came: when it cannot be header, nor is a
// stray line with more fields behind it.
func (p *parser) startsBody() bool {
	if p.s.hit >= 0 || p.s.eof || p.s.bol && p.s.atDelimiter() {
		return false
	}
	line := p.s.peekLine()
	if _, _, ok := cutField(line); ok || len(line) == 0 || line[0] == '\r' || line[0] == '\n' || line[0] == ' ' || line[0] == '\t' {
		return false
	}
	_, next := p.s.peekTwo()
	if _, _, ok := cutField(next); ok && !bytes.HasPrefix(next, []byte("http")) {
		return false
	}
	if p.junk++; p.junk <= maxJunkLines && p.headerGoesOn() {
		return false
	}
	p.defect("no blank line between header and body")
	return true
}

// headerGoesOn looks behind some lines of junk for a field that no letter has in its text, before the next blank line.
func (p *parser) headerGoesOn() bool {
	window, _ := p.s.br.Peek(min(maxJunk, p.s.size))
	for len(window) > 0 {
		var line []byte
		line, window, _ = bytes.Cut(window, []byte("\n"))
		if line = bytes.TrimRight(line, "\r"); len(line) == 0 || p.s.delimits(line) {
			return false
		}
		if name, _, ok := cutField(line); ok && ofHeader(name) {
			return true
		}
	}
	return false
}

// ofHeader names the fields that show where a header is.
func ofHeader(name []byte) bool {
	switch strings.ToLower(string(name)) {
	case "content-type", "content-transfer-encoding", "mime-version", "message-id", "received", "return-path", "subject", "from", "to", "date":
		return true
	}
	return false
}

// maxJunkLines bounds how often that is looked for in one message.
const maxJunkLines = 50

// maxJunk is how far behind a bad line more of the header is looked for.
const maxJunk = 1024

// maxFieldName is longer than any field name in use; lines past the header's limit are read that far to find its end.
const maxFieldName = 200

// cutField splits "Name: value" (RFC 5322 section 2.2), with the blanks before the colon section 4.5 allows.
func cutField(line []byte) (name, value []byte, ok bool) {
	head, value, ok := bytes.Cut(line, []byte(":"))
	head = bytes.TrimRight(head, " \t")
	if !ok || len(head) == 0 || len(head) > maxFieldName {
		return nil, nil, false
	}
	for _, c := range head {
		if c <= ' ' || c >= 0x7F {
			return nil, nil, false
		}
	}
	return head, value, true
}
