package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
)

// shape is what a message is made of.
type shape uint8

const (
	plainText   shape = iota // 30 of 100
	withHTML                 // 63: text and HTML
	attached45               // 6: text, HTML and 45 KB
	attached370              // 1: text, HTML and 370 KB
)

// shapeOf spreads the shapes evenly: 37 and 100 have no common factor.
func shapeOf(i int) shape {
	switch r := i * 37 % 100; {
	case r == 0:
		return attached370
	case r <= 6:
		return attached45
	case r <= 36:
		return plainText
	}
	return withHTML
}

// isForeign tells the five messages of a hundred that are not in ASCII.
func isForeign(i int) bool { r := i * 37 % 100; return r >= 35 && r <= 39 }

// What the searches look for.
const (
	senders     = 500             // so one of them wrote 20 of 10,000 messages
	subjectWord = "quarterly"     // in every 16th subject
	bodyWord    = "sphalerite"    // in one body, that of message n/2
	senderName  = "sender0007"    // of the address searched for
	firstDate   = 1_700_000_000   // when the first message arrived
	dateStep    = 10 * 60         // seconds between two
	hugeContent = 8 << 20         // of the attachment that makes 11 MB
	mailDomain  = "example.org"   // of every address
	outerBound  = "=_outer_bench" // multipart boundaries
	innerBound  = "=_inner_bench"
)

func received(i int) time.Time { return time.Unix(firstDate+int64(i)*dateStep, 0).UTC() }

// letter writes message i of n, the same for ever, with LF line ends as in a
// Maildir.
func letter(i, n int) []byte {
	rnd := rand.New(rand.NewPCG(uint64(i), 20261120))
	var b bytes.Buffer
	subject := sentence(rnd, 5)
	if i%16 == 5 {
		subject = subjectWord + " " + subject
	}
	if isForeign(i) {
		subject = mime.QEncoding.Encode("utf-8", "Протокол заседания "+subject)
	}
	text := paragraphs(rnd, 3+rnd.IntN(8))
	if i == n/2 {
		text += "One thing of " + bodyWord + ".\n"
	}
	header(&b, rnd, i, subject)
	switch shapeOf(i) {
	case plainText:
		textPart(&b, "plain", text, isForeign(i))
	case withHTML:
		alternative(&b, rnd, text, isForeign(i))
	case attached45:
		mixed(&b, rnd, text, isForeign(i), 45<<10)
	case attached370:
		mixed(&b, rnd, text, isForeign(i), 370<<10)
	}
	return b.Bytes()
}

// hugeLetter is one message of 11 MB.
func hugeLetter() []byte {
	rnd := rand.New(rand.NewPCG(1, 11))
	var b bytes.Buffer
	header(&b, rnd, 0, "the large one")
	mixed(&b, rnd, paragraphs(rnd, 5), false, hugeContent)
	return b.Bytes()
}

func header(b *bytes.Buffer, rnd *rand.Rand, i int, subject string) {
	for hop := range 3 {
		fmt.Fprintf(b, "Received: from mx%d.%s (mx%d.%s [192.0.2.%d])\n\tby in.example.com with ESMTPS id %016x\n\tfor <alice@example.com>; %s\n",
			hop, mailDomain, hop, mailDomain, 1+rnd.IntN(250), rnd.Uint64(), received(i).Format(time.RFC1123Z))
	}
	fmt.Fprintf(b, "DKIM-Signature: v=1; a=rsa-sha256; d=%s; s=k1; bh=%s;\n\tb=%s\n", mailDomain, junk(rnd, 32), junk(rnd, 256))
	fmt.Fprintf(b, "From: %s %s <sender%04d@%s>\n", word(rnd), word(rnd), i%senders, mailDomain)
	fmt.Fprintf(b, "To: Alice <alice@example.com>\n")
	if i%4 == 0 {
		fmt.Fprintf(b, "Cc: %s <%s@example.com>, %s <%s@example.net>\n", word(rnd), word(rnd), word(rnd), word(rnd))
	}
	fmt.Fprintf(b, "Subject: %s\nDate: %s\nMessage-ID: <m%d@%s>\n", subject, received(i).Format(time.RFC1123Z), i, mailDomain)
	if i%3 == 2 {
		fmt.Fprintf(b, "In-Reply-To: <m%d@%s>\nReferences: <m%d@%s> <m%d@%s>\n", i-1, mailDomain, i-2, mailDomain, i-1, mailDomain)
	}
	b.WriteString("MIME-Version: 1.0\n")
}

