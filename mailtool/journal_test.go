package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// brokenJournal fails as it is told, and notes what it was asked.
type brokenJournal struct {
	testJournal
	audit, lookup, claim, finish error
	result                       *ClaimResult // in place of a claim
	ended                        bool         // a context had ended
	claims                       []Claim
	finished                     []Record
}

func (j *brokenJournal) Audit(ctx context.Context, row AuditRow) error {
	j.ended = j.ended || ctx.Err() != nil
	return errors.Join(j.audit, j.testJournal.Audit(ctx, row))
}

func (j *brokenJournal) Lookup(ctx context.Context, key Key, now time.Time) (Record, error) {
	if j.lookup != nil {
		return Record{}, j.lookup
	}
	return j.testJournal.Lookup(ctx, key, now)
}

func (j *brokenJournal) Claim(ctx context.Context, c Claim) (ClaimResult, error) {
	j.claims = append(j.claims, c)
	if j.result != nil || j.claim != nil {
		if j.result == nil {
			j.result = &ClaimResult{}
		}
		return *j.result, j.claim
	}
	return j.testJournal.Claim(ctx, c)
}

func (j *brokenJournal) Finish(ctx context.Context, key Key, r Record) error {
	j.ended, j.finished = j.ended || ctx.Err() != nil, append(j.finished, r)
	if j.finish != nil {
		return j.finish
	}
	return j.testJournal.Finish(ctx, key, r)
}

func newBroken() *brokenJournal {
	return &brokenJournal{testJournal: testJournal{records: map[Key]Record{}}}
}

// TestJournalFailures: without its journal a send does not start; once it has
// left, the journal cannot take that back.
func TestJournalFailures(t *testing.T) {
	boom := errors.New("disk full")
	tests := []struct {
		name  string
		set   func(*brokenJournal)
		code  Code // empty: it is sent
		again Code // of the same call made again; empty: it is answered
	}{
		{"lookup", func(j *brokenJournal) { j.lookup = boom }, Internal, Internal},
		{"claim", func(j *brokenJournal) { j.claim = boom }, Internal, Internal},
		{"claim in vain", func(j *brokenJournal) { j.result = &ClaimResult{Record: Record{State: Running}} }, Busy, Busy},
		{"quota", func(j *brokenJournal) { j.result = &ClaimResult{OverQuota: "of an hour"} }, QuotaExceeded, QuotaExceeded},
		{"finish", func(j *brokenJournal) { j.finish = boom }, "", Busy},
		{"audit", func(j *brokenJournal) { j.audit = boom }, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			j := newBroken()
			test.set(j)
			caller.Journal = j
			for _, want := range []Code{test.code, test.again} {
				_, err := callSend(t, reg, caller, hello)
				if want == "" && err != nil || want != "" && !errors.Is(err, want) {
					t.Errorf("%v, want code %q", err, want)
				}
			}
			if n := len(backends["dm"].sent); (n == 0) != (test.code != "") || n > 1 {
				t.Errorf("%d messages left", n)
			}
		})
	}
}

// TestAnswerOfAnotherTry: who comes second by a moment gets the answer of the first.
func TestAnswerOfAnotherTry(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	j := newBroken()
	j.result = &ClaimResult{Record: Record{State: Done, Answer: json.RawMessage(`{"status":"sent","duplicate":true}`)}}
	caller.Journal = j
	if out, err := callSend(t, reg, caller, hello); err != nil || !out.Duplicate || len(backends["dm"].sent) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

// TestClaims: what is asked of the journal.
func TestClaims(t *testing.T) {
	reg, caller, backends := fixture(t, "dm", "wk")
	j := newBroken()
	caller.Journal = j
	for _, args := range []string{
		withMember(hello, `"mailbox":"dm"`),
		withMember(hello, `"mailbox":"wk"`),
		withMember(hello, `"mailbox":"dm","idempotency_key":"k"`),
		withMember(hello, `"mailbox":"wk","idempotency_key":"k"`),
	} {
		if _, err := callSend(t, reg, caller, args); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := len(backends["dm"].sent), len(backends["wk"].sent); a != 2 || b != 2 {
		t.Errorf("%d and %d left: two accounts are two intents", a, b)
	}
	other := *caller
	other.Grant.ID = "g2"
	if _, err := callSend(t, reg, &other, withMember(hello, `"mailbox":"dm","idempotency_key":"k"`)); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for i, c := range j.claims {
		want := keepContent
		if i >= 2 {
			want = keepKey
		}
		if c.Keep != want || c.Quota != (scopes.Quota{}).Effective() || !c.Now.Equal(testNow) || c.Key.Tool != "send_message" || c.Key.Grant == "" || ids[c.ID] {
			t.Errorf("claim %d: %+v", i, c)
		}
		ids[c.ID] = true
	}
	for i, r := range j.finished {
		if r.State != Done || r.ID != j.claims[i].ID {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	if len(ids) != 5 || len(j.finished) != 5 {
		t.Errorf("%d intents, %d records", len(ids), len(j.finished))
	}
}

// TestJournalOutlivesTheCall: what became of a send, and the trail, are written
// also when the caller has gone.
func TestJournalOutlivesTheCall(t *testing.T) {
	reg, caller, backends := fixture(t, "dm")
	j := newBroken()
	caller.Journal = j
	ctx, cancel := context.WithCancel(context.Background())
	backends["dm"].hook = func(op string) error {
		if op == "send" {
			cancel()
			return &provider.Error{Code: provider.Uncertain, Err: context.Canceled}
		}
		return nil
	}
	if _, err := reg.Call(ctx, caller, "send_message", json.RawMessage(hello)); err != nil {
		t.Errorf("%v", err)
	}
	if j.ended || len(j.finished) != 1 || j.finished[0].State != Unknown || len(j.testJournal.audit) != 1 {
		t.Errorf("ended %v, records %+v, %d rows", j.ended, j.finished, len(j.testJournal.audit))
	}
}

// TestUncertainErrors: a sending tool may also fail with what nobody knows.
func TestUncertainErrors(t *testing.T) {
	spec := Spec{
		Name: "send_it", Title: "Send", Description: "Sends.", Tags: []scopes.Tag{"messages"},
		Effect: scopes.Effect{Verb: "send", Access: scopes.Send, Scopes: scopes.AllOf(scopes.MailSend), Gate: scopes.Sending},
	}
	for code, want := range map[provider.Code]State{provider.Uncertain: Unknown, provider.Internal: Unknown, provider.Denied: "", provider.Unavailable: ""} {
		reg, err := NewRegistry(nil, Define(spec, func(context.Context, *Env, struct{}) (*sendOut, error) { return nil, &provider.Error{Code: code} }))
		if err != nil {
			t.Fatal(err)
		}
		_, caller, _ := fixture(t, "dm")
		j := newBroken()
		caller.Journal = j
		if _, err := reg.Call(context.Background(), caller, "send_it", nil); !errors.Is(err, Code(code)) {
			t.Errorf("%s: %v", code, err)
		}
		if len(j.finished) != 1 || j.finished[0].State != want || (want == Unknown) != (j.finished[0].Answer != nil) {
			t.Errorf("%s: %+v", code, j.finished)
		}
	}
}
