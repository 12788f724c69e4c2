package provider

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Bounds of waiting.
const (
	DefaultWait = 30 * time.Second
	MaxWait     = time.Hour
	// MaxWaits is how many waits one account serves at a time: each looks at the
	// mailbox whenever something arrives.
	MaxWaits = 16
)

const (
	// firstPause is how soon a wait looks again after a look that found nothing;
	// every further pause is twice as long. Servers whose search goes by an index
	// find a message only seconds after they told of it.
	firstPause = 2 * time.Second
	// lastPause bounds the pause where looking is the only way to hear of mail.
	lastPause = 16 * time.Second
	// lastLook is how long after the time is up a look may go on.
	lastLook = 5 * time.Second
)

// ErrTooManyWaits is the cause when MaxWaits are under way already.
var ErrTooManyWaits = errors.New("too many waits at a time on one account")

// WaitRequest says what to wait for.
type WaitRequest struct {
	// Query is what a message must match. In names the one folder to look in.
	// After is the mark of an earlier wait, or a message: what arrived behind it
	// counts. Empty: what arrives from now on.
	Query Query
	// Since lets messages count too that are there already, received at or after
	// it. Not together with After.
	Since time.Time
	For   time.Duration // 0 means DefaultWait, above MaxWait is lowered
	Limit int           // of the messages returned; as in PageRequest
}

// Waited is what a wait found.
type Waited struct {
	Items  []Summary // the last to arrive first; empty: the time was up
	Failed []Outcome // what arrived and could not be looked at
	More   bool      // more arrived than Items shows, before them
	// Mark is the After of a wait that goes on where this one ended: behind the
	// last of Items. What arrived before that and a search finds only later, as
	// on a server whose index lags, no such wait finds.
	Mark MessageID
}

// Wait returns as soon as a message that matches has arrived, or when the time
// is up, which is no error. It looks first, then watches, or polls where the
// backend does not tell of mail. A server that goes out of reach ends it only if
// the last look fails too. A look that goes on when the time is up is given up 5
// seconds later. Close ends it as Unavailable.
func (a *Account) Wait(ctx context.Context, req WaitRequest) (Waited, error) {
	const op = "wait"
	w, err := a.newWait(ctx, op, req)
	if err != nil {
		return Waited{}, err
	}
	until, done, err := a.waits.begin(ctx)
	if err != nil {
		return Waited{}, wrap(op, err)
	}
	defer done()
	out, err := w.run(until)
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(until), errAccountClosed) {
		err = errAccountClosed
	}
	return out, a.folderGone(wrap(op, err))
}

// wait is one call of Wait.
type wait struct {
	a      *Account
	query  Query
	since  time.Time
	length time.Duration
	limit  int
	mark   MessageID
	ids    *arrivals // nil: the backend has marks of its own
	looked time.Time // when a look ended last
	before error     // of that look
	sure   bool      // what was there at some time is known
	failed []Outcome // of the last look that went well
}

func (a *Account) newWait(ctx context.Context, op string, req WaitRequest) (*wait, error) {
	if _, err := use[Searcher](ctx, a, op, CapSearch); err != nil {
		return nil, err
	}
	q := req.Query
	if len(q.In) != 1 {
		return nil, invalid(op, "a wait is for mail in one folder")
	}
	w := &wait{a: a, query: q, since: req.Since, length: min(req.For, MaxWait), limit: req.Limit, mark: q.After}
	if !a.Capabilities().Can(CapWatch) {
		if _, err := use[Reader](ctx, a, op, CapRead); err != nil {
			return nil, err
		}
		w.ids = &arrivals{a: a, folder: q.In[0]}
	}
	switch {
	case req.For < 0:
		return nil, invalid(op, "the time is negative")
	case req.For == 0:
		w.length = DefaultWait
	}
	if q.After != "" && !req.Since.IsZero() {
		return nil, invalid(op, "a wait goes on after a mark or counts since a time, not both")
	}
	if err := q.validate(op); err != nil {
		return nil, err
	}
	if err := a.checkAfter(op, q); err != nil {
		return nil, err
	}
	page, err := PageRequest{Limit: req.Limit}.clamp(op)
	w.limit, w.query.After = page.Limit, ""
	return w, err
}

// run ends a look that takes longer than there is time. The call answers then,
// too, unless no look before that one went well.
func (w *wait) run(ctx context.Context) (Waited, error) {
	end := time.Now().Add(w.length)
	rest := lastLook
	if deadline, ok := ctx.Deadline(); ok && deadline.After(end) {
		rest = min(rest, deadline.Sub(end)/2) // the answer takes time as well
	}
	looks, cancel := context.WithDeadline(ctx, end.Add(rest))
	defer cancel()
	out, err := w.until(looks, end)
	switch {
	case ctx.Err() != nil || looks.Err() == nil || !errors.Is(err, context.DeadlineExceeded):
		return out, err
	case w.before != nil:
		return w.nothing(), w.before
	case !w.sure:
		return w.nothing(), &Error{Code: Unavailable, Hint: "wait longer, or for less", Err: errors.New("the search took longer than the wait")}
	}
	return w.nothing(), nil
}

