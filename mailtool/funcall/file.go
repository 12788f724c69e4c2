package funcall

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/mailtool"
)

// Limits of files in results, in bytes before base64. A file that a vendor
// refuses fails the whole request, and every later one with the same history.
const (
	maxFile  = 5 << 20 * 3 / 4  // Anthropic takes an image of 5 MB in base64; the others more
	maxFiles = 15 << 20 * 3 / 4 // Gemini takes requests of 20 MB, the conversation so far included
)

// file is one that goes to the model.
type file struct {
	name      string // made here: what a stranger called it stands among the untrusted text
	mediaType string
	data      []byte
}

func (f file) dataURL() string {
	return "data:" + f.mediaType + ";base64," + base64.StdEncoding.EncodeToString(f.data)
}

// room is what a turn's files may still take.
type room struct {
	bytes int
	files int // how many there were, for their names
}

// leftOut is the member that tells the model of files it did not get.
type leftOut struct {
	Files []leftFile `json:"files"`
	Next  string     `json:"next"`
}

type leftFile struct {
	URI  string `json:"uri,omitempty"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"`
	Size int    `json:"size"`
	Why  string `json:"why"`
}

// attach parts the answer's files into those that the API takes and the others,
// of which it adds a member to the answer.
func (f *Functions) attach(done mailtool.Result, left *room) (in []file, answer json.RawMessage, out []mailtool.File) {
	var told []leftFile
	for _, one := range done.Files {
		mediaType, why := f.fits(one.Data, left.bytes)
		if why != "" {
			told = append(told, leftFile{one.URI, one.Name, one.Type, len(one.Data), why})
			out = append(out, one)
			continue
		}
		left.bytes -= len(one.Data)
		left.files++
		_, extension, _ := strings.Cut(mediaType, "/")
		in = append(in, file{"file-" + strconv.Itoa(left.files) + "." + extension, mediaType, one.Data})
	}
	if len(told) == 0 {
		return in, done.JSON, nil
	}
	member, err := encode(leftOut{told, "go on without, or ask the owner to open it"})
	if err != nil { // strings and numbers always encode
		return in, done.JSON, out
	}
	return in, withMember(done.JSON, "files_left_out", member), out
}

// fits says of what type a file really is, or why the model cannot have it.
func (f *Functions) fits(data []byte, left int) (mediaType, why string) {
	mediaType = sniff(data)
	switch {
	case mediaType == "" || f.opts.NoFiles || !f.vendor.takes(mediaType):
		return "", "the model's API takes no such file from a tool"
	case len(data) > maxFile || len(data) > left:
		return "", "too large to be shown whole"
	}
	return mediaType, ""
}

func isImage(mediaType string) bool { return strings.HasPrefix(mediaType, "image/") }

// withMember adds a member at the end of a JSON object.
func withMember(object json.RawMessage, name string, value json.RawMessage) json.RawMessage {
	body, ok := bytes.CutSuffix(bytes.TrimSpace(object), []byte("}"))
	if !ok {
		return object
	}
	out := slices.Clone(body)
	if !bytes.Equal(bytes.TrimSpace(body), []byte("{")) {
		out = append(out, ',')
	}
	out = append(out, strconv.Quote(name)+":"...)
	return append(append(out, value...), '}')
}
