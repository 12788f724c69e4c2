package funcall

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/postern-mail/postern/mailtool"
)

// What OpenAI publishes of tools and of schemas in strict mode:
// https://developers.openai.com/api/docs/guides/function-calling
// https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas
const (
	openAITools       = 128     // in one request
	openAIDescription = 1024    // characters of a function's description
	openAIProperties  = 5000    // in one schema, at all levels
	openAIDepth       = 10      // objects within objects
	openAIText        = 120_000 // characters of property names and enum values
	openAIEnums       = 1000    // enum values in one schema
	openAILongEnum    = 250     // values, above which one enum may hold
	openAIEnumText    = 15_000  // characters
)

// openAIFits names the first rule that a tool breaks.
func openAIFits(t tool, s *schema, strict bool) error {
	if n := utf8.RuneCountInString(t.Description); n > openAIDescription {
		return fmt.Errorf("tool %s: openai takes descriptions of %d characters, this has %d", t.Name, openAIDescription, n)
	}
	if !strict {
		return nil
	}
	var properties, deepest, text, enums, longest int
	s.walk(0, func(s *schema, depth int) {
		properties += len(s.Properties)
		if s.Properties != nil {
			deepest = max(deepest, depth+1)
		}
		for _, p := range s.Properties {
			text += utf8.RuneCountInString(p.name)
		}
		values := 0
		for _, v := range s.Enum {
			values += utf8.RuneCountInString(v)
		}
		text, enums = text+values, enums+len(s.Enum)
		if len(s.Enum) > openAILongEnum {
			longest = max(longest, values)
		}
	})
	for _, rule := range []struct {
		what    string
		n, most int
	}{
		{"properties", properties, openAIProperties},
		{"levels of objects", deepest, openAIDepth},
		{"characters of names and values", text, openAIText},
		{"enum values", enums, openAIEnums},
		{"characters in a long enum", longest, openAIEnumText},
	} {
		if rule.n > rule.most {
			return fmt.Errorf("tool %s: openai's strict mode takes %d %s, this has %d", t.Name, rule.most, rule.what, rule.n)
		}
	}
	return nil
}

// strictSchema requires every property and lets the optional ones be null,
// which mailtool reads as absent. All keywords of the portable subset are among
// those that strict mode knows.
func strictSchema(s *schema) *schema {
	out := s.changed(strictSchema)
	if s.Properties == nil {
		return out
	}
	out.Required = []string{}
	for i, p := range out.Properties {
		out.Required = append(out.Required, p.name)
		if !s.requires(p.name) {
			out.Properties[i].schema = nullable(p.schema)
		}
	}
	return out
}

// nullable is s or null. With an enum, a list of types would need null among
// the values as well, so whatever is more than a plain type becomes a choice.
func nullable(s *schema) *schema {
	out := *s
	if s.Enum == nil && s.Items == nil && s.Properties == nil {
		out.Type = append(kinds{}, append(s.Type, "null")...)
		return &out
	}
	out.Description = ""
	return &schema{Description: s.Description, AnyOf: []*schema{&out, {Type: kinds{"null"}}}}
}

// openAIFunctions makes the function of each tool.
func openAIFunctions(tools []tool, strict bool) ([]function, error) {
	if len(tools) > openAITools {
		return nil, fmt.Errorf("openai takes %d tools, these are %d", openAITools, len(tools))
	}
	var all []function
	for _, t := range tools {
		s := t.schema
		if strict {
			s = strictSchema(s)
		}
		if err := openAIFits(t, s, strict); err != nil {
			return nil, err
		}
		all = append(all, function{Name: t.Name, Description: t.Description, Parameters: s})
	}
	return all, nil
}

type function struct {
	Type        string  `json:"type,omitempty"` // Responses only
	Name        string  `json:"name"`
	Description string  `json:"description,omitempty"`
	Parameters  *schema `json:"parameters"`
	Strict      *bool   `json:"strict,omitempty"`
}

