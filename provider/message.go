package provider

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// Summary is a message as a list shows it. Strings are decoded, not cleaned.
type Summary struct {
	ID        MessageID
	Folder    FolderID
	ThreadID  string // of most of a conversation the same, of all that one Thread answer holds; empty: unknown
	HeaderID  string // Message-ID without angle brackets, RFC 5322 section 3.6.4
	From      []Address
	To        []Address
	Cc        []Address
	Subject   string
	Date      time.Time // Date field; zero when absent or garbled
	Received  time.Time // when the server got it; zero when unknown
	Size      int64     // bytes of the whole message; 0 unknown
	Flags     Flags
	Labels    []string
	HasAttach bool
	// Copies are ids of the same message elsewhere: same Message-ID, sender and
	// date, and the same size unless one is in Sent. Only Thread looks for them.
	Copies []MessageID
}

// Message is a message to read.
type Message struct {
	Summary
	ReplyTo    []Address
	Bcc        []Address
	InReplyTo  []string
	References []string
	Header     []Field // every field, in the message's order
	// Text and HTML are the bodies in UTF-8, at most ReadOptions.MaxText bytes each.
	Text, HTML                   string
	TextTruncated, HTMLTruncated bool
	// Calendar is the first text/calendar part in UTF-8, at most MaxText bytes.
	// The part is also among Parts.
	Calendar          string
	CalendarTruncated bool
	Parts             []Part // everything that is not the body
	Defects           []string
}

// Field is one header field, its value unfolded and decoded.
type Field struct{ Name, Value string }

// Part describes a part of a message that is not its body.
type Part struct {
	ID        PartID
	Type      string // media type in lower case
	Charset   string // as the message says, in lower case; empty: it does not
	Name      string // file name as the sender gave it: never a path to use
	Size      int64  // bytes once decoded, where known, else as encoded
	Inline    bool
	ContentID string
}

// ListOptions says which messages of a folder to list.
type ListOptions struct {
	Folder        FolderID  // required
	UnreadOnly    bool      // without Seen
	UnhandledOnly bool      // without Handled; needs CapHandled
	Since         time.Time // received at or after; zero: no bound
	Before        time.Time // received before; zero: no bound
}

// ReadOptions says how much of each message to read.
type ReadOptions struct {
	HeadersOnly bool
	MaxText     int64 // bytes of each body; 0 or less means DefaultMaxText
}

// Bounds of reading.
const (
	MaxRead        = 10      // messages in one call: what a model can take in
	DefaultMaxText = 1 << 20 // a body beyond that is no letter
)

// ReadResult is one message or why it could not be read.
type ReadResult struct {
	ID      MessageID
	Message *Message // nil when Err is set
	Err     error
}

// Reader lists and reads. Reading never changes a flag.
type Reader interface {
	// ListMessages lists a folder, the last to arrive first. Messages that
	// arrive or go between two pages cause no duplicate and no gap.
	ListMessages(ctx context.Context, opts ListOptions, page PageRequest) (Page[Summary], error)
	// ReadMessages returns one result per id, in order. A stale id is Conflict,
	// a message that is gone NotFound. A damaged message is read as far as it
	// can be, with Defects.
	ReadMessages(ctx context.Context, ids []MessageID, opts ReadOptions) ([]ReadResult, error)
	// OpenPart streams a part, transfer encoding removed, charset untouched, or
	// the whole source as SourcePart, which is Unsupported where a service gives
	// none. A stream cut short ends in io.ErrUnexpectedEOF. The caller closes it.
	// One that is an io.Seeker seeks from the start, at the cost of what it reads then.
	OpenPart(ctx context.Context, id MessageID, part PartID) (Part, io.ReadCloser, error)
}

// ListMessages lists a folder, the last to arrive first.
func (a *Account) ListMessages(ctx context.Context, opts ListOptions, page PageRequest) (Page[Summary], error) {
	const op = "list messages"
	r, err := use[Reader](ctx, a, op, CapRead)
	if err != nil {
		return Page[Summary]{}, err
	}
	if err := checkFolderName(op, string(opts.Folder)); err != nil {
		return Page[Summary]{}, err
	}
	if opts.UnhandledOnly {
		if err := a.checkHandled(op, Handled); err != nil {
			return Page[Summary]{}, err
		}
	}
	if page, err = page.clamp(op); err != nil {
		return Page[Summary]{}, err
	}
	got, err := r.ListMessages(ctx, opts, page)
	return finish(op, got), a.folderGone(wrap(op, err))
}

// ReadMessages reads 1 to MaxRead messages and returns one result per id, in
// order; a repeated id counts once.
func (a *Account) ReadMessages(ctx context.Context, ids []MessageID, opts ReadOptions) ([]ReadResult, error) {
	const op = "read messages"
	r, err := use[Reader](ctx, a, op, CapRead)
	if err != nil {
		return nil, err
	}
	if ids, err = a.checkIDs(op, ids, MaxRead); err != nil {
		return nil, err
	}
	if opts.MaxText <= 0 {
		opts.MaxText = DefaultMaxText
	}
	got, err := r.ReadMessages(ctx, ids, opts)
	if err != nil {
		return nil, wrap(op, err)
	}
	return completeReads(op, ids, got), nil
}

// OpenPart streams one part of a message, or its source. The caller closes it.
func (a *Account) OpenPart(ctx context.Context, id MessageID, part PartID) (Part, io.ReadCloser, error) {
	const op = "open part"
	r, err := use[Reader](ctx, a, op, CapRead)
	if err != nil {
		return Part{}, nil, err
	}
	if _, err := a.checkIDs(op, []MessageID{id}, 1); err != nil {
		return Part{}, nil, err
	}
	if part != SourcePart && !part.valid() {
		return Part{}, nil, invalid(op, "part "+strconv.Quote(clip(string(part)))+" is not a section number such as 1.2")
	}
	info, body, err := r.OpenPart(ctx, id, part)
	return info, body, wrap(op, err)
}

// maxPartID bounds a PartID in bytes: 50 levels of nesting.
const maxPartID = 100

// valid reports whether p is a section number of RFC 9051 section 6.4.5.1:
// each level an nz-number of section 9.
func (p PartID) valid() bool {
	if len(p) > maxPartID {
		return false
	}
	for level := range strings.SplitSeq(string(p), ".") {
		n, err := strconv.ParseUint(level, 10, 32)
		if err != nil || n == 0 || level[0] == '0' {
			return false
		}
	}
	return true
}

// completeReads answers for every id, also those a backend forgot.
func completeReads(op string, ids []MessageID, got []ReadResult) []ReadResult {
	byID := make(map[MessageID]ReadResult, len(got))
	for _, r := range got {
		byID[r.ID] = r
	}
	out := make([]ReadResult, 0, len(ids))
	for _, id := range ids {
		r, ok := byID[id]
		if !ok || r.Message == nil && r.Err == nil {
			r = ReadResult{ID: id, Err: &Error{Op: op, Code: Unavailable, Err: errors.New("the backend did not answer for this message")}}
		}
		if r.Err != nil {
			r.Message, r.Err = nil, wrap(op, r.Err) // never a part of a message that reads like the whole
		}
		out = append(out, r)
	}
	return out
}
