package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// maxNumbers bounds the lists of a rule.
	maxNumbers = 31
	// maxCount is above every count a calendar program offers.
	maxCount = 9999
)

// Rule is a recurrence (RFC 5545 section 3.3.10). The zero Rule is none.
type Rule struct {
	Freq       string // DAILY, WEEKLY, ...; "" is no rule
	Interval   int    // 1 or more
	Count      int    // 0: not limited by a count
	Until      Moment
	Days       []Weekday
	MonthDays  []int
	Months     []int
	Positions  []int    // BYSETPOS
	Others     []string // parts that are not put in words, as written
	More       bool     // there are further rules, which are not given
	Unreadable bool     // there is a rule, and this is not what it says
}

// Weekday is a day of BYDAY: the Nth of the month or year, from its end when negative, every one when 0.
type Weekday struct {
	N   int
	Day time.Weekday
}

// Recurs reports that there is a rule.
func (r Rule) Recurs() bool { return r.Freq != "" || r.Unreadable }

func parseRule(value string, start Moment, zones *zones, defects *defects) Rule {
	r := Rule{Interval: 1}
	for part := range strings.SplitSeq(strings.ToUpper(strings.TrimSpace(value)), ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "FREQ":
			if frequency(value) != "" {
				r.Freq = value
			}
		case "INTERVAL":
			r.Interval = max(1, positive(value))
		case "COUNT":
			r.Count = positive(value)
		case "UNTIL":
			r.Until = stamp{value: value}.momentBeside(start, zones, defects)
			if r.Until.Form == Instant && start.Form == Instant {
				// It is written in UTC and meant as a day of the sender's.
				r.Until.Time, r.Until.Zone = r.Until.Time.In(start.Time.Location()), start.Zone
			}
			if h, m, s := r.Until.Time.UTC().Clock(); r.Until.Form == Instant && start.Form == Date && (h+m+s == 0 || h*3600+m*60+s == 86399) {
				// A day with a time that it should not have: it is the same one everywhere.
				r.Until.Form, r.Until.Time = Date, r.Until.Time.UTC()
			}
		case "BYDAY":
			for day := range strings.SplitSeq(value, ",") {
				if n, weekday, ok := parseWeekday(day); ok && len(r.Days) < maxNumbers {
					r.Days = append(r.Days, Weekday{N: n, Day: weekday})
				}
			}
		case "BYMONTHDAY":
			r.MonthDays = numbers(value, 31)
		case "BYMONTH":
			r.Months = numbers(value, 12)
		case "BYSETPOS":
			r.Positions = numbers(value, 366)
		case "", "WKST":
		default:
			if len(r.Others) < maxNumbers {
				r.Others = append(r.Others, shorten(part))
			}
		}
	}
	if r.Freq == "" {
		defects.add("the recurrence %q is not readable", shorten(value))
		return Rule{Unreadable: true}
	}
	return r
}

func positive(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return min(n, maxCount)
}

// numbers reads a list of numbers from -limit to limit without 0.
func numbers(s string, limit int) []int {
	var list []int
	for part := range strings.SplitSeq(s, ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(part)); err == nil && n != 0 && n >= -limit && n <= limit && len(list) < maxNumbers {
			list = append(list, n)
		}
	}
	return list
}

// parseWeekday reads TU, 2TU and -1SU.
func parseWeekday(s string) (n int, day time.Weekday, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 2 {
		return 0, 0, false
	}
	i := slices.Index([]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}, s[len(s)-2:])
	if i < 0 {
		return 0, 0, false
	}
	if s = s[:len(s)-2]; s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil || n < -53 || n > 53 {
			return 0, 0, false
		}
	}
	return n, time.Weekday(i), true
}

func frequency(freq string) string {
	switch freq {
	case "SECONDLY":
		return "second"
	case "MINUTELY":
		return "minute"
	case "HOURLY":
		return "hour"
	case "DAILY":
		return "day"
	case "WEEKLY":
		return "week"
	case "MONTHLY":
		return "month"
	case "YEARLY":
		return "year"
	}
	return ""
}

// words says the rule as "every 2 weeks on Monday and Friday, 10 times"; start and zone, the reader's, tell whether
// these are the reader's days.
func (r Rule) words(start Moment, zone *time.Location) string {
	if r.Freq == "" {
		return "by a rule that is not readable"
	}
	var b strings.Builder
	unit := frequency(r.Freq)
	if r.Interval > 1 {
		fmt.Fprintf(&b, "every %d %ss", r.Interval, unit)
	} else {
		b.WriteString("every " + unit)
	}
	if on := r.days(); on != "" {
		b.WriteString(" on " + on)
		if start.Form == Instant && start.Time.Format(dayLayout) != start.Time.In(zone).Format(dayLayout) {
			b.WriteString(" (where the sender is)")
		}
	}
	if len(r.Months) > 0 {
		b.WriteString(" in " + list(r.Months, func(n int) string {
			if n < 0 {
				return strconv.Itoa(n)
			}
			return time.Month(n).String()
		}))
	}
	if len(r.Others) > 0 {
		b.WriteString(" (" + strings.Join(r.Others, "; ") + ")")
	}
	switch {
	case r.Count == 1:
		b.WriteString(", once")
	case r.Count > 1:
		fmt.Fprintf(&b, ", %d times", r.Count)
	case !r.Until.Missing():
		b.WriteString(", until " + r.Until.day(zone))
	}
	if r.More {
		b.WriteString(", and by further rules")
	}
	return b.String()
}

// days words what selects days.
func (r Rule) days() string {
	var parts []string
	if len(r.MonthDays) > 0 {
		parts = append(parts, list(r.MonthDays, func(n int) string {
			switch {
			case n == -1:
				return "the last day"
			case n < 0:
				return "the " + ordinal(-n) + " last day"
			}
			return "day " + strconv.Itoa(n)
		}))
	}
	if len(r.Days) > 0 {
		parts = append(parts, r.weekdays())
	}
	return strings.Join(parts, " that is ")
}

func (r Rule) weekdays() string {
	name := func(d Weekday) string {
		switch {
		case d.N == -1:
			return "the last " + d.Day.String()
		case d.N < 0:
			return "the " + ordinal(-d.N) + " last " + d.Day.String()
		case d.N > 0:
			return "the " + ordinal(d.N) + " " + d.Day.String()
		}
		return d.Day.String()
	}
	named := list(r.Days, name)
	every := len(r.Days) == 5 && !slices.ContainsFunc(r.Days, func(d Weekday) bool {
		return d.N != 0 || d.Day == time.Saturday || d.Day == time.Sunday
	})
	if every {
		named = "Monday to Friday"
	}
	if len(r.Positions) == 0 {
		return named
	}
	which := list(r.Positions, func(n int) string {
		switch {
		case n == -1:
			return "last"
		case n < 0:
			return ordinal(-n) + " last"
		}
		return ordinal(n)
	})
	if len(r.Days) == 1 {
		return "the " + which + " " + named
	}
	return "the " + which + " of " + strings.ReplaceAll(named, " and ", " or ")
}

func list[T any](items []T, word func(T) string) string {
	var b strings.Builder
	for i, item := range items {
		switch {
		case i > 0 && i == len(items)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(word(item))
	}
	return b.String()
}

func ordinal(n int) string {
	suffix := "th"
	switch {
	case n%100 >= 11 && n%100 <= 13:
	case n%10 == 1:
		suffix = "st"
	case n%10 == 2:
		suffix = "nd"
	case n%10 == 3:
		suffix = "rd"
	}
	return strconv.Itoa(n) + suffix
}
