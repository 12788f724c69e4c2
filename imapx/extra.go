package imapx

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Extra says what to fetch beyond what IMAP itself knows of a message.
type Extra struct {
	Preview bool // PREVIEW (RFC 8970)
	Gmail   bool // X-GM-EXT-1: id, thread and labels
	Objects bool // OBJECTID (RFC 8474): ids of message and thread
}

// items are those that the server has.
func (x Extra) items(caps Caps) []string {
	var items []string
	if x.Preview && caps.Has("PREVIEW") {
		items = append(items, "PREVIEW")
	}
	if x.Gmail && caps.Has("X-GM-EXT-1") {
		items = append(items, "X-GM-MSGID", "X-GM-THRID", "X-GM-LABELS")
	}
	if x.Objects && caps.Has("OBJECTID") {
		items = append(items, "EMAILID", "THREADID")
	}
	return items
}

// fetchExtra completes messages with what the client library cannot fetch.
func (c *Conn) fetchExtra(ctx context.Context, messages []Message, want Extra) error {
	items := want.items(c.caps)
	if len(items) == 0 || len(messages) == 0 {
		return nil
	}
	for chunk := range slices.Chunk(messages, ChunkSize) {
		if err := c.extendAll(ctx, chunk, items); err != nil {
			return err
		}
	}
	return nil
}

func (c *Conn) extendAll(ctx context.Context, messages []Message, items []string) error {
	const op = "UID FETCH"
	known := make(map[uint64]*Message, len(messages))
	uids := make([]UID, len(messages))
	for i := range messages {
		uids[i], known[uint64(messages[i].UID)] = messages[i].UID, &messages[i]
	}
	cmd := ownCommand{
		op: op, takes: []string{"FETCH"}, items: items,
		args: op + " " + uidSet(uids).String() + " (UID " + strings.Join(items, " ") + ")",
	}
	_, err := c.own(ctx, reads, cmd, func(r response) error {
		if r.broken || len(r.values) != 1 {
			return &Error{Op: op, Kind: Protocol, Err: errors.New("an answer does not follow the grammar")}
		}
		r.values[0].items(func(name string, v value) {
			if n, ok := v.number(); ok && name == "UID" && known[n] != nil {
				known[n].extend(r.values[0])
			}
		})
		return nil
	})
	return err
}

func (m *Message) extend(list value) {
	list.items(func(name string, v value) {
		switch name {
		case "PREVIEW":
			m.Preview = strings.ToValidUTF8(v.text, "\uFFFD")
		case "X-GM-MSGID":
			m.GmailID, _ = v.number()
		case "X-GM-THRID":
			m.GmailThread, _ = v.number()
		case "X-GM-LABELS":
			m.GmailLabels = nil
			for _, label := range v.list {
				m.GmailLabels = append(m.GmailLabels, labelName(label.text))
			}
		case "EMAILID":
			m.EmailID = objectID(v)
		case "THREADID":
			m.ServerThreadID = objectID(v)
		}
	})
}

// labelName decodes a label, which Gmail writes like a mailbox name.
func labelName(raw string) string {
	if name, ok := decodeName(raw); ok {
		return name
	}
	return printable(raw)
}

// objectID reads "(id)" (RFC 8474 section 7); anything else is none.
func objectID(v value) string {
	if v.kind != listValue || len(v.list) != 1 || v.list[0].kind != atomValue || !isObjectID(v.list[0].text) {
		return ""
	}
	return v.list[0].text
}

// maxObjectID is RFC 8474 section 7.
const maxObjectID = 255
