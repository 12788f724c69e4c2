package funcall_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/funcall"
	"github.com/postern-mail/postern/scopes"
)

// arguments let the lists answer on the sample mailbox; the other tools are called
// with some that they refuse.
func arguments(name string) string {
	switch name {
	case "list_messages", "search_messages":
		return `{"limit":2}`
	case "list_accounts", "list_folders":
		return `{}`
	}
	return `{"ids":["nonsense"]}`
}

// TestRoundTrip calls every mail tool through every API, and compares the text
// with what the registry itself answers.
func TestRoundTrip(t *testing.T) {
	reg := registry(t, append(mailtool.Neutral(), synthetic()...)...)
	caller := owner(t, "ann")
	for _, api := range apis() {
		f := functions(t, api, reg, nil)
		answered := 0
		for _, view := range reg.Visible(caller) {
			args := arguments(view.Name)
			direct, err := reg.Call(t.Context(), caller, view.Name, json.RawMessage(args))
			answer := f.Call(t.Context(), caller, wrap(api, "call_7", view.Name, args))
			u := unwrap(t, api, answer.JSON)
			if answer.ID != "call_7" || u.id != answer.ID || answer.Name != view.Name || u.files != nil || answer.LeftOut != nil {
				t.Errorf("%s %s: answer %+v, result %+v", api, view.Name, answer, u)
			}
			if (err != nil) != (answer.Failure != nil) || u.failed != (err != nil) {
				t.Fatalf("%s %s: registry %v, answer %v, failed %v", api, view.Name, err, answer.Failure, u.failed)
			}
			if err != nil {
				if err.Error() != answer.Failure.Error() || !strings.Contains(u.text, string(answer.Failure.Code)) {
					t.Errorf("%s %s: %v, want %v", api, view.Name, answer.Failure, err)
				}
				continue
			}
			answered++
			if diff := cmp.Diff(trusted(t, direct.JSON), trusted(t, []byte(u.text))); diff != "" {
				t.Errorf("%s %s:\n%s", api, view.Name, diff)
			}
		}
		if answered < 4 {
			t.Errorf("%s: only %d tools answered", api, answered)
		}
	}
}

// trusted is an answer without the member whose nonce differs each time.
func trusted(t testing.TB, raw []byte) map[string]json.RawMessage {
	t.Helper()
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if answer["untrusted"] != nil {
		answer["untrusted"] = json.RawMessage("true")
	}
	return answer
}

// TestResults keeps one right and one failed result of each API, to the byte.
func TestResults(t *testing.T) {
	reg, caller := registry(t, synthetic()...), owner(t)
	var b bytes.Buffer
	for _, api := range apis() {
		f := functions(t, api, reg, nil)
		for _, answer := range f.Turn(t.Context(), caller, []json.RawMessage{
			wrap(api, "call_1", "nothing", `{}`), wrap(api, "call_2", "corners", `{"text":"<a> & b","must":"c"}`),
		}) {
			fmt.Fprintf(&b, "%s\n", answer.JSON)
		}
	}
	golden.Compare(t, "testdata/results.jsonl", b.Bytes())
}

