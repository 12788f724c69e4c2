package providertest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/postern-mail/postern/provider"
)

func cursorChecks() []check {
	read := provider.Caps(provider.CapRead)
	search := provider.Caps(provider.CapRead, provider.CapSearch)
	return []check{
		{"cursor/pages", read, func(tr *trial) { checkPages(tr, tr.getList) }},
		{"cursor/pages of a search", search, func(tr *trial) { checkPages(tr, tr.getSearch) }},
		{"cursor/limits", read, checkLimits},
		{"cursor/within a page", read, func(tr *trial) { checkAt(tr, tr.getList) }},
		{"cursor/within a page of a search", search, func(tr *trial) { checkAt(tr, tr.getSearch) }},
		{"cursor/bound to its listing", read, checkBound},
		{"cursor/garbled", read, checkGarbled},
		{"cursor/outdated", read, checkOutdated},
		{"cursor/mail between pages", read, func(tr *trial) { checkMoving(tr, tr.getList) }},
		{"cursor/mail between pages of a search", search, func(tr *trial) { checkMoving(tr, tr.getSearch) }},
	}
}

// getList and getSearch are two ways to all messages of the inbox.
func (tr *trial) getList(in provider.Folder) fetch {
	return func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
		return tr.acct.ListMessages(ctx, provider.ListOptions{Folder: in.ID}, page)
	}
}

func (tr *trial) getSearch(in provider.Folder) fetch {
	q := provider.Query{In: []provider.FolderID{in.ID}, Subject: []string{"letter"}}
	return func(ctx context.Context, page provider.PageRequest) (provider.Page[provider.Summary], error) {
		return tr.acct.Search(ctx, q, page)
	}
}

// fill delivers n letters and returns their ids, newest first.
func (tr *trial) fill(in provider.Folder, n int) []provider.MessageID {
	var all []provider.MessageID
	for _, l := range numbered(n) {
		all = append(all, tr.deliver(in, l))
	}
	slices.Reverse(all)
	return all
}

// checkPages: whatever the page size, every message comes once, newest first.
func checkPages(tr *trial, get func(provider.Folder) fetch) {
	in := tr.inbox()
	want := tr.fill(in, 23)
	for _, limit := range []int{1, 2, 7, 22, 23, 24, 200} {
		if got := ids(tr.walk(limit, get(in))); !slices.Equal(got, want) {
			tr.errorf("pages of %d: %s", limit, difference(got, want))
		}
	}
	page, err := get(in)(tr.ctx(), provider.PageRequest{Limit: 5})
	tr.must("get a page", err)
	if page.Total != 0 && page.Total != 23 {
		tr.errorf("total %d of 23", page.Total)
	}
	var walked []provider.MessageID
	for s, err := range provider.All(tr.ctx(), provider.PageRequest{Limit: 4}, get(in)) {
		tr.must("walk by All", err)
		walked = append(walked, s.ID)
	}
	if !slices.Equal(walked, want) {
		tr.errorf("by All: %s", difference(walked, want))
	}
}

// difference names what two listings do not share, for an error.
func difference(got, want []provider.MessageID) string {
	counts := map[provider.MessageID]int{}
	for _, id := range got {
		counts[id]++
	}
	var text []string
	for _, id := range want {
		if counts[id] != 1 {
			text = append(text, fmt.Sprintf("%s %d times", id, counts[id]))
		}
		delete(counts, id)
	}
	for id := range counts {
		text = append(text, string(id)+" unexpected")
	}
	if len(text) == 0 {
		return fmt.Sprintf("wrong order: %v", got)
	}
	slices.Sort(text)
	return fmt.Sprintf("%d of %d messages: %s", len(got), len(want), strings.Join(text, ", "))
}

func checkLimits(tr *trial) {
	in := tr.inbox()
	tr.fill(in, provider.DefaultLimit+2)
	get := tr.getList(in)
	for limit, most := range map[int]int{0: provider.DefaultLimit, 3: 3, provider.MaxLimit + 1000: provider.MaxLimit} {
		page, err := get(tr.ctx(), provider.PageRequest{Limit: limit})
		if err != nil || len(page.Items) > most || len(page.Items) == 0 {
			tr.errorf("limit %d: %d items, %v; want at most %d", limit, len(page.Items), err, most)
		}
	}
	_, err := get(tr.ctx(), provider.PageRequest{Limit: -1})
	tr.want("negative limit", err, provider.Invalid)
}

// checkAt: a caller that uses a part of a page goes on after what it used.
func checkAt(tr *trial, get func(provider.Folder) fetch) {
	in := tr.inbox()
	want := tr.fill(in, 9)
	for _, first := range []int{4, 9} {
		page, err := get(in)(tr.ctx(), provider.PageRequest{Limit: first})
		tr.must("get a page", err)
		for i := range page.Items {
			if page.At == nil {
				tr.fatalf("a page with items has no At")
			}
			c, err := page.At(i)
			tr.must("make a cursor within the page", err)
			rest, err := get(in)(tr.ctx(), provider.PageRequest{Limit: 50, After: c})
			tr.must("go on within the page", err)
			if got := ids(rest.Items); !slices.Equal(got, want[i+1:]) {
				tr.errorf("after item %d of %d: %s", i, first, difference(got, want[i+1:]))
			}
		}
	}
}

