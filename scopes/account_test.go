package scopes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/scopes"
)

func TestAccounts(t *testing.T) {
	var none scopes.AccountSet
	some, all := scopes.Accounts("work", "home", "work", ""), scopes.AllAccounts()
	for _, tc := range []struct {
		id            scopes.AccountID
		inSome, inAll bool
	}{
		{"work", true, true}, {"home", true, true}, {"wor", false, true}, {"other", false, true}, {"", false, false},
	} {
		if none.Has(tc.id) || some.Has(tc.id) != tc.inSome || all.Has(tc.id) != tc.inAll {
			t.Errorf("%q: in none %v, some %v, all %v", tc.id, none.Has(tc.id), some.Has(tc.id), all.Has(tc.id))
		}
	}
	if none.All() || some.All() || !all.All() {
		t.Error("only AllAccounts is all")
	}
	if diff := cmp.Diff([]scopes.AccountID{"home", "work"}, some.Slice()); diff != "" {
		t.Errorf("Slice (-want +got):\n%s", diff)
	}
	if scopes.Accounts().All() || !scopes.Accounts().Equal(none) {
		t.Error("no ids are not no accounts")
	}
}

func TestAccountsIntersect(t *testing.T) {
	ab, bc, all := scopes.Accounts("a", "b"), scopes.Accounts("b", "c"), scopes.AllAccounts()
	for name, tc := range map[string]struct{ got, want scopes.AccountSet }{
		"two lists":    {ab.Intersect(bc), scopes.Accounts("b")},
		"all and list": {all.Intersect(ab), ab},
		"list and all": {ab.Intersect(all), ab},
		"all and all":  {all.Intersect(all), all},
		"list, none":   {ab.Intersect(scopes.AccountSet{}), scopes.AccountSet{}},
		"all, none":    {all.Intersect(scopes.AccountSet{}), scopes.AccountSet{}},
		"disjoint":     {ab.Intersect(scopes.Accounts("z")), scopes.AccountSet{}},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAccountsShareNoMemory(t *testing.T) {
	given := []scopes.AccountID{"b", "a"}
	set := scopes.Accounts(given...)
	if given[0] != "b" {
		t.Error("the caller's slice was sorted")
	}
	given[0], given[1] = "x", "x"
	set.Slice()[0] = "y"
	if !set.Has("a") || !set.Has("b") || set.Has("x") || set.Has("y") {
		t.Errorf("a caller's write changed the set to %v", set.Slice())
	}
}
