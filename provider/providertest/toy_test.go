package providertest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/provider"
)

// toy is a small sound backend of the suite's own: it reads the suite's own
// letters and nothing harder. Broken ones are made of it.
type toy struct {
	mu      sync.Mutex
	folders []*toyFolder
	closed  bool
	uid     int
	sent    [][]byte
}

type toyFolder struct {
	path     string
	role     provider.Role
	epoch    int
	messages []*toyMessage // oldest first
}

type toyMessage struct {
	uid   int
	flags provider.Flags
	at    time.Time
	raw   []byte
}

const toyAccount = "toy"

func newToy() *toy {
	return &toy{folders: []*toyFolder{
		{path: "INBOX", role: provider.RoleInbox, epoch: 1}, {path: "Other", epoch: 2},
		{path: "Sent", role: provider.RoleSent, epoch: 3}, {path: "Trash", role: provider.RoleTrash, epoch: 4},
	}}
}

func (b *toy) Info() provider.Info {
	return provider.Info{Account: toyAccount, Service: "toy", Identities: []provider.Address{{Name: "Me", Addr: "me@example.org"}}}
}

func (b *toy) Capabilities() provider.CapabilitySet { return provider.AllCaps() }

func (b *toy) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

// enter takes the lock unless the call cannot be served.
func (b *toy) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil, toyError(provider.Unavailable, "closed")
	}
	return b.mu.Unlock, nil
}

func toyError(c provider.Code, text string) error {
	return &provider.Error{Op: "toy", Code: c, Err: errors.New(text)}
}

func (b *toy) folder(path string) (*toyFolder, error) {
	i := slices.IndexFunc(b.folders, func(f *toyFolder) bool { return f.path == path })
	if i < 0 {
		return nil, toyError(provider.NotFound, "no folder "+path)
	}
	return b.folders[i], nil
}

// put files a message and returns its id.
func (b *toy) put(f *toyFolder, m *toyMessage) provider.MessageID {
	b.uid++
	m.uid = b.uid
	f.messages = append(f.messages, m)
	return toyID(f, m)
}

func toyID(f *toyFolder, m *toyMessage) provider.MessageID {
	return provider.NewMessageID(toyAccount, fmt.Sprintf("%d.%d", f.epoch, m.uid))
}

// at finds a message. A folder's epoch is never used twice.
func (b *toy) at(id provider.MessageID) (*toyFolder, int, error) {
	var epoch, uid int
	if _, err := fmt.Sscanf(id.Local(), "%d.%d", &epoch, &uid); err != nil || id.Local() != fmt.Sprintf("%d.%d", epoch, uid) {
		return nil, 0, toyError(provider.Invalid, "not an id")
	}
	for _, f := range b.folders {
		if f.epoch != epoch {
			continue
		}
		if i := slices.IndexFunc(f.messages, func(m *toyMessage) bool { return m.uid == uid }); i >= 0 {
			return f, i, nil
		}
		return nil, 0, toyError(provider.NotFound, "no message "+string(id))
	}
	return nil, 0, toyError(provider.Conflict, "the folder was rebuilt")
}

func (b *toy) ListFolders(ctx context.Context) ([]provider.Folder, error) {
	leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []provider.Folder
	for _, f := range b.folders {
		unread := 0
		for _, m := range f.messages {
			if !m.flags.Has(provider.Seen) {
				unread++
			}
		}
		one := toyAsFolder(f)
		one.Total, one.Unread = len(f.messages), unread
		out = append(out, one)
	}
	return out, nil
}

func (b *toy) ListMessages(ctx context.Context, opts provider.ListOptions, page provider.PageRequest) (provider.Page[provider.Summary], error) {
	leave, err := b.enter(ctx)
	if err != nil {
		return provider.Page[provider.Summary]{}, err
	}
	defer leave()
	f, err := b.folder(string(opts.Folder))
	if err != nil {
		return provider.Page[provider.Summary]{}, err
	}
	listing := fmt.Sprintf("list %+v", opts)
	return toyPage(page, []*toyFolder{f}, listing, func(s *provider.Summary, _ string) bool {
		return (!opts.UnreadOnly || !s.Flags.Has(provider.Seen)) && (!opts.UnhandledOnly || !s.Flags.Has(provider.Handled)) && within(s.Received, opts.Since, opts.Before)
	})
}

func within(at, since, before time.Time) bool {
	return (since.IsZero() || !at.Before(since)) && (before.IsZero() || at.Before(before))
}

