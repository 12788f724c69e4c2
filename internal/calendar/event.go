package calendar

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/contentline"
)

// draft is an entry whose times wait for the zones.
type draft struct {
	Event
	start, end, due, recurrence stamp
	excluded, added             []stamp
	duration, rule              string
	html                        string
	wholeDays                   bool // Exchange's mark of an all-day event
	moreRules                   bool
}

// property reads the lines that say something to a reader; of those that may come once the first counts.
func (d *draft) property(line *contentline.Line) {
	switch line.Name {
	case "DTSTART":
		d.start.set(line)
	case "DTEND":
		d.end.set(line)
	case "DUE":
		d.due.set(line)
	case "DURATION":
		set(&d.duration, line.Value)
	case "RECURRENCE-ID":
		d.recurrence.set(line)
		d.AndLater = d.AndLater || strings.EqualFold(line.Param("RANGE"), "THISANDFUTURE")
	case "RRULE":
		d.moreRules = d.moreRules || d.rule != ""
		set(&d.rule, line.Value)
	case "EXRULE":
		d.moreRules = true
	case "EXDATE":
		dates(line, &d.excluded, &d.MoreExcluded)
	case "RDATE":
		dates(line, &d.added, &d.MoreAdded)
	case "SEQUENCE":
		if n, err := strconv.Atoi(strings.TrimSpace(line.Value)); err == nil && n > 0 {
			d.Sequence = n
		}
	case "ORGANIZER":
		if !d.Organizer.Known() {
			d.Organizer = person(line)
		}
	case "ATTENDEE":
		d.attendee(line)
	case "ATTACH":
		d.Files++
	case "X-MICROSOFT-CDO-ALLDAYEVENT":
		d.wholeDays = strings.EqualFold(strings.TrimSpace(line.Value), "TRUE")
	default:
		d.text(line)
	}
}

func (d *draft) text(line *contentline.Line) {
	switch line.Name {
	case "UID":
		set(&d.UID, line.Value)
	case "SUMMARY":
		set(&d.Summary, line.Text())
	case "LOCATION":
		set(&d.Location, line.Text())
	case "DESCRIPTION":
		set(&d.Description, line.Text())
	case "X-ALT-DESC":
		set(&d.html, line.Text())
	case "COMMENT":
		set(&d.Comment, line.Text())
	case "STATUS":
		set(&d.Status, strings.ToUpper(line.Value))
	case "CLASS":
		set(&d.Class, strings.ToUpper(line.Value))
	case "TRANSP":
		d.Free = strings.EqualFold(strings.TrimSpace(line.Value), "TRANSPARENT")
	case "URL":
		set(&d.Link, line.Value)
	case "CONFERENCE", "X-GOOGLE-CONFERENCE", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK":
		set(&d.Conference, line.Value) // RFC 7986 section 5.11, and what was there before it
	}
}

func (d *draft) attendee(line *contentline.Line) {
	if len(d.Attendees) == maxAttendees {
		d.MoreAttendees++
		return
	}
	if p := person(line); p.Known() {
		d.Attendees = append(d.Attendees, p)
	}
}

// dates reads EXDATE and RDATE; of periods the start.
func dates(line *contentline.Line, to *[]stamp, more *int) {
	for value := range strings.SplitSeq(line.Value, ",") {
		if len(*to) == maxDates {
			*more++
			continue
		}
		value, _, _ = strings.Cut(value, "/")
		if value = strings.TrimSpace(value); value != "" {
			*to = append(*to, stamp{value: value, zone: line.Param("TZID")})
		}
	}
}

// person reads ORGANIZER and ATTENDEE (RFC 5545 sections 3.8.4.1 and 3.8.4.3).
func person(line *contentline.Line) Person {
	p := Person{
		Name:        strings.TrimSpace(line.Param("CN")),
		Addr:        address(line.Value),
		Status:      strings.ToUpper(line.Param("PARTSTAT")),
		Role:        strings.ToUpper(line.Param("ROLE")),
		Type:        strings.ToUpper(line.Param("CUTYPE")),
		SentBy:      address(line.Param("SENT-BY")),
		DelegatedTo: address(line.Param("DELEGATED-TO")),
	}
	if p.Addr == "" {
		p.Addr = address(line.Param("EMAIL")) // RFC 7986 section 6.2
	}
	if strings.EqualFold(p.Name, p.Addr) {
		p.Name = ""
	}
	return p
}

// address takes the address out of a cal-address: mostly "mailto:", also bare, and after the rest of a name whose
// quotes were forgotten. Other kinds (urn:uuid, X.500, "invalid:nomail") say nothing to a person.
func address(s string) string {
	const scheme = "mailto:"
	s = strings.TrimSpace(s)
	for i := 0; i+len(scheme) <= len(s); i++ {
		if !strings.EqualFold(s[i:i+len(scheme)], scheme) {
			continue
		}
		s, _, _ = strings.Cut(s[i+len(scheme):], "?")
		if plain, err := url.PathUnescape(s); err == nil {
			s = plain
		}
		break
	}
	s = strings.Trim(s, " \t<>\"")
	if !strings.Contains(s, "@") {
		return ""
	}
	return s
}

// finish resolves the times.
func (d *draft) finish(zones *zones, defects *defects) Event {
	e := d.Event
	e.Start = d.start.moment(zones, defects)
	if d.Kind == TaskKind && d.end.value == "" {
		d.end = d.due
	}
	e.End = d.end.momentBeside(e.Start, zones, defects)
	e.RecurrenceID = d.recurrence.momentBeside(e.Start, zones, defects)
	if e.End.Missing() && d.duration != "" {
		e.End = e.Start.after(d.duration, defects)
	}
	if d.wholeDays {
		e.Start, e.End = wholeDays(e.Start, e.End)
	}
	if e.Start.Missing() && d.start.value == "" && d.Kind == EventKind {
		defects.add("an event has no start")
	}
	e.End = e.End.notBefore(e.Start, defects)
	if e.Description == "" {
		e.Description = d.html
	}
	for _, s := range d.excluded {
		e.Excluded = append(e.Excluded, s.momentBeside(e.Start, zones, defects))
	}
	for _, s := range d.added {
		e.Added = append(e.Added, s.momentBeside(e.Start, zones, defects))
	}
	if d.rule != "" {
		e.Rule = parseRule(d.rule, e.Start, zones, defects)
		e.Rule.More = d.moreRules
	}
	return e
}
