package imapx

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Items says what to fetch of each message. The UID always comes along.
type Items struct {
	Flags, Date, Size, Structure bool
	Sections                     []Section
	// Extra costs one more round trip where the server has the extension that
	// it needs, and nothing, and brings nothing, where it has not.
	Extra Extra
}

// Section is a piece of a message, fetched without setting \Seen. Either Fields
// or Max is set. The zero Path is the whole message.
type Section struct {
	Path   []int
	Kind   SectionKind
	Fields []string // these header fields only; Kind is ignored
	Offset int64
	Max    int64 // bytes to fetch from Offset on
	// Into is memory for the content, used when it is large enough. A fetch with
	// it is of one message.
	Into []byte
}

// SectionKind narrows a Section (RFC 9051 section 6.4.5.1).
type SectionKind string

// The kinds of section.
const (
	Content SectionKind = ""       // a part's body, or the whole message
	Header  SectionKind = "HEADER" // the header of a message
	MIME    SectionKind = "MIME"   // the MIME header of a part
	Text    SectionKind = "TEXT"   // a message without its header
)

// maxFields bounds the header fields kept of one message: References of a
// thread of a thousand replies still fits.
const maxFields = 64 << 10

// Message is what a FETCH said of one message.
type Message struct {
	UID       UID
	Flags     []string
	Date      time.Time // INTERNALDATE
	Size      int64
	Structure *Part
	// Sections holds one entry per Items.Sections, never more than asked for.
	Sections [][]byte
	// Damaged says that what the server tells of the message cannot be read:
	// Structure is a truncated one, and Date and Size may be lacking.
	Damaged bool

	Preview        string   // RFC 8970: the first words of its text
	GmailID        uint64   // X-GM-MSGID
	GmailThread    uint64   // X-GM-THRID
	GmailLabels    []string // X-GM-LABELS
	EmailID        string   // RFC 8474, the same for every copy
	ServerThreadID string   // RFC 8474 THREADID

	seq   uint32
	items Items // those that came, Sections aside
	none  []int // sections the server answered with NIL
}

func (m *Message) complete(want Items) bool {
	got := m.items
	return m.UID != 0 && (got.Flags || !want.Flags) && (got.Date || !want.Date) && (got.Size || !want.Size) &&
		(got.Structure || !want.Structure) && !slices.ContainsFunc(m.Sections, func(b []byte) bool { return b == nil })
}

// Fetched is the result of a fetch: every UID asked for is in one of the lists.
type Fetched struct {
	Messages   []Message // in the order asked for
	Missing    []UID     // the server has no such message
	Incomplete []UID     // the server left something out, twice, or sent what cannot be read
	Why        error     // what could not be read of Incomplete, nil: it was left out
}

// Fetch fetches items of messages by UID. It asks once more for what the
// server left out, because an answer can be displaced by news of a flag, and
// on a new connection for what a lost one did not bring.
func (c *Conn) Fetch(ctx context.Context, uids []UID, want Items) (Fetched, error) {
	out, err := c.FetchEach(ctx, []FetchJob{{UIDs: uids, Items: want}})
	if err != nil {
		return Fetched{}, err
	}
	return out[0], nil
}

