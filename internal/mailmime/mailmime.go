// Package mailmime reads and writes Internet messages (RFC 5322, MIME).
//
// Reading never refuses a message: whatever is malformed is worked around, what could not be read is named in a list of
// defects, and every size, depth and count is bounded. Writing is strict: what cannot be sent unambiguously is refused with
// an *Error naming the field.
//
//	msg, err := mailmime.Parse(r, mailmime.Limits{})   // err is r's own error, never one about the message
//	fmt.Println(msg.Header.Subject, msg.Text)
//
// A message is read in one pass over its lines with a stack of open boundaries, so the cost is linear in its size however
// deeply it is nested. Functions keep no state and are safe for concurrent use.
package mailmime

import "slices"

// Limits bound what reading one message may cost. A field that is zero or negative means the package's default, never
// "unlimited".
type Limits struct {
	Depth       int   // nested multiparts and messages; deeper ones are kept as opaque leaves
	Parts       int   // parts in all; later ones are skipped
	HeaderBytes int64 // one header block; the rest of it is skipped
	TextBytes   int64 // decoded text, decoded HTML and calendar, each
}

const (
	// DefaultDepth is beyond any honest forward chain; servers describe about a hundred levels as well.
	DefaultDepth = 100
	// DefaultParts fits a digest of several hundred messages; a message made of parts only is an attack.
	DefaultParts = 1000
	// DefaultHeaderBytes holds a message to about 3000 recipients with every trace field.
	DefaultHeaderBytes = 256 << 10
	// DefaultTextBytes is several hundred pages of text: more than any reader takes in from one message.
	DefaultTextBytes = 1 << 20
	// maxDefects keeps the list of defects readable: a broken message repeats one defect many times.
	maxDefects = 50
)

func (l Limits) withDefaults() Limits {
	if l.Depth <= 0 {
		l.Depth = DefaultDepth
	}
	if l.Parts <= 0 {
		l.Parts = DefaultParts
	}
	if l.HeaderBytes <= 0 {
		l.HeaderBytes = DefaultHeaderBytes
	}
	if l.TextBytes <= 0 {
		l.TextBytes = DefaultTextBytes
	}
	return l
}

// Error says which field of a draft, or which part of a message, was refused and why.
type Error struct {
	Field  string // "subject", "to", "attachment name", "part", ...
	Reason string
}

func (e *Error) Error() string { return "mailmime: " + e.Field + ": " + e.Reason }

// Part describes one part of a message.
type Part struct {
	// ID is the IMAP section number ("1", "2.3"; RFC 9051 section 6.4.5.1); empty for a root that is a multipart.
	ID string
	// Type is the media type in lower case, "text/plain" when the message gives none.
	Type string
	// Charset is the label as given, in lower case.
	Charset string
	// Name is the decoded file name as the sender wrote it: it may hold any character, path separators included.
	Name string
	// Disposition is "inline", "attachment", another word in lower case, or empty.
	Disposition string
	// ContentID is the Content-ID without angle brackets.
	ContentID string
	// Encoding is the transfer encoding in lower case, empty when none is given.
	Encoding string
	// Method is the method parameter of a calendar part in upper case ("REQUEST").
	Method string
	// Size counts decoded bytes for a leaf, and bytes as transferred for multiparts and embedded messages.
	Size int64
	// Parts are the children: of a multipart, or of the message inside a message/rfc822 part.
	Parts []Part
}

// Message is a message as read by Parse.
type Message struct {
	Header Header
	Root   Part
	// Text and HTML are the body's plain and HTML forms in UTF-8 with LF line ends. When the body mixes parts of which one
	// has no plain form, Text is empty and HTML holds them all, plain ones as <pre>.
	Text, HTML                   string
	TextTruncated, HTMLTruncated bool
	// Calendar is the first text/calendar or application/ics part that is not in an embedded message, in UTF-8 with LF line
	// ends, and at most Limits.TextBytes of it. The part is also among Attachments.
	Calendar          string
	CalendarTruncated bool
	// Attachments are the leaves that are not the body, embedded messages among them, in order.
	Attachments []Part
	// Defects say what was malformed, in words for a person.
	Defects []string
}

// Inline tells whether the part is shown within the HTML, by its Content-ID, and not as a file.
func (p Part) Inline() bool { return p.ContentID != "" && p.Disposition != "attachment" }

// File tells whether a reader would see the part as an attached file.
func (p Part) File() bool {
	return !p.Inline() && (p.Name != "" || p.Disposition == "attachment" || p.message())
}

// HasFile tells whether any attachment is a File.
func (m *Message) HasFile() bool { return slices.ContainsFunc(m.Attachments, Part.File) }
