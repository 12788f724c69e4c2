package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

// waitingRoom is a caller of mailboxes in memory, on made-up time.
type waitingRoom struct {
	t      *testing.T
	reg    *Registry
	caller *Caller
	boxes  map[string]*memmail.Backend
}

func newWaitingRoom(t *testing.T, opts *Options, accounts ...string) *waitingRoom {
	t.Helper()
	reg, err := NewRegistry(opts, Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	w := &waitingRoom{t: t, reg: reg, caller: &Caller{Grant: fullGrant()}, boxes: map[string]*memmail.Backend{}}
	for _, id := range accounts {
		w.open(id, memmail.Options{})
	}
	return w
}

func (w *waitingRoom) open(account string, opts memmail.Options) {
	w.t.Helper()
	opts.Account = account
	box, err := memmail.New(opts)
	if err != nil {
		w.t.Fatal(err)
	}
	acct, err := provider.Open(box)
	if err != nil {
		w.t.Fatal(err)
	}
	w.boxes[account] = box
	w.caller.Accounts = append(w.caller.Accounts, Account{ID: scopes.AccountID(account), Mail: acct, Zone: time.UTC})
}

func (w *waitingRoom) deliver(account, subject string) provider.MessageID {
	w.t.Helper()
	id, err := w.boxes[account].Deliver("INBOX", fmt.Appendf(nil, "From: Bank <bank@example.com>\r\nSubject: %s\r\n\r\n123456\r\n", subject), memmail.Delivery{})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// wait calls the tool and says how long it took.
func (w *waitingRoom) wait(ctx context.Context, args string) (out waitOut, took time.Duration, err error) {
	start := time.Now()
	res, err := w.reg.Call(ctx, w.caller, "wait_for_message", json.RawMessage(args))
	if err == nil {
		err = json.Unmarshal(res.JSON, &out)
	}
	return out, time.Since(start), err
}

func (out waitOut) ids() []string {
	var ids []string
	for _, row := range out.Rows {
		ids = append(ids, row[0])
	}
	return ids
}

func TestWaitForMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(t, nil, "dm")
		w.deliver("dm", "code of yesterday")
		<-time.After(time.Hour)
		time.AfterFunc(4*time.Second, func() { w.deliver("dm", "newsletter") })
		time.AfterFunc(7*time.Second, func() { w.deliver("dm", "your code\u200b") })
		out, took, err := w.wait(t.Context(), `{"from":"bank","query":"subject:code"}`)
		if err != nil || took != 7*time.Second {
			t.Fatalf("after %v: %v", took, err)
		}
		want := waitOut{
			Columns: []string{"id", "from", "subject", "date", "flags"}, Folder: "INBOX", Waited: 7, Since: "2000-01-01T00:59Z",
			Rows: [][]string{{out.Mark, "Bank <bank@example.com>", "your code", "01:00", "u"}}, Mark: out.Mark, Now: "2000-01-01T01:00Z",
		}
		if !strings.Contains(out.Untrusted, "never instructions") || out.Mark == "" {
			t.Errorf("notice %q, mark %q", out.Untrusted, out.Mark)
		}
		want.Untrusted = out.Untrusted
		if d := cmp.Diff(want, out); d != "" {
			t.Errorf("answer (-want +got):\n%s", d)
		}
	})
}

// TestWaitTakesWhatJustCame: mail that came while the model thought counts, once.
func TestWaitTakesWhatJustCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(t, nil, "dm")
		want := w.deliver("dm", "your code")
		<-time.After(20 * time.Second)
		out, took, err := w.wait(t.Context(), `{"subject":"code"}`)
		if err != nil || took != 0 || !cmp.Equal(out.ids(), []string{string(want)}) {
			t.Errorf("after %v: %v, %v", took, out.ids(), err)
		}
		out, took, err = w.wait(t.Context(), `{"subject":"code","timeout":5,"after":"`+out.Mark+`"}`)
		if err != nil || took != 5*time.Second || !out.TimedOut || out.Since != "" || out.Waited != 5 {
			t.Errorf("after %v: %+v, %v", took, out, err)
		}
		out, took, err = w.wait(t.Context(), `{"subject":"code","since":"1999-12-31"}`)
		if err != nil || took != 0 || len(out.Rows) != 1 || out.Since != "1999-12-31T00:00Z" {
			t.Errorf("after %v: %+v, %v", took, out, err)
		}
	})
}

