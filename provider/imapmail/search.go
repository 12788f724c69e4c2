package imapmail

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// searchWorkers is how many folders are searched at a time: as many as the
// pool has connections by default.
const searchWorkers = imapx.DefaultMaxConns

// Search finds messages in one folder, in several or in all but Trash and Junk.
//
// A folder's hits come by falling UID: the last to arrive first, also where a
// message of last year arrived this morning. Hits of several folders come newest
// first by the time they were received where a page has room for the hits of
// each folder, else each folder's order stands and the newest of their next
// hits comes first. A search that takes longer than Options.SearchTime ends
// with what it has, as a Partial page.
func (b *Backend) Search(ctx context.Context, q provider.Query, page provider.PageRequest) (provider.Page[provider.Summary], error) {
	var none provider.Page[provider.Summary]
	plan, err := newPlan(q)
	if err != nil {
		return none, err
	}
	if page.Limit <= 0 {
		page.Limit = provider.DefaultLimit
	}
	if err := b.onlyAfter(plan, q); err != nil {
		return none, err
	}
	folders, err := b.where(ctx, q)
	if err != nil {
		return none, err
	}
	listing, err := b.searchListing(q)
	if err != nil {
		return none, err
	}
	key, byDate, err := resumeByDate(page.After, listing)
	if err != nil {
		return none, err
	}
	job := searchJob{plan: plan, folders: folders, limit: page.Limit, named: len(q.In) > 0, pace: b.newPace(readsOf(plan.server) > readsNothing)}
	if byDate {
		return b.searchByDate(ctx, q, job, key, listing)
	}
	if job.places, err = resumeSearch(page.After, folders, listing); err != nil {
		return none, err
	}
	results, err := b.searchFolders(ctx, job)
	if err != nil {
		return none, err
	}
	if page.After == "" && len(folders) > 1 && !plan.server.InBodies() && allAtHand(results) {
		return mergeByDate(results, dateKey{}, listing, page.Limit)
	}
	return merge(results, folders, listing, page.Limit)
}

// onlyAfter leaves out what is not above the message that the query names.
func (b *Backend) onlyAfter(p *plan, q provider.Query) error {
	if q.After == "" {
		return nil
	}
	r, err := b.parseMark(q.After)
	if err != nil {
		return err
	}
	if len(q.In) != 1 || provider.ShortHash(inbox(string(q.In[0])), folderHash) != r.hash {
		return invalid("what comes after a message is looked for in its own folder")
	}
	p.validity = r.validity
	for _, crit := range []*imapx.Criteria{&p.server, p.ascii} {
		if crit != nil {
			crit.From = max(crit.From, r.uid+min(1, nothing-r.uid))
		}
	}
	return nil
}

// searchJob is a search of several folders.
type searchJob struct {
	plan    *plan
	folders []string
	places  map[string]place // where each goes on; nil: from the top
	limit   int
	named   bool // by the caller
	pace    *pace
}

// searchListing binds a cursor to account and query.
func (b *Backend) searchListing(q provider.Query) (string, error) {
	words, err := json.Marshal(q)
	return "search\x00" + b.opts.Account + "\x00" + string(words), err
}

