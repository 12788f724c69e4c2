// Package doctext turns attached documents into text that is fit to be shown
// to a model: what a person would see, in reading order, hidden parts left out
// and counted, invisible characters removed.
//
//	kind := doctext.Kind("application/octet-stream", "Offer.docx", first512)
//	doc, err := doctext.Read(ctx, part, kind, "", time.UTC, doctext.Limits{})
//
// A document is bounded by what it may cost, not by what it says of itself:
// bytes read, bytes unpacked, bytes of text and time. One that is longer comes
// as far as the bounds go and is marked as truncated. Nothing is ever written,
// fetched or run, and no name inside a document is used as a path.
//
// All functions keep no state and may be called concurrently.
package doctext

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/postern-mail/postern/internal/mailtext"
)

const (
	// DefaultInput is what common mail systems let through as one message.
	DefaultInput = 25 << 20
	// DefaultOutput is several hundred pages of text, more than any reader takes in from one file.
	DefaultOutput = 1 << 20
	// DefaultInflated is how much a packed document may unpack to: it is read as it unpacks, and never held.
	DefaultInflated = 64 << 20
	// DefaultRatio is beyond the most repetitive honest sheet; DEFLATE itself ends at 1032.
	DefaultRatio = 300
	// DefaultTime is several times what the other bounds allow on a slow machine.
	DefaultTime = 2 * time.Second
)

// Limits bound what reading one document may cost. A field that is zero or negative means the package's default,
// never "unlimited".
type Limits struct {
	Input    int64         // bytes of the part
	Output   int64         // bytes of text
	Inflated int64         // bytes unpacked from an archive, all entries together
	Ratio    int           // bytes unpacked from each packed byte of an entry, beyond its first megabyte
	Time     time.Duration // from the first byte to the text
}

func (l Limits) withDefaults() Limits {
	if l.Input <= 0 {
		l.Input = DefaultInput
	}
	if l.Output <= 0 {
		l.Output = DefaultOutput
	}
	if l.Inflated <= 0 {
		l.Inflated = DefaultInflated
	}
	if l.Ratio <= 0 {
		l.Ratio = DefaultRatio
	}
	if l.Time <= 0 {
		l.Time = DefaultTime
	}
	return l
}

// Document is a document as a model is shown it. Text is clean, ends without a line break, and is a stranger's words.
type Document struct {
	Text string
	// Truncated says that a bound was reached or a damaged part ends early: Text is the beginning.
	Truncated bool
	// Notes say in our own words what Text does not show ("3 hidden sheets left out", "12 pictures").
	Notes   []string
	Dropped mailtext.Dropped
}

// Reason is why a document has no text, for a person and for errors.Is.
type Reason string

const (
	Encrypted   Reason = "it is encrypted and needs a password"
	OldBinary   Reason = "the old binary Office format is not read; ask for .docx, .xlsx, .pptx or PDF"
	OutlookFile Reason = "an Outlook .msg file is not read; ask for it as .eml"
	Damaged     Reason = "it is damaged, or not what its name says"
	Unknown     Reason = "files of this kind have no text that is read"
)

func (r Reason) Error() string { return string(r) }

// Error says why a document could not be read. errors.Is finds its Reason, and what the reader of the part failed with.
type Error struct {
	Kind   string
	Reason Reason
	Err    error // of the reader, else nil
}

func (e *Error) Error() string {
	s := "document"
	if e.Kind != "" {
		s = e.Kind
	}
	if e.Reason != "" {
		s += ": " + string(e.Reason)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the reason and what caused it.
func (e *Error) Unwrap() []error {
	var list []error
	if e.Reason != "" {
		list = append(list, e.Reason)
	}
	if e.Err != nil {
		list = append(list, e.Err)
	}
	return list
}

// Read returns the text of a document. r gives the bytes of the part with the transfer encoding removed and the
// charset untouched; kind is what Kind said; charset may be empty; zone is where the times of calendars are shown.
//
// A document that is damaged half-way gives what came before, marked. An *Error says that there is no text, and why.
// Errors of ctx and, within an *Error, those of r come through.
func Read(ctx context.Context, r io.Reader, kind, charset string, zone *time.Location, lim Limits) (Document, error) {
	if err := ctx.Err(); err != nil {
		return Document{}, err
	}
	if zone == nil {
		zone = time.UTC
	}
	lim = lim.withDefaults()
	bounded, cancel := context.WithTimeout(ctx, lim.Time)
	defer cancel()
	m := &meter{stopped: bounded.Err, lim: lim}
	d := &document{meter: m, out: newOutput(m), kind: kind, charset: charset, zone: zone}
	err := d.read(&input{r: r, meter: m, left: lim.Input})
	if ctxErr := ctx.Err(); ctxErr != nil {
		return Document{}, ctxErr
	}
	switch {
	case err == nil || errors.Is(err, errFull):
	case m.readErr != nil:
		return Document{}, &Error{Kind: kind, Err: m.readErr}
	case errors.Is(err, errBound), errors.Is(err, context.DeadlineExceeded):
		m.truncated = true
	default:
		var e *Error
		if errors.As(err, &e) {
			return Document{}, e
		}
		if d.out.empty() {
			return Document{}, &Error{Kind: kind, Reason: Damaged}
		}
		m.truncated = true
		d.note("damaged: read as far as possible")
	}
	if m.why != "" {
		d.note(m.why)
	}
	if bounded.Err() != nil {
		d.note("stopped after " + lim.Time.String())
	}
	return d.finish(), nil
}
