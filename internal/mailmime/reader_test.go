package mailmime_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mailmime"
)

// letters of all sizes beside those of the buffers, encoded and not.
func letters() []string {
	var list []string
	for _, n := range []int{0, 1, 100, 5_000, 16 << 10, 32<<10 - 30, 32 << 10, 100_000} {
		body := strings.Repeat("caf=C3=A9 ", n/10) + strings.Repeat("x", n%10)
		list = append(
			list,
			mail("Subject: plain", "", body),
			mail("Subject: encoded", "Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", body),
			mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "", body, "--a", "Content-Transfer-Encoding: base64", "", "aGk=", body, "--a--"),
			mail("Content-Type: multipart/mixed", "", "--a", "Content-Type: text/plain", "", body, "--a--"),
			mail("X-Long: "+body, "Content-Type: text/plain; charset=iso-2022-jp", "", "x"),
			strings.ReplaceAll(mail("Subject: Macintosh", "", body), "\r\n", "\r"),
		)
	}
	return list
}

// alike reports that a reader with buffers of others reads as one without.
func alike(t *testing.T, reader *mailmime.Reader, raw string, lim mailmime.Limits) {
	t.Helper()
	want, err := mailmime.Parse(strings.NewReader(raw), lim)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	got, err := reader.Parse(strings.NewReader(raw), lim)
	if err != nil {
		t.Fatalf("Reader.Parse: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a message of %d bytes (-without +with buffers):\n%s", len(raw), diff)
	}
	wantHeader, wantDefects := mailmime.ParseHeader([]byte(raw))
	header, defects := reader.ParseHeader([]byte(raw), "")
	if diff := cmp.Diff(wantHeader, header) + cmp.Diff(wantDefects, defects); diff != "" {
		t.Errorf("the header of a message of %d bytes (-without +with buffers):\n%s", len(raw), diff)
	}
}

func TestReaderReadsAsParse(t *testing.T) {
	var reader mailmime.Reader
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, raw := range letters() {
				alike(t, &reader, raw, mailmime.Limits{})
			}
		})
	}
	wg.Wait()
}

// What was read must not change when its buffers serve another message.
func TestReaderHandsNothingOutTwice(t *testing.T) {
	var reader mailmime.Reader
	var all, want []*mailmime.Message
	for _, raw := range letters() {
		got, err := reader.Parse(strings.NewReader(raw), mailmime.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		alone, err := mailmime.Parse(strings.NewReader(raw), mailmime.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		all, want = append(all, got), append(want, alone)
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("(-alone +with shared buffers):\n%s", diff)
	}
}
