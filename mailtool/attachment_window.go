package mailtool

import (
	"context"
	"errors"
)

// content is something whose bytes can be written out from the start, the same
// ones each time. Its strings are a stranger's and not cleaned but for kind and uri.
type content struct {
	name, kind, uri string
	size            int64 // 0: not known
	notes           []string
	key             keptKey
	write           func(ctx context.Context, w *window) error
}

// errEnough ends the writing to a window that is full.
var errEnough = errors.New("the window is full")

// window keeps the bytes from start on of what is written to it, at most most,
// and then ends the writing.
type window struct {
	start int64
	most  int
	data  []byte
	seen  int64 // bytes written, or passed over by who writes
	more  bool  // there are bytes behind data
}

func (w *window) Write(p []byte) (int, error) {
	n := len(p)
	if skip := w.start - w.seen; skip > 0 {
		p = p[min(skip, int64(len(p))):]
	}
	w.seen += int64(n)
	space := w.most - len(w.data)
	w.grow(min(len(p), space))
	if len(p) > space {
		w.data, w.more = append(w.data, p[:space]...), true
		return n, errEnough
	}
	w.data = append(w.data, p...)
	return n, nil
}

// grow makes room for n bytes. A large window is made whole at once: while it
// grew step by step, it would be held twice.
func (w *window) grow(n int) {
	const large = 4 << 20
	if len(w.data)+n > cap(w.data) && len(w.data)+n > large {
		w.data = append(make([]byte, 0, w.most), w.data...)
	}
}

// from is at most n bytes from offset on, when data has them.
func (w *window) from(offset int64, n int) (piece []byte, more, ok bool) {
	at := offset - w.start
	if at < 0 || at > int64(len(w.data)) || w.more && at+int64(n) > int64(len(w.data)) {
		return nil, false, false
	}
	rest := w.data[at:]
	if len(rest) > n {
		return rest[:n], true, true
	}
	return rest, w.more, true
}

// fill writes c's bytes from start on into a window of at most most bytes.
func (c content) fill(ctx context.Context, start int64, most int) (*window, error) {
	w := &window{start: start, most: most}
	if start == 0 {
		w.data = make([]byte, 0, min(int64(most), max(c.size, 0)))
	}
	if err := c.write(ctx, w); err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return w, nil
}

// How much is read beyond the piece asked for: of the beginning what a backend
// fetches anyway, later enough that going on rarely starts anew.
const (
	firstAhead = 128 << 10
	readAhead  = 2 << 20
)

// getPiece answers with the piece of c from offset on, and keeps what follows.
func (env *Env) getPiece(ctx context.Context, c content, in getAttachmentIn) (*getAttachmentOut, error) {
	ahead := readAhead
	if in.Offset == 0 {
		ahead = firstAhead
	}
	w, err := c.fill(ctx, in.Offset, ahead)
	if err != nil {
		return nil, err
	}
	most, show := env.pieces(in)
	piece, more, _ := w.from(in.Offset, most)
	if more {
		c.write = nil // it holds the stream
		env.tools.recent.put(keptPart{key: c.key, c: c, w: *w})
	}
	return show(c, piece, in.Offset, more)
}

// pieces says how long a piece of bytes may be, and how it is shown.
func (env *Env) pieces(in getAttachmentIn) (most int, show func(c content, piece []byte, offset int64, more bool) (*getAttachmentOut, error)) {
	if in.Format == "" {
		return sourceBytes, env.showSource
	}
	return pieceBytes, env.showData
}

func behindTheEnd() *Error {
	return refuse(Invalid, "offset is behind the end", "begin without offset, and go on with next_offset")
}
