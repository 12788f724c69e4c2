package calendar

import (
	"strconv"
	"strings"
)

// writer writes the lines of entries.
type writer struct {
	b    strings.Builder
	opts Options
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
	w.field("What", clean(e.Summary, maxSummary))
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
	w.field("Where", clean(e.Location, maxSummary))
	w.field("Join", link(e.Conference))
	if e.Link != e.Conference {
		w.field("Link", link(e.Link))
	}
	w.field("Organizer", e.Organizer.words())
	w.attendees(e)
	w.field("State", e.state())
	w.field("Comment", clean(e.Comment, maxNotes))
	if w.opts.Brief {
		return
	}
	if e.Files > 0 {
		w.field("Files", strconv.Itoa(e.Files)+" attached or linked, not shown")
	}
	w.field("Notes", notes(e.Description))
}

func (w *writer) recurrence(e *Event) {
	if e.Rule.Recurs() || e.Added > 0 {
		said := "on dates of its own"
		if e.Rule.Recurs() {
			said = e.Rule.words(w.opts.Zone)
		}
		if e.Excluded > 0 {
			said += ", but not on " + plural(e.Excluded, "date", "dates")
		}
		if e.Added > 0 {
			said += ", and on " + plural(e.Added, "date", "dates") + " more"
		}
		w.field("Repeats", said)
	}
	if !e.RecurrenceID.Missing() {
		which := "only the one of "
		if e.AndLater {
			which = "this and all later ones, from "
		}
		w.field("Of a series", which+e.RecurrenceID.words(w.opts.Zone))
	}
}

func (w *writer) attendees(e *Event) {
	if len(e.Attendees) == 0 {
		return
	}
	var said []string
	for _, p := range e.Attendees[:min(len(e.Attendees), maxShown)] {
		said = append(said, p.words())
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
func (e *Event) state() string {
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
		said = append(said, name(e.Status))
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

// words says a person as "Ann Example <ann@example.org> accepted, optional".
func (p Person) words() string {
	who := name(p.Name)
	if addr := name(p.Addr); addr != "" {
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
		said = append(said, name(p.Status))
	}
	if p.DelegatedTo != "" {
		said = append(said, "to "+name(p.DelegatedTo))
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
		said = append(said, "through "+name(p.SentBy))
	}
	if len(said) > 0 {
		who += " " + strings.Join(said, ", ")
	}
	return who
}

// name cleans a name or an address and takes out what separates people in a line.
func name(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '<', '>':
			return -1
		case ';':
			return ','
		}
		return r
	}, s)
	return clean(s, maxAddr)
}

// link shows addresses a person could follow, and no other scheme.
func link(s string) string {
	scheme, _, _ := strings.Cut(s, ":")
	switch strings.ToLower(scheme) {
	case "http", "https", "tel", "sip", "sips", "mailto", "xmpp":
		return clean(s, maxLink)
	}
	return ""
}
