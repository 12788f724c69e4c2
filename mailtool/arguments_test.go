package mailtool

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBadArguments: one clear error that names the parameter and what to send,
// and nothing reaches the backend.
func TestBadArguments(t *testing.T) {
	long := strings.Repeat("x", 3000)
	tests := []struct {
		name, tool, args string
		code             Code
		says             []string
	}{
		{"not JSON", "list_folders", `{`, Invalid, []string{"valid JSON"}},
		{"not an object", "list_folders", `[1]`, Invalid, []string{"not a JSON object"}},
		{"a bare text", "list_folders", `"x"`, Invalid, []string{"not a JSON object"}},
		{"something behind", "list_folders", `{} {}`, Invalid, []string{"behind"}},
		{"twice", "list_messages", `{"limit":1,"limit":2}`, Invalid, []string{`"limit"`, "twice"}},
		{"twice inside", "send_message", `{"attachments":[{"name":"a","name":"b"}],"confirm_send":true}`, Invalid, []string{"twice"}},
		{"too deep", "list_messages", `{"folder":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `}`, Invalid, []string{"nested"}},
		{"unknown", "list_messages", `{"wombat":1}`, Invalid, []string{`"wombat"`, "folder"}},
		{"wrong case", "list_messages", `{"Folder":"INBOX"}`, Invalid, []string{`"Folder"`, "did you mean folder"}},
		{"misspelt", "list_messages", `{"foldr":"INBOX"}`, Invalid, []string{"did you mean folder"}},
		{"no parameters at all", "list_accounts", `{"x":1}`, Invalid, []string{"takes no parameters"}},
		{"text for number", "list_messages", `{"limit":"5"}`, Invalid, []string{"limit is a text", "whole number of 1 to 200"}},
		{"fraction", "list_messages", `{"limit":1.5}`, Invalid, []string{"limit is 1.5"}},
		{"too small", "list_messages", `{"limit":0}`, Invalid, []string{"limit is 0"}},
		{"too large", "list_messages", `{"limit":201}`, Invalid, []string{"1 to 200"}},
		{"beyond what floats count", "read_message", `{"ids":["dm-1"],"offset":9007199254740993}`, Invalid, []string{"offset is out of range"}},
		{"larger than any call", "list_messages", `{"folder":"` + strings.Repeat("x", maxArgsBytes) + `"}`, Invalid, []string{"40 MB"}},
		{"huge exponent", "list_messages", `{"limit":1e999999999}`, Invalid, []string{"limit"}},
		{"number for boolean", "list_messages", `{"unread_only":1}`, Invalid, []string{"unread_only is a number", "true or false"}},
		{"boolean for text", "list_messages", `{"folder":true}`, Invalid, []string{"folder is true"}},
		{"object for list", "read_message", `{"ids":{}}`, Invalid, []string{"ids is an object", "a list of 1 to 10 items"}},
		{"text for list", "read_message", `{"ids":"dm-1.1"}`, Invalid, []string{"ids is a text", "a list"}},
		{"no ids", "read_message", `{"ids":[]}`, Invalid, []string{"ids has 0 items", "1 to 10"}},
		{"11 ids", "read_message", `{"ids":["dm-1","dm-2","dm-3","dm-4","dm-5","dm-6","dm-7","dm-8","dm-9","dm-a","dm-b"]}`, Invalid, []string{"11 items"}},
		{"missing ids", "read_message", `{}`, Invalid, []string{"ids is missing"}},
		{"null ids", "read_message", `{"ids":null}`, Invalid, []string{"ids is missing"}},
		{"null inside", "read_message", `{"ids":[null]}`, Invalid, []string{"ids[0] is null"}},
		{"not an id", "read_message", `{"ids":["42"]}`, Invalid, []string{`ids[0] is "42"`, "as a list"}},
		{"enum", "read_message", `{"ids":["dm-1"],"format":"pdf"}`, Invalid, []string{`"pdf"`, "text, full, html or headers"}},
		{"offset of several", "read_message", `{"ids":["dm-1","dm-2"],"offset":5}`, Invalid, []string{"offset"}},
		{"control character in a folder", "list_messages", `{"folder":"IN\r\nBOX"}`, Invalid, []string{"folder holds a control character"}},
		{"control character in a subject", "send_message", `{"to":["b@example.com"],"subject":"a\nBcc: x@y","confirm_send":true}`, Invalid, []string{"subject holds a control"}},
		{"control character in an address", "send_message", `{"to":["b@example.com\r\nX: y"],"confirm_send":true}`, Invalid, []string{"to[0]"}},
		{"control character in a file name", "send_message", `{"to":["b@example.com"],"attachments":[{"name":"a\u0000b","data":"aGk="}],"confirm_send":true}`, Invalid, []string{"name holds a control"}},
		{"joined addresses", "send_message", `{"to":["a@example.com, b@example.com"],"confirm_send":true}`, Invalid, []string{"to[0]", "separate items"}},
		{"address as text", "send_message", `{"to":"a@example.com, b@example.com","confirm_send":true}`, Invalid, []string{"to is a text", "separate items"}},
		{"not an address", "send_message", `{"to":["bob"],"confirm_send":true}`, Invalid, []string{`"bob"`}},
		{"not base64", "send_message", `{"to":["b@example.com"],"attachments":[{"name":"a","data":"***"}],"confirm_send":true}`, Invalid, []string{"base64"}},
		{"not a handle", "send_message", `{"to":["b@example.com"],"attachments":[{"handle":"/etc/passwd"}],"confirm_send":true}`, Invalid, []string{"handle"}},
		{"attachment of nothing", "send_message", `{"to":["b@example.com"],"attachments":[{}],"confirm_send":true}`, Invalid, []string{"neither handle nor name"}},
		{"foreign sender", "send_message", `{"to":["b@example.com"],"from":"eve@example.net","body":"x","confirm_send":true}`, Invalid, []string{"ann@example.org"}},
		{"no recipient", "send_message", `{"body":"x","confirm_send":true}`, Invalid, []string{"no recipient"}},
		{"nothing to say", "send_message", `{"to":["b@example.com"],"confirm_send":true}`, Invalid, []string{"empty"}},
		{"not confirmed", "send_message", `{"to":["b@example.com"],"body":"x"}`, ConfirmRequired, []string{"confirm_send"}},
		{"a date that is none", "list_messages", `{"since":"yesterday"}`, Invalid, []string{"since", "2026-11-20"}},
		{"long", "list_messages", `{"folder":"` + long + `"}`, Invalid, []string{"folder is too long"}},
		{"unknown folder", "list_messages", `{"folder":"Archiv"}`, NotFound, []string{`"Archive"`}},
		{"folder that holds no messages", "list_messages", `{"folder":"Clients"}`, Invalid, []string{"holds folders"}},
		{"move to an unknown folder", "move_message", `{"ids":["dm-1"],"to":"Trsh"}`, NotFound, []string{`"Trash"`}},
		{"no flag", "flag_message", `{"ids":["dm-1"]}`, Invalid, []string{"no flag"}},
		{"two places", "search_messages", `{"folders":["*","INBOX"]}`, Invalid, []string{"folders"}},
		{"unknown tool", "read_everything", `{}`, UnknownTool, []string{"read_everything"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			_, err := reg.Call(context.Background(), caller, test.tool, json.RawMessage(test.args))
			if err == nil {
				t.Fatal("taken")
			}
			if got := asError(err).Code; got != test.code {
				t.Errorf("code %s, want %s", got, test.code)
			}
			for _, word := range test.says {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
			if len(err.Error()) > 400 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			if did := strings.Trim(backends["dm"].took(), " "); did != "" && did != "folders" {
				t.Errorf("the backend saw %q", did)
			}
			if _, err := reg.Call(context.Background(), caller, "list_messages", nil); err != nil {
				t.Errorf("the account is not usable afterwards: %v", err)
			}
		})
	}
}

// TestOtherSystemsNames: arguments named as existing mail tools name them are
// refused with the name and form to use.
func TestOtherSystemsNames(t *testing.T) {
	tests := []struct{ tool, args, use string }{
		{"read_message", `{"uid":5}`, "use ids: a list"},
		{"read_message", `{"uids":[5]}`, "use ids: a list"},
		{"read_message", `{"id":"dm-1"}`, "use ids: a list"},
		{"read_message", `{"message_id":"a@b"}`, "search_messages"},
		{"list_messages", `{"query":"x"}`, "search_messages"},
		{"list_messages", `{"unread":true}`, "use unread_only"},
		{"flag_message", `{"ids":["dm-1"],"read":true}`, "use seen"},
		{"flag_message", `{"ids":["dm-1"],"starred":true}`, "use flagged"},
		{"search_messages", `{"q":"x"}`, "use query"},
		{"search_messages", `{"has_attachment":true}`, "use query"},
		{"send_message", `{"to":["b@example.com"],"attachments":[{"path":"/etc/passwd"}],"confirm_send":true}`, "use handle"},
		{"read_message", `{"ids":["dm-1"],"folder":"INBOX"}`, "ids name their folder"},
		{"list_messages", `{"page":2}`, "use cursor"},
		{"list_messages", `{"pageSize":50}`, "use limit"},
		{"list_messages", `{"includeBody":true}`, "use include_body"},
		{"list_messages", `{"unseen":true}`, "use unread_only"},
		{"search_messages", `{"unseen":true}`, "use unread"},
		{"search_messages", `{"includeBody":true}`, "use include_body"},
		{"search_messages", `{"folder":"INBOX"}`, "use folders: a list"},
		{"move_message", `{"ids":["dm-1"],"destination":"Archive"}`, "use to: a folder"},
		{"send_message", `{"to":["b@example.com"],"body":"x","inReplyTo":"<a@b>","confirm_send":true}`, "reply_message"},
		{"send_mail", `{"to":"a@example.com,b@example.com","body":"x","confirm_send":true}`, "several are separate items"},
	}
	for _, test := range tests {
		t.Run(test.tool+" "+test.args, func(t *testing.T) {
			reg, caller, backends := fixture(t, "dm")
			_, err := reg.Call(context.Background(), caller, test.tool, json.RawMessage(test.args))
			if err == nil || asError(err).Code != Invalid || !strings.Contains(err.Error(), test.use) {
				t.Errorf("%v, want %q", err, test.use)
			}
			if did := backends["dm"].took(); did != "" {
				t.Errorf("the backend saw %q", did)
			}
		})
	}
}

func TestGoodArguments(t *testing.T) {
	tests := []struct{ name, tool, args string }{
		{"none", "list_folders", ``},
		{"null", "list_folders", `null`},
		{"white space", "list_folders", " {\n} "},
		{"1.0 is 1", "list_messages", `{"limit":1.0}`},
		{"1e1 is 10", "list_messages", `{"limit":1e1}`},
		{"null is absent", "list_messages", `{"folder":null,"limit":null}`},
		{"a time as answers print it", "list_messages", `{"since":"2026-11-20T09:00Z","before":"2026-11-20T10:00+01:00"}`},
		{"what others call trash", "list_messages", `{"folder":"Bin"}`},
		{"a role", "list_messages", `{"folder":"archive"}`},
		{"any case", "list_messages", `{"folder":"inbox"}`},
		{"several lines of body", "send_message", `{"to":["Bob Ray <b@example.com>"],"body":"a\nb\tc","confirm_send":true}`},
		{"own mailbox of a single account", "list_messages", `{"mailbox":"dm"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			reg, caller, _ := fixture(t, "dm")
			if _, err := reg.Call(context.Background(), caller, test.tool, json.RawMessage(test.args)); err != nil {
				t.Error(err)
			}
		})
	}
}

func FuzzDecodeArguments(f *testing.F) {
	for _, seed := range []string{`{}`, `{"ids":["dm-1"],"limit":1.0}`, `{"a":{"b":[1,{"c":null}]}}`, `{"a":1,"a":2}`, "{\"x\":\"\xff\"}", `[[[[[[[[[[`} {
		f.Add([]byte(seed))
	}
	reg, err := NewRegistry(nil, Neutral()...)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		args, err := decodeArguments(raw)
		if err != nil {
			return
		}
		for _, tool := range reg.tools {
			checked, err := tool.input.validate(args)
			if err != nil {
				continue
			}
			again, err := decodeArguments(checked.json())
			if err != nil {
				t.Fatalf("%s: what was checked does not decode: %v: %s", tool.spec.Name, err, checked.json())
			}
			if twice, err := tool.input.validate(again); err != nil || !cmp.Equal(string(twice.json()), string(again.json())) {
				t.Fatalf("%s: checking again gives %v: %s", tool.spec.Name, err, twice.json())
			}
		}
	})
}
