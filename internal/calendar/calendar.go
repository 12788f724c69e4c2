// Package calendar reads iCalendar objects (RFC 5545) and the scheduling messages made of them (iTIP, RFC 5546) as
// facts: what, when, where, who. It acts on nothing.
//
//	text, truncated := calendar.Text(object, calendar.Options{Zone: zone})
//
// It never fails: what is malformed is left out and named among the defects. Zones are found by their name in the
// time zone database of the machine (an embedder whose machines have none may import time/tzdata), by Windows'
// names, and else by the rules in the object. Recurrences are put in words and never expanded. All functions are safe
// for concurrent use.
package calendar

import (
	"time"

	"github.com/postern-mail/postern/internal/contentline"
)

const (
	// MaxEvents is how many entries are read; the rest is counted. An invitation has one to ten, and fifty are a
	// week of a full calendar.
	MaxEvents = 50
	// maxAttendees is how many people of an entry are kept, maxShown how many of them the text shows.
	maxAttendees = 200
	maxShown     = 20
	// maxDates bounds the dates taken out of or added to a recurrence: more than that nobody reads.
	maxDates = 12
	// maxDefects bounds what is said about a broken object.
	maxDefects = 10
)

// Kind says what an entry is.
type Kind string

// The kinds of entries.
const (
	EventKind   Kind = "event"
	TaskKind    Kind = "task"
	JournalKind Kind = "journal entry"
)

// Calendar is what an object says. Strings are the sender's, not cleaned; Text cleans them.
type Calendar struct {
	Method    string // of iTIP, upper case: REQUEST, CANCEL, REPLY, COUNTER, PUBLISH, ...; often empty in files
	Name      string
	Events    []Event
	More      int // entries beyond MaxEvents
	FreeBusy  int // VFREEBUSY components, which are not read
	Defects   []string
	Truncated bool // more than contentline.MaxInput bytes: the rest was not read
}

// Event is an event, a task or a journal entry.
type Event struct {
	Kind        Kind
	UID         string
	Sequence    int
	Summary     string
	Location    string
	Description string
	Comment     string
	Link        string // URL
	Conference  string // where to dial in
	Status      string // upper case: CONFIRMED, TENTATIVE, CANCELLED, NEEDS-ACTION, COMPLETED, ...
	Class       string // upper case: PRIVATE, CONFIDENTIAL, PUBLIC
	Free        bool   // does not make its owner busy

	Organizer     Person
	Attendees     []Person
	MoreAttendees int

	Start Moment
	End   Moment // of dates the day after the last; of a task when it is due; never before Start

	Rule         Rule
	Excluded     []Moment // dates taken out of the recurrence
	Added        []Moment // dates added to it, or the only ones
	MoreExcluded int
	MoreAdded    int
	RecurrenceID Moment // the one date of a series that this entry replaces
	AndLater     bool   // and all after it

	Alarms int // never acted on
	Files  int // attached or linked
}

// Person is an organizer or attendee. Status and Role are PARTSTAT and ROLE, upper case.
type Person struct {
	Name, Addr   string
	Status, Role string
	Type         string // CUTYPE, upper case: INDIVIDUAL, GROUP, ROOM, RESOURCE
	SentBy       string // address of who acts for the person
	DelegatedTo  string
}

// Known reports that the person has a name or an address.
func (p Person) Known() bool { return p.Name != "" || p.Addr != "" }

// Optional reports that the person need not come.
func (p Person) Optional() bool { return p.Role == "OPT-PARTICIPANT" }

// Read returns what an iCalendar object says. zone is the reader's, for times without one; nil is UTC.
func Read(text string, zone *time.Location) Calendar { return read(text, zone, time.LoadLocation) }

func read(text string, zone *time.Location, load loader) Calendar {
	if zone == nil {
		zone = time.UTC
	}
	lines := contentline.NewReader(text)
	r := reader{zones: zones{local: zone, load: load}}
	for line, ok := lines.Next(); ok; line, ok = lines.Next() {
		r.line(&line)
	}
	r.close()
	return r.finish(lines)
}
