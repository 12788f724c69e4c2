package mailtext

import (
	"strings"
	"unicode/utf8"
)

const (
	// maxSigned and maxSignedRows bound a signature: what is longer has something to say, such as the small print of a
	// company, and stays.
	maxSigned     = 1200
	maxSignedRows = 16
	// maxSignedLine is the longest line of a signature that only a line of dashes tells.
	maxSignedLine = 160
	// maxSentWith bounds the line a phone puts below a mail, and maxNamedAt where it names the phone, in characters.
	maxSentWith = 90
	maxNamedAt  = 44
	// fewSigned is how many rows may follow dashes without the blank of RFC 3676 section 4.3 if they give no address.
	fewSigned = 3
)

// sign marks the rows between as a signature if they are not too many.
func (p *letter) sign(from, to int) {
	if to-from >= 2*maxSignedRows || from > to || p.rows[to].end-p.rows[from].start > utf8.UTFMax*maxSigned ||
		utf8.RuneCountInString(p.text[p.rows[from].start:p.rows[to].end]) > maxSigned {
		return
	}
	if from > 0 && p.line(from-1) == "--" {
		from--
	}
	for i := from; i <= to; i++ {
		if p.rows[i].kind == rowOwn && p.rows[i].depth == 0 {
			p.rows[i].kind = rowSignature
		}
	}
}

// findSignatures looks for signatures at the end of what the sender wrote above, between and below quotes.
func (p *letter) findSignatures() {
	dashes := 0
	for from := 0; from < len(p.rows); {
		to := from // the end of a passage that is not quoted
		for to < len(p.rows) && p.rows[to].kind != rowQuoted {
			to++
		}
		dashes = p.signPassage(from, to, dashes)
		for from = to; from < len(p.rows) && p.rows[from].kind == rowQuoted; from++ {
			if p.line(from) == "--" {
				dashes++
			}
		}
	}
}

// signPassage marks the signature of the rows up to the one before to. dashes counts the "--" rows before and, returned,
// behind.
func (p *letter) signPassage(from, to, dashes int) int {
	at, lines, kept := -1, 0, false
	for i := from; i < to; i++ {
		if p.rows[i].kind != rowOwn || p.line(i) != "--" {
			continue
		}
		given := dashes < len(p.dashes) && p.dashes[dashes]
		dashes, lines = dashes+1, lines+1
		if at < 0 || given || !kept {
			at, kept = i, given
		}
	}
	if at >= 0 && (kept || lines == 1) {
		if end := p.signed(at, to, kept); end > at {
			p.sign(at, end)
		}
	}
	last := to - 1
	for last >= from && (p.rows[last].kind == rowBlank || p.rows[last].kind == rowSignature || p.rows[last].kind == rowOwn && p.rows[last].depth == 0 && p.sentWith(last)) {
		if p.rows[last].kind == rowOwn {
			p.rows[last].kind = rowSignature
		}
		last--
	}
	p.listFooter(from, to)
	return dashes
}

// signed returns the last row of the signature below the dashes in row at, at itself if there is none. kept says that
// the dashes were followed by the blank that RFC 3676 section 4.3 asks for.
func (p *letter) signed(at, to int, kept bool) int {
	end, rows, size, addressed, prose := at, 0, 0, false, false
	for i := at + 1; i < to; i++ {
		one := p.rows[i]
		if one.kind == rowBlank {
			continue
		}
		n := utf8.RuneCountInString(p.line(i))
		if size += n; one.kind != rowOwn || one.depth > 0 || n > maxSignedLine || rows == maxSignedRows || size > maxSigned {
			prose = prose || i < to
			break
		}
		s := p.line(i)
		rows++
		end = i
		addressed = addressed || strings.Contains(s, "@") || strings.Contains(s, "www.") || strings.Contains(s, "://") || digits(s) >= 6
		prose = prose || strings.ContainsAny(s[len(s)-1:], ".,;!?:")
	}
	switch {
	case rows == 0:
		return at
	case kept, addressed && rows <= 2*fewSigned, rows <= fewSigned && !prose:
		return end
	}
	return at
}

func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// sentWith reports a line such as "Sent from my iPhone".
func (p *letter) sentWith(i int) bool {
	s := p.line(i)
	if len(s) > 4*maxSentWith || utf8.RuneCountInString(s) > maxSentWith {
		return false
	}
	lower := strings.ToLower(s)
	named, _ := firstRunes(lower, maxNamedAt)
	return saysSentWith(lower) && saysDevice(named)
}

// listFooter marks what mailing lists put below a mail: a long line and the list's address.
func (p *letter) listFooter(from, to int) {
	for i := from; i < to; i++ {
		s := p.line(i)
		if p.rows[i].kind != rowOwn || len(s) < 40 || strings.Trim(s, "_") != "" || p.next(to) < len(p.rows) {
			continue
		}
		if end := p.signed(i, to, false); end > i && end == p.lastOwn(i, to) {
			p.sign(i, end)
		}
		return
	}
}

// lastOwn returns the last row that is not blank from i on and before to.
func (p *letter) lastOwn(i, to int) int {
	for to--; to > i && p.rows[to].kind == rowBlank; to-- {
	}
	return to
}

// sigDashes tells of each line that is "--" but for white space whether it is the one of RFC 3676 section 4.3.
func sigDashes(s string) []bool {
	var list []bool
	for at := 0; ; {
		n := strings.Index(s[at:], "--")
		if n < 0 {
			return list
		}
		at += n
		end := len(s)
		if n := strings.IndexByte(s[at:], '\n'); n >= 0 {
			end = at + n
		}
		if (at == 0 || s[at-1] == '\n') && strings.TrimSpace(s[at:end]) == "--" {
			list = append(list, s[at:end] == "-- ")
		}
		at = end
	}
}
