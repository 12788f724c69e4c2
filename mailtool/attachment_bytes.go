package mailtool

import (
	"context"
	"strconv"
	"strings"
)

// Bounds of the bytes in one answer. Hosts count base64, a third more than the
// bytes, as text.
const (
	// maxFile in base64 with the answer's JSON twice, as text and structured,
	// stays below 130,000: what hosts cut.
	maxFile = 90_000
	// maxImage is for images that hosts hand to the model as images, which cost
	// it a fixed sum: with the JSON below 1 MiB, where some refuse an answer.
	maxImage = 700_000
	// pieceBytes is a piece within the JSON, where it stands twice.
	pieceBytes = 42_000
)

// fileBytes is how large a file beside the answer may be.
func (env *Env) fileBytes(kind string) int {
	switch most := env.Caller.FileBytes; {
	case most > 0:
		return most
	case isImage(kind):
		return maxImage
	}
	return maxFile
}

// getBytes answers with c as a file, where it is small enough, or with a piece of it.
func (env *Env) getBytes(ctx context.Context, c content, in getAttachmentIn) (*getAttachmentOut, error) {
	if in.Offset > 0 && in.Format == "" {
		return nil, refuse(Invalid, "offset goes on in text, and this is read as bytes", "give format: blob with it, beginning without offset")
	}
	if in.Offset > 0 {
		return env.getPiece(ctx, c, in)
	}
	most := env.fileBytes(c.kind)
	w, err := c.fill(ctx, 0, max(most, pieceBytes))
	if err != nil {
		return nil, err
	}
	if w.more || len(w.data) > most {
		return env.tooLong(c, w, in)
	}
	c.size = int64(len(w.data))
	kind, note := shownAs(c.kind, w.data)
	c.kind = kind
	if note != "" {
		c.notes = append(c.notes, note)
	}
	out := env.answerOf(c)
	out.File = true
	out.beside = []File{{URI: c.uri, Name: fileName(c.name, kind), Type: kind, Data: w.data}}
	return out, nil
}

// tooLong answers about what no answer holds whole; w has its first bytes.
func (env *Env) tooLong(c content, w *window, in getAttachmentIn) (*getAttachmentOut, error) {
	if in.Format == "" && env.Caller.FileBytes > 0 {
		return nil, refuse(TooLarge, "the attachment is above "+strconv.Itoa(env.Caller.FileBytes)+" bytes", attachmentTool+" with format: blob gives it in pieces")
	}
	if in.Format == "" {
		c.notes = append(c.notes, "too large to come beside an answer: the resource at uri may hold it, and format blob gives it in pieces")
		return env.answerOf(c), nil
	}
	piece, more, _ := w.from(0, pieceBytes)
	c.write = nil // it holds the stream
	env.tools.recent.put(keptPart{key: c.key, c: c, w: *w})
	return env.showData(c, piece, 0, more)
}

// showData answers with a piece of c's bytes.
func (env *Env) showData(c content, piece []byte, offset int64, more bool) (*getAttachmentOut, error) {
	if offset > 0 && len(piece) == 0 {
		return nil, behindTheEnd()
	}
	out := env.answerOf(c)
	out.Data = piece
	if more {
		out.NextOffset = offset + int64(len(piece))
	}
	return out, nil
}

// known is a part of which w was read already: all, or more than comes as a file.
func (a *attached) known(w *window) content {
	c := a.content
	c.write = func(_ context.Context, to *window) error {
		if _, err := to.Write(w.data); err != nil || !w.more {
			return err
		}
		return refuse(TooLarge, "the attachment is above "+strconv.Itoa(len(w.data)>>20)+" MB", "format: blob gives it in pieces")
	}
	if !w.more {
		c.size = int64(len(w.data))
	}
	return c
}

// fileName makes a stranger's file name one that is safe to store a file under
// on any system: no path, no device, nothing that hides its ending.
func fileName(name, kind string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, cleanLine(name))
	name = strings.Trim(name, " .")
	base, ending := splitName(name)
	for len(base)+len(ending) > maxFileName { // by whole characters
		if len(ending) > maxFileName/4 {
			base, ending = name, ""
		}
		runes := []rune(base)
		base = string(runes[:len(runes)-1])
	}
	if base = strings.TrimRight(base, " ."); base == "" {
		base = "attachment"
	}
	if ending == "" {
		ending = endingOf(kind)
	}
	if isDevice(base) {
		base = "_" + base
	}
	return base + ending
}

// maxFileName fits every file system's 255 bytes with a number behind it.
const maxFileName = 200

// splitName cuts a name before its ending.
func splitName(name string) (base, ending string) {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		return name[:i], name[i:]
	}
	return name, ""
}

// isDevice knows the names that Windows takes for devices whatever their ending.
func isDevice(base string) bool {
	first, _, _ := strings.Cut(strings.ToUpper(base), ".")
	switch first = strings.TrimRight(first, " "); first {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	rest, ok := strings.CutPrefix(first, "COM")
	if !ok {
		rest, ok = strings.CutPrefix(first, "LPT")
	}
	return ok && len([]rune(rest)) == 1 && strings.ContainsAny(rest, "0123456789¹²³")
}

// endingOf is for files that came without one.
func endingOf(kind string) string {
	switch kind {
	case "message/rfc822":
		return ".eml"
	case "text/calendar":
		return ".ics"
	case "text/plain":
		return ".txt"
	case "text/html":
		return ".html"
	case "image/jpeg":
		return ".jpg"
	case typePDF:
		return ".pdf"
	}
	if isImage(kind) {
		return "." + strings.TrimPrefix(kind, "image/")
	}
	return ""
}
