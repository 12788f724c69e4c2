package mailtool_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/journal"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
)

// triage is a mailbox with a caller, and what an agent does to it.
type triage struct {
	t      *testing.T
	reg    *mailtool.Registry
	caller *mailtool.Caller
	put    func(folder, raw string) string
}

// keeping says who keeps handled marks.
type keeping struct {
	server, journal bool
}

func newTriage(t *testing.T, k keeping) *triage {
	t.Helper()
	reg, caller, put := mailbox(t)
	if !k.server {
		acct := &caller.Accounts[0]
		acct.Mail = acct.Mail.Restrict(provider.AllCaps() &^ provider.Caps(provider.CapHandled))
	}
	if k.journal {
		caller.Journal = journal.NewMemory(nil)
	}
	return &triage{t, reg, caller, put}
}

// fill delivers n letters and returns their ids, newest first.
func (tr *triage) fill(folder string, n int) []string {
	tr.t.Helper()
	var ids []string
	for i := range n {
		ids = append(ids, tr.put(folder, fmt.Sprintf("From: Bob <bob@example.com>\nSubject: letter %d\nMessage-ID: <%s%d@example.com>\n\nText.\n", i, folder, i)))
	}
	slices.Reverse(ids)
	return ids
}

func (tr *triage) call(tool string, args any) (json.RawMessage, error) {
	tr.t.Helper()
	raw, err := json.Marshal(args)
	if err != nil {
		tr.t.Fatal(err)
	}
	res, err := tr.reg.Call(context.Background(), tr.caller, tool, raw)
	return res.JSON, err
}

type args map[string]any

// table is an answer of a list.
type table struct {
	Columns    []string
	Rows       [][]string
	NextCursor string `json:"next_cursor"`
	Partial    string
	Total      *int
}

func (tr *triage) list(tool string, a args) table {
	tr.t.Helper()
	raw, err := tr.call(tool, a)
	if err != nil {
		tr.t.Fatalf("%s %v: %v", tool, a, err)
	}
	var out table
	if err := json.Unmarshal(raw, &out); err != nil {
		tr.t.Fatal(err)
	}
	if len(out.Rows) == 0 && out.NextCursor != "" && out.Partial == "" {
		tr.t.Errorf("%s %v: nothing, and it does not say that more is to come: %s", tool, a, raw)
	}
	return out
}

// walk follows the cursor to the end.
func (tr *triage) walk(tool string, a args) (ids []string, flags string) {
	tr.t.Helper()
	a = args{"limit": 2, "cursor": ""}.with(a)
	for range 1000 {
		page := tr.list(tool, a)
		for _, row := range page.Rows {
			ids = append(ids, row[0])
			flags += row[slices.Index(page.Columns, "flags")] + " "
		}
		if a["cursor"] = page.NextCursor; page.NextCursor == "" {
			return ids, strings.TrimSpace(flags)
		}
	}
	tr.t.Fatalf("%s: no end", tool)
	return nil, ""
}

func (a args) with(more args) args {
	for k, v := range more {
		a[k] = v
	}
	return a
}

