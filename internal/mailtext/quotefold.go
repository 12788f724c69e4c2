package mailtext

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// minFolded is the fewest characters worth folding: the line that says so costs as much.
	minFolded = 40
	// keptRows and keptText bound what stays of a quote above an answer: enough to know what is answered.
	keptRows = 3
	keptText = 300
	// maxNote bounds, in bytes, what the sender wrote beside a message that he passes on: with more the text is his.
	maxNote = 300
)

// elision stands where the beginning of a quote above an answer was left out.
const elision = "[...]"

// says reports a row with more in it than lines, dots and a picture.
func (p *letter) says(i int) bool {
	if p.rows[i].kind != rowOwn {
		return false
	}
	s := p.line(i)
	if strings.HasPrefix(s, "[image: ") && strings.IndexByte(s, ']') == len(s)-1 {
		return false // the banner below a mail is no answer to what stands above
	}
	return strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsSpace(r) && !strings.ContainsRune("-_=*~|>.:", r) })
}

// folding is what is left out of a page.
type folding struct {
	drop  []bool // by row
	elide []bool // a shortened quote goes on at this row
}

// plan decides which of the rows are left out, none if nil.
func (p *letter) plan() *folding {
	f := &folding{drop: make([]bool, len(p.rows)), elide: make([]bool, len(p.rows))}
	first, last, quoted, note := -1, -1, -1, 0 // of the sender's own rows, and the first quoted one
	for i := range p.rows {
		switch {
		case p.rows[i].kind == rowSignature:
			f.drop[i] = true
		case p.rows[i].kind == rowQuoted && quoted < 0:
			quoted = i
		case p.says(i):
			if last = i; first < 0 {
				first = i
			}
			note += p.rows[i].end - p.rows[i].start
		}
	}
	switch {
	case last < 0 && quoted < 0:
		return nil
	case quoted < 0 || last < 0 || note <= maxNote && p.passedOn(quoted):
		return f // nothing quoted, or the quoted message is what is said
	}
	for i := quoted; i < len(p.rows); i++ {
		if p.rows[i].kind != rowQuoted {
			continue
		}
		end := i
		for j := i; j < len(p.rows) && (p.rows[j].kind == rowQuoted || p.rows[j].kind == rowBlank || p.rows[j].kind == rowOwn && !p.says(j)); j++ {
			if p.rows[j].kind == rowQuoted {
				end = j
			}
		}
		switch {
		case end > last && first < i && note <= maxNote && p.pointsBelow(first, i):
			f.leave(p, p.message(i, end), end)
		case end > last:
			f.leave(p, i, end)
		case first > end && p.only(end):
			f.leaveAbove(p, i, end)
		default:
			f.shorten(p, i, end)
		}
		i = end
	}
	return f
}

// passedOn reports that the quote that begins at row i says that it is a message passed on.
func (p *letter) passedOn(i int) bool {
	if p.forward {
		return true
	}
	for n := 0; i < len(p.rows) && p.rows[i].kind == rowQuoted && n < maxLead; i, n = p.next(i+1), n+1 {
		if ok, forward := p.parted(i); ok && forward {
			return true
		}
	}
	return false
}

// pointsBelow reports that the sender's own words, or a colon behind them, send the reader to what he quotes.
func (p *letter) pointsBelow(from, to int) bool {
	last := from
	for i := from; i < to; i++ {
		if !p.says(i) {
			continue
		}
		if last = i; saysBelow(strings.ToLower(p.line(i))) {
			return true
		}
	}
	lead, ok := strings.CutSuffix(p.line(last), ":")
	end, _ := utf8.DecodeLastRuneInString(lead)
	return ok && unicode.IsLetter(end)
}

// message returns the row at which the next older message begins in the quote from i to end, end+1 if none does.
func (p *letter) message(i, end int) int {
	begun := false
	for j := i; j <= end; j++ {
		one := &p.rows[j]
		if one.kind != rowQuoted || one.body == one.end {
			continue
		}
		if !begun { // its own header, or the line that says who wrote it
			j = max(j, p.header(p.next(j)).last)
			begun = !p.rule(j)
			continue
		}
		if one.depth > p.rows[i].depth+1 {
			return j
		}
		one.kind = rowOwn
		first, ok := p.begins(j)
		one.kind = rowQuoted
		if ok {
			return first
		}
	}
	return end + 1
}

// only reports that nothing is quoted behind row i.
func (p *letter) only(i int) bool {
	for i++; i < len(p.rows); i++ {
		if p.rows[i].kind == rowQuoted {
			return false
		}
	}
	return true
}

func (f *folding) leave(p *letter, from, to int) {
	for i := from; i <= to; i++ {
		f.drop[i] = f.drop[i] || p.rows[i].kind != rowSignature
	}
}

// leaveAbove leaves out the quote above an answer unless it is short.
func (f *folding) leaveAbove(p *letter, from, to int) {
	rows := 0
	for i := from; i <= to; i++ {
		if p.rows[i].body < p.rows[i].end {
			rows++
		}
	}
	if rows > keptRows+1 || p.rows[to].end-p.rows[from].start > keptText {
		f.leave(p, from, to)
	}
}

