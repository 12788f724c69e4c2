package mailtool

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-mail/postern/provider"
)

// worst is a flooder whose conversations and searches have no end, and whose messages are long invitations.
type worst struct {
	flooder
	subject string
	fails   int // every so many messages cannot be read
	lean    int // bytes of text when it is all that a message has
}

func faces() string { return strings.Repeat("\U0001F600", 300) }

func (w *worst) message(id provider.MessageID) provider.Message {
	m := provider.Message{Summary: w.summary(id.Local(), w.subject, testNow), Text: floodBody()}
	if w.lean > 0 {
		m.Text = strings.Repeat("x", w.lean)
		return m
	}
	m.ID, m.HeaderID, m.Folder, m.From = id, faces(), provider.FolderID(faces()), floodAddresses(1)
	m.Calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n" + strings.Repeat("BEGIN:VEVENT\r\nDTSTART:20261120T100000Z\r\nSUMMARY:Lunch\r\nLOCATION:Hall\r\nEND:VEVENT\r\n", 200) + "END:VCALENDAR\r\n"
	m.Header = []provider.Field{{Name: "List-Unsubscribe", Value: "<https://" + strings.Repeat("a.", 110) + "example.com/>, <mailto:" + strings.Repeat("x", 180) + "@example.com?subject=" + strings.Repeat("%22%5C", 60) + ">"}}
	return m
}

func (w *worst) ReadMessages(_ context.Context, ids []provider.MessageID, _ provider.ReadOptions) (out []provider.ReadResult, err error) {
	for i, id := range ids {
		m := w.message(id)
		out = append(out, provider.ReadResult{ID: id, Message: &m})
		if w.fails > 0 && i%w.fails == 0 {
			out[i] = provider.ReadResult{ID: id, Err: floodErr(i)}
		}
	}
	return out, nil
}

func (w *worst) Thread(_ context.Context, _ provider.MessageID, page provider.PageRequest) (out provider.Page[provider.Summary], err error) {
	for i := range page.Limit {
		out.Items = append(out.Items, w.summary("1."+strconv.Itoa(i), w.subject, testNow))
		if w.lean == 0 {
			out.Failed = append(out.Failed, provider.Outcome{ID: w.id("2." + strconv.Itoa(i)), Err: floodErr(i)})
		}
	}
	out.At = func(i int) (provider.Cursor, error) { return provider.Place{Key: strings.Repeat("k", 300)}.Cursor() }
	out.Next, err = out.At(0)
	out.Total = provider.MaxThread
	return out, err
}

func (w *worst) Search(_ context.Context, _ provider.Query, page provider.PageRequest) (out provider.Page[provider.Summary], err error) {
	for i := range page.Limit {
		s := w.summary("1."+strconv.Itoa(i), w.subject, testNow)
		s.Flags |= provider.Handled
		out.Items = append(out.Items, s)
		out.Failed = append(out.Failed, provider.Outcome{ID: w.id("abcdef.1a2b3c4." + strconv.Itoa(2_000_000_000+i)), Err: floodErr(i)})
	}
	out.At = func(i int) (provider.Cursor, error) { return provider.Place{Key: strconv.Itoa(i)}.Cursor() }
	out.Next, err = out.At(0)
	return out, err
}

func worstFixture(t *testing.T, subject string, fails int, accounts ...string) (*Registry, *Caller) {
	t.Helper()
	reg, caller, _ := fixture(t, accounts...)
	for i, id := range accounts {
		acct, err := provider.Open(&worst{flooder{recorder: recorder{account: id, caps: provider.AllCaps() &^ provider.Caps(provider.CapHandled)}}, subject, fails, 0})
		if err != nil {
			t.Fatal(err)
		}
		caller.Accounts[i].Mail = acct
	}
	return reg, caller
}

// TestWorstAnswersAreBounded: what no message has room for in its share of an answer, and failures in heaps.
func TestWorstAnswersAreBounded(t *testing.T) {
	quotes := strings.Repeat(`"\`, 150)
	tests := []struct {
		tool, args string
		accounts   []string
		says       string
	}{
		{"read_message", `{` + idList(10) + `}`, []string{"dm"}, ""},
		{"read_message", `{` + idList(10) + `,"format":"full"}`, []string{"dm"}, ""},
		{"read_thread", `{"id":"dm-1.1"}`, []string{"dm"}, ""},
		{"read_thread", `{"id":"dm-1.1","limit":200}`, []string{"dm"}, ""},
		{"search_messages", `{"unhandled_only":true,"limit":200}`, []string{"dm"}, ""},
		{"search_messages", `{"limit":200}`, []string{"a", "b", "c", "d", "e", "f"}, " more that failed"},
	}
	for _, test := range tests {
		for _, subject := range []string{faces(), quotes, "Lunch"} {
			for _, fails := range []int{0, 1, 3} {
				t.Run(fmt.Sprintf("%s %d accounts %.40s %.3s %d", test.tool, len(test.accounts), test.args[1:], subject, fails), func(t *testing.T) {
					reg, caller := worstFixture(t, subject, fails, test.accounts...)
					caller.Journal = &testJournal{records: map[Key]Record{}}
					res, err := reg.Call(context.Background(), caller, test.tool, json.RawMessage(test.args))
					if err != nil {
						t.Fatal(err)
					}
					if len(res.JSON) > maxAnswerBytes {
						t.Errorf("%d bytes: %.300s", len(res.JSON), res.JSON)
					}
					if test.says != "" && !strings.Contains(string(res.JSON), test.says) {
						t.Errorf("it does not say %q", test.says)
					}
				})
			}
		}
	}
}

// TestThreadsFillAnswers: a conversation of short messages under a long subject leaves no room unused, and none for more.
func TestThreadsFillAnswers(t *testing.T) {
	for lean := 200; lean < 720; lean += 10 {
		reg, caller, _ := fixture(t, "dm")
		acct, err := provider.Open(&worst{flooder{recorder: recorder{account: "dm", caps: provider.AllCaps()}}, faces(), lean / 300 * 2, lean})
		if err != nil {
			t.Fatal(err)
		}
		caller.Accounts[0].Mail = acct
		res, err := reg.Call(context.Background(), caller, "read_thread", json.RawMessage(`{"id":"dm-1.1","limit":200}`))
		if err != nil || len(res.JSON) > maxAnswerBytes {
			t.Errorf("texts of %d bytes: %d bytes, %v", lean, len(res.JSON), err)
		}
	}
}

// TestWarningsAreFew: of a broken message's hundreds of faults a few are named, and the rest is counted.
func TestWarningsAreFew(t *testing.T) {
	for _, format := range []string{"text", "headers"} {
		reg, caller := floodFixture(t, "dm")
		res, err := reg.Call(context.Background(), caller, "read_message", json.RawMessage(`{"ids":["dm-1"],"format":"`+format+`"}`))
		var out readOut
		if err != nil || json.Unmarshal(res.JSON, &out) != nil {
			t.Fatal(err)
		}
		list := out.Messages[0].Warnings // the last one says what is left out for length
		if n := len(list); n != maxWarnings+1 || !strings.HasPrefix(list[maxWarnings-1], "and 19") {
			t.Errorf("%s: %d warnings, %.80q", format, n, list[max(0, min(n, maxWarnings)-1):])
		}
	}
}
