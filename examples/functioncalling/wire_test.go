package main

import (
	"encoding/json"
	"errors"
	"fmt"
)

// chatWire is Chat Completions.
type chatWire struct{}

func (chatWire) path() string                { return "/chat/completions" }
func (chatWire) key() (header, value string) { return "Authorization", "Bearer test-key" }

type chatCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

func (chatWire) read(body []byte) (req request, err error) {
	var in struct {
		Model    string
		Messages []struct {
			Role       string
			Content    string
			ToolCallID string     `json:"tool_call_id"`
			ToolCalls  []chatCall `json:"tool_calls"`
		}
		Tools []struct {
			Type     string
			Function struct {
				Name, Description string
				Parameters        json.RawMessage
				Strict            bool
			}
		}
	}
	if err := strictly(body, &in); err != nil {
		return req, err
	}
	req.model = in.Model
	for i, m := range in.Messages {
		switch {
		case i == 0 && m.Role == "system":
			req.system = m.Content
		case i == 1 && m.Role == "user":
			req.question = m.Content
		case m.Role == "assistant":
			var t turn
			for _, c := range m.ToolCalls {
				t.calls = append(t.calls, scripted{c.ID, c.Function.Name, c.Function.Arguments})
			}
			req.turns = append(req.turns, t)
		case m.Role == "tool" && len(req.turns) > 0:
			last := &req.turns[len(req.turns)-1]
			last.answers = append(last.answers, given{m.ToolCallID, answer{m.Content, isError(m.Content)}})
		default:
			return req, fmt.Errorf("message %d of role %q", i, m.Role)
		}
	}
	for _, t := range in.Tools {
		schema, err := seenSchema(t.Function.Parameters)
		if err != nil || t.Type != "function" || t.Function.Description == "" {
			return req, fmt.Errorf("tool %s of type %q: %w", t.Function.Name, t.Type, err)
		}
		req.tools = append(req.tools, toolSeen{t.Function.Name, schema, t.Function.Strict})
	}
	return req, nil
}

func (chatWire) write(s step) any {
	message := struct {
		Role      string     `json:"role"`
		Content   *string    `json:"content"`
		ToolCalls []chatCall `json:"tool_calls,omitempty"`
	}{Role: "assistant"}
	reason := "tool_calls"
	for _, c := range s.calls {
		call := chatCall{ID: c.id, Type: "function"}
		call.Function.Name, call.Function.Arguments = c.name, c.args
		message.ToolCalls = append(message.ToolCalls, call)
	}
	if s.text != "" {
		message.Content, reason = &s.text, "stop"
	}
	if s.text == cutShort {
		reason = "length"
	}
	return map[string]any{
		"id": "cmpl-1", "object": "chat.completion", "created": 1, "model": "test-model",
		"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": reason}},
		"usage":   map[string]int{"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107},
	}
}

// cutShort is a text that has no end.
const cutShort = "You have"

// responsesWire is the Responses API.
type responsesWire struct{}

func (responsesWire) path() string                { return "/responses" }
func (responsesWire) key() (header, value string) { return "Authorization", "Bearer test-key" }

type responsesItem struct {
	Type      string `json:"type,omitempty"`
	ID        string `json:"id,omitempty"`
	Role      string `json:"role,omitempty"`
	Content   any    `json:"content,omitempty"`
	CallID    string `json:"call_id,omitempty"`
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments,omitempty"`
	Output    string `json:"output,omitempty"`
	Status    string `json:"status,omitempty"`
}

func (responsesWire) read(body []byte) (req request, err error) {
	var in struct {
		Model, Instructions string
		Input               []responsesItem
		Include             []string
		Store               *bool
		Tools               []struct {
			Type, Name, Description string
			Parameters              json.RawMessage
			Strict                  *bool
		}
	}
	if err := strictly(body, &in); err != nil {
		return req, err
	}
	if in.Store == nil || *in.Store {
		return req, errors.New("the conversation would be stored")
	}
	req.model, req.system = in.Model, in.Instructions
	called := false
	for i, item := range in.Input {
		switch {
		case i == 0 && item.Role == "user":
			req.question, _ = item.Content.(string)
		case item.Type == "function_call":
			if !called {
				req.turns = append(req.turns, turn{})
			}
			last := &req.turns[len(req.turns)-1]
			last.calls = append(last.calls, scripted{item.CallID, item.Name, item.Arguments})
		case item.Type == "function_call_output" && len(req.turns) > 0:
			last := &req.turns[len(req.turns)-1]
			last.answers = append(last.answers, given{item.CallID, answer{item.Output, isError(item.Output)}})
		default:
			return req, fmt.Errorf("item %d of type %q", i, item.Type)
		}
		called = item.Type == "function_call"
	}
	for _, t := range in.Tools {
		schema, err := seenSchema(t.Parameters)
		if err != nil || t.Type != "function" || t.Strict == nil || t.Description == "" {
			return req, fmt.Errorf("tool %s of type %q: %w", t.Name, t.Type, err)
		}
		req.tools = append(req.tools, toolSeen{t.Name, schema, *t.Strict})
	}
	return req, nil
}

