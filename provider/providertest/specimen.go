package providertest

import (
	"strings"

	"github.com/postern-mail/postern/provider"
)

const envelope = "From: Ann <ann@example.org>\nTo: me@example.org\nDate: Tue, 3 Feb 2026 14:05:06 +0200\nMIME-Version: 1.0\n"

// charsets are bodies and fields in the encodings that mail still comes in.
func charsets() []specimen {
	body := func(charset, encoding, text string) string {
		return envelope + "Subject: x\nContent-Type: text/plain; charset=" + charset + "\nContent-Transfer-Encoding: " + encoding + "\n\n" + text + "\n"
	}
	return []specimen{
		{name: "us-ascii", raw: envelope + "Subject: plain\n\nplain words\n", subject: "plain", text: "plain words"},
		{name: "utf-8 8bit", raw: body("utf-8", "8bit", "na\u00efve \u20ac \u6f22\u5b57"), text: "na\u00efve \u20ac \u6f22\u5b57"},
		{name: "utf-8 base64", raw: body("UTF-8", "BASE64", "bmHDr3ZlIOKCrA=="), text: "na\u00efve \u20ac"},
		{name: "iso-8859-1 quoted-printable", raw: body(`"iso-8859-1"`, "quoted-printable", "caf=E9 so=\nft"), text: "caf\u00e9 soft"},
		{name: "iso-8859-15", raw: body("iso-8859-15", "quoted-printable", "=A4 5"), text: "\u20ac 5"},
		{name: "windows-1252", raw: body("windows-1252", "8bit", "\x93quoted\x94 \x80"), text: "\u201cquoted\u201d \u20ac"},
		{name: "windows-1252 called iso-8859-1", raw: body("iso-8859-1", "8bit", "\x93quoted\x94"), text: "\u201cquoted\u201d"},
		{name: "koi8-r", raw: body("koi8-r", "quoted-printable", "=F0=D2=C9=D7=C5=D4"), text: "\u041f\u0440\u0438\u0432\u0435\u0442"},
		{name: "iso-2022-jp", raw: body("iso-2022-jp", "7bit", "\x1b$BF|K\\8l\x1b(B"), text: "\u65e5\u672c\u8a9e"},
		{name: "shift_jis", raw: body("shift_jis", "8bit", "\x93\xfa\x96\x7b\x8c\xea"), text: "\u65e5\u672c\u8a9e"},
		{name: "gb2312", raw: body("gb2312", "8bit", "\xc4\xe3\xba\xc3"), text: "\u4f60\u597d"},
		{name: "big5", raw: body("big5", "base64", "p0Gmbg=="), text: "\u4f60\u597d"},
		{name: "euc-kr", raw: body("euc-kr", "8bit", "\xbe\xc8\xb3\xe7"), text: "\uc548\ub155"},
		{name: "encoded words", subject: "Gr\u00fc\u00dfe aus Moskau \u041f\u0440\u0438\u0432\u0435\u0442", from: provider.Address{Name: "J\u00f6rg M\u00fcller", Addr: "jm@example.org"},
			raw: "From: =?iso-8859-1?Q?J=F6rg_M=FCller?= <jm@example.org>\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= aus =?us-ascii?q?Moskau?=\n =?koi8-r?B?IPDSydfF1A==?=\n\nx\n"},
		{name: "split encoded words", subject: "\u65e5\u672c\u8a9e\u306e\u4ef6\u540d",
			raw: envelope + "Subject: =?utf-8?B?5pel5pys6Kqe?=\n =?utf-8?B?44Gu5Lu25ZCN?=\n\nx\n"},
		{name: "raw koi8-r header", subject: "\u041f\u0440\u0438\u0432\u0435\u0442", text: "\u041f\u0440", raw: envelope + "Subject: \xf0\xd2\xc9\xd7\xc5\xd4\nContent-Type: text/plain; charset=koi8-r\n\n\xf0\xd2\n"},
		{name: "raw utf-8 header", subject: "Gr\u00fc\u00dfe", raw: envelope + "Subject: Gr\u00fc\u00dfe\n\nx\n"},
	}
}

