package scopes

import (
	"fmt"
	"slices"
)

// Decision is what a policy says about one recipient. The zero value is Ask;
// Deny is stricter than Ask, and Ask than Allow.
type Decision uint8

// The decisions.
const (
	Ask   Decision = iota // the owner decides
	Allow                 // may be written to
	Deny                  // may not
)

// Valid reports whether d is one of the declared decisions.
func (d Decision) Valid() bool { return d <= Deny }

// String returns "ask", "allow" or "deny".
func (d Decision) String() string {
	switch d {
	case Ask:
		return "ask"
	case Allow:
		return "allow"
	case Deny:
		return "deny"
	}
	return fmt.Sprintf("decision(%d)", uint8(d))
}

// Stricter returns the stricter of both; an invalid decision counts as Deny.
func (d Decision) Stricter(other Decision) Decision {
	switch {
	case !d.Valid() || !other.Valid() || d == Deny || other == Deny:
		return Deny
	case d == Ask || other == Ask:
		return Ask
	}
	return Allow
}

// RecipientPolicy says to whom mail may go. Patterns are a full address or
// "@domain" for that very domain, compared without regard to ASCII case. Deny
// wins over the other lists, an address over its domain, then Ask over Allow;
// Others decides for everybody else.
type RecipientPolicy struct {
	Others Decision
	Allow  []string
	Ask    []string
	Deny   []string
}

// Decide returns what p says about a bare address ("ann@example.org", no name,
// no brackets). What cannot be compared safely is denied: a malformed address,
// an address literal, a domain that is not in its ASCII form; and everything
// when a pattern in Ask or Deny is malformed or Others is invalid.
func (p RecipientPolicy) Decide(address string) Decision {
	local, domain, ok := splitAddress(address)
	if !ok {
		return Deny
	}
	return p.compile().decide(local, domain)
}

// Validate names the first malformed pattern.
func (p RecipientPolicy) Validate() error {
	if !p.Others.Valid() {
		return fmt.Errorf("invalid decision %d for other recipients", uint8(p.Others))
	}
	for _, list := range [][]string{p.Allow, p.Ask, p.Deny} {
		for _, pattern := range list {
			if _, ok := parsePattern(pattern); !ok {
				return fmt.Errorf("invalid recipient pattern %q: use a bare address or @domain, the domain in its ASCII form", pattern)
			}
		}
	}
	return nil
}

// And returns the policy that says of each address the stricter of what both
// say. Its lists are new, sorted and in lower case.
func (p RecipientPolicy) And(other RecipientPolicy) RecipientPolicy {
	return p.compile().and(other.compile())
}

func (p RecipientPolicy) clone() RecipientPolicy {
	p.Allow, p.Ask, p.Deny = slices.Clone(p.Allow), slices.Clone(p.Ask), slices.Clone(p.Deny)
	return p
}
