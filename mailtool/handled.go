package mailtool

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/postern-mail/postern/provider"
)

// handledParam is a parameter that speaks of handled marks: kept with the
// messages where the account does that, else in the journal.
func handledParam(name string) Param {
	return Param{Name: name, Needs: provider.Caps(provider.CapHandled), OrJournal: true}
}

func (env *Env) keepsHandled() bool { return env.Mail.Capabilities().Can(provider.CapHandled) }

func (env *Env) markBox() MarkBox {
	return MarkBox{Subject: env.Caller.Grant.Subject, Account: string(env.Account.ID)}
}

// setFlags changes flags. Messages whose folder does not keep handled marks have
// theirs in the journal, where there is one.
func (env *Env) setFlags(ctx context.Context, ids []provider.MessageID, change provider.FlagChange) ([]provider.Outcome, error) {
	journal := env.Caller.Journal
	if journal == nil || !(change.Add | change.Remove).Has(provider.Handled) {
		return env.Mail.SetFlags(ctx, ids, change)
	}
	var out []provider.Outcome
	rest := ids
	if env.keepsHandled() {
		var err error
		if out, err = env.Mail.SetFlags(ctx, ids, change); err != nil {
			return out, err
		}
		rest = nil
		for _, o := range out {
			if provider.CodeOf(o.Err) == provider.Unsupported {
				rest = append(rest, o.ID)
			}
		}
	}
	var late error
	if len(rest) > 0 {
		var second []provider.Outcome
		if second, late = env.setOthers(ctx, rest, change); late != nil && len(second) == 0 && len(out) == 0 {
			return nil, late
		}
		out = merged(out, second)
	}
	on := change.Add.Has(provider.Handled)
	var marked []string
	for _, o := range out {
		// A mark that was cleared on the server may also be in the journal, from
		// when the folder did not keep it.
		if o.Err == nil && (!on || slices.Contains(rest, o.ID)) {
			marked = append(marked, string(o.ID))
		}
	}
	if len(marked) == 0 {
		return out, late
	}
	if err := journal.Mark(ctx, env.markBox(), marked, on, env.Now); err != nil {
		for i, o := range out {
			if slices.Contains(marked, string(o.ID)) {
				out[i].Err = err
			}
		}
	}
	return out, late
}

// merged replaces outcomes by later ones for the same messages.
func merged(out, later []provider.Outcome) []provider.Outcome {
	if len(out) == 0 {
		return later
	}
	byID := make(map[provider.MessageID]provider.Outcome, len(later))
	for _, o := range later {
		byID[o.ID] = o
	}
	for i, o := range out {
		if now, ok := byID[o.ID]; ok {
			out[i] = now
		}
	}
	return out
}

// setOthers makes the change without its handled mark; where that leaves
// nothing, it looks which messages are there.
func (env *Env) setOthers(ctx context.Context, ids []provider.MessageID, change provider.FlagChange) ([]provider.Outcome, error) {
	change.Add &^= provider.Handled
	change.Remove &^= provider.Handled
	if change != (provider.FlagChange{}) {
		return env.Mail.SetFlags(ctx, ids, change)
	}
	return env.present(ctx, ids)
}

// carryMarks lets the journal's marks follow messages to their new ids. A mark
// that cannot be carried is lost, and undoes no move.
func (env *Env) carryMarks(ctx context.Context, move func() ([]provider.Outcome, error)) ([]provider.Outcome, error) {
	out, err := move()
	journal := env.Caller.Journal
	if journal == nil {
		return out, err
	}
	var old []string
	to := map[string]string{}
	for _, o := range out {
		if o.Err == nil && o.NewID != "" {
			old = append(old, string(o.ID))
			to[string(o.ID)] = string(o.NewID)
		}
	}
	if len(old) == 0 {
		return out, err
	}
	ctx = context.WithoutCancel(ctx) // the messages have moved
	marked, _, failed := journal.Marked(ctx, env.markBox(), old, env.Now)
	if failed != nil || len(marked) == 0 {
		return out, err
	}
	var now []string
	for _, id := range marked {
		now = append(now, to[id])
	}
	if journal.Mark(ctx, env.markBox(), now, true, env.Now) == nil {
		_ = journal.Mark(ctx, env.markBox(), marked, false, env.Now) // an old id names nothing any more
	}
	return out, err
}

