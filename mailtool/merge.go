package mailtool

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/postern-mail/postern/provider"
)

// mergePrefix marks a cursor that holds one cursor for each of several accounts:
// prefix, then ".tag.cursor" for each account that has more.
const mergePrefix = "m1"

// maxMergedCursor bounds such a cursor in bytes.
const maxMergedCursor = 16 << 10

// usualCursor is what one account's cursor takes, in bytes.
const usualCursor = 200

// merged runs a list on every account and merges the answers newest first. An
// account that fails is named; only when all fail the call fails.
func (k *call) merged(ctx context.Context) (out *Rows, err error) {
	defer k.recovered(&err)
	starts, err := k.starts()
	if err != nil {
		return nil, err
	}
	lists := make([]*accountList, len(starts))
	var wg sync.WaitGroup
	for i, s := range starts {
		wg.Go(func() { lists[i] = k.list(ctx, s) })
	}
	wg.Wait()
	out, err = mergeLists(lists, k.limit())
	if err == nil && (len(starts) < len(k.accounts) || slices.ContainsFunc(lists, (*accountList).uncounted)) {
		out.Total = nil
	}
	return out, err
}

// uncounted reports that nobody said how many match in the account.
func (l *accountList) uncounted() bool {
	return l.err != nil || l.rows.Total == nil
}

// start is where one account's list goes on.
type start struct {
	account Account
	cursor  string
}

// starts reads the cursor of a merged list; without one, all accounts start.
func (k *call) starts() ([]start, error) {
	given := k.args.texts("cursor")
	if len(given) == 0 || given[0] == "" {
		var all []start
		for _, a := range k.accounts {
			all = append(all, start{account: a})
		}
		return all, nil
	}
	bad := refuse(Invalid, "the cursor belongs to another listing", "hand next_cursor back unchanged, with the same arguments, or start again without a cursor")
	parts := strings.Split(given[0], ".")
	if len(given[0]) > maxMergedCursor || parts[0] != mergePrefix || len(parts)%2 != 1 || len(parts) < 3 {
		return nil, bad
	}
	var list []start
	for p := parts[1:]; len(p) > 0; p = p[2:] {
		i := slices.IndexFunc(k.accounts, func(a Account) bool { return a.Mail.Tag() == p[0] })
		if i < 0 || slices.ContainsFunc(list, func(s start) bool { return s.account.ID == k.accounts[i].ID }) {
			return nil, bad
		}
		list = append(list, start{k.accounts[i], p[1]})
	}
	return list, nil
}

// accountList is one account's part of a merged list.
type accountList struct {
	start
	rows  *Rows
	err   error
	taken int
}

func (k *call) list(ctx context.Context, s start) *accountList {
	l := &accountList{start: s}
	args := k.args.with("cursor", nil)
	if s.cursor != "" {
		raw, err := compact(s.cursor)
		if err != nil {
			l.err = err
			return l
		}
		args = args.with("cursor", json.RawMessage(raw))
	}
	out, err := k.handle(ctx, k.env(s.account), args)
	l.rows, _ = out.(*Rows)
	l.err = err
	return l
}

// mergeLists takes the newest heads first and keeps each account's own order.
func mergeLists(lists []*accountList, limit int) (*Rows, error) {
	total := 0
	out := &Rows{Rows: [][]string{}, Total: &total}
	var firstErr error
	var working []*accountList
	for _, l := range lists {
		if l.err != nil {
			firstErr = cmp.Or(firstErr, l.err)
			f := failure("", l.err)
			f.Mailbox = string(l.account.ID)
			out.Failed = append(out.Failed, f)
			continue
		}
		working = append(working, l)
		for _, f := range l.rows.Failed {
			f.Mailbox = string(l.account.ID)
			out.Failed = append(out.Failed, f)
		}
		if l.rows.Total != nil {
			total += *l.rows.Total
		}
		out.Columns = append([]string{mailboxParam}, l.rows.Columns...)
		if out.Untrusted == "" {
			out.Untrusted, out.Now = l.rows.Untrusted, l.rows.Now
		}
	}
	if len(working) == 0 {
		return nil, firstErr
	}
	out.Failed = sparing(out.Failed)
	space := room(maxAnswerBytes - answerFrame - jsonSize(out.Failed))
	reserved := room(0)
	for _, l := range working {
		reserved += room(max(len(l.rows.NextCursor), usualCursor))
	}
	space -= reserved
	var from []*accountList // whose each row is
	for len(out.Rows) < limit {
		l := newest(working)
		if l == nil {
			break
		}
		row := append([]string{string(l.account.ID)}, l.rows.Rows[l.taken]...)
		if !space.takes(row) && len(out.Rows) > 0 {
			break
		}
		out.Rows = append(out.Rows, row)
		out.keys = append(out.keys, l.key())
		from = append(from, l)
		l.taken++
	}
	if err := out.goOn(lists, from, space+reserved); err != nil {
		return nil, err
	}
	out.Partial = partialOf(working)
	return out, nil
}

// goOn sets the cursor, and puts rows back for which there is no space beside
// it: places in the middle of lists can be longer than those at their ends.
func (r *Rows) goOn(lists, from []*accountList, space room) (err error) {
	for {
		if r.NextCursor, err = nextMerged(lists); err != nil {
			return err
		}
		n := len(r.Rows) - 1
		if room(len(r.NextCursor)) <= space || n < 1 {
			return nil
		}
		space += room(jsonSize(r.Rows[n]))
		r.Rows, r.keys = r.Rows[:n], r.keys[:n]
		from[n].taken--
	}
}

// partialOf is how far the lists got that are used up.
func partialOf(lists []*accountList) (note string) {
	for _, l := range lists {
		switch {
		case l.rows.Partial == "" || l.taken < len(l.rows.Rows):
		case note == "":
			note = l.rows.Partial
		case note != l.rows.Partial:
			note = partial(time.Time{}, nil)
		}
	}
	return note
}

// newest is the list whose next row is the newest; nil when all are used up.
func newest(lists []*accountList) *accountList {
	var best *accountList
	for _, l := range lists {
		if l.taken < len(l.rows.Rows) && (best == nil || l.key().After(best.key())) {
			best = l
		}
	}
	return best
}

func (l *accountList) key() time.Time {
	if l.taken < len(l.rows.keys) {
		return l.rows.keys[l.taken]
	}
	return time.Time{}
}

// nextMerged is the cursor after what was taken. An account that failed goes on
// where it stood, so that nothing of it is skipped.
func nextMerged(lists []*accountList) (string, error) {
	var b strings.Builder
	more := false
	for _, l := range lists {
		cursor := l.cursor
		switch {
		case l.err != nil:
			more = more || cursor != "" // else it can be listed anew, by itself
		case l.taken == len(l.rows.Rows):
			if cursor = l.rows.NextCursor; cursor == "" {
				continue
			}
			more = true
		case l.taken == 0:
			more = true
		default:
			at, err := l.rows.cursorAfter(l.taken - 1)
			if err != nil {
				return "", err
			}
			cursor, more = string(at), true
		}
		b.WriteString("." + l.account.Mail.Tag() + "." + cursor)
	}
	if !more {
		return "", nil
	}
	if b.Len() > maxMergedCursor-len(mergePrefix) {
		return "", refuse(TooLarge, "the lists of so many accounts cannot be continued together", "ask for one mailbox at a time")
	}
	return mergePrefix + b.String(), nil
}

func (r *Rows) cursorAfter(i int) (provider.Cursor, error) {
	if r.at == nil {
		return "", refuse(Internal, "the list cannot be continued in the middle", "ask for one mailbox at a time")
	}
	return r.at(i)
}
