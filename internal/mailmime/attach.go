package mailmime

import (
	"encoding/base64"
	"mime"
	"strconv"
	"strings"
)

// Attachment is a file in a Draft.
type Attachment struct {
	Name string // file name; no path
	Type string // media type, with parameters or without; empty means application/octet-stream
	Data []byte
	// ContentID, without angle brackets, lets the HTML refer to the file as cid:.
	ContentID string
	Inline    bool
}

// maxFileName is what common file systems take.
const maxFileName = 255

func (a Attachment) entity() (entity, *Error) {
	name, cid := a.Name, a.ContentID
	if err := checkText("name", name); err != nil {
		return entity{}, err
	}
	if len(name) > maxFileName || strings.ContainsAny(name, `/\`) {
		return entity{}, &Error{Field: "name", Reason: "is a path, or longer than 255 bytes"}
	}
	mediaType, err := attachmentType(a.Type)
	if err != nil {
		return entity{}, err
	}
	e := entity{}
	if strings.HasPrefix(mediaType, "message/rfc822") {
		if data := crlf(string(a.Data)); plain7bit(data) { // RFC 2046 section 5.2.1 allows it no encoding
			e.data = []byte(data)
		} else {
			mediaType = "application/octet-stream"
		}
	}
	e.fields = append(e.fields, "Content-Type: "+mediaType)
	if e.data == nil {
		e.data = wrapBase64(a.Data)
		e.fields = append(e.fields, "Content-Transfer-Encoding: base64")
	}
	w := newField("Content-Disposition")
	if a.Inline {
		w.token("inline")
	} else {
		w.token("attachment")
	}
	if name != "" {
		w.fileName(name)
	}
	e.fields = append(e.fields, w.String())
	if cid != "" {
		if !ValidMessageID(cid) {
			return entity{}, &Error{Field: "content id", Reason: "is not like id@example.org"}
		}
		e.fields = append(e.fields, "Content-ID: <"+cid+">")
	}
	return e, nil
}

func attachmentType(s string) (string, *Error) {
	if s == "" {
		return "application/octet-stream", nil
	}
	value, params, err := mime.ParseMediaType(s)
	main, _, ok := strings.Cut(value, "/")
	if err != nil || !ok || main == "multipart" || checkText("", s) != nil {
		return "", &Error{Field: "type", Reason: strconv.QuoteToASCII(s) + " is not a media type for a file"}
	}
	out := mime.FormatMediaType(value, params)
	if out == "" || len(out) > maxWord {
		return "", &Error{Field: "type", Reason: strconv.QuoteToASCII(s) + " is not a media type for a file"}
	}
	return out, nil
}

// wrapBase64 encodes in lines of 76 characters (RFC 2045 section 6.8).
func wrapBase64(data []byte) []byte {
	const perLine = 57
	out := make([]byte, 0, len(data)/perLine*78+80)
	for len(data) > 0 {
		n := min(perLine, len(data))
		out = base64.StdEncoding.AppendEncode(out, data[:n])
		out = append(out, "\r\n"...)
		data = data[n:]
	}
	return out
}
