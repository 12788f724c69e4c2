package calendar

import (
	"strings"
	"time"
)

const (
	// maxZones bounds the zones looked up for one object, each look-up in the database reading a file or more.
	maxZones = 32
	// maxLoads bounds them altogether: a display name may take a few dozen.
	maxLoads = 300
	// maxZoneName is longer than any name in the database and any display name of Outlook.
	maxZoneName = 200
	// maxCities bounds the cities of a display name that are looked up.
	maxCities = 4
)

// loader is time.LoadLocation, or in tests a machine without time zones.
type loader func(name string) (*time.Location, error)

// zones finds the zones an object names.
type zones struct {
	local   *time.Location
	load    loader
	loads   int
	defined []*definition
	found   map[string]zone
	defects defects
}

// zone is one that was found: in the database, or as rules in the object.
type zone struct {
	location *time.Location
	rules    *definition
	name     string
}

func (z zone) known() bool { return z.location != nil || z.rules != nil }

// shownName is empty for UTC, which says nothing about where the sender is.
func (z zone) shownName() string {
	if z.location != nil && (z.location == time.UTC || z.name == "Etc/UTC") {
		return ""
	}
	return z.name
}

// at is the instant when clocks of the zone show the wall time.
func (z zone) at(clock time.Time) time.Time {
	if z.location != nil {
		return localTime(z.location, clock)
	}
	offset := z.rules.offset(clock)
	return clock.Add(-offset).In(time.FixedZone("", int(offset/time.Second)))
}

func (z *zones) define(d *definition) {
	if d.name != "" && len(z.defined) < maxZones {
		z.defined = append(z.defined, d)
	}
}

// find returns the zone of a TZID. A name the database knows comes first, since its rules are newer than those of
// most senders; then the rules in the object; then what can be made of the name alone.
func (z *zones) find(id string) zone {
	id = strings.Trim(strings.TrimSpace(id), `"`)
	if got, ok := z.found[id]; ok {
		return got
	}
	if len(z.found) >= maxZones || len(id) > maxZoneName {
		return zone{}
	}
	got := z.named(id)
	if !got.known() {
		for _, d := range z.defined {
			if strings.EqualFold(d.name, id) {
				got = z.declared(d)
				break
			}
		}
	}
	if !got.known() {
		got = z.described(id)
	}
	if z.found == nil {
		z.found = make(map[string]zone)
	}
	z.found[id] = got
	return got
}

// named looks for a name of the database, alone or at the end of a path as Mozilla, Evolution and Citadel write it,
// and for one of Windows.
func (z *zones) named(id string) zone {
	if iana, ok := fromWindows(id); ok {
		return z.location(iana)
	}
	if got := z.location(id); got.known() || !strings.Contains(id, "/") {
		return got
	}
	parts := strings.Split(id, "/")
	for n := min(3, len(parts)-1); n > 1; n-- {
		if got := z.location(strings.Join(parts[len(parts)-n:], "/")); got.known() {
			return got
		}
	}
	return zone{}
}

// location asks the database. Names that mean something about this machine are nobody else's.
func (z *zones) location(name string) zone {
	switch strings.ToUpper(name) {
	case "UTC", "GMT", "Z", "ETC/UTC", "ETC/GMT":
		return zone{location: time.UTC, name: "Etc/UTC"}
	case "", "LOCAL", "LOCALTIME", "POSIXRULES", "FACTORY":
		return zone{}
	}
	for _, c := range []byte(name) {
		if !strings.ContainsRune("_/+-", rune(c)) && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') {
			return zone{}
		}
	}
	spellings := []string{name}
	if name == strings.ToLower(name) || name == strings.ToUpper(name) {
		spellings = []string{capitals(name), name} // a file system that takes any case must not decide what is shown
	}
	for _, spelling := range spellings {
		if z.loads++; z.loads > maxLoads {
			break
		}
		if location, err := z.load(spelling); err == nil {
			return zone{location: location, name: spelling}
		}
	}
	return zone{}
}

