package provider

import (
	"context"
	"errors"
	"unicode/utf8"
)

// MaxThread is the most messages of a conversation that Thread gives: more
// than a mailing list's longest debates, and little enough to look at at once.
const MaxThread = 500

// Threader finds conversations.
type Threader interface {
	// Thread returns the conversation that a message is part of, the message
	// included, oldest first. A message belongs to the conversation of the one
	// it answers (RFC 5322 section 3.6.4); those that answer the same lost one
	// belong together; a subject alone joins nothing.
	//
	// It looks at least into the message's own folder, Inbox, Sent and Archive,
	// and into Drafts, Trash and Junk only for a message there. Copies of a
	// message come once, see Summary.Copies. An unknown id is NotFound, a stale
	// one Conflict. What could not be had is named in Failed; an entry with the
	// id asked for says that the conversation is longer than what is given.
	Thread(ctx context.Context, id MessageID, page PageRequest) (Page[Summary], error)
}

// Thread returns the conversation that a message is part of, oldest first.
// Without a Threader it is put together from searches: by Message-ID, and by
// subject, where an answer under another subject is found only if one found
// otherwise names it.
func (a *Account) Thread(ctx context.Context, id MessageID, page PageRequest) (Page[Summary], error) {
	const op = "thread"
	var none Page[Summary]
	t, err := use[Threader](ctx, a, op, CapThread)
	if err != nil && !(errors.Is(err, Unsupported) && a.derivesThread()) {
		return none, err
	}
	if _, err := a.checkIDs(op, []MessageID{id}, 1); err != nil {
		return none, err
	}
	if page, err = page.clamp(op); err != nil {
		return none, err
	}
	if t != nil {
		got, err := t.Thread(ctx, id, page)
		if !errors.Is(err, Unsupported) || !a.derivesThread() {
			return finish(op, got), wrap(op, err)
		}
	}
	got, err := a.deriveThread(ctx, op, id, page)
	return finish(op, got), wrap(op, err)
}

// derivesThread reports whether conversations can be found by searching.
func (a *Account) derivesThread() bool {
	return a.allowed.Can(CapThread) && a.backed().Has(Caps(CapRead, CapSearch))
}

// Bounds of a derived thread: each of these costs the backend a call.
const (
	derivedNames    = 20  // Message-IDs searched for
	derivedSubjects = 3   // subjects searched for
	derivedHits     = 100 // messages looked at for each subject
)

// derivation is a conversation under construction.
type derivation struct {
	acct  *Account
	op    string
	conv  *Conversation
	roles map[FolderID]Role
	seen  map[MessageID]bool
}

func (a *Account) deriveThread(ctx context.Context, op string, id MessageID, page PageRequest) (Page[Summary], error) {
	d := &derivation{acct: a, op: op, conv: NewConversation(a.Info().Account, id), roles: map[FolderID]Role{}, seen: map[MessageID]bool{}}
	if a.Capabilities().Can(CapFolders) {
		folders, err := a.ListFolders(ctx)
		if err != nil {
			return Page[Summary]{}, err
		}
		for _, f := range folders {
			d.roles[f.ID] = f.Role
		}
	}
	if err := d.read(ctx, []MessageID{id}); err != nil {
		return Page[Summary]{}, err
	}
	if err := d.grow(ctx); err != nil {
		return Page[Summary]{}, err
	}
	return d.conv.Page(page)
}

// grow looks for what the conversation names, and for answers to it.
func (d *derivation) grow(ctx context.Context) error {
	names, subjects := 0, map[string]bool{}
	for {
		before := len(d.seen)
		for _, name := range d.conv.Next(derivedNames - names) {
			names++
			if err := d.search(ctx, Query{HeaderID: name}); err != nil {
				return err
			}
		}
		for _, s := range d.conv.list() {
			base := baseSubject(s.Subject)
			for base != "" && len(base) > MaxQueryText {
				_, size := utf8.DecodeLastRuneInString(base)
				base = base[:len(base)-size]
			}
			if checkTerm(d.op, base) != nil || subjects[base] || len(subjects) == derivedSubjects {
				continue
			}
			subjects[base] = true
			if err := d.search(ctx, Query{Subject: []string{base}}); err != nil {
				return err
			}
		}
		if len(d.seen) == before {
			if names == derivedNames && len(d.conv.Next(1)) > 0 {
				d.conv.Cut()
			}
			return nil
		}
	}
}

// search adds what a query finds in the folders that an ordinary search looks
// in, and in the one the message is in.
func (d *derivation) search(ctx context.Context, q Query) error {
	queries := []Query{q}
	if s := d.conv.asked(); d.roles[s.Folder] == RoleTrash || d.roles[s.Folder] == RoleJunk {
		own := q
		own.In = []FolderID{s.Folder}
		queries = append(queries, own)
	}
	for _, q := range queries {
		page, err := d.acct.Search(ctx, q, PageRequest{Limit: derivedHits})
		if err != nil {
			return err
		}
		for _, o := range page.Failed {
			d.conv.Fail(o)
		}
		if page.Next != "" {
			d.conv.Cut()
		}
		if err := d.read(ctx, d.unread(page.Items)); err != nil {
			return err
		}
	}
	return nil
}

// unread lists those whose headers have not been read; drafts are no part of a
// conversation yet.
func (d *derivation) unread(found []Summary) []MessageID {
	var ids []MessageID
	for _, s := range found {
		if !d.seen[s.ID] && d.roles[s.Folder] != RoleDrafts && !s.Flags.Has(Draft) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// read adds messages by what their headers say of their place. The first read
// is that of the message asked for: that it fails is the call's error.
func (d *derivation) read(ctx context.Context, ids []MessageID) error {
	for len(ids) > 0 {
		batch := ids[:min(MaxRead, len(ids))]
		ids = ids[len(batch):]
		got, err := d.acct.ReadMessages(ctx, batch, ReadOptions{HeadersOnly: true})
		if err != nil {
			return err
		}
		for _, r := range got {
			switch {
			case r.Err == nil:
				m := r.Message
				d.conv.Add(Letter{Summary: m.Summary, InReplyTo: m.InReplyTo, References: m.References, Sent: d.roles[m.Folder] == RoleSent})
			case len(d.seen) == 0:
				return r.Err
			case !errors.Is(r.Err, NotFound): // one that has just gone is missed by nobody
				d.conv.Fail(Outcome{ID: r.ID, Err: r.Err})
			}
			d.seen[r.ID] = true
		}
	}
	return nil
}