// structures are trees of parts, names and dispositions.
func structures() []specimen {
	mixed := envelope + "Subject: parts\nContent-Type: multipart/mixed; boundary=\"=_b\"\n\npreamble\n"
	attach := func(fields string) string {
		return mixed + "--=_b\nContent-Type: text/plain\n\nletter\n--=_b\n" + fields + "\n\ncontent of the file\n--=_b--\nepilogue\n"
	}
	return []specimen{
		{name: "alternative", text: "plain form", html: "<b>rich</b> form", raw: envelope + "Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n" +
			"--b\nContent-Type: text/plain\n\nplain form\n--b\nContent-Type: text/html; charset=utf-8\n\n<p><b>rich</b> form</p>\n--b--\n"},
		{name: "html only", html: "<i>only</i> html \u20ac", raw: envelope + "Subject: x\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n<html><i>only</i> html \u20ac</html>\n"},
		{name: "nested", text: "the letter", html: "cid:pic1", raw: mixed +
			"--=_b\nContent-Type: multipart/related; boundary=rel\n\n--rel\nContent-Type: multipart/alternative; boundary=alt\n\n" +
			"--alt\nContent-Type: text/plain\n\nthe letter\n--alt\nContent-Type: text/html\n\n<img src=\"cid:pic1\">\n--alt--\n" +
			"--rel\nContent-Type: image/png; name=pic.png\nContent-ID: <pic1>\nContent-Disposition: inline; filename=pic.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n--rel--\n" +
			"--=_b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=a.pdf\n\n%PDF-1.4\n--=_b--\n",
			parts: []wantPart{{name: "pic.png", kind: "image/png", content: "\x89PNG", contentID: "pic1"}, {name: "a.pdf", kind: "application/pdf", content: "%PDF-1.4"}}},
		{name: "forwarded message", text: "see below", raw: mixed + "--=_b\nContent-Type: text/plain\n\nsee below\n--=_b\nContent-Type: message/rfc822\n\n" +
			"From: inner@example.net\nSubject: the inner subject\n\nthe inner words\n--=_b--\n",
			parts: []wantPart{{kind: "message/rfc822", content: "the inner words"}}},
		{name: "invitation", text: "Lunch", calendar: "BEGIN:VCALENDAR\nSUMMARY:Lunch f\u00fcr zwei\nEND:VCALENDAR\n", raw: envelope + "Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nLunch?\n" +
			"--b\nContent-Type: text/calendar; method=REQUEST; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n" +
			"BEGIN:VCALENDAR\nSUMMARY:Lunch f=FCr =\nzwei\nEND:VCALENDAR\n\n--b--\n", parts: []wantPart{{kind: "text/calendar", content: "BEGIN:VCALENDAR"}}},
		{name: "invitation behind a large file", text: "letter", calendar: "BEGIN:VCALENDAR\nEND:VCALENDAR\n", raw: mixed +
			"--=_b\nContent-Type: text/plain\n\nletter\n--=_b\nContent-Type: application/octet-stream; name=big.bin\nContent-Transfer-Encoding: base64\n\n" +
			strings.Repeat(strings.Repeat("AAAA", 19)+"\n", 2000) +
			"--=_b\nContent-Type: application/ics; name=\"invite.ics\"\nContent-Disposition: attachment; filename=\"invite.ics\"\nContent-Transfer-Encoding: base64\n\n" +
			"QkVHSU46VkNBTEVOREFSDQpFTkQ6VkNBTEVOREFSDQo=\n--=_b\nContent-Type: text/calendar\n\nthe second\n--=_b--\n",
			parts: []wantPart{{name: "invite.ics", content: "END:VCALENDAR"}, {name: "big.bin"}}},
		{name: "attached text stays apart", text: "letter", parts: []wantPart{{name: "log.txt", content: "content of the file"}},
			raw: attach("Content-Type: text/plain\nContent-Disposition: attachment; filename=log.txt")},
		{name: "name of rfc 2231", parts: []wantPart{{name: "\u20ac rates.txt", content: "content of the file"}},
			raw: attach("Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''%e2%82%ac%20rates.txt")},
		{name: "continued name of rfc 2231", parts: []wantPart{{name: "a long name f\u00fcr you.txt", content: "content of the file"}},
			raw: attach("Content-Type: text/plain\nContent-Disposition: attachment;\n filename*0*=iso-8859-1'en'a%20long%20name;\n filename*1*=%20f%FCr;\n filename*2=\" you.txt\"")},
		{name: "name in an encoded word", parts: []wantPart{{name: "Rechnung f\u00fcr M\u00e4rz.txt", content: "content of the file"}},
			raw: attach("Content-Type: text/plain; name=\"=?utf-8?Q?Rechnung_f=C3=BCr_M=C3=A4rz.txt?=\"\nContent-Disposition: attachment;\n filename=\"=?utf-8?Q?Rechnung_f=C3=BCr_M=C3=A4rz.txt?=\"")},
		{name: "attachment alone", raw: envelope + "Subject: x\nContent-Type: application/pdf; name=only.pdf\nContent-Disposition: attachment; filename=only.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQ=\n",
			parts: []wantPart{{name: "only.pdf", kind: "application/pdf", content: "%PDF-1.4"}}},
	}
}

