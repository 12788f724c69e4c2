package mailmime_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mailmime"
)

// What other readers refuse a message for: each is read, and says what was wrong.
func TestRepair(t *testing.T) {
	for _, tt := range []struct {
		name, raw, subject, text, html string
		defects                        []string
	}{
		{
			name: "lines of junk in the header", raw: mail("Subject: x", "junk one", "junk two and more", "Content-Type: text/html", "", "<p>y</p>"),
			subject: "x", html: "<p>y</p>", defects: []string{"header line without a field name was skipped"},
		},
		{
			name: "junk first", raw: mail("junk", "Subject: x", "", "y"),
			subject: "x", text: "y", defects: []string{"header line without a field name was skipped"},
		},
		{
			name: "a letter that names a field later stays a letter", raw: mail("Subject: x", "Dear Ann,", "", "Subject: y"),
			subject: "x", text: "Dear Ann,\n\nSubject: y", defects: []string{"no blank line between header and body"},
		},
		{name: "mailbox line", raw: mail("From ann@example.org Thu Jan  1 00:00:00 2026", "Subject: x", "", "y"), subject: "x", text: "y"},
		{name: "quoted mailbox line", raw: mail(">From ann@example.org Thu Jan  1 00:00:00 2026", "Subject: x", "", "y"), subject: "x", text: "y"},
		{name: "mailbox line and From field", raw: mail("From ann Thu Jan  1", "From: ann@example.org", "Subject: x", "", "From here"), subject: "x", text: "From here"},
		{
			name: "bare CR throughout", raw: "Subject: x\rContent-Type: multipart/mixed; boundary=b\r\r--b\r\rone\r--b\rContent-Type: text/plain\r\rtwo\r--b--\r",
			subject: "x", text: "one\n\ntwo",
		},
		{name: "bare CR in the text", raw: mail("Subject: x", "", "one\rtwo"), subject: "x", text: "one\ntwo"},
		{name: "bare CR in a field", raw: mail("Subject: x\r y", "", "z"), subject: "x y", text: "z"},
		{
			name: "no end marker", raw: mail("Subject: x", "Content-Type: multipart/alternative; boundary=b", "", "--b", "", "one", "--b", "Content-Type: text/html", "", "<p>two</p>"),
			subject: "x", text: "one", html: "<p>two</p>", defects: []string{"the message ends early: its multipart is not closed"},
		},
		{
			name: "no boundary parameter", raw: mail("Subject: x", "Content-Type: multipart/mixed;", "", "preamble", "--=_n", "Content-Type: text/plain", "", "one", "--=_n--"),
			subject: "x", text: "one", defects: []string{"multipart without a boundary; it was guessed"},
		},
		{
			name: "boundary that never comes", raw: mail("Subject: x", "Content-Type: multipart/mixed; boundary=never", "", "one"),
			subject: "x", text: "one", defects: []string{"multipart without any part is read as text"},
		},
		{
			name: "another boundary than the declared one", raw: mail("Content-Type: multipart/mixed; boundary='bb'", "", "--bb", "Content-Type: text/plain", "", "one", "--bb", "", "two", "--bb--"),
			text: "one\n\ntwo", defects: []string{"the boundary of a multipart never comes; another was taken"},
		},
		{
			name: "another boundary than the declared one, within", raw: mail("Content-Type: multipart/mixed; boundary=a", "", "--a", "Content-Type: multipart/alternative; boundary=c", "",
				"--bb", "Content-Type: text/plain", "", "one", "--bb--", "--a", "", "two", "--a--"),
			text: "one\n\ntwo", defects: []string{"the boundary of a multipart never comes; another was taken"},
		},
		{
			name: "multipart in base64", raw: mail("Content-Type: multipart/mixed; boundary=b", "Content-Transfer-Encoding: base64", "", "LS1iDQoNCm9uZQ0KLS1iDQoNCnR3bw0KLS1iLS0="),
			text: "one\n\ntwo", defects: []string{"a multipart was encoded as base64"},
		},
		{
			name: "multipart in quoted-printable", raw: mail("Content-Type: multipart/mixed; boundary=\"=b\"", "Content-Transfer-Encoding: quoted-printable", "", "--=3D=", "b", "", "one =3D 1", "--=3Db--"),
			text: "one = 1", defects: []string{"a multipart was encoded as quoted-printable"},
		},
		{
			name: "text before an end and no part", raw: mail("Content-Type: multipart/mixed; boundary=b", "", "one", "--b--", "two"),
			text: "one", defects: []string{"multipart without any part is read as text"},
		},
		{name: "junk in base64", raw: mail("Content-Transfer-Encoding: base64", "", "aGVs!bG8g", "*****", "d29y\xffbGQ="), text: "hello world"},
		{name: "base64 with blanks within", raw: mail("Content-Transfer-Encoding: base64", "", "aGVs bG8g d29y bGQ="), text: "hello world"},
		{
			name: "base64 that is plain text", raw: mail("Content-Transfer-Encoding: base64", "", "This is not encoded at all.", "Nor is this."),
			text: "This is not encoded at all.\nNor is this.", defects: []string{"a part called base64 is not encoded; it is kept as it is"},
		},
		{name: "junk in quoted-printable", raw: mail("Content-Transfer-Encoding: quoted-printable", "", "caf=C3=A9 =ZZ 100=% =", "x=3"), text: "café =ZZ 100=% x=3"},
		{
			name: "unknown transfer encoding", raw: mail("Content-Transfer-Encoding: x-rot13", "", "uryyb"),
			text: "uryyb", defects: []string{"unknown transfer encoding; part 1 is kept as it is"},
		},
		{
			name: "yEnc is kept", raw: mail("Content-Transfer-Encoding: x-yenc", "", "=ybegin line=128 size=3 name=a", "abc", "=yend size=3"),
			text: "=ybegin line=128 size=3 name=a\nabc\n=yend size=3", defects: []string{"unknown transfer encoding; part 1 is kept as it is"},
		},
		{name: "7-bit", raw: mail("Content-Transfer-Encoding: 7-bit", "", "a=41"), text: "a=41"},
		{name: "8 bit", raw: mail("Content-Transfer-Encoding: 8 bit", "", "gr\xc3\xbcn"), text: "grün"},
		{name: "uuencode", raw: mail("Content-Transfer-Encoding: x-uuencode", "", "begin 644 a.txt", "+:&5L;&\\@=V]R;&0", "`", "end"), text: "hello world"},
		{
			name: "uuencode that is none", raw: mail("Content-Transfer-Encoding: uuencode", "", "plain"),
			text: "plain", defects: []string{"a part called uuencode is not encoded; it is kept as it is"},
		},
		{name: "blank behind the name of the first field", raw: mail("From : ann@example.org", "Subject : x", "", "y"), subject: "x", text: "y"},
		{
			name: "blank lines before the header", raw: mail("", "", "Subject: x", "", "y"),
			subject: "x", text: "y", defects: []string{"blank lines before the header were skipped"},
		},
		{name: "blank lines and no header", raw: mail("", "", "Note: x", "", "y"), text: "\nNote: x\n\ny"},
		{
			name: "lines that end in CR CR LF", raw: "Subject: x\r\r\nContent-Type: text/plain\r\r\n\r\r\none\r\r\ntwo\r\r\n",
			subject: "x", text: "one\ntwo\n", defects: []string{"lines end in CR CR LF"},
		},
		{name: "some lines that end in CR CR LF", raw: mail("Subject: x", "", "one\r", "two"), subject: "x", text: "one\n\ntwo"},
		{name: "nothing", raw: "", defects: []string{"there is nothing in the message"}},
		{name: "nothing but blank lines", raw: mail("", "", ""), text: "\n", defects: []string{"there is nothing in the message"}},
		{
			name: "footer below base64 without padding", raw: mail("Content-Transfer-Encoding: base64", "", "d29yZHMu", "", "-- ", "Crew list, https://lists.example.org/"),
			text: "words.", defects: []string{"text behind the base64 of part 1 is left out"},
		},
		{
			name: "footer below base64, under a rule", raw: mail("Content-Transfer-Encoding: base64", "", "d29yZHMu", "_______", "Crew list"),
			text: "words.", defects: []string{"text behind the base64 of part 1 is left out"},
		},
		{
			name: "footer below base64 with padding", raw: mail("Content-Transfer-Encoding: base64", "", "d29yZHM=", "Crew list"),
			text: "words", defects: []string{"text behind the base64 of part 1 is left out"},
		},
		{name: "rule above base64", raw: mail("Content-Transfer-Encoding: base64", "", "-----", "d29yZHMu"), text: "words."},
		{name: "UTF-16 in HTML without a charset", raw: mail("Content-Type: text/html", "", "\xff\xfe<\x00p\x00>\x00\x13\x27"), html: "<p>✓"},
		{name: "UTF-16 the other way", raw: mail("Content-Type: text/html", "", "\xfe\xff\x00<\x00p\x00>\x27\x13"), html: "<p>✓"},
		{
			name: "windows-1252 labelled UTF-8", raw: mail("Content-Type: text/plain; charset=utf-8", "", "Gr\xfc\xdfe"),
			text: "Grüße", defects: []string{"part 1 is not the UTF-8 it is labelled as"},
		},
		{
			name: "half a letter of UTF-8", raw: mail("Content-Type: text/plain; charset=utf-8", "", "Grüße \xe2\x82 schön und grün"),
			text: "Grüße \uFFFD schön und grün", defects: []string{"part 1 is not the UTF-8 it is labelled as"},
		},
		{name: "cut within a letter of UTF-8", raw: mail("Content-Type: text/plain; charset=utf-8", "", "schön gr\xc3"), text: "schön gr\u00c3"},
		{name: "blanks around the slash of a type", raw: mail("Content-Type: text / html; charset=utf-8", "", "<p>y</p>"), html: "<p>y</p>"},
		{
			name: "part without header and blank line", raw: mail("Content-Type: multipart/mixed; boundary=b", "", "--b", "No header here.", "--b", "Content-Type: text/plain", "", "two", "--b--"),
			text: "No header here.\n\ntwo", defects: []string{"no blank line between header and body"},
		},
		{
			name: "image first among related parts", raw: mail("Content-Type: multipart/related; boundary=b", "", "--b", "Content-Type: image/gif", "", "G", "--b", "Content-Type: text/html", "", "<p>y</p>", "--b", "", "not body", "--b--"),
			html: "<p>y</p>",
		},
		{
			name: "image first among related parts, no part named the start", raw: mail("Content-Type: multipart/related; start=x; boundary=b", "", "--b", "Content-Type: image/gif", "", "G", "--b", "Content-Type: text/html", "", "<p>y</p>", "--b--"),
			html: "<p>y</p>",
		},
		{
			name: "indented line and no header", raw: mail("Content-Type: multipart/mixed; boundary=b", "", "--b", "  indented", "", "one", "--b--"),
			text: "one", defects: []string{"header line without a field name was skipped"},
		},
		{
			name: "image first among related parts, named the start", raw: mail("Content-Type: multipart/related; start=i; boundary=b", "", "--b", "Content-Type: image/gif", "Content-ID: <i>", "", "G", "--b", "Content-Type: text/html", "", "<p>y</p>", "--b--"),
		},
		{name: "raw UTF-8 header", raw: mail("Subject: gr\xc3\xbcn", "", "x"), subject: "grün", text: "x"},
		{name: "raw header without any charset", raw: mail("Subject: gr\xfcn", "", "x"), subject: "grün", text: "x"},
		{name: "raw header in the text's charset", raw: mail("Subject: \xf0\xd2\xc9\xd7\xc5\xd4", "Content-Type: text/plain; charset=koi8-r", "", "\xf0\xd2"), subject: "Привет", text: "Пр"},
		{
			name:    "raw header in a part's charset",
			raw:     mail("Subject: \x93\xfa\x96\x7b", "Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/plain; charset=shift_jis", "", "\x93\xfa", "--b--"),
			subject: "日本", text: "日",
		},
		{name: "raw iso-2022-jp header", raw: mail("Subject: \x1b$BF|K\\\x1b(B", "", "x"), subject: "日本", text: "x"},
		{name: "UTF-7 in an encoded word", raw: mail("Subject: =?utf-7?Q?gr+APw-n?=", "", "x"), subject: "grün", text: "x"},
		{name: "raw UTF-7 header", raw: mail("Subject: gr+APw-n", "Content-Type: text/plain; charset=utf-7", "", "gr+APw-n +- 1"), subject: "grün", text: "grün + 1"},
		{name: "blanks between all digits of base64", raw: mail("Content-Transfer-Encoding: base64", "", "a G V s b G 8 g d 2 9 y b G Q ="), text: "hello world"},
		{name: "plus in the header of a UTF-7 message", raw: mail("Subject: C+Ad and more", "Content-Type: text/plain; charset=utf-7", "", "x"), subject: "C+Ad and more", text: "x"},
		{name: "flowed text", raw: mail("Content-Type: text/plain; format=flowed", "", "one ", "two", "> three ", "> four", "five"), text: "one two\n> three four\nfive"},
		{name: "unknown text", raw: mail("Content-Type: text/x-log", "", "x"), text: "x"},
		{name: "enriched text", raw: mail("Content-Type: text/enriched", "", "<bold>one</bold>", "two", "", "three << four"), text: "one two\nthree < four"},
		{
			name: "EBCDIC, which no mail program reads", raw: mail("Content-Type: text/plain; charset=ibm037", "", "words"),
			text: "words", defects: []string{"unknown charset; part 1 is read as UTF-8 or windows-1252"},
		},
		{
			name: "mostly not UTF-8", raw: mail("Content-Type: text/plain; charset=utf-8", "", "Gr\xfc\xdfe, sch\xf6n, ü"),
			text: "Grüße, schön, ü", defects: []string{"part 1 is not the UTF-8 it is labelled as"},
		},
		{
			name: "three words labelled base64", raw: mail("Content-Transfer-Encoding: base64", "", "Not encoded, this."),
			text: "Not encoded, this.", defects: []string{"a part called base64 is not encoded; it is kept as it is"},
		},
		{name: "base64 below a line of words", raw: mail("Content-Transfer-Encoding: base64", "", "!! ?? !!", strings.Repeat("d29yZHMu", 6)), text: strings.Repeat("words.", 6)},
		{name: "raw header beside UTF-16", raw: mail("Subject: gr\xfcn", "Content-Type: text/plain; charset=utf-16", "", ""), subject: "grün"},
		{
			name: "two subjects", raw: mail("Subject: x", "Subject: y", "", "z"),
			subject: "x", text: "z", defects: []string{"more than one Subject field; the first is used"},
		},
		{name: "charset that was to be found out", raw: mail("Content-Type: text/plain; charset=_autodetect_all", "", "grün"), text: "grün"},
		{
			name: "text with a name, deeper and later", raw: mail("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "one", "--b", "Content-Type: multipart/mixed; boundary=c", "",
				"--c", "Content-Type: text/plain; name=log.txt", "", "log", "--c--", "--b--"),
			text: "one",
		},
		{name: "type without a subtype", raw: mail("Content-Type: text", "", "x"), text: "x"},
		{name: "type that is junk", raw: mail("Content-Type: ;;;=", "", "x"), text: "x"},
		{name: "type and nothing else", raw: mail("Content-Type: text/html;", "", "<p>"), html: "<p>"},
		{name: "type with junk behind it", raw: mail("Content-Type: text/html; charset=utf-8; =; x; ;", "", "<p>ü"), html: "<p>ü"},
		{name: "quoted type", raw: mail(`Content-Type: "text/html"; charset=utf-8`, "", "<p>"), html: "<p>"},
		{name: "charset with an open quote", raw: mail(`Content-Type: text/plain; charset="iso-8859-2`, "", "\xb1"), text: "ą"},
		{name: "charset in single quotes", raw: mail(`Content-Type: text/plain; charset='iso-8859-2'`, "", "\xb1"), text: "ą"},
		{
			name: "alternative with an empty plain form", raw: mail("Content-Type: multipart/alternative; boundary=b", "", "--b", "", "", "--b", "Content-Type: text/html", "", "<p>x</p>", "--b--"),
			html: "<p>x</p>",
		},
		{
			name: "alternative with a plain form behind an empty one", raw: mail("Content-Type: multipart/alternative; boundary=b", "", "--b", "", " ", "--b", "", "words", "--b--"),
			text: "words",
		},
		{
			name: "alternative with an odd form first", raw: mail("Content-Type: multipart/alternative; boundary=b", "", "--b", "Content-Type: text/x-odd", "", "odd", "--b", "", "words", "--b--"),
			text: "words",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, tt.raw, mailmime.Limits{})
			if m.Header.Subject != tt.subject || m.HTML != tt.html {
				t.Errorf("subject %q, want %q; html %q, want %q", m.Header.Subject, tt.subject, m.HTML, tt.html)
			}
			if m.Text != tt.text {
				t.Errorf("text %q, want %q", m.Text, tt.text)
			}
			if diff := cmp.Diff(tt.defects, m.Defects); diff != "" {
				t.Errorf("defects (-want +got):\n%s", diff)
			}
		})
	}
}

