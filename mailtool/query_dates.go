package mailtool

import (
	"strings"
	"time"
)

const (
	// epochDigits and up are taken for seconds since 1970, as Gmail does; years have four.
	epochDigits = 9
	maxEpoch    = 253402300799 // the last second of the year 9999
	// maxAgo bounds the count of newer_than and older_than, in any unit.
	maxAgo = 10000
	// minYear is the first of electronic mail; a zero time would be no bound at all.
	minYear = 1971
)

// date reads a day, which begins at midnight in the account's zone, or seconds since 1970.
func (p *queryParser) date(s string) (time.Time, bool) {
	if len(s) >= epochDigits && strings.Trim(s, "0123456789") == "" {
		n, ok := wholeNumber(s)
		return time.Unix(n, 0).In(p.loc), ok && n <= maxEpoch
	}
	sep := "/"
	if strings.Contains(s, "-") {
		sep = "-"
	}
	parts := strings.Split(s, sep)
	if len(parts) != 3 || len(parts[0]) != 4 {
		return time.Time{}, false
	}
	var ymd [3]int
	for i, part := range parts {
		n, ok := wholeNumber(part)
		if !ok || i > 0 && len(part) > 2 {
			return time.Time{}, false
		}
		ymd[i] = int(n)
	}
	day := time.Date(ymd[0], time.Month(ymd[1]), ymd[2], 0, 0, 0, 0, p.loc)
	// A date that does not exist, such as the 31st of April, has moved to another; so has a midnight that a zone
	// skips, but never by more than a few hours of the same day.
	check := time.Date(ymd[0], time.Month(ymd[1]), ymd[2], 12, 0, 0, 0, time.UTC)
	if ymd[0] < minYear || check.Day() != ymd[2] || int(check.Month()) != ymd[1] {
		return time.Time{}, false
	}
	return day, true
}

// ago reads "2d" and the like: hours, days, weeks, months or years before now, to the second.
func (p *queryParser) ago(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, false
	}
	n, ok := wholeNumber(s[:len(s)-1])
	if !ok || n < 1 || n > maxAgo {
		return time.Time{}, false
	}
	now, count := p.now.In(p.loc).Truncate(time.Second), int(n)
	switch s[len(s)-1] {
	case 'h':
		now = now.Add(-time.Duration(count) * time.Hour)
	case 'd':
		now = now.AddDate(0, 0, -count)
	case 'w':
		now = now.AddDate(0, 0, -7*count)
	case 'm':
		now = monthsBefore(now, count)
	case 'y':
		now = monthsBefore(now, 12*count)
	default:
		return time.Time{}, false
	}
	return now, now.Year() >= minYear
}

// monthsBefore keeps to the month meant: one month before 31 March is the last of February.
func monthsBefore(t time.Time, n int) time.Time {
	then := t.AddDate(0, -n, 0)
	if then.Day() != t.Day() {
		then = then.AddDate(0, 0, -then.Day())
	}
	return then
}
