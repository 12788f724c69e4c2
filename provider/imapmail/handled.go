package imapmail

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/postern-mail/postern/imapx"
)

// handledKeyword keeps provider.Handled. Names with "$" are those of a registry
// that gives them a meaning (RFC 5788 section 2). Every server that keeps
// keywords takes letters, and mail programs show only keywords that the owner
// gave a name to.
const handledKeyword = "PosternHandled"

// handled knows whether the account keeps the keyword. Servers say so for each
// mailbox, and only when it is opened for changes: an EXAMINE names no permanent
// flags (RFC 9051 section 6.3.3).
type handled struct {
	kept  atomic.Bool
	asked atomic.Bool
}

// learn notes what a mailbox opened for changes says. The inbox decides; another
// one may be somebody else's, and then speaks for itself only.
func (h *handled) learn(box imapx.Mailbox) {
	switch keeps := box.Keeps(handledKeyword); {
	case box.ReadOnly:
	case box.Name == "INBOX":
		h.asked.Store(true)
		h.kept.Store(keeps)
	case keeps:
		h.kept.Store(true)
	}
}

// learnHandled opens the inbox for changes, once, to see what it keeps. The
// connection is then used for reading it, which saves the round trip again. A
// server that refuses has said no; one that is lost is asked the next time.
func (b *Backend) learnHandled(ctx context.Context) {
	if b.handled.asked.Load() {
		return
	}
	err := b.pool.Write(ctx, "INBOX", func(c *imapx.Conn) error {
		b.handled.learn(c.Mailbox())
		return nil
	})
	if slices.Contains([]imapx.Kind{imapx.Refused, imapx.NotFound, imapx.Protocol}, imapx.KindOf(err)) {
		b.handled.asked.Store(true)
	}
}