func (responsesWire) write(s step) any {
	output, status := []responsesItem{}, "completed"
	for i, c := range s.calls {
		output = append(output, responsesItem{Type: "function_call", ID: fmt.Sprint("fc_", i), CallID: c.id, Name: c.name, Arguments: c.args, Status: status})
	}
	if s.text == cutShort {
		status = "incomplete"
	}
	if s.text != "" {
		text := []any{map[string]any{"type": "output_text", "text": s.text, "annotations": []any{}}}
		output = append(output, responsesItem{Type: "message", ID: "msg_1", Role: "assistant", Content: text, Status: status})
	}
	return map[string]any{
		"id": "resp_1", "object": "response", "created_at": 1, "model": "test-model", "status": status, "output": output,
		"incomplete_details": map[string]string{"reason": "max_output_tokens"},
		"usage":              map[string]int{"input_tokens": 100, "output_tokens": 7, "total_tokens": 107},
	}
}

// messagesWire is Anthropic's Messages API.
type messagesWire struct{}

func (messagesWire) path() string                { return "/v1/messages" }
func (messagesWire) key() (header, value string) { return "X-Api-Key", "test-key" }

type messagesBlock struct {
	Type      string          `json:"type"`
	Text      string          `json:"text,omitempty"`
	ID        string          `json:"id,omitempty"`
	Name      string          `json:"name,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	ToolUseID string          `json:"tool_use_id,omitempty"`
	IsError   bool            `json:"is_error,omitempty"`
	Content   []messagesBlock `json:"content,omitempty"`
}

func (messagesWire) read(body []byte) (req request, err error) {
	var in struct {
		Model     string
		MaxTokens int `json:"max_tokens"`
		System    []messagesBlock
		Messages  []struct {
			Role    string
			Content []messagesBlock
		}
		Tools []struct {
			Name, Description string
			InputSchema       json.RawMessage `json:"input_schema"`
			Strict            bool
		}
	}
	if err := strictly(body, &in); err != nil {
		return req, err
	}
	if in.MaxTokens < 1 || len(in.System) != 1 || len(in.Messages) == 0 || len(in.Messages[0].Content) != 1 {
		return req, errors.New("no room, no system text or no question")
	}
	req.model, req.system, req.question = in.Model, in.System[0].Text, in.Messages[0].Content[0].Text
	for i, m := range in.Messages[1:] {
		if m.Role != []string{"assistant", "user"}[i%2] {
			return req, fmt.Errorf("message %d of role %q", i+1, m.Role)
		}
		if m.Role == "assistant" {
			req.turns = append(req.turns, turn{})
		}
		last := &req.turns[len(req.turns)-1]
		for _, b := range m.Content {
			switch {
			case m.Role == "assistant" && b.Type == "tool_use":
				last.calls = append(last.calls, scripted{b.ID, b.Name, string(b.Input)})
			case m.Role == "user" && b.Type == "tool_result" && len(b.Content) == 1 && b.IsError == isError(b.Content[0].Text):
				last.answers = append(last.answers, given{b.ToolUseID, answer{b.Content[0].Text, b.IsError}})
			default:
				return req, fmt.Errorf("block of type %q in a message of role %q", b.Type, m.Role)
			}
		}
	}
	for _, t := range in.Tools {
		schema, err := seenSchema(t.InputSchema)
		if err != nil || t.Description == "" {
			return req, fmt.Errorf("tool %s: %w", t.Name, err)
		}
		req.tools = append(req.tools, toolSeen{t.Name, schema, t.Strict})
	}
	return req, nil
}

func (messagesWire) write(s step) any {
	var content []messagesBlock
	reason := "tool_use"
	if len(s.calls) > 0 { // models begin so, and the API refuses what it is handed back
		content = append(content, messagesBlock{Type: "text"})
	}
	for _, c := range s.calls {
		content = append(content, messagesBlock{Type: "tool_use", ID: c.id, Name: c.name, Input: json.RawMessage(c.args)})
	}
	if s.text != "" {
		content, reason = append(content, messagesBlock{Type: "text", Text: s.text}), "end_turn"
	}
	if s.text == cutShort {
		reason = "max_tokens"
	}
	return map[string]any{
		"id": "msg_1", "type": "message", "role": "assistant", "model": "test-model", "content": content, "stop_reason": reason,
		"usage": map[string]int{"input_tokens": 100, "output_tokens": 7},
	}
}
