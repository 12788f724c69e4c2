package calendar_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/calendar"
)

// TestBombs: bounded time and memory whatever comes.
func TestBombs(t *testing.T) {
	const event = "BEGIN:VEVENT\nSUMMARY:x\nDTSTART;TZID=Z:20260701T100000\nEND:VEVENT\n"
	repeat := strings.Repeat
	numbered := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	part := "BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=3\nEND:STANDARD\n"
	dates := "RDATE:" + repeat("20000101T000000,", 4000) + "\n"
	tests := []struct {
		name, object string
		truncated    bool
	}{
		{"a million lines", "BEGIN:VEVENT\n" + repeat("ATTENDEE:a@b\n", 1_000_000), true},
		{"a million short lines", repeat("A:\n", 1_000_000), true},
		{"nested components", "BEGIN:VEVENT\n" + repeat("BEGIN:X\n", 10_000) + "SUMMARY:deep\n" + repeat("END:X\n", 10_000) + "SUMMARY:x\n", false},
		{"nested events", repeat("BEGIN:VEVENT\n", 10_000) + repeat("END:VEVENT\n", 10_000), false},
		{"endless fold", "BEGIN:VEVENT\nDESCRIPTION:" + repeat("x\n ", 2_000_000), true},
		{"rules of a zone", event + "BEGIN:VTIMEZONE\nTZID:Z\n" + repeat(part, 100_000), true},
		{"zone first", "BEGIN:VTIMEZONE\nTZID:Z\n" + repeat(part, 5_000) + repeat(event, 500), false},
		{"dates of a zone", repeat(event, 50) + "BEGIN:VTIMEZONE\nTZID:Z\n" + repeat("BEGIN:STANDARD\nTZOFFSETTO:+0100\n"+dates, 14), false},
		{"zones", numbered(20_000, "BEGIN:VTIMEZONE\nTZID:Z%d\n"+part), true},
		{"names of zones", repeat("BEGIN:VEVENT\n"+numbered(40, "EXDATE;TZID=(UTC+01:00) Xa%[1]d, Ya%[1]d, Za%[1]d, Qa%[1]d:20260101T000000\n")+"END:VEVENT\n", 49), false},
		{"paths of zones", numbered(50, "BEGIN:VEVENT\nDTSTART;TZID=/a/b/c/d%[1]d/e:20260101T000000\nDTEND;TZID=/f/g/h%[1]d/i:20260101T000000\nEND:VEVENT\n"), false},
		{"dates", "BEGIN:VEVENT\nDTSTART:20260101T000000Z\n" + repeat("EXDATE:"+repeat("20260101T000000Z,", 3800)+"\n", 15), false},
		{"rule", "BEGIN:VEVENT\nRRULE:FREQ=SECONDLY;COUNT=999999999;BYSECOND=" + repeat("1,", 30_000) + ";" + repeat("X=1;", 1000), false},
		{"markup", "BEGIN:VEVENT\nDESCRIPTION:<b>" + repeat("<div>", 10_000) + "\n", false},
		{"ruler", "BEGIN:VEVENT\nDESCRIPTION:" + repeat("_ ", 30_000) + repeat("_", 3_000) + "\n", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			var text string
			var truncated bool
			took := time.Hour
			for range 3 { // a busy machine is slow by chance, a bad loop each time
				runtime.ReadMemStats(&before)
				start := time.Now()
				text, truncated = calendar.Text(tt.object, calendar.Options{})
				took = min(took, time.Since(start))
				runtime.ReadMemStats(&after)
				if took < time.Second {
					break
				}
			}
			if truncated != tt.truncated {
				t.Errorf("truncated %v", truncated)
			}
			// All that was allocated is more than what was held at any time.
			if took > 2*time.Second || after.TotalAlloc-before.TotalAlloc > 64<<20 {
				t.Errorf("%v, %d KiB", took, (after.TotalAlloc-before.TotalAlloc)>>10)
			}
			if wrong := check(text); wrong != "" || len(text) > 64<<10 {
				t.Errorf("%d bytes; %s", len(text), wrong)
			}
			t.Logf("%v, %d KiB", took, (after.TotalAlloc-before.TotalAlloc)>>10)
		})
	}
}
