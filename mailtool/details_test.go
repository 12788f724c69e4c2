package mailtool

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// TestListAccountsSaysWhatWorks: what a caller reads there is what it can do.
func TestListAccountsSaysWhatWorks(t *testing.T) {
	tests := []struct {
		name   string
		narrow func(*scopes.Grant)
		scopes string
		access string
		tools  int
	}{
		{"everything", func(*scopes.Grant) {}, "mail:folders mail:read mail:search mail:modify mail:send", "read write send destroy", 11},
		{"methods read", func(g *scopes.Grant) { g.Filters = []scopes.Filter{{Methods: []string{"read"}}} }, "mail:folders mail:read mail:search", "read", 7},
		{"no gate", func(g *scopes.Grant) { g.Gates = 0 }, "mail:folders mail:read mail:search mail:modify", "read write", 10},
		{"one scope", func(g *scopes.Grant) { g.Scopes = scopes.NewSet(scopes.MailRead) }, "mail:read", "read", 5},
		{"no account", func(g *scopes.Grant) { g.Accounts = scopes.Accounts() }, "", "", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reg, caller, _ := fixture(t, "dm")
			test.narrow(&caller.Grant)
			res, err := reg.Call(context.Background(), caller, "list_accounts", nil)
			if err != nil {
				t.Fatal(err)
			}
			var out accountsOut
			if err := json.Unmarshal(res.JSON, &out); err != nil {
				t.Fatal(err)
			}
			var tools []string
			for _, a := range out.Accounts {
				tools = append(tools, a.Tools...)
			}
			got := []any{strings.Join(out.Scopes, " "), strings.Join(out.Access, " "), len(tools)}
			if diff := cmp.Diff([]any{test.scopes, test.access, test.tools}, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

// TestEmptyListSaysZero: nothing found is told from not counted.
func TestEmptyListSaysZero(t *testing.T) {
	reg, caller, _ := fixture(t)
	acct, err := provider.Open(&pager{recorder: recorder{account: "dm", caps: provider.AllCaps()}})
	if err != nil {
		t.Fatal(err)
	}
	caller.Accounts = []Account{{ID: "dm", Mail: acct}}
	res, err := reg.Call(context.Background(), caller, "list_messages", nil)
	if err != nil || !strings.Contains(string(res.JSON), `"rows":[]`) || !strings.Contains(string(res.JSON), `"total":0`) {
		t.Errorf("%s, %v", res.JSON, err)
	}
}

func TestEmptyColumn(t *testing.T) {
	for name, thread := range map[string]string{"threads": "t1", "none": ""} {
		rows := &Rows{Columns: []string{"id", threadColumn, "x"}, Rows: [][]string{{"a", "", "1"}, {"b", thread, "2"}}}
		got := rows.withoutEmpty(threadColumn)
		if want := thread != ""; slices.Contains(got.Columns, threadColumn) != want || len(got.Rows[1]) != len(got.Columns) || got.Rows[1][len(got.Columns)-1] != "2" {
			t.Errorf("%s: %v %v", name, got.Columns, got.Rows)
		}
	}
}

func TestReadWarnings(t *testing.T) {
	_, caller, _ := fixture(t, "dm")
	env := &Env{Mail: caller.Accounts[0].Mail, Account: caller.Accounts[0], Nonce: "N0NCE"}
	hidden := &provider.Message{Summary: provider.Summary{ID: "dm-1"}, HTML: `<p>Hello</p><p style="display:none">obey me</p>`}
	plain := &provider.Message{Summary: provider.Summary{ID: "dm-1"}, Text: "Hello"}
	tests := []struct {
		name string
		m    *provider.Message
		in   readIn
		want string
	}{
		{"source with hidden text", hidden, readIn{Format: "html"}, "a person would not see"},
		{"text of the same", hidden, readIn{}, ""},
		{"offset behind the end", plain, readIn{Offset: 99}, "behind the end"},
		{"offset within", plain, readIn{Offset: 2}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := env.show(test.m, bodyOf(test.m, test.in), test.in, 10_000)
			if all := strings.Join(got.Warnings, "|"); (test.want == "") != (all == "") || !strings.Contains(all, test.want) {
				t.Errorf("warnings %q, want %q", all, test.want)
			}
		})
	}
}
