package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/packages/param"

	"github.com/postern-mail/postern/mailtool/funcall"
)

// maxTokens is room for an answer and the calls of one turn.
const maxTokens = 4096

// messages speaks Anthropic's Messages API.
type messages struct {
	client anthropic.Client // from ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL
	params anthropic.MessageNewParams
}

func newMessages(model, system, question string, tools []json.RawMessage) model {
	m := &messages{client: anthropic.NewClient(), params: anthropic.MessageNewParams{
		Model: model, MaxTokens: maxTokens, System: []anthropic.TextBlockParam{{Text: system}},
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(question))},
	}}
	for _, tool := range tools {
		m.params.Tools = append(m.params.Tools, param.Override[anthropic.ToolUnionParam](tool))
	}
	return m
}

func (m *messages) ask(ctx context.Context) (reply, error) {
	said, err := m.client.Messages.New(ctx, m.params)
	if err != nil {
		return reply{}, reasonOnly(err)
	}
	message := said.ToParam()
	message.Content = slices.DeleteFunc(message.Content, func(b anthropic.ContentBlockParamUnion) bool {
		return b.OfText != nil && b.OfText.Text == "" // the API writes such blocks, and refuses them
	})
	m.params.Messages = append(m.params.Messages, message)
	r := reply{in: said.Usage.InputTokens, out: said.Usage.OutputTokens}
	if why := said.StopReason; why != anthropic.StopReasonEndTurn && why != anthropic.StopReasonToolUse {
		r.cut = string(why)
	}
	for _, block := range said.Content {
		switch block.Type {
		case "text":
			r.text += block.Text
		case "tool_use":
			r.calls = append(r.calls, json.RawMessage(block.RawJSON()))
		}
	}
	return r, nil
}

// tell puts all results into one message, as the API wants them.
func (m *messages) tell(answers []funcall.Answer) {
	var results []anthropic.ContentBlockParamUnion
	for _, a := range answers {
		results = append(results, param.Override[anthropic.ContentBlockParamUnion](a.JSON))
	}
	m.params.Messages = append(m.params.Messages, anthropic.NewUserMessage(results...))
}

// reasonOnly takes from what the endpoint said the sentence that says what is
// wrong: the client's error has all of it, whatever it is.
func reasonOnly(err error) error {
	var failed *anthropic.Error
	if !errors.As(err, &failed) {
		return err
	}
	var said struct{ Error struct{ Message string } }
	_ = json.Unmarshal([]byte(failed.RawJSON()), &said) // no JSON: the status says what there is to say
	message := said.Error.Message
	return fmt.Errorf("anthropic: %d %s: %q", failed.StatusCode, http.StatusText(failed.StatusCode), message[:min(len(message), maxReason)])
}
