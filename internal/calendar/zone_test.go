package calendar

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var errNoZones = errors.New("no zones here")

// bare is a machine without a time zone database.
func bare(string) (*time.Location, error) { return nil, errNoZones }

func TestWindowsZones(t *testing.T) {
	seen := make(map[string]bool)
	for _, table := range []string{windowsZones, outlookZones} {
		for line := range strings.Lines(strings.TrimSpace(table)) {
			windows, iana, _ := strings.Cut(strings.TrimSpace(line), "=")
			if seen[windows] {
				t.Errorf("%s is there twice", windows)
			}
			seen[windows] = true
			if _, err := time.LoadLocation(iana); err != nil || iana == "" {
				t.Errorf("%s: %v", windows, err)
			}
			if got, ok := fromWindows(strings.ToUpper(windows)); !ok || got != iana {
				t.Errorf("%s: got %q", windows, got)
			}
		}
	}
	// CLDR 45 and later have 139.
	if n := len(seen) - strings.Count(strings.TrimSpace(outlookZones), "\n") - 1; n != 139 {
		t.Errorf("%d zones of Windows", n)
	}
	for _, name := range []string{"", "=", "Etc/UTC", "Standard Time", "Europe Standard Time"} {
		if got, ok := fromWindows(name); ok {
			t.Errorf("%q is %q", name, got)
		}
	}
}

func TestZoneNames(t *testing.T) {
	tests := []struct{ id, want, january, july string }{
		{"Europe/Berlin", "Europe/Berlin", "+01:00", "+02:00"},
		{"europe/berlin", "Europe/Berlin", "+01:00", "+02:00"},
		{"AMERICA/NEW_YORK", "America/New_York", "-05:00", "-04:00"},
		{`"Europe/Berlin"`, "Europe/Berlin", "+01:00", "+02:00"},
		{"/mozilla.org/20050126_1/Europe/Berlin", "Europe/Berlin", "+01:00", "+02:00"},
		{"/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires", "-03:00", "-03:00"},
		{"/citadel.org/20190914_1/America/New_York", "America/New_York", "-05:00", "-04:00"},
		{"W. Europe Standard Time", "Europe/Berlin", "+01:00", "+02:00"},
		{"india standard time", "Asia/Kolkata", "+05:30", "+05:30"},
		{"Eastern Time (US & Canada)", "America/New_York", "-05:00", "-04:00"},
		{"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Amsterdam", "+01:00", "+02:00"},
		{"(GMT-08:00) Pacific Time (US & Canada)", "America/Los_Angeles", "-08:00", "-07:00"},
		{"(UTC+00:00) Dublin, Edinburgh, Lisbon, London", "Europe/Dublin", "+00:00", "+01:00"},
		{"(UTC) Coordinated Universal Time", "", "+00:00", "+00:00"},
		{"(UTC+09:30) Nowhere", "(UTC+09:30) Nowhere", "+09:30", "+09:30"},
		{"GMT+2", "GMT+2", "+02:00", "+02:00"},
		{"UTC-0330", "UTC-0330", "-03:30", "-03:30"},
		{"UTC", "", "+00:00", "+00:00"},
		{"gmt", "", "+00:00", "+00:00"},
		{"UTC-11", "Etc/GMT+11", "-11:00", "-11:00"},
	}
	for _, tt := range tests {
		t.Run(tt.id, func(t *testing.T) {
			z := zones{local: time.UTC, load: time.LoadLocation}
			got := z.find(tt.id)
			if !got.known() {
				t.Fatal("not known")
			}
			january := got.at(time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)).Format("-07:00")
			july := got.at(time.Date(2026, 7, 15, 12, 0, 0, 0, time.UTC)).Format("-07:00")
			if got.shownName() != tt.want || january != tt.january || july != tt.july {
				t.Errorf("got %q, %s and %s", got.shownName(), january, july)
			}
		})
	}
	for _, id := range []string{"", "Local", "local", "Nowhere", "../../etc/passwd", "/etc/localtime", "/x/Zurich", "posixrules", "Eastern", "(UTC", "UTC+", "UTC+99", "\x00", strings.Repeat("x", 1000)} {
		z := zones{local: time.UTC, load: time.LoadLocation}
		if got := z.find(id); got.known() {
			t.Errorf("%q is %q", id, got.name)
		}
	}
}

