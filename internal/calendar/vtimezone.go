package calendar

import (
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/contentline"
)

const (
	// maxParts is how many observances of a VTIMEZONE are kept: London's whole history has about 240.
	maxParts = 400
	// maxOnsets is how many RDATEs of a VTIMEZONE are kept.
	maxOnsets = 400
)

// definition is a VTIMEZONE (RFC 5545 section 3.6.5).
type definition struct {
	name     string
	database string // X-LIC-LOCATION: its name in the time zone database
	parts    []observance
	onsets   int // RDATEs in parts
	more     int // parts and RDATEs that were not kept
}

func (d *definition) property(line *contentline.Line) {
	switch line.Name {
	case "TZID":
		set(&d.name, strings.Trim(line.Value, `" `))
	case "X-LIC-LOCATION":
		set(&d.database, line.Value)
	}
}

// add keeps a finished observance if it says when and to what clocks change.
func (d *definition) add(o *observance) {
	switch {
	case o == nil || !o.toKnown || !o.startKnown && len(o.dates) == 0:
	case len(d.parts) == maxParts:
		d.more++
	default:
		if !o.fromKnown {
			o.from = o.to
		}
		keep := min(len(o.dates), maxOnsets-d.onsets)
		d.more += len(o.dates) - keep
		o.dates = o.dates[:keep]
		d.onsets += keep
		if o.startKnown || keep > 0 {
			d.parts = append(d.parts, *o)
		}
	}
}

// offset is that from UTC when clocks show the wall time: of the observance that began last. Before all of them it is
// what the first one changed from. In the hour that clocks skip it is the old one (RFC 5545 section 3.3.5).
func (d *definition) offset(clock time.Time) time.Duration {
	var (
		last, first     time.Time
		current, oldest *observance
	)
	for i := range d.parts {
		o := &d.parts[i]
		if begin := o.begin(); oldest == nil || begin.Before(first) {
			oldest, first = o, begin
		}
		if onset, ok := o.onset(clock); ok && (current == nil || !onset.Before(last)) {
			current, last = o, onset
		}
	}
	if current == nil {
		return oldest.from
	}
	if clock.Sub(last) < current.to-current.from {
		return current.from
	}
	return current.to
}

// observance is a STANDARD or DAYLIGHT part: from start on, clocks are at "to". All times are walls' before the change.
type observance struct {
	start      time.Time
	from, to   time.Duration
	dates      []time.Time
	yearly     bool
	month      time.Month
	weekday    time.Weekday
	nth        int   // 1 to 5 from the start of the month, negative from its end; 0: any
	days       []int // of the month; with weekday set the one among them
	onWeekday  bool
	until      time.Time // zero: for ever
	startKnown bool
	fromKnown  bool
	toKnown    bool
}

func (o *observance) property(line *contentline.Line) {
	switch line.Name {
	case "DTSTART":
		if w, ok := parseWall(line.Value); ok && !o.startKnown {
			o.start, o.startKnown = w.clock, true
		}
	case "TZOFFSETFROM":
		if offset, ok := parseOffset(line.Value); ok {
			o.from, o.fromKnown = offset, true
		}
	case "TZOFFSETTO":
		if offset, ok := parseOffset(line.Value); ok {
			o.to, o.toKnown = offset, true
		}
	case "RDATE":
		for value := range strings.SplitSeq(line.Value, ",") {
			if w, ok := parseWall(value); ok && len(o.dates) < maxOnsets {
				o.dates = append(o.dates, w.clock)
			}
		}
	case "RRULE":
		o.rule(line.Value)
	}
}

// rule reads the yearly rules that zones have: the nth weekday of a month, or the weekday among some days of it.
func (o *observance) rule(value string) {
	for part := range strings.SplitSeq(strings.ToUpper(value), ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "FREQ":
			o.yearly = value == "YEARLY"
		case "BYMONTH":
			if n, err := strconv.Atoi(value); err == nil && n >= 1 && n <= 12 {
				o.month = time.Month(n)
			}
		case "BYDAY":
			if nth, day, ok := parseWeekday(value); ok {
				o.nth, o.weekday, o.onWeekday = nth, day, true
			}
		case "BYMONTHDAY":
			o.days = numbers(value, 31)
		case "UNTIL":
			if w, ok := parseWall(value); ok {
				o.until = w.clock
			}
		}
	}
}

func (o *observance) begin() time.Time {
	if !o.startKnown {
		return o.dates[0]
	}
	return o.start
}

// onset is the last time not after the wall time that this observance began.
func (o *observance) onset(clock time.Time) (last time.Time, ok bool) {
	consider := func(t time.Time) {
		if !t.After(clock) && (!ok || t.After(last)) {
			last, ok = t, true
		}
	}
	if o.startKnown {
		consider(o.start)
	}
	for _, t := range o.dates {
		consider(t)
	}
	if o.yearly && o.startKnown {
		latest := clock.Year()
		if !o.until.IsZero() {
			latest = min(latest, o.until.Year())
		}
		for _, year := range []int{latest - 1, latest} {
			// UNTIL is in UTC, onsets are not: a day more never reaches the next year's.
			if t := o.inYear(year); t.After(o.start) && (o.until.IsZero() || !t.After(o.until.AddDate(0, 0, 1))) {
				consider(t)
			}
		}
	}
	return last, ok
}

// inYear is when the rule makes the observance begin in a year.
func (o *observance) inYear(year int) time.Time {
	month := o.month
	if month == 0 {
		month = o.start.Month()
	}
	on := func(day int) time.Time {
		h, m, s := o.start.Clock()
		return time.Date(year, month, day, h, m, s, 0, time.UTC)
	}
	switch {
	case !o.onWeekday && len(o.days) > 0:
		return on(o.days[0])
	case !o.onWeekday:
		return on(o.start.Day())
	case len(o.days) > 0:
		for _, day := range o.days {
			if t := on(day); t.Weekday() == o.weekday {
				return t
			}
		}
		return on(o.days[0])
	case o.nth < 0:
		end := on(1).AddDate(0, 1, -1)
		back := int(end.Weekday()-o.weekday+7) % 7
		return end.AddDate(0, 0, -back+7*(o.nth+1))
	}
	first := on(1)
	ahead := int(o.weekday-first.Weekday()+7) % 7
	return first.AddDate(0, 0, ahead+7*(max(o.nth, 1)-1))
}