// Messages whose text is not there to read say so.
func TestUnread(t *testing.T) {
	for _, tt := range []struct{ name, raw, text, attachments, defects string }{
		{
			name: "bounce",
			raw: mail("Content-Type: multipart/report; report-type=delivery-status; boundary=b", "", "--b", "", "It could not be delivered.", "--b", "Content-Type: message/delivery-status", "",
				"Reporting-MTA: dns; mx.example.org", "", "Final-Recipient: rfc822; bob@example.net", "Diagnostic-Code: smtp; 550 no such user", "--b", "Content-Type: message/rfc822", "", "Subject: lost", "", "x", "--b--"),
			text:        "It could not be delivered.\n\nReporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; bob@example.net\nDiagnostic-Code: smtp; 550 no such user",
			attachments: "3 message/rfc822",
		},
		{
			name: "bounce with named parts and only the header returned",
			raw: mail("Content-Type: multipart/report; boundary=b", "", "--b", "", "No.", "--b", "Content-Type: message/delivery-status; name=details.txt", "Content-Disposition: attachment", "",
				"Status: 5.1.1", "--b", "Content-Type: text/rfc822-headers", "", "Subject: lost", "--b--"),
			text: "No.\n\nStatus: 5.1.1", attachments: "3 text/rfc822-headers",
		},
		{
			name: "receipt", raw: mail("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", "", "--b", "", "It was read.", "--b", "Content-Type: message/disposition-notification", "", "Disposition: displayed", "--b--"),
			text: "It was read.\n\nDisposition: displayed",
		},
		{
			name: "signed", raw: mail("Content-Type: multipart/signed; protocol=x; boundary=b", "", "--b", "", "words", "--b", "Content-Type: application/pkcs7-signature; name=smime.p7s", "", "S", "--b--"),
			text: "words", attachments: "2 application/pkcs7-signature",
		},
		{
			name: "signed with OpenPGP", raw: mail("Content-Type: multipart/signed; protocol=x; boundary=b", "", "--b", "", "words", "--b", "Content-Type: application/pgp-signature", "", "S", "--b--"),
			text: "words", attachments: "2 application/pgp-signature",
		},
		{
			name: "encrypted with OpenPGP", raw: mail("Content-Type: multipart/encrypted; boundary=b", "", "--b", "Content-Type: application/pgp-encrypted", "", "Version: 1", "--b", "Content-Type: application/octet-stream; name=e.asc", "", "E", "--b--"),
			attachments: "1 application/pgp-encrypted, 2 application/octet-stream", defects: "the message is encrypted and cannot be read",
		},
		{
			name: "encrypted with S/MIME", raw: mail("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "Content-Transfer-Encoding: base64", "", "AAAA"),
			attachments: "1 application/pkcs7-mime", defects: "part 1 is encrypted with S/MIME and cannot be read",
		},
		{
			name: "opaque signature", raw: mail("Content-Type: application/x-pkcs7-mime; smime-type=signed-data", "Content-Transfer-Encoding: base64", "", "AAAA"),
			attachments: "1 application/x-pkcs7-mime", defects: "part 1 is signed with S/MIME in a form that hides the text; it is not opened",
		},
		{
			name: "winmail.dat", raw: mail("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "words", "--b", "Content-Type: application/ms-tnef", "", "T", "--b--"),
			text: "words", attachments: "2 application/ms-tnef winmail.dat", defects: "part 2 is Outlook's winmail.dat; files within it are not shown",
		},
		{
			name: "winmail.dat of no type", raw: mail("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "words", "--b", "Content-Type: application/octet-stream; name=Winmail.dat", "", "T", "--b--"),
			text: "words", attachments: "2 application/octet-stream", defects: "part 2 is Outlook's winmail.dat; files within it are not shown",
		},
		{
			name: "piece of a message", raw: mail("Content-Type: message/partial; id=x; number=2; total=3", "", "middle words"),
			text: "middle words", defects: "part 1 is one piece of a message that was sent in several",
		},
		{
			name: "kept elsewhere", raw: mail("Content-Type: message/external-body; access-type=URL", "", "Content-Type: image/png", "", ""),
			attachments: "1 message/external-body", defects: "part 1 is not in the message, which only names where it is kept",
		},
		{
			name: "forwarded in base64", raw: mail("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "see", "--b", "Content-Type: message/rfc822", "Content-Transfer-Encoding: base64", "", "U3ViamVjdDogeA0KDQp4", "--b--"),
			text: "see", attachments: "2 message/rfc822",
		},
		{
			name: "what a forwarded message hides is not ours", raw: mail("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "see", "--b", "Content-Type: message/rfc822", "", "Content-Type: multipart/encrypted; boundary=c", "", "--c", "", "E", "--c--", "--b--"),
			text: "see", attachments: "2 message/rfc822",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, tt.raw, mailmime.Limits{})
			var listed []string
			for _, p := range m.Attachments {
				line := p.ID + " " + p.Type
				if p.Name == "winmail.dat" {
					line += " " + p.Name
				}
				listed = append(listed, line)
			}
			if m.Text != tt.text || strings.Join(listed, ", ") != tt.attachments {
				t.Errorf("text %q, want %q; attachments %q, want %q", m.Text, tt.text, listed, tt.attachments)
			}
			if got := strings.Join(m.Defects, "; "); got != tt.defects {
				t.Errorf("defects %q, want %q", got, tt.defects)
			}
		})
	}
}
