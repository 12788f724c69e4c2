package mailmime_test

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/mailmime"
)

func TestCalendar(t *testing.T) {
	event := func(fields, body string) string {
		return mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "come", "--a", fields, "", body, "--a--")
	}
	for _, tt := range []struct{ name, raw, want string }{
		{"none", mail("Subject: x", "", "BEGIN:VCALENDAR"), ""},
		{"beside the text", event("Content-Type: text/calendar; method=REQUEST", mail("BEGIN:VCALENDAR", "END:VCALENDAR")), "BEGIN:VCALENDAR\nEND:VCALENDAR"},
		{"alone", mail("Content-Type: text/calendar; charset=utf-8", "", "SUMMARY:Grüße"), "SUMMARY:Grüße"},
		{"as a file", event("Content-Type: application/ics; name=i.ics\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64", "QkVHSU4="), "BEGIN"},
		{"latin1", event("Content-Type: text/calendar; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable", "Gr=FC=\r\n=DFe"), "Grüße"},
		{"no charset is UTF-8", event("Content-Type: text/calendar", "Grüße"), "Grüße"},
		{"shift_jis", event("Content-Type: text/calendar; charset=shift_jis", "\x93\xfa\x96\x7b"), "日本"},
		{"first of two", event("Content-Type: text/calendar", "one\r\n--a\r\nContent-Type: text/calendar\r\n\r\ntwo"), "one"},
		{"in a forwarded message", event("Content-Type: message/rfc822", "Content-Type: text/calendar\r\n\r\nBEGIN"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, tt.raw, mailmime.Limits{})
			if m.Calendar != tt.want || m.CalendarTruncated {
				t.Errorf("calendar %q, truncated %v; want %q", m.Calendar, m.CalendarTruncated, tt.want)
			}
			listed := false
			for _, p := range m.Attachments {
				listed = listed || mailmime.IsCalendar(p.Type)
			}
			if listed != (tt.want != "") {
				t.Errorf("among the attachments: %v", listed)
			}
		})
	}
	m := parse(t, event("Content-Type: text/calendar", strings.Repeat("é", 100)), mailmime.Limits{TextBytes: 33})
	if m.Calendar != strings.Repeat("é", 16) || !m.CalendarTruncated || m.Attachments[0].Size != 200 {
		t.Errorf("calendar %q, truncated %v", m.Calendar, m.CalendarTruncated)
	}
}
