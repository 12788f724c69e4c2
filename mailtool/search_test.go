package mailtool

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// TestMessageIDEverywhere: who asks for one message wants it wherever it has
// been moved, unless told otherwise.
func TestMessageIDEverywhere(t *testing.T) {
	_, caller, _ := fixture(t, "dm")
	env := &Env{Mail: caller.Accounts[0].Mail, Account: caller.Accounts[0], Now: testNow}
	for _, tt := range []struct {
		name string
		in   searchIn
		want bool
	}{
		{"parameter", searchIn{MessageID: "<1@example.org>"}, true},
		{"operator", searchIn{Query: "rfc822msgid:1@example.org"}, true},
		{"beside another term", searchIn{Query: "rfc822msgid:1@example.org is:unread"}, true},
		{"one of two ids", searchIn{Query: "rfc822msgid:1@example.org OR rfc822msgid:2@example.org"}, true},
		{"an id or a word", searchIn{Query: "rfc822msgid:1@example.org OR invoice"}, false},
		{"not this one", searchIn{Query: "-rfc822msgid:1@example.org"}, false},
		{"no id", searchIn{Query: "invoice"}, false},
		{"a folder", searchIn{MessageID: "1@example.org", Folders: []string{"inbox"}}, false},
		{"a folder in the query", searchIn{MessageID: "1@example.org", Query: "in:inbox"}, false},
		{"but not in trash", searchIn{MessageID: "1@example.org", Query: "-in:trash"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q, err := env.query(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if q.Everywhere != tt.want {
				t.Errorf("everywhere %v", q.Everywhere)
			}
		})
	}
}

// unfinished is a backend whose searches do not get far.
type unfinished struct {
	*recorder
	page provider.Page[provider.Summary]
}

func (u *unfinished) Search(context.Context, provider.Query, provider.PageRequest) (provider.Page[provider.Summary], error) {
	return u.page, nil
}

// TestPartialAnswers: a page that is short for want of time says so, also the
// empty one, which would read as nothing found.
func TestPartialAnswers(t *testing.T) {
	reached := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	short := provider.Page[provider.Summary]{Next: "further", Partial: true, Reached: reached}
	whole := provider.Page[provider.Summary]{}
	unknown := short
	unknown.Reached = time.Time{}
	const down, all = "searched down to messages of 2026-03-01T09:30Z only: for older ones go on with next_cursor", "not everything was searched yet: go on with next_cursor"
	for _, tt := range []struct {
		name  string
		pages []provider.Page[provider.Summary] // of an account each
		want  string
		total bool
	}{
		{"down to a date", []provider.Page[provider.Summary]{short}, down, false},
		{"nobody knows how far", []provider.Page[provider.Summary]{unknown}, all, false},
		{"all of it", []provider.Page[provider.Summary]{whole}, "", true},
		{"one of two accounts", []provider.Page[provider.Summary]{whole, short}, down, false},
		{"two accounts, not as far", []provider.Page[provider.Summary]{unknown, short}, all, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reg, caller, _ := fixture(t)
			for i, page := range tt.pages {
				id := "a" + strconv.Itoa(i)
				acct, err := provider.Open(&unfinished{&recorder{account: id, caps: provider.AllCaps()}, page})
				if err != nil {
					t.Fatal(err)
				}
				caller.Accounts = append(caller.Accounts, Account{ID: scopes.AccountID(id), Mail: acct, Gates: openGates(), Zone: time.UTC})
			}
			rows := rowsOf(t, reg, caller, "search_messages", `{"text":"x"}`)
			if rows.Partial != tt.want || (rows.NextCursor != "") != (tt.want != "") || (rows.Total != nil) != tt.total {
				t.Errorf("%+v", rows)
			}
		})
	}
}

