package imapx

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Changed is the result of a change to several messages. When the call also
// returned an error, UIDs in no list are as they were, for that reason.
type Changed struct {
	Done    []UID
	Missing []UID // the server has no such message
	// Partly are changed in part: flags were added and others not removed, or a
	// message was marked \Deleted and not removed.
	Partly []UID
	// Unsure may have been changed: the connection was lost behind the command,
	// and looking was not possible or told nothing.
	Unsure []UID
}

// Store adds and removes flags. Other flags stay as they are, on the server
// too. A flag that the mailbox would forget is refused. When the server refuses,
// or its answer is lost, Store reads the flags to say what became of each message.
func (c *Conn) Store(ctx context.Context, uids []UID, add, remove []string) (Changed, error) {
	const op = "UID STORE"
	if err := c.changeable(op, uids); err != nil {
		return Changed{}, err
	}
	if len(add)+len(remove) == 0 {
		return Changed{}, invalid(op, "no flag given")
	}
	if err := checkFlags(op, append(slices.Clone(add), remove...)); err != nil {
		return Changed{}, err
	}
	for _, f := range slices.Concat(add, remove) {
		if !c.Mailbox().Keeps(f) {
			return Changed{}, unsupported(op, "the permanent flag "+f+" in this mailbox")
		}
	}
	var out Changed
	for chunk := range slices.Chunk(uids, ChunkSize) {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		before := c.guard.sent.Load()
		seen, err := c.storeAll(ctx, chunk, add, remove)
		one := len(chunk) == 1 && (len(add) == 0 || len(remove) == 0)
		switch {
		case err == nil:
		case isContext(err), ctx.Err() != nil:
			out.Unsure = append(out.Unsure, chunk...)
			return out, err
		case c.lost != nil && c.guard.sent.Load() == before, one && refusal(err, op):
			return out, err // never sent, or one change of one message refused
		default:
			if err = c.afterStore(ctx, chunk, add, remove, &out, err); err != nil {
				return out, err
			}
			continue
		}
		for _, u := range chunk {
			if seen[u] {
				out.Done = append(out.Done, u)
			} else {
				out.Missing = append(out.Missing, u)
			}
		}
	}
	return out, nil
}

// refusal reports the server's NO or BAD to op.
func refusal(err error, op string) bool {
	var e *Error
	return errors.As(err, &e) && e.Op == op && e.Err == nil
}

// afterStore reads flags to find out what a change did that failed, or of which
// the answer was lost. It returns nil when all are as they should be.
func (c *Conn) afterStore(ctx context.Context, uids []UID, add, remove []string, out *Changed, failed error) error {
	lost := c.lost != nil
	if lost {
		switch err := c.comeBack(ctx); {
		case takenAway(err):
			return err
		case err != nil:
			out.Unsure = append(out.Unsure, uids...)
			return failed
		}
	}
	for try := 0; ; try++ {
		f, err := c.Fetch(ctx, uids, Items{Flags: true})
		if err != nil || len(f.Incomplete) > 0 {
			out.Unsure = append(out.Unsure, uids...)
			return failed
		}
		var now Changed
		for _, m := range f.Messages {
			switch added, removed := hasFlags(m, add, true), hasFlags(m, remove, false); {
			case added && removed:
				now.Done = append(now.Done, m.UID)
			case added && len(add) > 0:
				now.Partly = append(now.Partly, m.UID)
			}
		}
		whole := len(now.Done) == len(f.Messages)
		if lost && !whole && try == 0 {
			if settled(ctx) == nil {
				c.stale = true // what the server did meanwhile is to be seen
				continue
			}
		}
		out.Done, out.Partly, out.Missing = append(out.Done, now.Done...), append(out.Partly, now.Partly...), append(out.Missing, f.Missing...)
		if whole {
			return nil
		}
		return lostBy(failed)
	}
}

// hasFlags reports whether each of names is set, or with want false none is.
func hasFlags(m Message, names []string, want bool) bool {
	for _, name := range names {
		if slices.ContainsFunc(m.Flags, func(f string) bool { return strings.EqualFold(f, name) }) != want {
			return false
		}
	}
	return true
}

// storeAll changes one chunk and returns which of it the mailbox holds.
func (c *Conn) storeAll(ctx context.Context, uids []UID, add, remove []string) (map[UID]bool, error) {
	wasStale := c.stale
	seen, ignored := make(map[UID]bool), make(map[UID]bool)
	store := func(uids []UID) error {
		err := c.storeChunk(ctx, uids, imap.StoreFlagsAdd, add, seen, ignored)
		if err == nil {
			err = c.storeChunk(ctx, uids, imap.StoreFlagsDel, remove, seen, ignored)
		}
		if err == nil && len(ignored) > 0 {
			err = &Error{Op: "UID STORE", Kind: Refused, Err: errIgnored}
		}
		return err
	}
	if err := store(uids); err != nil || len(within(uids, seen)) == len(uids) {
		return seen, err
	}
	// Unmentioned are those that are gone, on some servers those that had the
	// flags already, and those that this connection had not heard of.
	have, err := c.exists(ctx, uids)
	if rest := without(within(uids, have), seen); err == nil && wasStale && len(rest) > 0 {
		err = store(rest)
	}
	return have, err
}

// errIgnored is a server that takes a change and shows the flags as they were.
var errIgnored = errors.New("the server did not change the flags, though it says so")

// changeable refuses what no change may be tried with.
func (c *Conn) changeable(op string, uids []UID) error {
	if c.box == nil || c.box.ReadOnly {
		return invalid(op, "no mailbox is open for changes")
	}
	return checkUIDs(op, uids)
}

// storeChunk notes in seen which messages the server spoke of, and in ignored
// those that it shows without the change.
func (c *Conn) storeChunk(ctx context.Context, uids []UID, op imap.StoreFlagsOp, flags []string, seen, ignored map[UID]bool) error {
	if len(flags) == 0 {
		return nil
	}
	return c.run(ctx, "UID STORE", changes, func(cl *imapclient.Client) error {
		cmd := cl.Store(uidSet(uids), &imap.StoreFlags{Op: op, Flags: flagsOf(flags)}, nil)
		return c.collect(cmd, Items{}, func(m *Message) {
			seen[m.UID] = true
			if delete(ignored, m.UID); m.items.Flags && !hasFlags(*m, flags, op == imap.StoreFlagsAdd) {
				ignored[m.UID] = true
			}
		})
	})
}

func flagsOf(names []string) []imap.Flag {
	if names == nil {
		return nil
	}
	out := make([]imap.Flag, len(names))
	for i, n := range names {
		out[i] = imap.Flag(n)
	}
	return out
}

// checkFlags refuses what is no flag (RFC 9051 section 9, "flag"): the library
// would drop the connection.
func checkFlags(op string, flags []string) error {
	for _, f := range flags {
		name := strings.TrimPrefix(f, `\`)
		if name == "" || strings.ContainsFunc(name, func(r rune) bool {
			return r <= ' ' || r >= 0x7f || strings.ContainsRune(`(){%*"\]`, r)
		}) {
			return invalid(op, "not a flag: "+quote(printable(f)))
		}
	}
	return nil
}
