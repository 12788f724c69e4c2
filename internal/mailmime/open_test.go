package mailmime_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/postern-mail/postern/internal/mailmime"
)

func TestOpenPart(t *testing.T) {
	raw := mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "", "see below", "--a", "Content-Type: message/rfc822; name=m.eml", "",
		"Subject: inner", "Content-Type: multipart/mixed; boundary=i", "", "--i", "", "inner text", "--i", "Content-Type: image/png", "Content-Transfer-Encoding: base64", "", "AAEC", "--i--", "",
		"--a", "Content-Type: multipart/alternative; boundary=n", "", "--n", "", "x", "--n--", "--a--")
	for _, tt := range []struct{ id, want string }{
		{"1", "see below"},
		{"2", mail("Subject: inner", "Content-Type: multipart/mixed; boundary=i", "", "--i", "", "inner text", "--i", "Content-Type: image/png", "Content-Transfer-Encoding: base64", "", "AAEC", "--i--", "")},
		{"2.1", "inner text"},
		{"2.2", "\x00\x01\x02"},
		{"3", mail("--n", "", "x", "--n--")},
		{"3.1", "x"},
	} {
		t.Run(tt.id, func(t *testing.T) {
			r, _, err := mailmime.OpenPart(strings.NewReader(raw), tt.id, mailmime.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, r); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if r, _, err = mailmime.OpenPart(strings.NewReader(raw), tt.id, mailmime.Limits{}); err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, iotest.OneByteReader(r)); got != tt.want {
				t.Errorf("byte by byte got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("within an encoded multipart", func(t *testing.T) {
		r, _, err := mailmime.OpenPart(strings.NewReader(mail("Content-Type: multipart/mixed; boundary=b", "Content-Transfer-Encoding: base64", "", "LS1iDQoNCm9uZQ0KLS1iDQoNCnR3bw0KLS1iLS0=")), "2", mailmime.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, r); got != "two" {
			t.Errorf("got %q", got)
		}
	})
	for _, id := range []string{"", "0", "4", "1.1", "2.3", "2.1.1", "x", "1.", "TEXT"} {
		t.Run("missing "+id, func(t *testing.T) {
			var e *mailmime.Error
			if _, _, err := mailmime.OpenPart(strings.NewReader(raw), id, mailmime.Limits{}); !errors.As(err, &e) || e.Field != "part" {
				t.Errorf("error %v, want one about the part", err)
			}
		})
	}
}
