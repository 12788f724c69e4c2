package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// TestTwoAccounts runs each tool over two accounts: without mailbox, with it,
// and with one that is not the caller's.
func TestTwoAccounts(t *testing.T) {
	reg, caller, backends := fixture(t, "dm", "wk")
	run := func(c callable, mailbox string) (json.RawMessage, error) {
		caller.Journal = &testJournal{records: map[Key]Record{}}
		backends["dm"].took()
		backends["wk"].took()
		args := c.args
		if mailbox != "" {
			args = strings.TrimSuffix(args, "}") + `,"mailbox":"` + mailbox + `"}`
			args = strings.Replace(args, "{,", "{", 1)
		}
		r, err := reg.Call(context.Background(), caller, c.tool, json.RawMessage(args))
		return r.JSON, err
	}
	for _, c := range callables(t, reg) {
		t.Run(c.name, func(t *testing.T) {
			tool := reg.byName[c.tool]
			hasIDs := strings.Contains(c.args, `"ids"`) || strings.Contains(c.args, `"id":`) || strings.Contains(c.args, `"handle"`)

			_, err := run(c, "")
			dm, wk := backends["dm"].took(), backends["wk"].took()
			switch {
			case tool.spec.Whole:
				if err != nil {
					t.Errorf("without mailbox: %v", err)
				}
			case hasIDs:
				if err != nil || dm == "" || wk != "" {
					t.Errorf("ids of dm: %v, dm saw %q, wk saw %q", err, dm, wk)
				}
			case tool.changes() || tool.spec.Single:
				if asError(err).Code != Invalid || !strings.Contains(err.Error(), "dm or wk") || dm+wk != "" {
					t.Errorf("without mailbox: %v, and dm saw %q, wk saw %q; want a refusal that names both", err, dm, wk)
				}
			case err != nil || dm == "" || wk == "":
				t.Errorf("a list without mailbox: %v, dm saw %q, wk saw %q", err, dm, wk)
			}

			_, err = run(c, "wk")
			dm, wk = backends["dm"].took(), backends["wk"].took()
			switch {
			case tool.spec.Whole:
				if err == nil {
					t.Error("mailbox is no parameter of a tool that works on all accounts, and was taken")
				}
			case hasIDs:
				if asError(err).Code != Invalid || dm+wk != "" {
					t.Errorf("ids of dm with mailbox wk: %v, dm saw %q, wk saw %q", err, dm, wk)
				}
			case err != nil || dm != "" || wk == "":
				t.Errorf("mailbox wk: %v, dm saw %q, wk saw %q", err, dm, wk)
			}

			_, err = run(c, "foreign")
			if dm, wk := backends["dm"].took(), backends["wk"].took(); err == nil || dm+wk != "" {
				t.Errorf("foreign mailbox: %v, dm saw %q, wk saw %q", err, dm, wk)
			}
		})
	}
}

func TestMailboxIsListed(t *testing.T) {
	reg, caller, backends := fixture(t, "dm", "wk")
	backends["wk"].caps &^= provider.Caps(provider.CapSend)
	for _, v := range reg.Visible(caller) {
		var s struct {
			Properties map[string]struct{ Enum []string }
			Required   []string
		}
		if err := json.Unmarshal(v.InputSchema, &s); err != nil {
			t.Fatal(err)
		}
		box, has := s.Properties[mailboxParam]
		want := []string{"dm", "wk"}
		switch v.Name {
		case "list_accounts":
			want = nil
		case "send_message":
			want = []string{"dm"}
		}
		if has != (want != nil) || !slices.Equal(box.Enum, want) {
			t.Errorf("%s: mailbox %v, want %v", v.Name, box.Enum, want)
		}
		if required := slices.Contains(s.Required, mailboxParam); required != (v.Name == "send_message" || v.Name == "wait_for_message") {
			t.Errorf("%s: mailbox required %v", v.Name, required)
		}
	}
	reg, caller, _ = fixture(t, "dm")
	for _, v := range reg.Visible(caller) {
		if strings.Contains(string(v.InputSchema), mailboxParam) {
			t.Errorf("%s: one account, and mailbox is listed", v.Name)
		}
	}
}