// toyPage lists what match keeps, the last to arrive first; uids rise with time.
func toyPage(page provider.PageRequest, in []*toyFolder, listing string, match func(*provider.Summary, string) bool) (provider.Page[provider.Summary], error) {
	var epoch string
	type found struct {
		uid int
		s   provider.Summary
	}
	var all []found
	for _, f := range in {
		epoch += fmt.Sprintf("%d ", f.epoch)
		for _, m := range f.messages {
			msg := toyRead(f, m)
			if match(&msg.Summary, msg.Text) {
				all = append(all, found{m.uid, msg.Summary})
			}
		}
	}
	slices.SortFunc(all, func(a, b found) int { return cmp.Compare(b.uid, a.uid) })
	out := provider.Page[provider.Summary]{Total: len(all)}
	if page.After != "" {
		key, err := provider.Resume(page.After, listing, epoch)
		if err != nil {
			return provider.Page[provider.Summary]{}, err
		}
		var after int
		_, _ = fmt.Sscan(key, &after)
		all = slices.DeleteFunc(all, func(f found) bool { return f.uid >= after })
	}
	shown := all[:min(page.Limit, len(all))]
	for _, f := range shown {
		out.Items = append(out.Items, f.s)
	}
	out.At = func(i int) (provider.Cursor, error) {
		return provider.Place{Listing: listing, Epoch: epoch, Key: fmt.Sprint(shown[i].uid)}.Cursor()
	}
	var err error
	if len(shown) < len(all) {
		out.Next, err = out.At(len(shown) - 1)
	}
	return out, err
}

// toyRead takes a letter apart.
func toyRead(f *toyFolder, m *toyMessage) provider.Message {
	out := provider.Message{Summary: provider.Summary{ID: toyID(f, m), Folder: provider.FolderID(f.path), Flags: m.flags, Received: m.at, Size: int64(len(m.raw))}}
	msg, err := mail.ReadMessage(bytes.NewReader(m.raw))
	if err != nil {
		return out
	}
	for name, values := range msg.Header {
		out.Header = append(out.Header, provider.Field{Name: name, Value: values[0]})
	}
	out.Subject, _ = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	out.HeaderID = strings.Trim(msg.Header.Get("Message-ID"), "<>")
	out.Date, _ = msg.Header.Date()
	out.References, out.InReplyTo = toyNamed(msg, "References"), toyNamed(msg, "In-Reply-To")
	out.From, out.To, out.Cc = toyAddresses(msg, "From"), toyAddresses(msg, "To"), toyAddresses(msg, "Cc")
	all, _ := leaves(msg.Header, msg.Body)
	for i, l := range all {
		if l.name == "" {
			out.Text += strings.ReplaceAll(string(l.data), "\r\n", "\n")
			continue
		}
		out.HasAttach = true
		out.Parts = append(out.Parts, provider.Part{ID: provider.PartID(fmt.Sprint(i + 1)), Type: l.kind, Name: l.name, Size: int64(len(l.data))})
	}
	return out
}

func toyNamed(msg *mail.Message, field string) []string {
	var out []string
	for _, id := range strings.Fields(msg.Header.Get(field)) {
		out = append(out, strings.Trim(id, "<>"))
	}
	return out
}

func toyAddresses(msg *mail.Message, field string) []provider.Address {
	list, _ := msg.Header.AddressList(field)
	var out []provider.Address
	for _, a := range list {
		out = append(out, provider.Address{Name: a.Name, Addr: a.Address})
	}
	return out
}

func (b *toy) ReadMessages(ctx context.Context, ids []provider.MessageID, opts provider.ReadOptions) ([]provider.ReadResult, error) {
	leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []provider.ReadResult
	for _, id := range ids {
		f, i, err := b.at(id)
		if err != nil {
			out = append(out, provider.ReadResult{ID: id, Err: err})
			continue
		}
		msg := toyRead(f, f.messages[i])
		if opts.HeadersOnly {
			msg.Text = ""
		}
		if cut := int(opts.MaxText); len(msg.Text) > cut {
			msg.Text, msg.TextTruncated = strings.ToValidUTF8(msg.Text[:cut], ""), true
		}
		out = append(out, provider.ReadResult{ID: id, Message: &msg})
	}
	return out, nil
}

func (b *toy) OpenPart(ctx context.Context, id provider.MessageID, part provider.PartID) (provider.Part, io.ReadCloser, error) {
	leave, err := b.enter(ctx)
	if err != nil {
		return provider.Part{}, nil, err
	}
	defer leave()
	f, i, err := b.at(id)
	if err != nil {
		return provider.Part{}, nil, err
	}
	raw := f.messages[i].raw
	if part == provider.SourcePart {
		return provider.Part{ID: part, Type: "message/rfc822", Size: int64(len(raw))}, io.NopCloser(bytes.NewReader(raw)), nil
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return provider.Part{}, nil, toyError(provider.Internal, "parse")
	}
	all, _ := leaves(msg.Header, msg.Body)
	for n, l := range all {
		if fmt.Sprint(n+1) == string(part) {
			return provider.Part{ID: part, Type: l.kind, Name: l.name}, io.NopCloser(bytes.NewReader(l.data)), nil
		}
	}
	return provider.Part{}, nil, toyError(provider.NotFound, "no part "+string(part))
}