// TestMalformed: what a model or a server gets wrong comes back as a result.
func TestMalformed(t *testing.T) {
	reg, caller := registry(t, synthetic()...), owner(t)
	tests := []struct {
		name  string
		calls map[funcall.API]string // of an API that is not there: no such case
		id    string
		says  string
	}{
		{"not JSON", all(`{"id`), "", "form"},
		{"nothing", all(``), "", "form"},
		{"null", all(`null`), "", ""},
		{"a list", all(`[1]`), "", "form"},
		{"a number for a name", map[funcall.API]string{
			funcall.OpenAIChat: `{"id":"c1","function":{"name":7,"arguments":"{}"}}`, funcall.OpenAIResponses: `{"call_id":"c1","name":7,"arguments":"{}"}`,
			funcall.Anthropic: `{"id":"c1","name":7,"input":{}}`, funcall.Gemini: `{"id":"c1","name":7,"args":{}}`,
		}, "c1", "form"},
		{"no name", every("c1", "", `{}`), "c1", "names no tool"},
		{"unknown tool", every("c1", "send_money", `{}`), "c1", "send_money"},
		{"arguments cut off", map[funcall.API]string{
			funcall.OpenAIChat:      string(wrap(funcall.OpenAIChat, "c1", "nothing", `{"a":`)),
			funcall.OpenAIResponses: string(wrap(funcall.OpenAIResponses, "c1", "nothing", `{"a":`)),
		}, "c1", "not valid JSON"},
		{"arguments are a list", every("c1", "nothing", `[]`), "c1", "not a JSON object"},
		{"arguments are a text", every("c1", "nothing", `"{}"`), "c1", "not a JSON object"},
		{"unknown parameter", every("c1", "nothing", `{"a":1}`), "c1", "a"},
		{"parameter twice", every("c1", "nothing", `{"a":1,"a":2}`), "c1", "twice"},
		{"too deep", every("c1", "nothing", strings.Repeat(`{"a":`, 40)+"1"+strings.Repeat("}", 40)), "c1", "nested"},
		{"too long", every("c1", "nothing", `{"a":"`+strings.Repeat("x", 1<<20)+`"}`), "c1", "at most 1048576"},
		{"no id", map[funcall.API]string{
			funcall.OpenAIChat: `{"function":{"name":"nothing","arguments":"{}"}}`, funcall.OpenAIResponses: `{"id":"fc_1","name":"nothing","arguments":"{}"}`,
			funcall.Anthropic: `{"name":"nothing","input":{}}`,
		}, "", "no id"},
		{"another kind of call", map[funcall.API]string{
			funcall.OpenAIChat: `{"id":"c1","type":"custom","custom":{"name":"nothing","input":"x"}}`, funcall.OpenAIResponses: `{"type":"computer_call","call_id":"c1"}`,
			funcall.Anthropic: `{"type":"server_tool_use","id":"c1","name":"web_search","input":{}}`,
		}, "c1", "no function call"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for api, raw := range tt.calls {
				answer := functions(t, api, reg, nil).Call(t.Context(), caller, json.RawMessage(raw))
				u := unwrap(t, api, answer.JSON)
				if answer.Failure == nil || !u.failed || u.id != tt.id || answer.ID != tt.id {
					t.Fatalf("%s: %s", api, answer.JSON)
				}
				if answer.Failure.Next == "" || !strings.Contains(u.text, tt.says) {
					t.Errorf("%s: %s does not say %q and what to do", api, u.text, tt.says)
				}
			}
		})
	}
}

func all(raw string) map[funcall.API]string {
	out := map[funcall.API]string{}
	for _, api := range apis() {
		out[api] = raw
	}
	return out
}

func every(id, name, args string) map[funcall.API]string {
	out := map[funcall.API]string{}
	for _, api := range apis() {
		out[api] = string(wrap(api, id, name, args))
	}
	return out
}

