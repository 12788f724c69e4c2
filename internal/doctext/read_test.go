package doctext_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/doctext"
	"github.com/postern-mail/postern/internal/mailtext"
)

func TestReadPlain(t *testing.T) {
	tests := []struct {
		name, kind, charset, in string
		want                    doctext.Document
	}{
		{"as it stands", "text", "", "a,b\r\n1,\"x, y\"\r\n", doctext.Document{Text: "a,b\n1,\"x, y\""}},
		{"charset of the part", "text", "iso-8859-2", "\xb3\xf3d\xbc", doctext.Document{Text: "łódź"}},
		{"no charset, not utf-8", "text", "", "gr\xfc\xdfe", doctext.Document{Text: "grüße"}},
		{"byte order mark", "text", "iso-8859-1", "\xef\xbb\xbfgrüße", doctext.Document{Text: "grüße"}},
		{"utf-16 of a sheet", "text", "", "\xff\xfea\x00\t\x00\xfc\x00\r\x00\n\x00", doctext.Document{Text: "a\tü"}},
		{"utf-16 without a mark", "text", "", "g\x00r\x00\xfc\x00n\x00\n\x00", doctext.Document{Text: "grün"}},
		{"utf-16 big endian without a mark", "text", "", "\x00g\x00r\x00\xfc\x00n\x00\n", doctext.Document{Text: "grün"}},
		{"a nul or two", "text", "", "a line of text\x00\nand more\x00", doctext.Document{Text: "a line of text\nand more", Dropped: mailtext.Dropped{Invisible: 2}}},
		{"utf-16 big endian", "text", "", "\xfe\xff\x00a\x00b", doctext.Document{Text: "ab"}},
		{"declared by xml", "text", "", "<?xml version='1.0' encoding='iso-8859-1'?><a>\xfc</a>", doctext.Document{Text: "<?xml version='1.0' encoding='iso-8859-1'?><a>ü</a>"}},
		{"invisible", "text", "", "pay\u200b now\U000e0041", doctext.Document{Text: "pay now", Dropped: mailtext.Dropped{Invisible: 2}}},
		{"html", "html", "", `<meta charset="iso-8859-1"><h1>Gr` + "\xfc" + `n</h1><p style="display:none">x</p><p>text`, doctext.Document{Text: "# Grün\n\ntext", Dropped: mailtext.Dropped{Hidden: 1}}},
		{"empty", "text", "", "", doctext.Document{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := doctext.Read(t.Context(), strings.NewReader(tt.in), tt.kind, tt.charset, nil, doctext.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestReadBounds(t *testing.T) {
	tests := []struct {
		name string
		lim  doctext.Limits
		want string
	}{
		{"input", doctext.Limits{Input: 4}, "1234"},
		{"output", doctext.Limits{Output: 4}, "1234"},
		{"output in a character", doctext.Limits{Output: 10}, "123456789"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := doctext.Read(t.Context(), strings.NewReader("123456789ü"), "text", "", nil, tt.lim)
			if err != nil || got.Text != tt.want || !got.Truncated {
				t.Errorf("got %q truncated %v, %v; want %q truncated", got.Text, got.Truncated, err, tt.want)
			}
		})
	}
	got, err := doctext.Read(t.Context(), strings.NewReader("1234"), "text", "", nil, doctext.Limits{Input: 4, Output: 4})
	if err != nil || got.Truncated {
		t.Errorf("exactly as long as the bounds: %+v, %v", got, err)
	}
}

func TestReadFailures(t *testing.T) {
	broken := errors.New("broken")
	for _, kind := range []string{"text", "html", "message", "tar", "ole", "zip", "docx", "rtf", "calendar", "vcard"} {
		_, err := doctext.Read(t.Context(), iotest.ErrReader(broken), kind, "", nil, doctext.Limits{})
		if !errors.Is(err, broken) {
			t.Errorf("%s: the reader's error is lost: %v", kind, err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := doctext.Read(gone, strings.NewReader("x"), kind, "", nil, doctext.Limits{}); err != context.Canceled { //nolint:errorlint // bare is the contract
			t.Errorf("%s: got %v, want a bare context error", kind, err)
		}
	}
	if _, err := doctext.Read(t.Context(), strings.NewReader("x"), "", "", nil, doctext.Limits{}); !errors.Is(err, doctext.Unknown) {
		t.Errorf("no kind: %v", err)
	}
}

// TestTime: a part that keeps coming ends at the time.
func TestTime(t *testing.T) {
	start := time.Now()
	got, err := doctext.Read(t.Context(), endless{}, "text", "", nil, doctext.Limits{Input: 1 << 50, Output: 1 << 40, Time: 50 * time.Millisecond})
	if err != nil || !got.Truncated || len(got.Notes) == 0 {
		t.Errorf("truncated %v, notes %q, %v", got.Truncated, got.Notes, err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// endless is slow enough to fill no memory.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	timer := time.NewTimer(time.Millisecond)
	<-timer.C
	return copy(p, "a line of a file that goes on and on\n"), nil
}

func TestOLE(t *testing.T) {
	head := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 504)
	stream := func(name string) string {
		var b strings.Builder
		for _, c := range name {
			b.WriteString(string(c) + "\x00")
		}
		return head + strings.Repeat("\x00", 128) + b.String() + strings.Repeat("\x00", 300)
	}
	tests := []struct {
		name, in string
		want     doctext.Reason
	}{
		{"old word", stream("WordDocument"), doctext.OldBinary},
		{"locked", stream("EncryptedPackage"), doctext.Encrypted},
		{"outlook", stream("__properties_version1.0"), doctext.OutlookFile},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := doctext.Read(t.Context(), io.MultiReader(strings.NewReader(tt.in)), "ole", "", nil, doctext.Limits{})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestReadMessage(t *testing.T) {
	const in = "From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: =?utf-8?q?gr=C3=BCn?=\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hello<p hidden>x\r\n--b\r\n" +
		"Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-Disposition: attachment\r\n\r\n12345\r\n--b--\r\n"
	got, err := doctext.Read(t.Context(), strings.NewReader(in), "message", "", time.UTC, doctext.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	const want = "From: Ann <ann@example.org>\nTo: bob@example.net\nDate: 2026-11-20 09:00 +00:00\nSubject: grün\n\nHello\n[attachment: a.pdf, application/pdf, 5 bytes]"
	if diff := cmp.Diff(doctext.Document{Text: want, Dropped: mailtext.Dropped{Hidden: 1}}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFacts(t *testing.T) {
	tests := []struct{ name, kind, in, want string }{
		{"calendar", "calendar", "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Review\r\nDTSTART:20261120T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "Review"},
		{"in the reader's zone", "calendar", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Review\r\nDTSTART:20261120T090000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", "10:00"},
		{"card", "vcard", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Lee\r\nEMAIL:ann@example.org\r\nEND:VCARD\r\n", "ann@example.org"},
		{"no card at all", "vcard", "only words", "only words"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := doctext.Read(t.Context(), strings.NewReader(tt.in), tt.kind, "", time.FixedZone("CET", 3600), doctext.Limits{})
			if err != nil || !strings.Contains(got.Text, tt.want) || strings.Contains(got.Text, "BEGIN:") {
				t.Errorf("got %q, %v; want %q in it", got.Text, err, tt.want)
			}
		})
	}
}

func TestTar(t *testing.T) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, name := range []string{"a.txt", "../../b\u202e.txt"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: 3, Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("abc")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := doctext.Read(t.Context(), &buf, "tar", "", nil, doctext.Limits{})
	if err != nil || got.Text != "a.txt (3 bytes)\n../../b.txt (3 bytes)" || got.Dropped.Invisible != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestError(t *testing.T) {
	err := &doctext.Error{Kind: "docx", Reason: doctext.Encrypted}
	if got, want := err.Error(), "docx: it is encrypted and needs a password"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := (&doctext.Error{Err: io.ErrUnexpectedEOF}); err.Error() != "document: unexpected EOF" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %q", err)
	}
}
