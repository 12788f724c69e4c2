package mailtext

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxRulesPerKey bounds the rules with further conditions that are tried on one element for one of its names.
	maxRulesPerKey = 64
	// maxRules and maxSheet bound what all style blocks of a page hold, in selectors and bytes; of honest ones the longest have
	// a few thousand in 200 KB.
	maxRules = 8192
	maxSheet = 512 << 10
	// maxClass bounds the classes of an element, in bytes, and maxElementNames those that rules speak of.
	maxClass        = 32 << 10
	maxElementNames = 256
	// weights of one selector part, so that an id outweighs any believable number of classes (CSS Selectors 4 section 17).
	weightTag   weight = 2
	weightClass weight = 1 << 5
	weightID    weight = 1 << 9
	weightMost  weight = weightInline - 2
)

// sheet holds the rules of the style blocks that can hide text: selectors of tags, classes, ids and attributes, alone,
// compounded, negated, or below others. Siblings and other pseudo-classes are not understood and their rules are left out.
type sheet struct {
	rules map[string][]rule // by the most telling name of the selector: "#id", ".class", "tag" or "*"
	above map[string]int    // how many open elements have a name that some rule wants above its element
	known map[string]string // every name in a selector
	// partial says that rules were left out: what they say of colours is not known.
	partial bool
	// cut says that a bound was reached: what the other rules hide is not known.
	cut   bool
	count int // of selectors
	// inside counts the rules inside others.
	inside int
	key    []byte // the name that is looked for
	// wanted are the attribute selectors by attribute; tests counts them.
	wanted map[string][]attrTest
	tests  int
	size   int // of the blocks in bytes
	// unread counts selectors of rules that hide and are not understood.
	unread int
	// generated counts the passages that rules put before and behind elements. Few mail programs show them, so they are
	// no part of the text.
	generated int
}

// minGenerated is how many letters make a passage: signs and single words decorate.
const minGenerated = 20

// generated counts a rule's content of some length (CSS Content 3 section 2).
func generated(body string) int {
	n := 0
	for body != "" {
		var one string
		one, body = cutDeclaration(body)
		if name, value, ok := strings.Cut(one, ":"); ok && strings.EqualFold(strings.TrimSpace(name), "content") && letters(value) >= minGenerated {
			n = 1
		}
	}
	return n
}

type rule struct {
	also  []string // further names the element needs
	above []string // names that need an open ancestor
	says  decls
	w     weight
}

// parse adds the rules of one style block and reports whether any was added.
func (s *sheet) parse(css string) bool {
	if room := maxSheet - s.size; len(css) > room {
		css, s.cut, s.partial = css[:room], true, true
	}
	s.size += len(css)
	css = stripComments(css)
	added := false
	for css != "" {
		open := indexCSS(css, "{")
		if open < 0 {
			break
		}
		// A page's comment marks mean nothing here (CSS Syntax 3 section 5.4.1).
		head := strings.ReplaceAll(strings.ReplaceAll(css[:open], "<!--", " "), "-->", " ")
		head = strings.Trim(head, " \t\r\n\f}")
		if semi := strings.LastIndexByte(head, ';'); semi >= 0 {
			head = strings.TrimSpace(head[semi+1:]) // @import and its like end there
		}
		css = css[open+1:]
		if strings.HasPrefix(head, "@") {
			if !always(head) {
				s.partial = true
				_, css = cutBlock(css)
			}
			continue
		}
		var body string
		body, css = cutBlock(css)
		added = s.addRule(head, body, 0) || added
		if strings.Contains(head, ":before") || strings.Contains(head, ":after") {
			s.generated += generated(body)
		}
	}
	return added
}

// always reports a rule around others that holds on every screen.
func always(head string) bool {
	head = strings.Join(strings.Fields(strings.ToLower(head)), " ")
	if strings.HasPrefix(head, "@layer") {
		return true
	}
	queries, ok := strings.CutPrefix(head, "@media")
	if !ok {
		return false
	}
	for query := range strings.SplitSeq(queries, ",") {
		if everyScreen(strings.TrimSpace(query)) {
			return true
		}
	}
	return false
}

// smallScreen is the width in pixels that every screen has.
const smallScreen = 300

// hugeScreen is a width in pixels that no screen has.
const hugeScreen = 8000

// everyScreen reports a media query without conditions, or with lower bounds that every screen meets.
func everyScreen(query string) bool {
	for i, part := range strings.Split(query, " and ") {
		switch part = strings.TrimSpace(part); part {
		case "":
			if query != "" {
				return false
			}
			continue
		case "all", "screen", "only all", "only screen", "not print", "not speech":
			if i > 0 {
				return false
			}
			continue
		}
		name, value, _ := strings.Cut(strings.Trim(part, "()"), ":")
		px, ok := pixels(strings.TrimSpace(value))
		switch strings.TrimSpace(name) {
		case "min-width", "min-height", "min-device-width", "min-device-height", "max-width", "max-height", "max-device-width", "max-device-height":
		default:
			ok = false
		}
		if upper := strings.HasPrefix(strings.TrimSpace(name), "max-"); ok && upper && px >= hugeScreen && part[0] == '(' {
			continue
		} else if !ok || upper || px > smallScreen || part[0] != '(' {
			return false
		}
	}
	return true
}

