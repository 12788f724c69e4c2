package provider_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
)

// box is a mailbox in memory whose operations the test can delay, fail and count.
type box struct {
	*memmail.Backend
	t     *testing.T
	lag   time.Duration // how long a message is not found by a search
	pages bool          // a search gives an empty page first
	slow  func(op string) time.Duration
	fail  func(op string) error
	looks atomic.Int32
}

func newBox(t *testing.T) *box {
	t.Helper()
	b := &box{t: t}
	m, err := memmail.New(memmail.Options{Account: "mem", Fault: func(ctx context.Context, op string) error {
		if op == "search" {
			b.looks.Add(1)
		}
		if b.slow != nil {
			select {
			case <-time.After(b.slow(op)):
			case <-ctx.Done():
			}
		}
		if b.fail != nil {
			return b.fail(op)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	b.Backend = m
	return b
}

func (b *box) Search(ctx context.Context, q provider.Query, req provider.PageRequest) (provider.Page[provider.Summary], error) {
	if b.pages && req.After == "" {
		page, err := b.Backend.Search(ctx, q, provider.PageRequest{Limit: 1})
		if err == nil && len(page.Items) > 0 {
			return provider.Page[provider.Summary]{Next: "further"}, nil
		}
		return page, err
	}
	if req.After == "further" {
		req.After = ""
	}
	page, err := b.Backend.Search(ctx, q, req)
	page.Items = slices.DeleteFunc(page.Items, func(s provider.Summary) bool { return time.Since(s.Received) < b.lag })
	return page, err
}

func (b *box) deliver(subject string) provider.MessageID {
	b.t.Helper()
	id, err := b.Deliver("INBOX", fmt.Appendf(nil, "From: bank@example.com\r\nSubject: %s\r\n\r\ntext\r\n", subject), memmail.Delivery{})
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

// forCodes is what the tests wait for.
func forCodes() provider.Query {
	return provider.Query{In: []provider.FolderID{"INBOX"}, Subject: []string{"code"}}
}

// kinds of accounts: with a watcher, and with what is left without one.
func kinds(t *testing.T, run func(t *testing.T, b *box, a *provider.Account, told bool)) {
	for _, told := range []bool{true, false} {
		name := map[bool]string{true: "told", false: "asking"}[told]
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBox(t)
				a := open(t, b)
				if !told {
					a = a.Restrict(provider.AllCaps() &^ provider.Caps(provider.CapWatch))
				}
				run(t, b, a, told)
			})
		})
	}
}

func wantItems(t *testing.T, got provider.Waited, err error, want ...provider.MessageID) {
	t.Helper()
	var have []provider.MessageID
	for _, s := range got.Items {
		have = append(have, s.ID)
	}
	if err != nil || !slices.Equal(have, want) {
		t.Errorf("waited for %v, got %v, %v", want, have, err)
	}
	if len(want) > 0 && got.Mark != want[0] || got.Mark == "" {
		t.Errorf("mark %q", got.Mark)
	}
}

// later delivers a message when d has passed.
func (b *box) later(d time.Duration, subject string) <-chan provider.MessageID {
	id := make(chan provider.MessageID, 1)
	time.AfterFunc(d, func() { id <- b.deliver(subject) })
	return id
}

func TestWaitUntilItArrives(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, told bool) {
		b.deliver("code of yesterday")
		b.later(3*time.Second, "newsletter")
		want := b.later(5*time.Second, "your code")
		start := time.Now()
		got, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes()})
		wantItems(t, got, err, <-want)
		if took := time.Since(start); told && took != 5*time.Second || took > 15*time.Second {
			t.Errorf("it took %v", took)
		}
		if n := b.looks.Load(); n > 6 {
			t.Errorf("%d searches", n)
		}
	})
}

func TestWaitForWhatIsThere(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		b.deliver("code of yesterday")
		<-time.After(time.Hour)
		want := b.deliver("your code")
		<-time.After(time.Second)
		start := time.Now()
		got, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes(), Since: time.Now().Add(-time.Minute)})
		wantItems(t, got, err, want)
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// TestWaitInVain: the time is kept, and the next wait goes on without a gap.
func TestWaitInVain(t *testing.T) {
	for _, before := range []int{0, 3} {
		kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
			for range before {
				b.deliver("code of yesterday")
			}
			b.later(time.Second, "newsletter")
			start := time.Now()
			got, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes(), For: 20 * time.Second})
			wantItems(t, got, err)
			if took := time.Since(start); took != 20*time.Second {
				t.Errorf("it took %v", took)
			}
			want := b.deliver("your code")
			b.deliver("newsletter")
			q := forCodes()
			q.After = got.Mark
			got, err = a.Wait(t.Context(), provider.WaitRequest{Query: q})
			wantItems(t, got, err, want)
			q.After = got.Mark
			got, err = a.Wait(t.Context(), provider.WaitRequest{Query: q, For: time.Second})
			wantItems(t, got, err)
		})
	}
}