// FetchEach runs several fetches in one round trip. Their UIDs must be
// disjoint: answers are told apart by nothing else (RFC 9051 section 5.5).
func (c *Conn) FetchEach(ctx context.Context, jobs []FetchJob) ([]Fetched, error) {
	const op = "UID FETCH"
	if len(jobs) == 0 {
		return nil, nil // what waits to go along with a command would wait for ever
	}
	if err := checkJobs(op, jobs); err != nil {
		return nil, err
	}
	f := fetching{jobs: jobs, wasStale: c.stale, before: c.guard.fetches.Load()}
	if err := f.run(ctx, c); err != nil {
		return nil, err
	}
	out := make([]Fetched, len(jobs))
	answers := int64(0)
	for i, j := range jobs {
		if out[i] = j.sort(f.got[i]); len(out[i].Incomplete) > 0 {
			out[i].Why = f.why
		}
		answers += int64(len(f.got[i]))
	}
	if f.wasStale && c.guard.fetches.Load()-f.before != answers {
		if err := c.refreshFlags(ctx, jobs, out); err != nil {
			return nil, err
		}
	}
	for i, j := range jobs {
		if err := c.fetchExtra(ctx, out[i].Messages, j.Items.Extra); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func checkJobs(op string, jobs []FetchJob) error {
	seen := make(map[UID]bool)
	for _, j := range jobs {
		if err := errors.Join(checkUIDs(op, j.UIDs), j.Items.check(op)); err != nil {
			return err
		}
		for _, u := range j.UIDs {
			if seen[u] {
				return invalid(op, "a uid is asked for twice")
			}
			seen[u] = true
		}
		if len(j.UIDs) > 1 && j.Items.reuses() {
			return invalid(op, "two messages do not fit into the same memory")
		}
	}
	return nil
}

// reuses reports whether a section has memory of its own.
func (it Items) reuses() bool {
	return slices.ContainsFunc(it.Sections, func(s Section) bool { return s.Into != nil })
}

// afresh is it with new memory for every section.
func (it Items) afresh() Items {
	it.Sections = slices.Clone(it.Sections)
	for i := range it.Sections {
		it.Sections[i].Into = nil
	}
	return it
}

// refreshFlags asks anew for flags that others changed since this connection
// last spoke: the server told us behind the answer that it had.
func (c *Conn) refreshFlags(ctx context.Context, jobs []FetchJob, out []Fetched) error {
	for i, j := range jobs {
		if !j.Items.Flags || len(out[i].Messages) == 0 {
			continue
		}
		got := []byUID{make(byUID)}
		var uids []UID
		for _, m := range out[i].Messages {
			uids = append(uids, m.UID)
		}
		if _, err := c.fetchUIDs(ctx, []FetchJob{{UIDs: uids, Items: Items{Flags: true}}}, got); err != nil {
			return err
		}
		for k := range out[i].Messages {
			if m := got[0][out[i].Messages[k].UID]; m != nil {
				out[i].Messages[k].Flags = m.Flags
			}
		}
	}
	return nil
}

func (j FetchJob) sort(got byUID) (f Fetched) {
	for _, u := range j.UIDs {
		m := got[u]
		if m != nil {
			m.acceptNone(j.Items)
		}
		switch {
		case m == nil:
			f.Missing = append(f.Missing, u)
		case !m.complete(j.Items):
			f.Incomplete = append(f.Incomplete, u)
		default:
			f.Messages = append(f.Messages, *m)
		}
	}
	return f
}

// acceptNone takes NIL, said twice, for an empty part. A message and its header
// are never NIL: that is how some servers show one that has just gone.
func (m *Message) acceptNone(want Items) {
	for _, i := range m.none {
		if len(want.Sections[i].Path) > 0 && m.Sections[i] == nil {
			m.Sections[i] = []byte{}
		}
	}
}

// byUID collects answers; a whole one is never replaced.
type byUID map[UID]*Message

func (g byUID) file(m *Message, want Items) {
	if old := g[m.UID]; old == nil || !old.complete(want) {
		g[m.UID] = m
	}
}

// fetchUIDs sends the jobs behind each other and files what comes in got. Each
// is drained by a goroutine of its own: a server may answer in any order, and
// the library reads on only when the answer is taken. With ghosts, messages
// that others have removed may be among them, as empty ones.
func (c *Conn) fetchUIDs(ctx context.Context, jobs []FetchJob, got []byUID) (ghosts bool, err error) {
	wasStale, before := c.stale, c.guard.expunged.Load()
	err = c.run(ctx, "UID FETCH", reads, func(cl *imapclient.Client) error {
		var wg sync.WaitGroup
		errs := make([]error, len(jobs))
		for i, j := range jobs {
			wg.Go(func() {
				for chunk := range slices.Chunk(j.UIDs, ChunkSize) {
					if errs[i] == nil {
						cmd := cl.Fetch(uidSet(chunk), j.Items.options())
						errs[i] = c.collect(cmd, j.Items, func(m *Message) { got[i].file(m, j.Items) })
					}
				}
			})
		}
		wg.Wait()
		return errors.Join(errs...)
	})
	return c.guard.hasGhosts() || wasStale && c.guard.expunged.Load() != before, err
}

// collect takes a whole answer, also behind an error: what is left untaken
// would block the connection.
func (c *Conn) collect(cmd *imapclient.FetchCommand, want Items, file func(*Message)) error {
	var first error
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		if first != nil {
			continue
		}
		m, err := readMessage(msg, want)
		if err != nil {
			// Until its reader has ended, the library would read the rest of the
			// broken literal from two goroutines.
			first = err
			c.guard.fail(err)
			<-c.client.Closed()
			continue
		}
		file(m)
		if want.reuses() { // another answer for the message must not write over this one
			want = want.afresh()
		}
	}
	if err := cmd.Close(); err != nil {
		return err
	}
	return first
}

func readMessage(msg *imapclient.FetchMessageData, want Items) (*Message, error) {
	m := &Message{seq: msg.SeqNum, Sections: make([][]byte, len(want.Sections))}
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			m.UID = UID(item.UID)
		case imapclient.FetchItemDataFlags:
			m.items.Flags = true
			m.Flags = make([]string, len(item.Flags))
			for i, f := range item.Flags {
				m.Flags[i] = string(f)
			}
		case imapclient.FetchItemDataInternalDate:
			m.Date, m.items.Date = item.Time, true
		case imapclient.FetchItemDataRFC822Size:
			m.Size, m.items.Size = item.Size, true
		case imapclient.FetchItemDataBodyStructure:
			m.Structure, m.items.Structure = convertStructure(item.BodyStructure), true
		case imapclient.FetchItemDataBodySection:
			i := want.index(item.Section)
			if i < 0 || m.Sections[i] != nil {
				continue
			}
			if item.Literal == nil {
				m.none = append(m.none, i)
				continue
			}
			b, err := readLiteral(item.Literal, want.Sections[i])
			if err != nil {
				return nil, err
			}
			m.Sections[i] = b
		}
	}
	return m, nil
}