func (tr *triage) handle(on bool, ids ...string) {
	tr.t.Helper()
	raw, err := tr.call("flag_message", args{"ids": ids, "handled": on})
	if want := fmt.Sprintf(`{"done":%d}`, len(ids)); err != nil || string(raw) != want {
		tr.t.Fatalf("flag_message: %s, %v, want %s", raw, err, want)
	}
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// TestHandled: the mark works alike whoever keeps it, and is the agent's own.
func TestHandled(t *testing.T) {
	for name, k := range map[string]keeping{"the server": {server: true}, "the journal": {journal: true}, "both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			tr := newTriage(t, k)
			all := tr.fill("INBOX", 9)
			tr.handle(true, all[0], all[3], all[4], all[5])
			rest := []string{all[1], all[2], all[6], all[7], all[8]}
			done := []string{all[0], all[3], all[4], all[5]}
			for what, a := range map[string]args{
				"unhandled_only": {"unhandled_only": true}, "and unread_only": {"unhandled_only": true, "unread_only": true},
			} {
				got, flags := tr.walk("list_messages", a)
				same(t, what, got, rest)
				if flags != "u u u u u" {
					t.Errorf("%s: flags %q", what, flags)
				}
			}
			for query, want := range map[string][]string{
				"is:unhandled": rest, "-is:handled": rest, "letter -is:handled is:unread": rest, "is:handled": done, "-is:unhandled": done,
				"is:handled is:unhandled": nil,
			} {
				got, _ := tr.walk("search_messages", args{"query": query})
				same(t, query, got, want)
			}
			got, flags := tr.walk("list_messages", nil)
			same(t, "the whole list", got, all)
			if flags != "uh u u uh uh uh u u u" {
				t.Errorf("flags %q: the owner's unread is not the agent's to change", flags)
			}
			for tool, a := range map[string]args{"read_message": {"ids": all[:1]}, "read_thread": {"id": all[0]}} {
				if raw, err := tr.call(tool, a); err != nil || !strings.Contains(string(raw), `"flags":"uh"`) {
					t.Errorf("%s: %s, %v", tool, raw, err)
				}
			}
			tr.handle(false, all[3], all[0])
			got, _ = tr.walk("search_messages", args{"unhandled_only": true, "folders": []string{"inbox"}})
			same(t, "after clearing two", got, []string{all[0], all[1], all[2], all[3], all[6], all[7], all[8]})
			if total := tr.list("list_messages", args{"unhandled_only": true, "limit": 3}).Total; k.server && (total == nil || *total != 7) || !k.server && total != nil {
				t.Errorf("total %v", total)
			}
		})
	}
}

// TestHandledChanges: what is gone is named, a rehearsal marks nothing, other
// flags go along.
func TestHandledChanges(t *testing.T) {
	for name, k := range map[string]keeping{"the server": {server: true}, "the journal": {journal: true}} {
		t.Run(name, func(t *testing.T) {
			tr := newTriage(t, k)
			all := tr.fill("INBOX", 3)
			raw, err := tr.call("flag_message", args{"ids": all, "handled": true, "dry_run": true})
			if err != nil || string(raw) != `{"done":3,"dry_run":true}` {
				t.Errorf("rehearsed: %s, %v", raw, err)
			}
			if _, flags := tr.walk("list_messages", nil); flags != "u u u" {
				t.Errorf("a rehearsal left %q", flags)
			}
			gone := all[2] + "9"
			raw, err = tr.call("flag_message", args{"ids": []string{all[0], gone}, "handled": true, "seen": true})
			if err != nil || !strings.Contains(string(raw), `{"done":1,"items":[{"id":"`+gone+`","code":"not_found"`) {
				t.Errorf("one is gone: %s, %v", raw, err)
			}
			if _, err = tr.call("flag_message", args{"ids": []string{gone}, "handled": true}); !errors.Is(err, mailtool.Code(provider.NotFound)) {
				t.Errorf("gone alone: %v", err)
			}
			if _, flags := tr.walk("list_messages", nil); flags != "h u u" {
				t.Errorf("flags %q", flags)
			}
			if raw, err = tr.call("move_message", args{"ids": all[:2], "to": "archive"}); err != nil {
				t.Fatal(err)
			}
			got, flags := tr.walk("list_messages", args{"folder": "archive"})
			if len(got) != 2 || !slices.Contains(strings.Fields(flags), "h") || !slices.Contains(strings.Fields(flags), "u") {
				t.Errorf("moved: %v %q, %s", got, flags, raw)
			}
		})
	}
}

