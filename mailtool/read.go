package mailtool

import (
	"context"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/internal/spread"
	"github.com/postern-mail/postern/provider"
)

type readIn struct {
	IDs    []string `json:"ids" jsonschema:"message ids" min:"1" max:"10" format:"message_id"`
	Format string   `json:"format,omitempty" jsonschema:"default text; full keeps quoted text, signatures and long links; html is the source with all that is hidden in it" enum:"text|full|html|headers"`
	Offset int      `json:"offset,omitempty" jsonschema:"where in the text to go on, one id only" min:"0"`
}

type readOut struct {
	Untrusted string       `json:"untrusted" jsonschema:"a nonce, and the notice that the strings below were written by others"`
	Messages  []messageOut `json:"messages" jsonschema:"the messages, in the order asked"`
	Failed    []Failure    `json:"failed,omitempty" jsonschema:"what could not be read, and why"`
}

// readBudget is the text of one message in one answer, in bytes: 5,000 tokens of
// English, and with texts that tokens hardly shorten still below what hosts cut.
const readBudget = 20_000

func readMessage(ctx context.Context, env *Env, in readIn) (*readOut, error) {
	if in.Offset > 0 && len(in.IDs) > 1 {
		return nil, paramFault("offset", "is given with several ids", "one id")
	}
	if in.Offset > 0 && in.Format == "headers" {
		return nil, paramFault("offset", "is given with format headers", "a format with a text")
	}
	ids := make([]provider.MessageID, len(in.IDs))
	for i, id := range in.IDs {
		ids[i] = provider.MessageID(id)
	}
	results, err := env.Mail.ReadMessages(ctx, ids, provider.ReadOptions{HeadersOnly: in.Format == "headers"})
	if err != nil {
		return nil, err
	}
	if err := env.markRead(ctx, results); err != nil {
		return nil, err
	}
	out := &readOut{Untrusted: untrusted(env.Nonce), Messages: []messageOut{}}
	for _, r := range results {
		if r.Err != nil {
			out.Failed = append(out.Failed, failure(r.ID, r.Err))
		}
	}
	bodies := bodiesOf(results, in)
	left, waiting := maxAnswerBytes-answerFrame-jsonSize(out.Failed), len(results)-len(out.Failed)
	for i, r := range results {
		if r.Err != nil {
			continue
		}
		m := env.show(r.Message, bodies[i], in, left/waiting)
		left, waiting = left-jsonSize(m), waiting-1
		out.Messages = append(out.Messages, m)
	}
	if len(out.Messages) == 0 && len(results) == 1 {
		return nil, results[0].Err
	}
	return out, nil
}

// bodiesOf makes the text of each message that was read: the bulk of the work, on all processors.
func bodiesOf(results []provider.ReadResult, in readIn) []mailtext.Result {
	bodies := make([]mailtext.Result, len(results))
	if in.Format != "headers" {
		spread.Over(len(results), func(i int) {
			if m := results[i].Message; m != nil && results[i].Err == nil {
				bodies[i] = bodyOf(m, in)
			}
		})
	}
	return bodies
}

func bodyOf(from *provider.Message, in readIn) mailtext.Result {
	full := in.Format == "full"
	opts := mailtext.Options{Full: full, FullLinks: full, Subject: from.Subject}
	body := mailtext.Result{Text: from.HTML, Format: formatHTML, Truncated: from.HTMLTruncated}
	if in.Format != formatHTML || from.HTML == "" {
		body = mailtext.Body(from.Text, from.HTML, opts)
		// Whichever part is shown, the choice was made by what was read of both.
		body.Truncated = body.Truncated || from.TextTruncated || from.HTMLTruncated
	} else {
		body.Text, body.Dropped = mailtext.Clean(from.HTML)
		// Comments and attributes, which every source has, say as much to a model as what a style hides.
		body.Warnings = append(body.Warnings, "the source holds text that a person would not see")
	}
	return body
}
