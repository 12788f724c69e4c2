package mailmime

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

const (
	foldAt = 76 // RFC 2047 section 2: a line with an encoded word has at most 76 characters
	// maxWord is the longest unbroken word written as it is; lines may have 998 characters (RFC 5322 section 2.1.1).
	maxWord = 500
)

// fieldWriter writes one header field, folded between tokens.
type fieldWriter struct {
	sb  strings.Builder
	col int
}

func newField(name string) *fieldWriter {
	w := &fieldWriter{}
	w.sb.WriteString(name + ":")
	w.col = len(name) + 1
	return w
}

// token writes a blank and s, on a new line when the current one is full.
func (w *fieldWriter) token(s string) {
	if w.col+1+len(s) > foldAt {
		w.sb.WriteString("\r\n")
		w.col = 0
	}
	w.sb.WriteString(" " + s)
	w.col += 1 + len(s)
}

func (w *fieldWriter) String() string { return w.sb.String() }

// unstructured writes text so that unfolding gives it back to the last blank.
func (w *fieldWriter) unstructured(s string) {
	if s == "" {
		w.sb.WriteString(" ")
		return
	}
	if needsEncoding(s) {
		for _, word := range encodeWords(s, foldAt-w.col-1) {
			w.token(word)
		}
		return
	}
	for word := range strings.SplitSeq(s, " ") {
		w.token(word)
	}
}

// needsEncoding tells whether text must be written as encoded words to survive.
func needsEncoding(s string) bool {
	if s != strings.TrimSpace(s) || strings.Contains(s, "=?") || strings.Contains(s, "  ") {
		return true
	}
	word := 0
	for i := range len(s) {
		word++
		if s[i] == ' ' {
			word = 0
		}
		if s[i] >= utf8.RuneSelf || word > maxWord {
			return true
		}
	}
	return false
}

// address writes one mailbox, with a comma when more follow.
func (w *fieldWriter) address(a Address, comma string) {
	name := a.Name
	quoted := quoteString(name)
	switch {
	case name == "":
		w.token(a.Mailbox + comma)
		return
	case needsEncoding(name), len(quoted) > maxWord:
		for _, word := range encodeWords(name, foldAt-w.col-1) {
			w.token(word)
		}
	case plainPhrase(name):
		for word := range strings.SplitSeq(name, " ") {
			w.token(word)
		}
	default:
		w.token(quoted)
	}
	w.token("<" + a.Mailbox + ">" + comma)
}

const wordOverhead = len("=?utf-8?q??=")

// encodeWords writes s as encoded words (RFC 2047) of at most 75 characters, the first of at most first where that leaves room.
// No character is split.
func encodeWords(s string, first int) []string {
	q := qCost(s) <= base64.StdEncoding.EncodedLen(len(s))
	var out []string
	room := min(first, foldAt-1)
	if room < wordOverhead+12 { // the longest character in Q has twelve
		room = foldAt - 1
	}
	for s != "" {
		n := 0
		for n < len(s) {
			_, size := utf8.DecodeRuneInString(s[n:])
			if wordLen(s[:n+size], q) > room && n > 0 {
				break
			}
			n += size
		}
		out = append(out, encodeWord(s[:n], q))
		s, room = s[n:], foldAt-1
	}
	return out
}

func wordLen(s string, q bool) int {
	if q {
		return wordOverhead + qCost(s)
	}
	return wordOverhead + base64.StdEncoding.EncodedLen(len(s))
}

func encodeWord(s string, q bool) string {
	if !q {
		return "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="
	}
	var b strings.Builder
	b.WriteString("=?utf-8?q?")
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('_')
		case qSafe(c):
			b.WriteByte(c)
		default:
			b.WriteByte('=')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String() + "?="
}

const hexDigits = "0123456789ABCDEF"

// qSafe are the characters allowed in a word that may stand in a display name (RFC 2047 section 5).
func qSafe(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!*+-/", c) >= 0
}

func qCost(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] == ' ' || qSafe(s[i]) {
			n++
		} else {
			n += 3
		}
	}
	return n
}

// fileName writes a file name parameter: plain where it is ASCII, else by RFC 2231 with an ASCII stand-in before it for
// readers that do not know that.
func (w *fieldWriter) fileName(name string) {
	ascii := strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '_'
		}
		return r
	}, name)
	w.sb.WriteString(";")
	w.col++
	w.token("filename=" + quoteString(ascii))
	if ascii == name {
		return
	}
	pieces := percentPieces(name)
	for i, piece := range pieces {
		key := "filename*"
		if len(pieces) > 1 {
			key += string(appendInt(nil, i)) + "*"
		}
		if i == 0 {
			piece = "utf-8''" + piece
		}
		w.sb.WriteString(";")
		w.col++
		w.token(key + "=" + piece)
	}
}

func appendInt(b []byte, n int) []byte {
	if n >= 10 {
		b = appendInt(b, n/10)
	}
	return append(b, byte('0'+n%10))
}

// percentPieces encodes a name in pieces short enough for one line each (RFC 2231 section 3).
func percentPieces(s string) []string {
	const room = 50
	var out []string
	var b strings.Builder
	for _, r := range s {
		var one strings.Builder
		for _, c := range []byte(string(r)) {
			if c < utf8.RuneSelf && c != '*' && c != '\'' && c != '%' && atext(c) { // attribute-char, RFC 2231 section 7
				one.WriteByte(c)
			} else {
				one.WriteString("%" + hexDigits[c>>4:c>>4+1] + hexDigits[c&15:c&15+1])
			}
		}
		if b.Len() > 0 && b.Len()+one.Len() > room {
			out = append(out, b.String())
			b.Reset()
		}
		b.WriteString(one.String())
	}
	return append(out, b.String())
}
