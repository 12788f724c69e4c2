package scopes_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/scopes"
)

func TestDecide(t *testing.T) {
	p := scopes.RecipientPolicy{
		Others: scopes.Allow,
		Allow:  []string{"Ann@Example.org", "bob@asked.example", `"odd name"@example.org`, "sub@denied.example"},
		Ask:    []string{"@asked.example", "boss@example.org", "ann@example.org.test"},
		Deny:   []string{"@denied.example", "eve@example.org"},
	}
	for address, want := range map[string]scopes.Decision{
		"ann@example.org":                        scopes.Allow,
		"ANN@EXAMPLE.ORG":                        scopes.Allow,
		`"ann"@example.org`:                      scopes.Allow,
		`"odd name"@example.org`:                 scopes.Allow,
		"boss@example.org":                       scopes.Ask,
		"Boss@example.ORG":                       scopes.Ask,
		"carl@asked.example":                     scopes.Ask,
		"bob@asked.example":                      scopes.Allow,
		"x@sub.asked.example":                    scopes.Allow, // that domain only
		"eve@example.org":                        scopes.Deny,
		"EVE@example.org":                        scopes.Deny,
		`"eve"@example.org`:                      scopes.Deny,
		`"e\ve"@example.org`:                     scopes.Deny,
		"x@denied.example":                       scopes.Deny,
		"sub@denied.example":                     scopes.Deny, // Deny beats a nearer Allow
		"x@notdenied.example":                    scopes.Allow,
		"stranger@example.net":                   scopes.Allow,
		"j\u00f6rg@example.net":                  scopes.Allow,
		"":                                       scopes.Deny,
		"ann":                                    scopes.Deny,
		"@example.org":                           scopes.Deny,
		"ann@":                                   scopes.Deny,
		"Ann <ann@example.org>":                  scopes.Deny,
		"<ann@example.org>":                      scopes.Deny,
		"ann@example.org,eve@b.test":             scopes.Deny,
		"ann@example.org\r\nBcc: x@y":            scopes.Deny,
		"ann @example.org":                       scopes.Deny,
		"ann\u0085@example.org":                  scopes.Deny,
		"ann@example.org.":                       scopes.Deny,
		"ann@exam ple.org":                       scopes.Deny,
		"ann@[192.0.2.1]":                        scopes.Deny,
		"ann@b\u00fccher.example":                scopes.Deny, // wants xn--bcher-kva.example
		"eve\\@x@example.net":                    scopes.Deny,
		"eve(x)@example.net":                     scopes.Deny,
		`""@example.org`:                         scopes.Deny,
		`"a"b"@example.org`:                      scopes.Deny,
		`"a\"@example.org`:                       scopes.Deny,
		"\"a\x00\"@example.org":                  scopes.Deny,
		"\xff@example.org":                       scopes.Deny,
		strings.Repeat("a", 65) + "@example.org": scopes.Deny,
		strings.Repeat("a", 64) + "@example.org": scopes.Allow,
		"a@" + strings.Repeat("b", 64) + ".org":  scopes.Deny,
		"a@" + strings.Repeat(strings.Repeat("b", 62)+".", 3) + strings.Repeat("b", 63):  scopes.Allow,
		"ab@" + strings.Repeat(strings.Repeat("b", 62)+".", 3) + strings.Repeat("b", 63): scopes.Deny,
	} {
		t.Run(address, func(t *testing.T) {
			if got := p.Decide(address); got != want {
				t.Errorf("Decide = %s, want %s", got, want)
			}
		})
	}
}

func TestFoldingIsASCIIOnly(t *testing.T) {
	p := scopes.RecipientPolicy{Others: scopes.Deny, Allow: []string{"kate@example.org"}}
	if got := p.Decide("\u212aate@example.org"); got != scopes.Deny {
		t.Errorf("a Kelvin sign passes for a k: %s", got)
	}
}

func TestZeroPolicyAsks(t *testing.T) {
	if got := (scopes.RecipientPolicy{}).Decide("ann@example.org"); got != scopes.Ask {
		t.Errorf("the zero policy says %s, want ask", got)
	}
}

// A list that cannot be read must not let through what it was meant to stop.
func TestMalformedPatterns(t *testing.T) {
	for _, bad := range []string{"", "@", "example.org", "*@example.org", "@*.example.org", "Eve <eve@example.org>", "eve@b\u00fccher.example", "@a..b", "@a b", "@" + strings.Repeat("b.", 127) + "b"} {
		for list, tc := range map[string]struct {
			p    scopes.RecipientPolicy
			want scopes.Decision
		}{
			"deny":  {scopes.RecipientPolicy{Others: scopes.Allow, Deny: []string{bad}}, scopes.Deny},
			"ask":   {scopes.RecipientPolicy{Others: scopes.Allow, Ask: []string{bad}}, scopes.Deny},
			"allow": {scopes.RecipientPolicy{Others: scopes.Ask, Allow: []string{bad}}, scopes.Ask},
		} {
			if err := tc.p.Validate(); err == nil || !strings.Contains(err.Error(), "@domain") {
				t.Errorf("%s %q: Validate() = %v, want an error with the forms", list, bad, err)
			}
			if got := tc.p.Decide("eve@example.org"); got != tc.want {
				t.Errorf("%s %q: Decide = %s, want %s", list, bad, got, tc.want)
			}
			open := scopes.RecipientPolicy{Others: scopes.Allow}
			if got := open.And(tc.p).Decide("eve@example.org"); got != tc.want {
				t.Errorf("%s %q: And forgets it: %s, want %s", list, bad, got, tc.want)
			}
		}
	}
	p := scopes.RecipientPolicy{Others: 7}
	if p.Validate() == nil || p.Decide("a@example.org") != scopes.Deny {
		t.Error("an invalid decision is not a fault that denies")
	}
	if err := (scopes.RecipientPolicy{Allow: []string{"a@example.org", "@example.org"}, Ask: []string{"@A-b.xn--c.org"}, Deny: []string{`"x y"@a`}}).Validate(); err != nil {
		t.Errorf("good patterns: %v", err)
	}
}

