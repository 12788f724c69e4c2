package scopes

import (
	"fmt"
	"slices"
	"strings"
)

// Words a methods filter knows beside exact verbs.
const (
	wordRead   = "read"   // get and list
	wordWrite  = "write"  // create, update and delete
	wordCustom = "custom" // every other verb
)

// Filter narrows a grant to some tools. An empty list does not filter its
// dimension. A method is "read" (get and list), "write" (create, update and
// delete), "custom" (all other verbs) or one exact verb; a tool passes the tags
// when one of its tags is in the list.
type Filter struct {
	Methods []string
	Tags    []Tag
}

// Match reports whether a tool with verb v and these tags passes f. An invalid
// verb never does, and an unknown word lets nothing through.
func (f Filter) Match(v Verb, tags []Tag) bool {
	return v.Valid() && f.matchMethod(v) && f.matchTag(tags)
}

func (f Filter) matchMethod(v Verb) bool {
	if len(f.Methods) == 0 {
		return true
	}
	class := wordCustom
	switch v {
	case Get, List:
		class = wordRead
	case Create, Update, Delete:
		class = wordWrite
	}
	return slices.Contains(f.Methods, class) || slices.Contains(f.Methods, string(v))
}

func (f Filter) matchTag(tags []Tag) bool {
	if len(f.Tags) == 0 {
		return true
	}
	return slices.ContainsFunc(tags, func(t Tag) bool {
		return t != "" && slices.Contains(f.Tags, t)
	})
}

// Validate names the first word of f that can only be a mistake: a method that
// is no lower-case word or one slip of the keyboard away from a known one, or
// an empty tag.
func (f Filter) Validate() error {
	for _, m := range f.Methods {
		if m == wordRead || m == wordWrite {
			continue
		}
		if !Verb(m).Valid() {
			return fmt.Errorf("unknown method %q: use %s", m, methodWords)
		}
		if near := nearMethod(m); near != "" {
			return fmt.Errorf("unknown method %q, perhaps %s: use %s", m, near, methodWords)
		}
	}
	for _, t := range f.Tags {
		if t == "" || strings.TrimSpace(string(t)) != string(t) {
			return fmt.Errorf("invalid tag %q: empty or with spaces around it", string(t))
		}
	}
	return nil
}

const methodWords = "read, write, custom or one exact verb (get, list, create, update, delete or a tool's own lower-case word)"

// nearMethod returns the known word that m is a slip away from, if any. Another
// letter in the same place is no slip: too many honest verbs differ by that.
func nearMethod(m string) string {
	known := []string{wordRead, wordWrite, wordCustom, string(Get), string(List), string(Create), string(Update), string(Delete)}
	if slices.Contains(known, m) {
		return ""
	}
	for _, k := range known {
		if oneMore(m, k) || oneMore(k, m) || swapped(m, k) {
			return k
		}
	}
	return ""
}

// oneMore reports whether long is short with one byte put in.
func oneMore(long, short string) bool {
	if len(long) != len(short)+1 {
		return false
	}
	i := 0
	for i < len(short) && long[i] == short[i] {
		i++
	}
	return long[i+1:] == short[i:]
}

// swapped reports whether a is b with two neighbours changed round.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

func cloneFilters(fs []Filter) []Filter {
	if fs == nil {
		return nil
	}
	c := make([]Filter, 0, len(fs))
	for _, f := range fs {
		c = append(c, Filter{Methods: slices.Clone(f.Methods), Tags: slices.Clone(f.Tags)})
	}
	return c
}
