package mailmime

import (
	"bufio"
	"bytes"
	"io"
	"sync"
)

// Reader reads messages as Parse and ParseHeader do, with buffers that serve the next message too. The zero Reader is ready;
// it is safe for concurrent use and must not be copied.
type Reader struct{ idle sync.Pool }

// Parse is the package's Parse.
func (r *Reader) Parse(src io.Reader, lim Limits) (*Message, error) {
	b := r.take()
	msg, err := newParser(src, lim, b).message()
	r.put(b)
	return msg, err
}

// ParseHeader is the package's ParseHeader for a block that may lack its Content-Type: charset is the one of the message's
// text (TextCharset), empty where it is unknown.
func (r *Reader) ParseHeader(raw []byte, charset string) (Header, []string) {
	b := r.take()
	h, defects := newParser(bytes.NewReader(raw), Limits{}, b).onlyHeader(charset)
	r.put(b)
	return h, defects
}

// buffers are what reading one message needs. Nothing that is handed out points into them.
type buffers struct {
	source  *bufio.Reader // of scanBuffer; nil: the scanner makes one that fits
	decoder *bufio.Reader // for every encoded part in turn; nil until there is one
	text    bytes.Buffer
	block   []byte // names and values of a header, one behind the other
	marks   []fieldMark
}

func (r *Reader) take() *buffers {
	if b, ok := r.idle.Get().(*buffers); ok {
		return b
	}
	return &buffers{source: bufio.NewReaderSize(nil, scanBuffer), decoder: bufio.NewReaderSize(nil, transferBuffer)}
}

// maxIdle bounds each buffer that is kept: few messages have more text, and those that do must not make all cost as much.
const maxIdle = 256 << 10

func (r *Reader) put(b *buffers) {
	b.source.Reset(nil)
	b.decoder.Reset(nil)
	if b.text.Cap() > maxIdle {
		b.text = bytes.Buffer{}
	}
	if cap(b.block) > maxIdle {
		b.block, b.marks = nil, nil
	}
	r.idle.Put(b)
}
