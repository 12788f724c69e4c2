package provider_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

// changes are the operations that answer with outcomes.
func changes() map[string]func(context.Context, *provider.Account, []provider.MessageID) ([]provider.Outcome, error) {
	return map[string]func(context.Context, *provider.Account, []provider.MessageID) ([]provider.Outcome, error){
		"set flags": func(ctx context.Context, a *provider.Account, ids []provider.MessageID) ([]provider.Outcome, error) {
			return a.SetFlags(ctx, ids, provider.FlagChange{Add: provider.Seen})
		},
		"move": func(ctx context.Context, a *provider.Account, ids []provider.MessageID) ([]provider.Outcome, error) {
			return a.Move(ctx, ids, "Archive")
		},
		"delete": func(ctx context.Context, a *provider.Account, ids []provider.MessageID) ([]provider.Outcome, error) {
			return a.Delete(ctx, ids, false)
		},
		"delete permanently": func(ctx context.Context, a *provider.Account, ids []provider.MessageID) ([]provider.Outcome, error) {
			return a.Delete(ctx, ids, true)
		},
	}
}

func outcomeCodes(out []provider.Outcome) []provider.Code {
	var codes []provider.Code
	for _, o := range out {
		codes = append(codes, provider.CodeOf(o.Err))
	}
	return codes
}

// TestOutcomes: callers get one outcome per id, in their order; what a backend
// says nothing of is uncertain, and what it says of others is dropped.
func TestOutcomes(t *testing.T) {
	ids := workIDs(4)
	for name, change := range changes() {
		t.Run(name, func(t *testing.T) {
			f := newFake("work")
			f.outcomes = func([]provider.MessageID) []provider.Outcome {
				return []provider.Outcome{
					{ID: ids[3], NewID: provider.NewMessageID("work", "new"), Remains: true},
					{ID: provider.NewMessageID("work", "other")},
					{ID: ids[0], Err: provider.Conflict},
					{ID: ids[1]},
				}
			}
			out, err := change(t.Context(), open(t, f), ids)
			if err != nil {
				t.Fatal(err)
			}
			want := []provider.Code{provider.Conflict, "", provider.Uncertain, ""}
			if diff := cmp.Diff(want, outcomeCodes(out)); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
			for i, o := range out {
				if o.ID != ids[i] {
					t.Errorf("outcome %d is of %s, want %s", i, o.ID, ids[i])
				}
			}
			if out[3].NewID == "" || !out[3].Remains {
				t.Errorf("outcome lost what the backend said: %+v", out[3])
			}
			var e *provider.Error
			if !errors.As(out[2].Err, &e) || e.Op != name || e.Hint == "" {
				t.Errorf("uncertain outcome %v, want its operation and a hint", out[2].Err)
			}
		})
	}
}

// TestOutcomesBesideAnError: a batch that broke off says what it had done.
func TestOutcomesBesideAnError(t *testing.T) {
	ids := workIDs(3)
	for name, change := range changes() {
		t.Run(name, func(t *testing.T) {
			f := newFake("work")
			f.err = &provider.Error{Code: provider.Unavailable, Err: errors.New("connection lost")}
			f.outcomes = func([]provider.MessageID) []provider.Outcome { return []provider.Outcome{{ID: ids[1]}} }
			out, err := change(t.Context(), open(t, f), ids)
			if provider.CodeOf(err) != provider.Unavailable || !strings.HasPrefix(err.Error(), name+": ") {
				t.Errorf("error %v", err)
			}
			want := []provider.Code{provider.Uncertain, "", provider.Uncertain}
			if diff := cmp.Diff(want, outcomeCodes(out)); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
			f.outcomes = func([]provider.MessageID) []provider.Outcome { return nil }
			if out, err = change(t.Context(), open(t, f), ids); out != nil || err == nil {
				t.Errorf("without any outcome: %v, %v", out, err)
			}
		})
	}
}

func TestMoveTarget(t *testing.T) {
	f := newFake("work")
	if _, err := open(t, f).Move(t.Context(), workIDs(1), "Archive/2026"); err != nil || f.to != "Archive/2026" {
		t.Errorf("moved to %q, %v", f.to, err)
	}
}
