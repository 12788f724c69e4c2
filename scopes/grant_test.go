package scopes_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/scopes"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestAlive(t *testing.T) {
	for _, tc := range []struct {
		name string
		g    scopes.Grant
		now  time.Time
		want error
	}{
		{"no expiry", scopes.Grant{ID: "g"}, epoch, nil},
		{"before the end", scopes.Grant{ID: "g", Expires: epoch.Add(1)}, epoch, nil},
		{"at the end", scopes.Grant{ID: "g", Expires: epoch}, epoch, scopes.Expired},
		{"after the end", scopes.Grant{ID: "g", Expires: epoch.Add(-time.Hour)}, epoch, scopes.Expired},
		{"no id", scopes.Grant{}, epoch, scopes.Invalid},
		{"no id and expired", scopes.Grant{Expires: epoch}, epoch, scopes.Invalid},
		{"the time is not set", scopes.Grant{ID: "g", Expires: epoch}, time.Time{}, scopes.Invalid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.g.Alive(tc.now); !errors.Is(err, tc.want) {
				t.Errorf("Alive = %v, want %v", err, tc.want)
			}
		})
	}
}

func readEffect() scopes.Effect {
	return scopes.Effect{Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.AllOf(scopes.MailRead)}
}

func sendEffect() scopes.Effect {
	return scopes.Effect{Verb: "send", Access: scopes.Send, Scopes: scopes.AllOf(scopes.MailSend), Gate: scopes.Sending}
}

func TestZeroGrantPermitsNothing(t *testing.T) {
	public := scopes.Effect{Verb: scopes.List, Access: scopes.Read, Scopes: scopes.Public()}
	for _, e := range []scopes.Effect{public, readEffect(), sendEffect(), {}} {
		if err := (scopes.Grant{}).Check(e, nil); err == nil {
			t.Errorf("the zero grant permits %+v", e)
		}
	}
	if err := (scopes.Grant{Access: scopes.Accesses(scopes.Read)}).Check(public, nil); err != nil {
		t.Errorf("a public effect needs more than its access: %v", err)
	}
}

func TestCheckNamesEverythingMissing(t *testing.T) {
	everything := scopes.Grant{Scopes: scopes.AllScopes(), Access: scopes.AllAccess(), Gates: scopes.AllGates()}
	tags := []scopes.Tag{"messages", "sending"}
	for _, tc := range []struct {
		name       string
		narrow     func(*scopes.Grant)
		want       *scopes.Error
		onlyScopes bool
	}{
		{"nothing", func(*scopes.Grant) {}, nil, false},
		{"scope", func(g *scopes.Grant) { g.Scopes = scopes.NewSet(scopes.MailDrafts) },
			&scopes.Error{Reason: scopes.InsufficientScope, Missing: scopes.AllOf(scopes.MailSend)}, true},
		{"access", func(g *scopes.Grant) { g.Access = scopes.Accesses(scopes.Read, scopes.Write, scopes.Destroy) },
			&scopes.Error{Reason: scopes.NotPermitted, Access: scopes.Send}, false},
		{"methods: reading and writing do not send", func(g *scopes.Grant) { g.Filters = []scopes.Filter{{Methods: []string{"read", "write"}}} },
			&scopes.Error{Reason: scopes.NotPermitted, Filtered: true}, false},
		{"tags", func(g *scopes.Grant) { g.Filters = []scopes.Filter{{}, {Tags: []scopes.Tag{"drafts"}}} },
			&scopes.Error{Reason: scopes.NotPermitted, Filtered: true}, false},
		{"every filter must pass", func(g *scopes.Grant) {
			g.Filters = []scopes.Filter{{Methods: []string{"send"}}, {Tags: []scopes.Tag{"messages"}}, {Methods: []string{"read"}}}
		}, &scopes.Error{Reason: scopes.NotPermitted, Filtered: true}, false},
		{"all filters pass", func(g *scopes.Grant) {
			g.Filters = []scopes.Filter{{Methods: []string{"custom"}}, {Tags: []scopes.Tag{"messages"}}}
		}, nil, false},
		{"gate", func(g *scopes.Grant) { g.Gates = scopes.Gates(scopes.Destructive) },
			&scopes.Error{Reason: scopes.GateClosed, Gate: scopes.Sending}, false},
		{"scope and gate", func(g *scopes.Grant) { g.Scopes, g.Gates = scopes.Set{}, 0 },
			&scopes.Error{Reason: scopes.NotPermitted, Missing: scopes.AllOf(scopes.MailSend), Gate: scopes.Sending}, false},
		{"everything", func(g *scopes.Grant) { *g = scopes.Grant{Filters: []scopes.Filter{{Methods: []string{"read"}}}} },
			&scopes.Error{Reason: scopes.NotPermitted, Missing: scopes.AllOf(scopes.MailSend), Access: scopes.Send, Filtered: true, Gate: scopes.Sending}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := everything
			tc.narrow(&g)
			err := g.Check(sendEffect(), tags)
			var got *scopes.Error
			if err != nil && !errors.As(err, &got) {
				t.Fatalf("Check = %T, want *scopes.Error", err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("Check (-want +got):\n%s", diff)
			}
			if got != nil && got.OnlyScopes() != tc.onlyScopes {
				t.Errorf("OnlyScopes = %v, want %v", got.OnlyScopes(), tc.onlyScopes)
			}
		})
	}
}

