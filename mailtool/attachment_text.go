package mailtool

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/postern-mail/postern/internal/doctext"
	"github.com/postern-mail/postern/internal/mailtext"
)

// Converter makes text of documents that this package does not read, such as
// PDF. Its methods are called from several goroutines at once.
type Converter interface {
	// Types are the media types it reads, in lower case.
	Types() []string
	// Text returns at most max bytes of UTF-8 and whether that is not all. It
	// ends with ctx, and does not keep data.
	Text(ctx context.Context, data []byte, max int) (text string, truncated bool, err error)
}

// convert takes the converters, and reports those that are none.
func (r *Registry) convert(list []Converter) error {
	r.converters = map[string]Converter{}
	for _, c := range list {
		if c == nil || len(c.Types()) == 0 {
			return errors.New("a converter is nil or has no types")
		}
		for _, kind := range c.Types() {
			if r.converters[kind] != nil || kind != typeOfFile(kind, nil) {
				return fmt.Errorf("converter of %q: the type has one already or is not a media type in lower case", kind)
			}
			r.converters[kind] = c
		}
	}
	return nil
}

// Bounds of what is made into text, in bytes.
const (
	maxDocument = doctext.DefaultInput  // of a document, held while it is read
	maxPlain    = 8 << 20               // of text as it stands: what is shown of it at most, several times
	maxText     = doctext.DefaultOutput // of text
)

// maker makes text of a whole document.
type maker func(ctx context.Context, env *Env, data []byte) (documentText, error)

// document reads what doctext reads.
func (env *Env) document(kind, charset string) maker {
	return func(ctx context.Context, env *Env, data []byte) (documentText, error) {
		doc, err := doctext.Read(ctx, bytes.NewReader(data), kind, charset, env.Account.zone(), doctext.Limits{})
		return documentText{doc.Text, doc.Truncated, doc.Notes, doc.Dropped}, err
	}
}

// converted reads by an embedder's code, which may fall over what a stranger made.
func converted(c Converter) maker {
	return func(ctx context.Context, _ *Env, data []byte) (doc documentText, err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("its reader failed")
			}
		}()
		text, truncated, err := c.Text(ctx, data, maxText)
		if err != nil {
			return documentText{}, err
		}
		if len(text) > maxText {
			text, truncated = text[:maxText], true
		}
		doc = documentText{truncated: truncated}
		doc.text, doc.dropped = mailtext.Clean(text)
		return doc, nil
	}
}

// getText answers with a document's text, or with its bytes when it has none.
func (env *Env) getText(ctx context.Context, a *attached, in getAttachmentIn, read maker) (*getAttachmentOut, error) {
	most := maxDocument
	if isPlain(a.kind) {
		most = maxPlain
	}
	w, err := a.fill(ctx, 0, most)
	if err != nil {
		return nil, err
	}
	if w.more && !isPlain(a.kind) {
		a.notes = append(a.notes, fmt.Sprintf("no text is made of documents above %d MB", maxDocument>>20))
		return env.getBytes(ctx, a.known(w), in)
	}
	doc, err := read(ctx, env, w.data)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		a.notes = append(a.notes, "it could not be read as text: "+reasonOf(err))
		return env.getBytes(ctx, a.known(w), in)
	}
	doc.truncated = doc.truncated || w.more
	if !w.more {
		a.size = int64(len(w.data))
	}
	out, err := env.showText(a.content, doc, in.Offset)
	if err == nil && out.NextOffset > 0 {
		kept := a.content
		kept.write = nil // it holds the stream
		env.tools.recent.put(keptPart{key: a.key, c: kept, text: &doc})
	}
	return out, err
}

func reasonOf(err error) string {
	var reason doctext.Reason
	if errors.As(err, &reason) {
		return reason.Error()
	}
	return err.Error()
}

// showText answers with the piece of a document's text from offset on.
func (env *Env) showText(c content, doc documentText, offset int64) (*getAttachmentOut, error) {
	if offset > 0 && offset >= int64(len(doc.text)) {
		return nil, behindTheEnd()
	}
	if c.uri = ""; offset == 0 { // a text is read here; what was said once is known
		c.notes = append(c.notes, doc.notes...)
	}
	out := env.answerOf(c)
	out.took(doc.dropped)
	text, next := sliceJSON(doc.text, int(offset), readBudget)
	switch {
	case doc.text == "":
		out.Notes = append(out.Notes, "it holds no text")
	case next == 0 && doc.truncated:
		out.Notes = append(out.Notes, "the text is longer than this server reads; format blob has all bytes")
	}
	out.NextOffset = int64(next)
	if text != "" {
		out.Text = mailtext.Fence(env.Nonce, text)
	}
	return out, nil
}

// isPlain reports whether the first bytes of a type are text without the rest.
func isPlain(kind string) bool { return len(kind) > 5 && kind[:5] == "text/" }
