package mailtext

import (
	"regexp"
	"strings"
)

// maxAttrTests bounds the attribute selectors of a page: each is tried on every element with such an attribute.
const maxAttrTests = 64

// namedByAttribute is the long form of ".class" and "#id".
var namedByAttribute = regexp.MustCompile(`\[\s*(class|id)\s*~?=\s*["']?([\w-]+)["']?\s*\]`)

// parseSelector reads compounds of tags, classes and ids, joined by blanks or ">".
func (s *sheet) parseSelector(selector string) (key string, r rule, ok bool) {
	selector = strings.ToLower(plainSelector(selector))
	if strings.Contains(selector, "[") {
		selector = namedByAttribute.ReplaceAllStringFunc(selector, func(s string) string {
			m := namedByAttribute.FindStringSubmatch(s)
			if m[1] == "id" {
				return "#" + m[2]
			}
			return "." + m[2]
		})
	}
	compounds := splitSelector(selector, "> \t\r\n\f")
	for len(compounds) > 1 && (compounds[0] == "html" || compounds[0] == "body" || compounds[0] == ":root") {
		compounds = compounds[1:] // every page has them, written or not
	}
	if len(compounds) == 0 || len(compounds) > maxRulesPerKey {
		return "", rule{}, false
	}
	r.w = weightTag // even "*" outweighs an attribute
	for i, compound := range compounds {
		names, w, ok := s.parseCompound(compound)
		if !ok {
			return "", rule{}, false
		}
		r.w = min(r.w+w, weightMost)
		if i < len(compounds)-1 {
			for _, name := range names {
				if name[0] == '!' {
					return "", rule{}, false
				}
			}
			r.above = append(r.above, names...)
			continue
		}
		last := len(names) - 1
		for last > 0 && names[last][0] == '!' {
			last--
		}
		if names[last][0] == '!' {
			names, last = append(names, "*"), len(names)
		}
		key = names[last]
		r.also = append(names[:last:last], names[last+1:]...)
	}
	return key, r, true
}

// parseCompound splits "td.a.b#c" into its names, the most telling last.
func (s *sheet) parseCompound(rest string) (names []string, w weight, ok bool) {
	if rest == "*" {
		return []string{"*"}, 0, true
	}
	for rest != "" {
		if not, found := strings.CutPrefix(rest, ":not"); found && strings.HasPrefix(not, "(") {
			inner, after, ok := bracketed(not, ')')
			other, weight, simple := s.parseCompound(strings.TrimSpace(inner))
			if !ok || !simple || len(other) != 1 || other[0][0] == '!' || other[0] == "*" {
				return nil, 0, false
			}
			names, w, rest = append(names, "!"+other[0]), min(w+weight, weightMost), after
			continue
		}
		if inner, after, ok := eitherOf(rest); ok {
			same, weight, simple := s.parseCompound(strings.TrimSpace(inner))
			if !simple {
				return nil, 0, false
			}
			names, w, rest = append(names, same...), min(w+weight, weightMost), after
			continue
		}
		if rest[0] == '[' {
			inner, after, closed := bracketed(rest, ']')
			attr, test, ok := parseAttrTest(inner)
			if !closed || !ok || !s.wants(attr, test) {
				return nil, 0, false
			}
			names, w, rest = append(names, test.name), min(w+weightClass, weightMost), after
			continue
		}
		end := strings.IndexAny(rest[1:], ".#[:") + 1
		if end == 0 {
			end = len(rest)
		}
		name := rest[:end]
		rest = rest[end:]
		switch {
		case strings.ContainsAny(name, "*:[]()+~\"'\\=@&!") || name == "." || name == "#":
			return nil, 0, false
		case name[0] == '#':
			w = min(w+weightID, weightMost)
		case name[0] == '.':
			w = min(w+weightClass, weightMost)
		default:
			w = min(w+weightTag, weightMost)
		}
		if name[0] == '.' || name[0] == '#' {
			name = withSigns(name)
		}
		names = append(names, name)
	}
	return names, w, len(names) > 0
}

// eitherOf cuts ":is(...)" or ":where(...)" off; of several selectors in it the compound as a whole is not understood.
func eitherOf(s string) (inner, rest string, ok bool) {
	for _, begin := range []string{":is", ":where", ":-webkit-any", ":-moz-any"} {
		if args, found := strings.CutPrefix(s, begin); found && strings.HasPrefix(args, "(") {
			return bracketed(args, ')')
		}
	}
	return "", "", false
}

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