func TestCheckRefusesInvalidEffects(t *testing.T) {
	everything := scopes.Grant{ID: "g", Scopes: scopes.AllScopes(), Access: scopes.AllAccess(), Gates: scopes.AllGates(), Accounts: scopes.AllAccounts()}
	for name, e := range map[string]scopes.Effect{
		"zero":          {},
		"no verb":       {Access: scopes.Read, Scopes: scopes.Public()},
		"no access":     {Verb: scopes.Get, Scopes: scopes.Public()},
		"no scopes":     {Verb: scopes.Get, Access: scopes.Read},
		"unknown scope": {Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.AllOf("mail:all")},
		"unknown gate":  {Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.Public(), Gate: "x"},
	} {
		err := everything.Check(e, nil)
		var refusal *scopes.Error
		if !errors.Is(err, scopes.Invalid) || !errors.As(err, &refusal) || refusal.OnlyScopes() || refusal.Err == nil {
			t.Errorf("%s: %v, want invalid with its fault", name, err)
		}
	}
}

func TestErrorText(t *testing.T) {
	g := scopes.Grant{Access: scopes.Accesses(scopes.Read), Filters: []scopes.Filter{{Methods: []string{"read"}}}}
	got := g.Check(sendEffect(), nil).Error()
	want := "not_permitted: needs scope mail:send; access send is not granted; left out by the grant's methods or tags filter; gate sending is closed by the grant"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := (&scopes.Error{Reason: scopes.Expired}).Error(); got != "expired" || scopes.Expired.Error() != got {
		t.Errorf("got %s, want expired", got)
	}
	fault := errors.New("why")
	if err := error(&scopes.Error{Reason: scopes.Invalid, Err: fault}); err.Error() != "invalid: why" || !errors.Is(err, fault) || errors.Is(err, scopes.Expired) {
		t.Errorf("invalid error: %v", err)
	}
}

