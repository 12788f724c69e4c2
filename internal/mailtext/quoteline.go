package mailtext

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxIntro and maxIntroRows bound the line that says who wrote what follows; long names and addresses wrap it.
	maxIntro     = 500
	maxIntroRows = 4
	// maxBehind is how many words may follow the word "wrote" and the address in such a line: a time, at most.
	maxBehind = 8
	// maxNamed is how many words such a line has if it gives neither date nor address.
	maxNamed = 5
	// maxHeaderRows bounds a copied header: the fields, and a recipient list that goes on over some lines.
	maxHeaderRows = 16
	// maxWrapped is how many lines without a field's name may go on from one that has it.
	maxWrapped = 4
	// maxField is how far the colon of a field stands from the line's beginning, in bytes.
	maxField = 48
	// maxLooks bounds the lines looked at closely, so that a text made of them costs no more; a long chain has a few hundred.
	maxLooks = 4096
)

// rowKind is what a row of a text is.
type rowKind uint8

const (
	rowBlank rowKind = iota
	rowOwn
	rowQuoted
	rowSignature
)

// row is a line of a text, from start to end, and what stands behind its quote marks, from body on.
type row struct {
	start, body, end int
	depth            int // quote marks
	kind             rowKind
}

// letter is a text in rows while it is found out which of them are quoted.
type letter struct {
	text    string
	rows    []row
	dashes  []bool // of each "--" row in turn, whether the blank of RFC 3676 section 4.3 followed; nil when unknown
	html    bool   // made from HTML, where quote marks stand for any block quote
	begun   string // the first line that the HTML part marks as quoted, when the plain part is shown
	forward bool   // subject or markup says that the message is passed on
	quotes  bool   // some row is quoted
	looks   int
}

func newLetter(text string) *letter {
	p := &letter{text: text, rows: make([]row, 0, strings.Count(text, "\n")+1)}
	for at := 0; at <= len(text); {
		end := len(text)
		if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
			end = at + n
		}
		one := row{start: at, end: end, kind: rowOwn}
		n := 0
		if one.depth, n = quoteMarks(text[at:end]); one.depth == 1 && brokenAddress(text[:at], text[at:end]) {
			one.depth, n = 0, 0
		}
		if one.body = at + n; one.body == end && one.depth == 0 {
			one.kind = rowBlank
		}
		p.rows = append(p.rows, one)
		at = end + 1
	}
	return p
}

// brokenAddress reports a line that begins with the end of an address which the line above begins, as in
// "<ann@example.org" and "> wrote:".
func brokenAddress(above, line string) bool {
	if len(line) > wrapRest || !strings.HasSuffix(line, ":") {
		return false
	}
	above = strings.TrimSuffix(above, "\n")
	above = above[strings.LastIndexByte(above, '\n')+1:]
	return strings.LastIndexByte(above, '<') > strings.LastIndexByte(above, '>')
}

// quoteMarks counts the ">" that a line begins with, with or without blanks between.
func quoteMarks(line string) (depth, n int) {
	for i := 0; i < len(line) && i-n <= 1; i++ {
		if line[i] == '>' {
			depth, n = depth+1, i+1
		} else if line[i] != ' ' {
			break
		}
	}
	if n > 0 && n < len(line) && line[n] == ' ' {
		n++
	}
	return depth, n
}

func (p *letter) line(i int) string { return p.text[p.rows[i].start:p.rows[i].end] }
func (p *letter) body(i int) string { return p.text[p.rows[i].body:p.rows[i].end] }

// next returns the first row from i on that is not blank, at most two further; len(rows) if there is none.
func (p *letter) next(i int) int {
	for n := 0; i < len(p.rows); i, n = i+1, n+1 {
		if p.rows[i].kind != rowBlank && (p.rows[i].depth == 0 || p.rows[i].body < p.rows[i].end) {
			return i
		}
		if n == 2 {
			break
		}
	}
	return len(p.rows)
}

// look reports that another line may be looked at closely.
func (p *letter) look() bool {
	p.looks++
	return p.looks <= maxLooks
}

var (
	mailAddress = regexp.MustCompile(`[^\s@<>()"]@[^\s@<>()"]+\.[^\s@<>()".]`)
	dateGiven   = regexp.MustCompile(`(?:^|\D)(?:19|20|25)\d\d(?:\D|$)|[۰-۹٠-٩]{4}|\d\d?[./-]\d\d?[./-]\d\d`)
	timeGiven   = regexp.MustCompile(`(?:^|\D)\d\d?[:h]\d\d|\d{4}[ ,]+(?:\pL+\.? )?\d\d?\.\d\d|[۰-۹٠-٩][:٫][۰-۹٠-٩]`)
	dashed      = regexp.MustCompile(`^[-_=*~—–]{3,}[^\n]*\pL[^\n]*[-_=*~—–]{3,}$`)
	beganIntro  = regexp.MustCompile(`^(?:-{2,} *)?(?:On|Am|Le|El|Em|Il|Op|Den|Dne|W dniu|Pada|Vào|Στις|În|Dnia|A|في|در|בתאריך|\d\d?[ ./]|\d{4}[-./년年]|\pL{2,12}[.,] )`)
)