// where lists the folders to look in. Where a service shows all mail in one
// folder, that one stands for all others but Trash and Junk, which it leaves out.
func (b *Backend) where(ctx context.Context, q provider.Query) ([]string, error) {
	var names []string
	for _, id := range q.In {
		if name := inbox(string(id)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		return names, nil
	}
	list, err := b.list(ctx, false)
	if err != nil {
		return nil, err
	}
	all := slices.ContainsFunc(list, func(f imapx.Folder) bool { return f.Use == imapx.UseAll && !f.NoSelect })
	for _, f := range list {
		switch {
		case f.NoSelect, f.Use == imapx.UseFlagged:
		case f.Use == imapx.UseTrash, f.Use == imapx.UseJunk:
			if q.Everywhere {
				names = append(names, f.Name)
			}
		case !all || f.Use == imapx.UseAll:
			names = append(names, f.Name)
		}
	}
	return names, nil
}

// slice is one folder's part of a page.
type slice struct {
	folder string
	place  place
	found
	err error // why there is nothing of it
}

// searchFolders looks through folders, a few at a time, each from its place on.
// It fails when all fail, or for a reason that is not one folder's.
func (b *Backend) searchFolders(ctx context.Context, j searchJob) ([]slice, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	results := make([]slice, len(j.folders))
	next := make(chan int)
	for range min(searchWorkers, len(j.folders)) {
		wg.Go(func() {
			for i := range next {
				results[i] = b.searchFolder(ctx, j.folders[i], j)
				if err := results[i].err; err != nil && !ofFolder(err) {
					cancel(err)
				}
			}
		})
	}
	for _, i := range j.order() {
		next <- i
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		err := context.Cause(ctx)
		if isContext(err) {
			return nil, err
		}
		return nil, folderError(err)
	}
	return results, failedAll(results)
}

// order puts folders that no page has looked into before those that go on.
func (j searchJob) order() []int {
	var first, then []int
	for i, folder := range j.folders {
		if p, goesOn := j.places[folder]; goesOn && p != (place{}) {
			then = append(then, i)
		} else {
			first = append(first, i)
		}
	}
	return append(first, then...)
}

// failedAll is the error of a search in which no folder could be searched, and
// words the errors of the others.
func failedAll(results []slice) error {
	var first error
	worked := len(results) == 0
	for i, s := range results {
		if s.err == nil {
			worked = worked || s.asked()
			continue
		}
		results[i].err = inFolder(s.folder, s.err)
		first = cmp.Or(first, results[i].err)
	}
	if worked {
		return nil
	}
	return first
}

// asked reports whether the folder was to be searched at all.
func (s slice) asked() bool { return s.place.validity > 0 || s.more }

func (b *Backend) searchFolder(ctx context.Context, folder string, j searchJob) slice {
	at, goesOn := j.places[folder]
	s := slice{folder: folder, place: at, found: found{last: at.below}}
	if j.places != nil && !goesOn {
		return s // an earlier page has had all of it
	}
	if ctx.Err() == nil && !j.pace.begin() {
		s.more, s.short = true, true
		return s
	}
	err := b.pool.Read(ctx, folder, func(c *imapx.Conn) error {
		if expected := cmp.Or(at.validity, j.plan.validity); expected > 0 {
			if err := c.Expect(expected); err != nil {
				return err
			}
		}
		f, err := b.scanCharset(ctx, c, at.below, j)
		if err == nil {
			s.place, s.found = place{validity: c.Mailbox().UIDValidity, below: at.below}, f
		}
		return err
	})
	switch {
	case err == nil:
		b.learn(folder)
	case !j.named && errors.Is(err, imapx.NotFound): // it went away since the folders were listed
	default:
		s.err = err
	}
	return s
}

// scanCharset does without the server for text beyond ASCII where it refuses
// that, if we can decide it ourselves.
func (b *Backend) scanCharset(ctx context.Context, c *imapx.Conn, below imapx.UID, j searchJob) (found, error) {
	job := scanJob{crit: j.plan.server, below: below, limit: j.limit, sieve: j.plan.sieve(), pace: j.pace}
	own := job
	if j.plan.ascii != nil {
		own.crit, own.sieve = *j.plan.ascii, j.plan.alone()
	}
	if j.plan.foreign && j.plan.ascii != nil && b.asciiOnly.Load() {
		return b.scan(ctx, c, own)
	}
	f, err := b.scan(ctx, c, job)
	if !imapx.IsCharset(err, j.plan.server) {
		return f, err
	}
	var e *imapx.Error
	certain := errors.As(err, &e) && (e.Code == "BADCHARSET" || e.Kind == imapx.Protocol)
	if j.plan.ascii == nil {
		return found{}, foreignText(err)
	}
	f, again := b.scan(ctx, c, own)
	if again != nil {
		return found{}, again
	}
	if certain {
		b.asciiOnly.Store(true)
	}
	return f, nil
}

func foreignText(err error) error {
	var e *imapx.Error
	errors.As(err, &e)
	return &provider.Error{
		Code: provider.Unsupported, Hint: "the server searches bodies for ASCII text only: search for other words", Err: told{e.Error(), err},
	}
}

// ofFolder tells a failure in one folder from one that others would meet too.
func ofFolder(err error) bool {
	var known *provider.Error
	var e *imapx.Error
	if isContext(err) || errors.As(err, &known) && known.Code == provider.Unsupported || !errors.As(err, &e) {
		return errors.As(err, &known) && known.Code == provider.Unavailable
	}
	switch e.Kind {
	case imapx.Auth, imapx.TLS, imapx.Closed, imapx.Invalid:
		return false
	default:
	}
	switch e.Op {
	case "EXAMINE", "UID SEARCH", "UID FETCH", "FETCH":
		return true
	}
	return false
}

// lasting reports an error that the same question meets again.
func lasting(err error) bool {
	switch provider.CodeOf(err) {
	case provider.Unavailable, provider.RateLimited:
		return false
	}
	return true
}

// inFolder says which folder failed, so that the others can be named instead.
func inFolder(folder string, err error) error {
	var known *provider.Error
	if err = folderError(err); errors.As(err, &known) && known.Err != nil {
		copied := *known
		copied.Err = told{"folder " + strconv.Quote(clip(folder)) + ": " + known.Err.Error(), known.Err}
		return &copied
	}
	return err
}

// merge takes the newest of all folders, keeping each folder's own order, so
// that a page is never short of what a later one has and nothing comes twice.
func merge(results []slice, folders []string, listing string, limit int) (provider.Page[provider.Summary], error) {
	var page provider.Page[provider.Summary]
	taken := make([]int, len(results))
	var from []int // which folder each item is of
	for len(page.Items) < limit {
		best := -1
		for i, s := range results {
			if taken[i] < len(s.items) && (best < 0 || newer(s.items[taken[i]], results[best].items[taken[best]])) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		page.Items, from = append(page.Items, results[best].items[taken[best]]), append(from, best)
		taken[best]++
	}
	sum(&page, results)
	if len(page.Items) > 0 {
		page.At = func(i int) (provider.Cursor, error) {
			upTo := make([]int, len(results))
			for _, f := range from[:i+1] {
				upTo[f]++
			}
			return nextSearch(behind(results, upTo, from[i]), folders, listing)
		}
	}
	var err error
	page.Next, err = nextSearch(behind(results, taken, -1), folders, listing)
	return page, err
}

// sum adds what the folders say beside their hits.
func sum(page *provider.Page[provider.Summary], results []slice) {
	counted, dated := true, true
	for _, s := range results {
		page.Total += s.total
		counted = counted && s.err == nil && (s.total > 0 || len(s.items) == 0 && !s.more)
		page.Failed = append(page.Failed, s.failed...)
		if s.err != nil {
			page.Failed = append(page.Failed, provider.Outcome{Err: s.err})
		}
		if s.short {
			page.Partial, dated = true, dated && !s.reached.IsZero()
			if s.reached.After(page.Reached) {
				page.Reached = s.reached
			}
		}
	}
	if !counted {
		page.Total = 0
	}
	if !dated {
		page.Reached = time.Time{}
	}
}

// behind lists the places that go on after so many items of each folder.
// Folders without more are left out, but for the one numbered keep. One that
// failed goes on where it stood, unless it would fail for ever.
func behind(results []slice, taken []int, keep int) map[string]place {
	places := make(map[string]place)
	for i, s := range results {
		switch {
		case s.err != nil && lasting(s.err):
			continue
		case s.err != nil:
		case taken[i] < len(s.items) && taken[i] > 0, i == keep && !s.more:
			s.place.below = s.uids[taken[i]-1]
		case taken[i] < len(s.items):
		case s.more:
			s.place.below = s.last
		default:
			continue
		}
		places[s.folder] = s.place
	}
	return places
}

func newer(a, b provider.Summary) bool {
	if c := a.Received.Compare(b.Received); c != 0 {
		return c > 0
	}
	return cmp.Compare(a.ID, b.ID) > 0
}
