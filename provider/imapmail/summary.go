package imapmail

import (
	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

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
	h, _ := b.reader.ParseHeader(m.Sections[0], textCharset(m.Structure))
	s := b.summary(box, m, h)
	s.HasAttach = hasFile(m.Structure)
	return s
}

func (b *Backend) summary(box imapx.Mailbox, m imapx.Message, h mailmime.Header) provider.Summary {
	s := provider.Summary{
		ID: b.newID(box.Name, box.UIDValidity, m.UID), Folder: provider.FolderID(box.Name),
		ThreadID: provider.ThreadID(h.MessageID, h.InReplyTo, h.References), HeaderID: h.MessageID,
		From: addresses(h.From), To: addresses(h.To), Cc: addresses(h.Cc),
		Subject: h.Subject, Date: h.Date, Received: m.Date, Size: m.Size,
	}
	s.Flags, s.Labels = readFlags(m.Flags)
	b.pool.Note(box, m) // so that a move without an answer can be looked up
	return s
}

func addresses(list []mailmime.Address) []provider.Address {
	var out []provider.Address
	for _, a := range list {
		out = append(out, provider.Address{Name: a.Name, Addr: a.Mailbox})
	}
	return out
}
