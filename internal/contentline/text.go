package contentline

import "strings"

// Unescape resolves the escapes of text values (RFC 5545 section 3.3.11, RFC 6350 section 3.4), and \: and \" of
// careless writers. A backslash before anything else stays: it is a path.
func Unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'n', 'N':
			b.WriteByte('\n')
		case '\\', ',', ';', ':', '"':
			b.WriteByte(c)
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Split divides a value at each sep that is not escaped, and resolves the escapes of the parts: at most limit parts, of
// which the last has the rest.
func Split(s string, sep byte, limit int) []string {
	var parts []string
	start := 0
	for i := 0; i < len(s) && len(parts)+1 < limit; i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			parts = append(parts, Unescape(s[start:i]))
			start = i + 1
		}
	}
	return append(parts, Unescape(s[start:]))
}
