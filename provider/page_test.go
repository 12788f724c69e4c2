package provider_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

func TestPageLimits(t *testing.T) {
	tests := []struct {
		name  string
		limit int
		want  int
		code  provider.Code
	}{
		{"unset", 0, provider.DefaultLimit, ""},
		{"smallest", 1, 1, ""},
		{"largest", provider.MaxLimit, provider.MaxLimit, ""},
		{"above", provider.MaxLimit + 1, provider.MaxLimit, ""},
		{"far above", math.MaxInt, provider.MaxLimit, ""},
		{"negative", -1, 0, provider.Invalid},
	}
	lists := map[string]func(context.Context, *provider.Account, provider.PageRequest) error{
		"search": func(ctx context.Context, a *provider.Account, req provider.PageRequest) error {
			_, err := a.Search(ctx, provider.Query{}, req)
			return err
		},
		"list": func(ctx context.Context, a *provider.Account, req provider.PageRequest) error {
			_, err := a.ListMessages(ctx, provider.ListOptions{Folder: "INBOX"}, req)
			return err
		},
	}
	for _, test := range tests {
		for name, list := range lists {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				f := newFake("work")
				err := list(t.Context(), open(t, f), provider.PageRequest{Limit: test.limit, After: "here"})
				if provider.CodeOf(err) != test.code {
					t.Fatalf("error %v, want code %q", err, test.code)
				}
				if test.code != "" {
					if len(f.called()) > 0 {
						t.Errorf("the backend was asked: %v", f.called())
					}
					return
				}
				if want := (provider.PageRequest{Limit: test.want, After: "here"}); f.req != want {
					t.Errorf("the backend was asked for %+v, want %+v", f.req, want)
				}
			})
		}
	}
}

// TestPageWithoutAt: a backend that forgot At must not bring its caller down.
func TestPageWithoutAt(t *testing.T) {
	f := newFake("work")
	f.page = provider.Page[provider.Summary]{Items: []provider.Summary{{Subject: "one"}}}
	a := open(t, f)
	found, err := a.Search(t.Context(), provider.Query{}, provider.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	listed, err := a.ListMessages(t.Context(), provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []provider.Page[provider.Summary]{found, listed} {
		if page.At == nil {
			t.Fatal("At is nil on a page with items")
		}
		if c, err := page.At(0); c != "" || provider.CodeOf(err) != provider.Internal {
			t.Errorf("At(0) = %q, %v, want Internal", c, err)
		}
	}
}

// pages serves numbered items: cursors[i] follows page i.
type pages struct {
	items   [][]int
	cursors []provider.Cursor
	failed  map[int][]provider.Outcome
	err     error // after the last page
	asked   []provider.PageRequest
}

func (p *pages) fetch(_ context.Context, req provider.PageRequest) (provider.Page[int], error) {
	p.asked = append(p.asked, req)
	if len(p.asked) > 50 {
		return provider.Page[int]{}, errors.New("asked without end")
	}
	i := 0
	for j, c := range p.cursors {
		if req.After != "" && req.After == c {
			i = j + 1
			break
		}
	}
	if i >= len(p.items) {
		return provider.Page[int]{}, p.err
	}
	page := provider.Page[int]{Items: p.items[i], Failed: p.failed[i]}
	if i < len(p.cursors) {
		page.Next = p.cursors[i]
	}
	return page, nil
}

func walk(ctx context.Context, p *pages, most int) (items []int, errs []error) {
	for item, err := range provider.All(ctx, provider.PageRequest{Limit: 2}, p.fetch) {
		if err != nil {
			errs = append(errs, err)
		} else {
			items = append(items, item)
		}
		if len(items)+len(errs) >= most {
			break
		}
	}
	return items, errs
}

func TestAll(t *testing.T) {
	down := &provider.Error{Op: "list messages", Code: provider.Unavailable}
	tests := []struct {
		name  string
		pages pages
		most  int
		want  []int
		asked int
		err   error
	}{
		{"nothing", pages{items: [][]int{nil}}, 99, nil, 1, nil},
		{"one page", pages{items: [][]int{{1, 2}}}, 99, []int{1, 2}, 1, nil},
		{"three pages", pages{items: [][]int{{1, 2}, {3, 4}, {5}}, cursors: []provider.Cursor{"a", "b"}}, 99, []int{1, 2, 3, 4, 5}, 3, nil},
		{"an empty page is not the end", pages{items: [][]int{{1}, nil, {2}}, cursors: []provider.Cursor{"a", "b"}}, 99, []int{1, 2}, 3, nil},
		{"an error ends it", pages{items: [][]int{{1}, {2}}, cursors: []provider.Cursor{"a", "b"}, err: down}, 99, []int{1, 2}, 3, down},
		{"stopping early asks no more", pages{items: [][]int{{1, 2}, {3}}, cursors: []provider.Cursor{"a"}}, 2, []int{1, 2}, 1, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			items, errs := walk(t.Context(), &test.pages, test.most)
			if diff := cmp.Diff(test.want, items); diff != "" {
				t.Errorf("items (-want +got):\n%s", diff)
			}
			if len(test.pages.asked) != test.asked {
				t.Errorf("asked %d times, want %d", len(test.pages.asked), test.asked)
			}
			switch {
			case test.err == nil && len(errs) > 0, test.err != nil && (len(errs) != 1 || !errors.Is(errs[0], test.err)):
				t.Errorf("errors %v, want %v", errs, test.err)
			}
			for _, req := range test.pages.asked {
				if req.Limit != 2 {
					t.Errorf("asked with limit %d", req.Limit)
				}
			}
		})
	}
}

// TestAllRepeatedCursor: a backend that goes round in circles is an error, not
// the end of the list and not an endless one.
func TestAllRepeatedCursor(t *testing.T) {
	for name, cursors := range map[string][]provider.Cursor{
		"the same again": {"a", "a"},
		"a circle":       {"a", "b", "c", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pages{items: [][]int{{1}, {2}, {3}, {4}, {5}}, cursors: cursors}
			items, errs := walk(t.Context(), &p, 99)
			if len(errs) != 1 || provider.CodeOf(errs[0]) != provider.Internal || !strings.Contains(errs[0].Error(), "cursor") {
				t.Errorf("errors %v, want one Internal about the cursor", errs)
			}
			if len(items) > len(cursors)+1 {
				t.Errorf("items came again: %v", items)
			}
		})
	}
}