// chat is the Chat Completions API.
// https://developers.openai.com/api/reference/resources/chat
type chat struct{}

func (chat) declare(tools []tool, opts Options) ([]any, error) {
	functions, err := openAIFunctions(tools, opts.Strict)
	var all []any
	for _, f := range functions {
		if opts.Strict { // false is the default, and other servers may not know the word
			f.Strict = &opts.Strict
		}
		all = append(all, struct {
			Type     string   `json:"type"`
			Function function `json:"function"`
		}{"function", f})
	}
	return all, err
}

func (chat) read(raw json.RawMessage) (call, *mailtool.Error) {
	var in struct {
		ID, Type string
		Function struct {
			Name      string
			Arguments json.RawMessage
		}
	}
	err := json.Unmarshal(raw, &in)
	c := call{id: in.ID, name: in.Function.Name}
	if err != nil {
		return c, malformed()
	}
	if in.Type != "" && in.Type != "function" {
		return c, noFunction()
	}
	return c.withText(in.Function.Arguments)
}

// A tool message holds text only.
func (chat) takes(string) bool { return false }

func (chat) write(c call, r result) any {
	return struct {
		Role       string `json:"role"`
		ToolCallID string `json:"tool_call_id"`
		Content    string `json:"content"`
	}{"tool", c.id, string(r.json)}
}

// responses is the Responses API.
// https://developers.openai.com/api/reference/resources/responses
type responses struct{}

func (responses) declare(tools []tool, opts Options) ([]any, error) {
	functions, err := openAIFunctions(tools, opts.Strict)
	var all []any
	for _, f := range functions {
		f.Type, f.Strict = "function", &opts.Strict // true is the default here
		all = append(all, f)
	}
	return all, err
}

func (responses) read(raw json.RawMessage) (call, *mailtool.Error) {
	var in struct {
		Type, Name string
		CallID     string `json:"call_id"`
		Arguments  json.RawMessage
	}
	err := json.Unmarshal(raw, &in)
	c := call{id: in.CallID, name: in.Name}
	if err != nil {
		return c, malformed()
	}
	if in.Type != "" && in.Type != "function_call" {
		return c, noFunction()
	}
	return c.withText(in.Arguments)
}

// takes leaves out GIF: an animated one is refused, and telling means decoding it.
func (responses) takes(mediaType string) bool {
	return mediaType == "application/pdf" || isImage(mediaType) && mediaType != "image/gif"
}

func (responses) write(c call, r result) any {
	type part struct {
		Type     string `json:"type"`
		Text     string `json:"text,omitempty"`
		ImageURL string `json:"image_url,omitempty"`
		Filename string `json:"filename,omitempty"`
		FileData string `json:"file_data,omitempty"`
	}
	var output any = string(r.json)
	if len(r.files) > 0 {
		parts := []part{{Type: "input_text", Text: string(r.json)}}
		for _, f := range r.files {
			if isImage(f.mediaType) {
				parts = append(parts, part{Type: "input_image", ImageURL: f.dataURL()})
			} else {
				parts = append(parts, part{Type: "input_file", Filename: f.name, FileData: f.dataURL()})
			}
		}
		output = parts
	}
	return struct {
		Type   string `json:"type"`
		CallID string `json:"call_id"`
		Output any    `json:"output"`
	}{"function_call_output", c.id, output}
}

// withText adds the arguments, which OpenAI writes as a string of JSON. Some
// servers that speak its format write the object itself.
func (c call) withText(raw json.RawMessage) (call, *mailtool.Error) {
	c.arguments = raw
	if text := bytes.TrimSpace(raw); len(text) > 0 && text[0] == '"' {
		var arguments string
		if err := json.Unmarshal(text, &arguments); err != nil {
			return c, malformed()
		}
		c.arguments = json.RawMessage(arguments)
	}
	return c.withID()
}