// shorten keeps the last rows of a quote that is answered below it.
func (f *folding) shorten(p *letter, from, to int) {
	rows, size, cut := 0, 0, to
	for ; cut >= from && rows < keptRows; cut-- {
		one := p.rows[cut]
		if one.body == one.end {
			continue
		}
		if size += one.end - one.start; rows > 0 && size > keptText {
			break
		}
		rows++
	}
	for cut >= from && p.rows[cut].body == p.rows[cut].end {
		cut--
	}
	if cut < from || p.rows[cut].end-p.rows[from].start < minFolded {
		return
	}
	f.leave(p, from, cut)
	for cut++; p.rows[cut].body == p.rows[cut].end; cut++ {
		f.drop[cut] = true
	}
	f.elide[cut] = true
}

// fold returns the page's text without what its plan leaves out, and the characters of each kind that it lacks.
func (p *letter) fold() (text string, folded Folded) {
	f := p.plan()
	if f == nil {
		return p.text, Folded{}
	}
	total, gone := 0, 0
	for i, drop := range f.drop {
		if !drop {
			continue
		}
		n := utf8.RuneCountInString(p.line(i)) + 1
		total += n
		if p.rows[i].kind == rowSignature {
			folded.Signature += n
		} else {
			gone += n
		}
	}
	if total < minFolded {
		return p.text, Folded{}
	}
	var b strings.Builder
	b.Grow(len(p.text))
	empty, elided := false, 0
	for i := range p.rows {
		if p.rows[i].kind == rowBlank {
			empty = true
		}
		if f.drop[i] || p.rows[i].kind == rowBlank {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
			if empty {
				b.WriteByte('\n')
			}
		}
		if f.elide[i] {
			b.WriteString(elision + "\n")
			elided += len(elision) + 1
		}
		b.WriteString(p.line(i))
		empty = false
	}
	text = b.String()
	lost := utf8.RuneCountInString(p.text) - utf8.RuneCountInString(text) + elided
	if gone == 0 {
		return text, Folded{Signature: lost}
	}
	return text, Folded{Quoted: lost - folded.Signature, Signature: folded.Signature}
}

// note is the line that says what was folded.
func (f Folded) note() string {
	switch {
	case f.Signature == 0:
		return "[quoted text: " + strconv.Itoa(f.Quoted) + " characters]"
	case f.Quoted == 0:
		return "[signature: " + strconv.Itoa(f.Signature) + " characters]"
	}
	return "[quoted text: " + strconv.Itoa(f.Quoted) + " characters, signature: " + strconv.Itoa(f.Signature) + "]"
}

// linksIn keeps those of the list of links that the text refers to, and tells how many characters the others were.
func linksIn(text, list string) (kept string, gone int) {
	if list == "" {
		return "", 0
	}
	used := map[string]bool{}
	for rest := text; ; {
		at := strings.IndexByte(rest, '[')
		if at < 0 {
			break
		}
		rest = rest[at+1:]
		end := 0
		for end < len(rest) && end < 4 && rest[end] >= '0' && rest[end] <= '9' {
			end++
		}
		if end > 0 && end < len(rest) && (rest[end] == ']' || rest[end] == ' ') {
			used[rest[:end]] = true
		}
	}
	var b strings.Builder
	for one := range strings.SplitSeq(strings.TrimLeft(list, "\n"), "\n") {
		number, _, _ := strings.Cut(strings.TrimPrefix(one, "["), "]")
		if !used[number] {
			continue
		}
		if b.Len() == 0 {
			b.WriteByte('\n')
		}
		b.WriteString("\n" + one)
	}
	kept = b.String()
	return kept, utf8.RuneCountInString(list) - utf8.RuneCountInString(kept)
}

// minBegin is how many letters of a line must be the same in both parts to be the same line.
const minBegin = 16

// quoteBegin is the first line of the page that its markup calls quoted.
func (r rendered) quoteBegin() string {
	if len(r.regions) == 0 {
		return ""
	}
	p := newLetter(r.text[:r.body])
	p.html = true
	p.mark(r.regions)
	for i, one := range p.rows {
		if one.kind == rowQuoted && one.body < one.end {
			return p.body(i)
		}
	}
	return ""
}

// findBegun marks as quoted what stands from the line on that the HTML part marks so, in languages that the
// words of this package do not cover.
func (p *letter) findBegun() {
	want := lettersOf(p.begun)
	if p.quotes || len(want) < minBegin {
		return
	}
	for i := range p.rows {
		if have := lettersOf(p.body(i)); len(have) >= minBegin && strings.HasPrefix(want, have) {
			p.quote(i, p.reach(i))
			return
		}
	}
}

// lettersOf are the letters of the beginning of a line.
func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if !isLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s[:runeStart(s, min(len(s), maxIntro))])
}
