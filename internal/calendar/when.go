package calendar

import "time"

const (
	dayLayout   = "Mon 2006-01-02"
	clockLayout = "15:04"
	minute      = dayLayout + " " + clockLayout
)

// day words the end of a recurrence.
func (m Moment) day(zone *time.Location) string {
	if m.Form == Instant && m.Zone == "" {
		m.Time = m.Time.In(zone)
	}
	return m.Time.Format(dayLayout)
}

// words says one moment: "Tue 2026-11-24 15:00 (+01:00)".
func (m Moment) words(zone *time.Location) string { return span(m, Moment{}, zone) }

// span says when something is, in the reader's zone: "Tue 2026-11-24 15:00-15:45 (+01:00; sender's zone
// America/New_York 09:00)". The sender's zone is there when its clocks show another time.
func span(start, end Moment, zone *time.Location) string {
	switch {
	case start.Missing() && end.Missing():
		return "not said"
	case start.Missing():
		return "until " + end.words(zone)
	case start.Form == Date:
		return wholeSpan(start.Time, end)
	case start.Form == Floating:
		from, to := start.Time, end.Time
		zoneless := "no time zone given"
		if start.Zone != "" {
			zoneless = "in the sender's zone " + clean(start.Zone, maxZoneShown) + ", which is not known"
		}
		return fromTo(from, to, !end.Missing(), "") + " (" + zoneless + ")"
	}
	from, to := start.Time.In(zone), end.Time.In(zone)
	offset := from.Format("-07:00")
	if _, secs := from.Zone(); secs%60 != 0 {
		offset = from.Format("-07:00:00")
	}
	between := ""
	if !end.Missing() && to.Format("-07:00:00") != from.Format("-07:00:00") {
		between = " (" + offset + ")"
		offset = to.Format("-07:00")
	}
	return fromTo(from, to, !end.Missing(), between) + " (" + offset + senders(start, from) + ")"
}

// fromTo says a span of clock times; between is what follows the first when the second does not share it.
func fromTo(from, to time.Time, ends bool, between string) string {
	said := from.Format(minute)
	switch {
	case !ends || from.Equal(to):
		return said
	case between == "" && from.Format(dayLayout) == to.Format(dayLayout):
		return said + "-" + to.Format(clockLayout)
	}
	return said + between + " to " + to.Format(minute)
}

// senders says what the sender's clocks show, when that differs.
func senders(start Moment, from time.Time) string {
	if start.Zone == "" || start.Time.Format(minute) == from.Format(minute) {
		return ""
	}
	layout := clockLayout
	if start.Time.Format(dayLayout) != from.Format(dayLayout) {
		layout = minute
	}
	return "; sender's zone " + clean(start.Zone, maxZoneShown) + " " + start.Time.Format(layout)
}

// wholeSpan says days; the end of dates is the day after the last (RFC 5545 section 3.6.1).
func wholeSpan(first time.Time, end Moment) string {
	said := first.Format(dayLayout)
	if !end.Missing() {
		// Days are compared, not times: clocks may skip the midnight that one begins with.
		if last := end.Time.AddDate(0, 0, -1); last.After(first) && last.Format(dayLayout) != said {
			said += " to " + last.Format(dayLayout)
		}
	}
	return said + ", all day"
}
