package scopes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/scopes"
)

func TestRequirementValidate(t *testing.T) {
	for _, tc := range []struct {
		name string
		r    scopes.Requirement
		ok   bool
	}{
		{"all of", scopes.AllOf(scopes.MailRead, scopes.MailSearch), true},
		{"any of", scopes.AnyOf(scopes.MailRead, scopes.MailSearch), true},
		{"public", scopes.Public(), true},
		{"public spelled out", scopes.Requirement{{"public"}}, true},
		{"public and more is more", scopes.Public().And(scopes.AllOf(scopes.MailRead)), true},
		{"more and public is more", scopes.AllOf(scopes.MailRead).And(scopes.Public()), true},
		{"nil", nil, false},
		{"empty", scopes.Requirement{}, false},
		{"all of nothing", scopes.AllOf(), false},
		{"any of nothing", scopes.AnyOf(), false},
		{"an empty group", scopes.Requirement{{scopes.MailRead}, {}}, false},
		{"unknown", scopes.AllOf("mail:all"), false},
		{"unknown beside known", scopes.AnyOf(scopes.MailRead, "mail:all"), false},
		{"public as an alternative", scopes.AnyOf("public", scopes.MailRead), false},
		{"public as a group", scopes.AllOf("public", scopes.MailRead), false},
		{"a fault on the left stays", scopes.AllOf().And(scopes.AllOf(scopes.MailRead)), false},
		{"a fault on the right stays", scopes.AllOf(scopes.MailRead).And(nil), false},
		{"a fault beside public stays", scopes.Public().And(scopes.AllOf()), false},
		{"two faults", scopes.AllOf().And(nil), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.r.Validate(); (err == nil) != tc.ok {
				t.Errorf("Validate() = %v, want ok %v", err, tc.ok)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	read, search, modify := scopes.MailRead, scopes.MailSearch, scopes.MailModify
	for _, tc := range []struct {
		name string
		have scopes.Set
		r    scopes.Requirement
		want scopes.Requirement
	}{
		{"all present", scopes.NewSet(read, search), scopes.AllOf(read, search), nil},
		{"one of all missing", scopes.NewSet(read), scopes.AllOf(read, search), scopes.AllOf(search)},
		{"one of any present", scopes.NewSet(search), scopes.AnyOf(read, search), nil},
		{"none of any present", scopes.NewSet(modify), scopes.AnyOf(read, search), scopes.AnyOf(read, search)},
		{"groups are all needed", scopes.NewSet(read), scopes.AnyOf(read, search).And(scopes.AllOf(modify)), scopes.AllOf(modify)},
		{"implied", scopes.NewSet(scopes.MailSend), scopes.AllOf(scopes.MailDrafts), nil},
		{"public needs nothing", scopes.Set{}, scopes.Public(), nil},
		{"zero set", scopes.Set{}, scopes.AllOf(read), scopes.AllOf(read)},
		{"empty is never met", scopes.AllScopes(), scopes.AllOf(), scopes.Requirement{nil}},
		{"nil is never met", scopes.AllScopes(), nil, scopes.Requirement{nil}},
		{"empty group is never met", scopes.AllScopes(), scopes.AnyOf(), scopes.Requirement{nil}},
		{"unknown comes back whole", scopes.AllScopes(), scopes.AllOf(read, "mail:all"), scopes.AllOf(read, "mail:all")},
		{"unknown alternative is a fault", scopes.AllScopes(), scopes.AnyOf(read, "mail:all"), scopes.AnyOf(read, "mail:all")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.have.Missing(tc.r)); diff != "" {
				t.Errorf("Missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRequirementString(t *testing.T) {
	r := scopes.AllOf(scopes.MailRead).And(scopes.AnyOf(scopes.MailModify, scopes.MailSend))
	if got, want := r.String(), "mail:read and (mail:modify or mail:send)"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	if got, want := scopes.AnyOf(scopes.MailRead, scopes.MailSearch).String(), "mail:read or mail:search"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestRequirementsShareNoMemory(t *testing.T) {
	given := []scopes.Scope{scopes.MailRead, scopes.MailSearch}
	anyOf, allOf := scopes.AnyOf(given...), scopes.AllOf(given...)
	both := anyOf.And(allOf)
	public := scopes.Public().And(anyOf)
	missing := scopes.Set{}.Missing(anyOf)
	faulty := scopes.Requirement{{"x", scopes.MailRead}}
	whole := scopes.Set{}.Missing(faulty)

	given[0], given[1] = "gone", "gone"
	anyOf[0][0] = "gone"
	allOf[1][0] = "gone"
	faulty[0][1] = "gone"
	for name, got := range map[string]string{
		"mail:read or mail:search":                                 missing.String(),
		"(mail:read or mail:search) and mail:read and mail:search": both.String(),
		"x or mail:read":                                           whole.String(),
		"gone or mail:search":                                      anyOf.String(), // only the write through anyOf itself
	} {
		if got != name {
			t.Errorf("%q became %q", name, got)
		}
	}
	if got := anyOf.And(scopes.Public()); cmp.Diff(anyOf, got) != "" {
		t.Errorf("public on the right changed it to %s", got)
	}
	if public.String() != "mail:read or mail:search" {
		t.Errorf("Public().And shares memory: %q", public)
	}
}