// reports tell what became of a message: the reason must be in the text.
func reports() []specimen {
	return []specimen{{name: "bounce", text: "550 5.1.1 no such user", raw: envelope + "Subject: x\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
		"--b\nContent-Type: text/plain\n\nNot delivered.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n" +
		"Final-Recipient: rfc822; bob@example.net\nAction: failed\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n" +
		"--b\nContent-Type: message/rfc822\n\nSubject: lost\n\nlost words\n--b--\n", parts: []wantPart{{kind: "message/rfc822", content: "lost words"}}}}
}

// damaged are messages that break a rule. Something readable must come of each.
func damaged() []specimen {
	deep := strings.Builder{}
	for i := range 40 {
		edge := strings.Repeat("e", i+1)
		deep.WriteString("Content-Type: multipart/mixed; boundary=" + edge + "\n\n--" + edge + "\n")
		if i == 0 {
			deep.WriteString("Content-Type: text/plain\n\non the surface\n--e\n")
		}
	}
	return []specimen{
		{name: "no closing boundary", either: "still here", raw: envelope + "Subject: cut\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nstill here\n", subject: "cut"},
		{name: "no boundary parameter", either: "still here", raw: envelope + "Subject: x\nContent-Type: multipart/mixed\n\nstill here\n"},
		{name: "boundary that never comes", either: "still here", raw: envelope + "Subject: x\nContent-Type: multipart/mixed; boundary=never\n\nstill here\n"},
		{name: "unknown charset", either: "still here", raw: envelope + "Subject: x\nContent-Type: text/plain; charset=x-nowhere\n\nstill here \xe9\n"},
		{name: "wrong charset", either: "still here", raw: envelope + "Subject: x\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nstill here \xe9\xff\n"},
		{name: "unknown transfer encoding", either: "still here", raw: envelope + "Subject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: x-rot13\n\nstill here\n"},
		{name: "garbled content type", either: "still here", raw: envelope + "Subject: x\nContent-Type: text/plain; charset=\"utf-8; x\n\nstill here\n"},
		{name: "garbled base64", either: "still here", raw: envelope + "Subject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nc3RpbGwgaGVyZSBhbmQgdGhlcmU\n=!!%%\n"},
		{name: "base64 cut short", either: "still here", raw: envelope + "Subject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nc3RpbGwgaGVyZSBhbmQgdGhlcmU"},
		{name: "garbled quoted-printable", either: "still here", raw: envelope + "Subject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nstill here =ZZ = =E\n"},
		{name: "header without a body", raw: envelope + "Subject: only a header\n", subject: "only a header"},
		{name: "nothing in the body", raw: envelope + "Subject: empty\n\n", subject: "empty"},
		{name: "no header", either: "still here", raw: "\nstill here\n"},
		{name: "line in the header that is none", either: "still here", raw: "From: ann@example.org\nthis is no field\nSubject: x\n\nstill here\n"},
		{name: "garbled date", noDate: true, either: "still here", raw: "From: ann@example.org\nSubject: x\nDate: the day before yesterday\n\nstill here\n"},
		{name: "no date", noDate: true, either: "still here", raw: "From: ann@example.org\nSubject: x\n\nstill here\n"},
		{name: "raw latin-1 in the header", either: "still here", raw: "From: J\xf6rg <joerg@example.org>\nSubject: gr\xfc\xdfe\n\nstill here\n"},
		{name: "encoded word cut short", either: "still here", raw: envelope + "Subject: =?utf-8?Q?caf=C3\n\nstill here\n"},
		{name: "garbled addresses", either: "still here", raw: "From: Ann Lee ann@example.org>\nTo: undisclosed recipients: ;\nCc: <<x>, @\nSubject: x\n\nstill here\n"},
		{name: "two subjects", either: "still here", raw: envelope + "Subject: x\nSubject: y\n\nstill here\n"},
		{name: "long line", either: strings.Repeat("long ", 3000) + "still here", raw: envelope + "Subject: x\n\n" + strings.Repeat("long ", 3000) + "still here\n"},
		{name: "long header", either: "still here", raw: envelope + "Subject: x\nX-Long: " + strings.Repeat("a very long field\n ", 600) + "\n\nstill here\n", subject: "x"},
		{name: "deeply nested", either: "on the surface", raw: envelope + "Subject: deep\n" + deep.String() + "Content-Type: text/plain\n\nat the bottom\n", subject: "deep"},
		{name: "bare line feeds", bare: true, either: "still here", raw: envelope + "Subject: lf\n\nstill here\nand here\n", subject: "lf"},
	}
}