// until looks, and waits between the looks.
func (w *wait) until(ctx context.Context, end time.Time) (Waited, error) {
	out, err := w.first(ctx)
	if err != nil || len(out.Items) > 0 {
		return out, err
	}
	v := w.a.view(ctx, w.query.In[0], w.ids == nil)
	defer v.close()
	for pause := firstPause; ; {
		left := time.Until(end)
		if left <= 0 {
			return w.last(ctx)
		}
		timer, clock := time.NewTimer(min(pause, left)), false
		select {
		case <-v.told:
			pause = firstPause
		case <-timer.C:
			if clock, pause = true, pause*2; v.blind {
				pause = min(pause, lastPause)
			}
			if time.Until(end) <= 0 {
				continue
			}
		case gone := <-v.ended:
			timer.Stop()
			if ctx.Err() != nil || !passing(gone) {
				return w.nothing(), gone
			}
			v.blind = true // the watch did not last: look by the clock
			continue
		case <-ctx.Done():
			timer.Stop()
			return w.nothing(), ctx.Err()
		}
		timer.Stop()
		if out, err = w.look(ctx, clock); len(out.Items) > 0 || err != nil && !passing(err) {
			return out, err
		}
	}
}

// passing reports a failure that may be over soon.
func passing(err error) bool {
	code := CodeOf(err)
	return code == Unavailable || code == RateLimited
}

// first notes how far the folder is and looks at what is there already.
func (w *wait) first(ctx context.Context) (Waited, error) {
	if w.mark == "" {
		var err error
		if w.ids != nil {
			w.mark, err = w.ids.mark(ctx)
		} else {
			w.mark, err = w.a.Mark(ctx, w.query.In[0])
		}
		if err != nil {
			return Waited{}, err
		}
		if w.since.IsZero() {
			w.sure = true
			return w.nothing(), nil // what comes meanwhile is found by the next look
		}
		out, err := w.already(ctx)
		w.sure = err == nil
		return out, err
	}
	return w.look(ctx, false)
}

// already looks for what was received since a time.
func (w *wait) already(ctx context.Context) (Waited, error) {
	q := w.query
	if q.Since.Before(w.since) {
		q.Since = w.since
	}
	return w.search(ctx, q)
}

func (w *wait) search(ctx context.Context, q Query) (Waited, error) {
	page, err := w.page(ctx, q)
	if err != nil {
		return w.nothing(), err
	}
	return w.found(page), nil
}

// page returns the first page that holds anything: a page may be empty and not
// the last.
func (w *wait) page(ctx context.Context, q Query) (Page[Summary], error) {
	var failed []Outcome
	req := PageRequest{Limit: w.limit}
	for {
		page, err := w.a.Search(ctx, q, req)
		if err != nil {
			return Page[Summary]{}, err
		}
		failed = append(failed, page.Failed...)
		if len(page.Items) > 0 || page.Next == "" || page.Next == req.After {
			page.Failed = failed
			return page, nil
		}
		req.After = page.Next
	}
}

// look searches what arrived behind the mark and, again, since the time: a
// search index may have taken in only now what was there before.
func (w *wait) look(ctx context.Context, again bool) (Waited, error) {
	out, err := w.arrived(ctx)
	if again && err == nil && len(out.Items) == 0 && !w.since.IsZero() {
		out, err = w.already(ctx)
	}
	w.looked = time.Now()
	if ctx.Err() == nil { // a look that ran out of time says nothing of the server
		w.before, w.sure = err, w.sure || err == nil
	}
	return out, err
}

// arrived searches what arrived behind the mark.
func (w *wait) arrived(ctx context.Context) (Waited, error) {
	q := w.query
	if w.ids == nil {
		q.After = w.mark
		return w.search(ctx, q)
	}
	fresh, err := w.ids.since(ctx, w.mark)
	if err != nil || len(fresh) == 0 {
		return w.nothing(), err
	}
	page, err := w.page(ctx, q)
	if err != nil {
		return w.nothing(), err
	}
	n := slices.IndexFunc(page.Items, func(s Summary) bool { return !fresh[s.ID] })
	if n >= 0 {
		page.Items, page.Next = page.Items[:n], ""
	}
	page.Failed = slices.DeleteFunc(slices.Clone(page.Failed), func(o Outcome) bool { return o.ID != "" && !fresh[o.ID] })
	return w.found(page), nil
}

// last is the look at the end of the time, unless there was one just now.
func (w *wait) last(ctx context.Context) (Waited, error) {
	if w.before == nil && time.Since(w.looked) < firstPause/2 {
		return w.nothing(), nil
	}
	return w.look(ctx, true)
}

func (w *wait) nothing() Waited { return Waited{Failed: w.failed, Mark: w.mark} }

func (w *wait) found(page Page[Summary]) Waited {
	w.failed = page.Failed
	out := Waited{Items: page.Items, Failed: page.Failed, More: page.Next != "" && len(page.Items) > 0, Mark: w.mark}
	if len(page.Items) > 0 {
		out.Mark = page.Items[0].ID
	}
	return out
}

// view is a watch on one folder beside the wait.
type view struct {
	told  chan struct{} // holds one
	ended chan error
	blind bool // nothing tells
	close func()
}

func (a *Account) view(ctx context.Context, folder FolderID, watch bool) *view {
	v := &view{told: make(chan struct{}, 1), ended: make(chan error, 1), blind: !watch, close: func() {}}
	if !watch {
		return v
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		v.ended <- a.Watch(ctx, []FolderID{folder}, func(FolderID) {
			select {
			case v.told <- struct{}{}:
			default:
			}
		})
	}()
	v.close = func() {
		cancel()
		<-over
	}
	return v
}
