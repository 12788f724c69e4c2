package scopes_test

import (
	"testing"

	"github.com/postern-mail/postern/scopes"
)

func TestQuota(t *testing.T) {
	byDefault := scopes.Quota{Recipients: scopes.DefaultRecipients, SendsPerHour: scopes.DefaultSendsPerHour, SendsPerDay: scopes.DefaultSendsPerDay}
	free := scopes.Quota{Recipients: -1, SendsPerHour: -7, SendsPerDay: -1}
	if got := (scopes.Quota{}).Effective(); got != byDefault {
		t.Errorf("zero is %+v, want the defaults", got)
	}
	if got, want := free.Effective(), (scopes.Quota{Recipients: -1, SendsPerHour: -1, SendsPerDay: -1}); got != want {
		t.Errorf("negative is %+v, want no limit", got)
	}
	for _, tc := range []struct {
		name       string
		a, b, want scopes.Quota
	}{
		{"lower of two", scopes.Quota{Recipients: 3, SendsPerHour: 9, SendsPerDay: 5}, scopes.Quota{Recipients: 4, SendsPerHour: 2, SendsPerDay: 5}, scopes.Quota{Recipients: 3, SendsPerHour: 2, SendsPerDay: 5}},
		{"no limit gives way", free, scopes.Quota{Recipients: 4, SendsPerHour: 2, SendsPerDay: 5}, scopes.Quota{Recipients: 4, SendsPerHour: 2, SendsPerDay: 5}},
		{"default against no limit", scopes.Quota{}, free, byDefault},
		{"default against more", scopes.Quota{}, scopes.Quota{Recipients: 1e6, SendsPerHour: 1e6, SendsPerDay: 1e6}, byDefault},
		{"no limit twice", free, free, free.Effective()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.a.And(tc.b); got != tc.want {
				t.Errorf("And = %+v, want %+v", got, tc.want)
			}
			if got := tc.b.And(tc.a); got != tc.want {
				t.Errorf("the other way round %+v, want %+v", got, tc.want)
			}
		})
	}
}
