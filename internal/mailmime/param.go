package mailmime

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// parseParams splits a field like Content-Type into its value, in lower case, and its parameters, names in lower case and
// values decoded. It takes what senders write: unquoted blanks, missing semicolons at line ends, continuations and charsets
// (RFC 2231), encoded words, raw 8-bit. The first of two parameters with one name counts.
func parseParams(s string) (value string, params []param) {
	s = unfold(s)
	value, rest := cutParam(s)
	value = strings.TrimSpace(stripComments(value))
	if main, sub, ok := strings.Cut(value, "/"); ok && !strings.Contains(main, "=") { // "text / html"
		value = strings.TrimRight(main, " \t") + "/" + strings.TrimLeft(sub, " \t")
	}
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

// ambiguous tells whether a parameter has two values.
func ambiguous(params []param, name string) bool {
	value := lookupParam(params, name)
	return slices.ContainsFunc(params, func(p param) bool { return p.name == name && p.value != value })
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
		// "report (1).pdf" comes unquoted more often than a comment does: only what stands behind a whole name is one.
		if open := strings.LastIndexByte(s, '('); open > 0 && strings.HasSuffix(s, ")") {
			if name := strings.TrimRight(s[:open], " \t"); len(name) < open && strings.IndexByte(name, '.') > 0 && !strings.ContainsAny(name, " \t(") {
				return name
			}
		}
		return s
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
			value := p.value
			switch p.name {
			case "boundary":
				value = unfold(value)
			case "filename", "name":
				value = DecodeHeader(unstarred(value))
			default:
				value = DecodeHeader(value)
			}
			out = append(out, param{p.name, value})
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
	charset, labelled := "", false
	encoded := slices.ContainsFunc(ps, func(p piece) bool { return p.encoded })
	var b []byte
	for i, p := range ps {
		if i > 0 && p.n == ps[i-1].n {
			continue
		}
		v := p.value
		if i == 0 && (p.encoded || !encoded && misplaced(v)) {
			charset, v, labelled = cutLabel(v)
		}
		if p.encoded || !encoded && labelled { // no piece has its star
			b = append(b, unpercent(v)...)
		} else {
			b = append(b, v...)
		}
	}
	if !labelled && strings.Contains(string(b), "=?") {
		return DecodeHeader(string(b))
	}
	return decodeCharset(b, charset)
}

// cutLabel takes charset'language' from the start of an extended value (RFC 2231 section 4), also with the quotes missing
// that some leave out.
func cutLabel(v string) (charset, text string, ok bool) {
	charset, rest, quoted := strings.Cut(v, "'")
	if !quoted {
		if rest, ok := strings.CutPrefix(v, "utf-8%"); ok {
			return "utf-8", "%" + rest, true
		}
		return "", v, false
	}
	if _, text, ok := strings.Cut(rest, "'"); ok {
		return charset, text, true
	}
	if _, known := lookupCharset(charset); known && charset != "" {
		return charset, rest, true
	}
	return "", v, false
}

// misplaced tells whether v is an extended value, for a parameter whose name does not say so.
func misplaced(v string) bool {
	charset, rest, _ := strings.Cut(v, "'")
	_, text, ok := strings.Cut(rest, "'")
	_, known := lookupCharset(charset)
	return ok && known && charset != "" && string(unpercent(text)) != text
}

// unstarred reads a plain file name that is an extended value, or percent-encoded UTF-8 as in a URL.
func unstarred(v string) string {
	if !strings.Contains(v, "%") {
		return v
	}
	if misplaced(v) {
		charset, text, _ := cutLabel(v)
		return decodeCharset(unpercent(text), charset)
	}
	if plain := unpercent(v); surelyUTF8(plain, 1) && utf8.Valid(plain) && !strings.ContainsFunc(v, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return string(plain)
	}
	return v
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