// evidence grades what speaks for a line that says who wrote what follows.
type evidence uint8

const (
	noEvidence evidence = iota
	wordOnly            // needs ">" lines below
	dated               // date or address beside the word: needs a quote below
	certain             // date and address
)

// weigh judges the rows of such a line, joined.
func weigh(s string, quoted bool) evidence {
	addressed := mailAddress.MatchString(s)
	if !addressed && !quoted {
		return noEvidence
	}
	date := dateGiven.MatchString(s)
	tail := strings.TrimRight(s, " :：-*")
	closed := addressed && (strings.HasSuffix(tail, ">") || strings.HasSuffix(tail, ")") || strings.HasSuffix(tail, "]"))
	word := saysWrote(strings.ToLower(s))
	switch {
	case word < 0 && !closed:
		return noEvidence
	case word < 0 && tail[len(tail)-1] == '>' && timeGiven.MatchString(s) && beganIntro.MatchString(s):
		return certain
	case word < 0:
		return dated
	}
	// A sentence goes on behind the word and ends in a colon for other reasons.
	said := max(word, strings.LastIndexByte(s, '@'))
	switch ends := len(strings.Fields(s[min(said, len(s)):])) <= maxBehind; {
	case date && addressed && ends:
		return certain
	case (date || addressed) && ends:
		return dated
	case len(strings.Fields(s)) <= maxNamed:
		return wordOnly
	}
	return noEvidence
}

// intro returns the row at which the line begins that ends in row i and says who wrote what follows, or -1. quoted says
// that a quote follows.
func (p *letter) intro(i int, quoted bool) (first int, found evidence) {
	s := p.body(i)
	tail := strings.TrimRight(s, " -*_")
	closed := strings.HasSuffix(tail, ":") || strings.HasSuffix(tail, "：") || strings.HasPrefix(s, "--") && strings.HasSuffix(s, "--") ||
		quoted && strings.HasSuffix(tail, ">") && dateGiven.MatchString(s) // as Gmail had it once, without a word
	if !closed || !p.look() {
		return -1, noEvidence
	}
	joined, best := "", noEvidence
	first = -1
	for j := i; j >= 0 && i-j < maxIntroRows && best < certain; j-- {
		if one := p.rows[j]; one.kind != rowOwn || one.depth != p.rows[i].depth || one.body == one.end {
			break
		}
		if joined = p.body(j) + " " + joined; len(joined) > maxIntro {
			break
		}
		if found := weigh(joined, quoted); found > best {
			best, first = found, j
		}
	}
	if best == noEvidence {
		return -1, best
	}
	// The beginning of a wrapped line carries none of the signs, as in "On Tue, Mar 12,".
	for j := first - 1; j >= 0 && i-j < maxIntroRows && !beganIntro.MatchString(p.body(first)); j-- {
		if one := p.rows[j]; one.kind != rowOwn || one.depth != p.rows[i].depth || one.body == one.end {
			break
		}
		if beganIntro.MatchString(p.body(j)) {
			first = j
		}
	}
	return first, best
}

// header is what was found of a copied header.
type header struct {
	last   int // its last row
	fields field
	names  int  // how many fields it has, known or not
	first  bool // it begins with From or Date, as mail programs have it
	signed bool // with an address or a time of day in it
	author bool // with an address as the one it is from
	others bool // with fields that copied headers do not have
}

func (h header) count() int {
	n := 0
	for f := fieldFrom; f <= fieldSubject; f <<= 1 {
		if h.fields&f != 0 {
			n++
		}
	}
	return n
}

// strong reports a header that needs no other sign beside it. What forms on web pages send has no recipient; journeys,
// payments and recorded calls have both ends and a time, but no address, and no subject or more beside it.
func (h header) strong() bool {
	return h.below() && h.fields&(fieldTo|fieldCopy) != 0 && (h.author || !h.others)
}

// below reports a header good enough below a line across the page.
func (h header) below() bool {
	return h.first && h.signed && h.fields&fieldFrom != 0 && h.count() >= 3 && (h.author || h.fields&fieldSubject != 0)
}

// beside reports a header good enough below a line of dashes that names it.
func (h header) beside() bool {
	return h.count() >= 2 || h.fields&(fieldFrom|fieldDate) != 0 && h.signed || h.names >= 3 && h.signed
}

