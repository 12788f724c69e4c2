package mailmime_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // so that it decodes charsets too

	"github.com/postern-mail/postern/internal/mailmime"
)

func encodeQP(s string) string {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	_, _ = io.WriteString(w, strings.ReplaceAll(s, "\n", "\r\n"))
	_ = w.Close()
	return b.String()
}

func lines64(s string) string {
	var b strings.Builder
	for enc := base64.StdEncoding.EncodeToString([]byte(s)); enc != ""; {
		n := min(76, len(enc))
		b.WriteString(enc[:n] + "\r\n")
		enc = enc[n:]
	}
	return b.String()
}

// specimens are messages of the kinds that fill a mailbox.
func specimens() map[string]string {
	head := strings.Repeat("Received: from mx.example.org (mx.example.org [192.0.2.1]) by mail.example.com with ESMTPS id 4Xk2bz;\r\n Fri, 20 Nov 2026 09:30:00 +0100 (CET)\r\n", 5) +
		"DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=mail;\r\n h=from:to:subject:date; bh=" + strings.Repeat("QUJD", 10) + "=;\r\n b=" + strings.Repeat("QUJDRA", 40) + "\r\n" +
		"From: =?utf-8?Q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.org>\r\nTo: Ann Lee <ann@example.com>, \"Lee, Bob\" <bob@example.com>\r\n" +
		"Subject: =?utf-8?B?R3LDvMOfZSBhdXMgS2llbA==?=\r\nDate: Fri, 20 Nov 2026 09:30:00 +0100\r\nMessage-ID: <m1@example.org>\r\nMIME-Version: 1.0\r\n"
	words := strings.Repeat("The keel bolts and the ribs came on Tuesday, and they fit.\n", 30)
	foreign := strings.Repeat("Grüße aus Kiel, die Bolzen und Spanten sind schön geworden.\n", 30)
	cyrillic, _ := mailmime.EncodeCharset(strings.Repeat("Привет, болты и шпангоуты пришли во вторник.\n", 60), "koi8-r")
	rich := "<html><body>" + strings.Repeat(`<table cellpadding="0"><tr><td style="color:#333333;font-size:14px"><a href="https://example.org/a?b=c">Keel bolts – now</a></td></tr></table>`+"\n", 300) + "</body></html>"
	part := func(boundary, fields, body string) string {
		return "--" + boundary + "\r\n" + fields + "\r\n\r\n" + body + "\r\n"
	}
	both := part("alt", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", encodeQP(foreign)) +
		part("alt", "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", encodeQP(rich)) + "--alt--\r\n"
	alternative := "Content-Type: multipart/alternative; boundary=alt\r\n\r\n" + both
	file := part("mix", "Content-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\nContent-Transfer-Encoding: base64", lines64(strings.Repeat("%PDF data \x00\xff", 20_000)))
	return map[string]string{
		"plain":       head + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + strings.ReplaceAll(words, "\n", "\r\n"),
		"qp":          head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + encodeQP(foreign),
		"koi8-r":      head + "Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines64(cyrillic),
		"alternative": head + alternative,
		"newsletter":  head + "Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.ReplaceAll(strings.ReplaceAll(rich, "–", "\x96"), "\n", "\r\n"),
		"attachment":  head + "Content-Type: multipart/mixed; boundary=mix\r\n\r\n" + part("mix", strings.TrimSuffix(alternative[:strings.Index(alternative, "\r\n\r\n")], "\r\n"), both) + file + "--mix--\r\n",
		"forward":     head + "Content-Type: multipart/mixed; boundary=mix\r\n\r\n" + part("mix", "Content-Type: text/plain", "see below") + part("mix", "Content-Type: message/rfc822", head+alternative) + "--mix--\r\n",
		"long thread": head + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + strings.ReplaceAll(strings.Repeat("> "+foreign, 40), "\n", "\r\n"),
	}
}

// walk reads a message with go-message: every text part decoded, the others passed over, forwarded messages walked too. It
// returns the bytes of text.
func walk(r io.Reader) (int, error) {
	e, err := message.Read(r)
	if err != nil {
		return 0, err
	}
	_, _ = e.Header.Text("Subject")
	return walkEntity(e)
}

func walkEntity(e *message.Entity) (int, error) {
	if parts := e.MultipartReader(); parts != nil {
		total := 0
		for {
			part, err := parts.NextPart()
			if errors.Is(err, io.EOF) {
				return total, nil
			}
			if err != nil {
				return 0, err
			}
			n, err := walkEntity(part)
			if err != nil {
				return 0, err
			}
			total += n
		}
	}
	kind, _, _ := e.Header.ContentType()
	if kind == "message/rfc822" {
		return walk(e.Body)
	}
	if !strings.HasPrefix(kind, "text/") {
		return 0, nil
	}
	text, err := io.ReadAll(e.Body)
	return len(text), err
}

// timeBoth reads a message by both in turn, some rounds at a time, and returns the best time of each.
func timeBoth(tb testing.TB, raw string, rounds int) (ours, theirs time.Duration) {
	tb.Helper()
	ours, theirs = time.Hour, time.Hour
	var reader mailmime.Reader
	for range 5 {
		start := processTime()
		for range rounds {
			if m, err := reader.Parse(strings.NewReader(raw), mailmime.Limits{}); err != nil || m.Text+m.HTML == "" {
				tb.Fatal(err)
			}
		}
		ours = min(ours, processTime()-start)
		start = processTime()
		for range rounds {
			if n, err := walk(strings.NewReader(raw)); err != nil || n == 0 {
				tb.Fatal(n, err)
			}
		}
		theirs = min(theirs, processTime()-start)
	}
	return ours, theirs
}

// BenchmarkBesideGoMessage reads each message with this package and with go-message in turn; "of-go-message" is our speed as a
// part of its. It skips files and stops at the text; this package also decodes every file to know its size, and every field.
func BenchmarkBesideGoMessage(b *testing.B) {
	for name, raw := range specimens() {
		b.Run(name, func(b *testing.B) {
			var ours, theirs time.Duration
			for b.Loop() {
				ours, theirs = timeBoth(b, raw, 20)
			}
			b.ReportMetric(theirs.Seconds()/ours.Seconds(), "of-go-message")
			b.ReportMetric(float64(20*len(raw))/ours.Seconds()/1e6, "our-MB/s")
		})
	}
}

// leastSpeed is what repairing may cost: a part of the speed of a reader that refuses what is malformed.
const leastSpeed = 0.15

func TestSpeedBesideGoMessage(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector slows the two readers by different factors")
	}
	var sumOurs, sumTheirs time.Duration
	for name, raw := range specimens() {
		ours, theirs := timeBoth(t, raw, 3)
		t.Logf("%-12s %.2f of go-message's speed, %4.0f MB/s", name, theirs.Seconds()/ours.Seconds(), float64(3*len(raw))/ours.Seconds()/1e6)
		sumOurs, sumTheirs = sumOurs+ours, sumTheirs+theirs
	}
	ratio := sumTheirs.Seconds() / sumOurs.Seconds()
	t.Logf("over all %.2f", ratio)
	if ratio < leastSpeed {
		t.Errorf("%.2f of go-message's speed, want at least %.2f", ratio, leastSpeed)
	}
}