// handledTerms say which messages of a list count by their handled mark.
type handledTerms struct{ with, without bool }

func (h handledTerms) any() bool { return h.with || h.without }

func (h handledTerms) match(s provider.Summary) bool {
	on := s.Flags.Has(provider.Handled)
	return (on || !h.with) && (!on || !h.without)
}

// peel takes the terms about the mark out of what every message must match.
func (h *handledTerms) peel(q provider.Query) provider.Query {
	h.with = h.with || q.With.Has(provider.Handled)
	h.without = h.without || q.Without.Has(provider.Handled)
	q.With, q.Without = q.With&^provider.Handled, q.Without&^provider.Handled
	var not []provider.Query
	for _, sub := range q.Not {
		switch {
		case only(sub, provider.Handled, 0):
			h.without = true
		case only(sub, 0, provider.Handled):
			h.with = true
		default:
			not = append(not, sub)
		}
	}
	q.Not = not
	return q
}

// only reports a query of these flags and nothing else.
func only(q provider.Query, with, without provider.Flags) bool {
	rest := q
	rest.With, rest.Without = 0, 0
	return q.With == with && q.Without == without && reflect.ValueOf(rest).IsZero()
}

// speaksOfHandled reports whether q or a part of it asks for the mark.
func speaksOfHandled(q provider.Query) bool {
	return (q.With | q.Without).Has(provider.Handled) || slices.ContainsFunc(q.Not, speaksOfHandled) ||
		slices.ContainsFunc(q.Any, func(group []provider.Query) bool { return slices.ContainsFunc(group, speaksOfHandled) })
}

// handledTerms divides a search for the mark between the server, which is asked
// where it knows, and the journal.
func (env *Env) handledTerms(ctx context.Context, q provider.Query) (provider.Query, handledTerms, error) {
	var terms handledTerms
	if env.Caller.Journal == nil || !speaksOfHandled(q) {
		return q, terms, nil
	}
	_, all, err := env.Caller.Journal.Marked(ctx, env.markBox(), nil, env.Now)
	if err != nil || env.keepsHandled() && all == 0 {
		return q, terms, err
	}
	q = terms.peel(q)
	if speaksOfHandled(q) {
		return q, terms, refuse(Unsupported, "handled cannot be looked for inside OR or a group here", "use is:handled or -is:handled beside the other terms")
	}
	if terms.without && env.keepsHandled() {
		q.Without |= provider.Handled
	}
	return q, terms, nil
}

// arriving is the query of a wait. What arrives is marked by nobody yet, except
// what was moved there, which a server that keeps marks knows.
func (env *Env) arriving(q provider.Query) (provider.Query, error) {
	if env.keepsHandled() || env.Caller.Journal == nil {
		return q, nil
	}
	var terms handledTerms
	if q = terms.peel(q); terms.with || speaksOfHandled(q) {
		return q, refuse(Unsupported, "a message that arrives is not handled yet", "leave is:handled out of query")
	}
	return q, nil
}

// maxSifted bounds how many pages a list looks at for those that count. Each is
// twice as long as the last, so that these are some 1,500 messages.
const maxSifted = 10

// sifted gets a page and leaves out rows by the mark, going on over further
// pages until there are as many as asked for. With nothing to leave out it only
// shows the journal's marks.
func (env *Env) sifted(
	ctx context.Context, req provider.PageRequest, terms handledTerms, get func(provider.PageRequest) (provider.Page[provider.Summary], error),
) (provider.Page[provider.Summary], error) {
	page, all, err := env.marked(ctx, req, get)
	if err != nil || env.Caller.Journal == nil || !terms.any() {
		return page, err
	}
	want := req.Limit
	if want <= 0 {
		want = provider.DefaultLimit
	}
	out := sieve{want: min(want, provider.MaxLimit), terms: terms}
	if all == 0 && env.keepsHandled() {
		out.page.Total = page.Total // the server's count leaves out what we do
	}
	size := out.want
	for n := 1; ; n++ {
		done, err := out.take(page)
		if err != nil || done {
			return out.finish(), err
		}
		if n == maxSifted {
			out.page.Partial = true
			return out.finish(), nil
		}
		size = min(2*size, provider.MaxLimit)
		next, _, err := env.marked(ctx, provider.PageRequest{Limit: size, After: out.page.Next}, get)
		if err != nil && (ctx.Err() != nil || len(out.page.Items) == 0) {
			return next, err
		}
		if err != nil {
			out.page.Partial = true // what came is shown, and the cursor leads back here
			return out.finish(), nil
		}
		page = next
	}
}

