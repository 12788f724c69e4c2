package memmail

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/provider"
)

// The sample files hold messages in a short form:
//
//	@@ INBOX seen flagged -3d 09:12 id=k2 re=k1 charset=koi8-r enc=base64
//	From: Ben Marsh <ben@example.org>
//	Subject: Keel bolts
//
//	The text.
//	@- html
//	<p>The text.</p>
//	@- file list.csv text/csv
//	a;b
//
// "@| a | b" lines below the first make one copy of the message per line, with {1}, {2}, ... replaced. {date+3} is a day counted
// from today, {day+3} its name, {ics-1} the same as 20261119 and {rfc-1} as in a Date field, {U+200B} a character, {x+FC} a byte.

// letter is one message ready to deliver.
type letter struct {
	folder   string
	flags    provider.Flags
	received time.Time
	raw      []byte
}

// clock counts days back from the demo's present.
type clock struct{ now time.Time }

func newClock(now time.Time) clock { return clock{now.Truncate(time.Minute)} }

// at reads "-3d 09:12" as a time of day, days ago, and "-2h30m" as that long ago.
func (c clock) at(s string) (time.Time, error) {
	days, hour, ok := strings.Cut(s, "d ")
	if !ok {
		d, err := time.ParseDuration(s)
		return c.now.Add(d), err
	}
	n, err1 := strconv.Atoi(days)
	h, err2 := time.Parse("15:04", hour)
	if err := errors.Join(err1, err2); err != nil {
		return time.Time{}, err
	}
	y, m, d := c.now.Date()
	return time.Date(y, m, d+n, h.Hour(), h.Minute(), 0, 0, c.now.Location()), nil
}

// thread is what a reply needs to know of the message it answers.
type thread struct {
	id   string
	refs []string
}

// writer turns the short form into messages.
type writer struct {
	clock   clock
	threads map[string]thread
	letters []letter
}

// file reads one sample file.
func (w *writer) file(text string) error {
	for i, block := range strings.Split("\n"+text, "\n@@ ") {
		if i == 0 && strings.TrimSpace(block) != "" {
			return errors.New("text before the first message")
		}
		if i == 0 {
			continue
		}
		first, rest, _ := strings.Cut(block, "\n")
		rows := [][]string{nil}
		for strings.HasPrefix(rest, "@| ") {
			var row string
			row, rest, _ = strings.Cut(rest, "\n")
			rows = append(rows, strings.Split(row[3:], " | "))
		}
		if len(rows) > 1 {
			rows = rows[1:]
		}
		for _, row := range rows {
			if err := w.message(w.expand(first, row), w.expand(rest, row)); err != nil {
				return fmt.Errorf("%q: %w", first, err)
			}
		}
	}
	return nil
}

var slot = regexp.MustCompile(`\{(date|day|ics|rfc)([+-]\d+)\}|\{([Ux])\+([0-9A-F]{2,5})\}|\{(\d)\}`)

// expand fills what stands in braces.
func (w *writer) expand(s string, row []string) string {
	if !strings.Contains(s, "{") {
		return s
	}
	return slot.ReplaceAllStringFunc(s, func(p string) string {
		m := slot.FindStringSubmatch(p)
		switch {
		case m[1] != "":
			n, _ := strconv.Atoi(m[2]) // digits, by the pattern
			return w.clock.now.AddDate(0, 0, n).Format(map[string]string{"date": "2 January 2006", "day": "Monday", "ics": "20060102", "rfc": "Mon, 02 Jan 2006"}[m[1]])
		case m[3] != "":
			n, _ := strconv.ParseUint(m[4], 16, 32)
			if m[3] == "x" {
				return string([]byte{byte(n)})
			}
			return string(rune(n))
		}
		n, _ := strconv.Atoi(m[5])
		if n < 1 || n > len(row) {
			return p
		}
		return strings.TrimSpace(row[n-1])
	})
}

// message reads one message; attrs is its first line.
func (w *writer) message(attrs, text string) error {
	m, err := w.attributes(attrs)
	if err != nil {
		return err
	}
	if m.rawMail {
		w.letters = append(w.letters, letter{m.folder, m.flags, m.received, []byte(strings.ReplaceAll(text, "\n", "\r\n"))})
		return nil
	}
	parts := strings.Split(text, "\n@- ")
	head, body, _ := strings.Cut(parts[0], "\n\n")
	m.fields = strings.Split(head, "\n")
	if m.text = strings.TrimRight(body, "\n"); m.text == "%log" {
		m.text = readings(logDays)
	}
	for _, p := range parts[1:] {
		kind, content, _ := strings.Cut(p, "\n")
		if err := m.addPart(strings.Fields(kind), content); err != nil {
			return err
		}
	}
	raw, err := m.compose(w)
	if err != nil {
		return err
	}
	w.letters = append(w.letters, letter{m.folder, m.flags, m.received, raw})
	return nil
}

// attributes reads "INBOX seen -3d 09:12 id=a re=b".
func (w *writer) attributes(line string) (*draft, error) {
	words := strings.Fields(line)
	if len(words) == 0 {
		return nil, errors.New("no folder")
	}
	m := &draft{folder: words[0], id: "m" + strconv.Itoa(len(w.letters)+1), auth: "pass"}
	for i := 1; i < len(words); i++ {
		key, value, _ := strings.Cut(words[i], "=")
		switch key {
		case "seen":
			m.flags |= provider.Seen
		case "flagged":
			m.flags |= provider.Flagged
		case "answered":
			m.flags |= provider.Answered
		case "draft":
			m.flags |= provider.Draft
		case "deleted":
			m.flags |= provider.Deleted
		case "id":
			m.id = value
		case "re":
			m.answers = value
		case "charset":
			m.charset = value
		case "enc":
			m.encoding = value
		case "tz":
			m.zone = value
		case "auth":
			m.auth = value
		case "type":
			m.kind = value
		case "raw":
			m.rawMail = true
		default:
			when := words[i]
			if strings.HasSuffix(when, "d") && i+1 < len(words) {
				i++
				when += " " + words[i]
			}
			at, err := w.clock.at(when)
			if err != nil {
				return nil, err
			}
			m.received = at
		}
	}
	if m.received.IsZero() {
		return nil, errors.New("no date")
	}
	return m, nil
}
