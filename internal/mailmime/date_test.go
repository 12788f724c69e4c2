package mailmime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/mailmime"
)

func TestParseDate(t *testing.T) {
	want := time.Date(2026, 11, 20, 8, 30, 0, 0, time.UTC)
	for _, in := range []string{
		"Fri, 20 Nov 2026 09:30:00 +0100", "20 Nov 2026 09:30:00 +0100", "Fri, 20 Nov 2026 08:30:00 GMT", "Fri, 20 Nov 2026 08:30:00 UT",
		"Fri, 20 Nov 2026 09:30 +0100", "Fri, 20 Nov 26 09:30:00 +0100", "Fri,20 Nov 2026 09:30:00 +0100", "Fri, 20 Nov 2026 09:30:00 +01:00",
		"Fri 20 Nov 2026 09:30:00 +0100", "Friday, 20 November 2026 09:30:00 +0100", "Fri, 20-Nov-2026 09:30:00 +0100",
		"Fri Nov 20 08:30:00 2026", "Fri, 20 Nov 2026 09.30.00 +0100", "2026-11-20T09:30:00+01:00", "2026-11-20 09:30:00 +0100",
		"Fri, 20 Nov 2026 09:30:00 +0100 (Central European Time)", "  Fri,  20  Nov  2026\r\n 09:30:00   +0100 ", "Fri, 20 Nov 2026 08:30:00", "Fri, 20 Nov 2026 10:30:00 GMT+0200",
		"Fri, 20 Nov 2026 03:30:00 EST",
	} {
		h, defects := mailmime.ParseHeader([]byte("Date: " + in + "\r\n\r\n"))
		if !h.Date.Equal(want) || len(defects) > 0 {
			t.Errorf("%q gives %v, defects %v", in, h.Date, defects)
		}
	}
	for _, in := range []string{"", "yesterday", "99 Nov 2026 09:30:00 +0100", "Fri, 20 Nov 0026 09:30:00 +0100", "Mon, 01 Jan 9999 00:00:00 +0000", strings.Repeat("1", 1000)} {
		h, defects := mailmime.ParseHeader([]byte("Date: " + in + "\r\n\r\n"))
		if !h.Date.IsZero() || len(defects) != 1 {
			t.Errorf("%q gives %v, defects %v", in, h.Date, defects)
		}
	}
}
