package calendar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/internal/contentline"
)

// reader sorts the lines of an object by component. It keeps no tree: whatever is nested deeper than it needs is only
// counted.
type reader struct {
	calendar Calendar
	drafts   []draft
	zones    zones
	defects  defects

	entry      *draft      // the open VEVENT, VTODO or VJOURNAL
	surplus    bool        // it is one beyond MaxEvents
	definition *definition // the open VTIMEZONE
	observance *observance // and the open part of it
	ignored    int         // open components of other kinds
}

func (r *reader) line(line *contentline.Line) {
	switch line.Name {
	case "BEGIN":
		r.begin(strings.ToUpper(strings.TrimSpace(line.Value)))
	case "END":
		r.end(strings.ToUpper(strings.TrimSpace(line.Value)))
	default:
		switch {
		case r.ignored > 0 || r.surplus:
		case r.observance != nil:
			r.observance.property(line)
		case r.definition != nil:
			r.definition.property(line)
		case r.entry != nil:
			r.entry.property(line)
		default:
			r.property(line)
		}
	}
}

func (r *reader) begin(name string) {
	switch name {
	case "VCALENDAR":
		r.close()
	case "VEVENT":
		r.open(EventKind)
	case "VTODO":
		r.open(TaskKind)
	case "VJOURNAL":
		r.open(JournalKind)
	case "VTIMEZONE":
		r.close()
		r.definition = new(definition)
	case "STANDARD", "DAYLIGHT":
		if r.definition == nil {
			r.ignored++
			return
		}
		r.definition.add(r.observance)
		r.observance = new(observance)
	case "VFREEBUSY":
		r.close()
		r.calendar.FreeBusy++
		r.ignored++
	default:
		if name == "VALARM" && r.entry != nil && r.ignored == 0 {
			r.entry.Alarms++
		}
		r.ignored++
	}
}

func (r *reader) end(name string) {
	switch name {
	case "VCALENDAR", "VEVENT", "VTODO", "VJOURNAL", "VTIMEZONE":
		r.close()
	case "STANDARD", "DAYLIGHT":
		if r.definition != nil && r.ignored == 0 {
			r.definition.add(r.observance)
			r.observance = nil
			return
		}
		fallthrough
	default:
		if r.ignored > 0 {
			r.ignored--
		}
	}
}

// open starts an entry; one that is still open has lost its end.
func (r *reader) open(kind Kind) {
	r.close()
	if len(r.drafts) == MaxEvents {
		r.calendar.More++
		r.surplus = true
		return
	}
	r.entry = &draft{Event: Event{Kind: kind}}
}

// close ends whatever is open.
func (r *reader) close() {
	if r.entry != nil {
		r.drafts = append(r.drafts, *r.entry)
	}
	if r.definition != nil {
		r.definition.add(r.observance)
		r.zones.define(r.definition)
	}
	r.entry, r.definition, r.observance, r.ignored, r.surplus = nil, nil, nil, 0, false
}

func (r *reader) property(line *contentline.Line) {
	switch line.Name {
	case "METHOD":
		if r.calendar.Method == "" {
			r.calendar.Method = strings.ToUpper(strings.TrimSpace(line.Value))
		}
	case "X-WR-CALNAME", "NAME":
		set(&r.calendar.Name, line.Text())
	}
}

// finish resolves times, which had to wait for the zones.
func (r *reader) finish(lines *contentline.Reader) Calendar {
	c := r.calendar
	c.Truncated = lines.Truncated()
	for i := range r.drafts {
		c.Events = append(c.Events, r.drafts[i].finish(&r.zones, &r.defects))
	}
	if n := lines.Skipped(); n > 0 {
		r.defects.add("lines that are none of a calendar: %d", n)
	}
	for _, said := range r.zones.defects.list {
		r.defects.add("%s", said)
	}
	c.Defects = r.defects.list
	return c
}

// defects collects each defect once.
type defects struct{ list []string }

func (d *defects) add(format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	if len(d.list) < maxDefects && !slices.Contains(d.list, said) {
		d.list = append(d.list, said)
	}
}

// set keeps the first value that says something.
func set(field *string, value string) {
	if *field == "" {
		*field = strings.TrimSpace(value)
	}
}
