package mailmime

import (
	"sort"
	"strconv"
	"strings"
)

// parseParams splits a field like Content-Type into its value, in lower case, and its parameters, names in lower case and
// values decoded. It takes what senders write: unquoted blanks, missing semicolons at line ends, continuations and charsets
// (RFC 2231), encoded words, raw 8-bit. The first of two parameters with one name counts.
func parseParams(s string) (value string, params []param) {
	s = unfold(s)
	value, rest := cutParam(s)
	value = strings.TrimSpace(stripComments(value))
	if i := strings.IndexAny(value, " \t"); i >= 0 { // the first semicolon is missing
		rest = value[i+1:] + ";" + rest
		value = value[:i]
	}
	value = strings.ToLower(value)
	var raw []param
	for rest != "" && len(raw) < maxParams {
		var one string
		one, rest = cutParam(rest)
		name, v, ok := strings.Cut(one, "=")
		name = strings.ToLower(strings.TrimSpace(stripComments(name)))
		if ok && name != "" {
			raw = append(raw, param{name, unquoteParam(v)})
		}
	}
	return value, joinContinuations(raw)
}

// maxParams is more than any field has: a long file name takes about twenty continuations.
const maxParams = 200

type param struct{ name, value string }

func lookupParam(params []param, name string) string {
	for _, p := range params {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// cutParam cuts at the first semicolon outside quotes.
func cutParam(s string) (one, rest string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case ';':
			if !quoted {
				return s[:i], s[i+1:]
			}
		}
	}
	if quoted { // a quote that never closes: take the semicolons as they stand
		one, rest, _ = strings.Cut(s, ";")
		return one, rest
	}
	return s, ""
}

func unquoteParam(s string) string {
	s = strings.TrimSpace(s)
	if !strings.HasPrefix(s, `"`) {
		return s // with its parentheses: "report (1).pdf" comes unquoted more often than a comment does
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		c := s[i]
		if c == '"' {
			break
		}
		// Windows paths come unescaped: a backslash counts only before what needs one.
		if c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
			c = s[i]
		}
		b.WriteByte(c)
	}
	return b.String()
}

// stripComments removes (comments) outside quotes; an unclosed one is kept as text.
func stripComments(s string) string {
	open := strings.IndexByte(s, '(')
	if open < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] == '(' {
			if end := commentEnd(s[i:]); end > 0 {
				i += end
				continue
			}
			b.WriteString(s[i:]) // no later one closes either
			break
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// commentEnd returns the length of the comment s starts with, 0 when it is not closed.
func commentEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// joinContinuations resolves name*0, name*1* and name* (RFC 2231 sections 3 and 4). An extended form wins over a plain one,
// which senders add for old readers.
func joinContinuations(raw []param) []param {
	pieces := map[string][]piece{}
	var out []param
	for _, p := range raw {
		base, tail, star := strings.Cut(p.name, "*")
		if !star {
			// RFC 2047 section 5 forbids encoded words here, and most senders write them in names. A boundary that looks
			// like one is taken as it stands, as others do.
			decode := DecodeHeader
			if p.name == "boundary" {
				decode = unfold
			}
			out = append(out, param{p.name, decode(p.value)})
			continue
		}
		digits, encoded := strings.CutSuffix(tail, "*")
		if digits == "" {
			encoded = true
		}
		n, err := strconv.Atoi(digits)
		if digits != "" && (err != nil || n < 0) {
			continue
		}
		pieces[base] = append(pieces[base], piece{n, encoded, p.value})
	}
	names := make([]string, 0, len(pieces))
	for name := range pieces {
		names = append(names, name)
	}
	sort.Strings(names)
	ext := make([]param, 0, len(names))
	for _, name := range names {
		ext = append(ext, param{name, joinPieces(pieces[name])})
	}
	return append(ext, out...)
}

type piece struct {
	n       int
	encoded bool
	value   string
}

func joinPieces(ps []piece) string {
	sort.SliceStable(ps, func(i, j int) bool { return ps[i].n < ps[j].n })
	charset, any := "", false
	var b []byte
	for i, p := range ps {
		if i > 0 && p.n == ps[i-1].n {
			continue
		}
		v := p.value
		if !p.encoded {
			b = append(b, v...)
			continue
		}
		if i == 0 {
			if cs, rest, ok := strings.Cut(v, "'"); ok {
				if _, text, ok := strings.Cut(rest, "'"); ok {
					charset, v, any = cs, text, true
				}
			}
		}
		b = append(b, unpercent(v)...)
	}
	if !any && strings.Contains(string(b), "=?") {
		return DecodeHeader(string(b))
	}
	return decodeCharset(b, charset)
}

func unpercent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}
