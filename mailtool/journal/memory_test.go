package journal_test

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/journal"
	"github.com/postern-mail/postern/scopes"
)

var start = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func claim(grant, intent string, after time.Duration) mailtool.Claim {
	return mailtool.Claim{
		Key: mailtool.Key{Grant: grant, Account: "a", Tool: "send_message", Intent: intent}, ID: "id of " + intent,
		Keep: 10 * time.Minute, Quota: scopes.Quota{SendsPerHour: 3, SendsPerDay: 5}, Now: start.Add(after),
	}
}

func take(t *testing.T, m mailtool.Journal, c mailtool.Claim) mailtool.ClaimResult {
	t.Helper()
	got, err := m.Claim(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func finish(t *testing.T, m mailtool.Journal, key mailtool.Key, r mailtool.Record) {
	t.Helper()
	if err := m.Finish(context.Background(), key, r); err != nil {
		t.Fatal(err)
	}
}

func TestClaimOnce(t *testing.T) {
	m := journal.NewMemory(nil)
	var taken atomic.Int32
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			got, err := m.Claim(context.Background(), claim("g", "x", 0))
			if err != nil {
				t.Error(err)
			}
			if got.Taken {
				taken.Add(1)
			} else if got.Record.State != mailtool.Running || got.Record.ID != "id of x" {
				t.Errorf("the loser is told %+v", got)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 1 {
		t.Errorf("%d took the key", taken.Load())
	}
}

func TestKeysAreApart(t *testing.T) {
	m := journal.NewMemory(nil)
	base := claim("g", "x", 0)
	take(t, m, base)
	for name, change := range map[string]func(*mailtool.Key){
		"grant":   func(k *mailtool.Key) { k.Grant = "h" },
		"account": func(k *mailtool.Key) { k.Account = "b" },
		"tool":    func(k *mailtool.Key) { k.Tool = "reply_message" },
	} {
		other := base
		change(&other.Key)
		if !take(t, m, other).Taken {
			t.Errorf("another %s does not have a key of its own", name)
		}
	}
}

func TestStates(t *testing.T) {
	answer := json.RawMessage(`{"status":"sent"}`)
	tests := []struct {
		name   string
		finish *mailtool.Record // nil: still running
		after  time.Duration
		taken  bool
		state  mailtool.State
	}{
		{"running", nil, time.Minute, false, mailtool.Running},
		{"running for ever", nil, 48 * time.Hour, false, mailtool.Running},
		{"done", &mailtool.Record{State: mailtool.Done, Answer: answer}, 9 * time.Minute, false, mailtool.Done},
		{"done long ago", &mailtool.Record{State: mailtool.Done, Answer: answer}, 10 * time.Minute, true, ""},
		{"uncertain", &mailtool.Record{State: mailtool.Unknown, Answer: answer}, time.Minute, false, mailtool.Unknown},
		{"given back", &mailtool.Record{}, time.Second, true, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := journal.NewMemory(nil)
			c := claim("g", "x", 0)
			take(t, m, c)
			if test.finish != nil {
				finish(t, m, c.Key, *test.finish)
			}
			seen, err := m.Lookup(context.Background(), c.Key, start.Add(test.after))
			if err != nil || seen.State != test.state {
				t.Errorf("looked up %+v, %v; want state %q", seen, err, test.state)
			}
			got := take(t, m, claim("g", "x", test.after))
			if got.Taken != test.taken || got.Record.State != test.state {
				t.Errorf("claimed again: %+v", got)
			}
		})
	}
}

func TestQuota(t *testing.T) {
	m := journal.NewMemory(nil)
	for i, intent := range []string{"a", "b", "c"} {
		if !take(t, m, claim("g", intent, time.Duration(i)*time.Minute)).Taken {
			t.Fatalf("%s is within the quota", intent)
		}
	}
	if got := take(t, m, claim("g", "d", 3*time.Minute)); got.Taken || got.OverQuota != "of an hour" {
		t.Errorf("a fourth within the hour: %+v", got)
	}
	if !take(t, m, claim("other", "d", 3*time.Minute)).Taken {
		t.Error("another grant has a quota of its own")
	}
	finish(t, m, claim("g", "a", 0).Key, mailtool.Record{})
	if !take(t, m, claim("g", "d", 4*time.Minute)).Taken {
		t.Error("what was given back still counts")
	}
	for i, intent := range []string{"e", "f"} {
		if !take(t, m, claim("g", intent, 2*time.Hour+time.Duration(i)*time.Minute)).Taken {
			t.Fatalf("%s is in another hour", intent)
		}
	}
	if got := take(t, m, claim("g", "h", 5*time.Hour)); got.Taken || got.OverQuota != "of a day" {
		t.Errorf("a sixth within the day: %+v", got)
	}
	if !take(t, m, claim("g", "h", 30*time.Hour)).Taken {
		t.Error("the next day")
	}
	unlimited := claim("g", "z", 0)
	unlimited.Quota = scopes.Quota{SendsPerHour: -1, SendsPerDay: -1}
	if !take(t, m, unlimited).Taken {
		t.Error("no limit, and refused")
	}
}

func TestTrail(t *testing.T) {
	m := journal.NewMemory(&journal.MemoryOptions{AuditRows: 3})
	for i := range 10 {
		if err := m.Audit(context.Background(), mailtool.AuditRow{Grant: []string{"g", "h"}[i%2], Items: i}); err != nil {
			t.Fatal(err)
		}
	}
	all := m.Trail("")
	if len(all) != 3 || all[0].Items != 9 || all[2].Items != 7 {
		t.Errorf("the newest three, newest first: %+v", all)
	}
	if own := m.Trail("h"); len(own) != 2 || own[0].Items != 9 || own[1].Items != 7 {
		t.Errorf("of one grant: %+v", own)
	}
}
