package mailtool

import (
	"context"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

func threadTools() []Tool {
	return []Tool{Define(Spec{
		Name:  "read_thread",
		Title: "Read a conversation",
		Description: "Reads the conversation of a message, oldest first, with the owner's own answers. What an earlier message says already is left out. " +
			"A long text goes on in read_message at its next_offset.",
		Effect: scopes.Effect{Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.AllOf(scopes.MailRead)},
		Needs:  provider.Caps(provider.CapRead, provider.CapThread),
		Tags:   []scopes.Tag{"messages"},
	}, readThread)}
}

type threadIn struct {
	ID string `json:"id" jsonschema:"any message of it" format:"message_id"`
	paging
}

type threadOut struct {
	Untrusted  string       `json:"untrusted" jsonschema:"a nonce, and the notice that the strings below were written by others"`
	Subject    string       `json:"subject,omitempty" jsonschema:"of the first message; of others where it differs by more than Re:"`
	Messages   []messageOut `json:"messages" jsonschema:"oldest first"`
	NextCursor string       `json:"next_cursor,omitempty" jsonschema:"there is more: hand it back unchanged as cursor"`
	Total      *int         `json:"total,omitempty" jsonschema:"messages in all, when known"`
	Failed     []Failure    `json:"failed,omitempty" jsonschema:"what is missing, and why"`
}

// threadText is the text of one message of a conversation, in bytes of JSON: a
// long letter whole, and a page of twenty ordinary ones beside it.
const threadText = 8_000

func readThread(ctx context.Context, env *Env, in threadIn) (*threadOut, error) {
	page, err := env.Mail.Thread(ctx, provider.MessageID(in.ID), in.request(false))
	if err != nil {
		return nil, err
	}
	t := threadPage{
		env: env, page: page, once: mailtext.NewOnce(),
		out:  &threadOut{Untrusted: untrusted(env.Nonce), Messages: []messageOut{}, Total: in.total(page)},
		room: room(maxAnswerBytes - answerFrame - max(len(page.Next), usualCursor)),
	}
	for _, f := range page.Failed {
		t.fail(f.ID, f.Err)
	}
	t.out.Failed = sparing(t.out.Failed)
	t.room -= room(jsonSize(t.out.Failed))
	for from := 0; from < len(page.Items) && !t.full; from += provider.MaxRead {
		if err := t.read(ctx, from, min(from+provider.MaxRead, len(page.Items))); err != nil {
			return nil, err
		}
	}
	if !t.full {
		t.out.NextCursor = string(page.Next)
	}
	t.out.Failed = sparing(t.out.Failed)
	return t.out, nil
}

// threadPage is the answer in the making.
type threadPage struct {
	env  *Env
	page provider.Page[provider.Summary]
	once *mailtext.Once
	out  *threadOut
	room room
	full bool // the rest comes behind NextCursor
}

func (t *threadPage) fail(id provider.MessageID, err error) {
	t.out.Failed = append(t.out.Failed, failure(id, err))
}

// read adds the messages from one place of the page to another.
func (t *threadPage) read(ctx context.Context, from, to int) error {
	var ids []provider.MessageID
	for _, s := range t.page.Items[from:to] {
		ids = append(ids, s.ID)
	}
	results, err := t.env.Mail.ReadMessages(ctx, ids, provider.ReadOptions{})
	if err != nil {
		return err
	}
	if err := t.env.markRead(ctx, results); err != nil {
		return err
	}
	bodies := bodiesOf(results, readIn{})
	for i, r := range results {
		if r.Err != nil {
			t.fail(r.ID, r.Err)
			t.room -= room(jsonSize(failure(r.ID, r.Err)))
			continue
		}
		m := t.show(r.Message, bodies[i])
		if !t.room.takes(m) && len(t.out.Messages) > 0 {
			return t.endBefore(from + i)
		}
		t.out.Messages = append(t.out.Messages, m)
	}
	return nil
}

// endBefore makes the cursor that goes on with item i of the page.
func (t *threadPage) endBefore(i int) error {
	cursor, err := t.page.At(i - 1)
	t.out.NextCursor, t.full = string(cursor), true
	return err
}

// show is one message of the conversation: what read_message shows without the
// fields by which it hangs together.
func (t *threadPage) show(m *provider.Message, body mailtext.Result) messageOut {
	spans := t.once.Spans(body.Text)
	whole := body.Text
	body.Text = ""
	out := t.env.show(m, body, readIn{}, threadText)
	out.MessageID, out.InReplyTo, out.Unsubscribe = "", nil, ""
	if t.out.Subject == "" {
		t.out.Subject = out.Subject
		t.room -= room(jsonSize(out.Subject))
	}
	if withoutPrefixes(out.Subject) == withoutPrefixes(t.out.Subject) {
		out.Subject = ""
	}
	text, next := t.newIn(whole, spans, threadText)
	if out.NextOffset = next; next > 0 {
		whole = whole[:next] // what is not shown here is nothing that stands above
	}
	t.once.Add(whole)
	if text != "" {
		out.Body = mailtext.Fence(t.env.Nonce, text)
	}
	return out
}

// newIn is what a text says that no earlier one did, at most so many bytes of
// JSON, and where in the whole of it there is more.
func (t *threadPage) newIn(text string, spans []mailtext.Span, most int) (part string, next int) {
	var b strings.Builder
	for _, s := range spans {
		if s.Repeated {
			n := len([]rune(text[s.Start:s.End]))
			b.WriteString("[as above: " + strconv.Itoa(n) + " characters]\n")
			continue
		}
		left := most - textSize(b.String())
		if left < minPiece {
			return b.String(), s.Start
		}
		piece, end := sliceJSON(text[s.Start:s.End], 0, left)
		b.WriteString(piece)
		if end > 0 {
			return b.String(), s.Start + end
		}
	}
	return strings.TrimRight(b.String(), "\n"), 0
}

// minPiece is the least that is worth beginning a stretch of text for.
const minPiece = 100

// withoutPrefixes is a subject without the marks of answers and forwards in the
// main languages (RFC 5256 section 2.1 knows the first three).
func withoutPrefixes(subject string) string {
	for {
		head, rest, ok := strings.Cut(subject, ":")
		if !ok || !replyPrefix(strings.ToLower(strings.TrimSpace(head))) {
			return strings.TrimSpace(subject)
		}
		subject = rest
	}
}

func replyPrefix(word string) bool {
	switch word {
	case "re", "fw", "fwd", "aw", "wg", "antw", "sv", "vs", "vb", "tr", "rv", "res", "enc", "rif", "odp", "pd", "ynt", "ilt", "vá", "回复", "答复", "转发", "回覆", "轉寄", "返信":
		return true
	}
	return false
}
