package calendar

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/mailtext"
)

// How many characters of a stranger's words are shown.
const (
	maxSummary   = 200
	maxAddr      = 120
	maxLink      = 300 // a Teams link has about 250
	maxZoneShown = 60
	maxNotes     = 1000
	maxSaid      = 60  // of a malformed value
	maxDefect    = 160 // of a sentence with such a value in it
	maxHTML      = 64 << 10
)

// Options shape the text. The zero value is right for a file.
type Options struct {
	// Zone is the reader's; nil is UTC.
	Zone *time.Location
	// Brief leaves out descriptions and files: for an invitation whose mail says the same.
	Brief bool
}

// Text is Read and Calendar.Text in one; text is empty when the object says nothing at all.
func Text(object string, opts Options) (text string, truncated bool) {
	c := Read(object, opts.Zone)
	return c.Text(opts), c.Truncated
}

// Text says the facts in compact lines "Word: value", first what kind of message it is. Each line of a stranger's
// words is clean and bounded, and no value can make a line of its own.
func (c Calendar) Text(opts Options) string {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if len(c.Events)+c.More+c.FreeBusy == 0 && c.Method == "" && len(c.Defects) == 0 {
		return ""
	}
	w := writer{opts: opts}
	w.line(c.headline())
	w.field("Calendar", clean(c.Name, maxSummary))
	for i := range c.Events {
		if len(c.Events) > 1 {
			w.line("")
			w.line(string(c.Events[i].Kind) + " " + strconv.Itoa(i+1))
		}
		w.event(&c.Events[i])
	}
	if len(c.Events) > 1 && (c.More > 0 || c.FreeBusy > 0 || len(c.Defects) > 0 || c.Truncated) {
		w.line("")
	}
	if c.More > 0 {
		w.line(fmt.Sprintf("%d more entries are not shown.", c.More))
	}
	if c.FreeBusy > 0 {
		w.line("Free and busy times are not shown.")
	}
	if c.Truncated {
		w.line("The object is longer than what was read.")
	}
	for _, defect := range c.Defects {
		w.field("Defect", clean(defect, maxDefect))
	}
	return strings.TrimSuffix(w.b.String(), "\n")
}

// headline says what the sender wants (RFC 5546 section 1.4).
func (c Calendar) headline() string {
	sequence := 0
	for _, e := range c.Events {
		sequence = max(sequence, e.Sequence)
	}
	var said string
	switch c.Method {
	case "REQUEST":
		said = "Invitation"
		if sequence > 0 {
			said = "Invitation, changed since it was first sent (revision " + strconv.Itoa(sequence) + ")"
		}
	case "CANCEL":
		said = "Cancellation by the organizer"
	case "REPLY":
		said = "Answer to an invitation"
	case "COUNTER":
		said = "Proposal to change an event"
	case "DECLINECOUNTER":
		said = "Refusal of a proposed change"
	case "ADD":
		said = "Further dates of an event"
	case "REFRESH":
		said = "Request for the latest version of an event"
	case "PUBLISH":
		said = "Published calendar"
	case "":
		said = "Calendar file"
	default:
		said = "Calendar message " + clean(c.Method, maxSaid)
	}
	if n := len(c.Events) + c.More; n != 1 {
		said += ", " + plural(n, "entry", "entries")
	} else if len(c.Events) == 1 && c.Events[0].Kind != EventKind {
		said += " (" + string(c.Events[0].Kind) + ")"
	}
	return said
}

// clean makes a stranger's words one bounded line.
func clean(s string, limit int) string {
	s, _ = mailtext.CleanLine(s, limit)
	return s
}

// shorten keeps a value quotable in a defect.
func shorten(s string) string { return clean(s, maxSaid) }

// markup finds descriptions that are HTML: those of Google are, without a word about it.
var markup = regexp.MustCompile(`(?i)</?(p|br|a|b|i|u|ul|ol|li|div|span|html|body|html-blob|table)\b[^>]*>`)

// notes makes one line of a description.
func notes(s string) string {
	if len(s) > maxHTML {
		s = s[:maxHTML]
	}
	if markup.MatchString(s) {
		s, _, _ = mailtext.FromHTML(s, mailtext.Options{MaxOutput: maxHTML})
	}
	return clean(s, maxNotes)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
