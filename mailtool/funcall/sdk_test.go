package funcall_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	sdkanthropic "github.com/anthropics/anthropic-sdk-go"
	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"
	sdkresponses "github.com/openai/openai-go/v3/responses"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/funcall"
)

// through reads raw as a request type of a vendor's own library and writes it
// again: a member that the library does not know, or knows as something else,
// is lost or changed on the way.
func through[T any](t *testing.T, raw json.RawMessage) {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%T: %s: %v", v, raw, err)
	}
	back, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%T: %s: %v", v, raw, err)
	}
	if diff := cmp.Diff(decoded(t, raw), decoded(t, back)); diff != "" {
		t.Errorf("%T loses something:\n%s", v, diff)
	}
}

func decoded(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return v
}

// TestOfficialLibraries: what is sent survives the official libraries' types.
func TestOfficialLibraries(t *testing.T) {
	reg, caller := registry(t, slices.Concat(mailtool.Neutral(), synthetic())...), owner(t, "ann", "bob")
	tool := map[funcall.API]func(*testing.T, json.RawMessage){
		funcall.OpenAIChat: func(t *testing.T, raw json.RawMessage) {
			through[openai.ChatCompletionToolUnionParam](t, raw)
			through[openai.ChatCompletionFunctionToolParam](t, raw)
		},
		funcall.OpenAIResponses: func(t *testing.T, raw json.RawMessage) {
			through[sdkresponses.ToolUnionParam](t, raw)
			through[sdkresponses.FunctionToolParam](t, raw)
		},
		funcall.Anthropic: func(t *testing.T, raw json.RawMessage) { through[sdkanthropic.ToolParam](t, raw) },
	}
	result := map[funcall.API]func(*testing.T, json.RawMessage){
		funcall.OpenAIChat: func(t *testing.T, raw json.RawMessage) {
			through[openai.ChatCompletionToolMessageParam](t, raw)
			through[openai.ChatCompletionMessageParamUnion](t, raw)
		},
		funcall.OpenAIResponses: func(t *testing.T, raw json.RawMessage) {
			through[sdkresponses.ResponseInputItemFunctionCallOutputParam](t, raw)
		},
		funcall.Anthropic: func(t *testing.T, raw json.RawMessage) { through[sdkanthropic.ToolResultBlockParam](t, raw) },
	}
	for _, m := range everyMode {
		if m.api == funcall.Gemini {
			continue
		}
		f := functions(t, m.api, reg, &m.opts)
		tools, err := f.Tools(caller)
		if err != nil || len(tools) < 10 {
			t.Fatalf("%v: %d tools, %v", m, len(tools), err)
		}
		for _, raw := range tools {
			tool[m.api](t, raw)
		}
		for _, answer := range f.Turn(t.Context(), caller, []json.RawMessage{
			wrap(m.api, "call_1", "list_folders", `{}`), wrap(m.api, "call_2", "nothing", `{"a":1}`),
		}) {
			result[m.api](t, answer.JSON)
		}
	}
	for api, check := range result {
		raw, err := os.ReadFile("testdata/files/" + string(api) + ".json")
		if err != nil {
			t.Fatal(err)
		}
		check(t, raw)
	}
}
