package imapmail

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// searchWorkers is how many folders are searched at a time: as many as the
// pool has connections by default.
const searchWorkers = imapx.DefaultMaxConns

// Search finds messages in one folder, in several or in all but Trash and Junk.
func (b *Backend) Search(ctx context.Context, q provider.Query, page provider.PageRequest) (provider.Page[provider.Summary], error) {
	var none provider.Page[provider.Summary]
	plan, err := newPlan(q)
	if err != nil {
		return none, err
	}
	if page.Limit <= 0 {
		page.Limit = provider.DefaultLimit
	}
	folders, err := b.where(ctx, q)
	if err != nil {
		return none, err
	}
	listing, err := b.searchListing(q)
	if err != nil {
		return none, err
	}
	places, err := resumeSearch(page.After, folders, listing)
	if err != nil {
		return none, err
	}
	results, err := b.searchFolders(ctx, folders, places, plan, page.Limit, len(q.In) > 0)
	if err != nil {
		return none, err
	}
	return merge(results, folders, listing, page.Limit)
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
}

// searchFolders looks through folders, a few at a time, each from its place on.
func (b *Backend) searchFolders(ctx context.Context, folders []string, places map[string]place, plan *plan, limit int, named bool) ([]slice, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	results := make([]slice, len(folders))
	next := make(chan int)
	for range min(searchWorkers, len(folders)) {
		wg.Go(func() {
			for i := range next {
				s, err := b.searchFolder(ctx, folders[i], places, plan, limit)
				if err != nil && !named && errors.Is(err, imapx.NotFound) {
					continue // it went away since the folders were listed
				}
				if err != nil {
					cancel(inFolder(folders[i], err))
					continue
				}
				results[i] = s
			}
		})
	}
	for i := range folders {
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
	return results, nil
}

func (b *Backend) searchFolder(ctx context.Context, folder string, places map[string]place, plan *plan, limit int) (s slice, err error) {
	at, goesOn := places[folder]
	if places != nil && !goesOn {
		return slice{folder: folder}, nil // an earlier page has had all of it
	}
	err = b.pool.Read(ctx, folder, func(c *imapx.Conn) error {
		if goesOn {
			if err := c.Expect(at.validity); err != nil {
				return err
			}
		}
		f, err := b.scan(ctx, c, plan.server, at.below, limit, plan.filter())
		var e *imapx.Error
		if errors.As(err, &e) && e.Code == "BADCHARSET" && plan.ascii != nil {
			// RFC 9051 section 6.4.4: the server matches no text beyond ASCII; we do.
			f, err = b.scan(ctx, c, *plan.ascii, at.below, limit, plan.matchAll)
		}
		s = slice{folder: folder, place: place{validity: c.Mailbox().UIDValidity, below: at.below}, found: f}
		return err
	})
	if err == nil {
		b.learn(folder)
	}
	return s, err
}

// inFolder says which folder failed: one that nobody may open, say, so that the
// others can be named instead.
func inFolder(folder string, err error) error {
	var known *provider.Error
	switch imapx.KindOf(err) {
	case imapx.Refused, imapx.Validity, imapx.NotFound:
		if err = folderError(err); errors.As(err, &known) && known.Err != nil {
			known.Err = told{"folder " + strconv.Quote(clip(folder)) + ": " + known.Err.Error(), known.Err}
		}
	default: // not the folder's fault
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
	counted := true
	for _, s := range results {
		page.Total += s.total
		counted = counted && (s.total > 0 || len(s.items) == 0 && !s.more)
		page.Failed = append(page.Failed, s.failed...)
	}
	if !counted {
		page.Total = 0
	}
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

// behind lists the places that go on after so many items of each folder.
// Folders without more are left out, but for the one numbered keep.
func behind(results []slice, taken []int, keep int) map[string]place {
	places := make(map[string]place)
	for i, s := range results {
		switch {
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
