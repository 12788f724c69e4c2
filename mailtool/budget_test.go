package mailtool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-mail/postern/provider"
)

// flooder answers everything at the greatest length.
type flooder struct {
	recorder
	folders int
}

func flood(i int) string {
	return "\u202e" + strings.Repeat(`"\`, 40) + strings.Repeat("\U0001F600", 150) + strconv.Itoa(i)
}

func floodAddresses(n int) (list []provider.Address) {
	for i := range n {
		list = append(list, provider.Address{Name: flood(i), Addr: flood(i) + "@example.com"})
	}
	return list
}

func floodErr(i int) error {
	return &provider.Error{Op: "fetch", Code: provider.Unavailable, Err: errors.New(flood(i))}
}

func (f *flooder) ListFolders(context.Context) (out []provider.Folder, err error) {
	for i := range f.folders {
		path := fmt.Sprintf("Projects/\u202e%s/%05d", strings.Repeat("x", 300), i)
		out = append(out, provider.Folder{ID: provider.FolderID(path), Path: path, Delimiter: "/\u202e"})
	}
	return append(out, provider.Folder{ID: "INBOX", Path: "INBOX", Role: provider.RoleInbox}), nil
}

func (f *flooder) ListMessages(_ context.Context, _ provider.ListOptions, page provider.PageRequest) (out provider.Page[provider.Summary], err error) {
	for i := range page.Limit {
		s := f.summary("1."+strconv.Itoa(i), flood(i), testNow)
		s.From, s.To, s.ThreadID, s.Folder = floodAddresses(20), floodAddresses(20), flood(i), provider.FolderID(flood(i))
		out.Items = append(out.Items, s)
		out.Failed = append(out.Failed, provider.Outcome{ID: f.id("2." + strconv.Itoa(i)), Err: floodErr(i)})
	}
	out.At = func(i int) (provider.Cursor, error) { return provider.Place{Key: strconv.Itoa(i)}.Cursor() }
	return out, nil
}

func floodBody() string { return strings.Repeat(`"quoted" \ and`+"\n", 8_000) }

func (f *flooder) ReadMessages(_ context.Context, ids []provider.MessageID, _ provider.ReadOptions) (out []provider.ReadResult, err error) {
	for _, id := range ids {
		m := provider.Message{Summary: f.summary(id.Local(), flood(0), testNow), Text: floodBody()}
		m.HeaderID, m.Folder = flood(0), provider.FolderID(flood(1))
		m.ID, m.From, m.To, m.Cc, m.ReplyTo = id, floodAddresses(3), floodAddresses(500), floodAddresses(500), floodAddresses(500)
		for i := range 200 {
			m.Header = append(m.Header, provider.Field{Name: "X-\u202e" + strconv.Itoa(i), Value: flood(i)})
			m.Parts = append(m.Parts, provider.Part{ID: provider.PartID(strconv.Itoa(i + 2)), Name: flood(i), Type: flood(i)})
			m.Labels, m.InReplyTo, m.Defects = append(m.Labels, flood(i)), append(m.InReplyTo, flood(i)), append(m.Defects, flood(i))
		}
		out = append(out, provider.ReadResult{ID: id, Message: &m})
	}
	return out, nil
}

func (f *flooder) SetFlags(_ context.Context, ids []provider.MessageID, _ provider.FlagChange) (out []provider.Outcome, err error) {
	for i, id := range ids {
		out = append(out, provider.Outcome{ID: id, Err: floodErr(i)})
	}
	return out, nil
}

func (f *flooder) Move(_ context.Context, ids []provider.MessageID, _ provider.FolderID) (out []provider.Outcome, err error) {
	for i, id := range ids {
		o := provider.Outcome{ID: id, NewID: f.id("abcdef.1a2b3c4." + strconv.Itoa(2_000_000_000+i))}
		if i%2 == 1 {
			o = provider.Outcome{ID: id, Err: floodErr(i)}
		}
		out = append(out, o)
	}
	return out, nil
}

func (f *flooder) Send(_ context.Context, m provider.Outgoing) (r provider.Receipt, err error) {
	for i, a := range m.To {
		r.Refused = append(r.Refused, provider.Refusal{Address: a.Addr, Status: 550, Text: flood(i)})
	}
	return r, &provider.Error{Op: "send", Code: provider.Denied, Err: errors.New("refused")}
}

func floodFixture(t *testing.T, accounts ...string) (*Registry, *Caller) {
	t.Helper()
	reg, caller, _ := fixture(t, accounts...)
	for i, id := range accounts {
		acct, err := provider.Open(&flooder{recorder: recorder{account: id, caps: provider.AllCaps()}, folders: 4_000})
		if err != nil {
			t.Fatal(err)
		}
		caller.Accounts[i].Mail = acct
	}
	caller.Grant.Quota.Recipients = -1
	return reg, caller
}

func idList(n int) string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = `"dm-abcdef.1a2b3c4.` + strconv.Itoa(2_000_000_000+i) + `"`
	}
	return `"ids":[` + strings.Join(ids, ",") + `]`
}

// TestAnswersAreBounded: whatever a stranger or a server sends, no answer is
// longer than a host takes, and what is left out is said.
func TestAnswersAreBounded(t *testing.T) {
	to := `"to":["` + strings.Join(strings.Split(strings.TrimSuffix(strings.Repeat("someone.with.a.long.name@example.com ", 100), " "), " "), `","`) + `"]`
	tests := []struct {
		tool, args string
		says       []string
	}{
		{"read_message", `{` + idList(1) + `}`, []string{"next_offset", "left out"}},
		{"read_message", `{` + idList(10) + `}`, []string{"next_offset", "left out"}},
		{"read_message", `{` + idList(1) + `,"format":"headers"}`, []string{"left out"}},
		{"read_message", `{` + idList(10) + `,"format":"headers"}`, []string{"left out"}},
		{"read_message", `{` + idList(10) + `,"format":"html"}`, []string{"left out"}},
		{"list_messages", `{"mailbox":"dm","limit":200,"fields":"full"}`, []string{"next_cursor", "failed"}},
		{"list_messages", `{"mailbox":"dm","limit":200,"include_body":true}`, []string{"next_cursor", "failed"}},
		{"list_messages", `{"limit":200,"fields":"full"}`, []string{"next_cursor", "failed"}},
		{"list_folders", `{"mailbox":"dm"}`, []string{"next_cursor"}},
		{"list_folders", `{}`, []string{"next_cursor"}},
		{"flag_message", `{` + idList(1000) + `,"seen":true}`, []string{`"done":0`, "unavailable", "2000000999"}},
		{"move_message", `{` + idList(1000) + `,"to":"inbox"}`, []string{`"done":500`, "new_id", "2000000999"}},
		{"send_message", `{` + to + `,"mailbox":"dm","body":"x","confirm_send":true}`, []string{"nothing was sent"}},
	}
	for _, test := range tests {
		t.Run(test.tool+fmt.Sprintf(" %.60s", test.args), func(t *testing.T) {
			reg, caller := floodFixture(t, "dm", "wk")
			res, err := reg.Call(context.Background(), caller, test.tool, json.RawMessage(test.args))
			answer := string(res.JSON)
			if err != nil {
				answer = err.Error()
			}
			if len(answer) > maxAnswerBytes {
				t.Errorf("%d bytes", len(answer))
			}
			for _, s := range test.says {
				if !strings.Contains(answer, s) {
					t.Errorf("it does not say %q: %.300s", s, answer)
				}
			}
			if strings.Contains(answer, "\u202e") {
				t.Error("an invisible character came through")
			}
		})
	}
}

// TestALongTextGoesOn: the slices of a body that grows in JSON join to the whole.
func TestALongTextGoesOn(t *testing.T) {
	reg, caller := floodFixture(t, "dm")
	var whole strings.Builder
	for offset, calls := 0, 0; ; calls++ {
		res, err := reg.Call(context.Background(), caller, "read_message", json.RawMessage(`{"ids":["dm-1"],"offset":`+strconv.Itoa(offset)+`}`))
		if err != nil || calls > 50 {
			t.Fatalf("call %d: %v", calls, err)
		}
		var out readOut
		if err := json.Unmarshal(res.JSON, &out); err != nil {
			t.Fatal(err)
		}
		nonce, _, _ := strings.Cut(out.Untrusted, ":")
		whole.WriteString(strings.TrimSuffix(strings.TrimPrefix(out.Messages[0].Body, nonce+"\n"), "\n"+nonce))
		if offset = out.Messages[0].NextOffset; offset == 0 {
			break
		}
	}
	if strings.TrimSpace(whole.String()) != strings.TrimSpace(floodBody()) {
		t.Errorf("%d bytes, want %d", whole.Len(), len(floodBody()))
	}
}

// TestManyFolders walks a listing that no answer holds, of one and of two accounts.
func TestManyFolders(t *testing.T) {
	reg, caller := floodFixture(t, "dm", "wk")
	for i, id := range []string{"dm", "wk"} {
		acct, err := provider.Open(&flooder{recorder: recorder{account: id, caps: provider.AllCaps()}, folders: 500})
		if err != nil {
			t.Fatal(err)
		}
		caller.Accounts[i].Mail = acct
	}
	for accounts := 1; accounts <= 2; accounts++ {
		seen, pages, cursor := map[string]bool{}, 0, ""
		caller.Accounts = caller.Accounts[:accounts:2]
		for ; pages == 0 || cursor != ""; pages++ {
			res, err := reg.Call(context.Background(), caller, "list_folders", json.RawMessage(`{"cursor":"`+cursor+`"}`))
			var rows Rows
			if err != nil || json.Unmarshal(res.JSON, &rows) != nil || len(rows.Rows) == 0 || pages > 50 {
				t.Fatalf("page %d: %v", pages, err)
			}
			for _, row := range rows.Rows {
				seen[strings.Join(row[:accounts], " ")] = true
			}
			cursor = rows.NextCursor
		}
		if len(seen) != accounts*501 || pages < 2 {
			t.Errorf("%d accounts: %d folders on %d pages", accounts, len(seen), pages)
		}
		caller.Accounts = caller.Accounts[:2]
	}
	caller.Accounts = caller.Accounts[:1]
	gone, err := provider.Place{Listing: "dm folders", Key: "zzz"}.Cursor()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reg.Call(context.Background(), caller, "list_folders", json.RawMessage(`{"cursor":"`+string(gone)+`"}`)); !errors.Is(err, Code(provider.Conflict)) {
		t.Errorf("after a folder that is gone: %v", err)
	}
	if _, err := reg.Call(context.Background(), caller, "list_folders", json.RawMessage(`{"cursor":"abc"}`)); !errors.Is(err, Invalid) {
		t.Errorf("garbled: %v", err)
	}
}

// TestHintsAreBounded: a hint may quote a stranger's folder name.
func TestHintsAreBounded(t *testing.T) {
	e := asError(&provider.Error{Code: provider.NotFound, Hint: strings.Repeat("name\u202e\n", 5000)})
	if len(e.Next) > 2000 || strings.ContainsAny(e.Next, "\u202e\n") {
		t.Errorf("%d bytes: %.80q", len(e.Next), e.Next)
	}
}
