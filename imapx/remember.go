package imapx

import (
	"bytes"
	"context"
	"strings"
	"sync"
)

// identity tells a message from others in whatever mailbox it is: COPY and
// MOVE keep all of it (RFC 9051 section 6.4.7).
type identity struct {
	messageID string // without angle brackets
	size      int64
	date      int64 // INTERNALDATE, in seconds
}

// tellingID reports whether a Message-ID is one that every reader understands
// alike; others prove nothing.
func tellingID(id string) bool {
	return len(id) > 2 && len(id) <= maxMessageID && !strings.ContainsFunc(id, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`<>"\()`, r)
	})
}

const (
	// maxMessageID is above every Message-ID that programs make (RFC 5322
	// section 2.1.1 allows 998 in a line).
	maxMessageID = 500
	// maxNoted holds four bulk moves, in about a megabyte.
	maxNoted = 4000
)

// memory is what a pool remembers of messages, so that a change without an
// answer can be looked up, and is not made twice.
type memory struct {
	mu     sync.Mutex
	ids    recent[place, identity]
	doubts recent[doubt, bool]
}

// place is where a message is.
type place struct {
	mailbox  string
	validity uint32
	uid      UID
}

// doubt is a move of which nobody knows whether it happened.
type doubt struct {
	place
	dest string
}

// recent is a map that keeps what was put into it last.
type recent[K comparable, V any] struct {
	values map[K]V
	order  []K
	next   int // of order, where the oldest is
}

func (r *recent[K, V]) put(k K, v V) {
	if r.values == nil {
		r.values = make(map[K]V)
	}
	if _, ok := r.values[k]; !ok {
		if len(r.order) < maxNoted {
			r.order = append(r.order, k)
		} else {
			delete(r.values, r.order[r.next])
			r.order[r.next] = k
			r.next = (r.next + 1) % maxNoted
		}
	}
	r.values[k] = v
}

// Note remembers what tells m, a message of box, from others. With it a move
// whose answer is lost can be looked up. It takes a message fetched with Date,
// Size and, as its first section, header fields with the Message-ID or a whole
// message; of others it remembers nothing. The newest few thousand are kept.
func (p *Pool) Note(box Mailbox, m Message) {
	id, ok := identityOf(m)
	if !ok {
		return
	}
	p.memory.mu.Lock()
	defer p.memory.mu.Unlock()
	p.memory.ids.put(place{box.Name, box.UIDValidity, m.UID}, id)
}

func (p *Pool) noted(at place) (id identity, ok bool) {
	p.memory.mu.Lock()
	defer p.memory.mu.Unlock()
	id, ok = p.memory.ids.values[at]
	return id, ok
}

// doubtful remembers, with yes, that uids of the selected mailbox may have been
// copied to dest, or else that it is known now.
func (c *Conn) doubtful(uids []UID, dest string, yes bool) {
	c.pool.doubtful(*c.box, uids, dest, yes)
}

func (p *Pool) doubtful(box Mailbox, uids []UID, dest string, yes bool) {
	m := &p.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, u := range uids {
		d := doubt{place{box.Name, box.UIDValidity, u}, dest}
		if _, ok := m.doubts.values[d]; ok || yes {
			m.doubts.put(d, yes)
		}
	}
}

// doubted lists those of uids that may have been copied to dest already.
func (c *Conn) doubted(uids []UID, dest string) map[UID]bool {
	m := &c.pool.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make(map[UID]bool)
	for _, u := range uids {
		if m.doubts.values[doubt{place{c.box.Name, c.box.UIDValidity, u}, dest}] {
			out[u] = true
		}
	}
	return out
}

func identityItems() Items {
	return Items{Flags: true, Date: true, Size: true, Sections: []Section{{Fields: []string{"Message-ID"}}}}
}

// Identify notes those of uids that are not noted yet: in one round trip, or
// none. Move needs it only where an answer may be lost.
func (c *Conn) Identify(ctx context.Context, uids []UID) error {
	if c.box == nil {
		return invalid("UID FETCH", "no mailbox is open")
	}
	var ask []UID
	for _, u := range uids {
		if _, ok := c.pool.noted(place{c.box.Name, c.box.UIDValidity, u}); !ok {
			ask = append(ask, u)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	f, err := c.Fetch(ctx, ask, identityItems())
	for _, m := range f.Messages {
		c.pool.Note(*c.box, m)
	}
	return err
}

// identityOf reads a message fetched with at least identityItems.
func identityOf(m Message) (identity, bool) {
	if len(m.Sections) == 0 || m.Damaged || m.Size <= 0 || m.Date.IsZero() {
		return identity{}, false
	}
	id := messageID(m.Sections[0])
	return identity{messageID: id, size: m.Size, date: m.Date.Unix()}, id != ""
}

// messageID reads the one plain Message-ID of a header, else it returns "".
func messageID(header []byte) string {
	const field = "message-id:"
	found, inside, value := 0, false, ""
	for line := range bytes.Lines(header) {
		text := bytes.TrimRight(line, "\r\n")
		if len(text) == 0 {
			break
		}
		folded := text[0] == ' ' || text[0] == '\t'
		switch {
		case folded && inside:
			value += string(text)
		case !folded && len(text) >= len(field) && strings.EqualFold(string(text[:len(field)]), field):
			found, inside, value = found+1, true, string(text[len(field):])
		case !folded:
			inside = false
		}
	}
	id, ok := strings.CutPrefix(strings.TrimSpace(value), "<")
	id, closed := strings.CutSuffix(id, ">")
	if found != 1 || !ok || !closed || !tellingID(id) {
		return ""
	}
	return id
}
