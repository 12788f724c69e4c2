package memmail

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

// draft is a sample message before it is written. Other than mailmime.Compose it writes what all kinds of senders write: old
// charsets, list and trace fields, reports.
type draft struct {
	folder   string
	flags    provider.Flags
	received time.Time
	rawMail  bool

	id, answers string
	charset     string // empty: UTF-8
	encoding    string // of the texts: qp, base64, 8bit; empty: by content
	zone, auth  string
	kind        string // of the outer multipart, "mixed" if empty
	fields      []string
	text, html  string
	plainParts  []entity // alternatives besides text and HTML
	inline      []entity
	files       []entity
	failed      error
}

// entity is a MIME part: its fields, CR LF at each end, and its encoded body.
type entity struct{ head, body string }

func (m *draft) addPart(words []string, content string) error {
	content = strings.TrimRight(content, "\n") + "\n"
	if len(words) == 0 {
		return errors.New("a part without a kind")
	}
	switch kind := words[0]; {
	case kind == "html":
		m.html = content
	case kind == "alternative" && len(words) > 1:
		m.plainParts = append(m.plainParts, m.textEntity(strings.Join(words[1:], " "), content))
	case kind == "part" && len(words) > 1:
		m.files = append(m.files, entity{"Content-Type: " + strings.Join(words[1:], " ") + "\r\n", crlf(content)})
	case kind == "file" && len(words) > 2:
		data := fileContent(content)
		m.files = append(m.files, fileEntity("attachment", words[1], strings.Join(words[2:], " "), data))
	case kind == "inline" && len(words) > 3:
		e := fileEntity("inline", words[1], words[2], fileContent(content))
		e.head += "Content-ID: <" + words[3] + ">\r\n"
		m.inline = append(m.inline, e)
	default:
		return fmt.Errorf("part %q", words)
	}
	return nil
}

func fileEntity(disposition, name, mediaType string, data []byte) entity {
	param := `filename="` + name + `"`
	for _, r := range name {
		if r > 0x7F { // RFC 2231 section 4
			param = mime.FormatMediaType("x", map[string]string{"filename": name})[len("x; "):]
			break
		}
	}
	return entity{
		"Content-Type: " + mediaType + "\r\nContent-Disposition: " + disposition + "; " + param + "\r\nContent-Transfer-Encoding: base64\r\n",
		string(wrap(base64.StdEncoding.EncodeToString(data))),
	}
}

func wrap(s string) []byte {
	const line = 76
	var b bytes.Buffer
	for len(s) > line {
		b.WriteString(s[:line] + "\r\n")
		s = s[line:]
	}
	b.WriteString(s + "\r\n")
	return b.Bytes()
}

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// compose writes the message.
func (m *draft) compose(w *writer) ([]byte, error) {
	from, err := m.from()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	m.trace(&b, from)
	for _, f := range m.fields {
		name, value, ok := strings.Cut(f, ": ")
		if !ok {
			return nil, fmt.Errorf("field %q", f)
		}
		b.WriteString(name + ": " + m.encodeField(name, value) + "\r\n")
	}
	at := m.received
	if zone, err := time.Parse("-0700", m.zone); err == nil {
		at = at.In(zone.Location())
	}
	b.WriteString("Date: " + at.Format("Mon, 02 Jan 2006 15:04:05 -0700") + "\r\n")
	b.WriteString(m.threading(w, from))
	b.WriteString("MIME-Version: 1.0\r\n")
	e := m.body()
	b.WriteString(e.head + "\r\n" + e.body)
	return b.Bytes(), m.failed
}

func (m *draft) from() (*mail.Address, error) {
	for _, f := range m.fields {
		if value, ok := strings.CutPrefix(f, "From: "); ok {
			return mail.ParseAddress(value)
		}
	}
	return nil, errors.New("no From")
}