func textPart(b *bytes.Buffer, subtype, text string, foreign bool) {
	charset := "us-ascii"
	if foreign {
		charset = "utf-8"
		text = "Здравствуйте, коллеги!\n" + text
	}
	fmt.Fprintf(b, "Content-Type: text/%s; charset=%s\nContent-Transfer-Encoding: quoted-printable\n\n", subtype, charset)
	var encoded bytes.Buffer
	w := quotedprintable.NewWriter(&encoded)
	_, _ = w.Write([]byte(text)) // to memory: cannot fail
	_ = w.Close()
	b.Write(bytes.ReplaceAll(encoded.Bytes(), []byte("\r\n"), []byte("\n")))
	b.WriteByte('\n')
}

func alternative(b *bytes.Buffer, rnd *rand.Rand, text string, foreign bool) {
	fmt.Fprintf(b, "Content-Type: multipart/alternative; boundary=%q\n\n--%s\n", innerBound, innerBound)
	textPart(b, "plain", text, foreign)
	fmt.Fprintf(b, "--%s\n", innerBound)
	textPart(b, "html", webPage(rnd, text), foreign)
	fmt.Fprintf(b, "--%s--\n", innerBound)
}

func mixed(b *bytes.Buffer, rnd *rand.Rand, text string, foreign bool, size int) {
	fmt.Fprintf(b, "Content-Type: multipart/mixed; boundary=%q\n\n--%s\n", outerBound, outerBound)
	alternative(b, rnd, text, foreign)
	fmt.Fprintf(b, "--%s\nContent-Type: application/pdf; name=\"report.pdf\"\nContent-Disposition: attachment; filename=\"report.pdf\"\n"+
		"Content-Transfer-Encoding: base64\n\n", outerBound)
	const line = 57 // bytes that make a line of 76
	raw, encoded := make([]byte, line), make([]byte, 76)
	for ; size > 0; size -= line {
		for i := range raw {
			raw[i] = byte(rnd.Uint32())
		}
		n := min(line, size)
		base64.StdEncoding.Encode(encoded, raw[:n])
		b.Write(encoded[:base64.StdEncoding.EncodedLen(n)])
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "--%s--\n", outerBound)
}

// webPage is text as HTML with the weight that mail programs and newsletters give it.
func webPage(rnd *rand.Rand, text string) string {
	var b strings.Builder
	b.WriteString(`<html><head><style>p { margin: 0 0 12px; font-family: Arial, sans-serif } .foot { color: #777777 }</style></head><body>` + "\n")
	for p := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		fmt.Fprintf(&b, `<table width="600" cellpadding="0" cellspacing="0" border="0" align="center"><tr><td style="padding: 8px 16px; `+
			`font-size: 14px; line-height: 20px; color: #333333">`+"\n<p>%s</p>\n"+
			`<a href="https://www.example.com/read?id=%x&amp;utm_source=mail" style="color: #0066cc; text-decoration: none">%s</a>`+
			"</td></tr></table>\n", p, rnd.Uint64(), word(rnd))
	}
	for range 8 {
		fmt.Fprintf(&b, `<div class="foot" style="font-size: 11px; line-height: 16px; padding: 4px 0 4px 0; border-top: 1px solid #eeeeee">`+
			`<img src="https://img.example.com/%x.png" width="16" height="16" alt=""> %s</div>`+"\n", rnd.Uint64(), sentence(rnd, 12))
	}
	b.WriteString("</body></html>\n")
	return b.String()
}

func paragraphs(rnd *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		for range 2 + rnd.IntN(3) {
			b.WriteString(sentence(rnd, 12) + ".\n")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func sentence(rnd *rand.Rand, n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = word(rnd)
	}
	return strings.Join(words, " ")
}

// word is two or three syllables, so that no search word turns up by chance.
func word(rnd *rand.Rand) string {
	syllables := [...]string{"ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va"}
	var w string
	for range 2 + rnd.IntN(2) {
		w += syllables[rnd.IntN(len(syllables))]
	}
	return w
}

func junk(rnd *rand.Rand, n int) string {
	raw := make([]byte, n*3/4)
	for i := range raw {
		raw[i] = byte(rnd.Uint32())
	}
	return base64.StdEncoding.EncodeToString(raw)
}