func checkBound(tr *trial) {
	in := tr.inbox()
	other := tr.second()
	tr.fill(in, 5)
	tr.deliver(other, letter{id: "o@test.invalid", subject: "letter"})
	cursor := tr.firstCursor(tr.getList(in))
	list := func(opts provider.ListOptions) error {
		_, err := tr.acct.ListMessages(tr.ctx(), opts, provider.PageRequest{After: cursor})
		return err
	}
	tr.want("a cursor of another folder", list(provider.ListOptions{Folder: other.ID}), provider.Invalid)
	tr.want("a cursor of another filter", list(provider.ListOptions{Folder: in.ID, UnreadOnly: true}), provider.Invalid)
	tr.want("a cursor of another date", list(provider.ListOptions{Folder: in.ID, Since: written()}), provider.Invalid)
	tr.must("the cursor where it belongs", list(provider.ListOptions{Folder: in.ID}))
	if !tr.caps.Can(provider.CapSearch) {
		return
	}
	_, err := tr.getSearch(in)(tr.ctx(), provider.PageRequest{After: cursor})
	tr.want("a cursor of a listing in a search", err, provider.Invalid)
	cursor = tr.firstCursor(tr.getSearch(in))
	tr.want("a cursor of a search in a listing", list(provider.ListOptions{Folder: in.ID}), provider.Invalid)
	_, err = tr.acct.Search(tr.ctx(), provider.Query{In: []provider.FolderID{in.ID}, Subject: []string{"other"}}, provider.PageRequest{After: cursor})
	tr.want("a cursor of another search", err, provider.Invalid)
}

// firstCursor is where a listing goes on after its first page of two.
func (tr *trial) firstCursor(get fetch) provider.Cursor {
	page, err := get(tr.ctx(), provider.PageRequest{Limit: 2})
	tr.must("get a page", err)
	if page.Next == "" {
		tr.fatalf("the listing ends after %d items", len(page.Items))
	}
	return page.Next
}

func checkGarbled(tr *trial) {
	in := tr.inbox()
	tr.fill(in, 5)
	for _, get := range tr.waysTo(in) {
		good := string(tr.firstCursor(get))
		flipped := []byte(good)
		flipped[len(flipped)/2] ^= 1
		for _, bad := range []string{
			"x", "AAAA", " ", "\x00", "\u20ac", good[:len(good)-1], good[1:], good + "A", good + "\n", " " + good, good + good, string(flipped),
			strings.Repeat("A", 1024), strings.Repeat("A", 100_000), "' OR 1=1 --",
		} {
			_, err := get(tr.ctx(), provider.PageRequest{After: provider.Cursor(bad)})
			tr.want(fmt.Sprintf("cursor %.40q", bad), err, provider.Invalid)
		}
		page, err := get(tr.ctx(), provider.PageRequest{After: provider.Cursor(good)})
		if err != nil || len(page.Items) != 3 {
			tr.errorf("the good cursor after bad ones: %d items, %v", len(page.Items), err)
		}
	}
}

// waysTo lists the ways that the account has to a folder's messages.
func (tr *trial) waysTo(in provider.Folder) []fetch {
	ways := []fetch{tr.getList(in)}
	if tr.caps.Can(provider.CapSearch) {
		ways = append(ways, tr.getSearch(in))
	}
	return ways
}

func checkOutdated(tr *trial) {
	r, ok := tr.h.(Rebuilder)
	if !ok {
		tr.skipf("the harness cannot rebuild a folder")
	}
	in := tr.inbox()
	tr.fill(in, 5)
	ways := tr.waysTo(in)
	var cursors []provider.Cursor
	for _, get := range ways {
		cursors = append(cursors, tr.firstCursor(get))
	}
	r.Rebuild(tr.t, in.Path)
	for i, get := range ways {
		_, err := get(tr.ctx(), provider.PageRequest{After: cursors[i]})
		tr.want("a cursor of a folder that was rebuilt", err, provider.Conflict)
		if n := len(tr.walk(2, get)); n != 5 {
			tr.errorf("started again after the rebuild: %d messages, want 5", n)
		}
	}
}

// checkMoving: mail that comes and goes between pages makes no duplicate and no
// gap among the messages that stay.
func checkMoving(tr *trial, get func(provider.Folder) fetch) {
	in := tr.inbox()
	all := tr.fill(in, 20)
	gone := map[provider.MessageID]bool{}
	var got []provider.MessageID
	req := provider.PageRequest{Limit: 4}
	for n := range mostPages {
		page, err := get(in)(tr.ctx(), req)
		tr.must("get a page", err)
		got = append(got, ids(page.Items)...)
		if req.After = page.Next; req.After == "" {
			break
		}
		tr.deliver(in, letter{id: fmt.Sprintf("new%d@test.invalid", n), subject: "letter that came later"})
		if len(page.Items) > 0 {
			tr.take(in, gone, page.Items[len(page.Items)-1].ID, page.Items[0].ID, all[len(all)-1-n])
		}
	}
	seen := map[provider.MessageID]int{}
	for _, id := range got {
		if seen[id]++; seen[id] > 1 {
			tr.errorf("%s came twice", id)
		}
	}
	for _, id := range all {
		if seen[id] == 0 && !gone[id] {
			tr.errorf("%s was there all the time and never came", id)
		}
	}
}

// take removes messages where the backend can, the last one handed out among
// them: that is where the cursor points.
func (tr *trial) take(in provider.Folder, gone map[provider.MessageID]bool, list ...provider.MessageID) {
	for _, id := range list {
		if gone[id] || !tr.caps.Can(provider.CapPurge) {
			continue
		}
		if err := outcome(tr.acct.Delete(tr.ctx(), []provider.MessageID{id}, true)); err != nil {
			tr.errorf("purge %s from %s: %v", id, in.Path, err)
		}
		gone[id] = true
	}
}
