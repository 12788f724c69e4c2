package imapx

import (
	"context"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// Changed is the result of a change to several messages. When the call also
// returned an error, UIDs in neither list have not been tried, or are in Unsure.
type Changed struct {
	Done    []UID
	Missing []UID // the server has no such message
	// Unsure may have been changed: the connection was lost behind the command.
	Unsure []UID
}

// Store adds and removes flags. Other flags stay as they are, on the server
// too. A keyword that the mailbox would forget is refused.
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
	for _, f := range add {
		if !strings.HasPrefix(f, `\`) && !c.Mailbox().keeps(f) {
			return Changed{}, unsupported(op, "the permanent flag "+f+" in this mailbox")
		}
	}
	var out Changed
	for chunk := range slices.Chunk(uids, ChunkSize) {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		seen, err := c.storeAll(ctx, chunk, add, remove)
		if err != nil {
			if KindOf(err) == Uncertain || isContext(err) {
				out.Unsure = append(out.Unsure, chunk...)
			}
			return out, err
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

// storeAll changes one chunk and returns which of it the mailbox holds.
func (c *Conn) storeAll(ctx context.Context, uids []UID, add, remove []string) (map[UID]bool, error) {
	wasStale := c.stale
	seen := make(map[UID]bool)
	store := func(uids []UID) error {
		err := c.storeChunk(ctx, uids, imap.StoreFlagsAdd, add, seen)
		if err == nil {
			err = c.storeChunk(ctx, uids, imap.StoreFlagsDel, remove, seen)
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

// changeable refuses what no change may be tried with.
func (c *Conn) changeable(op string, uids []UID) error {
	if c.box == nil || c.box.ReadOnly {
		return invalid(op, "no mailbox is open for changes")
	}
	return checkUIDs(op, uids)
}

func (c *Conn) storeChunk(ctx context.Context, uids []UID, op imap.StoreFlagsOp, flags []string, seen map[UID]bool) error {
	if len(flags) == 0 {
		return nil
	}
	return c.run(ctx, "UID STORE", changes, func(cl *imapclient.Client) error {
		cmd := cl.Store(uidSet(uids), &imap.StoreFlags{Op: op, Flags: flagsOf(flags)}, nil)
		return c.collect(cmd, Items{}, func(m *Message) { seen[m.UID] = true })
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
