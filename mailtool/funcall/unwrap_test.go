package funcall_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// exactly decodes raw and fails on a member that v does not have.
func exactly(t testing.TB, raw []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if d.More() {
		t.Fatalf("%s: something behind it", raw)
	}
}

// isError reports whether an answer is mailtool's form of a failure.
func isError(text string) bool {
	var answer struct {
		Error *struct{ Code, Message string }
	}
	return json.Unmarshal([]byte(text), &answer) == nil && answer.Error != nil && answer.Error.Code != "" && answer.Error.Message != ""
}

func unwrapResponses(t testing.TB, raw json.RawMessage) unwrapped {
	t.Helper()
	var m struct {
		Type   string
		CallID string `json:"call_id"`
		Output json.RawMessage
	}
	exactly(t, raw, &m)
	if m.Type != "function_call_output" {
		t.Fatalf("type %q", m.Type)
	}
	u := unwrapped{id: m.CallID}
	if m.Output[0] == '"' {
		exactly(t, m.Output, &u.text)
		u.failed = isError(u.text)
		return u
	}
	var parts []struct {
		Type, Text, Filename string
		ImageURL             string `json:"image_url"`
		FileData             string `json:"file_data"`
	}
	exactly(t, m.Output, &parts)
	for i, p := range parts {
		switch {
		case i == 0 && p.Type == "input_text":
			u.text = p.Text
		case p.Type == "input_image":
			u.files = append(u.files, typeOfURL(t, p.ImageURL))
		case p.Type == "input_file" && p.Filename != "":
			u.files = append(u.files, typeOfURL(t, p.FileData))
		default:
			t.Fatalf("part %d: %+v", i, p)
		}
	}
	return u
}

func typeOfURL(t testing.TB, url string) string {
	t.Helper()
	head, data, ok := strings.Cut(url, ";base64,")
	if _, err := base64.StdEncoding.DecodeString(data); !ok || err != nil || !strings.HasPrefix(head, "data:") {
		t.Fatalf("data URL %.40q: %v", url, err)
	}
	return strings.TrimPrefix(head, "data:")
}

func unwrapAnthropic(t testing.TB, raw json.RawMessage) unwrapped {
	t.Helper()
	var m struct {
		Type      string
		ToolUseID string `json:"tool_use_id"`
		IsError   bool   `json:"is_error"`
		Content   []struct {
			Type, Text string
			Source     struct {
				Type      string
				MediaType string `json:"media_type"`
				Data      []byte
			}
		}
	}
	exactly(t, raw, &m)
	if m.Type != "tool_result" {
		t.Fatalf("type %q", m.Type)
	}
	u := unwrapped{id: m.ToolUseID, failed: m.IsError}
	for i, b := range m.Content {
		image := strings.HasPrefix(b.Source.MediaType, "image/")
		switch {
		case i == 0 && b.Type == "text" && b.Text != "":
			u.text = b.Text
		case b.Source.Type == "base64" && len(b.Source.Data) > 0 && (b.Type == "image" && image || b.Type == "document" && !image):
			u.files = append(u.files, b.Source.MediaType)
		default:
			t.Fatalf("block %d: %+v", i, b)
		}
	}
	if u.failed != isError(u.text) {
		t.Fatalf("is_error %v, and the text is %s", u.failed, u.text)
	}
	return u
}

func unwrapGemini(t testing.TB, raw json.RawMessage) unwrapped {
	t.Helper()
	var m struct {
		ID, Name string
		Response struct{ Result, Error json.RawMessage }
		Parts    []struct {
			InlineData struct {
				MimeType, DisplayName string
				Data                  []byte
			}
		}
	}
	exactly(t, raw, &m)
	u := unwrapped{id: m.ID, text: string(m.Response.Result)}
	if m.Response.Error != nil {
		u.text, u.failed = `{"error":`+string(m.Response.Error)+`}`, true
		if !isError(u.text) || m.Response.Result != nil {
			t.Fatalf("response %s", raw)
		}
	}
	names := map[string]bool{}
	for _, p := range m.Parts {
		if names[p.InlineData.DisplayName] || len(p.InlineData.Data) == 0 {
			t.Fatalf("part %q", p.InlineData.DisplayName)
		}
		names[p.InlineData.DisplayName] = true
		u.files = append(u.files, p.InlineData.MimeType)
	}
	return u
}