// capitals writes a name as the database does, whose file names keep letter case: America/Port_of_Spain is found only
// as written, Europe/Berlin however it is.
func capitals(name string) string {
	b := []byte(strings.ToLower(name))
	for i := range b {
		if (i == 0 || b[i-1] == '/' || b[i-1] == '_' || b[i-1] == '-') && b[i] >= 'a' && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// declared evaluates a VTIMEZONE.
func (z *zones) declared(d *definition) zone {
	if got := z.location(d.database); got.known() {
		return got
	}
	if len(d.parts) == 0 {
		return zone{}
	}
	if d.more > 0 {
		z.defects.add("the time zone %q has %d rules too many", shorten(d.name), d.more)
	}
	return zone{rules: d, name: d.name}
}

// described makes something of a display name such as "(UTC+01:00) Amsterdam, Berlin, Rome": a zone of one of its
// cities whose clocks show that offset in winter or in summer, else the offset alone.
func (z *zones) described(id string) zone {
	offset, rest, ok := displayOffset(id)
	if !ok {
		return zone{}
	}
	if iana, ok := fromWindows(rest); ok {
		if got := z.location(iana); got.known() {
			return got
		}
	}
	for i, city := range strings.Split(rest, ",") {
		if i == maxCities {
			break
		}
		city = strings.ReplaceAll(strings.TrimSpace(city), " ", "_")
		for _, region := range []string{"Europe/", "America/", "Asia/", "Africa/", "Australia/", "Pacific/", "Atlantic/"} {
			if city == "" {
				break
			}
			if got := z.location(region + city); got.known() && standard(got.location) == offset {
				return got
			}
		}
	}
	z.defects.add("the time zone %q is read as its offset: summer time is not known", shorten(id))
	return zone{location: time.FixedZone("", int(offset/time.Second)), name: id}
}

// displayOffset reads the start of a display name: "(UTC+01:00) …", "(GMT-05:00) …", "GMT+2", "UTC-0330".
func displayOffset(id string) (offset time.Duration, rest string, ok bool) {
	s := id
	open := strings.HasPrefix(s, "(")
	s = strings.TrimPrefix(s, "(")
	if len(s) < 3 || !strings.EqualFold(s[:3], "UTC") && !strings.EqualFold(s[:3], "GMT") {
		return 0, "", false
	}
	s = strings.TrimSpace(s[3:])
	head := s
	if i := strings.IndexAny(s, ") "); i >= 0 {
		head, rest = s[:i], strings.TrimSpace(s[i+1:])
	}
	if head == "" && open && rest != "" {
		return 0, rest, true
	}
	if len(head) == 2 {
		head = head[:1] + "0" + head[1:]
	}
	offset, ok = parseOffset(head)
	return offset, rest, ok
}

// standard is the offset from UTC outside of summer time, in the year this was written: display names give it.
func standard(location *time.Location) time.Duration {
	_, january := time.Date(2026, 1, 1, 0, 0, 0, 0, location).Zone()
	_, july := time.Date(2026, 7, 1, 0, 0, 0, 0, location).Zone()
	return time.Duration(min(january, july)) * time.Second
}

// localTime is the instant when clocks in location show the wall time: the first if there are two, and as if clocks
// had not yet been changed if there is none (RFC 5545 section 3.3.5).
func localTime(location *time.Location, clock time.Time) time.Time {
	instant := func(offset int) time.Time { return clock.Add(-time.Duration(offset) * time.Second).In(location) }
	_, before := clock.AddDate(0, 0, -1).In(location).Zone()
	_, after := clock.AddDate(0, 0, 1).In(location).Zone()
	for _, offset := range []int{before, after} {
		t := instant(offset)
		if _, there := t.Zone(); there == offset {
			return t
		}
	}
	return instant(before)
}
