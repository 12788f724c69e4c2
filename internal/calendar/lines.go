package calendar

import (
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/mailtext"
)

// writer writes the lines of entries, and counts what cleaning took out.
type writer struct {
	b       strings.Builder
	opts    Options
	dropped mailtext.Dropped
}

// clean makes a stranger's words one bounded line.
func (w *writer) clean(s string, limit int) string {
	s, dropped := mailtext.CleanLine(s, limit)
	w.dropped.Add(dropped)
	return s
}

func (w *writer) line(s string) {
	w.b.WriteString(s)
	w.b.WriteByte('\n')
}

// field writes a line unless there is nothing to say.
func (w *writer) field(word, value string) {
	if value != "" {
		w.line(word + ": " + value)
	}
}

func (w *writer) event(e *Event) {
	w.line(e.title(w.clean(e.Summary, maxSummary)))
	switch {
	case e.Kind != TaskKind:
		w.field("When", span(e.Start, e.End, w.opts.Zone))
	default:
		if !e.Start.Missing() {
			w.field("From", e.Start.words(w.opts.Zone))
		}
		if !e.End.Missing() {
			w.field("Due", e.End.words(w.opts.Zone))
		}
	}
	w.recurrence(e)
	w.field("Where", w.clean(e.Location, maxSummary))
	w.field("Join", w.link(e.Conference))
	if e.Link != e.Conference {
		w.field("Link", w.link(e.Link))
	}
	w.field("Organizer", w.person(e.Organizer))
	w.attendees(e)
	w.field("State", w.state(e))
	w.field("Comment", w.clean(e.Comment, maxNotes))
	if w.opts.Brief {
		return
	}
	if e.Files > 0 {
		w.field("Files", strconv.Itoa(e.Files)+" attached or linked, not shown")
	}
	w.field("Notes", w.notes(e.Description))
}

func (w *writer) recurrence(e *Event) {
	if e.Rule.Recurs() || len(e.Added) > 0 {
		var said []string
		if e.Rule.Recurs() {
			said = append(said, e.Rule.words(e.Start, w.opts.Zone))
		}
		if len(e.Excluded) > 0 {
			said = append(said, "but not on "+w.days(e.Excluded, e.MoreExcluded, dayLayout))
		}
		if len(e.Added) > 0 {
			on := "also on "
			if !e.Rule.Recurs() {
				on = "on "
			}
			said = append(said, on+w.days(e.Added, e.MoreAdded, minute))
		}
		w.field("Repeats", strings.Join(said, ", "))
	}
	if !e.RecurrenceID.Missing() {
		which := "only the one of "
		if e.AndLater {
			which = "this and all later ones, from "
		}
		w.field("Of a series", which+e.RecurrenceID.words(w.opts.Zone))
	}
}

// days lists dates in the reader's zone.
func (w *writer) days(dates []Moment, more int, layout string) string {
	words := list(dates, func(m Moment) string {
		switch m.Form {
		case Missing:
			return "a date that is not readable"
		case Date:
			return m.Time.Format(dayLayout)
		case Instant:
			m.Time = m.Time.In(w.opts.Zone)
		case Floating:
		}
		return m.Time.Format(layout)
	})
	if more > 0 {
		words += " and " + strconv.Itoa(more) + " more"
	}
	return words
}

// title starts an entry with what it is.
func (e *Event) title(summary string) string {
	if summary == "" {
		summary = "without a title"
	}
	return strings.ToUpper(string(e.Kind[:1])) + string(e.Kind[1:]) + ": " + summary
}

func (w *writer) attendees(e *Event) {
	if len(e.Attendees) == 0 {
		return
	}
	var said []string
	for _, p := range e.Attendees[:min(len(e.Attendees), maxShown)] {
		said = append(said, w.person(p))
	}
	total := len(e.Attendees) + e.MoreAttendees
	if more := total - len(said); more > 0 {
		said = append(said, "and "+strconv.Itoa(more)+" more")
	}
	word := "Attendee"
	if total > 1 {
		word = "Attendees (" + strconv.Itoa(total) + ")"
	}
	w.field(word, strings.Join(said, "; "))
}

// state words what is not the usual case.
func (w *writer) state(e *Event) string {
	var said []string
	switch e.Status {
	case "", "CONFIRMED", "FINAL":
	case "TENTATIVE", "CANCELLED", "COMPLETED", "DRAFT":
		said = append(said, strings.ToLower(e.Status))
	case "NEEDS-ACTION":
		said = append(said, "open")
	case "IN-PROCESS":
		said = append(said, "in process")
	default:
		said = append(said, token(e.Status, "unreadable"))
	}
	switch e.Class {
	case "PRIVATE", "CONFIDENTIAL":
		said = append(said, strings.ToLower(e.Class))
	}
	if e.Free {
		said = append(said, "shown as free")
	}
	return strings.Join(said, ", ")
}

// person says who it is: "Ann Example <ann@example.org> accepted, optional".
func (w *writer) person(p Person) string {
	who := w.name(p.Name)
	if strings.Contains(who, "@") { // where the name ends must not be its own to say
		who = `"` + strings.ReplaceAll(who, `"`, "") + `"`
	}
	if addr := w.name(p.Addr); addr != "" {
		if who == "" {
			who = addr
		} else {
			who += " <" + addr + ">"
		}
	}
	if who == "" {
		return ""
	}
	var said []string
	switch p.Status {
	case "", "NEEDS-ACTION":
	case "ACCEPTED", "DECLINED", "DELEGATED", "COMPLETED", "IN-PROCESS":
		said = append(said, strings.ToLower(p.Status))
	case "TENTATIVE":
		said = append(said, "accepted tentatively")
	default:
		said = append(said, token(p.Status, "answered unreadably"))
	}
	if p.DelegatedTo != "" {
		said = append(said, "to "+w.name(p.DelegatedTo))
	}
	switch p.Type {
	case "ROOM", "RESOURCE", "GROUP":
		said = append(said, strings.ToLower(p.Type))
	}
	switch p.Role {
	case "OPT-PARTICIPANT":
		said = append(said, "optional")
	case "NON-PARTICIPANT":
		said = append(said, "for information")
	}
	if p.SentBy != "" {
		said = append(said, "through "+w.name(p.SentBy))
	}
	if len(said) > 0 {
		who += " " + strings.Join(said, ", ")
	}
	return who
}

// token is a word of RFC 5545 section 3.1, iana-token, or else.
func token(s, or string) string {
	for _, c := range []byte(s) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return or
		}
	}
	if len(s) > maxSaid {
		return or
	}
	return s
}

// name cleans a name or an address and takes out what separates people in a line.
func (w *writer) name(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '<', '>':
			return -1
		case ';':
			return ','
		}
		return r
	}, s)
	return w.clean(s, maxAddr)
}

// link shows addresses a person could follow, and of others only that they are there.
func (w *writer) link(s string) string {
	scheme, _, found := strings.Cut(s, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "tel", "sip", "sips", "mailto", "xmpp":
		return w.clean(s, maxLink)
	}
	if !found {
		return w.clean(s, maxLink)
	}
	return "not shown: it is no address of the web, a phone or a person"
}
