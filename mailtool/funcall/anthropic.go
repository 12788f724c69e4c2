package funcall

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/postern-mail/postern/mailtool"
)

// What Anthropic publishes of schemas with strict: true, for all tools of a
// request together:
// https://platform.claude.com/docs/en/build-with-claude/structured-outputs#schema-complexity-limits
const (
	anthropicStrictTools = 20
	anthropicOptional    = 24 // parameters that are not required
)

// anthropicKey is what a property may be called.
var anthropicKey = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,64}$`)

// anthropic is the Messages API.
// https://platform.claude.com/docs/en/agents-and-tools/tool-use/define-tools
type anthropic struct{}

func (anthropic) declare(tools []tool, opts Options) ([]any, error) {
	type declared struct {
		Name        string  `json:"name"`
		Description string  `json:"description,omitempty"`
		InputSchema *schema `json:"input_schema"`
		Strict      bool    `json:"strict,omitempty"`
	}
	strict := map[string]bool{}
	if opts.Strict {
		strict = strictOnes(tools)
	}
	var all []any
	for _, t := range tools {
		if err := keys(t, anthropicKey, "anthropic"); err != nil {
			return nil, err
		}
		d := declared{t.Name, t.Description, t.schema, strict[t.Name]}
		if d.Strict {
			d.InputSchema = unbounded(t.schema)
		}
		all = append(all, d)
	}
	return all, nil
}

// keys refuses a property whose name a vendor does not take.
func keys(t tool, pattern *regexp.Regexp, vendor string) (err error) {
	t.schema.walk(0, func(s *schema, _ int) {
		for _, p := range s.Properties {
			if err == nil && !pattern.MatchString(p.name) {
				err = fmt.Errorf("tool %s: %s takes properties that match %s, not %q", t.Name, vendor, pattern, p.name)
			}
		}
	})
	return err
}

// strictOnes picks the tools that are strict where not all can be: those that
// change something first, each as long as it fits what is left.
func strictOnes(tools []tool) map[string]bool {
	order := slices.Clone(tools)
	slices.SortStableFunc(order, func(a, b tool) int {
		switch {
		case a.Hints.ReadOnly == b.Hints.ReadOnly:
			return 0
		case b.Hints.ReadOnly:
			return -1
		}
		return 1
	})
	strict, room := map[string]bool{}, anthropicOptional
	for _, t := range order {
		optional := 0
		t.schema.walk(0, func(s *schema, _ int) { optional += len(s.Properties) - len(s.Required) })
		if len(strict) < anthropicStrictTools && optional <= room {
			strict[t.Name] = true
			room -= optional
		}
	}
	return strict
}

// unbounded leaves out the bounds that strict mode refuses. mailtool checks them
// all the same and says what a parameter takes.
func unbounded(s *schema) *schema {
	out := s.changed(unbounded)
	out.Minimum, out.Maximum, out.MaxItems = "", "", ""
	if out.MinItems != "0" && out.MinItems != "1" {
		out.MinItems = ""
	}
	return out
}

func (anthropic) read(raw json.RawMessage) (call, *mailtool.Error) {
	var in struct {
		Type, ID, Name string
		Input          json.RawMessage
	}
	err := json.Unmarshal(raw, &in)
	c := call{id: in.ID, name: in.Name, arguments: in.Input}
	if err != nil {
		return c, malformed()
	}
	if in.Type != "" && in.Type != "tool_use" {
		return c, noFunction()
	}
	return c.withID()
}

func (anthropic) takes(mediaType string) bool {
	return mediaType == "application/pdf" || isImage(mediaType)
}

// write follows https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls
func (anthropic) write(c call, r result) any {
	type source struct {
		Type      string `json:"type"`
		MediaType string `json:"media_type"`
		Data      []byte `json:"data"`
	}
	type block struct {
		Type   string  `json:"type"`
		Text   string  `json:"text,omitempty"`
		Source *source `json:"source,omitempty"`
	}
	content := []block{{Type: "text", Text: string(r.json)}}
	for _, f := range r.files {
		kind := "document"
		if isImage(f.mediaType) {
			kind = "image"
		}
		content = append(content, block{Type: kind, Source: &source{"base64", f.mediaType, f.data}})
	}
	return struct {
		Type      string  `json:"type"`
		ToolUseID string  `json:"tool_use_id"`
		Content   []block `json:"content"`
		IsError   bool    `json:"is_error,omitempty"`
	}{"tool_result", c.id, content, r.failed}
}
