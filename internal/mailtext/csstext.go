package mailtext

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// cutBlock splits at the end of the block that css begins in.
func cutBlock(css string) (body, rest string) {
	depth := 1
	for i := 0; i < len(css); i++ {
		at := indexCSS(css[i:], "{}")
		if at < 0 {
			break
		}
		i += at
		if css[i] == '{' {
			depth++
		} else if depth--; depth == 0 {
			return css[:i], css[i+1:]
		}
	}
	return css, ""
}

// indexCSS finds the first of some characters outside strings.
func indexCSS(s, chars string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"' || s[i] == '\'':
			i += stringCSS(s[i:]) - 1
		case strings.IndexByte(chars, s[i]) >= 0:
			return i
		}
	}
	return -1
}

// stringCSS is the length of the string that s begins with; without its quote it ends with the line (CSS Syntax 3 section 4.3.5).
func stringCSS(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		case '\n':
			return i
		}
	}
	return len(s)
}

// plainCSS removes comments and resolves escapes (CSS Syntax 3 section 4.3.7), which else would hide a "none".
func plainCSS(s string) string {
	return unescapeCSS(s, func(r rune) rune { return r })
}

// setAside is where the signs of ASCII stand that are escaped in a selector: parts of a name, as in ".sm\:hidden".
const setAside = 0xE000

// plainSelector is plainCSS for selectors; withSigns gives the names in them their signs back.
func plainSelector(s string) string {
	return unescapeCSS(s, func(r rune) rune {
		if r >= utf8.RuneSelf || isAlpha(byte(r)) || isDigit(byte(r)) || r == '-' || r == '_' {
			return r
		}
		return setAside + r
	})
}

func withSigns(name string) string {
	if isASCII(name) {
		return name
	}
	return strings.Map(func(r rune) rune {
		if r >= setAside && r < setAside+utf8.RuneSelf {
			return r - setAside
		}
		return r
	}, name)
}

// unescapeCSS removes comments and writes what made of the characters that are escaped.
func unescapeCSS(s string, made func(rune) rune) string {
	s = stripComments(s)
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		hex := i + 1
		for hex < len(s) && hex < i+7 && isHex(s[hex]) {
			hex++
		}
		n, err := strconv.ParseUint(s[i+1:hex], 16, 32)
		if err != nil { // an escaped character stands for itself
			r, size := utf8.DecodeRuneInString(s[i+1:])
			if size > 0 {
				b.WriteRune(made(r))
			}
			i += size
			continue
		}
		b.WriteRune(made(rune(n)))
		i = hex - 1
		if hex < len(s) && (s[hex] == ' ' || s[hex] == '\t' || s[hex] == '\n') {
			i = hex
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// stripComments removes comments; what looks like one in a string or in url() is none.
func stripComments(s string) string {
	if !strings.Contains(s, "/*") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		n := 1
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				return b.String()
			}
			i += end + 4
			continue
		case s[i] == '"' || s[i] == '\'':
			n = min(stringCSS(s[i:]), len(s)-i)
		case s[i] == '(' && i >= 3 && strings.EqualFold(s[i-3:i], "url"):
			if n = strings.IndexAny(s[i:], ")\"'"); n < 0 {
				n = len(s) - i
			}
		}
		b.WriteString(s[i : i+n])
		i += n
	}
	return b.String()
}