// TestNoneInAll: that nothing matches at all is said when it is known, not when
// nothing more does, nor when a folder could not be searched.
func TestNoneInAll(t *testing.T) {
	failed := []provider.Outcome{{Err: provider.Unavailable}}
	for _, tt := range []struct {
		name, args string
		page       provider.Page[provider.Summary]
		want       bool
	}{
		{"first page", `{"text":"x"}`, provider.Page[provider.Summary]{}, true},
		{"later page", `{"text":"x","cursor":"further"}`, provider.Page[provider.Summary]{}, false},
		{"a folder failed", `{"text":"x"}`, provider.Page[provider.Summary]{Failed: failed}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reg, caller, _ := fixture(t)
			acct, err := provider.Open(&unfinished{&recorder{account: "a", caps: provider.AllCaps()}, tt.page})
			if err != nil {
				t.Fatal(err)
			}
			caller.Accounts = []Account{{ID: "a", Mail: acct, Gates: openGates(), Zone: time.UTC}}
			rows := rowsOf(t, reg, caller, "search_messages", tt.args)
			if (rows.Total != nil) != tt.want {
				t.Errorf("total %v", rows.Total)
			}
		})
	}
}

// TestCutLeavesRoomForItsCursor: the place in the middle of a search of many
// folders is longer than the one at its end.
func TestCutLeavesRoomForItsCursor(t *testing.T) {
	long := strings.Repeat("c", 3600)
	rows := &Rows{Columns: []string{"a"}, Partial: "not all", at: func(i int) (provider.Cursor, error) { return provider.Cursor(long), nil }}
	for range 200 {
		rows.Rows = append(rows.Rows, []string{strings.Repeat("x", 996)}) // leaves less than a cursor behind the last that fits
	}
	out, err := rows.within(maxAnswerBytes)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := compact(out)
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) > maxAnswerBytes || len(out.Rows) < 50 || out.NextCursor != long {
		t.Errorf("%d bytes, %d rows", len(raw), len(out.Rows))
	}
	if out.Partial != "" {
		t.Error("the note of the whole page stands under a part of it")
	}
}

// TestMergedCursorsFit: the same for several accounts, and no row is lost.
func TestMergedCursorsFit(t *testing.T) {
	long := strings.Repeat("c", 3600)
	row := []string{strings.Repeat("x", 500)}
	lists := make([]*accountList, 3)
	_, caller, _ := fixture(t, "dm", "wk", "ho")
	for i := range lists {
		rows := &Rows{Columns: []string{"a"}, at: func(n int) (provider.Cursor, error) { return provider.Cursor(long[:3590] + strconv.Itoa(n)), nil }}
		for n := range 60 {
			rows.Rows, rows.keys = append(rows.Rows, row), append(rows.keys, testNow.Add(-time.Duration(n)*time.Hour))
		}
		lists[i] = &accountList{start: start{account: caller.Accounts[i]}, rows: rows}
	}
	out, err := mergeLists(lists, 180)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := compact(out)
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for _, l := range lists {
		taken += l.taken
		if l.taken > 0 && !strings.Contains(out.NextCursor, long[:3590]+strconv.Itoa(l.taken-1)) {
			t.Errorf("no place behind row %d", l.taken-1)
		}
	}
	if diff := cmp.Diff(len(out.Rows), taken); diff != "" || len(raw) > maxAnswerBytes || len(out.Rows) < 60 {
		t.Errorf("%d bytes, %d rows, %d taken", len(raw), len(out.Rows), taken)
	}
}

// FuzzMergedCursor: whatever comes back as a cursor of several accounts is one
// of ours or refused, and each account goes on where its own part says.
func FuzzMergedCursor(f *testing.F) {
	for _, s := range []string{"m1", "m1.", "m1.dm.a", "m1.dm.a.wk.b", "m1.dm.a.dm.b", "m1.dm", "m1.xx.a", "m2.dm.a", "m1.dm..wk.", "m1.dm.a.wk"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		_, caller, _ := fixture(t, "dm", "wk")
		raw, err := json.Marshal(cursor)
		if err != nil {
			return
		}
		k := &call{accounts: caller.Accounts, args: arguments{}.with("cursor", raw)}
		list, err := k.starts()
		if err != nil {
			if list != nil || asError(err).Code != Invalid {
				t.Errorf("%q: %v", cursor, err)
			}
			return
		}
		texts := k.args.texts("cursor")
		if len(texts) == 0 || texts[0] == "" {
			return // from the start
		}
		again := mergePrefix
		for _, s := range list {
			again += "." + s.account.Mail.Tag() + "." + s.cursor
		}
		if again != texts[0] {
			t.Errorf("%q is read as %q", texts[0], again)
		}
	})
}
