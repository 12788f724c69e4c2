package calendar_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/internal/calendar"
	"github.com/postern-mail/postern/internal/mailtext"
)

// words are what a line may start with: nobody else's line has a place in the text.
var words = []string{
	"Calendar", "Event", "Task", "Journal entry", "When", "From", "Due", "Repeats", "Of a series", "Where", "Join", "Link",
	"Organizer", "Attendee", "State", "Comment", "Files", "Notes", "Defect",
}

// check returns what is wrong with a text, if anything.
func check(text string) string {
	if text == "" {
		return ""
	}
	if !utf8.ValidString(text) {
		return "not UTF-8"
	}
	if cleaned, dropped := mailtext.Clean(text); cleaned != text {
		return "not clean: " + strings.Join(strings.Fields(text), " ") + " (" + string(rune('0'+dropped.Invisible%10)) + ")"
	}
	lines := strings.Split(text, "\n")
	for _, line := range lines[1:] {
		word, _, _ := strings.Cut(line, ":")
		word, _, _ = strings.Cut(word, " (")
		plain := line == "" || strings.HasSuffix(line, " are not shown.") || strings.HasSuffix(line, "what was read.")
		if !plain && !slices.Contains(words, word) && word != "Attendees" {
			return "a line of its own: " + line
		}
		if utf8.RuneCountInString(line) > 8_000 {
			return "a line without bound"
		}
	}
	return ""
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.ics")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		object, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(object))
	}
	zone := time.FixedZone("", -7200)
	f.Fuzz(func(t *testing.T, object string) {
		c := calendar.Read(object, zone)
		if len(c.Events) > calendar.MaxEvents {
			t.Fatalf("%d events", len(c.Events))
		}
		for _, e := range c.Events {
			if !e.Start.Missing() && !e.End.Missing() && e.End.Time.Before(e.Start.Time) {
				t.Errorf("ends at %v before %v", e.End.Time, e.Start.Time)
			}
		}
		text, _ := c.Text(calendar.Options{Zone: zone})
		if wrong := check(text); wrong != "" {
			t.Error(wrong)
		}
		if again, _ := calendar.Text(object, calendar.Options{Zone: zone}); again != text {
			t.Errorf("read twice: %q and %q", text, again)
		}
	})
}