// readLiteral reads at most as much as was asked for; the rest is skipped by the
// library. Its readers end cleanly when the connection does, so the bytes are counted.
func readLiteral(lit imap.LiteralReader, s Section) ([]byte, error) {
	n := min(lit.Size(), s.most())
	b := s.Into
	if b == nil || int64(len(b)) < n {
		b = make([]byte, n)
	}
	b = b[:n:n]
	if _, err := io.ReadFull(lit, b); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return b, nil
}

func (s Section) most() int64 {
	if len(s.Fields) > 0 {
		return maxFields
	}
	return s.Max
}

// index finds the section that an answer is for. Servers repeat the field
// names in a case and order of their own, and some leave out "<0>".
func (it Items) index(got *imap.FetchItemBodySection) int {
	return slices.IndexFunc(it.Sections, func(s Section) bool {
		kind, fields := s.Kind, len(s.Fields) > 0
		if fields {
			kind = Header
		}
		return slices.Equal(s.Path, got.Part) && strings.EqualFold(string(kind), string(got.Specifier)) &&
			fields == (len(got.HeaderFields) > 0) &&
			(got.Partial == nil || got.Partial.Offset == s.Offset)
	})
}

func (it Items) options() *imap.FetchOptions {
	o := &imap.FetchOptions{UID: true, Flags: it.Flags, InternalDate: it.Date, RFC822Size: it.Size}
	if it.Structure {
		o.BodyStructure = &imap.FetchItemBodyStructure{Extended: true}
	}
	for _, s := range it.Sections {
		b := &imap.FetchItemBodySection{Part: s.Path, Specifier: imap.PartSpecifier(s.Kind), Peek: true}
		if len(s.Fields) > 0 {
			b.Specifier, b.HeaderFields = imap.PartSpecifierHeader, s.Fields
		} else {
			b.Partial = &imap.SectionPartial{Offset: s.Offset, Size: s.Max}
		}
		o.BodySection = append(o.BodySection, b)
	}
	return o
}

func (it Items) check(op string) error {
	for _, s := range it.Sections {
		switch {
		case (s.Max > 0) == (len(s.Fields) > 0), s.Offset < 0:
			return invalid(op, "a section needs either fields or a size, and no negative offset")
		case slices.ContainsFunc(s.Fields, func(f string) bool { return !isToken(f) }):
			return invalid(op, "not a header field name")
		}
	}
	return nil
}

// isToken reports whether s is a field name of RFC 5322 section 2.2.
func isToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == ':' {
			return false
		}
	}
	return s != ""
}
