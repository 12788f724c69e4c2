package mailtool

import (
	"testing"
	"time"
)

func TestRowTime(t *testing.T) {
	zone := time.FixedZone("", 3600)
	now := time.Date(2026, 1, 1, 0, 30, 0, 0, zone)
	for _, test := range []struct {
		name string
		at   time.Time
		want string
	}{
		{"no date", time.Time{}, ""},
		{"now", now, "00:30"},
		{"today, from now on", now.Add(23 * time.Hour), "23:30"},
		{"yesterday was another year", now.Add(-time.Hour), "31 Dec 2025 23:30"},
		{"this year", time.Date(2026, 6, 9, 7, 5, 59, 0, zone), "9 Jun 07:05"},
		{"another zone, the same day here", time.Date(2025, 12, 31, 23, 15, 0, 0, time.UTC), "00:15"},
		{"the same day of another year", now.AddDate(-1, 0, 0), "1 Jan 2025 00:30"},
		{"a sender's wild guess", time.Date(9999, 12, 31, 12, 0, 0, 0, time.UTC), "31 Dec 9999 13:00"},
	} {
		if got := rowTime(test.at, now); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestRowNow: rows of several accounts have one offset, that of the answer.
func TestRowNow(t *testing.T) {
	_, caller, _ := fixture(t, "dm", "wk")
	caller.Accounts[0].Zone = time.FixedZone("", 2*3600)
	for _, a := range caller.Accounts {
		env := &Env{Account: a, Caller: caller, Now: testNow}
		if got := env.rowNow(); !got.Equal(testNow) || got.Format("-07:00") != "+02:00" {
			t.Errorf("%s: %v", a.ID, got)
		}
	}
}

// TestRowTimeOfSummer: a zone's clocks change, the offset of an answer's rows does not.
func TestRowTimeOfSummer(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zone database")
	}
	env := &Env{Account: Account{Zone: zone}, Caller: &Caller{}, Now: testNow}
	if got := rowTime(time.Date(2026, 7, 1, 9, 30, 0, 0, time.UTC), env.rowNow()); got != "1 Jul 10:30" {
		t.Errorf("%q at %s", got, env.rowNow())
	}
}
