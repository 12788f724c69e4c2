package mailtool

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/postern-mail/postern/provider"
)

// sifting is a page of unhandled messages and failed folders.
func sifting(items int, failed ...string) provider.Page[provider.Summary] {
	page := provider.Page[provider.Summary]{
		Items: make([]provider.Summary, items), Partial: true, Next: "next", Reached: testNow,
		At: func(i int) (provider.Cursor, error) { return provider.Cursor("after " + string(rune('0'+i))), nil },
	}
	for _, f := range failed {
		page.Failed = append(page.Failed, provider.Outcome{Err: errors.New(f)})
	}
	return page
}

// TestSieveFull: a list that is full in the middle of a page lacks nothing there, however far the page's search got.
func TestSieveFull(t *testing.T) {
	s := sieve{want: 2, terms: handledTerms{without: true}}
	done, err := s.take(sifting(3))
	page := s.finish()
	if !done || err != nil || len(page.Items) != 2 || page.Next != "after 1" || page.Partial || !page.Reached.IsZero() {
		t.Errorf("%v, %v, %d items, next %q, partial %v, reached %v", done, err, len(page.Items), page.Next, page.Partial, page.Reached)
	}
}

// TestSieveFailures: what fails on every page is named once.
func TestSieveFailures(t *testing.T) {
	s := sieve{want: 9, terms: handledTerms{without: true}}
	for _, page := range []provider.Page[provider.Summary]{sifting(1, "a", "b"), sifting(1, "b", "a"), sifting(1, "c", "b")} {
		if _, err := s.take(page); err != nil {
			t.Fatal(err)
		}
	}
	if page := s.finish(); len(page.Failed) != 3 || len(page.Items) != 3 || !page.Partial || page.Reached.IsZero() {
		t.Errorf("%d failed, %d items, partial %v, reached %v", len(page.Failed), len(page.Items), page.Partial, page.Reached)
	}
}

// TestSiftedFails: a page that fails behind others costs none of what they had, unless the call has ended.
func TestSiftedFails(t *testing.T) {
	acct, err := provider.Open(&recorder{account: "dm", caps: provider.AllCaps()})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		items int
		ended bool
		fails bool
	}{"some came": {1, false, false}, "none came": {0, false, true}, "the call has ended": {1, true, true}} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			env := &Env{Mail: acct, Caller: &Caller{Journal: &testJournal{}}, Account: Account{ID: "dm"}, Now: testNow}
			page, err := env.sifted(ctx, provider.PageRequest{Limit: 2}, handledTerms{without: true}, func(req provider.PageRequest) (provider.Page[provider.Summary], error) {
				if req.After != "" {
					if test.ended {
						cancel()
					}
					return provider.Page[provider.Summary]{}, errors.New("gone")
				}
				first := sifting(test.items)
				first.Partial = false
				return first, nil
			})
			if (err != nil) != test.fails || !test.fails && (len(page.Items) != 1 || page.Next != "next" || !page.Partial) {
				t.Errorf("%v, %d items, next %q, partial %v", err, len(page.Items), page.Next, page.Partial)
			}
		})
	}
}

// strict is a journal that does nothing for a call that has ended.
type strict struct{ *testJournal }

func (s strict) Mark(ctx context.Context, box MarkBox, ids []string, handled bool, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.testJournal.Mark(ctx, box, ids, handled, now)
}

// TestCarriedMarksOutliveTheCall: the messages have moved, so their marks do.
func TestCarriedMarksOutliveTheCall(t *testing.T) {
	j := strict{&testJournal{}}
	env := &Env{Caller: &Caller{Journal: j}, Account: Account{ID: "dm"}, Now: testNow}
	if err := j.Mark(context.Background(), env.markBox(), []string{"dm-1"}, true, testNow); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := env.carryMarks(ctx, func() ([]provider.Outcome, error) {
		cancel()
		return []provider.Outcome{{ID: "dm-1", NewID: "dm-2"}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if got, all, _ := j.Marked(context.Background(), env.markBox(), []string{"dm-1", "dm-2"}, testNow); all != 1 || len(got) != 1 || got[0] != "dm-2" {
		t.Errorf("marked %q of %d", got, all)
	}
}