// TestLoadsAreBounded: names of zones cost look-ups in files.
func TestLoadsAreBounded(t *testing.T) {
	n := 0
	z := zones{local: time.UTC, load: func(string) (*time.Location, error) { n++; return nil, errNoZones }}
	for i := range 1000 {
		z.find("(UTC+01:00) A, B, C, D, E" + strings.Repeat("x", i%150))
	}
	if n > maxLoads || len(z.found) > maxZones {
		t.Errorf("%d look-ups, %d zones", n, len(z.found))
	}
}

const rules = `BEGIN:VTIMEZONE
TZID:Home
BEGIN:STANDARD
DTSTART:19961027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19810329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:East
BEGIN:DAYLIGHT
DTSTART:20070311T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=SU;BYMONTHDAY=8,9,10,11,12,13,14
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20071104T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Once
BEGIN:STANDARD
DTSTART:20000101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0400
RDATE:20100601T000000,20110601T000000
END:STANDARD
BEGIN:STANDARD
DTSTART:20050101T000000
TZOFFSETFROM:+0400
TZOFFSETTO:+0330
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Ended
BEGIN:DAYLIGHT
DTSTART:19900401T020000
TZOFFSETFROM:-0300
TZOFFSETTO:-0200
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T050000Z
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19891029T020000
TZOFFSETFROM:-0200
TZOFFSETTO:-0300
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T040000Z
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Fixed
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0545
TZOFFSETTO:+0545
END:STANDARD
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Recent
BEGIN:STANDARD
DTSTART:20071028T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20080330T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Empty
END:VTIMEZONE
BEGIN:VTIMEZONE
TZID:Broken
BEGIN:STANDARD
DTSTART:noon
TZOFFSETTO:+9999
END:STANDARD
END:VTIMEZONE
`

// TestRules evaluates the rules in an object on a machine without time zones; the wanted instants are those of the
// database where such a zone is in it.
func TestRules(t *testing.T) {
	tests := []struct{ name, zone, clock, want string }{
		{"winter", "Home", "20260115T120000", "2026-01-15T12:00:00+01:00"},
		{"summer", "Home", "20260715T120000", "2026-07-15T12:00:00+02:00"},
		{"last hour of winter", "Home", "20270328T015959", "2027-03-28T01:59:59+01:00"},
		{"skipped hour", "Home", "20270328T023000", "2027-03-28T02:30:00+01:00"},
		{"first hour of summer", "Home", "20270328T030000", "2027-03-28T03:00:00+02:00"},
		{"hour that comes twice", "Home", "20261025T023000", "2026-10-25T02:30:00+02:00"},
		{"after it", "Home", "20261025T030000", "2026-10-25T03:00:00+01:00"},
		{"new year", "Home", "20270101T000000", "2027-01-01T00:00:00+01:00"},
		{"before all rules", "Home", "19700715T120000", "1970-07-15T12:00:00+01:00"},
		{"Sunday among days", "East", "20270314T030000", "2027-03-14T03:00:00-04:00"},
		{"the Saturday before", "East", "20270313T120000", "2027-03-13T12:00:00-05:00"},
		{"first Sunday", "East", "20261101T020000", "2026-11-01T02:00:00-05:00"},
		{"date of change", "Once", "20100601T010000", "2010-06-01T01:00:00+04:00"},
		{"before it", "Once", "20090601T000000", "2009-06-01T00:00:00+03:30"},
		{"last before the rules ended", "Ended", "20060715T120000", "2006-07-15T12:00:00-02:00"},
		{"after the rules ended", "Ended", "20260715T120000", "2026-07-15T12:00:00-03:00"},
		{"one offset", "Fixed", "20260715T120000", "2026-07-15T12:00:00+05:45"},
		{"by last year's change", "Recent", "20270115T120000", "2027-01-15T12:00:00+01:00"},
		{"case of the name", "fixed", "20260715T120000", "2026-07-15T12:00:00+05:45"},
		{"no rules", "Empty", "20260715T120000", ""},
		{"broken rules", "Broken", "20260715T120000", ""},
		{"not defined", "Other", "20260715T120000", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := read("BEGIN:VEVENT\nDTSTART;TZID="+tt.zone+":"+tt.clock+"\nEND:VEVENT\n"+rules, time.UTC, bare)
			start := c.Events[0].Start
			if tt.want == "" {
				if start.Form != Floating || len(c.Defects) == 0 {
					t.Errorf("got %+v, %q", start, c.Defects)
				}
				return
			}
			if got := start.Time.Format(time.RFC3339); start.Form != Instant || !sameInstant(t, got, tt.want) || !strings.EqualFold(start.Zone, tt.zone) {
				t.Errorf("got %s in %s, want %s", got, start.Zone, tt.want)
			}
		})
	}
}