// marked gets a page with the journal's marks among its flags, and how many
// marks the journal has.
func (env *Env) marked(
	ctx context.Context, req provider.PageRequest, get func(provider.PageRequest) (provider.Page[provider.Summary], error),
) (provider.Page[provider.Summary], int, error) {
	page, err := get(req)
	if err != nil || env.Caller.Journal == nil {
		return page, 0, err
	}
	all, err := env.showMarks(ctx, page.Items)
	return page, all, err
}

// showMarks sets the flag of those that the journal has marked.
func (env *Env) showMarks(ctx context.Context, items []provider.Summary) (all int, err error) {
	var ids []string
	for _, s := range items {
		if !s.Flags.Has(provider.Handled) {
			ids = append(ids, string(s.ID))
		}
	}
	marked, all, err := env.Caller.Journal.Marked(ctx, env.markBox(), ids, env.Now)
	if err != nil || len(marked) == 0 {
		return all, err
	}
	on := make(map[string]bool, len(marked))
	for _, id := range marked {
		on[id] = true
	}
	for i, s := range items {
		if on[string(s.ID)] {
			items[i].Flags |= provider.Handled
		}
	}
	return all, nil
}

// markRead is showMarks for messages that were read.
func (env *Env) markRead(ctx context.Context, results []provider.ReadResult) error {
	if env.Caller.Journal == nil {
		return nil
	}
	items := make([]provider.Summary, len(results))
	for i, r := range results {
		if items[i].ID = r.ID; r.Message != nil {
			items[i] = r.Message.Summary
		}
	}
	if _, err := env.showMarks(ctx, items); err != nil {
		return err
	}
	for i, r := range results {
		if r.Message != nil {
			r.Message.Flags = items[i].Flags
		}
	}
	return nil
}

// sieve collects from several pages the rows that count.
type sieve struct {
	want    int
	terms   handledTerms
	page    provider.Page[provider.Summary]
	cursors []func() (provider.Cursor, error) // after each item
}

// take adds what counts of a page, and reports whether the list is full or at
// its end.
func (s *sieve) take(page provider.Page[provider.Summary]) (done bool, err error) {
	for _, f := range page.Failed { // a folder that fails does so on every page
		if !slices.ContainsFunc(s.page.Failed, func(o provider.Outcome) bool { return o.ID == f.ID && fmt.Sprint(o.Err) == fmt.Sprint(f.Err) }) {
			s.page.Failed = append(s.page.Failed, f)
		}
	}
	s.page.Partial, s.page.Next = page.Partial, page.Next
	if s.page.Reached = page.Reached; len(page.Items) > 0 && page.Reached.IsZero() {
		s.page.Reached = sortTime(page.Items[len(page.Items)-1])
	}
	for i, item := range page.Items {
		if !s.terms.match(item) {
			continue
		}
		if len(s.page.Items) == s.want {
			s.page.Partial, s.page.Reached = false, time.Time{}
			s.page.Next, err = s.cursors[s.want-1]()
			return true, err
		}
		s.page.Items = append(s.page.Items, item)
		s.cursors = append(s.cursors, func() (provider.Cursor, error) { return page.At(i) })
	}
	return page.Next == "" || page.Partial || len(s.page.Items) == s.want, nil
}

func (s *sieve) finish() provider.Page[provider.Summary] {
	if !s.page.Partial {
		s.page.Reached = time.Time{}
	}
	if cursors := s.cursors; len(cursors) > 0 {
		s.page.At = func(i int) (provider.Cursor, error) { return cursors[i]() }
	}
	return s.page
}
