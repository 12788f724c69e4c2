package memmail

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

// message is one stored message. Everything but uid and flags never changes.
type message struct {
	uid      uint32
	flags    provider.Flags
	received time.Time
	*content
}

// content is what a message keeps when it moves.
type content struct {
	raw    []byte
	once   sync.Once
	parsed *mailmime.Message
	folded sync.Once
	words  words
}

// parse reads the message on first use.
func (c *content) parse() *mailmime.Message {
	c.once.Do(func() {
		c.parsed, _ = mailmime.Parse(bytes.NewReader(c.raw), mailmime.Limits{}) // a bytes.Reader does not fail
	})
	return c.parsed
}

// Delivery says how a message arrives. The zero value is unread and now.
type Delivery struct {
	Flags    provider.Flags
	Received time.Time
}

// Deliver puts a message into a folder, as another client or the mail server would. The folder must exist.
func (b *Backend) Deliver(folder string, raw []byte, how Delivery) (provider.MessageID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.lookup("deliver", provider.FolderID(folder))
	if err != nil {
		return "", err
	}
	return b.deliver(f, slices.Clone(raw), how), nil
}

func (b *Backend) deliver(f *folder, raw []byte, how Delivery) provider.MessageID {
	if how.Received.IsZero() {
		how.Received = b.opts.Now()
	}
	m := f.add(&message{flags: how.Flags, received: how.Received, content: &content{raw: raw}})
	b.changed()
	return b.id(f, m)
}

func (f *folder) add(m *message) *message {
	f.lastUID++
	m.uid = f.lastUID
	f.messages = append(f.messages, m)
	return m
}

// id names a message by its folder's validity and its uid.
func (b *Backend) id(f *folder, m *message) provider.MessageID {
	return provider.NewMessageID(b.opts.Account, strconv.FormatUint(uint64(f.validity), 36)+"."+strconv.FormatUint(uint64(m.uid), 10))
}

// locate finds a message: Invalid for what was never an id, Conflict for an id of a folder rebuilt or deleted since, NotFound
// for a message that is gone.
func (b *Backend) locate(op string, id provider.MessageID) (*folder, *message, error) {
	validity, uid, ok := b.parseID(id)
	if !ok {
		return nil, nil, fail(op, provider.Invalid, strconv.Quote(string(id))+" is no message of this account")
	}
	for _, f := range b.folders {
		if f.validity != validity {
			continue
		}
		if i, ok := f.index(uid); ok {
			return f, f.messages[i], nil
		}
		return nil, nil, fail(op, provider.NotFound, "message "+string(id)+" is gone")
	}
	return nil, nil, rebuilt(op, id)
}

// parseID takes an id of this account apart.
func (b *Backend) parseID(id provider.MessageID) (validity, uid uint32, ok bool) {
	v, u, ok := strings.Cut(id.Local(), ".")
	folder, err1 := strconv.ParseUint(v, 36, 32)
	number, err2 := strconv.ParseUint(u, 10, 32)
	ok = ok && err1 == nil && err2 == nil && id.Tag() == provider.Tag(b.opts.Account) && folder <= uint64(b.validity)
	return uint32(folder), uint32(number), ok
}

func rebuilt(op string, id provider.MessageID) error {
	return &provider.Error{
		Op: op, Code: provider.Conflict, Hint: "list the folder again",
		Err: errors.New("the folder of message " + string(id) + " was rebuilt or deleted"),
	}
}

func (f *folder) index(uid uint32) (int, bool) {
	return slices.BinarySearchFunc(f.messages, uid, func(m *message, uid uint32) int { return cmp.Compare(m.uid, uid) })
}

// ReadMessages returns one result per id, in order.
func (b *Backend) ReadMessages(ctx context.Context, ids []provider.MessageID, opts provider.ReadOptions) ([]provider.ReadResult, error) {
	const op = "read messages"
	done, err := b.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	defer done()
	if opts.MaxText <= 0 {
		opts.MaxText = provider.DefaultMaxText
	}
	out := make([]provider.ReadResult, 0, len(ids))
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b.mu.RLock()
		f, m, err := b.locate(op, id)
		var found hit
		if err == nil {
			found = hit{f.path, f.validity, *m}
		}
		b.mu.RUnlock()
		r := provider.ReadResult{ID: id, Err: err}
		if err == nil {
			r.Message = b.read(found, opts)
		}
		out = append(out, r)
	}
	return out, nil
}

