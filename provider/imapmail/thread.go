package imapmail

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

const (
	// threadWhole is the size of a mailbox up to which the server is asked for
	// its threads in one go: up to there that takes less than one search of a
	// header field (10 000 messages: 10 ms and 60 KB against 40 ms).
	threadWhole = 10_000
	// threadRounds bounds how often new Message-IDs are followed. The first round
	// finds all whose References are whole; others need one for each step.
	threadRounds = 20
	// threadNames bounds the Message-IDs that are looked for, and threadRound
	// those of one round.
	threadNames = 200
	threadRound = 60
)

// Thread looks into the message's own folder, Inbox, Sent and Archive, or
// where there is one into All Mail for these. The conversation is Gmail's own
// where the server is Gmail; else it is put together from what the server
// counts to it (OBJECTID, THREAD) and from References.
func (b *Backend) Thread(ctx context.Context, id provider.MessageID, page provider.PageRequest) (provider.Page[provider.Summary], error) {
	var none provider.Page[provider.Summary]
	groups, err := b.group(ctx, []provider.MessageID{id})
	if err == nil {
		err = groups[0].err
	}
	if err != nil {
		return none, err
	}
	w := &walk{b: b, own: groups[0], conv: provider.NewConversation(b.opts.Account, id), closed: make(map[string]bool)}
	if w.folders, err = b.threadFolders(ctx, w.own.folder); err != nil {
		return none, err
	}
	if err := w.begin(ctx); err != nil {
		return none, folderError(err)
	}
	if err := w.grow(ctx); err != nil {
		return none, folderError(err)
	}
	return w.conv.Page(page)
}

var _ provider.Threader = (*Backend)(nil)

// walk is the search for a conversation.
type walk struct {
	b       *Backend
	own     *batch // the message asked for
	folders []threadFolder
	kin     imapx.Kin // what the server itself says; no names

	mu     sync.Mutex
	conv   *provider.Conversation
	closed map[string]bool // folders that cannot be looked into
}

type threadFolder struct {
	name string
	sent bool
}

// begin reads the message asked for, and with it what the server threads with
// it in its folder.
func (w *walk) begin(ctx context.Context) error {
	start := w.own.refs[0].uid
	items := summaryItems()
	items.Extra = imapx.Extra{Gmail: true, Objects: true}
	var f imapx.Fetched
	var box imapx.Mailbox
	err := w.b.pool.Read(ctx, w.own.folder, func(c *imapx.Conn) (err error) {
		if err := c.Expect(w.own.validity); err != nil {
			return err
		}
		box = c.Mailbox()
		uids, err := threaded(ctx, c, start)
		if err != nil {
			return err
		}
		if len(uids) == 0 {
			uids = []imapx.UID{start}
		}
		f, err = c.Fetch(ctx, uids, items)
		return err
	})
	if err != nil {
		return err
	}
	w.b.learn(w.own.folder)
	i := slices.IndexFunc(f.Messages, func(m imapx.Message) bool { return m.UID == start })
	switch {
	case slices.Contains(f.Incomplete, start):
		return incomplete()
	case i < 0:
		return gone()
	}
	w.kin = imapx.Kin{GmailThread: f.Messages[i].GmailThread, ThreadID: f.Messages[i].ServerThreadID}
	own := threadFolder{w.own.folder, w.b.useOf(w.own.folder) == imapx.UseSent}
	for _, m := range f.Messages {
		l := w.letter(box, own, m)
		l.Counted = w.counts(m)
		w.conv.Add(l)
	}
	w.fail(box, f)
	return nil
}

// threaded asks for what the server threads with a message in its folder, none
// where that is left to searches. These follow all the same: of two copies the
// server may thread one (RFC 5256 section 3, step 1).
func threaded(ctx context.Context, c *imapx.Conn, start imapx.UID) ([]imapx.UID, error) {
	if c.Mailbox().Messages > threadWhole || c.Caps().Has("X-GM-EXT-1") {
		return nil, nil
	}
	uids, err := c.Thread(ctx, imapx.Criteria{}, start, provider.MaxThread)
	if err != nil && passedOver(err) {
		return nil, nil
	}
	return uids, err
}

// passedOver are the errors of THREAD that a search makes up for.
func passedOver(err error) bool {
	switch imapx.KindOf(err) {
	case imapx.Unsupported, imapx.TooLarge, imapx.Refused, imapx.Protocol:
		return true
	default:
		return false
	}
}

// counts reports whether the server counts a message to the conversation.
func (w *walk) counts(m imapx.Message) bool {
	return w.kin.GmailThread != 0 && m.GmailThread == w.kin.GmailThread || w.kin.ThreadID != "" && m.ServerThreadID == w.kin.ThreadID
}

func (w *walk) letter(box imapx.Mailbox, in threadFolder, m imapx.Message) provider.Letter {
	e := w.b.entry(box, m)
	return provider.Letter{Summary: e.Summary, InReplyTo: e.header.InReplyTo, References: e.header.References, Sent: in.sent}
}

func (w *walk) fail(box imapx.Mailbox, f imapx.Fetched) {
	for _, u := range f.Incomplete {
		w.conv.Fail(provider.Outcome{ID: w.b.newID(box.Name, box.UIDValidity, u), Err: incomplete()})
	}
}

