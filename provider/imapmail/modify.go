package imapmail

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// SetFlags changes flags, one command per folder and direction.
func (b *Backend) SetFlags(ctx context.Context, ids []provider.MessageID, change provider.FlagChange) ([]provider.Outcome, error) {
	add, remove := flagNames(change.Add), flagNames(change.Remove)
	return b.change(ctx, ids, halfFlagged, func(c *imapx.Conn, g *batch) (imapx.Moved, error) {
		done, err := c.Store(ctx, g.uids(), add, remove)
		return imapx.Moved{Changed: done}, err
	})
}

// change runs fn once per folder, with the folder open for changes and its
// UIDVALIDITY checked, and tells for each id what became of it. One error for
// all is the call's own; the end of ctx is too, beside what had happened by then.
// half is what a message changed in part gets for an error.
func (b *Backend) change(ctx context.Context, ids []provider.MessageID, half func(cause error) provider.Outcome, fn func(*imapx.Conn, *batch) (imapx.Moved, error)) ([]provider.Outcome, error) {
	groups, err := b.group(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []provider.Outcome
	tried := false
	var over error
	for _, g := range groups {
		var got imapx.Moved
		err := cmp.Or(over, g.err)
		if err == nil {
			err = b.pool.Write(ctx, g.folder, func(c *imapx.Conn) error {
				b.handled.learn(c.Mailbox())
				if err := c.Expect(g.validity); err != nil {
					return err
				}
				var err error
				got, err = fn(c, g)
				return err
			})
		}
		tried = tried || len(got.Done)+len(got.Partly)+len(got.Remain)+len(got.Both)+len(got.Marked)+len(got.Unsure) > 0
		switch {
		case isContext(err) && !tried:
			return nil, err
		case isContext(err):
			over = err
		case err != nil && !tried && g.err == nil && !ofSource(err):
			return nil, mapError(err)
		}
		out = append(out, outcomes(g, got, half, mapError(err))...)
	}
	return out, over
}

// ofSource tells an error that concerns the messages of one folder from one
// that the whole call would meet.
func ofSource(err error) bool {
	var e *imapx.Error
	return errors.As(err, &e) && (e.Kind == imapx.Validity || e.Kind == imapx.NotFound && e.Op == "SELECT" ||
		e.Kind == imapx.Unsupported && e.Op == "UID STORE")
}

// outcomes lists what became of a batch; rest is what hit those not tried.
func outcomes(g *batch, got imapx.Moved, half func(error) provider.Outcome, rest error) []provider.Outcome {
	byUID := make(map[imapx.UID]provider.Outcome)
	for _, u := range got.Done {
		byUID[u] = provider.Outcome{}
	}
	for _, u := range got.Partly {
		byUID[u] = half(rest)
	}
	for _, u := range got.Remain {
		byUID[u] = provider.Outcome{Remains: true}
	}
	for _, u := range got.Both {
		byUID[u] = provider.Outcome{Err: inBoth(rest)}
	}
	for _, u := range got.Missing {
		byUID[u] = provider.Outcome{Err: gone()}
	}
	for _, u := range got.Marked {
		byUID[u] = provider.Outcome{Err: marked()}
	}
	for _, u := range got.Unsure {
		byUID[u] = provider.Outcome{Err: unsure()}
	}
	out := make([]provider.Outcome, 0, len(g.refs))
	for _, r := range g.refs {
		o, ok := byUID[r.uid]
		if !ok {
			if o.Err = rest; rest == nil {
				o.Err = unsure()
			}
		}
		o.ID = r.id
		out = append(out, o)
	}
	return out
}

// flagName pairs a flag with its name on the wire (RFC 9051 section 2.3.2), in
// no certain case.
type flagName struct {
	flag provider.Flags
	name string
}

func namedFlags() []flagName {
	return []flagName{
		{provider.Seen, `\Seen`}, {provider.Answered, `\Answered`}, {provider.Flagged, `\Flagged`},
		{provider.Draft, `\Draft`}, {provider.Deleted, `\Deleted`}, {provider.Handled, handledKeyword},
	}
}

func flagNames(f provider.Flags) []string {
	var names []string
	for _, s := range namedFlags() {
		if f.Has(s.flag) {
			names = append(names, s.name)
		}
	}
	return names
}

// readFlags splits flags into those we name and keywords.
func readFlags(names []string) (flags provider.Flags, labels []string) {
	for _, name := range names {
		known := name == "" || name[0] == '\\'
		for _, s := range namedFlags() {
			if strings.EqualFold(s.name, name) {
				flags, known = flags|s.flag, true
			}
		}
		if !known {
			labels = append(labels, name)
		}
	}
	return flags, labels
}
