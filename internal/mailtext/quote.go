package mailtext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxLead is how many lines may stand above the first block quote of a marked thread to say whose words it holds.
	maxLead = 4
	// looseRows and the widths say when ">" lines that nothing introduces are a quote: code, prompts and mottos are
	// fewer or shorter, and what is quoted in an article is not wrapped.
	looseRows  = 6
	looseWidth = 40
	wrapped    = 100
)

// mark applies what the markup says.
func (p *letter) mark(regions []region) {
	outer := -1 // the last row of a thread
	for _, one := range regions {
		to := min(one.to, len(p.rows)-1)
		switch one.role {
		case roleForward:
			p.forward = p.forward || !p.quotes
			p.quote(one.from, to)
		case roleQuoted:
			p.quote(one.from, to)
		case roleIntro:
			if to-one.from < 2*maxIntroRows {
				p.quote(one.from, to)
			}
		case roleThread:
			if one.from > outer { // one inside another is quoted already
				p.thread(one.from, to)
				outer = to
			}
		case roleRest:
			if at := p.next(one.from); at < len(p.rows) && p.rows[at].kind == rowOwn {
				p.quote(at, p.reach(at))
			}
		case roleHeader:
			if at := p.next(one.from); at < len(p.rows) && p.rows[at].kind == rowOwn {
				if h := p.header(at); h.names >= 3 && h.signed {
					p.quote(at, p.reach(at))
				}
			}
		case roleSignature:
			p.sign(one.from, to)
		case roleNone:
		}
	}
}

// quote marks the rows between as quoted, both included.
func (p *letter) quote(from, to int) {
	for i := from; i <= to; i++ {
		if p.rows[i].kind != rowBlank {
			p.rows[i].kind, p.quotes = rowQuoted, true
		}
	}
}

// reach is the last row of a quote that has begun at row i and has no end of its own.
func (p *letter) reach(i int) int {
	begun := i
	inset := !p.html && i < len(p.rows) && p.inset(i) && p.header(i).strong() // a mail shown in a text goes as far as its margin
	for i < len(p.rows) && (p.rows[i].kind == rowBlank || p.rows[i].depth >= p.rows[begun].depth && (!inset || p.inset(i))) {
		i++
	}
	return i - 1
}

// inset reports a row that begins with a blank.
func (p *letter) inset(i int) bool {
	s := p.body(i)
	return s != "" && (s[0] == ' ' || s[0] == '\t')
}

// thread marks a division that holds whose words follow, block quotes, and answers between them.
func (p *letter) thread(from, to int) {
	lead, inner := 0, from
	for ; inner <= to && p.rows[inner].depth <= p.rows[from].depth; inner++ {
		if p.rows[inner].kind == rowBlank {
			continue
		}
		if ok, forward := p.parted(inner); ok && forward {
			p.quote(from, to)
			return
		}
		lead++
	}
	if inner > to || lead > maxLead {
		p.quote(from, to)
		return
	}
	for i := from; i <= to; i++ {
		if i < inner || p.rows[i].depth > p.rows[from].depth {
			p.quote(i, i)
		}
	}
}

// find looks for quotes that only the words tell.
func (p *letter) find() {
	for i := 0; i < len(p.rows); i++ {
		switch one := p.rows[i]; {
		case one.kind != rowOwn:
		case one.depth > 0:
			i = p.run(i)
		case p.findIntro(i):
		default:
			if first, ok := p.begins(i); ok {
				if rule := p.ruleAbove(first); rule >= 0 {
					first = rule
				}
				i = p.reach(first)
				p.quote(first, i)
			}
		}
	}
}

// findIntro marks the lines that end in row i if they say who wrote the quote below them.
func (p *letter) findIntro(i int) bool {
	at := p.next(i + 1)
	if at == len(p.rows) || p.rows[at].kind != rowQuoted && p.rows[at].depth <= p.rows[i].depth && !barred(p.body(at)) {
		return false
	}
	first, found := p.intro(i, true)
	switch {
	case found == noEvidence,
		found == wordOnly && p.rows[at].kind != rowQuoted && (p.html || p.rows[at].depth == 0):
		return false
	}
	p.quote(first, i)
	if p.rows[at].kind == rowOwn && p.rows[at].depth <= p.rows[i].depth {
		p.quoteBarred(at)
	}
	return true
}