// grow looks for what the conversation names, and for what names it, until
// nothing new comes.
func (w *walk) grow(ctx context.Context) error {
	left := threadNames
	for round := range threadRounds {
		kin := imapx.Kin{}
		if round == 0 {
			kin = w.kin
		}
		if w.kin.GmailThread == 0 {
			names := w.conv.Next(min(left, threadRound))
			left -= len(names)
			for _, name := range names {
				if imapx.CanName(name) {
					kin.Names = append(kin.Names, name)
				} else {
					w.conv.Cut()
				}
			}
		}
		if !asks(kin) {
			break
		}
		if err := w.look(ctx, kin); err != nil {
			return err
		}
		slices.Reverse(w.folders) // the one looked into last is still open
	}
	if w.kin.GmailThread == 0 && len(w.conv.Next(1)) > 0 {
		w.conv.Cut()
	}
	return nil
}

func asks(kin imapx.Kin) bool {
	return kin.GmailThread != 0 || kin.ThreadID != "" || len(kin.Names) > 0
}

// look searches the folders, a few at a time.
func (w *walk) look(ctx context.Context, kin imapx.Kin) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	next := make(chan threadFolder)
	for range w.b.workers(len(w.folders)) {
		wg.Go(func() {
			for f := range next {
				if err := w.lookIn(ctx, f, kin); err != nil && !w.doesWithout(f, err) {
					cancel(err)
				}
			}
		})
	}
	for _, f := range w.folders {
		next <- f
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w.folders = slices.DeleteFunc(w.folders, func(f threadFolder) bool { return w.closed[f.name] })
	return nil
}

// doesWithout notes another folder that cannot be looked into, unless the
// reason is not that folder's alone.
func (w *walk) doesWithout(f threadFolder, err error) bool {
	vanished := errors.Is(err, imapx.NotFound) // since the folders were listed
	if f.name == w.own.folder || !vanished && !ofFolder(err) {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed[f.name] = true
	if !vanished {
		w.conv.Fail(provider.Outcome{Err: inFolder(f.name, err)})
	}
	return true
}

func (w *walk) lookIn(ctx context.Context, in threadFolder, kin imapx.Kin) error {
	var f imapx.Fetched
	var box imapx.Mailbox
	var got sighting
	err := w.b.pool.Read(ctx, in.name, func(c *imapx.Conn) (err error) {
		if in.name == w.own.folder {
			if err := c.Expect(w.own.validity); err != nil {
				return err
			}
		}
		box, f = c.Mailbox(), imapx.Fetched{}
		if got, err = w.sight(ctx, c, kin); err != nil || len(got.fresh) == 0 {
			return err
		}
		f, err = c.Fetch(ctx, got.fresh, summaryItems())
		return err
	})
	if err != nil {
		return err
	}
	w.b.learn(in.name)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range f.Messages {
		l := w.letter(box, in, m)
		l.Counted = got.counted[m.UID]
		w.conv.Add(l)
	}
	w.fail(box, f)
	if got.over {
		w.conv.Cut()
	}
	return nil
}

// sighting is what the searches in one folder found.
type sighting struct {
	fresh   []imapx.UID        // not looked at before
	counted map[imapx.UID]bool // those that the server counts to the conversation
	over    bool               // there are more
}

func (w *walk) sight(ctx context.Context, c *imapx.Conn, kin imapx.Kin) (sighting, error) {
	got := sighting{counted: make(map[imapx.UID]bool)}
	seen := make(map[imapx.UID]bool)
	for _, part := range []imapx.Kin{{GmailThread: kin.GmailThread, ThreadID: kin.ThreadID}, {Names: kin.Names}} {
		if !asks(part) {
			continue
		}
		hits, err := c.SearchKin(ctx, part, provider.MaxThread)
		if err != nil {
			return sighting{}, err
		}
		got.over = got.over || hits.Total > len(hits.UIDs)
		for _, u := range hits.UIDs {
			got.counted[u] = got.counted[u] || len(part.Names) == 0
			if !seen[u] && !w.has(c.Mailbox(), u) {
				got.fresh = append(got.fresh, u)
			}
			seen[u] = true
		}
	}
	return got, nil
}

func (w *walk) has(box imapx.Mailbox, u imapx.UID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conv.Has(w.b.newID(box.Name, box.UIDValidity, u))
}

// threadFolders lists where to look for a conversation.
func (b *Backend) threadFolders(ctx context.Context, own string) ([]threadFolder, error) {
	list, err := b.known(ctx)
	if err == nil && !slices.ContainsFunc(list, func(f imapx.Folder) bool { return f.Use == imapx.UseSent }) {
		list, err = b.list(ctx, false) // one may have been made since
	}
	if err != nil {
		return nil, err
	}
	all := slices.ContainsFunc(list, func(f imapx.Folder) bool { return f.Use == imapx.UseAll && !f.NoSelect })
	var out []threadFolder
	if !slices.ContainsFunc(list, func(f imapx.Folder) bool { return f.Name == own }) {
		out = append(out, threadFolder{name: own}) // newer than the list
	}
	for _, f := range list {
		wanted := f.Name == own
		switch f.Use {
		case imapx.UseAll:
			wanted = true
		case imapx.UseDrafts, imapx.UseTrash, imapx.UseJunk: // which All Mail leaves out
		case imapx.UseInbox, imapx.UseSent, imapx.UseArchive:
			wanted = !all
		default:
			wanted = wanted && !all
		}
		if wanted && !f.NoSelect {
			out = append(out, threadFolder{f.Name, f.Use == imapx.UseSent})
		}
	}
	slices.SortStableFunc(out, func(x, y threadFolder) int { // the one that is open first
		switch own {
		case x.name:
			return -1
		case y.name:
			return 1
		}
		return 0
	})
	return out, nil
}

// useOf is what a folder is for, as far as folders were listed.
func (b *Backend) useOf(name string) imapx.Use {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.folders {
		if f.Name == name {
			return f.Use
		}
	}
	return imapx.UseNone
}