// TestWaitOnALaggingIndex: the search finds a message only seconds after it was
// told of, or was there.
func TestWaitOnALaggingIndex(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		b.lag = 5 * time.Second
		want := b.later(time.Second, "your code")
		start := time.Now()
		got, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes()})
		wantItems(t, got, err, <-want)
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("it took %v", took)
		}
		another := b.deliver("another code")
		got, err = a.Wait(t.Context(), provider.WaitRequest{Query: forCodes(), Since: time.Now()})
		wantItems(t, got, err, another)
	})
}

func TestWaitReadsEmptyPages(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		b.pages = true
		want := b.later(time.Second, "your code")
		got, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes()})
		wantItems(t, got, err, <-want)
	})
}

func TestWaitShowsSome(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		b.deliver("newsletter")
		mark, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes(), For: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		var all []provider.MessageID
		for range 3 {
			all = append(all, b.deliver("your code"))
		}
		q := forCodes()
		q.After = mark.Mark
		got, err := a.Wait(t.Context(), provider.WaitRequest{Query: q, Limit: 2})
		wantItems(t, got, err, all[2], all[1])
		if !got.More {
			t.Error("nothing says that there is more")
		}
	})
}

// TestWaitThroughAnOutage: a server that is away for a while costs nothing, one
// that is away at the end is an error.
func TestWaitThroughAnOutage(t *testing.T) {
	away := &provider.Error{Code: provider.Unavailable, Err: errors.New("connection lost")}
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		start := time.Now()
		b.fail = func(string) error {
			if since := time.Since(start); since > time.Second && since < 20*time.Second {
				return away
			}
			return nil
		}
		want := b.later(10*time.Second, "your code")
		got, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes()})
		wantItems(t, got, err, <-want)
	})
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		start := time.Now()
		b.fail = func(string) error {
			if time.Since(start) > time.Second {
				return away
			}
			return nil
		}
		if _, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes()}); !errors.Is(err, provider.Unavailable) {
			t.Errorf("got %v, want unavailable", err)
		}
		if took := time.Since(start); took != provider.DefaultWait {
			t.Errorf("it took %v", took)
		}
	})
}

// TestWaitWithoutItsWatch looks by the clock when the watch does not last.
func TestWaitWithoutItsWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox(t)
		b.fail = func(op string) error {
			if op == "watch" {
				return provider.Unavailable
			}
			return nil
		}
		want := b.later(10*time.Second, "your code")
		got, err := open(t, b).Wait(t.Context(), provider.WaitRequest{Query: forCodes()})
		wantItems(t, got, err, <-want)
	})
}

// TestWaitThatLooksLongAtTheEnd answers all the same.
func TestWaitThatLooksLongAtTheEnd(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		start := time.Now()
		b.slow = func(op string) time.Duration {
			if (op == "search" || op == "list messages") && time.Since(start) >= 10*time.Second {
				return time.Minute
			}
			return 0
		}
		got, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes(), For: 10 * time.Second})
		wantItems(t, got, err)
		if took := time.Since(start); took > 15*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestWaitThatLooksLong: a look that began before the time was up ends soon after it.
func TestWaitThatLooksLong(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		b.deliver("newsletter")
		start := time.Now()
		b.slow = func(op string) time.Duration {
			if op == "search" && time.Since(start) >= 6*time.Second {
				return time.Minute
			}
			return 0
		}
		b.later(7*time.Second, "another newsletter")
		got, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes(), For: 20 * time.Second})
		wantItems(t, got, err)
		if took := time.Since(start); took > 25*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestWaitThatNeverLooked: without one look that went well nobody knows what is there.
func TestWaitThatNeverLooked(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		b.slow = func(op string) time.Duration {
			if op == "search" {
				return time.Minute
			}
			return 0
		}
		start := time.Now()
		_, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes(), Since: start.Add(-time.Minute), For: 10 * time.Second})
		if took := time.Since(start); !errors.Is(err, provider.Unavailable) || took != 15*time.Second {
			t.Errorf("after %v: %v, want unavailable", took, err)
		}
	})
}

// TestCloseEndsWaits: nobody waits at an account that is closed, and Close
// through one view ends the waits of the others.
func TestCloseEndsWaits(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		start := time.Now()
		time.AfterFunc(5*time.Second, func() {
			if err := a.Restrict(provider.AllCaps()).Close(); err != nil {
				t.Error(err)
			}
		})
		_, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes(), For: time.Minute})
		if took := time.Since(start); !errors.Is(err, provider.Unavailable) || took != 5*time.Second {
			t.Errorf("after %v: %v, want unavailable", took, err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("once more: %v", err)
		}
	})
}

