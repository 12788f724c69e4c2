package providertest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/provider"
)

const toyRefused = "nobody@example.com"

// Send composes m, hands it to the outbox and files a copy.
func (b *toy) Send(ctx context.Context, m provider.Outgoing) (provider.Receipt, error) {
	leave, err := b.enter(ctx)
	if err != nil {
		return provider.Receipt{}, err
	}
	defer leave()
	texts := slices.Concat([]string{m.HeaderID, m.Subject}, m.InReplyTo, m.References)
	for _, a := range slices.Concat(m.To, m.ReplyTo, []provider.Address{m.From}) {
		texts = append(texts, a.Name, a.Addr)
	}
	for _, a := range m.Attachments {
		texts = append(texts, a.Name, a.Type)
	}
	if strings.ContainsAny(strings.Join(texts, ""), "\r\n\x00") {
		return provider.Receipt{}, toyError(provider.Invalid, "a control character")
	}
	receipt := provider.Receipt{HeaderID: m.HeaderID, Copy: provider.CopyFiled}
	for _, a := range slices.Concat(m.To, m.Cc, m.Bcc) {
		if a.Addr == toyRefused {
			refused := []provider.Refusal{{Address: a.Addr, Status: 550, Text: "no such user"}}
			return provider.Receipt{HeaderID: m.HeaderID, Refused: refused}, toyError(provider.Denied, "a recipient was refused")
		}
		receipt.Accepted = append(receipt.Accepted, a.Addr)
	}
	raw := toyCompose(m)
	b.sent = append(b.sent, raw)
	folder, err := b.folder("Sent")
	if err != nil {
		return provider.Receipt{}, err
	}
	receipt.CopyID = b.put(folder, &toyMessage{flags: provider.Seen, at: time.Now(), raw: raw})
	return receipt, nil
}

func toyCompose(m provider.Outgoing) []byte {
	var b bytes.Buffer
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	field("From", toyList([]provider.Address{m.From}))
	field("To", toyList(m.To))
	field("Cc", toyList(m.Cc))
	field("Reply-To", toyList(m.ReplyTo))
	field("Subject", strings.ReplaceAll(mime.QEncoding.Encode("utf-8", m.Subject), "?= =?", "?=\r\n =?"))
	field("Date", m.Date.Format(time.RFC1123Z))
	field("Message-ID", toyIDs([]string{m.HeaderID}))
	field("In-Reply-To", toyIDs(m.InReplyTo))
	field("References", toyIDs(m.References))
	field("MIME-Version", "1.0")
	field("Content-Type", `multipart/mixed; boundary="toy_edge"`)
	text := func(kind, text string) {
		if text == "" {
			return
		}
		fmt.Fprintf(&b, "\r\n--toy_edge\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", kind)
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write([]byte(strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n").Replace(text)))
		_ = w.Close()
	}
	text("text/plain", m.Text)
	text("text/html", m.HTML)
	for _, a := range m.Attachments {
		fmt.Fprintf(&b, "\r\n--toy_edge\r\nContent-Type: %s\r\nContent-Disposition: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n%s",
			cmp.Or(a.Type, "application/octet-stream"), mime.FormatMediaType("attachment", map[string]string{"filename": a.Name}),
			base64.StdEncoding.EncodeToString(a.Data))
	}
	b.WriteString("\r\n--toy_edge--\r\n")
	return b.Bytes()
}

func toyList(list []provider.Address) string {
	var out []string
	for _, a := range list {
		out = append(out, (&mail.Address{Name: a.Name, Address: a.Addr}).String())
	}
	return strings.Join(out, ", ")
}

func toyIDs(ids []string) string {
	var out []string
	for _, id := range ids {
		out = append(out, "<"+id+">")
	}
	return strings.Join(out, " ")
}

func (h *toyHarness) Sent(*testing.T) [][]byte {
	h.toy.mu.Lock()
	defer h.toy.mu.Unlock()
	return slices.Clone(h.toy.sent)
}

func (h *toyHarness) Refused(*testing.T) string { return toyRefused }
