package mailtool

import (
	"context"
	"slices"
	"strings"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
)

const (
	// previewRows bounds a page with previews: each costs a read.
	previewRows = 20
	// previewChars is how much of a text a preview shows.
	previewChars = 2000
	// previewBytes is as much of each body as is read for that: the style sheet
	// of a newsletter and the first of its text.
	previewBytes = 64 << 10
)

// previews reads the beginning of each message's text, without what it quotes.
// A cell holds no nonce: the quotes of its JSON string are its bounds, and the
// answer's notice speaks of every string. A text that cannot be read fails no
// list; its cell says so.
func (env *Env) previews(ctx context.Context, items []provider.Summary) (map[provider.MessageID]string, error) {
	texts := make(map[provider.MessageID]string, len(items))
	for batch := range slices.Chunk(items, provider.MaxRead) {
		var ids []provider.MessageID
		for _, s := range batch {
			ids = append(ids, s.ID)
		}
		results, err := env.Mail.ReadMessages(ctx, ids, provider.ReadOptions{MaxText: previewBytes})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for _, id := range ids {
			texts[id] = unread(err)
		}
		for _, r := range results {
			if r.Err != nil {
				texts[r.ID] = unread(r.Err)
				continue
			}
			texts[r.ID] = preview(r.Message)
		}
	}
	return texts, nil
}

func preview(m *provider.Message) string {
	body := mailtext.Body(m.Text, m.HTML, mailtext.Options{Subject: m.Subject})
	end, chars := len(body.Text), 0
	for i := range body.Text {
		if chars == previewChars {
			end = i
			break
		}
		chars++
	}
	text, next := mailtext.Slice(body.Text, 0, end)
	if next > 0 || m.TextTruncated || m.HTMLTruncated {
		text += "..."
	}
	if n := len(body.Warnings); n > 0 { // a cell has no other place for them
		text = "[warning: " + strings.Join(body.Warnings, "; ") + "]\n" + text
	}
	return text
}

// unread is the cell of a text that could not be read; empty without an error.
func unread(err error) string {
	if err == nil {
		return ""
	}
	return "(could not be read: " + string(asError(err).Code) + ")"
}
