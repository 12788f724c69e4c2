package mailmime

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime/quotedprintable"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Draft is a message to compose.
type Draft struct {
	From        Address
	To, Cc, Bcc []Address // Bcc is checked and counted among the Recipients, and never written
	ReplyTo     []Address
	Subject     string
	Text, HTML  string
	Attachments []Attachment
	MessageID   string   // required, with or without angle brackets
	InReplyTo   []string // see ValidMessageID
	References  []string
	Date        time.Time // required
}

// Compose writes a draft as a message: CR LF line ends, lines of at most 998 characters, ASCII only. It refuses, with an *Error
// naming the field, control characters in whatever goes into a header, addresses that are not valid, and text that is not UTF-8.
// Line breaks in the texts become CR LF, and each text ends with one. The same draft always gives the same bytes.
func Compose(d Draft) ([]byte, error) {
	head, err := d.header()
	if err != nil {
		return nil, err
	}
	root, err := d.body()
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	buf.Grow(d.size())
	buf.WriteString(head)
	root.write(&buf)
	return buf.Bytes(), nil
}

// Recipients returns every address of To, Cc and Bcc once, in ASCII, for the envelope.
func (d Draft) Recipients() ([]string, error) {
	var out []string
	seen := map[string]bool{}
	for _, a := range slices.Concat(d.To, d.Cc, d.Bcc) {
		box, err := EncodeMailbox(a.Mailbox)
		if err != nil {
			return nil, err
		}
		at := strings.LastIndexByte(box, '@') // a quoted local part can hold another
		if key := box[:at] + strings.ToLower(box[at:]); !seen[key] {
			seen[key] = true
			out = append(out, box)
		}
	}
	return out, nil
}

func (d Draft) size() int {
	n := 4096 + len(d.Text)*2 + len(d.HTML)*2
	for _, a := range d.Attachments {
		n += len(a.Data)*78/57 + 1024
	}
	return n
}

func (d Draft) header() (string, error) {
	if d.Date.IsZero() {
		return "", &Error{Field: "date", Reason: "is missing"}
	}
	id := strings.TrimSuffix(strings.TrimPrefix(d.MessageID, "<"), ">")
	if !ValidMessageID(id) || !strings.Contains(id, "@") {
		return "", &Error{Field: "message id", Reason: "is not like id@example.org"}
	}
	if err := checkText("subject", d.Subject); err != nil {
		return "", err
	}
	var sb strings.Builder
	sb.WriteString("Date: " + d.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700") + "\r\n")
	for _, f := range []struct {
		field, name string
		list        []Address
		write       bool
	}{
		{"from", "From", []Address{d.From}, true},
		{"reply to", "Reply-To", d.ReplyTo, true},
		{"to", "To", d.To, true},
		{"cc", "Cc", d.Cc, true},
		{"bcc", "Bcc", d.Bcc, false},
	} {
		line, err := addressField(f.field, f.name, f.list)
		if err != nil {
			return "", err
		}
		if f.write {
			sb.WriteString(line)
		}
	}
	subject := newField("Subject")
	subject.unstructured(d.Subject)
	sb.WriteString(subject.String() + "\r\n")
	sb.WriteString("Message-ID: <" + id + ">\r\n")
	for _, f := range []struct {
		field, name string
		ids         []string
	}{{"in reply to", "In-Reply-To", d.InReplyTo}, {"references", "References", d.References}} {
		line, err := idField(f.field, f.name, f.ids)
		if err != nil {
			return "", err
		}
		sb.WriteString(line)
	}
	sb.WriteString("MIME-Version: 1.0\r\n")
	return sb.String(), nil
}

func addressField(field, name string, list []Address) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	w := newField(name)
	for i, a := range list {
		if err := checkText(field, a.Name); err != nil {
			return "", err
		}
		box, err := EncodeMailbox(a.Mailbox)
		if err != nil {
			return "", &Error{Field: field, Reason: strings.TrimPrefix(err.Error(), "mailmime: address: ")}
		}
		comma := ","
		if i == len(list)-1 {
			comma = ""
		}
		w.address(Address{a.Name, box}, comma)
	}
	return w.String() + "\r\n", nil
}

func idField(field, name string, ids []string) (string, error) {
	if len(ids) == 0 {
		return "", nil
	}
	w := newField(name)
	for _, id := range ids {
		id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
		if !ValidMessageID(id) {
			return "", &Error{Field: field, Reason: "holds an id that is not like id@example.org"}
		}
		w.token("<" + id + ">")
	}
	return w.String() + "\r\n", nil
}

