package mailtool

import (
	"bytes"
	"context"
	"io"
	"unicode/utf8"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
)

// sourceBytes of a source make a piece: in plain ASCII just what readBudget holds.
const sourceBytes = readBudget

// getSource answers with the source of a message, as cleaned text or as bytes.
func (env *Env) getSource(ctx context.Context, id provider.MessageID, in getAttachmentIn) (*getAttachmentOut, error) {
	key := env.kept(id, string(provider.SourcePart), in.Format)
	if out, err := env.goOn(key, in); out != nil || err != nil {
		return out, err
	}
	info, body, err := env.Mail.OpenPart(ctx, id, provider.SourcePart)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	c := content{name: "message.eml", kind: "message/rfc822", size: info.Size, uri: env.uri(id, string(provider.SourcePart)), key: key}
	c.write = func(_ context.Context, w *window) error { return copyFrom(w, body, body) }
	if in.Format == "" {
		return env.getPiece(ctx, c, in)
	}
	return env.getBytes(ctx, c, in)
}

// copyFrom writes what r reads of body to w, from where the window begins when
// body can be read from there.
func copyFrom(w *window, body, r io.Reader) error {
	if s, ok := body.(io.Seeker); ok && w.start > 0 {
		if _, err := s.Seek(w.start, io.SeekStart); err != nil {
			return err
		}
		r, w.seen = body, w.start
	}
	_, err := io.Copy(w, r)
	return err
}

// showSource answers with as much of a piece as text as the budget holds.
func (env *Env) showSource(c content, piece []byte, offset int64, more bool) (*getAttachmentOut, error) {
	if offset > 0 && len(piece) == 0 {
		return nil, behindTheEnd()
	}
	c.uri = "" // a text is read here
	out := env.answerOf(c)
	part := wholeLines(piece, len(piece), more)
	text, dropped := mailtext.Clean(string(part))
	for size := textSize(text); size > readBudget && len(part) > 1; size = textSize(text) {
		part = wholeLines(piece, len(part)*readBudget/(size+1), true)
		text, dropped = mailtext.Clean(string(part))
	}
	out.took(dropped)
	if more || len(part) < len(piece) {
		out.NextOffset = offset + int64(len(part))
	}
	out.Text = mailtext.Fence(env.Nonce, text)
	return out, nil
}

// wholeLines is at most n bytes of piece, at least one, cut behind a line where
// that keeps half of them, else between characters.
func wholeLines(piece []byte, n int, more bool) []byte {
	n = max(n, 1)
	if n >= len(piece) && !more {
		return piece
	}
	part := piece[:min(n, len(piece))]
	if i := bytes.LastIndexByte(part, '\n'); i >= len(part)/2 {
		return part[:i+1]
	}
	if n := len(part) - 1; n > 0 && part[n] == '\r' {
		return part[:n] // a line end of two bytes stays whole
	}
	for back := 1; back < utf8.UTFMax && back < len(part); back++ {
		at := len(part) - back
		if utf8.RuneStart(part[at]) {
			if !utf8.FullRune(part[at:]) {
				return part[:at]
			}
			break
		}
	}
	return part
}
