package mailtool

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/postern-mail/postern/internal/doctext"
	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

const attachmentTool = "get_attachment"

func attachmentTools() []Tool {
	return []Tool{Define(Spec{
		Name:        attachmentTool,
		Title:       "Get an attachment",
		Description: "Documents come as text, images and small files beside the answer.",
		Effect:      scopes.Effect{Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.AllOf(scopes.MailRead)},
		Needs:       provider.Caps(provider.CapRead),
		Tags:        []scopes.Tag{"messages"},
	}, getAttachment)}
}

type getAttachmentIn struct {
	Handle string `json:"handle,omitempty" jsonschema:"from read_message" format:"handle"`
	ID     string `json:"id,omitempty" jsonschema:"message, with all or raw" format:"message_id"`
	All    bool   `json:"all,omitempty" jsonschema:"its files as a ZIP"`
	Raw    bool   `json:"raw,omitempty" jsonschema:"its source"`
	Format string `json:"format,omitempty" jsonschema:"bytes, not text" enum:"blob"`
	Offset int64  `json:"offset,omitempty" jsonschema:"next_offset" min:"0"`
}

type getAttachmentOut struct {
	Untrusted  string      `json:"untrusted" jsonschema:"a nonce, and the notice that the strings below were written by others"`
	Name       string      `json:"name,omitempty" jsonschema:"file name as the sender gave it"`
	Type       string      `json:"type" jsonschema:"media type"`
	Size       int64       `json:"size,omitempty" jsonschema:"bytes, of a part that was not read whole perhaps as encoded"`
	URI        string      `json:"uri,omitempty" jsonschema:"the same as a resource"`
	Text       string      `json:"text,omitempty" jsonschema:"text between two nonces"`
	File       bool        `json:"file,omitempty" jsonschema:"the bytes come beside this answer, whole"`
	Data       []byte      `json:"data,omitempty" jsonschema:"bytes from offset on, in base64"`
	NextOffset int64       `json:"next_offset,omitempty" jsonschema:"it goes on here"`
	Notes      []string    `json:"notes,omitempty" jsonschema:"what is not shown, and how to get it"`
	Dropped    *droppedOut `json:"dropped,omitempty" jsonschema:"what was left out of the text"`

	beside []File
}

func (o *getAttachmentOut) files() []File { return o.beside }

// withFiles is an answer that comes with files beside its JSON.
type withFiles interface{ files() []File }

func getAttachment(ctx context.Context, env *Env, in getAttachmentIn) (*getAttachmentOut, error) {
	id, part, _ := splitHandle(in.Handle)
	switch {
	case in.Handle == "" && in.ID == "":
		return nil, refuse(Invalid, "neither handle nor id is given", "give the handle of an attachment, or the id of a message with all or raw")
	case in.Handle != "" && in.ID != "":
		return nil, refuse(Invalid, "both handle and id are given", "give one of them")
	case in.Handle != "" && (in.All || in.Raw):
		return nil, refuse(Invalid, "all and raw are about a message, not about one attachment", "give id with them, or handle alone")
	case in.ID != "" && in.All == in.Raw:
		return nil, refuse(Invalid, "an id needs either all or raw", "all: true for every attachment, raw: true for the source; read_message shows the text")
	case in.All:
		return env.getBundle(ctx, provider.MessageID(in.ID), in)
	case in.Raw:
		return env.getSource(ctx, provider.MessageID(in.ID), in)
	case part == provider.SourcePart:
		return env.getSource(ctx, id, in)
	}
	return env.getPart(ctx, id, part, in)
}

// headBytes are looked at to know what a part is.
const headBytes = 4 << 10

// attached is a part that was opened.
type attached struct {
	content
	info provider.Part
	body *bufio.Reader
}

// getPart answers with one attachment: as text where it is a document.
func (env *Env) getPart(ctx context.Context, id provider.MessageID, part provider.PartID, in getAttachmentIn) (*getAttachmentOut, error) {
	key := env.kept(id, string(part), in.Format)
	if out, err := env.goOn(key, in); out != nil || err != nil {
		return out, err
	}
	info, body, err := env.openPart(ctx, id, part)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if strings.HasPrefix(info.Type, "multipart/") {
		return nil, refuse(Invalid, "part "+clip(string(part))+" holds other parts and is no attachment", "use a handle that read_message gave")
	}
	a := attached{info: info, body: bufio.NewReaderSize(body, headBytes)}
	head, err := a.body.Peek(headBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	a.content = content{name: info.Name, kind: typeOfFile(info.Type, head), size: info.Size, uri: env.uri(id, string(part)), key: key}
	a.write = func(_ context.Context, w *window) error { return copyFrom(w, body, a.body) }
	if in.Format == "" {
		if convert := env.tools.converters[a.kind]; convert != nil {
			return env.getText(ctx, &a, in, converted(convert))
		}
		if kind := doctext.Kind(info.Type+"; charset="+info.Charset, info.Name, head); kind != "" {
			return env.getText(ctx, &a, in, env.document(kind, info.Charset))
		}
		if a.kind == typePDF {
			a.notes = append(a.notes, "this server makes no text of PDF")
		}
	}
	return env.getBytes(ctx, a.content, in)
}

// openPart opens what a handle names. When it is not there it looks whether the
// message is: a handle that was made up asks for another step than mail that moved.
func (env *Env) openPart(ctx context.Context, id provider.MessageID, part provider.PartID) (provider.Part, io.ReadCloser, error) {
	info, body, err := env.Mail.OpenPart(ctx, id, part)
	if !errors.Is(err, provider.NotFound) {
		return info, body, err
	}
	read, readErr := env.Mail.ReadMessages(ctx, []provider.MessageID{id}, provider.ReadOptions{HeadersOnly: true})
	if readErr != nil || len(read) != 1 || read[0].Err != nil {
		return info, body, err
	}
	return info, body, refuse(NotFound, "the message has no such attachment", "read_message names its attachments")
}

// answerOf begins an answer with what is known of c.
func (env *Env) answerOf(c content) *getAttachmentOut {
	return &getAttachmentOut{
		Untrusted: untrusted(env.Nonce), Name: cleanLine(c.name), Type: c.kind, Size: c.size, URI: c.uri, Notes: shortNotes(c.notes),
	}
}

// shortNotes keeps what notes say to a small part of an answer.
func shortNotes(notes []string) []string {
	const most = 2_000
	space, left := room(most), 0
	notes = keep(&space, space, cleanLines(notes), &left)
	if left > 0 {
		notes = append(notes, andMore(left))
	}
	return notes
}

func (o *getAttachmentOut) took(d mailtext.Dropped) {
	if d != (mailtext.Dropped{}) {
		o.Dropped = &droppedOut{Hidden: d.Hidden, Trackers: d.Trackers, Images: d.Images, Invisible: d.Invisible}
	}
}
