package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/contentline"
)

func feed(r *reader, object string) {
	lines := contentline.NewReader(object)
	for line, ok := lines.Next(); ok; line, ok = lines.Next() {
		r.line(&line)
	}
	r.close()
}

func TestWall(t *testing.T) {
	tests := []struct{ value, want string }{
		{"20261124", "2026-11-24"},
		{"20261124T150000", "2026-11-24 15:00:00"},
		{"20261124T150000Z", "2026-11-24 15:00:00 +0s"},
		{"20261124t150000z", "2026-11-24 15:00:00 +0s"},
		{"20261124T1500", "2026-11-24 15:00:00"},
		{"2026-11-24", "2026-11-24"},
		{"2026-11-24T15:00:00+01:00", "2026-11-24 15:00:00 +1h0m0s"},
		{"2026-11-24T15:00:00.000Z", "2026-11-24 15:00:00 +0s"},
		{"20261124T150000-0330", "2026-11-24 15:00:00 +-3h30m0s"},
		{"20261124T240000", "2026-11-25 00:00:00"},
		{"20261231T235960Z", "2026-12-31 23:59:59 +0s"},
		{"20240229", "2024-02-29"},
		{"00010101", "0001-01-01"},
		{"99991231T235959Z", "9999-12-31 23:59:59 +0s"},
		{"20230229", ""},
		{"20261301", ""},
		{"20260431", ""},
		{"00000101", ""},
		{"100001231", ""},
		{"20261124T250000", ""},
		{"20261124T240001", ""},
		{"20261124T156000", ""},
		{"20261124T150061", ""},
		{"20261124T15", ""},
		{"20261124T150000+9900", ""},
		{"20261124T-", ""},
		{"2026112", ""},
		{"-0261124", ""},
		{"+0261124", ""},
		{"T150000", ""},
		{"", ""},
		{"tomorrow", ""},
	}
	for _, tt := range tests {
		w, ok := parseWall(tt.value)
		got := ""
		switch {
		case !ok:
		case w.date:
			got = w.clock.Format("2006-01-02")
		case w.fixed:
			got = w.clock.Format("2006-01-02 15:04:05 +") + w.offset.String()
		default:
			got = w.clock.Format("2006-01-02 15:04:05")
		}
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.value, got, tt.want)
		}
	}
}

func TestDuration(t *testing.T) {
	tests := []struct {
		value string
		days  int
		rest  time.Duration
		ok    bool
	}{
		{"PT45M", 0, 45 * time.Minute, true},
		{"P1DT2H30M5S", 1, 2*time.Hour + 30*time.Minute + 5*time.Second, true},
		{"P2W", 14, 0, true},
		{"+P1D", 1, 0, true},
		{"-PT15M", 0, -15 * time.Minute, true},
		{"pt1h", 0, time.Hour, true},
		{"P0DT1H0M0S", 0, time.Hour, true},
		{"PT90M", 0, 90 * time.Minute, true},
		{"P1H", 0, 0, false},
		{"PT1D", 0, 0, false},
		{"PT", 0, 0, true},
		{"P", 0, 0, false},
		{"PT5", 0, 0, false},
		{"1D", 0, 0, false},
		{"PTM", 0, 0, false},
		{"P99999999999999999999D", 0, 0, false},
		{"PT99999999999999999999S", 0, 0, false},
		{"P3162240009D", 0, 0, false},
		{"PT4294967296S", 0, 0, false},
		{"PT1193047H", 0, 0, false},
		{"P3660D", 3660, 0, true},
		{"P3660DT1H1D", 0, 0, false},
		{"P600W", 0, 0, false},
		{"P3000D3000D", 0, 0, false},
		{"", 0, 0, false},
	}
	for _, tt := range tests {
		days, rest, ok := parseDuration(tt.value)
		if ok != tt.ok || ok && (days != tt.days || rest != tt.rest) {
			t.Errorf("%q: got %d, %v, %v", tt.value, days, rest, ok)
		}
	}
}

