package mailmime

import (
	"encoding/base64"
	"strings"
)

// DecodeHeader decodes a header value for reading: unfolds it, decodes encoded words (RFC 2047) of any charset, also where
// senders misuse them (inside quotes, with blanks, split in the middle of a character), and reads raw 8-bit text as UTF-8,
// else windows-1252. The result is valid UTF-8 and may hold any control character a stranger put in.
func DecodeHeader(s string) string {
	s = unfold(s)
	if !strings.Contains(s, "=?") {
		return decodeText(s)
	}
	var out strings.Builder
	var run encodedRun
	for s != "" {
		start := strings.Index(s, "=?")
		if start < 0 {
			break
		}
		word, rest, ok := cutEncodedWord(s[start:])
		if !ok {
			run.flush(&out)
			out.WriteString(decodeText(s[:start+2]))
			s = s[start+2:]
			continue
		}
		// RFC 2047 section 6.2: blanks between two encoded words are not shown.
		if gap := s[:start]; !run.open || strings.Trim(gap, " \t") != "" {
			run.flush(&out)
			out.WriteString(decodeText(gap))
		}
		run.add(word, &out)
		s = rest
	}
	run.flush(&out)
	out.WriteString(decodeText(s))
	return out.String()
}

// encodedRun joins the bytes of neighbouring encoded words before decoding, since senders split multi-byte characters.
type encodedRun struct {
	open    bool
	charset string
	bytes   []byte
}

func (r *encodedRun) add(w encodedWord, out *strings.Builder) {
	if r.open && r.charset != w.charset {
		r.flush(out)
	}
	r.open, r.charset = true, w.charset
	r.bytes = append(r.bytes, w.bytes...)
}

func (r *encodedRun) flush(out *strings.Builder) {
	if r.open {
		out.WriteString(decodeCharset(r.bytes, r.charset))
	}
	r.open, r.bytes = false, r.bytes[:0]
}

type encodedWord struct {
	charset string
	bytes   []byte
}

// maxEncodedWord bounds the search for a word's end. RFC 2047 section 2 allows 75 characters, careless senders put a whole
// subject into one word; without a bound a header of unfinished words costs quadratic time.
const maxEncodedWord = 8 << 10

// cutEncodedWord takes one encoded word from the start of s, which begins with "=?".
func cutEncodedWord(s string) (w encodedWord, rest string, ok bool) {
	window := s[:min(len(s), maxEncodedWord)]
	charset, _, ok := strings.Cut(window[2:min(len(window), 80)], "?")
	if !ok || charset == "" || strings.ContainsAny(charset, " \t=\"<>,") {
		return w, "", false
	}
	tail := window[2+len(charset)+1:]
	if len(tail) < 2 || tail[1] != '?' {
		return w, "", false
	}
	text, _, ok := strings.Cut(tail[2:], "?=")
	if !ok {
		return w, "", false
	}
	switch tail[0] {
	case 'b', 'B':
		w.bytes = decodeBase64Word(text)
	case 'q', 'Q':
		w.bytes = decodeQWord(text)
	default:
		return w, "", false
	}
	w.charset = normCharset(charset)
	return w, s[2+len(charset)+3+len(text)+2:], true
}

// decodeBase64Word skips what is not base64 and decodes each padded piece by itself: some senders join words that way.
func decodeBase64Word(s string) []byte {
	var out []byte
	for piece := range strings.SplitSeq(s, "=") {
		clean := make([]byte, 0, len(piece))
		for i := range len(piece) {
			if base64Digit(piece[i]) {
				clean = append(clean, piece[i])
			}
		}
		if len(clean)%4 == 1 { // six bits are not a byte
			clean = clean[:len(clean)-1]
		}
		out, _ = base64.RawStdEncoding.AppendDecode(out, clean)
	}
	return out
}

func decodeQWord(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

// unfold removes line breaks (RFC 5322 section 2.2.3); what follows them starts with a blank or is joined with one.
func unfold(s string) string {
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\r' && s[i] != '\n' {
			b.WriteByte(s[i])
			continue
		}
		for i+1 < len(s) && (s[i+1] == '\r' || s[i+1] == '\n') {
			i++
		}
		if i+1 < len(s) && s[i+1] != ' ' && s[i+1] != '\t' {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}