// Search serves plain fields; the rest is refused by name.
func (b *toy) Search(ctx context.Context, q provider.Query, page provider.PageRequest) (provider.Page[provider.Summary], error) {
	var none provider.Page[provider.Summary]
	leave, err := b.enter(ctx)
	if err != nil {
		return none, err
	}
	defer leave()
	if len(q.Any)+len(q.Not)+len(q.Cc)+len(q.Body)+len(q.Filename)+len(q.Labels) > 0 {
		return none, toyError(provider.Unsupported, "only plain fields can be searched")
	}
	var in []*toyFolder
	for _, f := range b.folders {
		if slices.Contains(q.In, provider.FolderID(f.path)) || q.Everywhere || len(q.In) == 0 && f.role != provider.RoleTrash {
			in = append(in, f)
		}
	}
	for _, id := range q.In {
		if _, err := b.folder(string(id)); err != nil {
			return none, err
		}
	}
	after, err := b.after(in, q.After)
	if err != nil {
		return none, err
	}
	return toyPage(page, in, fmt.Sprintf("search %+v", q), func(s *provider.Summary, text string) bool {
		from, to, everything := fmt.Sprint(s.From), fmt.Sprint(s.To, s.Cc), fmt.Sprint(s.Subject, s.From, s.To, s.Cc, text)
		return toyUID(s.ID) > after && hasAll(from, q.From) && hasAll(to, q.To) && hasAll(s.Subject, q.Subject) && hasAll(everything, q.Text) &&
			within(s.Received, q.Since, q.Before) && s.Flags.Has(q.With) && s.Flags&q.Without == 0 &&
			(q.HeaderID == "" || s.HeaderID == strings.Trim(q.HeaderID, "<>")) && (!q.HasAttach || s.HasAttach) &&
			(q.Larger == 0 || s.Size > q.Larger) && (q.Smaller == 0 || s.Size < q.Smaller)
	})
}

func hasAll(text string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(strings.ToLower(text), strings.ToLower(w)) })
}

// each changes messages one by one.
func (b *toy) each(ctx context.Context, ids []provider.MessageID, change func(f *toyFolder, i int) provider.MessageID) ([]provider.Outcome, error) {
	return b.eachTo(ctx, ids, "INBOX", func(_, f *toyFolder, i int) provider.MessageID { return change(f, i) })
}

// eachTo is each for changes that have a target.
func (b *toy) eachTo(ctx context.Context, ids []provider.MessageID, to provider.FolderID, change func(target, f *toyFolder, i int) provider.MessageID) ([]provider.Outcome, error) {
	leave, err := b.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	target, err := b.folder(string(to))
	if err != nil {
		return nil, err
	}
	var out []provider.Outcome
	for _, id := range ids {
		o := provider.Outcome{ID: id}
		f, i, err := b.at(id)
		if o.Err = err; err == nil {
			o.NewID = change(target, f, i)
		}
		out = append(out, o)
	}
	return out, nil
}

func (b *toy) SetFlags(ctx context.Context, ids []provider.MessageID, change provider.FlagChange) ([]provider.Outcome, error) {
	return b.each(ctx, ids, func(f *toyFolder, i int) provider.MessageID {
		m := f.messages[i]
		m.flags = m.flags&^change.Remove | change.Add
		return ""
	})
}

func (b *toy) Move(ctx context.Context, ids []provider.MessageID, to provider.FolderID) ([]provider.Outcome, error) {
	return b.eachTo(ctx, ids, to, func(target, f *toyFolder, i int) provider.MessageID {
		m := f.messages[i]
		f.messages = slices.Delete(f.messages, i, i+1)
		return b.put(target, m)
	})
}

func (b *toy) Delete(ctx context.Context, ids []provider.MessageID, permanent bool) ([]provider.Outcome, error) {
	if !permanent {
		return b.Move(ctx, ids, "Trash")
	}
	return b.each(ctx, ids, func(f *toyFolder, i int) provider.MessageID {
		f.messages = slices.Delete(f.messages, i, i+1)
		return ""
	})
}

// toyHarness opens toys, broken by spoil where it is set.
type toyHarness struct {
	spoil func(*toy) provider.Provider
	toy   *toy
}

func (h *toyHarness) Open(*testing.T) provider.Provider {
	h.toy = newToy()
	if h.spoil != nil {
		return h.spoil(h.toy)
	}
	return h.toy
}

func (h *toyHarness) Deliver(t *testing.T, folder string, raw []byte) provider.MessageID {
	h.toy.mu.Lock()
	defer h.toy.mu.Unlock()
	f, err := h.toy.folder(folder)
	if err != nil {
		t.Fatal(err)
	}
	return h.toy.put(f, &toyMessage{at: time.Now(), raw: slices.Clone(raw)})
}

func (h *toyHarness) Flags(t *testing.T, id provider.MessageID) provider.Flags {
	h.toy.mu.Lock()
	defer h.toy.mu.Unlock()
	f, i, err := h.toy.at(id)
	if err != nil {
		t.Fatal(err)
	}
	return f.messages[i].flags
}

func (h *toyHarness) Rebuild(t *testing.T, folder string) {
	h.toy.mu.Lock()
	defer h.toy.mu.Unlock()
	f, err := h.toy.folder(folder)
	if err != nil {
		t.Fatal(err)
	}
	h.toy.uid++
	f.epoch = 100 + h.toy.uid
}