func TestSpan(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, lines, want string }{
		{"a day", "DTSTART;VALUE=DATE:20261124", "Tue 2026-11-24, all day"},
		{"a day that ends the next", "DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261125", "Tue 2026-11-24, all day"},
		{"a day that ends itself", "DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261124", "Tue 2026-11-24, all day"},
		{"days", "DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261127", "Tue 2026-11-24 to Thu 2026-11-26, all day"},
		{"days by duration", "DTSTART;VALUE=DATE:20261124\nDURATION:P1W", "Tue 2026-11-24 to Mon 2026-11-30, all day"},
		{"a day with its midnight", "DTSTART;VALUE=DATE:20261124T000000Z\nDTEND;VALUE=DATE:20261126T000000Z", "Tue 2026-11-24 to Wed 2026-11-25, all day"},
		{"a display name without quotes", "DTSTART;TZID=(UTC-05:00) Eastern Time (US & Canada):20261124T090000", "Tue 2026-11-24 15:00 (+01:00; sender's zone America/New_York 09:00)"},
		{"UTC", "DTSTART:20261124T140000Z\nDTEND:20261124T144500Z", "Tue 2026-11-24 15:00-15:45 (+01:00)"},
		{"no length", "DTSTART:20261124T140000Z\nDTEND:20261124T140000Z", "Tue 2026-11-24 15:00 (+01:00)"},
		{"past midnight", "DTSTART:20261124T220000Z\nDURATION:PT3H", "Tue 2026-11-24 23:00 to Wed 2026-11-25 02:00 (+01:00)"},
		{"same zone", "DTSTART;TZID=Europe/Paris:20261124T150000", "Tue 2026-11-24 15:00 (+01:00)"},
		{"another zone", "DTSTART;TZID=America/New_York:20261124T090000\nDURATION:PT45M", "Tue 2026-11-24 15:00-15:45 (+01:00; sender's zone America/New_York 09:00)"},
		{"another day there", "DTSTART;TZID=Asia/Tokyo:20261125T060000", "Tue 2026-11-24 22:00 (+01:00; sender's zone Asia/Tokyo Wed 2026-11-25 06:00)"},
		{"floating", "DTSTART:20261124T150000\nDTEND:20261124T160000", "Tue 2026-11-24 15:00-16:00 (no time zone given)"},
		{"floating past midnight", "DTSTART:20261124T230000\nDTEND:20261125T010000", "Tue 2026-11-24 23:00 to Wed 2026-11-25 01:00 (no time zone given)"},
		{"a day by the calendar", "DTSTART;TZID=Europe/Berlin:20270327T120000\nDURATION:P1D", "Sat 2027-03-27 12:00 (+01:00) to Sun 2027-03-28 12:00 (+02:00)"},
		{"a day by the clock", "DTSTART;TZID=Europe/Berlin:20270327T120000\nDURATION:PT24H", "Sat 2027-03-27 12:00 (+01:00) to Sun 2027-03-28 13:00 (+02:00)"},
		{"end before start", "DTSTART:20261124T140000Z\nDTEND:20251124T140000Z", "Tue 2026-11-24 15:00 (+01:00)"},
		{"zone at the start only", "DTSTART;TZID=Asia/Tokyo:20261125T060000\nDTEND:20261125T070000", "Tue 2026-11-24 22:00-23:00 (+01:00; sender's zone Asia/Tokyo Wed 2026-11-25 06:00)"},
		{"Exchange's mark", "DTSTART;TZID=Asia/Tokyo:20261125T000000\nDTEND;TZID=Asia/Tokyo:20261126T000000\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "Wed 2026-11-25, all day"},
		{"Exchange's mark on hours", "DTSTART:20261124T140000Z\nDTEND:20261124T150000Z\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "Tue 2026-11-24 15:00-16:00 (+01:00)"},
		{"first of two starts", "DTSTART:20261124T140000Z\nDTSTART:20271124T140000Z", "Tue 2026-11-24 15:00 (+01:00)"},
		{"nothing", "UID:1", "not said"},
		{"end only", "DTEND:20261124T140000Z", "until Tue 2026-11-24 15:00 (+01:00)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := Read("BEGIN:VEVENT\n"+tt.lines+"\nEND:VEVENT", berlin)
			if got := span(c.Events[0].Start, c.Events[0].End, berlin); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestRuleWords(t *testing.T) {
	tests := []struct{ rule, want string }{
		{"FREQ=DAILY", "every day"},
		{"FREQ=DAILY;COUNT=1", "every day, once"},
		{"FREQ=WEEKLY;BYDAY=TU;COUNT=10", "every week on Tuesday, 10 times"},
		{"FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR", "every 2 weeks on Monday, Wednesday and Friday"},
		{"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every week on Monday to Friday"},
		{"FREQ=WEEKLY;UNTIL=20261231", "every week, until Thu 2026-12-31"},
		{"FREQ=WEEKLY;UNTIL=20270101T045959Z", "every week, until Thu 2026-12-31"}, // where the sender is
		{"freq=monthly;bymonthday=15,-1", "every month on day 15 and the last day"},
		{"FREQ=MONTHLY;BYDAY=2TU", "every month on the 2nd Tuesday"},
		{"FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday"},
		{"FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-2", "every month on the 2nd last Friday"},
		{"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "every month on the 1st of Monday to Friday"},
		{"FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=3", "every month on the 3rd of Saturday or Sunday"},
		{"FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "every month on day 13 that is Friday"},
		{"FREQ=YEARLY;BYMONTH=3,11;BYMONTHDAY=11", "every year on day 11 in March and November"},
		{"FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "every year on Monday (BYWEEKNO=20)"},
		{"FREQ=HOURLY;INTERVAL=6", "every 6 hours"},
		{"FREQ=DAILY;INTERVAL=-1;COUNT=0", "every day"},
		{"FREQ=DAILY;COUNT=99999999", "every day, 9999 times"},
		{"FREQ=DAILY;BYDAY=XX,99999MO;BYMONTHDAY=0,32,x", "every day"},
		{"FREQ=EVER", "by a rule that is not readable"},
		{"every Tuesday", "by a rule that is not readable"},
		{";;=;", "by a rule that is not readable"},
	}
	zone := time.FixedZone("", 3600)
	for _, tt := range tests {
		c := Read("BEGIN:VEVENT\nDTSTART;TZID=America/New_York:20261124T090000\nRRULE:"+tt.rule+"\nEND:VEVENT", zone)
		e := c.Events[0]
		if got := e.Rule.words(e.Start, zone); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.rule, got, tt.want)
		}
	}
	c := Read("BEGIN:VEVENT\nDTSTART;TZID=Asia/Tokyo:20261124T060000\nRRULE:FREQ=WEEKLY;BYDAY=TU\nEXRULE:FREQ=YEARLY\nEND:VEVENT", zone)
	want := "every week on Tuesday (where the sender is), and by further rules"
	if got := c.Events[0].Rule.words(c.Events[0].Start, zone); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDefectsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		b.WriteString("BEGIN:VEVENT\nDTSTART:day " + strings.Repeat("x", i) + "\nEND:VEVENT\n")
	}
	if c := Read(b.String(), nil); len(c.Defects) != maxDefects || len(c.Events) != MaxEvents || c.More != 50 {
		t.Errorf("%d defects, %d events and %d more", len(c.Defects), len(c.Events), c.More)
	}
}
