package providertest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// letter is a simple, sound message.
type letter struct {
	id                  string // Message-ID without brackets
	from, to, cc        string // as a header field has them
	subject, text, file string // file: name of an attachment
	data                []byte // its content
	filler              int    // bytes to add to the body
}

// written is the Date of every letter; it differs from when it arrives.
func written() time.Time { return time.Date(2026, 2, 3, 14, 5, 6, 0, time.FixedZone("", 2*3600)) }

func (l letter) raw() []byte {
	var b bytes.Buffer
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	field("From", or(l.from, "Ann Lee <ann@example.org>"))
	field("To", or(l.to, "me@example.org"))
	field("Cc", l.cc)
	field("Subject", mime.QEncoding.Encode("utf-8", l.subject))
	field("Date", written().Format(time.RFC1123Z))
	field("Message-ID", "<"+l.id+">")
	field("MIME-Version", "1.0")
	if l.file == "" {
		textPart(&b, l.text+strings.Repeat("filler ", l.filler/7))
		return b.Bytes()
	}
	field("Content-Type", `multipart/mixed; boundary="edge"`)
	b.WriteString("\r\n--edge\r\n")
	textPart(&b, l.text)
	fmt.Fprintf(&b, "\r\n--edge\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%q\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n", l.file)
	encoded := base64.StdEncoding.EncodeToString(l.data)
	for len(encoded) > 76 {
		b.WriteString(encoded[:76] + "\r\n")
		encoded = encoded[76:]
	}
	b.WriteString(encoded + "\r\n--edge--\r\n")
	return b.Bytes()
}

func textPart(b *bytes.Buffer, text string) {
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	w := quotedprintable.NewWriter(b)
	_, _ = io.WriteString(w, strings.ReplaceAll(text, "\n", "\r\n"))
	_ = w.Close()
	b.WriteString("\r\n")
}

func or(s, byDefault string) string {
	if s == "" {
		return byDefault
	}
	return s
}

// numbered makes n letters whose subjects and ids count up.
func numbered(n int) []letter {
	out := make([]letter, 0, n)
	for i := range n {
		out = append(out, letter{
			id: fmt.Sprintf("n%03d@test.invalid", i), subject: fmt.Sprintf("letter number %03d", i), text: fmt.Sprintf("This is letter %d.\n", i),
		})
	}
	return out
}

// leaf is a part of a message that holds content.
type leaf struct {
	kind, name string
	data       []byte
}

// leaves takes a well-formed message apart, by the standard library alone, so
// that what was sent is judged by other code than what composed it.
func leaves(header mail.Header, body io.Reader) ([]leaf, error) {
	kind, params, err := mime.ParseMediaType(or(header.Get("Content-Type"), "text/plain"))
	if err != nil {
		return nil, fmt.Errorf("content type: %w", err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		return oneLeaf(kind, params, header, body)
	}
	var all []leaf
	r := multipart.NewReader(body, params["boundary"])
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
		below, err := leaves(mail.Header(part.Header), part)
		if err != nil {
			return nil, err
		}
		all = append(all, below...)
	}
}

func oneLeaf(kind string, params map[string]string, header mail.Header, body io.Reader) ([]leaf, error) {
	switch strings.ToLower(header.Get("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	_, disposition, err := mime.ParseMediaType(or(header.Get("Content-Disposition"), "inline"))
	if err != nil {
		return nil, fmt.Errorf("content disposition: %w", err)
	}
	name, err := new(mime.WordDecoder).DecodeHeader(or(disposition["filename"], params["name"]))
	return []leaf{{kind: kind, name: name, data: data}}, err
}