// TestHandledNowhere: where nobody keeps the mark it is not offered, and is
// refused by name.
func TestHandledNowhere(t *testing.T) {
	for name, k := range map[string]keeping{"nobody": {}, "the server": {server: true}, "the journal": {journal: true}} {
		t.Run(name, func(t *testing.T) {
			tr := newTriage(t, k)
			offered := map[string]bool{}
			for _, v := range tr.reg.Visible(tr.caller) {
				offered[v.Name] = strings.Contains(string(v.InputSchema), `"handled"`) || strings.Contains(string(v.InputSchema), `"unhandled_only"`)
			}
			id := tr.fill("INBOX", 1)[0]
			for tool, a := range map[string]args{
				"flag_message": {"ids": []string{id}, "handled": true}, "list_messages": {"unhandled_only": true}, "search_messages": {"unhandled_only": true},
			} {
				_, err := tr.call(tool, a)
				if works := k != (keeping{}); offered[tool] != works || works != (err == nil) {
					t.Errorf("%s: offered %v, called %v", tool, offered[tool], err)
				}
				if err != nil && !errors.Is(err, mailtool.Code(provider.Unsupported)) {
					t.Errorf("%s: %v", tool, err)
				}
			}
			_, err := tr.call("search_messages", args{"query": "-is:handled"})
			if k == (keeping{}) != errors.Is(err, mailtool.Code(provider.Unsupported)) {
				t.Errorf("searched: %v", err)
			}
			_, err = tr.call("search_messages", args{"query": "is:handled OR is:starred"})
			if k.server != (err == nil) || err != nil && !errors.Is(err, mailtool.Code(provider.Unsupported)) {
				t.Errorf("searched as an alternative: %v", err)
			}
		})
	}
}

// patchy keeps the mark in its inbox only.
type patchy struct{ *memmail.Backend }

