package doctext_test

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/doctext"
)

func TestKind(t *testing.T) {
	const (
		zip = "PK\x03\x04\x14\x00"
		ole = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
		doc = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	)
	noise := strings.Repeat("\x00\x01\x02\xfeAb\x03\x04\x90xyz\x05", 9)
	tests := []struct {
		name, mediaType, file, head, want string
	}{
		{"plain", "text/plain", "a.txt", "hello", "text"},
		{"plain, no name", "text/plain; charset=utf-8", "", "hello", "text"},
		{"upper case", "TEXT/CSV", "", "a,b", "text"},
		{"excel's type for csv", "application/vnd.ms-excel", "list.csv", "a;b", "text"},
		{"source code by name", "application/octet-stream", "main.go", "package main", "text"},
		{"log by content", "application/octet-stream", "trace", "12:00 started\n", "text"},
		{"utf-16 by mark", "", "", "\xff\xfea\x00", "text"},
		{"utf-8 cut in a character", "", "notes", "gr\xc3", "text"},
		{"json", "application/json", "", "{}", "text"},
		{"some json", "application/vnd.api+json", "", "{}", "text"},
		{"svg", "image/svg+xml", "", "<svg/>", "text"},
		{"html", "text/html", "", "<p>", "html"},
		{"html sent as text", "text/plain", "page.html", "<p>", "html"},
		{"html by content", "", "", " <!DOCTYPE HTML><p>", "html"},
		{"calendar", "text/calendar", "", "BEGIN:VCALENDAR", "calendar"},
		{"calendar by name", "application/octet-stream", "invite.ICS", "BEGIN:VCALENDAR", "calendar"},
		{"calendar by content", "application/octet-stream", "", "BEGIN:VCALENDAR\r\n", "calendar"},
		{"card", "text/x-vcard", "", "BEGIN:VCARD", "vcard"},
		{"card by content", "", "", "begin:vcard\n", "vcard"},
		{"message", "message/rfc822", "", "From: a@example.org\r\n", "message"},
		{"message by name", "application/octet-stream", "Fwd.eml", "From: a@example.org\r\n", "message"},
		{"message by content", "", "", "Received: from a\r\n", "message"},
		{"report", "message/delivery-status", "", "Status: 5.1.1", "text"},
		{"rtf", "application/rtf", "", `{\rtf1`, "rtf"},
		{"rtf called doc", "application/msword", "letter.doc", `{\rtf1`, "rtf"},
		{"docx", doc, "a.docx", zip, "docx"},
		{"docx, lying name", doc, "a.txt", zip, "docx"},
		{"docx by name", "application/octet-stream", "a.DOCX", zip, "docx"},
		{"docx sent as zip", "application/zip", "a.docx", zip, "docx"},
		{"docx by content", "application/octet-stream", "", zip + "[Content_Types].xml", "docx"},
		{"docx called doc", "application/msword", "a.doc", zip + "word/document.xml", "docx"},
		{"locked docx", doc, "a.docx", ole, "ole"},
		{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "", zip, "xlsx"},
		{"xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12", "", zip, "xlsx"},
		{"xlsx by content", "", "", zip + "xl/workbook.xml", "xlsx"},
		{"pptx by name", "", "talk.pptx", zip, "pptx"},
		{"odt", "application/vnd.oasis.opendocument.text", "", zip, "odt"},
		{"ods by content", "", "", zip + "mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "ods"},
		{"odp by name", "", "talk.odp", zip, "odp"},
		{"zip", "application/zip", "a.zip", zip, "zip"},
		{"zip by content", "", "", zip + "holiday.jpg", "zip"},
		{"zip sent as text", "text/plain", "a.txt", zip + "holiday.jpg", "zip"},
		{"tar", "application/x-tar", "", "", "tar"},
		{"tar by content", "", "", strings.Repeat("\x00", 257) + "ustar\x0000", "tar"},
		{"old word", "application/msword", "a.doc", ole, "ole"},
		{"pdf", "application/pdf", "a.pdf", "%PDF-1.7", ""},
		{"pdf called txt", "text/plain", "a.txt", "%PDF-1.7", ""},
		{"picture", "image/png", "a.png", "\x89PNG\r\n\x1a\n", ""},
		{"picture called html", "text/html", "a.html", "\x89PNG\r\n\x1a\n", ""},
		{"jpeg, no bytes", "image/jpeg", "a.jpg", "", ""},
		{"gzip", "application/gzip", "a.tgz", "\x1f\x8b\x08", ""},
		{"signature", "application/pgp-signature", "signature.asc", "-----BEGIN", ""},
		{"unknown binary", "application/octet-stream", "a.bin", "\x00\x01\x02", ""},
		{"binary sent as text", "text/plain", "a.txt", noise, ""},
		{"a short binary sent as text", "text/plain", "", "\x00\x01\x02\xfe\xff", ""},
		{"binary named as source code", "application/octet-stream", "a.go", noise, ""},
		{"binary sent as a calendar", "text/calendar", "invite.ics", noise, ""},
		{"a few control characters in text", "text/plain", "a.log", "\x1b[1mdone\x1b[0m\x08\x00 " + strings.Repeat("text ", 20), "text"},
		{"utf-16 without a mark", "text/plain", "a.txt", "h\x00\xfc\x00l\x00l\x00o\x00\n\x00", "text"},
		{"utf-16 of other letters, labelled", "text/plain; charset=UTF-16LE", "a.txt", "\x00\x4e\x01\x4e\x03\x4e\x00\x4e", "text"},
		{"text that begins like music", "text/plain", "a.txt", "ID3 tags, explained\n", "text"},
		{"music", "text/plain", "a.txt", "ID3\x04\x00\x00", ""},
		{"nothing", "", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := doctext.Kind(tt.mediaType, tt.file, []byte(tt.head)); got != tt.want {
				t.Errorf("Kind(%q, %q, %q) = %q, want %q", tt.mediaType, tt.file, tt.head, got, tt.want)
			}
		})
	}
}