// cutField parts a line into the name of a field and the beginning of its value.
func cutField(s string) (name, value string, ok bool) {
	s = strings.TrimLeft(s, " \t*|")
	head := s[:runeStart(s, min(len(s), maxField))]
	at := strings.IndexByte(head, ':')
	if wide := strings.Index(head, "："); wide >= 0 && (at < 0 || wide < at) {
		at = wide
	}
	if at <= 0 {
		return "", "", false
	}
	_, size := utf8.DecodeRuneInString(s[at:])
	name = strings.TrimFunc(s[:at], func(r rune) bool { return unicode.IsSpace(r) || r == '*' || r == '|' })
	value = s[at+size:]
	value = strings.Trim(value[:runeStart(value, min(len(value), maxIntro))], " \t*|")
	return name, value, name != ""
}

// header reads a copied header that begins at row i.
func (p *letter) header(i int) header {
	h := header{last: i - 1}
	if i >= len(p.rows) {
		return h
	}
	depth, wrapped, blank := p.rows[i].depth, 0, false
	for j := i; j < len(p.rows) && j-i < maxHeaderRows; j++ {
		one := p.rows[j]
		if one.body == one.end {
			if blank {
				break
			}
			blank = true
			continue
		}
		if one.depth != depth {
			break
		}
		name, value, ok := cutField(p.body(j))
		f := fieldNone
		if ok && utf8.RuneCountInString(name) <= 24 && len(strings.Fields(name)) <= 3 {
			f = fieldOf(strings.ToLower(name))
		} else {
			ok = false
		}
		switch {
		case f != fieldNone && h.fields&f != 0 && f != fieldCopy || f == fieldFrom && value == "":
			return h
		case f != fieldNone, ok && value != "" && !blank && !strings.HasPrefix(value, "//"):
			if h.names == 0 {
				h.first = f == fieldFrom || f == fieldDate
			}
			h.fields |= f
			h.author = h.author || f == fieldFrom && mailAddress.MatchString(value)
			h.others = h.others || f == fieldNone
			h.names++
			h.last, wrapped = j, 0
			h.signed = h.signed || f != fieldSubject && mailAddress.MatchString(value) || (f == fieldDate || f == fieldNone) && timeGiven.MatchString(value)
		case h.names == 0 || blank || wrapped == maxWrapped || !strings.ContainsAny(p.body(j), "@;"):
			return h
		default:
			wrapped++
			h.last = j
		}
		blank = false
	}
	return h
}

// rule reports a row of dashes or underscores only, as Outlook draws above a header.
func (p *letter) rule(i int) bool {
	s := strings.TrimSpace(p.body(i))
	return len(s) >= 10 && (strings.Trim(s, "_") == "" || strings.Trim(s, "-") == "")
}

// ruleAbove returns the row of such a line right above row i, -1 if there is none.
func (p *letter) ruleAbove(i int) int {
	if i > 0 && p.rows[i-1].kind == rowBlank {
		i--
	}
	if i > 0 && p.rows[i-1].kind == rowOwn && p.rule(i-1) {
		return i - 1
	}
	return -1
}

// parted reports that row i names a quoted message between dashes, and whether it is passed on.
func (p *letter) parted(i int) (ok, forward bool) {
	s := strings.TrimSpace(p.body(i))
	if len(s) < 8 || len(s) > 160 {
		return false, false
	}
	between := strings.IndexByte("-_=*~\xe2", s[0]) >= 0 && dashed.MatchString(s) // \xe2 begins the longer dashes
	if !between && !strings.HasSuffix(s, ":") && !strings.HasSuffix(s, "：") || !p.look() {
		return false, false
	}
	lower := strings.ToLower(s)
	switch forward = saysForwarded(lower); {
	case forward, between && saysOriginal(lower):
		at := p.next(i + 1)
		return p.header(at).beside(), forward
	case between && saysWrote(lower) >= 0 && strings.HasSuffix(strings.TrimRight(s, "- "), ":"): // Lotus Notes
		return true, false
	}
	return false, false
}

// begins reports that a quoted message without quote marks begins at row i, or in the rows before it.
func (p *letter) begins(i int) (first int, ok bool) {
	s := p.body(i)
	if s == "" {
		return i, false
	}
	if ok, _ := p.parted(i); ok {
		return i, true
	}
	if name, _, ok := cutField(s); ok && fieldOf(strings.ToLower(name))&(fieldFrom|fieldDate) != 0 && p.look() {
		if h := p.header(i); h.strong() || h.below() && p.ruleAbove(i) >= 0 {
			return i, true
		}
	}
	if first, found := p.intro(i, false); found == certain {
		return first, true
	}
	return i, false
}
