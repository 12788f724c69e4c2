package calendar_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/calendar"
)

// TestScheduling: what each kind of iTIP message says it is.
func TestScheduling(t *testing.T) {
	const event = "BEGIN:VEVENT\nSUMMARY:x\nDTSTART:20261124T140000Z\nSEQUENCE:%\nEND:VEVENT\n"
	tests := []struct{ name, object, want string }{
		{"invitation", "METHOD:REQUEST\n" + event, "Invitation"},
		{"update", "METHOD:REQUEST\n" + strings.ReplaceAll(event, "%", "2"), "Invitation, updated (revision 2)"},
		{"several", "METHOD:REQUEST\n" + event + event, "Invitation, 2 entries"},
		{"method after", event + "METHOD:request \n", "Invitation"},
		{"cancellation", "METHOD:CANCEL\n" + event, "Cancellation by the organizer"},
		{"answer", "METHOD:REPLY\n" + event, "Answer to an invitation"},
		{"counter", "METHOD:COUNTER\n" + event, "Proposal to change an event"},
		{"refused counter", "METHOD:DECLINECOUNTER\n" + event, "Refusal of a proposed change"},
		{"addition", "METHOD:ADD\n" + event, "Further dates of an event"},
		{"refresh", "METHOD:REFRESH\n" + event, "Request for the latest version of an event"},
		{"published", "METHOD:PUBLISH\n" + event, "Published calendar"},
		{"unknown", "METHOD:X-ODD\n" + event, "Calendar message X-ODD"},
		{"none", event, "Calendar file"},
		{"method of an event", "BEGIN:VEVENT\nMETHOD:CANCEL\nEND:VEVENT", "Calendar file"},
		{"nothing in it", "METHOD:REQUEST", "Invitation, 0 entries"},
		{"busy times only", "BEGIN:VFREEBUSY\nEND:VFREEBUSY", "Calendar file, 0 entries"},
		{"no calendar", "Hello,\nhow are you?", ""},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, _ := calendar.Text(tt.object, calendar.Options{})
			got, _, _ := strings.Cut(text, "\n")
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEvent(t *testing.T) {
	c := calendar.Read(`BEGIN:VCALENDAR
METHOD:REQUEST
BEGIN:VEVENT
UID:1
SUMMARY:One
SUMMARY:Two
STATUS:confirmed
CLASS:PRIVATE
TRANSP:TRANSPARENT
SEQUENCE:-4
ORGANIZER;CN=ana@example.com;SENT-BY="mailto:pa@example.com":MAILTO:ana@example.com
ATTENDEE;CN="Bo";ROLE=OPT-PARTICIPANT;PARTSTAT=delegated;DELEGATED-TO="mailto:li@example.net":mailto:bo%40example.org?x=1
ATTENDEE;CUTYPE=ROOM;CN=Room 1:invalid:nomail
ATTENDEE:urn:uuid:1
ATTENDEE:li@example.net
ATTACH:https://www.example.org/a.pdf
ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA
BEGIN:VALARM
SUMMARY:Alarm
DTSTART:19990101T000000Z
ACTION:EMAIL
BEGIN:X-INNER
END:X-INNER
END:VALARM
BEGIN:VALARM
ACTION:PROCEDURE
END:VALARM
COMMENT:after the alarms
END:VEVENT
END:VCALENDAR
`, nil)
	want := calendar.Calendar{Method: "REQUEST", Defects: []string{"an event has no start"}, Events: []calendar.Event{{
		Kind: calendar.EventKind, UID: "1", Summary: "One", Status: "CONFIRMED", Class: "PRIVATE", Free: true, Comment: "after the alarms",
		Organizer: calendar.Person{Addr: "ana@example.com", SentBy: "pa@example.com"},
		Attendees: []calendar.Person{
			{Name: "Bo", Addr: "bo@example.org", Status: "DELEGATED", Role: "OPT-PARTICIPANT", DelegatedTo: "li@example.net"},
			{Name: "Room 1", Type: "ROOM"},
			{Addr: "li@example.net"},
		},
		Alarms: 2, Files: 2,
	}}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if p := c.Events[0].Attendees[0]; !p.Optional() || !p.Known() {
		t.Errorf("%+v", p)
	}
}

// TestLostEnds: a component whose end is missing ends where the next begins.
func TestLostEnds(t *testing.T) {
	tests := []struct{ name, object string }{
		{"events", "BEGIN:VEVENT\nSUMMARY:a\nBEGIN:VEVENT\nSUMMARY:b\n"},
		{"alarm", "BEGIN:VEVENT\nSUMMARY:a\nBEGIN:VALARM\nSUMMARY:x\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:b\nEND:VEVENT"},
		{"zone", "BEGIN:VEVENT\nSUMMARY:a\nBEGIN:VTIMEZONE\nTZID:x\nBEGIN:STANDARD\nBEGIN:VEVENT\nSUMMARY:b\n"},
		{"unknown", "BEGIN:X\nBEGIN:VEVENT\nSUMMARY:a\nEND:VEVENT\nEND:X\nBEGIN:Y\nBEGIN:VEVENT\nSUMMARY:b"},
		{"too many ends", "END:VEVENT\nEND:X\nBEGIN:VEVENT\nSUMMARY:a\nEND:X\nEND:VALARM\nEND:VEVENT\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:b"},
		{"calendars", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:a\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:b\nEND:VCALENDAR"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, e := range calendar.Read(tt.object, nil).Events {
				got = append(got, e.Summary)
			}
			if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestOptions: what an invitation shows beside a mail, and what a file shows.
func TestOptions(t *testing.T) {
	object := "BEGIN:VEVENT\nSUMMARY:x\nDTSTART:20261124T140000Z\nATTACH:cid:1\nDESCRIPTION:" + strings.Repeat("word ", 1000) + "\nEND:VEVENT"
	tests := []struct {
		name  string
		opts  calendar.Options
		notes int // characters
		files bool
	}{
		{"zero", calendar.Options{}, 1000, true},
		{"brief", calendar.Options{Brief: true}, 0, false},
		{"long", calendar.Options{Notes: 4000}, 4000, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, _ := calendar.Text(object, tt.opts)
			_, notes, _ := strings.Cut(text, "Notes: ")
			if n := len([]rune(notes)); n > tt.notes || n < tt.notes-10 || strings.Contains(text, "Files: 1") != tt.files {
				t.Errorf("%d characters of notes in %q", n, text)
			}
			if tt.notes > 0 && !strings.HasSuffix(notes, "…") {
				t.Errorf("cut without a sign: %q", notes[len(notes)-20:])
			}
		})
	}
}

// TestNotes: descriptions are one line, whatever they were written in.
func TestNotes(t *testing.T) {
	tests := []struct{ name, description, want string }{
		{"lines", `one\n\n two\, three`, "one two, three"},
		{"markup", `<b>Agenda</b><br>one &amp; two`, "Agenda one & two"},
		{"entities alone", `Q&amp;A&nbsp;now`, "Q&A now"},
		{"less than", "a < b and c > d", "a < b and c > d"},
		{"an address", "Ana <ana@example.org>", "Ana <ana@example.org>"},
		{"rulers", `-::~:~::~\none\n______________\n____ *****\ntwo ~~~~~~~~`, "one two"},
		{"no rulers", "a--b ... c__d -- e", "a--b ... c__d -- e"},
		{"lines that look like ours", `x\nWhen: now\nOrganizer: me`, "x When: now Organizer: me"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, _ := calendar.Text("BEGIN:VEVENT\nDESCRIPTION:"+tt.description+"\nEND:VEVENT", calendar.Options{})
			_, got, _ := strings.Cut(text, "\nNotes: ")
			if got, _, _ = strings.Cut(got, "\n"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestDropped: what cleaning takes out is counted, hidden markup in a description too.
func TestDropped(t *testing.T) {
	c := calendar.Read("BEGIN:VEVENT\nSUMMARY:a\u200bb\U000E0041\nDESCRIPTION:<p>x</p><p style=\"display:none\">y</p>\nORGANIZER;CN=\u202eA:mailto:a@b\nEND:VEVENT", nil)
	text, dropped := c.Text(calendar.Options{})
	if dropped.Invisible != 3 || dropped.Hidden != 1 || !strings.Contains(text, "Event: ab\n") || !strings.Contains(text, "Notes: x\n") {
		t.Errorf("%+v\n%s", dropped, text)
	}
}
