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
	// Notes is how many characters of a description are shown; 1,000 when not positive.
	Notes int
	// Brief leaves out descriptions and files: for an invitation whose mail says the same.
	Brief bool
}

// Text is Read and Calendar.Text in one; text is empty when the object is none.
func Text(object string, opts Options) (text string, truncated bool) {
	c := Read(object, opts.Zone)
	text, _ = c.Text(opts)
	return text, c.Truncated
}

// Text says the facts in compact lines "Word: value", first what kind of message it is. Each line of a stranger's
// words is clean and bounded, no value can make a line of its own, and what cleaning took out is counted.
func (c Calendar) Text(opts Options) (string, mailtext.Dropped) {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if len(c.Events)+c.FreeBusy == 0 && c.Method == "" {
		return "", mailtext.Dropped{}
	}
	w := writer{opts: opts}
	w.line(c.headline())
	w.field("Calendar", w.clean(c.Name, maxSummary))
	for i := range c.Events {
		if len(c.Events) > 1 {
			w.line("")
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
		w.field("Defect", w.clean(defect, maxDefect))
	}
	return strings.TrimSuffix(w.b.String(), "\n"), w.dropped
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
			said = "Invitation, updated (revision " + strconv.Itoa(sequence) + ")"
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
		said += ", " + strconv.Itoa(n) + " entries"
	}
	return said
}

// clean is for words whose invisible characters need no count.
func clean(s string, limit int) string {
	s, _ = mailtext.CleanLine(s, limit)
	return s
}

// shorten keeps a value quotable in a defect.
func shorten(s string) string { return clean(s, maxSaid) }

// markup finds descriptions that are HTML: those of Google are, without a word about it.
var markup = regexp.MustCompile(`(?i)</?(p|br|a|b|i|u|ul|ol|li|div|span|html|body|html-blob|table)\b[^>]*>|&(?:nbsp|amp|lt|gt|quot|#39);`)

// rulers are the lines that Teams, Zoom and Google draw around what they add.
var rulers = regexp.MustCompile(`(?:^|\s)(?:[-_=~*#:.]{4,}(?:\s+|$))+`)

// notes makes one line of a description.
func (w *writer) notes(s string) string {
	if len(s) > maxHTML {
		s = s[:maxHTML]
	}
	if markup.MatchString(s) {
		text, dropped, _ := mailtext.FromHTML(s, mailtext.Options{MaxOutput: maxHTML, Full: true})
		w.dropped.Add(dropped)
		s = text
	}
	s = rulers.ReplaceAllString(s, " ")
	limit := w.opts.Notes
	if limit <= 0 {
		limit = maxNotes
	}
	return w.clean(s, limit)
}