func TestAllNamesWhatFailed(t *testing.T) {
	id := provider.NewMessageID("work", "9")
	p := pages{
		items: [][]int{{1}, {2}}, cursors: []provider.Cursor{"a"},
		failed: map[int][]provider.Outcome{0: {{ID: id, Err: &provider.Error{Code: provider.TooLarge}}, {ID: id}}},
	}
	items, errs := walk(t.Context(), &p, 99)
	if diff := cmp.Diff([]int{1, 2}, items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if len(errs) != 2 || provider.CodeOf(errs[0]) != provider.TooLarge || provider.CodeOf(errs[1]) != provider.Unavailable {
		t.Fatalf("errors %v, want one for each failed item", errs)
	}
	for _, err := range errs {
		if !strings.Contains(err.Error(), string(id)) {
			t.Errorf("%q does not name the item", err)
		}
	}
}

func TestAllStopsAtWhatFailed(t *testing.T) {
	p := pages{
		items: [][]int{{1}, {2}}, cursors: []provider.Cursor{"a"},
		failed: map[int][]provider.Outcome{0: {{Err: provider.TooLarge}, {Err: provider.TooLarge}}},
	}
	items, errs := walk(t.Context(), &p, 2)
	if len(items) != 1 || len(errs) != 1 || len(p.asked) != 1 {
		t.Errorf("items %v, errors %v, asked %d times", items, errs, len(p.asked))
	}
}

func TestAllAgain(t *testing.T) {
	p := pages{items: [][]int{{1}, {2}}, cursors: []provider.Cursor{"a"}}
	all := provider.All(t.Context(), provider.PageRequest{}, p.fetch)
	for range 2 {
		var got []int
		for item, err := range all {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, item)
		}
		if diff := cmp.Diff([]int{1, 2}, got); diff != "" {
			t.Errorf("a second walk starts at the beginning (-want +got):\n%s", diff)
		}
	}
}

func TestAllEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	endless := func(context.Context, provider.PageRequest) (provider.Page[int], error) {
		n++
		if n == 3 {
			cancel()
		}
		if n > 50 {
			return provider.Page[int]{}, errors.New("asked without end")
		}
		return provider.Page[int]{Next: provider.Cursor(fmt.Sprint(n))}, nil
	}
	var last error
	for _, err := range provider.All(ctx, provider.PageRequest{}, endless) {
		last = err
	}
	if last != context.Canceled || n != 3 { //nolint:errorlint // context errors pass bare
		t.Errorf("after %d pages: %v, want context.Canceled after 3", n, last)
	}
}