// barred reports a line that begins with "|", or with the initials of a name before ">", as some programs quote.
func barred(s string) bool {
	if rest, ok := strings.CutPrefix(s, "|"); ok {
		return (rest == "" || rest[0] == ' ') && !strings.Contains(rest, "|")
	}
	at := strings.IndexByte(s, '>')
	if at < 1 || at > 4 || at+1 < len(s) && s[at+1] != ' ' {
		return false
	}
	return s[0] >= 'A' && s[0] <= 'Z' && strings.IndexFunc(s[:at], func(r rune) bool { return !unicode.IsLetter(r) }) < 0
}

func (p *letter) quoteBarred(i int) {
	for ; i < len(p.rows) && (p.rows[i].kind == rowBlank || p.rows[i].kind == rowOwn && barred(p.body(i))); i++ {
		if p.rows[i].kind == rowOwn {
			p.rows[i].kind, p.rows[i].depth = rowQuoted, 1
		}
	}
}

// run judges the lines with quote marks from row i on and returns the last of them.
func (p *letter) run(i int) int {
	last, rows, width, widest, deepest, flattest := i, 0, 0, 0, 0, maxQuoteMarks
	for j := i; j < len(p.rows) && (p.rows[j].kind == rowBlank || p.rows[j].kind == rowOwn && p.rows[j].depth > 0); j++ {
		if p.rows[j].kind == rowBlank {
			continue
		}
		n := p.rows[j].end - p.rows[j].body
		last, rows, width, widest = j, rows+1, width+n, max(widest, n)
		deepest, flattest = max(deepest, p.rows[j].depth), min(flattest, p.rows[j].depth)
	}
	known := p.introduced(i)
	for j, n := p.next(i), 0; !known && j <= last && n < maxIntroRows; j, n = p.next(j+1), n+1 {
		_, found := p.intro(j, true)
		parted, _ := p.parted(j)
		known = found >= dated || parted || p.header(j).strong()
	}
	if !known && !p.html {
		outer := i == 0 || p.next(last+1) == len(p.rows)
		known = outer && rows >= looseRows && width >= rows*looseWidth && widest <= wrapped || outer && rows > maxIntroRows && flattest == 1 && deepest > 1
	}
	if known {
		p.quote(i, last)
	}
	return last
}

// introduced reports that row i goes on from what was found to be quoted, or that some other quote with the same marks was.
func (p *letter) introduced(i int) bool {
	for j := i - 1; j >= 0 && j >= i-3; j-- {
		if p.rows[j].kind == rowBlank {
			continue
		}
		if p.rows[j].kind == rowQuoted {
			return true
		}
		break
	}
	return false
}

// loose marks the runs that nothing introduces once another run with marks was found to be quoted: the rest of
// that message, between answers.
func (p *letter) loose() {
	quoted := false
	for _, one := range p.rows {
		quoted = quoted || one.kind == rowQuoted && one.depth > 0
	}
	if !quoted || p.html {
		return
	}
	for i := range p.rows {
		if p.rows[i].kind == rowOwn && p.rows[i].depth > 0 {
			p.rows[i].kind = rowQuoted
		}
	}
}

const (
	// wrapWidth is how long a quoted line is at least that was wrapped, and wrapRest how long what fell out of it is at most.
	wrapWidth = 60
	wrapRest  = 40
)

// rejoin marks what a program that wraps lines cut off a quoted one and left without its marks: a few words in lower
// case between two quoted lines, the first of which ends inside a sentence.
func (p *letter) rejoin() {
	if p.html {
		return
	}
	for i := 1; i+1 < len(p.rows); i++ {
		before, one := p.rows[i-1], &p.rows[i]
		if before.kind != rowQuoted || before.depth == 0 || one.kind != rowOwn || one.depth > 0 || p.rows[i+1].kind != rowQuoted || p.rows[i+1].depth == 0 ||
			before.end-before.start < wrapWidth || one.end-one.start > wrapRest {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(p.body(i - 1))
		first, _ := utf8.DecodeRuneInString(p.body(i))
		if (unicode.IsLetter(last) || last == ',') && unicode.IsLower(first) {
			one.kind = rowQuoted
		}
	}
}
