package calendar_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/calendar"
)

// lineOf is what the line of that word says about an event of these properties.
func lineOf(word, properties string, zone *time.Location) string {
	text, _ := calendar.Text("BEGIN:VEVENT\nSUMMARY:x\n"+properties+"\nEND:VEVENT", calendar.Options{Zone: zone})
	_, said, _ := strings.Cut(text, "\n"+word+": ")
	said, _, _ = strings.Cut(said, "\n")
	return said
}

// TestPeopleWhoImitateOthers: no name and no answer looks like another person's.
func TestPeopleWhoImitateOthers(t *testing.T) {
	for _, tt := range []struct{ name, line, want string }{
		{"a usual name", "ORGANIZER;CN=Ann Lee:mailto:ann@example.org", "Ann Lee <ann@example.org>"},
		{"an address for a name", "ORGANIZER;CN=boss@example.org:mailto:eve@test.invalid", `"boss@example.org" <eve@test.invalid>`},
		{"a name that goes on", `ORGANIZER;CN="Ann <ann@example.org> accepted, through boss@example.org":mailto:eve@test.invalid`, `"Ann ann@example.org accepted, through boss@example.org" <eve@test.invalid>`},
		{"quotes in a name", "ORGANIZER;CN=a^'@^' accepted:mailto:eve@test.invalid", `"a@ accepted" <eve@test.invalid>`},
		{"no address at all", "ORGANIZER;CN=ann@example.org accepted:urn:uuid:1", `"ann@example.org accepted"`},
		{"a room", "ORGANIZER;CN=Room 1:invalid:nomail", "Room 1"},
		{"an answer of its own", "ORGANIZER;PARTSTAT=X-MAYBE:mailto:eve@test.invalid", "eve@test.invalid X-MAYBE"},
		{"an answer that goes on", `ORGANIZER;PARTSTAT="accepted; boss@example.org accepted":mailto:eve@test.invalid`, "eve@test.invalid answered unreadably"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := lineOf("Organizer", tt.line, nil); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := lineOf("State", "STATUS:X-ODD, confirmed by boss@example.org", nil); got != "unreadable" {
		t.Errorf("state %q", got)
	}
}

// TestWholeDays: days are the same ones in every zone, also where clocks skip midnight.
func TestWholeDays(t *testing.T) {
	for _, tt := range []struct{ name, zone, word, properties, want string }{
		{"a day before midnight is skipped", "Africa/Cairo", "When", "DTSTART;VALUE=DATE:20260423\nDTEND;VALUE=DATE:20260424", "Thu 2026-04-23, all day"},
		{"the day itself", "Africa/Cairo", "When", "DTSTART;VALUE=DATE:20260424\nDTEND;VALUE=DATE:20260425", "Fri 2026-04-24, all day"},
		{"days around it", "Africa/Cairo", "When", "DTSTART;VALUE=DATE:20260423\nDTEND;VALUE=DATE:20260426", "Thu 2026-04-23 to Sat 2026-04-25, all day"},
		{"until midnight in UTC", "America/New_York", "Repeats", "DTSTART;VALUE=DATE:20260423\nRRULE:FREQ=WEEKLY;UNTIL=20261231T000000Z", "every week, until Thu 2026-12-31"},
		{"until the end of a day in UTC", "Asia/Tokyo", "Repeats", "DTSTART;VALUE=DATE:20260423\nRRULE:FREQ=WEEKLY;UNTIL=20261231T235959Z", "every week, until Thu 2026-12-31"},
		{"until midnight of the reader", "Europe/Berlin", "Repeats", "DTSTART;VALUE=DATE:20260423\nRRULE:FREQ=WEEKLY;UNTIL=20261230T230000Z", "every week, until Thu 2026-12-31"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			zone, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			if got := lineOf(tt.word, tt.properties, zone); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
