package doctext

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern-mail/postern/internal/mailtext"
)

// output collects text up to its bound.
type output struct {
	meter *meter
	b     strings.Builder
	left  int
	full  bool
}

func newOutput(m *meter) *output { return &output{meter: m, left: int(m.lim.Output)} }

func (o *output) empty() bool { return strings.TrimSpace(o.b.String()) == "" }

// write adds text; once there is no room left it says errFull, so that whoever reads the document can stop.
func (o *output) write(s string) error {
	if o.full {
		return errFull
	}
	if len(s) > o.left {
		cut := o.left
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s, o.full = s[:cut], true
		o.meter.truncated = true
	}
	o.b.WriteString(s)
	o.left -= len(s)
	if o.full {
		return errFull
	}
	return nil
}

// line adds a line.
func (o *output) line(s string) error { return o.write(s + "\n") }

// document is one document while it is read.
type document struct {
	meter   *meter
	out     *output
	kind    string
	charset string
	zone    *time.Location
	notes   []string
	dropped mailtext.Dropped
}

// note says something about the document once.
func (d *document) note(s string) {
	for _, n := range d.notes {
		if n == s {
			return
		}
	}
	d.notes = append(d.notes, s)
}

// count notes n things, if any: "1 picture left out", "3 pictures left out".
func (d *document) count(n int, one, many, what string) {
	switch {
	case n == 1:
		d.note("1 " + one + what)
	case n > 1:
		d.note(strconv.Itoa(n) + " " + many + what)
	}
}

// finish cleans the text and makes the document that is handed out.
func (d *document) finish() Document {
	text, dropped := mailtext.Clean(d.out.b.String())
	d.dropped.Add(dropped)
	return Document{
		Text:      strings.TrimRight(text, " \t\n"),
		Truncated: d.meter.truncated,
		Notes:     d.notes,
		Dropped:   d.dropped,
	}
}

// field makes one line of what stands in a cell, a name or a heading.
func field(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