func (p patchy) SetFlags(ctx context.Context, ids []provider.MessageID, change provider.FlagChange) ([]provider.Outcome, error) {
	inbox, err := p.ListMessages(ctx, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{Limit: provider.MaxLimit})
	if err != nil {
		return nil, err
	}
	var out []provider.Outcome
	for _, id := range ids {
		in := slices.ContainsFunc(inbox.Items, func(s provider.Summary) bool { return s.ID == id })
		if (change.Add | change.Remove).Has(provider.Handled) && !in {
			out = append(out, provider.Outcome{ID: id, Err: &provider.Error{Code: provider.Unsupported, Err: errors.New("not here")}})
			continue
		}
		one, err := p.Backend.SetFlags(ctx, []provider.MessageID{id}, change)
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return out, nil
}

// TestHandledInPart: an account of which one folder keeps no marks has those in
// the journal, and lists and searches know both.
func TestHandledInPart(t *testing.T) {
	box, err := memmail.New(memmail.Options{Account: "dm"})
	if err != nil {
		t.Fatal(err)
	}
	acct, err := provider.Open(patchy{box})
	if err != nil {
		t.Fatal(err)
	}
	tr := newTriage(t, keeping{true, true})
	tr.caller.Accounts[0].Mail = acct
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	tr.put = func(folder, raw string) string {
		at = at.Add(time.Minute)
		id, err := box.Deliver(folder, []byte(strings.ReplaceAll(raw, "\n", "\r\n")), memmail.Delivery{Received: at})
		if err != nil {
			t.Fatal(err)
		}
		return string(id)
	}
	old, now := tr.fill("Archive", 5), tr.fill("INBOX", 5)
	if raw, err := tr.call("flag_message", args{"ids": []string{old[1], now[0], old[4], now[2]}, "handled": true, "flagged": true}); err != nil || string(raw) != `{"done":4}` {
		t.Fatalf("%s, %v", raw, err)
	}
	done := []string{now[0], now[2], old[1], old[4]}
	rest := []string{now[1], now[3], now[4], old[0], old[2], old[3]}
	for query, want := range map[string][]string{"is:handled": done, "-is:handled": rest, "is:starred is:handled": done, "is:starred": done} {
		got, _ := tr.walk("search_messages", args{"query": query})
		same(t, query, got, want)
	}
	got, _ := tr.walk("list_messages", args{"folder": "archive", "unhandled_only": true})
	same(t, "unhandled in the folder", got, []string{old[0], old[2], old[3]})
	if page := tr.list("search_messages", args{"unhandled_only": true}); page.Total != nil {
		t.Errorf("total %d: the server does not know the journal's", *page.Total)
	}
	if _, err := tr.call("search_messages", args{"query": "is:handled OR is:draft"}); !errors.Is(err, mailtool.Code(provider.Unsupported)) {
		t.Errorf("an alternative that the server knows in part only: %v", err)
	}
	tr.handle(false, old[1], now[0])
	got, _ = tr.walk("search_messages", args{"query": "is:handled"})
	same(t, "after clearing two", got, []string{now[2], old[4]})
	if err := tr.caller.Journal.Mark(context.Background(), mailtool.MarkBox{Account: "dm"}, []string{now[2]}, true, at); err != nil {
		t.Fatal(err)
	}
	tr.handle(false, now[2])
	got, _ = tr.walk("search_messages", args{"query": "is:handled"})
	same(t, "after clearing one that the journal has as well", got, []string{old[4]})
}

// TestHandledBelowMany: a list that leaves out what the journal has marked looks
// at a bounded number of pages, and says where it goes on.
func TestHandledBelowMany(t *testing.T) {
	tr := newTriage(t, keeping{journal: true})
	all := tr.fill("INBOX", 2400)
	var calls int
	for chunk := range slices.Chunk(all[:2395], 1000) {
		tr.handle(true, chunk...)
	}
	a := args{"unhandled_only": true, "limit": 3}
	var got []string
	for a["cursor"] = ""; calls < 10; calls++ {
		page := tr.list("list_messages", a)
		for _, row := range page.Rows {
			got = append(got, row[0])
		}
		if calls == 0 && (len(page.Rows) > 0 || page.NextCursor == "" || !strings.Contains(page.Partial, "next_cursor")) {
			t.Errorf("the first page: %+v", page)
		}
		if a["cursor"] = page.NextCursor; page.NextCursor == "" {
			break
		}
	}
	same(t, "unhandled", got, all[2395:])
	if calls < 2 || calls > 6 {
		t.Errorf("%d calls", calls)
	}
}

// TestHandledAndWaiting: a wait knows nothing of the journal, and needs not.
func TestHandledAndWaiting(t *testing.T) {
	tr := newTriage(t, keeping{journal: true})
	id := tr.fill("INBOX", 1)[0]
	since := "2026-11-20T09:00Z"
	raw, err := tr.call("wait_for_message", args{"query": "-is:handled", "since": since, "timeout": 1})
	if err != nil || !strings.Contains(string(raw), id) {
		t.Errorf("%s, %v", raw, err)
	}
	if _, err := tr.call("wait_for_message", args{"query": "is:handled", "since": since, "timeout": 1}); !errors.Is(err, mailtool.Code(provider.Unsupported)) {
		t.Errorf("waited for what nobody can have handled: %v", err)
	}
}

// lame is a journal that cannot keep marks.
type lame struct{ mailtool.Journal }

var errLame = errors.New("disk full")

func (lame) Mark(context.Context, mailtool.MarkBox, []string, bool, time.Time) error { return errLame }

// TestHandledNotKept: a mark that could not be kept is no success.
func TestHandledNotKept(t *testing.T) {
	tr := newTriage(t, keeping{})
	tr.caller.Journal = lame{journal.NewMemory(nil)}
	all := tr.fill("INBOX", 2)
	raw, err := tr.call("flag_message", args{"ids": all, "handled": true})
	if err != nil || !strings.Contains(string(raw), `{"done":0,"items":[`) || strings.Count(string(raw), `"code":"internal"`) != 2 {
		t.Errorf("%s, %v", raw, err)
	}
}

// TestHandledOfOthers: marks are one owner's on one account.
func TestHandledOfOthers(t *testing.T) {
	tr := newTriage(t, keeping{journal: true})
	id := tr.fill("INBOX", 1)[0]
	tr.handle(true, id)
	flags := func() string {
		_, flags := tr.walk("list_messages", nil)
		return flags
	}
	tr.caller.Grant.ID = "another agent of the same owner"
	if got := flags(); got != "uh" {
		t.Errorf("another agent sees %q", got)
	}
	tr.caller.Grant.Subject = "somebody else"
	if got := flags(); got != "u" {
		t.Errorf("another owner sees %q", got)
	}
}
