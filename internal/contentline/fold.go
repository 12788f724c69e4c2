package contentline

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// input bounds the text and brings UTF-16 to UTF-8.
func input(text string) (string, bool) {
	cut := len(text) > MaxInput
	if cut {
		text = text[:MaxInput]
	}
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		decoder := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		if decoded, err := decoder.String(text); err == nil {
			text = decoded
		}
	}
	return strings.TrimPrefix(text, "\ufeff"), cut
}

// physical gives lines ended by CRLF, LF or CR.
type physical struct{ rest string }

func (p *physical) next() (line string, ok bool) {
	if p.rest == "" {
		return "", false
	}
	i := strings.IndexAny(p.rest, "\r\n")
	if i < 0 {
		line, p.rest = p.rest, ""
		return line, true
	}
	line = p.rest[:i]
	if strings.HasPrefix(p.rest[i:], "\r\n") {
		i++
	}
	p.rest = p.rest[i+1:]
	return line, true
}

// continued takes the next line if it goes on with the one before (RFC 5545 section 3.1: it starts with white space),
// past blank lines, which some writers put between.
func (p *physical) continued() (more string, ok bool) {
	rest := strings.TrimLeft(p.rest, "\r\n")
	if rest == "" || rest[0] != ' ' && rest[0] != '\t' {
		return "", false
	}
	p.rest = rest[1:]
	more, _ = p.next()
	return more, true
}

// unfold returns the next line that is not blank, with its continuations.
func (p *physical) unfold() (line string, cut, ok bool) {
	for line == "" {
		if line, ok = p.next(); !ok {
			return "", false, false
		}
		if strings.TrimSpace(line) == "" {
			line = ""
		}
	}
	soft := softBreaks(line)
	var b []byte // line, once it has been continued
	last := line
	for {
		var more string
		fold := true
		if soft && strings.HasSuffix(last, "=") {
			// A soft line break of quoted-printable, as vCard 2.1 folds such values (RFC 2045 section 6.7).
			more, ok = p.next()
			fold = false
		} else {
			more, ok = p.continued()
		}
		if !ok {
			break
		}
		if b == nil {
			b = []byte(line)
		}
		if !fold {
			b = b[:len(b)-1]
		}
		last = more
		if len(b)+len(more) > MaxLine {
			cut, soft = true, false
			continue
		}
		if fold {
			b, more = mend(b, more)
		}
		b = append(b, more...)
	}
	if b != nil {
		line = string(b)
	}
	if len(line) > MaxLine {
		line, cut = line[:MaxLine], true
	}
	return line, cut, true
}

// softBreaks reports whether the line's parameters name quoted-printable.
func softBreaks(line string) bool {
	if strings.IndexByte(line, '=') < 0 && strings.IndexByte(line, ';') < 0 {
		return false
	}
	if len(line) > 256 {
		line = line[:256]
	}
	head, _, _ := strings.Cut(line, ":")
	return strings.Contains(strings.ToUpper(head), "QUOTED-PRINTABLE")
}

// mend repairs a character whose bytes a fold tore apart and that was then read, half by half, as windows-1252 because
// no half is UTF-8 (folds count bytes, RFC 5545 section 3.1). Untouched bytes mend by themselves.
func mend(left []byte, right string) ([]byte, string) {
	if len(left) == 0 || right == "" || left[len(left)-1] < utf8.RuneSelf || right[0] < utf8.RuneSelf {
		return left, right
	}
	var tail, head []byte
	tailEnds, headEnds := []int{len(left)}, []int{0} // offsets before and after each character looked at
	for at := len(left); len(tail) < utf8.UTFMax-1; {
		r, size := utf8.DecodeLastRune(left[:at])
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok || c < utf8.RuneSelf {
			break
		}
		at -= size
		tail, tailEnds = append([]byte{c}, tail...), append(tailEnds, at)
	}
	for at := 0; len(head) < utf8.UTFMax-1; {
		r, size := utf8.DecodeRuneInString(right[at:])
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok || c < utf8.RuneSelf {
			break
		}
		at += size
		head, headEnds = append(head, c), append(headEnds, at)
	}
	for i := 1; i <= len(tail); i++ {
		torn := append(append([]byte(nil), tail[len(tail)-i:]...), head...)
		if r, size := utf8.DecodeRune(torn); r != utf8.RuneError && size > i {
			return append(left[:tailEnds[i]], torn[:size]...), right[headEnds[size-i]:]
		}
	}
	return left, right
}

// validate reads the bytes that are no UTF-8 as windows-1252, which unlabelled Western text mostly is.
func validate(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			r = charmap.Windows1252.DecodeByte(s[i])
		}
		b.WriteRune(r)
		i += size
	}
	return b.String()
}