func TestAndFields(t *testing.T) {
	early, late := epoch, epoch.Add(time.Hour)
	a := scopes.Grant{ID: "a", Subject: "ann", Client: "c1", Created: early, Expires: late}
	b := scopes.Grant{ID: "b", Subject: "bob", Client: "c2", Created: late, Expires: early}
	never := scopes.Grant{ID: "n"}
	for _, tc := range []struct {
		name             string
		got              scopes.Grant
		id               string
		created, expires time.Time
	}{
		{"a and b", a.And(b), "a", late, early},
		{"b and a", b.And(a), "b", late, early},
		{"a and never", a.And(never), "a", early, late},
		{"never and a", never.And(a), "n", early, late},
		{"never twice", never.And(never), "n", time.Time{}, time.Time{}},
		{"without an id on the right", a.And(scopes.Grant{}), "", early, late},
		{"without an id on the left", scopes.Grant{}.And(a), "", early, late},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.got.ID != tc.id || !tc.got.Created.Equal(tc.created) || !tc.got.Expires.Equal(tc.expires) {
				t.Errorf("got id %q, created %v, expires %v; want %q, %v, %v", tc.got.ID, tc.got.Created, tc.got.Expires, tc.id, tc.created, tc.expires)
			}
		})
	}
	if got := a.And(b); got.Subject != "ann" || got.Client != "c1" {
		t.Errorf("subject %q, client %q; want the receiver's", got.Subject, got.Client)
	}
}

func TestGrantsShareNoMemory(t *testing.T) {
	fresh := func() scopes.Grant {
		return scopes.Grant{
			ID:         "g",
			Filters:    append(make([]scopes.Filter, 0, 8), scopes.Filter{Methods: []string{"read"}, Tags: []scopes.Tag{"messages"}}),
			Recipients: scopes.RecipientPolicy{Others: scopes.Deny, Allow: []string{"a@x.test"}, Ask: []string{"b@x.test"}, Deny: []string{"c@x.test"}},
		}
	}
	spoil := func(g scopes.Grant) {
		for i := range g.Filters {
			g.Filters[i].Methods[0], g.Filters[i].Tags[0] = "write", "gone"
		}
		_ = append(g.Filters, scopes.Filter{Methods: []string{"overwritten"}})
		g.Recipients.Allow[0], g.Recipients.Ask[0], g.Recipients.Deny[0] = "z@x.test", "z@x.test", "z@x.test"
	}
	g, h := fresh(), fresh()
	clone, both := g.Clone(), g.And(h)
	wantBoth := fresh().And(fresh())
	spoil(g)
	spoil(h)
	if diff := cmp.Diff(fresh(), clone); diff != "" {
		t.Errorf("the clone changed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantBoth, both); diff != "" {
		t.Errorf("the combination changed (-want +got):\n%s", diff)
	}
	g, h = fresh(), fresh()
	spoil(g.And(h))
	spoil(g.Clone())
	if diff := cmp.Diff([]scopes.Grant{fresh(), fresh()}, []scopes.Grant{g, h}); diff != "" {
		t.Errorf("an original changed (-want +got):\n%s", diff)
	}
	if (scopes.Grant{}).Clone().Filters != nil {
		t.Error("cloning made an empty list of no list")
	}
}

// And permits exactly what both permit: every effect, account and moment. The
// one thing it refuses beyond that is an alternative that the two meet by
// different scopes, as neither scope is then granted by both.
func TestAndIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	permitted := 0
	for range 4000 {
		a, b := randomGrant(rng), randomGrant(rng)
		both := a.And(b)
		e, tags := randomEffect(rng)
		got, want := both.Check(e, tags) == nil, a.Check(e, tags) == nil && b.Check(e, tags) == nil
		if differentScopes(e.Scopes, a.Scopes, b.Scopes) {
			want = false
		}
		if got != want {
			t.Fatalf("permits %v, want %v\neffect %+v tags %v\na %+v\nb %+v\nboth %+v", got, want, e, tags, a, b, both)
		}
		if got {
			permitted++
		}
		for _, id := range []scopes.AccountID{"a", "b", ""} {
			if got, want := both.Accounts.Has(id), a.Accounts.Has(id) && b.Accounts.Has(id); got != want {
				t.Fatalf("account %q: %v, want %v", id, got, want)
			}
		}
		for _, now := range []time.Time{epoch, epoch.Add(time.Hour), epoch.Add(3 * time.Hour)} {
			if got, want := both.Alive(now) == nil, a.Alive(now) == nil && b.Alive(now) == nil; got != want {
				t.Fatalf("alive at %v: %v, want %v", now, got, want)
			}
		}
		address := testAddresses()[rng.IntN(len(testAddresses()))]
		if got, want := both.Recipients.Decide(address), a.Recipients.Decide(address).Stricter(b.Recipients.Decide(address)); got != want {
			t.Fatalf("recipient %s: %s, want %s", address, got, want)
		}
		if got, want := both.Quota.Effective(), a.Quota.And(b.Quota); got != want {
			t.Fatalf("quota %+v, want %+v", got, want)
		}
		if twice := a.And(a); cmp.Diff(a.Scopes, twice.Scopes) != "" || twice.Access != a.Access || !twice.Accounts.Equal(a.Accounts) {
			t.Fatalf("a grant narrows itself: %+v, %+v", a, twice)
		}
	}
	if permitted < 40 {
		t.Errorf("only %d of the random effects were permitted: the test says too little", permitted)
	}
}

