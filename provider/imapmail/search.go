package imapmail

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// workers is how many of n folders are looked into at a time: as many as there
// may be connections, but no more than by default.
func (b *Backend) workers(n int) int {
	return min(cmp.Or(b.opts.IMAP.MaxConns, imapx.DefaultMaxConns), imapx.DefaultMaxConns, n)
}

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
	got, err := merge(results, folders, listing, page.Limit)
	if page.After != "" {
		got.Total = 0 // of the matches before it nobody has heard
	}
	return got, err
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
	seen := make(map[string]bool) // servers, too, name one twice
	add := func(name string) {
		if !seen[name] {
			names, seen[name] = append(names, name), true
		}
	}
	for _, id := range q.In {
		add(inbox(string(id)))
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
				add(f.Name)
			}
		case !all || f.Use == imapx.UseAll:
			add(f.Name)
		}
	}
	return names, nil
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