func (s *sheet) add(selectors string, says *decls) bool {
	added := false
	for _, selector := range splitSelector(selectors, ",") {
		key, r, ok := s.parseSelector(selector)
		if !ok {
			if s.partial = true; says.look().hidden() && !passing(selector) {
				s.unread++
			}
			continue
		}
		r.says = *says
		added = s.put(key, r) || added
	}
	return added
}

// passing reports a selector of what an element is only now and then, or of what is no element.
func passing(selector string) bool {
	selector = strings.ToLower(selector)
	for _, state := range []string{":hover", ":focus", ":active", ":visited", ":link", ":target", ":checked", ":before", ":after", "::"} {
		if strings.Contains(selector, state) {
			return true
		}
	}
	return false
}

func (s *sheet) put(key string, r rule) bool {
	if s.rules == nil {
		s.rules, s.above, s.known = map[string][]rule{}, map[string]int{}, map[string]string{}
	}
	if s.count++; s.count > maxRules {
		s.cut, s.partial = true, true
		return false
	}
	have := s.rules[key]
	s.know(key)
	s.know(r.also...)
	s.know(r.above...)
	if len(r.also) == 0 && len(r.above) == 0 {
		// Plain selectors of one key weigh the same: one rule holds them all.
		if len(have) > 0 && len(have[0].also) == 0 && len(have[0].above) == 0 {
			have[0].says.merge(&r.says, 0)
			return true
		}
		s.rules[key] = append([]rule{r}, have...)
		return true
	}
	if len(have) >= maxRulesPerKey {
		s.cut, s.partial = true, true
		return false
	}
	for _, name := range r.above {
		s.above[name] = 0
	}
	s.rules[key] = append(have, r)
	return true
}

func (s *sheet) know(names ...string) {
	for _, n := range names {
		n = strings.TrimPrefix(n, "!")
		s.known[n] = n
	}
}

// names lists the names of an element that occur in selectors.
func (s *sheet) names(dst []string, tag, class, id string) []string {
	if len(s.rules) == 0 {
		return dst
	}
	if n, ok := s.known[tag]; ok {
		dst = append(dst, n)
	}
	if len(class) > maxClass {
		class, s.cut = class[:maxClass], true
	}
	for c := range strings.FieldsSeq(class) {
		dst = s.noteName(dst, '.', c)
	}
	if id != "" && len(id) <= maxClass {
		dst = s.noteName(dst, '#', id)
	}
	return dst
}

// noteName adds a class or id to the names of an element if rules speak of it.
func (s *sheet) noteName(dst []string, mark byte, name string) []string {
	s.key = append(s.key[:0], mark)
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			s.key = append(s.key[:1], strings.ToLower(name)...)
			break
		}
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		s.key = append(s.key, c)
	}
	n, ok := s.known[string(s.key)]
	if !ok || slices.Contains(dst, n) {
		return dst
	}
	if len(dst) >= maxElementNames {
		s.cut = true
		return dst
	}
	return append(dst, n)
}

// enter and leave keep count of the open elements that rules want above theirs.
func (s *sheet) enter(names []string) (noted []string) {
	for _, n := range names {
		if _, ok := s.above[n]; ok {
			s.above[n]++
			noted = append(noted, n)
		}
	}
	return noted
}

func (s *sheet) leave(noted []string) {
	for _, n := range noted {
		s.above[n]--
	}
}

// reset forgets the open elements.
func (s *sheet) reset() {
	for n := range s.above {
		s.above[n] = 0
	}
}

// match merges what the rules say of an element with these names: its tag, ".class"es and "#id".
func (s *sheet) match(names []string, d *decls) {
	for _, key := range names {
		s.matchKey(key, names, d)
	}
	s.matchKey("*", names, d)
}

// speaksOf reports rules for elements with this name.
func (s *sheet) speaksOf(name string) bool { return len(s.rules[name]) > 0 }

func (s *sheet) matchKey(key string, names []string, d *decls) {
	rules := s.rules[key]
	for i := range rules {
		if r := &rules[i]; contains(names, r.also) && s.open(r.above) {
			d.merge(&r.says, r.w)
		}
	}
}

func (s *sheet) open(above []string) bool {
	for _, name := range above {
		if name != "*" && s.above[name] == 0 {
			return false
		}
	}
	return true
}

func contains(names, wanted []string) bool {
	for _, w := range wanted {
		if w[0] == '!' {
			if slices.Contains(names, w[1:]) {
				return false
			}
			continue
		}
		found := w == "*"
		for _, n := range names {
			found = found || n == w
		}
		if !found {
			return false
		}
	}
	return true
}