func sameInstant(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := time.Parse(time.RFC3339, a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := time.Parse(time.RFC3339, b)
	if err != nil {
		t.Fatal(err)
	}
	return x.Equal(y)
}

// TestRulesAgree compares the rules of an object with those of the database, each hour around the changes of a year.
func TestRulesAgree(t *testing.T) {
	for rule, name := range map[string]string{"Home": "Europe/Berlin", "East": "America/New_York"} {
		location, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		z := zones{local: time.UTC, load: bare}
		r := reader{zones: z}
		feed(&r, rules)
		got := r.zones.find(rule)
		for clock := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); clock.Year() < 2028; clock = clock.Add(30 * time.Minute) {
			if a, b := got.at(clock), localTime(location, clock); !a.Equal(b) {
				t.Fatalf("%s %s: %s, the database says %s", name, clock.Format("2006-01-02 15:04"), a.Format(time.RFC3339), b.Format(time.RFC3339))
			}
		}
	}
}

// TestDatabaseFirst: a name in the database wins over rules under that name; without one the rules are used, for
// Windows' names too; and X-LIC-LOCATION names an entry of the database.
func TestDatabaseFirst(t *testing.T) {
	object := func(name, more string) string {
		return "BEGIN:VTIMEZONE\nTZID:" + name + "\n" + more + "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETTO:+0700\nEND:STANDARD\nEND:VTIMEZONE\n" +
			"BEGIN:VEVENT\nDTSTART;TZID=" + name + ":20260115T120000\nEND:VEVENT\n"
	}
	tests := []struct {
		name, id, more string
		load           loader
		zone, offset   string
	}{
		{"database", "Europe/Berlin", "", time.LoadLocation, "Europe/Berlin", "+01:00"},
		{"without one", "Europe/Berlin", "", bare, "Europe/Berlin", "+07:00"},
		{"Windows", "Tokyo Standard Time", "", time.LoadLocation, "Asia/Tokyo", "+09:00"},
		{"Windows without a database", "Tokyo Standard Time", "", bare, "Tokyo Standard Time", "+07:00"},
		{"own name", "Office", "", time.LoadLocation, "Office", "+07:00"},
		{"own name with a location", "Office", "X-LIC-LOCATION:Asia/Tokyo\n", time.LoadLocation, "Asia/Tokyo", "+09:00"},
		{"rules before the offset in a name", "(UTC+01:00) Nowhere", "", time.LoadLocation, "(UTC+01:00) Nowhere", "+07:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := read(object(tt.id, tt.more), nil, tt.load).Events[0].Start
			if got := start.Time.Format("-07:00"); start.Zone != tt.zone || got != tt.offset {
				t.Errorf("got %q %s", start.Zone, got)
			}
		})
	}
}

// TestCityOfAnotherOffset: the offset of a display name is believed before its city.
func TestCityOfAnotherOffset(t *testing.T) {
	for id, want := range map[string]string{"(UTC+01:00) Berlin": "2026-07-15T12:00:00+02:00", "(UTC+05:00) Berlin": "2026-07-15T12:00:00+05:00"} {
		c := Read("BEGIN:VEVENT\nDTSTART;TZID=\""+id+"\":20260715T120000\nEND:VEVENT", nil)
		if got := c.Events[0].Start.Time.Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}
