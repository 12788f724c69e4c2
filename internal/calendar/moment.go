package calendar

import (
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/contentline"
)

// Form says what a Moment is.
type Form uint8

// The forms of RFC 5545 sections 3.3.4 and 3.3.5.
const (
	Missing  Form = iota // not said, or not readable
	Instant              // a point in time
	Floating             // a time of day wherever the reader is
	Date                 // a whole day
)

// Moment is when something starts or ends. Time is in the sender's zone if Form is Instant, else in the reader's.
type Moment struct {
	Time time.Time
	Form Form
	Zone string // the sender's, as the time zone database calls it where possible; of a Floating one: not known
}

// Missing reports that there is no time.
func (m Moment) Missing() bool { return m.Form == Missing }

// stamp is a time as it was written.
type stamp struct{ value, zone string }

func (s *stamp) set(line *contentline.Line) {
	if s.value == "" {
		s.value, s.zone = strings.TrimSpace(line.Value), line.Param("TZID")
		if strings.EqualFold(line.Param("VALUE"), "DATE") {
			s.value, _, _ = strings.Cut(s.value, "T") // some write midnight all the same
		}
	}
	// A display name that was not quoted is cut at its own colon: TZID=(UTC+01:00) Berlin:20261124T150000.
	if i := strings.LastIndexByte(s.value, ':'); i >= 0 && strings.HasPrefix(s.zone, "(") && !strings.Contains(s.zone, ")") {
		s.zone, s.value = s.zone+":"+s.value[:i], s.value[i+1:]
	}
}

// moment resolves the stamp.
func (s stamp) moment(zones *zones, defects *defects) Moment {
	if s.value == "" {
		return Moment{}
	}
	w, ok := parseWall(s.value)
	if !ok {
		defects.add("%q is no time", shorten(s.value))
		return Moment{}
	}
	switch {
	case w.date:
		return Moment{Form: Date, Time: localTime(zones.local, w.clock)}
	case w.fixed:
		return Moment{Form: Instant, Time: w.clock.Add(-w.offset)}
	}
	if s.zone != "" {
		if zone := zones.find(s.zone); zone.known() {
			return Moment{Form: Instant, Time: zone.at(w.clock), Zone: zone.shownName()}
		}
		defects.add("the time zone %q is not known: its times are given as written", shorten(s.zone))
		return Moment{Form: Floating, Time: localTime(zones.local, w.clock), Zone: s.zone}
	}
	return Moment{Form: Floating, Time: localTime(zones.local, w.clock)}
}

// momentBeside is moment for a stamp that belongs to start: without a zone of its own it is in that of start, for
// some senders name the zone once.
func (s stamp) momentBeside(start Moment, zones *zones, defects *defects) Moment {
	m := s.moment(zones, defects)
	if m.Form == Floating && s.zone == "" && start.Form == Instant {
		w, _ := parseWall(s.value)
		m = Moment{Form: Instant, Time: localTime(start.Time.Location(), w.clock), Zone: start.Zone}
	}
	return m
}

// notBefore drops an end that cannot be one.
func (m Moment) notBefore(start Moment, defects *defects) Moment {
	switch {
	case m.Missing() || start.Missing():
		return m
	case m.Form != start.Form:
		defects.add("start and end are of different forms: the end is left out")
		return Moment{}
	case m.Time.Before(start.Time):
		defects.add("the end (%s) is before the start: it is left out", m.Time.Format("2006-01-02 15:04"))
		return Moment{}
	}
	return m
}

// wholeDays makes dates of times from midnight to midnight.
func wholeDays(start, end Moment) (Moment, Moment) {
	for _, m := range []Moment{start, end} {
		if h, mi, s := m.Time.Clock(); m.Form != Instant && m.Form != Floating || h+mi+s != 0 {
			return start, end
		}
	}
	start.Form, start.Zone = Date, ""
	end.Form, end.Zone = Date, ""
	return start, end
}

// after adds a DURATION value (RFC 5545 section 3.3.6): its days and weeks by the calendar, the rest by the clock.
func (m Moment) after(value string, defects *defects) Moment {
	if m.Missing() {
		return m
	}
	days, rest, ok := parseDuration(value)
	if !ok {
		defects.add("%q is no duration", shorten(value))
		return Moment{}
	}
	m.Time = m.Time.AddDate(0, 0, days).Add(rest)
	return m
}

