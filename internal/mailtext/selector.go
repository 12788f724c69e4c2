package mailtext

import "strings"

// maxAttrTests bounds the attribute selectors of a page: each is tried on every element with such an attribute.
const maxAttrTests = 64

// attrTest is an attribute selector (CSS Selectors 4 section 6) with what it is called among an element's names.
type attrTest struct {
	op    byte // '=', or the sign before it, or 0 for any value
	value string
	name  string
}

// holds compares without regard to case, as senders' programs do not keep it.
func (t *attrTest) holds(val []byte) bool {
	if t.op == 0 {
		return true
	}
	s := strings.ToLower(string(val[:min(len(val), maxStyle)]))
	switch t.op {
	case '=':
		return s == t.value
	case '^':
		return t.value != "" && strings.HasPrefix(s, t.value)
	case '$':
		return t.value != "" && strings.HasSuffix(s, t.value)
	case '*':
		return t.value != "" && strings.Contains(s, t.value)
	case '~':
		return hasWord(s, t.value)
	case '|':
		return s == t.value || strings.HasPrefix(s, t.value+"-")
	}
	return false
}

// parseAttrTest reads the inside of the brackets and returns the attribute's name.
func parseAttrTest(s string) (attr string, t attrTest, ok bool) {
	t.name = "[" + s + "]"
	attr, value, tested := strings.Cut(s, "=")
	if !tested {
		attr = strings.TrimSpace(attr)
		return attr, t, attr != "" && !strings.ContainsAny(attr, "\"'|*~^$ ")
	}
	t.op = '='
	attr = strings.TrimSpace(attr)
	if n := len(attr); n > 0 && strings.IndexByte("~|^$*", attr[n-1]) >= 0 {
		t.op, attr = attr[n-1], strings.TrimSpace(attr[:n-1])
	}
	value = strings.TrimSpace(value)
	if n := len(value); n > 1 && (value[n-1] == 'i' || value[n-1] == 's') && strings.IndexByte("\"' ", value[n-2]) >= 0 {
		value = strings.TrimSpace(value[:n-1])
	}
	t.value = strings.Trim(value, `"'`)
	return attr, t, attr != "" && !strings.ContainsAny(attr, "\"' ")
}

// splitSelector splits at those of the characters that stand outside of brackets and strings, and drops empty parts.
func splitSelector(s, at string) []string {
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\'':
			i += stringCSS(s[i:]) - 1
		case c == '[' || c == '(':
			depth++
		case c == ']' || c == ')':
			depth = max(depth-1, 0)
		case depth == 0 && strings.IndexByte(at, c) >= 0:
			if i > start {
				parts = append(parts, s[start:i])
			}
			start = i + 1
		}
	}
	if start < len(s) {
		parts = append(parts, s[start:])
	}
	return parts
}

// bracketed cuts the part in brackets that s begins with.
func bracketed(s string, shut byte) (inner, rest string, ok bool) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"', '\'':
			i += stringCSS(s[i:]) - 1
		case shut:
			return s[1:i], s[i+1:], true
		case '[', '(':
			return "", "", false
		}
	}
	return "", "", false
}

// wants has the attribute tested on elements from now on.
func (s *sheet) wants(attr string, t attrTest) bool {
	if s.tests >= maxAttrTests {
		return false
	}
	if s.wanted == nil {
		s.wanted = map[string][]attrTest{}
	}
	for _, have := range s.wanted[attr] {
		if have.name == t.name {
			return true
		}
	}
	s.tests++
	s.wanted[attr] = append(s.wanted[attr], t)
	return true
}
