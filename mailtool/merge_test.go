package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// listers are an account for each cursor, with two rows of which the list
// shows one, and one item that failed.
func listers(t *testing.T, at func(int) (provider.Cursor, error)) (*Registry, *Caller) {
	t.Helper()
	type in struct {
		Limit  int    `json:"limit,omitempty" jsonschema:"rows"`
		Cursor string `json:"cursor,omitempty" jsonschema:"place"`
	}
	spec := Spec{
		Name: "list_it", Title: "List", Description: "Lists.", Tags: []scopes.Tag{"messages"},
		Effect: scopes.Effect{Verb: scopes.List, Access: scopes.Read, Scopes: scopes.Public()},
	}
	reg, err := NewRegistry(nil, Define(spec, func(_ context.Context, env *Env, _ in) (*Rows, error) {
		return &Rows{
			Columns: []string{"id"}, Rows: [][]string{{"one"}, {"two"}}, NextCursor: "next", at: at,
			keys:   []time.Time{testNow, testNow.Add(-time.Hour)},
			Failed: []Failure{{ID: env.Mail.Tag() + "-1", Code: Unavailable}},
		}, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	_, caller, _ := fixture(t, "dm", "wk")
	return reg, caller
}

func TestMergedFailures(t *testing.T) {
	reg, caller := listers(t, func(int) (provider.Cursor, error) { return "here", nil })
	res, err := reg.Call(context.Background(), caller, "list_it", json.RawMessage(`{"limit":3}`))
	var rows Rows
	if err != nil || json.Unmarshal(res.JSON, &rows) != nil || len(rows.Failed) != 2 || len(rows.Rows) != 3 || rows.NextCursor != "m1.dm.next.wk.here" {
		t.Fatalf("%s, %v", res.JSON, err)
	}
	for _, f := range rows.Failed {
		if f.Mailbox == "" || !strings.HasPrefix(f.ID, f.Mailbox) {
			t.Errorf("whose item failed is not said: %+v", f)
		}
	}
}

// TestMergedCursors: a place that cannot be given, or is too long to be handed
// back, fails the list in place of losing rows.
func TestMergedCursors(t *testing.T) {
	for name, at := range map[string]func(int) (provider.Cursor, error){
		"panics":   func(int) (provider.Cursor, error) { panic("boom") },
		"fails":    func(int) (provider.Cursor, error) { return "", provider.Internal },
		"too long": func(int) (provider.Cursor, error) { return provider.Cursor(strings.Repeat("x", maxMergedCursor)), nil },
		"has none": nil,
	} {
		reg, caller := listers(t, at)
		_, err := reg.Call(context.Background(), caller, "list_it", json.RawMessage(`{"limit":3}`))
		if want := map[bool]Code{true: TooLarge, false: Internal}[name == "too long"]; !errors.Is(err, want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// TestMergedNotice: a list of several accounts holds strangers' words too.
func TestMergedNotice(t *testing.T) {
	reg, caller, _ := fixture(t, "dm", "wk")
	for _, tool := range []string{"list_messages", "search_messages", "list_folders"} {
		res, err := reg.Call(context.Background(), caller, tool, nil)
		if err != nil || !strings.HasPrefix(string(res.JSON), `{"untrusted":"`) {
			t.Errorf("%s: %.60s, %v", tool, res.JSON, err)
		}
	}
}
