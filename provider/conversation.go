package provider

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Letter is a message with what it says of its place in a conversation. All
// ids are without angle brackets.
type Letter struct {
	Summary    Summary
	InReplyTo  []string
	References []string
	Sent       bool // the copy that the account filed of its own mail
	Counted    bool // the service itself counts it to the conversation
}

// Conversation finds out which of many messages form a conversation: backends
// add what may belong to it, ask with Next what else to look for, and answer
// with Page. It is not safe for concurrent use.
//
// Message-IDs are a stranger's words, so a message joins one conversation only,
// that of the last it names; it cannot join two, nor pull in what does not
// name it. Of two messages with one Message-ID the account's own counts, else
// the first to arrive.
type Conversation struct {
	account string
	start   MessageID
	letters []Letter
	has     map[MessageID]bool
	named   map[string]bool // handed out by Next
	cut     bool
	failed  []Outcome
}

const (
	// maxLetters bounds what is looked at: searches find more than belongs.
	maxLetters = 4 * MaxThread
	// maxNames bounds the ids taken of one message: the first, which began it
	// all, and the last. RFC 5322 asks for all; longer lists are rare or hostile.
	maxNames = 50
	// threadIDLen is the length of a ThreadID, 50 bits.
	threadIDLen = 10
)

// NewConversation starts with nothing but the id asked for; Add its message first.
func NewConversation(account string, start MessageID) *Conversation {
	return &Conversation{account: account, start: start, has: map[MessageID]bool{}, named: map[string]bool{}}
}

// Add adds a message that may belong to the conversation. One added before
// counts once. Beyond 4*MaxThread the conversation counts as cut.
func (c *Conversation) Add(l Letter) {
	switch {
	case c.has[l.Summary.ID]:
	case len(c.letters) == maxLetters:
		c.cut = true
	default:
		c.has[l.Summary.ID] = true
		c.letters = append(c.letters, l)
	}
}

// Has reports whether a message was added.
func (c *Conversation) Has(id MessageID) bool { return c.has[id] }

// Fail names a message that may belong to the conversation and could not be had,
// or with no ID a folder.
func (c *Conversation) Fail(o Outcome) { c.failed = append(c.failed, o) }

// Cut notes that there may be more messages than were added.
func (c *Conversation) Cut() { c.cut = true }

// Next returns at most n Message-IDs to look for, each once: those of messages
// that belong to the conversation and of those they name. Any message with or
// naming one of them should be added. They are one line of valid UTF-8, at
// most MaxQueryText bytes, and otherwise a stranger's words.
func (c *Conversation) Next(n int) []string {
	var out []string
	take := func(name string) {
		if len(out) < n && name != "" && !c.named[name] {
			c.named[name] = true
			out = append(out, name)
		}
	}
	t := c.link()
	if t.start == nil {
		return nil
	}
	take(t.start.name())
	for _, name := range t.start.refs {
		take(name)
	}
	for _, g := range t.members {
		take(g.name())
	}
	for _, g := range t.members {
		for _, name := range g.refs {
			if t.within[name] {
				take(name)
			}
		}
	}
	return out
}

// asked is the message that the conversation is of.
func (c *Conversation) asked() Summary {
	for _, l := range c.letters {
		if l.Summary.ID == c.start {
			return l.Summary
		}
	}
	return Summary{}
}

// list is the conversation so far, oldest first.
func (c *Conversation) list() []Summary {
	var out []Summary
	for _, g := range c.link().members {
		out = append(out, g.best.Summary)
	}
	return out
}

// Page cuts a page out of the conversation. NotFound when the message asked
// for was never added.
func (c *Conversation) Page(req PageRequest) (Page[Summary], error) {
	t := c.link()
	if t.start == nil {
		return Page[Summary]{}, &Error{Code: NotFound, Err: errors.New("the message is gone")}
	}
	members, cut := c.nearest(t), c.cut
	cut = cut || len(members) < len(t.members)
	listing := "thread\x00" + c.account + "\x00" + string(c.start)
	page := Page[Summary]{Failed: slices.Clone(c.failed)}
	if cut {
		page.Failed = append(page.Failed, Outcome{ID: c.start, Err: &Error{
			Code: TooLarge, Hint: "search for the rest by subject or sender",
			Err: errors.New("the conversation may be longer: at most " + strconv.Itoa(MaxThread) + " messages are given, and not every one could be looked for"),
		}})
	} else if len(c.failed) == 0 {
		page.Total = len(members)
	}
	if req.After != "" {
		text, err := Resume(req.After, listing, "")
		if err != nil {
			return Page[Summary]{}, err
		}
		last, err := parseTurn(text)
		if err != nil {
			return Page[Summary]{}, invalid("cursor", "cursor is garbled")
		}
		members = slices.DeleteFunc(members, func(g *group) bool { return g.turn.compare(last) <= 0 })
	}
	limit := req.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	shown := members[:min(limit, len(members))]
	for _, g := range shown {
		page.Items = append(page.Items, g.summary(t.id))
	}
	if len(shown) == 0 {
		return page, nil
	}
	page.At = func(i int) (Cursor, error) {
		if i < 0 || i >= len(shown) {
			return "", invalid("cursor", "no such item on the page")
		}
		return Place{Listing: listing, Key: shown[i].turn.String()}.Cursor()
	}
	var err error
	if len(shown) < len(members) {
		page.Next, err = page.At(len(shown) - 1)
	}
	return page, err
}

// nearest keeps at most MaxThread messages: the one asked for and those it
// answers, then the newest.
func (c *Conversation) nearest(t thread) []*group {
	if len(t.members) <= MaxThread {
		return slices.Clone(t.members)
	}
	keep := map[*group]bool{}
	for n := t.start.node; n >= 0 && len(keep) < MaxThread; n = t.nodes[n].parent {
		if g := t.nodes[n].group; g != nil {
			keep[g] = true
		}
	}
	for _, g := range slices.Backward(t.members) {
		if len(keep) < MaxThread {
			keep[g] = true
		}
	}
	var out []*group
	for _, g := range t.members {
		if keep[g] {
			out = append(out, g)
		}
	}
	return out
}

// turn is a message's place in the order of a conversation: by arrival, and of
// those that arrived at once an answer behind what it answers.
type turn struct {
	at    int64 // seconds
	nanos int
	depth int
	date  int64
	id    MessageID
}

func (t turn) compare(u turn) int {
	return cmp.Or(cmp.Compare(t.at, u.at), cmp.Compare(t.nanos, u.nanos), cmp.Compare(t.depth, u.depth),
		cmp.Compare(t.date, u.date), cmp.Compare(t.id, u.id))
}

func (t turn) String() string {
	return fmt.Sprintf("%d %d %d %d %s", t.at, t.nanos, t.depth, t.date, t.id)
}

func parseTurn(s string) (t turn, err error) {
	_, err = fmt.Sscanf(s, "%d %d %d %d %s", &t.at, &t.nanos, &t.depth, &t.date, &t.id)
	return t, err
}

// arrived is when a message came, or else when it says it was written.
func arrived(s Summary) time.Time {
	if s.Received.IsZero() {
		return s.Date
	}
	return s.Received
}

// ThreadID names a conversation after the message that began it, as far as one
// message's header tells: all ids without angle brackets, "" when there are none.
func ThreadID(headerID string, inReplyTo, references []string) string {
	for _, ids := range [][]string{references, inReplyTo, {headerID}} {
		for _, id := range ids {
			if id = strings.TrimSpace(id); id != "" {
				return ShortHash(id, threadIDLen)
			}
		}
	}
	return ""
}