// trace writes what the receiving server adds (RFC 5321 section 4.4, RFC 8601).
func (m *draft) trace(b *bytes.Buffer, from *mail.Address) {
	_, domain, _ := strings.Cut(from.Address, "@")
	if domain == "example.org" || m.auth == "none" {
		return
	}
	fmt.Fprintf(b, "Return-Path: <%s>\r\n", from.Address)
	fmt.Fprintf(b, "Received: from mail.%s (mail.%s [192.0.2.%d])\r\n\tby mx.example.org with ESMTPS id %x; %s\r\n",
		domain, domain, 10+len(domain), m.received.Unix(), m.received.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	fmt.Fprintf(b, "Authentication-Results: mx.example.org; spf=%s smtp.mailfrom=%s;\r\n\tdkim=%s header.d=%s; dmarc=%s header.from=%s\r\n",
		m.auth, domain, m.auth, domain, m.auth, domain)
}

func (m *draft) threading(w *writer, from *mail.Address) string {
	_, domain, _ := strings.Cut(from.Address, "@")
	me := thread{id: m.id + "@" + domain}
	out := "Message-ID: <" + me.id + ">\r\n"
	if parent, ok := w.threads[m.answers]; ok {
		me.refs = append(append(me.refs, parent.refs...), parent.id)
		out += "In-Reply-To: <" + parent.id + ">\r\nReferences: <" + strings.Join(me.refs, ">\r\n <") + ">\r\n"
	}
	w.threads[m.id] = me
	return out
}

// encodeCharset writes s in the message's charset. What that cannot express is noted in failed.
func (m *draft) encodeCharset(s string) string {
	out, err := mailmime.EncodeCharset(s, m.charset)
	m.failed = errors.Join(m.failed, err)
	return out
}

// encodeField writes a field's text as its sender's program would: encoded words in the message's charset, of names only
// where addresses stand.
func (m *draft) encodeField(name, value string) string {
	switch name {
	case "From", "To", "Cc", "Reply-To", "Sender":
		list, err := mail.ParseAddressList(value)
		if err != nil {
			return value
		}
		var out []string
		for _, a := range list {
			if ascii(a.Name) {
				out = append(out, a.String())
			} else {
				out = append(out, m.encodeWords(a.Name)+" <"+a.Address+">")
			}
		}
		return strings.Join(out, ",\r\n ")
	}
	if ascii(value) {
		return value
	}
	return m.encodeWords(value)
}

// encodeWords encodes a few characters a word, so that no word is too long in any charset (RFC 2047 section 2).
func (m *draft) encodeWords(s string) string {
	const perWord = 12
	label := cmp.Or(m.charset, "utf-8")
	var out []string
	for r := []rune(s); len(r) > 0; {
		n := min(perWord, len(r))
		chunk := m.encodeCharset(string(r[:n]))
		out = append(out, "=?"+label+"?B?"+base64.StdEncoding.EncodeToString([]byte(chunk))+"?=")
		r = r[n:]
	}
	return strings.Join(out, "\r\n ")
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// textEntity encodes a text in the message's charset.
func (m *draft) textEntity(mediaType, text string) entity {
	text = m.encodeCharset(crlf(text))
	label := cmp.Or(m.charset, "utf-8")
	how := m.encoding
	if how == "" {
		how = "qp"
		if ascii(text) && longestLine(text) < 500 {
			how = "7bit"
		}
	}
	head := "Content-Type: " + mediaType + "; charset=" + label + "\r\n"
	switch how {
	case "base64":
		return entity{head + "Content-Transfer-Encoding: base64\r\n", string(wrap(base64.StdEncoding.EncodeToString([]byte(text))))}
	case "qp":
		var b bytes.Buffer
		q := quotedprintable.NewWriter(&b)
		_, _ = q.Write([]byte(text)) // a bytes.Buffer takes everything
		_ = q.Close()
		return entity{head + "Content-Transfer-Encoding: quoted-printable\r\n", b.String()}
	}
	return entity{head + "Content-Transfer-Encoding: " + how + "\r\n", text}
}

func longestLine(s string) int {
	n := 0
	for line := range strings.SplitSeq(s, "\n") {
		n = max(n, len(line))
	}
	return n
}

func (m *draft) body() entity {
	var forms []entity
	if m.text != "" || m.html == "" {
		forms = append(forms, m.textEntity("text/plain", m.text+"\n"))
	}
	if m.html != "" {
		forms = append(forms, m.multipart("related", append([]entity{m.textEntity("text/html", m.html)}, m.inline...)))
	}
	forms = append(forms, m.plainParts...)
	kind := m.kind
	if kind == "" {
		kind = "mixed"
	}
	return m.multipart(kind, append([]entity{m.multipart("alternative", forms)}, m.files...))
}

func (m *draft) multipart(kind string, parts []entity) entity {
	if len(parts) == 1 {
		return parts[0]
	}
	name, _, _ := strings.Cut(kind, ";")
	edge := "=_" + name + "_" + strconv.Itoa(len(parts)) + "_" + m.id
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("--" + edge + "\r\n" + p.head + "\r\n" + p.body + "\r\n")
	}
	b.WriteString("--" + edge + "--\r\n")
	return entity{"Content-Type: multipart/" + kind + "; boundary=\"" + edge + "\"\r\n", b.String()}
}
