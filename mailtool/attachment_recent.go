package mailtool

import (
	"sync"
	"time"
	"weak"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
)

// What is kept of attachments that are read on by offset, so that each piece is
// not downloaded, or made into text, from the start again.
const (
	keptFor   = 5 * time.Minute // between two pieces
	keptParts = 4               // of at most readAhead bytes each, or a document's text
)

// keptKey names content for as long as it is the same: messages never change
// under their id. The account is known by its identity, since two people's
// accounts may be called alike, and is not held by it.
type keptKey struct {
	account weak.Pointer[provider.Account]
	message provider.MessageID
	part    string
	format  string
	zone    string // in which times of calendars are shown
}

func (env *Env) kept(id provider.MessageID, part, format string) keptKey {
	return keptKey{weak.Make(env.Mail), id, part, format, env.Account.zone().String()}
}

// recent are the attachments last read on. Whoever asks has passed the
// predicate before.
type recent struct {
	mu    sync.Mutex
	items []keptPart // the latest first
}

type keptPart struct {
	key  keptKey
	at   time.Time
	text *documentText // of a document, whole
	c    content
	w    window // of the bytes
}

// documentText is the text made of a document.
type documentText struct {
	text      string
	truncated bool
	notes     []string
	dropped   mailtext.Dropped
}

func (r *recent) get(key keptKey) (keptPart, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire(time.Now())
	for i, item := range r.items {
		if item.key == key {
			copy(r.items[1:i+1], r.items[:i])
			item.at = time.Now()
			r.items[0] = item
			return item, true
		}
	}
	return keptPart{}, false
}

func (r *recent) put(item keptPart) {
	r.mu.Lock()
	defer r.mu.Unlock()
	item.at = time.Now()
	r.expire(item.at)
	items := []keptPart{item}
	for _, old := range r.items {
		if old.key != item.key && len(items) < keptParts {
			items = append(items, old)
		}
	}
	r.items = items
}

// expire drops what nobody asked for in a while and what accounts that are gone had.
func (r *recent) expire(now time.Time) {
	var items []keptPart
	for _, item := range r.items {
		if now.Sub(item.at) < keptFor && item.key.account.Value() != nil {
			items = append(items, item)
		}
	}
	r.items = items
}

// goOn answers from what was kept, nil where that does not reach.
func (env *Env) goOn(key keptKey, in getAttachmentIn) (*getAttachmentOut, error) {
	if in.Offset == 0 {
		return nil, nil
	}
	old, ok := env.tools.recent.get(key)
	switch {
	case !ok:
		return nil, nil
	case old.text != nil:
		return env.showText(old.c, *old.text, in.Offset)
	}
	most, show := env.pieces(in)
	if piece, more, ok := old.w.from(in.Offset, most); ok {
		return show(old.c, piece, in.Offset, more)
	}
	return nil, nil
}
