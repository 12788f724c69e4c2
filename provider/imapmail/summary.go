package imapmail

import (
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

// threadID is the length of a thread's digest.
const threadID = 10

// summaryItems is what a list shows: header fields cost less than ENVELOPE and
// carry References.
func summaryItems() imapx.Items {
	return imapx.Items{
		Flags: true, Date: true, Size: true, Structure: true,
		Sections: []imapx.Section{{Fields: []string{
			"From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
		}}},
	}
}

// summarize makes a list entry of a message fetched with summaryItems.
func (b *Backend) summarize(box imapx.Mailbox, m imapx.Message) provider.Summary {
	h, _ := mailmime.ParseHeader(m.Sections[0])
	s := b.summary(box, m, h)
	s.HasAttach = hasFile(m.Structure)
	return s
}

func (b *Backend) summary(box imapx.Mailbox, m imapx.Message, h mailmime.Header) provider.Summary {
	s := provider.Summary{
		ID: b.newID(box.Name, box.UIDValidity, m.UID), Folder: provider.FolderID(box.Name),
		ThreadID: thread(h), HeaderID: h.MessageID,
		From: addresses(h.From), To: addresses(h.To), Cc: addresses(h.Cc),
		Subject: h.Subject, Date: h.Date, Received: m.Date, Size: m.Size,
	}
	s.Flags, s.Labels = readFlags(m.Flags)
	b.pool.Note(box, m) // so that a move without an answer can be looked up
	return s
}

// thread names a conversation after its first message (RFC 5322 section 3.6.4).
func thread(h mailmime.Header) string {
	first := h.MessageID
	if len(h.References) > 0 {
		first = h.References[0]
	} else if len(h.InReplyTo) > 0 {
		first = h.InReplyTo[0]
	}
	if first = strings.TrimSpace(first); first == "" {
		return ""
	}
	return provider.ShortHash(first, threadID)
}

func addresses(list []mailmime.Address) []provider.Address {
	var out []provider.Address
	for _, a := range list {
		out = append(out, provider.Address{Name: a.Name, Addr: a.Mailbox})
	}
	return out
}