// maxDays bounds durations at ten years: a longer one is a mistake, and sums cannot overflow.
const maxDays = 3660

func parseDuration(value string) (days int, rest time.Duration, ok bool) {
	s, signed := strings.ToUpper(strings.TrimSpace(value)), 1
	if after, found := strings.CutPrefix(s, "-"); found {
		s, signed = after, -1
	}
	s, ok = strings.CutPrefix(strings.TrimPrefix(s, "+"), "P")
	if !ok || s == "" {
		return 0, 0, false
	}
	var n, whole, seconds int64
	digits, clock := false, false
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			n, digits = n*10+int64(c-'0'), true
			if n > maxDays*24*3600 {
				return 0, 0, false
			}
			continue
		case c == 'T' && !clock && !digits:
			clock = true
			continue
		case !digits:
			return 0, 0, false
		case c == 'W' && !clock:
			whole += 7 * n
		case c == 'D' && !clock:
			whole += n
		case c == 'H' && clock:
			seconds += 3600 * n
		case c == 'M' && clock:
			seconds += 60 * n
		case c == 'S' && clock:
			seconds += n
		default:
			return 0, 0, false
		}
		n, digits = 0, false
		if whole > maxDays || seconds > maxDays*24*3600 {
			return 0, 0, false
		}
	}
	return signed * int(whole), time.Duration(signed) * time.Duration(seconds) * time.Second, !digits
}

// wall is a time as a clock on a wall shows it. clock is in UTC, whatever the zone.
type wall struct {
	clock  time.Time
	date   bool
	fixed  bool // offset from UTC is known
	offset time.Duration
}

// parseWall reads 20261124, 20261124T150000 and 20261124T150000Z, also with the separators of ISO 8601, without
// seconds, and with an offset.
func parseWall(value string) (w wall, ok bool) {
	s := strings.ToUpper(strings.Join(strings.Fields(value), "")) // a fold of two spaces leaves one
	day, clock, timed := strings.Cut(s, "T")
	date, ok := digits(strings.ReplaceAll(day, "-", ""), 8)
	if !ok {
		return wall{}, false
	}
	year, month, dom := date/10000, date/100%100, date%100
	w.clock = time.Date(year, time.Month(month), dom, 0, 0, 0, 0, time.UTC)
	if year < 1 || w.clock.Day() != dom || int(w.clock.Month()) != month {
		return wall{}, false
	}
	if !timed {
		w.date = true
		return w, true
	}
	if rest, utc := strings.CutSuffix(clock, "Z"); utc {
		clock, w.fixed = rest, true
	} else if i := strings.IndexAny(clock, "+-"); i >= 0 {
		w.offset, ok = parseOffset(clock[i:])
		if !ok {
			return wall{}, false
		}
		clock, w.fixed = clock[:i], true
	}
	clock, _, _ = strings.Cut(clock, ".")
	clock = strings.ReplaceAll(clock, ":", "")
	if len(clock) == 4 {
		clock += "00"
	}
	n, ok := digits(clock, 6)
	hour, minute, second := n/10000, n/100%100, n%100
	// 24:00 is the end of a day, and a second of 60 a leap second.
	if !ok || hour > 24 || hour == 24 && n != 240000 || minute > 59 || second > 60 {
		return wall{}, false
	}
	w.clock = w.clock.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(min(second, 59))*time.Second)
	return w, true
}

// parseOffset reads +0100, -05:30 and +013045.
func parseOffset(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	body := strings.ReplaceAll(s[1:], ":", "")
	switch len(body) {
	case 2:
		body += "0000"
	case 4:
		body += "00"
	}
	n, ok := digits(body, 6)
	if !ok || n/10000 > 23 || n/100%100 > 59 || n%100 > 59 {
		return 0, false
	}
	offset := time.Duration(n/10000)*time.Hour + time.Duration(n/100%100)*time.Minute + time.Duration(n%100)*time.Second
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// digits reads exactly n of them.
func digits(s string, n int) (value int, ok bool) {
	if len(s) != n {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		value = value*10 + int(c-'0')
	}
	return value, true
}