// read reads outside the lock: parsing a large message takes time.
func (b *Backend) read(h hit, opts provider.ReadOptions) *provider.Message {
	parsed := h.parse()
	if opts.MaxText != mailmime.DefaultTextBytes && !opts.HeadersOnly {
		parsed, _ = mailmime.Parse(bytes.NewReader(h.raw), mailmime.Limits{TextBytes: opts.MaxText})
	}
	head := parsed.Header
	out := &provider.Message{
		Summary: b.summary(h), ReplyTo: addresses(head.ReplyTo), Bcc: addresses(head.Bcc),
		InReplyTo: slices.Clone(head.InReplyTo), References: slices.Clone(head.References), Defects: slices.Clone(parsed.Defects),
	}
	for _, f := range head.Fields {
		out.Header = append(out.Header, provider.Field(f))
	}
	if opts.HeadersOnly {
		return out
	}
	out.Text, out.TextTruncated = parsed.Text, parsed.TextTruncated
	out.HTML, out.HTMLTruncated = parsed.HTML, parsed.HTMLTruncated
	out.Calendar, out.CalendarTruncated = parsed.Calendar, parsed.CalendarTruncated
	for _, p := range parsed.Attachments {
		out.Parts = append(out.Parts, part(p))
	}
	return out
}

func part(p mailmime.Part) provider.Part {
	return provider.Part{
		ID: provider.PartID(p.ID), Type: p.Type, Charset: p.Charset, Name: p.Name, Size: p.Size, Inline: p.Inline(), ContentID: p.ContentID,
	}
}

func (b *Backend) summary(h hit) provider.Summary {
	parsed := h.parse()
	head := parsed.Header
	return provider.Summary{
		ID: b.id(&folder{validity: h.validity}, &h.message), Folder: provider.FolderID(h.folder), HeaderID: head.MessageID,
		ThreadID: provider.ThreadID(head.MessageID, head.InReplyTo, head.References),
		From:     addresses(head.From), To: addresses(head.To), Cc: addresses(head.Cc), Subject: head.Subject, Date: head.Date,
		Received: h.received, Size: int64(len(h.raw)), Flags: h.flags, HasAttach: parsed.HasFile(),
	}
}

func addresses(list []mailmime.Address) []provider.Address {
	var out []provider.Address
	for _, a := range list {
		out = append(out, provider.Address{Name: a.Name, Addr: a.Mailbox})
	}
	return out
}

// OpenPart streams a part, its transfer encoding removed, or the source.
func (b *Backend) OpenPart(ctx context.Context, id provider.MessageID, want provider.PartID) (provider.Part, io.ReadCloser, error) {
	const op = "open part"
	done, err := b.begin(ctx, op)
	if err != nil {
		return provider.Part{}, nil, err
	}
	defer done()
	b.mu.RLock()
	_, m, err := b.locate(op, id)
	var c *content
	if err == nil {
		c = m.content
	}
	b.mu.RUnlock()
	if err != nil {
		return provider.Part{}, nil, err
	}
	if want == provider.SourcePart {
		info := provider.Part{ID: want, Type: "message/rfc822", Size: int64(len(c.raw))}
		source := bytes.NewReader(c.raw)
		return info, &sourceBody{body{ctx.Err, source}, source}, nil
	}
	r, info, err := mailmime.OpenPart(bytes.NewReader(c.raw), string(want), mailmime.Limits{})
	if err != nil {
		return provider.Part{}, nil, &provider.Error{Op: op, Code: provider.NotFound, Err: errors.New("the message has no part " + string(want))}
	}
	if p, ok := findPart(c.parse().Root, info.ID); ok {
		info = p // with its size
	}
	return part(info), &body{ctx.Err, r}, nil
}

func findPart(p mailmime.Part, id string) (mailmime.Part, bool) {
	if p.ID == id {
		return p, true
	}
	for _, child := range p.Parts {
		if found, ok := findPart(child, id); ok {
			return found, true
		}
	}
	return mailmime.Part{}, false
}

// body stops when its context ends.
type body struct {
	ended func() error
	r     io.Reader
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.ended(); err != nil {
		return 0, err
	}
	return b.r.Read(p)
}

// sourceBody can start anywhere.
type sourceBody struct {
	body
	io.Seeker
}

func (b *body) Close() error {
	b.ended = func() error { return errors.New("read of a closed part") }
	return nil
}