func TestStricter(t *testing.T) {
	order := []scopes.Decision{scopes.Allow, scopes.Ask, scopes.Deny}
	for i, a := range order {
		for j, b := range order {
			if got, want := a.Stricter(b), order[max(i, j)]; got != want {
				t.Errorf("%s and %s: %s, want %s", a, b, got, want)
			}
		}
		if a.Stricter(9) != scopes.Deny || scopes.Decision(9).Stricter(a) != scopes.Deny {
			t.Error("an invalid decision is not the strictest")
		}
	}
}

func TestPolicyAnd(t *testing.T) {
	for _, tc := range []struct {
		name       string
		a, b, want scopes.RecipientPolicy
	}{
		{"intersection of the allow lists",
			scopes.RecipientPolicy{Allow: []string{"@example.org", "x@example.net"}},
			scopes.RecipientPolicy{Allow: []string{"Ann@example.org", "y@example.net"}},
			scopes.RecipientPolicy{Allow: []string{"ann@example.org"}}},
		{"union of the deny lists",
			scopes.RecipientPolicy{Others: scopes.Allow, Deny: []string{"@a.test"}},
			scopes.RecipientPolicy{Others: scopes.Allow, Deny: []string{"b@b.test", "@A.test"}},
			scopes.RecipientPolicy{Others: scopes.Allow, Deny: []string{"@a.test", "b@b.test"}}},
		{"who allows others allows the listed",
			scopes.RecipientPolicy{Others: scopes.Allow},
			scopes.RecipientPolicy{Others: scopes.Deny, Allow: []string{"@a.test"}},
			scopes.RecipientPolicy{Others: scopes.Deny, Allow: []string{"@a.test"}}},
		{"who asks about others asks about the listed",
			scopes.RecipientPolicy{Others: scopes.Ask},
			scopes.RecipientPolicy{Others: scopes.Deny, Allow: []string{"@a.test"}},
			scopes.RecipientPolicy{Others: scopes.Deny, Ask: []string{"@a.test"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.a.And(tc.b)); diff != "" {
				t.Errorf("And (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.want, tc.b.And(tc.a)); diff != "" {
				t.Errorf("the other way round (-want +got):\n%s", diff)
			}
		})
	}
}

// For every address the combination says the stricter of what both say.
func TestPolicyAndIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 4000 {
		a, b := randomPolicy(rng), randomPolicy(rng)
		both := a.And(b)
		for _, address := range testAddresses() {
			if got, want := both.Decide(address), a.Decide(address).Stricter(b.Decide(address)); got != want {
				t.Fatalf("%s: %s, want %s\na %+v\nb %+v\nboth %+v", address, got, want, a, b, both)
			}
		}
	}
}

func testAddresses() []string {
	return []string{"a@x.test", "B@x.test", "a@y.test", "b@Y.test", "c@z.test", `"q r"@x.test`, "not an address"}
}

func randomPolicy(rng *rand.Rand) scopes.RecipientPolicy {
	patterns := []string{"a@x.test", "b@X.test", "A@y.test", "b@y.test", "@x.test", "@y.test", `"q r"@x.test`}
	pick := func() []string {
		var list []string
		for _, p := range patterns {
			if rng.IntN(4) == 0 {
				list = append(list, p)
			}
		}
		return list
	}
	return scopes.RecipientPolicy{Others: scopes.Decision(rng.IntN(3)), Allow: pick(), Ask: pick(), Deny: pick()}
}

func FuzzDecide(f *testing.F) {
	f.Add("ann@example.org", "@example.org", "eve@example.org")
	f.Add(`"a\"b"@x.test`, `"a\"b"@x.test`, "x")
	f.Add("a@b\x00", "@", "")
	f.Fuzz(func(t *testing.T, address, allow, deny string) {
		p := scopes.RecipientPolicy{Others: scopes.Ask, Allow: []string{allow}, Deny: []string{deny}}
		d := p.Decide(address)
		if p.Validate() == nil && strings.EqualFold(address, deny) && d != scopes.Deny {
			t.Errorf("%q is on the deny list and gets %s", address, d)
		}
		if d == scopes.Allow && strings.ContainsAny(address, "\r\n\x00") {
			t.Errorf("%q with control characters is allowed", address)
		}
		again := p.And(p)
		if err := again.Validate(); err != nil {
			t.Errorf("And wrote a pattern that it cannot read: %v", err)
		}
		if got := again.Decide(address); got != d {
			t.Errorf("%q: %s, combined with itself %s", address, d, got)
		}
	})
}
