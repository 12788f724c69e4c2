package funcall

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-mail/postern/mailtool"
)

// geminiKey is what a parameter may be called.
var geminiKey = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]{0,63}$`)

// gemini is generateContent.
// https://ai.google.dev/api/caching#FunctionDeclaration
type gemini struct{}

func (gemini) declare(tools []tool, opts Options) ([]any, error) {
	type declared struct {
		Name        string  `json:"name"`
		Description string  `json:"description"`
		Parameters  *schema `json:"parameters,omitempty"`
		JSONSchema  *schema `json:"parametersJsonSchema,omitempty"`
	}
	var all []any
	for _, t := range tools {
		if err := keys(t, geminiKey, "gemini"); err != nil {
			return nil, err
		}
		d := declared{Name: t.Name, Description: t.Description}
		// Without parameters it is left unset: an object without properties is refused.
		if parameters := openAPISchema(t.schema); opts.JSONSchema && !t.schema.empty() {
			d.JSONSchema = t.schema
		} else if !opts.JSONSchema && !parameters.empty() {
			d.Parameters = parameters
		}
		all = append(all, d)
	}
	return all, nil
}

// openAPISchema is the schema in Gemini's subset of OpenAPI 3.0: types in upper
// case, enums by format, no additionalProperties, no object without properties.
// https://ai.google.dev/api/caching#Schema
func openAPISchema(s *schema) *schema {
	out := s.changed(openAPISchema)
	out.Type = kinds{strings.ToUpper(s.Type[0])}
	out.Additional = nil
	if len(s.Enum) > 0 {
		out.Format = "enum"
	}
	if s.Properties == nil {
		return out
	}
	out.Required = slices.DeleteFunc(slices.Clone(s.Required), func(name string) bool {
		return slices.ContainsFunc(out.Properties, func(p property) bool { return p.name == name && p.schema.empty() })
	})
	out.Properties = slices.DeleteFunc(out.Properties, func(p property) bool { return p.schema.empty() })
	return out
}

// empty reports whether s is an object, or a list of objects, about which
// nothing can be said.
func (s *schema) empty() bool {
	return s.Properties != nil && len(s.Properties) == 0 || s.Items != nil && s.Items.empty()
}

// read takes a call without an id: many models and services give none.
func (gemini) read(raw json.RawMessage) (call, *mailtool.Error) {
	var in struct {
		ID, Name string
		Args     json.RawMessage
	}
	err := json.Unmarshal(raw, &in)
	c := call{id: in.ID, name: in.Name, arguments: in.Args}
	if err != nil {
		return c, malformed()
	}
	return c.named()
}

// takes knows the types of
// https://ai.google.dev/gemini-api/docs/function-calling#multimodal (Gemini 3 and later).
func (gemini) takes(mediaType string) bool {
	return mediaType == "application/pdf" || isImage(mediaType) && mediaType != "image/gif"
}

// write answers with members other than output, so that the whole response is
// the function's output, or with error.
// https://ai.google.dev/api/caching#FunctionResponse
func (gemini) write(c call, r result) any {
	type blob struct {
		MIMEType    string `json:"mimeType"`
		DisplayName string `json:"displayName"`
		Data        []byte `json:"data"`
	}
	type part struct {
		InlineData blob `json:"inlineData"`
	}
	type response struct {
		Result json.RawMessage `json:"result"`
	}
	out := struct {
		ID       string `json:"id,omitempty"`
		Name     string `json:"name"`
		Response any    `json:"response"`
		Parts    []part `json:"parts,omitempty"`
	}{ID: c.id, Name: c.name, Response: r.json}
	if !r.failed {
		out.Response = response{r.json}
	}
	for _, f := range r.files {
		out.Parts = append(out.Parts, part{blob{f.mediaType, f.name, f.data}})
	}
	return out
}