// entity is a part to write: its header fields without line ends, and a body or children.
type entity struct {
	fields   []string
	data     []byte
	children []entity
	boundary string
}

func (e entity) write(buf *bytes.Buffer) {
	for _, f := range e.fields {
		buf.WriteString(f + "\r\n")
	}
	buf.WriteString("\r\n")
	if e.children == nil {
		buf.Write(e.data)
		return
	}
	for _, c := range e.children {
		buf.WriteString("--" + e.boundary + "\r\n")
		c.write(buf)
		buf.WriteString("\r\n")
	}
	buf.WriteString("--" + e.boundary + "--\r\n")
}

// body builds mixed(alternative(text, related(html, inline files)), files), as much of it as is needed.
func (d Draft) body() (entity, error) {
	var inline, files []entity
	for i, a := range d.Attachments {
		e, err := a.entity()
		if err != nil {
			err.Field = "attachment " + strconv.Itoa(i+1) + " " + err.Field
			return entity{}, err
		}
		if a.ContentID != "" && d.HTML != "" {
			inline = append(inline, e)
		} else {
			files = append(files, e)
		}
	}
	seed := d.seed()
	var forms []entity
	if d.Text != "" || d.HTML == "" {
		e, err := textEntity("text", "text/plain", d.Text)
		if err != nil {
			return entity{}, err
		}
		forms = append(forms, e)
	}
	if d.HTML != "" {
		e, err := textEntity("html", "text/html", d.HTML)
		if err != nil {
			return entity{}, err
		}
		forms = append(forms, group("related", seed, append([]entity{e}, inline...)))
	}
	if len(files) > 0 && d.Text == "" && d.HTML == "" {
		return group("mixed", seed, files, true), nil
	}
	return group("mixed", seed, append([]entity{group("alternative", seed, forms)}, files...)), nil
}

// group wraps parts into a multipart; a single one needs none unless always is given.
func group(kind, seed string, parts []entity, always ...bool) entity {
	if len(parts) == 1 && len(always) == 0 {
		return parts[0]
	}
	e := entity{children: parts}
	// "=_" stands in no base64 or quoted-printable text (RFC 2045 section 6.7), the digest of all content in no plain one.
	e.boundary = "=_" + kind[:3] + "_" + seed
	e.fields = []string{"Content-Type: multipart/" + kind + ";\r\n boundary=\"" + e.boundary + "\""}
	return e
}

// seed is a digest of the content: no text of the message can hold it.
func (d Draft) seed() string {
	h := sha256.New()
	for _, s := range []string{d.MessageID, d.Subject, d.Text, d.HTML} {
		h.Write([]byte(strconv.Itoa(len(s)) + ":" + s))
	}
	for _, a := range d.Attachments {
		h.Write([]byte(strconv.Itoa(len(a.Data)) + ":" + a.Name + ":"))
		h.Write(a.Data)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func textEntity(field, mediaType, text string) (entity, error) {
	if !utf8.ValidString(text) {
		return entity{}, &Error{Field: field, Reason: "is not valid UTF-8"}
	}
	text = crlf(text)
	e := entity{fields: []string{"Content-Type: " + mediaType + "; charset=utf-8"}}
	switch {
	case plain7bit(text):
		e.data = []byte(text)
	case len(text)-utf8.RuneCountInString(text) > len(text)/4: // mostly not ASCII: base64 is shorter
		e.data = wrapBase64([]byte(text))
		e.fields = append(e.fields, "Content-Transfer-Encoding: base64")
	default:
		var buf bytes.Buffer
		w := quotedprintable.NewWriter(&buf)
		_, _ = w.Write([]byte(text)) // a bytes.Buffer takes everything
		_ = w.Close()
		e.data = buf.Bytes()
		e.fields = append(e.fields, "Content-Transfer-Encoding: quoted-printable")
	}
	return e, nil
}

// crlf makes every line end CR LF and ends the last line.
func crlf(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.ReplaceAll(s, "\r", "\n")
	if !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// plain7bit tells whether text travels unencoded: ASCII, lines of at most 998, no blanks at line ends, which a relay may cut.
func plain7bit(s string) bool {
	for line := range strings.SplitSeq(s, "\r\n") {
		if len(line) > 998 || strings.HasSuffix(line, " ") || strings.HasSuffix(line, "\t") {
			return false
		}
	}
	for i := range len(s) {
		if s[i] == 0 || s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
