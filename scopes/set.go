package scopes

import "strings"

// Set is a granted set of scopes, closed over implication: a set with
// [MailSend] has [MailDrafts] too. The zero Set grants nothing. Sets are values
// and compare with ==.
type Set struct{ bits uint32 }

// NewSet returns the set that grants ss and what they imply. Unknown scopes
// are dropped: they grant nothing.
func NewSet(ss ...Scope) Set {
	var set Set
	for _, s := range ss {
		set.bits |= s.closure()
	}
	return set
}

// AllScopes returns the set of every declared scope.
func AllScopes() Set { return Set{bits: 1<<ruleCount - 1} }

// ParseSet reads scopes parted by spaces, as OAuth writes them (RFC 6749
// section 3.3). Unknown names grant nothing and come back once each, in the
// order of the text; they are the sender's words.
func ParseSet(s string) (set Set, unknown []Scope) {
	seen := map[Scope]bool{}
	for word := range strings.SplitSeq(s, " ") {
		scope := Scope(word)
		switch bits := scope.closure(); {
		case bits != 0:
			set.bits |= bits
		case word != "" && !seen[scope]:
			seen[scope] = true
			unknown = append(unknown, scope)
		}
	}
	return set, unknown
}

// closure is the bits of s and of what it implies, none when s is unknown.
func (s Scope) closure() uint32 {
	i, ok := s.index()
	if !ok {
		return 0
	}
	return 1<<i | rules()[i].implies.closure()
}

// Has reports whether s grants scope. An unknown scope is never granted.
func (s Set) Has(scope Scope) bool {
	i, ok := scope.index()
	return ok && s.bits&(1<<i) != 0
}

// Intersect returns what both sets grant.
func (s Set) Intersect(t Set) Set { return Set{bits: s.bits & t.bits} }

// Empty reports whether s grants nothing.
func (s Set) Empty() bool { return s.bits == 0 }

// Equal is == as a method, for packages that compare deeply.
func (s Set) Equal(t Set) bool { return s == t }

// Slice returns the granted scopes, implied ones among them, in the order of
// the constants' declaration.
func (s Set) Slice() []Scope {
	var list []Scope
	for i, r := range rules() {
		if s.bits&(1<<i) != 0 {
			list = append(list, r.scope)
		}
	}
	return list
}

// String returns [Set.Slice] joined by single spaces; [ParseSet] reads it back.
func (s Set) String() string {
	var b strings.Builder
	for i, scope := range s.Slice() {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(scope))
	}
	return b.String()
}