func TestWaitForAFolderThatGoes(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		if _, err := b.CreateFolder(t.Context(), "Gone"); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(5*time.Second, func() {
			if err := b.DeleteFolder(t.Context(), "Gone", false); err != nil {
				t.Error(err)
			}
		})
		_, err := a.Wait(t.Context(), provider.WaitRequest{Query: provider.Query{In: []provider.FolderID{"Gone"}}})
		if !errors.Is(err, provider.NotFound) {
			t.Errorf("got %v, want not found", err)
		}
	})
}

// TestWaitAfterAMarkThatIsVoid: a rebuilt folder, and for backends without marks
// a message that is gone, give no answer rather than a wrong one.
func TestWaitAfterAMarkThatIsVoid(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, told bool) {
		first, second := b.deliver("one"), b.deliver("two")
		q := forCodes()
		q.After = first
		if _, err := b.Delete(t.Context(), []provider.MessageID{first}, true); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Wait(t.Context(), provider.WaitRequest{Query: q, For: time.Second}); told != (err == nil) || !told && !errors.Is(err, provider.Conflict) {
			t.Errorf("behind a message that is gone: %v", err)
		}
		if err := b.Rebuild("INBOX"); err != nil {
			t.Fatal(err)
		}
		q.After = second
		if _, err := a.Wait(t.Context(), provider.WaitRequest{Query: q, For: time.Second}); !errors.Is(err, provider.Conflict) {
			t.Errorf("behind a message of a folder rebuilt since: %v", err)
		}
	})
}

func TestWaitCancelled(t *testing.T) {
	kinds(t, func(t *testing.T, b *box, a *provider.Account, _ bool) {
		for _, busy := range []bool{false, true} {
			if busy {
				b.slow = func(op string) time.Duration {
					if op == "search" || op == "list messages" {
						return time.Hour
					}
					return 0
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			start := time.Now()
			_, err := a.Wait(ctx, provider.WaitRequest{Query: forCodes()})
			cancel()
			if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != 5*time.Second {
				t.Errorf("after %v: %v", took, err)
			}
		}
	})
}

func TestTooManyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := open(t, newBox(t))
		ctx, cancel := context.WithCancel(t.Context())
		for range provider.MaxWaits {
			go func() {
				if _, err := a.Restrict(provider.AllCaps()).Wait(ctx, provider.WaitRequest{Query: forCodes()}); !errors.Is(err, context.Canceled) {
					t.Errorf("a wait ended with %v", err)
				}
			}()
		}
		synctest.Wait()
		_, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes()})
		if !errors.Is(err, provider.RateLimited) || !errors.Is(err, provider.ErrTooManyWaits) {
			t.Errorf("one more: %v", err)
		}
		cancel()
		synctest.Wait()
		if _, err := a.Wait(t.Context(), provider.WaitRequest{Query: forCodes(), For: time.Second}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestWaitRefuses(t *testing.T) {
	id := provider.NewMessageID("work", "7.1")
	q := provider.Query{In: []provider.FolderID{"INBOX"}}
	behind := q
	behind.After = id
	tests := []struct {
		name string
		req  provider.WaitRequest
		caps provider.CapabilitySet
		want provider.Code
	}{
		{"no folder", provider.WaitRequest{}, provider.AllCaps(), provider.Invalid},
		{"two folders", provider.WaitRequest{Query: provider.Query{In: []provider.FolderID{"A", "B"}}}, provider.AllCaps(), provider.Invalid},
		{"everywhere", provider.WaitRequest{Query: provider.Query{Everywhere: true}}, provider.AllCaps(), provider.Invalid},
		{"negative time", provider.WaitRequest{Query: q, For: -1}, provider.AllCaps(), provider.Invalid},
		{"negative limit", provider.WaitRequest{Query: q, Limit: -1}, provider.AllCaps(), provider.Invalid},
		{"mark and time", provider.WaitRequest{Query: behind, Since: time.Unix(1, 0)}, provider.AllCaps(), provider.Invalid},
		{"bad query", provider.WaitRequest{Query: provider.Query{In: q.In, From: []string{""}}}, provider.AllCaps(), provider.Invalid},
		{"foreign mark", provider.WaitRequest{Query: provider.Query{In: q.In, After: provider.NewMessageID("home", "7.1")}}, provider.AllCaps(), provider.Invalid},
		{"no search", provider.WaitRequest{Query: q}, provider.AllCaps() &^ provider.Caps(provider.CapSearch), provider.Unsupported},
		{"nothing to ask", provider.WaitRequest{Query: q}, provider.Caps(provider.CapSearch), provider.Unsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFake("work")
			f.caps = test.caps
			_, err := open(t, f).Wait(t.Context(), test.req)
			if provider.CodeOf(err) != test.want || len(f.called()) > 0 {
				t.Errorf("error %v, want %q; calls %v", err, test.want, f.called())
			}
		})
	}
}
