package imapmail

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

const (
	// firstChunk comes with the structure: most attachments end within it.
	firstChunk = 256 << 10
	// nextChunk keeps the round trips of a large part few and its memory small.
	nextChunk = 2 << 20
)

// OpenPart streams a part, or the source, in chunks. No connection is held
// between two reads: a reader that is slow, or forgotten, blocks nobody. What
// has no transfer encoding to remove is also an io.Seeker.
func (b *Backend) OpenPart(ctx context.Context, id provider.MessageID, part provider.PartID) (provider.Part, io.ReadCloser, error) {
	groups, err := b.group(ctx, []provider.MessageID{id})
	if err != nil {
		return provider.Part{}, nil, err
	}
	g := groups[0]
	if g.err != nil {
		return provider.Part{}, nil, g.err
	}
	r := &partReader{ctx: func() context.Context { return ctx }, b: b, batch: g, chunk: nextChunk}
	if part == provider.SourcePart {
		return r.source()
	}
	if r.path, err = parsePath(part); err != nil {
		return provider.Part{}, nil, err
	}
	m, err := r.fetch(imapx.Items{Structure: true, Sections: partHeaders(r.path)}, firstChunk)
	if err != nil {
		return provider.Part{}, nil, mapError(err)
	}
	leaf := find(m.Structure, r.path)
	if leaf == nil {
		return provider.Part{}, nil, &provider.Error{Code: provider.NotFound, Err: errors.New("the message has no part " + string(part))}
	}
	r.size = leaf.Size
	info := opened(m.Structure, leaf, m.Sections[1:])
	body := mailmime.DecodeTransfer(r, info.Encoding)
	if body == io.Reader(r) {
		return partInfo(info), r, nil
	}
	return partInfo(info), &decoded{Reader: body, part: r}, nil
}

// source streams the message as it is, whatever its structure.
func (r *partReader) source() (provider.Part, io.ReadCloser, error) {
	m, err := r.fetch(imapx.Items{Size: true}, firstChunk)
	if err != nil {
		return provider.Part{}, nil, mapError(err)
	}
	r.size = m.Size
	return provider.Part{ID: provider.SourcePart, Type: "message/rfc822", Size: m.Size}, r, nil
}

func parsePath(part provider.PartID) ([]int, error) {
	var path []int
	for _, s := range strings.Split(string(part), ".") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 1<<20 {
			return nil, invalid("part " + strconv.Quote(clip(string(part))) + " is no section number such as 1.2")
		}
		path = append(path, n)
	}
	return path, nil
}

func find(p *imapx.Part, path []int) (found *imapx.Part) {
	p.Walk(func(p *imapx.Part) bool {
		if slices.Equal(p.Path, path) && len(p.Path) > 0 {
			found = p
		}
		return found == nil
	})
	return found
}

func partOf(p mailmime.Part, id string) mailmime.Part {
	if p.ID == id {
		return p
	}
	for _, child := range p.Parts {
		if found := partOf(child, id); found.ID != "" {
			return found
		}
	}
	return mailmime.Part{}
}

// partReader reads a part as it is encoded. It is used by one goroutine.
type partReader struct {
	ctx    func() context.Context // of the call that opened it
	b      *Backend
	batch  *batch
	path   []int
	buf    []byte
	memory []byte // the last chunk, of which buf is the rest; for the next one
	chunk  int64  // how much to fetch next
	offset int64  // behind the last chunk
	size   int64  // as the structure has it
	short  bool   // the last answer had less than was asked for
	closed bool
}

// fetch reads on, and brings what else is wanted behind the section it reads.
func (r *partReader) fetch(want imapx.Items, n int64) (m imapx.Message, err error) {
	ctx := r.ctx()
	want.Sections = append([]imapx.Section{{Path: r.path, Offset: r.offset, Max: n, Into: r.memory}}, want.Sections...)
	err = r.b.pool.Read(ctx, r.batch.folder, func(c *imapx.Conn) error {
		if err := c.Expect(r.batch.validity); err != nil {
			return err
		}
		f, err := c.Fetch(ctx, r.batch.uids(), want)
		if err == nil && len(f.Incomplete) > 0 && len(want.Sections) > 1 { // the server shows no such header
			want.Sections = want.Sections[:1]
			f, err = c.Fetch(ctx, r.batch.uids(), want)
		}
		switch {
		case err != nil:
			return err
		case len(f.Missing) > 0:
			return gone()
		case len(f.Messages) == 0:
			return incomplete()
		}
		m = f.Messages[0]
		return nil
	})
	if err != nil {
		r.memory = nil // it may hold anything now
		return m, err
	}
	r.buf, r.memory = m.Sections[0], m.Sections[0]
	r.offset += int64(len(r.buf))
	r.short = int64(len(r.buf)) < n
	return m, nil
}

// Read returns io.ErrUnexpectedEOF, with the cause, when the rest cannot be had.
func (r *partReader) Read(p []byte) (int, error) {
	if r.closed {
		return 0, errors.New("read of a closed part")
	}
	if len(r.buf) == 0 {
		if r.short && r.offset >= r.size { // some servers answer short though there is more
			return 0, io.EOF
		}
		r.buf = nil // not two chunks at a time
		if _, err := r.fetch(imapx.Items{}, r.chunk); err != nil {
			if isContext(err) {
				return 0, err
			}
			return 0, errors.Join(io.ErrUnexpectedEOF, mapError(err))
		}
		if len(r.buf) == 0 {
			return 0, io.EOF
		}
		r.chunk = nextChunk
	}
	n := copy(p, r.buf)
	r.buf = r.buf[n:]
	return n, nil
}

// Seek implements io.Seeker from the start only. What lies between is not
// fetched, and the next fetch is small again.
func (r *partReader) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekStart || offset < 0 {
		return 0, errors.New("a part seeks from its start only")
	}
	if at := offset - (r.offset - int64(len(r.memory))); at >= 0 && at <= int64(len(r.memory)) {
		r.buf = r.memory[at:]
		return offset, nil
	}
	r.buf, r.memory = nil, nil
	r.offset, r.short, r.chunk = offset, false, firstChunk
	return offset, nil
}

// Close ends the reading. It is idempotent.
func (r *partReader) Close() error {
	r.closed, r.buf = true, nil
	return nil
}

// decoded is a part without its transfer encoding.
type decoded struct {
	io.Reader
	part *partReader
}

// Close ends the reading. It is idempotent.
func (d *decoded) Close() error { return d.part.Close() }
