// Package contentline reads the lines that iCalendar (RFC 5545 section 3.1) and vCard (RFC 6350 section 3.2,
// RFC 2426, vCard 2.1) are made of, as senders really write them.
//
//	r := contentline.NewReader(text)
//	for line, ok := r.Next(); ok; line, ok = r.Next() { … }
//
// It never fails: what is no content line is kept as Extra of the line before it, or skipped and counted. A Reader
// is for one goroutine; the functions are safe for any number.
package contentline

import (
	"strings"
	"unicode/utf8"
)

const (
	// MaxInput is how many bytes are read: a hundred times a large invitation, and a year of a busy calendar.
	MaxInput = 1 << 20
	// MaxLines is how many unfolded lines are read: of usual length, they are more than MaxInput.
	MaxLines = 50_000
	// MaxLine is how many bytes of one unfolded line are kept: more than any text a person writes into an
	// invitation; pictures are longer and not shown.
	MaxLine = 64 << 10
	// maxParams and maxValues bound what one line makes of 64 KiB of punctuation.
	maxParams = 64
	maxValues = 64
)

// Line is one unfolded content line.
type Line struct {
	Group  string // vCard: "item1" of item1.TEL, as written
	Name   string // upper case
	Params []Param
	Value  string // still with its text escapes; empty when Binary
	Extra  string // lines after it that have no name, each after a newline: mostly text broken without a fold
	Binary bool   // encoded in base64, which is not decoded
	Cut    bool   // longer than MaxLine
}

// Param is a parameter of a line: its name in upper case and its values without quotes and escapes. The bare words
// of vCard 2.1 ("TEL;WORK") have no name.
type Param struct {
	Name   string
	Values []string
}

// Param returns the first value of the parameter of that name (upper case), or "".
func (l *Line) Param(name string) string {
	for _, p := range l.Params {
		if p.Name == name && len(p.Values) > 0 {
			return p.Values[0]
		}
	}
	return ""
}

// Text is the value and what belongs to it without a fold, with text escapes resolved and "…" at its end when Cut.
func (l *Line) Text() string {
	text := Unescape(l.Value + l.Extra)
	if l.Cut {
		text += "…"
	}
	return text
}

// Reader gives the lines of one object.
type Reader struct {
	lines     physical
	ahead     piece // the next unfolded line, when read already
	hasAhead  bool
	truncated bool
	count     int
	skipped   int
}

// NewReader reads text: UTF-8, UTF-16 with its mark, or bytes of windows-1252.
func NewReader(text string) *Reader {
	text, cut := input(text)
	return &Reader{lines: physical{rest: text}, truncated: cut}
}

// Truncated reports that the text was longer than MaxInput, or had more than MaxLines.
func (r *Reader) Truncated() bool { return r.truncated }

// Skipped counts lines without a name seen so far, those kept as Extra included.
func (r *Reader) Skipped() int { return r.skipped }

// Next returns the next line that has a name.
func (r *Reader) Next() (Line, bool) {
	for {
		p, ok := r.take()
		if !ok {
			return Line{}, false
		}
		line, ok := p.parse()
		if !ok {
			r.skipped++
			continue
		}
		r.extra(&line)
		return line, true
	}
}

// extra gathers the lines without a name that follow.
func (r *Reader) extra(line *Line) {
	var b []byte
	for {
		p, ok := r.take()
		if !ok {
			break
		}
		if p.named {
			r.ahead, r.hasAhead = p, true
			break
		}
		r.skipped++
		if len(b)+len(p.raw) < MaxLine && !line.Binary {
			b = append(append(b, '\n'), p.raw...)
		} else {
			line.Cut = true
		}
	}
	line.Extra = string(b)
}

// piece is an unfolded line, divided at the end of its name if it has one.
type piece struct {
	raw, group, name, rest string
	named, cut             bool
}

func (r *Reader) take() (piece, bool) {
	if r.hasAhead {
		r.hasAhead = false
		return r.ahead, true
	}
	if r.count == MaxLines {
		r.truncated = r.truncated || r.lines.rest != ""
		return piece{}, false
	}
	r.count++
	var p piece
	var ok bool
	if p.raw, p.cut, ok = r.lines.unfold(); !ok {
		return piece{}, false
	}
	if !utf8.ValidString(p.raw) {
		p.raw = validate(p.raw)
	}
	p.group, p.name, p.rest, p.named = name(p.raw)
	return p, true
}

// name splits a line at the end of its name; rest starts with ";" or ":". A name without a letter is a time, and one
// before "://" a link: both are text that lost its fold.
func name(raw string) (group, name, rest string, ok bool) {
	raw = strings.TrimLeft(raw, " \t")
	i, dot, letter := 0, -1, false
	for ; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			letter = true
			continue
		case c >= '0' && c <= '9' || c == '-' || c == '_':
			continue
		case c == '.':
			dot = i
			continue
		}
		break
	}
	rest = strings.TrimLeft(raw[i:], " \t")
	if !letter || i == dot+1 || rest == "" || rest[0] != ':' && rest[0] != ';' || strings.HasPrefix(rest, "://") {
		return "", "", "", false
	}
	if dot >= 0 {
		group = raw[:dot]
	}
	return group, strings.ToUpper(raw[dot+1 : i]), rest, true
}
