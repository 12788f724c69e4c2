package scopes

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Requirement is what an effect needs: every group must have one granted
// scope. A requirement without groups, with an empty group or with an unknown
// scope is a fault and is never met. What needs no scope says [Public].
type Requirement [][]Scope

// public is the one word that says "needs no scope". It stands alone, is not a
// scope and can never be granted.
const public Scope = "public"

// AllOf needs every one of ss.
func AllOf(ss ...Scope) Requirement {
	r := make(Requirement, 0, len(ss))
	for _, s := range ss {
		r = append(r, []Scope{s})
	}
	return r
}

// AnyOf needs at least one of ss.
func AnyOf(ss ...Scope) Requirement { return Requirement{slices.Clone(ss)} }

// Public needs no scope. It is the only way to say so: an empty requirement is
// a fault. It is written {{"public"}}.
func Public() Requirement { return Requirement{{public}} }

// And returns a requirement that is met when both are. Faults stay faults.
func (r Requirement) And(other Requirement) Requirement {
	switch {
	case len(r) == 0 || len(other) == 0:
		return append(r.clone(), append(other.clone(), nil)...)
	case r.isPublic():
		return other.clone()
	case other.isPublic():
		return r.clone()
	}
	return append(r.clone(), other.clone()...)
}

// Validate names the first fault of r.
func (r Requirement) Validate() error {
	if len(r) == 0 {
		return errors.New("empty requirement: what needs no scope says scopes.Public")
	}
	if r.isPublic() {
		return nil
	}
	for i, group := range r {
		if len(group) == 0 {
			return fmt.Errorf("requirement group %d is empty", i+1)
		}
		for _, s := range group {
			if !s.Known() {
				return fmt.Errorf("requirement group %d: unknown scope %q", i+1, string(s))
			}
		}
	}
	return nil
}

// String writes r for people, such as "mail:read and (mail:modify or mail:send)".
func (r Requirement) String() string {
	groups := make([]string, 0, len(r))
	for _, group := range r {
		words := make([]string, 0, len(group))
		for _, s := range group {
			words = append(words, string(s))
		}
		text := strings.Join(words, " or ")
		if len(group) != 1 && len(r) > 1 {
			text = "(" + text + ")"
		}
		groups = append(groups, text)
	}
	return strings.Join(groups, " and ")
}

// Missing returns the groups of r that s does not meet, nil when it meets all.
// An invalid r is never met: it comes back whole and is never of length 0.
func (s Set) Missing(r Requirement) Requirement {
	if r.Validate() != nil {
		if len(r) == 0 {
			return Requirement{nil}
		}
		return r.clone()
	}
	if r.isPublic() {
		return nil
	}
	var missing Requirement
	for _, group := range r {
		if !slices.ContainsFunc(group, s.Has) {
			missing = append(missing, slices.Clone(group))
		}
	}
	return missing
}

func (r Requirement) isPublic() bool {
	return len(r) == 1 && len(r[0]) == 1 && r[0][0] == public
}

func (r Requirement) clone() Requirement {
	if r == nil {
		return nil
	}
	c := make(Requirement, 0, len(r))
	for _, group := range r {
		c = append(c, slices.Clone(group))
	}
	return c
}
