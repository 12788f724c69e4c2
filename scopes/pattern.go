package scopes

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sizes of an address in bytes (RFC 5321 sections 4.5.3.1.1 to 4.5.3.1.3; the
// path of 256 has two brackets around the address).
const (
	maxAddress = 254
	maxLocal   = 64
	maxLabel   = 63
)

// pattern is an address in lower case without quotes, or a whole domain when
// local is empty.
type pattern struct{ local, domain string }

// ruling is a policy made ready for looking up.
type ruling struct {
	others Decision
	listed map[pattern]Decision // Ask or Allow
	denied map[pattern]bool
	broken bool // a strict list cannot be read, so nobody is safe to write to
}

func (p RecipientPolicy) compile() ruling {
	r := ruling{others: p.Others, listed: map[pattern]Decision{}, denied: map[pattern]bool{}, broken: !p.Others.Valid()}
	for _, text := range p.Allow {
		if pt, ok := parsePattern(text); ok {
			r.listed[pt] = Allow
		}
	}
	for _, text := range p.Ask {
		pt, ok := parsePattern(text)
		r.listed[pt] = Ask
		r.broken = r.broken || !ok
	}
	for _, text := range p.Deny {
		pt, ok := parsePattern(text)
		r.denied[pt] = true
		r.broken = r.broken || !ok
	}
	return r
}

// decide rules on an address, or with an empty local on an address of domain
// that no pattern names.
func (r ruling) decide(local, domain string) Decision {
	one, all := pattern{local, domain}, pattern{"", domain}
	if r.broken || r.denied[one] || r.denied[all] {
		return Deny
	}
	if d, ok := r.listed[one]; ok {
		return d
	}
	if d, ok := r.listed[all]; ok {
		return d
	}
	return r.others
}

// and combines two rulings into the lists that give the stricter of both for
// every address. A decision depends only on which pattern names the address, or
// else its domain, so deciding once per pattern of either side covers them all.
func (r ruling) and(other ruling) RecipientPolicy {
	if r.broken || other.broken {
		return RecipientPolicy{Others: Deny}
	}
	decide := func(local, domain string) Decision {
		return r.decide(local, domain).Stricter(other.decide(local, domain))
	}
	both := RecipientPolicy{Others: r.others.Stricter(other.others)}
	for _, pt := range sortedKeys(r.denied, other.denied) {
		both.Deny = append(both.Deny, pt.String())
	}
	for _, pt := range sortedKeys(r.listed, other.listed) {
		otherwise := both.Others
		if pt.local != "" {
			otherwise = decide("", pt.domain)
		}
		d := decide(pt.local, pt.domain)
		if d == otherwise || d == Deny {
			continue
		}
		if d == Allow {
			both.Allow = append(both.Allow, pt.String())
		} else {
			both.Ask = append(both.Ask, pt.String())
		}
	}
	return both
}

func sortedKeys[V any](ms ...map[pattern]V) []pattern {
	var keys []pattern
	for _, m := range ms {
		for pt := range m {
			keys = append(keys, pt)
		}
	}
	slices.SortFunc(keys, func(a, b pattern) int {
		return cmp.Or(cmp.Compare(a.domain, b.domain), cmp.Compare(a.local, b.local))
	})
	return slices.Compact(keys)
}

// parsePattern reads "@domain" or an address. A star would look like a wildcard
// and be none, so it is no pattern.
func parsePattern(text string) (pattern, bool) {
	if strings.Contains(text, "*") {
		return pattern{}, false
	}
	if domain, ok := strings.CutPrefix(text, "@"); ok {
		return pattern{"", lowerASCII(domain)}, validDomain(domain)
	}
	local, domain, ok := splitAddress(text)
	return pattern{local, domain}, ok
}

func (pt pattern) String() string {
	if pt.local != "" && !validAtoms(pt.local) {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(pt.local) + `"@` + pt.domain
	}
	return pt.local + "@" + pt.domain
}

// splitAddress reads a bare address (RFC 5321 section 4.1.2, with the UTF-8 of
// RFC 6531) into lower-case halves. A quoted local part loses its quotes, as
// "ann"@example.org is ann@example.org.
func splitAddress(address string) (local, domain string, ok bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 1 || len(address) > maxAddress || at > maxLocal {
		return "", "", false
	}
	local, domain = address[:at], address[at+1:]
	if local[0] == '"' {
		local, ok = unquote(local)
	} else {
		ok = validAtoms(local)
	}
	return lowerASCII(local), lowerASCII(domain), ok && validDomain(domain)
}

// unquote takes the quotes off a quoted string that is not empty and holds no
// control character.
func unquote(s string) (string, bool) {
	if len(s) < 3 || s[len(s)-1] != '"' || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", false
	}
	var b strings.Builder
	inner := s[1 : len(s)-1]
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '\\':
			i++
		case '"':
			return "", false
		}
		if i == len(inner) {
			return "", false
		}
		b.WriteByte(inner[i])
	}
	return b.String(), true
}

// validAtoms reports whether s consists of atoms and dots (RFC 5322 section
// 3.2.3). Dots in odd places are let be: such mailboxes exist.
func validAtoms(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool {
		return c == ' ' || unicode.IsControl(c) || strings.ContainsRune(`()<>[]:;@\,"`, c)
	})
}

// validDomain reports whether s is a host name in its ASCII form.
func validDomain(s string) bool {
	if len(s) > maxAddress {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > maxLabel || strings.ContainsFunc(label, func(c rune) bool {
			return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
		}) {
			return false
		}
	}
	return true
}

// lowerASCII leaves other letters alone: folding them would make a different
// address look like an allowed one (the Kelvin sign folds to k).
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
