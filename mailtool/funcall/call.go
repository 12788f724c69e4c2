package funcall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/postern-mail/postern/mailtool"
)

// Answer is what became of one call.
type Answer struct {
	ID, Name string
	// JSON is the vendor's result object: a tool message (OpenAIChat), a
	// function_call_output item (OpenAIResponses), a tool_result block
	// (Anthropic), a functionResponse (Gemini).
	JSON json.RawMessage
	// Failure is why the call was refused or failed, nil when it did neither. JSON
	// tells the model the same.
	Failure *mailtool.Error
	// LeftOut are the files of the answer that this API takes in no tool result.
	// JSON names them; an embedder can show them to the model another way.
	LeftOut []mailtool.File
}

// Call runs one call of a model: a tool_call (OpenAIChat), a function_call item
// (OpenAIResponses), a tool_use block (Anthropic) or a functionCall (Gemini).
// Whatever is wrong with it is the answer's Failure.
func (f *Functions) Call(ctx context.Context, c *mailtool.Caller, raw json.RawMessage) Answer {
	return f.call(ctx, c, raw, &room{bytes: maxFiles}, nil)
}

// Turn runs the calls of one turn one after the other, in the order given, since
// one may rest on what another changes. There is one answer a call, in that
// order, also for those above MaxCalls or behind the end of ctx, which do not run.
func (f *Functions) Turn(ctx context.Context, c *mailtool.Caller, calls []json.RawMessage) []Answer {
	answers, left := make([]Answer, 0, len(calls)), &room{bytes: maxFiles}
	for i, raw := range calls {
		var refused *mailtool.Error
		if i >= f.opts.MaxCalls {
			refused = invalid("this is call "+strconv.Itoa(i+1)+" of one turn", "call at most "+strconv.Itoa(f.opts.MaxCalls)+" tools at once, the others in the next turn")
		}
		answers = append(answers, f.call(ctx, c, raw, left, refused))
	}
	return answers
}

// call is one call in the terms of no vendor.
type call struct {
	id, name  string
	arguments json.RawMessage
}

// result is what the model is answered.
type result struct {
	json   json.RawMessage // one object
	failed bool
	files  []file
}

func (f *Functions) call(ctx context.Context, caller *mailtool.Caller, raw json.RawMessage, left *room, refused *mailtool.Error) Answer {
	if caller == nil {
		caller = &mailtool.Caller{} // may do nothing
	}
	c, failure := f.vendor.read(raw)
	if refused != nil {
		failure = refused
	}
	var done mailtool.Result
	if failure == nil {
		done, failure = f.run(ctx, caller, c)
	}
	return f.answer(c, done, failure, left)
}

// answer writes what became of a call in the vendor's form.
func (f *Functions) answer(c call, done mailtool.Result, failure *mailtool.Error, left *room) Answer {
	answer := Answer{ID: c.id, Name: c.name, Failure: failure}
	r := result{json: done.JSON, failed: failure != nil}
	if r.failed {
		r.json = failed(failure)
	} else {
		r.files, r.json, answer.LeftOut = f.attach(done, left)
	}
	answer.JSON, _ = encode(f.vendor.write(c, r)) // strings and JSON that was checked always encode
	return answer
}

// run asks the registry, which decides whether the caller may.
func (f *Functions) run(ctx context.Context, caller *mailtool.Caller, c call) (mailtool.Result, *mailtool.Error) {
	switch {
	case len(c.arguments) > f.opts.MaxArguments:
		return mailtool.Result{}, &mailtool.Error{
			Code: mailtool.TooLarge, Message: fmt.Sprintf("the arguments have %d bytes, at most %d are taken", len(c.arguments), f.opts.MaxArguments),
			Next: "send less at once",
		}
	case ctx.Err() != nil:
		return mailtool.Result{}, &mailtool.Error{Code: mailtool.Canceled, Message: "the turn was ended before this call, which did not run"}
	}
	done, err := f.registry.Call(ctx, caller, c.name, c.arguments)
	var failure *mailtool.Error
	switch {
	case err == nil && json.Valid(done.JSON):
		return done, nil
	case errors.As(err, &failure):
		return mailtool.Result{}, failure
	}
	return mailtool.Result{}, &mailtool.Error{Code: mailtool.Internal, Message: "a fault inside the server", Next: "tell the operator"}
}

// failed is the answer of a call that failed, as mailtool defines it.
func failed(e *mailtool.Error) json.RawMessage {
	raw, err := encode(struct {
		Error *mailtool.Error `json:"error"`
	}{e})
	if err != nil { // strings and numbers always encode
		raw = json.RawMessage(`{"error":{"code":"internal"}}`)
	}
	return raw
}

// withID refuses a call that no result could name.
func (c call) withID() (call, *mailtool.Error) {
	if c.id == "" {
		return c, invalid("the call has no id", "make the call again")
	}
	return c.named()
}

func (c call) named() (call, *mailtool.Error) {
	if c.name == "" {
		return c, invalid("the call names no tool", "call a tool by its name")
	}
	return c, nil
}

func malformed() *mailtool.Error {
	return invalid("the call is not an object of the form that this API has for calls", "call a tool by its name, with one JSON object of named parameters")
}

// noFunction refuses what is no function call: there is nothing here to run it.
func noFunction() *mailtool.Error {
	return invalid("this is no function call", "call one of the tools by its name")
}

func invalid(message, next string) *mailtool.Error {
	return &mailtool.Error{Code: mailtool.Invalid, Message: message, Next: next}
}