func TestIDsOfTwoAccounts(t *testing.T) {
	reg, caller, backends := fixture(t, "dm", "wk")
	for _, args := range []string{`{"ids":["dm-1.1","wk-1.1"]}`, `{"ids":["xx-1.1"]}`} {
		_, err := reg.Call(context.Background(), caller, "read_message", json.RawMessage(args))
		if asError(err).Code != Invalid || backends["dm"].took()+backends["wk"].took() != "" {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestAccountsThatCannotBeToldApart(t *testing.T) {
	reg, caller, _ := fixture(t, "dm", "wk")
	caller.Accounts[1] = caller.Accounts[0]
	if views := reg.Visible(caller); len(views) != 0 {
		t.Errorf("%d tools are listed for two equal accounts", len(views))
	}
	if _, err := reg.Call(context.Background(), caller, "list_folders", nil); !errors.Is(err, Internal) || !strings.Contains(err.Error(), "two accounts") {
		t.Errorf("calling: %v", err)
	}
}

// pager lists numbered messages, the account's own newest first.
type pager struct {
	recorder
	times []time.Time // of each message, newest first
	fail  bool
}

func (p *pager) ListMessages(_ context.Context, opts provider.ListOptions, page provider.PageRequest) (provider.Page[provider.Summary], error) {
	var out provider.Page[provider.Summary]
	if p.fail {
		return out, &provider.Error{Code: provider.Unavailable}
	}
	listing := p.account + string(opts.Folder)
	from := 0
	if page.After != "" {
		key, err := provider.Resume(page.After, listing, "")
		if err != nil {
			return out, err
		}
		from = int(key[0])
	}
	to := min(from+page.Limit, len(p.times))
	for i := from; i < to; i++ {
		out.Items = append(out.Items, p.summary("1."+string(rune('a'+i)), "m", p.times[i]))
	}
	out.At = func(i int) (provider.Cursor, error) {
		return provider.Place{Listing: listing, Key: string(rune(from + i + 1))}.Cursor()
	}
	var err error
	if to < len(p.times) {
		out.Next, err = out.At(to - from - 1)
	}
	out.Total = len(p.times)
	return out, err
}

// TestMergedPages walks lists of two accounts in pages of every size: every row
// comes once, newest first over all pages.
func TestMergedPages(t *testing.T) {
	at := func(minutes ...int) (out []time.Time) {
		for _, m := range minutes {
			out = append(out, testNow.Add(-time.Duration(m)*time.Minute))
		}
		return out
	}
	accounts := []*pager{
		{recorder: recorder{account: "dm", caps: provider.AllCaps()}, times: at(1, 2, 3, 4, 50, 60)},
		{recorder: recorder{account: "wk", caps: provider.AllCaps()}, times: at(2, 40, 41, 42, 43)},
		{recorder: recorder{account: "no", caps: provider.AllCaps()}},
	}
	reg, caller, _ := fixture(t)
	for _, p := range accounts {
		acct, err := provider.Open(p)
		if err != nil {
			t.Fatal(err)
		}
		caller.Accounts = append(caller.Accounts, Account{ID: toID(p.account), Mail: acct, Gates: openGates(), Zone: time.UTC})
	}
	for limit := 1; limit <= 12; limit++ {
		var ids, dates []string
		cursor := ""
		for pages := 0; ; pages++ {
			rows := callRows(t, reg, caller, listArgs(limit, cursor))
			for _, row := range rows.Rows {
				ids, dates = append(ids, row[1]), append(dates, row[4])
			}
			if len(rows.Rows) > limit {
				t.Fatalf("limit %d: %d rows", limit, len(rows.Rows))
			}
			if cursor = rows.NextCursor; cursor == "" {
				break
			}
			if pages > 20 {
				t.Fatalf("limit %d: no end", limit)
			}
		}
		if len(ids) != 11 || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 11 {
			t.Errorf("limit %d: rows %v, want each of 11 once", limit, ids)
		}
		if !slices.IsSortedFunc(dates, func(a, b string) int { return strings.Compare(b, a) }) {
			t.Errorf("limit %d: not newest first: %v", limit, dates)
		}
	}

	if total := callRows(t, reg, caller, listArgs(3, "")).Total; total == nil || *total != 11 {
		t.Errorf("total %v, want 11", total)
	}
	accounts[1].fail = true
	rows := callRows(t, reg, caller, listArgs(3, ""))
	if len(rows.Failed) != 1 || rows.Failed[0].Mailbox != "wk" || rows.Failed[0].Code != Unavailable || len(rows.Rows) != 3 {
		t.Errorf("one account down: %+v", rows)
	}
	accounts[1].fail = false
	var rest []string
	for cursor := rows.NextCursor; cursor != ""; {
		next := callRows(t, reg, caller, listArgs(3, cursor))
		for _, row := range next.Rows {
			rest = append(rest, row[1])
		}
		cursor = next.NextCursor
	}
	if rows.Total != nil {
		t.Errorf("one account was not counted, and the total is %d", *rows.Total)
	}
	if len(rest) != 8 {
		t.Errorf("after it came back: %d rows, want the other 8: %v", len(rest), rest)
	}
	// An account that failed in the middle of its list keeps its place, also when the others are through.
	second := callRows(t, reg, caller, listArgs(8, callRows(t, reg, caller, listArgs(3, "")).NextCursor[:0]))
	accounts[1].fail = true
	rows = callRows(t, reg, caller, listArgs(200, second.NextCursor))
	accounts[1].fail = false
	if rows = callRows(t, reg, caller, listArgs(200, rows.NextCursor)); *second.Total != 11 || len(rows.Rows) != 1 || rows.Total != nil || rows.NextCursor != "" {
		t.Errorf("the rest of an account that was away: %+v", rows)
	}
	for _, bad := range []string{"m1", "m1.dm", "m1.xx.", "m1.dm..dm.", "m1.dm.garbage", "m2.dm.", "x.dm.", "m1.dm..wk", "abc", rows.NextCursor + ".x"} {
		if _, err := reg.Call(context.Background(), caller, "list_messages", json.RawMessage(listArgs(3, bad))); asError(err).Code != Invalid {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
}

func listArgs(limit int, cursor string) string {
	raw, err := json.Marshal(map[string]json.RawMessage{"limit": mustJSON(limit), "cursor": mustJSON(cursor)})
	if err != nil {
		return ""
	}
	return string(raw)
}

func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

func toID(s string) scopes.AccountID { return scopes.AccountID(s) }

func callRows(t *testing.T, reg *Registry, c *Caller, args string) *Rows {
	t.Helper()
	return rowsOf(t, reg, c, "list_messages", args)
}

func rowsOf(t *testing.T, reg *Registry, c *Caller, tool, args string) *Rows {
	t.Helper()
	res, err := reg.Call(context.Background(), c, tool, json.RawMessage(args))
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	var rows Rows
	if err := json.Unmarshal(res.JSON, &rows); err != nil {
		t.Fatal(err)
	}
	return &rows
}
