package imapmail

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// ListMessages lists a folder by falling UID. The first page without filters
// is one round trip, every other one two.
func (b *Backend) ListMessages(ctx context.Context, opts provider.ListOptions, page provider.PageRequest) (out provider.Page[provider.Summary], err error) {
	folder := inbox(string(opts.Folder))
	if page.Limit <= 0 {
		page.Limit = provider.DefaultLimit
	}
	listing := strings.Join([]string{
		"list", b.opts.Account, folder, strconv.FormatBool(opts.UnreadOnly), strconv.FormatBool(opts.UnhandledOnly), stamp(opts.Since), stamp(opts.Before),
	}, "\x00")
	err = b.pool.Read(ctx, folder, func(c *imapx.Conn) error {
		epoch := strconv.FormatUint(uint64(c.Mailbox().UIDValidity), 10)
		below, err := resume(page.After, listing, epoch)
		if err != nil {
			return err
		}
		f, err := b.listPage(ctx, c, opts, below, page.Limit)
		if err != nil {
			return err
		}
		out = provider.Page[provider.Summary]{Items: f.items, Total: f.total, Failed: f.failed, Partial: f.short, Reached: f.reached}
		cursor := func(u imapx.UID) (provider.Cursor, error) {
			return provider.Place{Listing: listing, Epoch: epoch, Key: formatUID(u)}.Cursor()
		}
		if len(f.items) > 0 {
			out.At = func(i int) (provider.Cursor, error) { return cursor(f.uids[i]) }
		}
		if f.more {
			out.Next, err = cursor(f.last)
		}
		return err
	})
	if err != nil {
		return provider.Page[provider.Summary]{}, folderError(err)
	}
	b.learn(folder)
	return out, nil
}

func (b *Backend) listPage(ctx context.Context, c *imapx.Conn, opts provider.ListOptions, below imapx.UID, limit int) (found, error) {
	if below > 0 || opts.UnreadOnly || opts.UnhandledOnly || !opts.Since.IsZero() || !opts.Before.IsZero() {
		crit := imapx.Criteria{}
		if opts.UnreadOnly {
			crit.NoFlags = []string{`\Seen`}
		}
		if opts.UnhandledOnly {
			crit.NoFlags = append(crit.NoFlags, handledKeyword)
		}
		crit.Since, crit.Before = widen(opts.Since, opts.Before)
		job := scanJob{crit: crit, below: below, limit: limit, pace: b.newPace(false)}
		job.sieve.keep = received(opts.Since, opts.Before)
		return b.scan(ctx, c, job)
	}
	f, total, err := c.FetchNewest(ctx, limit, summaryItems())
	if err != nil {
		return found{}, err
	}
	out := found{total: total, more: total > len(f.Messages)+len(f.Missing)+len(f.Incomplete)}
	for _, m := range f.Messages {
		s := b.summarize(c.Mailbox(), m)
		out.items, out.uids = append(out.items, s), append(out.uids, m.UID)
		out.last = m.UID
	}
	for _, u := range f.Incomplete {
		out.failed = append(out.failed, b.damaged(c.Mailbox(), u, f.Why))
	}
	for _, u := range slices.Concat(f.Incomplete, f.Missing) {
		if out.last == 0 || u < out.last {
			out.last = u
		}
	}
	out.more = out.more && out.last > 1
	return out, nil
}

// widen makes days of instants: servers compare dates only, and each in its
// own zone, which is at most 14 hours from ours (RFC 9051 section 6.4.4).
func widen(since, before time.Time) (from, to time.Time) {
	if !since.IsZero() {
		from = since.UTC().AddDate(0, 0, -1)
	}
	if !before.IsZero() {
		to = before.UTC().AddDate(0, 0, 2)
	}
	return from, to
}

// received keeps messages by the instant they arrived; nil without bounds.
func received(since, before time.Time) func(entry) bool {
	if since.IsZero() && before.IsZero() {
		return nil
	}
	return func(s entry) bool {
		return (since.IsZero() || !s.Received.Before(since)) && (before.IsZero() || s.Received.Before(before))
	}
}

// resume returns the UID below which to go on, 0 for the first page.
func resume(after provider.Cursor, listing, epoch string) (imapx.UID, error) {
	if after == "" {
		return 0, nil
	}
	key, err := provider.Resume(after, listing, epoch)
	if err != nil {
		return 0, err
	}
	uid, err := strconv.ParseUint(key, 10, 32)
	if err != nil || uid == 0 {
		return 0, invalid("cursor is garbled")
	}
	return imapx.UID(uid), nil
}

func formatUID(u imapx.UID) string { return strconv.FormatUint(uint64(u), 10) }

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixNano(), 10)
}

// inbox spells the one name that has no case (RFC 9051 section 5.1).
func inbox(name string) string {
	if strings.EqualFold(name, "INBOX") {
		return "INBOX"
	}
	return name
}