// differentScopes reports whether a and b meet one of r's alternatives, but not
// by the same scope.
func differentScopes(r scopes.Requirement, a, b scopes.Set) bool {
	return slices.ContainsFunc(r, func(group []scopes.Scope) bool {
		return len(group) > 1 && slices.ContainsFunc(group, a.Has) && slices.ContainsFunc(group, b.Has) &&
			!slices.ContainsFunc(group, func(s scopes.Scope) bool { return a.Has(s) && b.Has(s) })
	})
}

func some[T any](rng *rand.Rand, from []T) []T {
	var list []T
	for _, one := range from {
		if rng.IntN(4) > 0 {
			list = append(list, one)
		}
	}
	return list
}

func randomGrant(rng *rand.Rand) scopes.Grant {
	g := scopes.Grant{
		ID:         []string{"g", "h", "i", ""}[rng.IntN(4)],
		Scopes:     scopes.NewSet(some(rng, declared())...),
		Access:     scopes.Accesses(some(rng, scopes.AllAccess().Slice())...),
		Gates:      scopes.Gates(some(rng, scopes.AllGates().Slice())...),
		Accounts:   scopes.Accounts(some(rng, []scopes.AccountID{"a", "b"})...),
		Recipients: randomPolicy(rng),
		Quota:      scopes.Quota{Recipients: rng.IntN(100) - 10, SendsPerHour: rng.IntN(3) - 1, SendsPerDay: rng.IntN(500) - 50},
	}
	if rng.IntN(4) == 0 {
		g.Accounts = scopes.AllAccounts()
	}
	if rng.IntN(2) == 0 {
		g.Expires = epoch.Add(time.Duration(rng.IntN(4)) * time.Hour)
	}
	for range rng.IntN(3) {
		g.Filters = append(g.Filters, scopes.Filter{
			Methods: some(rng, []string{"read", "write", "custom", "send"}),
			Tags:    some(rng, []scopes.Tag{"messages", "drafts", "sending"}),
		})
	}
	return g
}

func randomEffect(rng *rand.Rand) (scopes.Effect, []scopes.Tag) {
	pick := func() scopes.Scope { return declared()[rng.IntN(len(declared()))] }
	e := scopes.Effect{
		Verb:   []scopes.Verb{"get", "list", "create", "delete", "send", "reply"}[rng.IntN(6)],
		Access: scopes.Access(1 + rng.IntN(4)),
		Scopes: []scopes.Requirement{scopes.Public(), scopes.AllOf(pick(), pick()), scopes.AnyOf(pick(), pick()), scopes.AllOf(pick())}[rng.IntN(4)],
		Gate:   []scopes.Gate{"", "", "sending", "destructive", "migration"}[rng.IntN(5)],
	}
	return e, some(rng, []scopes.Tag{"messages", "drafts", "sending"})
}