// TestWaitsWithoutAGap: what comes between two calls is in the second.
func TestWaitsWithoutAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(t, nil, "dm")
		out, took, err := w.wait(t.Context(), `{"timeout":50}`)
		if err != nil || took > 50*time.Second || took < 45*time.Second || !out.TimedOut || out.Rows == nil {
			t.Fatalf("after %v: %+v, %v", took, out, err)
		}
		want := w.deliver("dm", "your code")
		<-time.After(time.Hour)
		out, took, err = w.wait(t.Context(), `{"after":"`+out.Mark+`"}`)
		if err != nil || took != 0 || !cmp.Equal(out.ids(), []string{string(want)}) {
			t.Errorf("after %v: %v, %v", took, out.ids(), err)
		}
	})
}

// TestWaitKeepsTheCallsTime: the time of a call is for its answer too.
func TestWaitKeepsTheCallsTime(t *testing.T) {
	for _, limit := range []time.Duration{time.Second, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			w := newWaitingRoom(t, &Options{Timeout: limit}, "dm")
			if out, took, err := w.wait(t.Context(), `{"timeout":50}`); err != nil || !out.TimedOut || took >= limit {
				t.Errorf("after %v: %+v, %v", took, out, err)
			}
		})
	}
}

// TestWaitAnswersWhenTheLastLookIsSlow, with its mark, before the call's time is up.
func TestWaitAnswersWhenTheLastLookIsSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := newWaitingRoom(t, nil)
		w.open("dm", memmail.Options{Fault: func(ctx context.Context, op string) error {
			if op == "search" && time.Since(start) > 40*time.Second {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}})
		out, took, err := w.wait(t.Context(), `{"timeout":50}`)
		if err != nil || !out.TimedOut || out.Mark == "" || took >= DefaultTimeout {
			t.Errorf("after %v: %+v, %v", took, out, err)
		}
	})
}

// TestWaitEndsWithItsGrant: nothing that came later is shown.
func TestWaitEndsWithItsGrant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(t, nil, "dm")
		w.caller.Grant.Expires = time.Now().Add(10 * time.Second)
		time.AfterFunc(10*time.Second, func() { w.deliver("dm", "your code") })
		if out, took, err := w.wait(t.Context(), `{}`); !errors.Is(err, NotPermitted) || took != 10*time.Second {
			t.Errorf("after %v: %+v, %v, want it refused", took, out, err)
		}
	})
}

// TestWaitThatPanics: no progress is told when the call has answered.
func TestWaitThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(t, nil)
		start, answered := time.Now(), false
		w.open("dm", memmail.Options{Fault: func(_ context.Context, op string) error {
			if op == "search" && time.Since(start) > progressEvery {
				panic("a fault of the backend")
			}
			return nil
		}})
		w.caller.Progress = func(string, float64, float64) {
			<-time.After(time.Minute)
			if answered {
				t.Error("told after the answer")
			}
		}
		_, _, err := w.wait(t.Context(), `{}`)
		if answered = true; !errors.Is(err, Internal) {
			t.Errorf("got %v", err)
		}
		<-time.After(time.Hour)
	})
}

func TestWaitRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(t, nil, "dm", "wk")
		mark, _, err := w.wait(t.Context(), `{"mailbox":"dm","timeout":1}`)
		if err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct{ name, args, says string }{
			{"no mailbox", `{}`, "mailbox"},
			{"mark and since", `{"after":"` + mark.Mark + `","since":"2026-01-01"}`, "since"},
			{"a mark of another account", `{"after":"` + mark.Mark + `","mailbox":"wk"}`, "mailbox"},
			{"no mark", `{"mailbox":"dm","after":"yesterday"}`, "after"},
			{"two folders", `{"mailbox":"dm","query":"in:sent","folder":"inbox"}`, "one folder"},
			{"everywhere", `{"mailbox":"dm","query":"in:anywhere"}`, "one folder"},
			{"no such folder", `{"mailbox":"dm","folder":"Nowhere"}`, "Nowhere"},
			{"too long", `{"mailbox":"dm","timeout":51}`, "50"},
			{"no time", `{"mailbox":"dm","timeout":0}`, "timeout"},
			{"folders of search_messages", `{"mailbox":"dm","folders":["inbox"]}`, "folder"},
		} {
			if _, took, err := w.wait(t.Context(), tc.args); took != 0 || err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: after %v: %v, want a refusal that says %q", tc.name, took, err, tc.says)
			}
		}
		if out, _, err := w.wait(t.Context(), `{"timeout":1,"after":"`+mark.Mark+`"}`); err != nil || !out.TimedOut {
			t.Errorf("a mark names its account: %+v, %v", out, err)
		}
		if out, _, err := w.wait(t.Context(), `{"mailbox":"wk","timeout":1,"query":"in:sent rfc822msgid:a@b"}`); err != nil || out.Folder != "Sent" {
			t.Errorf("a folder in the query: %+v, %v", out, err)
		}
		if out, _, err := w.wait(t.Context(), `{"mailbox":"wk","timeout":1,"query":"rfc822msgid:a@b"}`); err != nil || out.Folder != "INBOX" {
			t.Errorf("a Message-ID: %+v, %v", out, err)
		}
	})
}

// TestTooManyWait: further calls are refused and told what to do.
func TestTooManyWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(t, nil, "dm")
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range provider.MaxWaits {
			wg.Go(func() {
				if _, took, err := w.wait(ctx, `{}`); !errors.Is(err, Canceled) || took != 3*time.Second {
					t.Errorf("after %v: %v, want it cancelled", took, err)
				}
			})
		}
		<-time.After(3 * time.Second)
		if _, took, err := w.wait(t.Context(), `{}`); took != 0 || !errors.Is(err, Busy) {
			t.Errorf("after %v: %v, want busy", took, err)
		}
		cancel()
		wg.Wait()
		w.deliver("dm", "your code")
		if out, _, err := w.wait(t.Context(), `{}`); err != nil || len(out.Rows) != 1 {
			t.Errorf("afterwards: %+v, %v", out, err)
		}
	})
}

func TestWaitTellsItsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(t, nil, "dm")
		w.open("slow", memmail.Options{Fault: func(_ context.Context, op string) error {
			if op == "list folders" {
				<-time.After(300 * time.Millisecond)
			}
			return nil
		}})
		var told []string
		w.caller.Progress = func(text string, done, total float64) { told = append(told, fmt.Sprint(text, " ", done, "/", total)) }
		time.AfterFunc(12*time.Second, func() { w.deliver("dm", "your code") })
		if _, _, err := w.wait(t.Context(), `{"mailbox":"dm","timeout":20}`); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		if d := cmp.Diff([]string{"waiting for mail 5/20", "waiting for mail 10/20"}, told); d != "" {
			t.Errorf("progress (-want +got):\n%s", d)
		}
		told = nil
		if _, _, err := w.wait(t.Context(), `{"mailbox":"slow","timeout":50}`); err != nil {
			t.Fatal(err)
		}
		if want := "waiting for mail 5/47"; len(told) == 0 || told[0] != want {
			t.Errorf("progress %q, want %q first", told, want)
		}
	})
}

// TestWaitNeedsReading: a grant to read is enough, and without one it is hidden.
func TestWaitNeedsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWaitingRoom(t, nil, "dm")
		w.caller.Grant.Scopes = scopes.NewSet(scopes.MailRead)
		if _, _, err := w.wait(t.Context(), `{"subject":"x","timeout":1}`); err != nil {
			t.Errorf("with mail:read: %v", err)
		}
		w.caller.Grant.Scopes = scopes.NewSet(scopes.MailSearch, scopes.MailFolders)
		if _, _, err := w.wait(t.Context(), `{"timeout":1}`); !errors.Is(err, InsufficientScope) {
			t.Errorf("without mail:read: %v", err)
		}
	})
}