// TestTolerated: forms that servers send beside the published one.
func TestTolerated(t *testing.T) {
	reg, caller := registry(t, synthetic()...), owner(t)
	tests := []struct {
		name string
		api  funcall.API
		raw  string
	}{
		{"arguments as an object", funcall.OpenAIChat, `{"id":"c","function":{"name":"nothing","arguments":{}}}`},
		{"empty arguments", funcall.OpenAIChat, `{"id":"c","type":"function","function":{"name":"nothing","arguments":""}}`},
		{"no arguments", funcall.OpenAIChat, `{"id":"c","function":{"name":"nothing"}}`},
		{"an index", funcall.OpenAIChat, `{"index":0,"id":"c","function":{"name":"nothing","arguments":"{}"}}`},
		{"no type", funcall.OpenAIResponses, `{"call_id":"c","name":"nothing","arguments":"null"}`},
		{"no input", funcall.Anthropic, `{"id":"c","name":"nothing"}`},
		{"a caller", funcall.Anthropic, `{"id":"c","name":"nothing","input":{},"caller":{"type":"direct"}}`},
		{"no id", funcall.Gemini, `{"name":"nothing","args":{}}`},
		{"no args", funcall.Gemini, `{"id":"c","name":"nothing"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer := functions(t, tt.api, reg, nil).Call(t.Context(), caller, json.RawMessage(tt.raw))
			if u := unwrap(t, tt.api, answer.JSON); answer.Failure != nil || u.failed || u.text != `{"ok":true}` {
				t.Errorf("%s, %v", answer.JSON, answer.Failure)
			}
		})
	}
}

// TestTurn: calls run in order, each is answered, and those too many do not run.
func TestTurn(t *testing.T) {
	var order []string
	note := tool("note", scopes.Write, func(in struct {
		Word string `json:"word" jsonschema:"what to note"`
	}) (*done, error) {
		order = append(order, in.Word)
		if in.Word == "fail" {
			return nil, errors.New("it did not work")
		}
		return &done{OK: true}, nil
	})
	reg, caller := registry(t, note), owner(t)
	for _, api := range apis() {
		order = nil
		f := functions(t, api, reg, &funcall.Options{MaxCalls: 4})
		var calls []json.RawMessage
		for i, word := range []string{"one", "fail", "broken", "two", "three", "four"} {
			args := fmt.Sprintf(`{"word":%q}`, word)
			if word == "broken" {
				args = `{}`
			}
			calls = append(calls, wrap(api, fmt.Sprint("c", i), "note", args))
		}
		answers := f.Turn(t.Context(), caller, calls)
		if got := fmt.Sprint(order); got != "[one fail two]" || len(answers) != len(calls) {
			t.Fatalf("%s: ran %s, %d answers", api, got, len(answers))
		}
		for i, answer := range answers {
			u := unwrap(t, api, answer.JSON)
			if u.id != fmt.Sprint("c", i) || u.failed != (i != 0 && i != 3) {
				t.Errorf("%s: answer %d is %s", api, i, answer.JSON)
			}
		}
		if f := answers[5].Failure; f.Code != mailtool.Invalid || !strings.Contains(f.Next, "at most 4") {
			t.Errorf("%s: too many: %v", api, f)
		}
	}
}

// TestTurnEnds: once the context ends nothing more runs, and all is answered.
func TestTurnEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	runs := 0
	reg := registry(t, tool("last", scopes.Write, func(struct{}) (*done, error) {
		runs++
		cancel()
		return &done{OK: true}, nil
	}))
	f := functions(t, funcall.Anthropic, reg, nil)
	call := wrap(funcall.Anthropic, "c1", "last", `{}`)
	answers := f.Turn(ctx, owner(t), []json.RawMessage{call, call, call})
	if runs != 1 || len(answers) != 3 || answers[0].Failure != nil {
		t.Fatalf("%d runs, %d answers, %v", runs, len(answers), answers[0].Failure)
	}
	for _, a := range answers[1:] {
		if a.Failure == nil || a.Failure.Code != mailtool.Canceled || !unwrap(t, funcall.Anthropic, a.JSON).failed {
			t.Errorf("%s", a.JSON)
		}
	}
}

// TestNotListedNotRun: a tool that the caller does not see answers as an unknown one.
func TestNotListedNotRun(t *testing.T) {
	ran := false
	reg := registry(t, tool("change", scopes.Write, func(struct{}) (*done, error) {
		ran = true
		return &done{}, nil
	}))
	caller := owner(t)
	caller.Grant.Access = scopes.Accesses(scopes.Read)
	for _, api := range apis() {
		f := functions(t, api, reg, nil)
		if tools, err := f.Tools(caller); err != nil || len(tools) != 0 {
			t.Errorf("%s: %d tools, %v", api, len(tools), err)
		}
		answer := f.Call(t.Context(), caller, wrap(api, "c1", "change", `{}`))
		if ran || answer.Failure == nil || answer.Failure.Code != mailtool.UnknownTool {
			t.Errorf("%s: ran %v, %s", api, ran, answer.JSON)
		}
	}
}

func FuzzTurn(f *testing.F) {
	reg, caller := registry(f, synthetic()...), owner(f)
	var all []*funcall.Functions
	for i, api := range apis() {
		all = append(all, functions(f, api, reg, &funcall.Options{MaxCalls: 2}))
		for _, args := range []string{`{}`, `{"text":"a","must":"a","tags":["a","b"]}`, `{"text":null}`, `[]`} {
			f.Add(byte(i), []byte(wrap(api, "c1", "corners", args)), []byte(wrap(api, "", "nothing", args)))
		}
		f.Add(byte(i), []byte(`{"id":"c1","function":{"name":"nothing","arguments":"{\"a\":"}}`), []byte(`{`))
	}
	f.Fuzz(func(t *testing.T, which byte, one, two []byte) {
		i := int(which) % len(all)
		answers := all[i].Turn(t.Context(), caller, []json.RawMessage{one, two, one})
		if len(answers) != 3 {
			t.Fatalf("%d answers", len(answers))
		}
		for _, a := range answers {
			u := unwrap(t, apis()[i], a.JSON)
			if u.failed != (a.Failure != nil) || u.id != a.ID {
				t.Fatalf("%s of %+v", a.JSON, a)
			}
		}
	})
}
