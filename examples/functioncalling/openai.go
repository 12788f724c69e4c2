package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"

	"github.com/postern-mail/postern/mailtool/funcall"
)

// chat speaks Chat Completions, which most servers have.
type chat struct {
	client openai.Client // from OPENAI_API_KEY and OPENAI_BASE_URL
	params openai.ChatCompletionNewParams
}

func newChat(model, system, question string, tools []json.RawMessage) model {
	c := &chat{client: openai.NewClient(), params: openai.ChatCompletionNewParams{Model: model}}
	c.params.Messages = []openai.ChatCompletionMessageParamUnion{openai.SystemMessage(system), openai.UserMessage(question)}
	for _, tool := range tools {
		c.params.Tools = append(c.params.Tools, param.Override[openai.ChatCompletionToolUnionParam](tool))
	}
	return c
}

func (c *chat) ask(ctx context.Context) (reply, error) {
	said, err := c.client.Chat.Completions.New(ctx, c.params)
	if err != nil {
		return reply{}, withReason(err)
	}
	if len(said.Choices) == 0 {
		return reply{}, errors.New("the model answered nothing")
	}
	message, why := said.Choices[0].Message, said.Choices[0].FinishReason
	c.params.Messages = append(c.params.Messages, message.ToParam())
	r := reply{text: message.Content + message.Refusal, in: said.Usage.PromptTokens, out: said.Usage.CompletionTokens}
	if why == "length" || why == "content_filter" {
		r.cut = why
	}
	for _, call := range message.ToolCalls {
		r.calls = append(r.calls, json.RawMessage(call.RawJSON()))
	}
	return r, nil
}

func (c *chat) tell(answers []funcall.Answer) {
	for _, a := range answers {
		c.params.Messages = append(c.params.Messages, param.Override[openai.ChatCompletionMessageParamUnion](a.JSON))
	}
}

// response speaks the Responses API. The conversation stays here: nothing is
// stored at the vendor's.
type response struct {
	client openai.Client
	params responses.ResponseNewParams
}

func newResponses(model, system, question string, tools []json.RawMessage) model {
	r := &response{client: openai.NewClient(), params: responses.ResponseNewParams{Model: model, Store: openai.Bool(false)}}
	r.params.Instructions = openai.String(system)
	// A model that reasons goes on from what it thought before.
	r.params.Include = []responses.ResponseIncludable{responses.ResponseIncludableReasoningEncryptedContent}
	r.params.Input.OfInputItemList = responses.ResponseInputParam{responses.ResponseInputItemParamOfMessage(question, responses.EasyInputMessageRoleUser)}
	for _, tool := range tools {
		r.params.Tools = append(r.params.Tools, param.Override[responses.ToolUnionParam](tool))
	}
	return r
}

func (r *response) ask(ctx context.Context) (reply, error) {
	said, err := r.client.Responses.New(ctx, r.params)
	if err != nil {
		return reply{}, withReason(err)
	}
	answer := reply{text: said.OutputText(), in: said.Usage.InputTokens, out: said.Usage.OutputTokens}
	if said.Status != responses.ResponseStatusCompleted {
		answer.cut = string(said.Status) + " " + said.IncompleteDetails.Reason
	}
	for _, item := range said.Output {
		r.add(json.RawMessage(item.RawJSON()))
		if item.Type == "function_call" {
			answer.calls = append(answer.calls, json.RawMessage(item.RawJSON()))
		}
	}
	return answer, nil
}

func (r *response) tell(answers []funcall.Answer) {
	for _, a := range answers {
		r.add(a.JSON)
	}
}

func (r *response) add(item json.RawMessage) {
	r.params.Input.OfInputItemList = append(r.params.Input.OfInputItemList, param.Override[responses.ResponseInputItemUnionParam](item))
}

// maxReason is for one sentence of an endpoint that may say anything.
const maxReason = 300

// withReason adds what the endpoint said is wrong, such as a key or a model that
// it does not know: the client's error has the status only.
func withReason(err error) error {
	var failed *openai.Error
	if !errors.As(err, &failed) || failed.Message == "" {
		return err
	}
	return fmt.Errorf("%w: %q", err, failed.Message[:min(len(failed.Message), maxReason)])
}
