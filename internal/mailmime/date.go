package mailmime

import (
	"net/mail"
	"strings"
	"time"
)

// maxDateLen cuts junk behind a date; the longest form with a comment has about 50 characters.
const maxDateLen = 100

// parseDate reads RFC 5322 section 3.3 dates and the deviations seen most.
func parseDate(s string) (time.Time, bool) {
	// What nearly all mail has. Nothing below reads it in another way.
	if t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", s); err == nil && len(s) <= maxDateLen {
		return plausible(t)
	}
	s = strings.TrimSpace(stripComments(unfold(s)))
	if len(s) > maxDateLen {
		return time.Time{}, false
	}
	s = numericZone(strings.Join(strings.Fields(strings.Replace(s, ",", ", ", 1)), " "))
	if t, err := mail.ParseDate(s); err == nil {
		return plausible(t)
	}
	for _, layout := range []string{
		"Mon, 2 Jan 2006 15:04:05 -07:00", "2 Jan 2006 15:04:05 -07:00",
		"Mon, 2 Jan 2006 15:04:05 GMT-0700", "Mon, 2 Jan 2006 15:04:05 UTC-0700",
		"Mon 2 Jan 2006 15:04:05 -0700", "Monday, 2 January 2006 15:04:05 -0700", "Mon, 2 January 2006 15:04:05 -0700",
		"Mon, 2-Jan-2006 15:04:05 -0700", "2-Jan-2006 15:04:05 -0700",
		"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 2006 -0700",
		"Mon, 2 Jan 2006 15.04.05 -0700", "Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04",
		"Mon, Jan 2 2006 15:04:05 -0700", "Mon, 2 Jan 06 15:04:05 -0700",
		time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2006-01-02T15:04:05",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return plausible(t)
		}
	}
	return time.Time{}, false
}

// numericZone replaces the zone names of RFC 5322 section 4.3, and two of Europe's and one of Japan's that are unambiguous:
// time.Parse takes a name but not its meaning.
func numericZone(s string) string {
	i := strings.LastIndexByte(s, ' ')
	zone := ""
	switch s[i+1:] {
	case "EDT":
		zone = "-0400"
	case "EST", "CDT":
		zone = "-0500"
	case "CST", "MDT":
		zone = "-0600"
	case "MST", "PDT":
		zone = "-0700"
	case "PST":
		zone = "-0800"
	case "CET", "MET":
		zone = "+0100"
	case "CEST", "MEST":
		zone = "+0200"
	case "JST":
		zone = "+0900"
	default:
		return s
	}
	return s[:i+1] + zone
}

// plausible refuses years no mail has, which would sort before or after everything.
func plausible(t time.Time) (time.Time, bool) {
	if t.Year() < 1970 || t.Year() > 2200 {
		return time.Time{}, false
	}
	return t, true
}
