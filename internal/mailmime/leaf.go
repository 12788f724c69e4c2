package mailmime

import (
	"bufio"
	"bytes"
	"io"
)

// leaf reads a part without children; given is its content when it was read already.
func (p *parser) leaf(part node, at place, given []byte) (Part, body) {
	if p.want != "" && part.ID == p.want {
		p.found = &part.Part
		if given != nil { // found too late to stream it
			p.s = newScanner(bytes.NewReader(given), nil)
		}
		return part.Part, body{}
	}
	if !knownEncoding(part.Encoding) {
		p.defect("unknown transfer encoding; part " + part.ID + " is kept as it is")
	}
	if p.want != "" {
		p.s.skip()
		return part.Part, body{}
	}
	var src io.Reader = p.s
	if given != nil {
		src = bytes.NewReader(given)
	}
	decoded := p.transfer(src, part.Encoding)
	count := &counter{r: decoded}
	var text body
	switch {
	case part.isBody(at):
		text = p.readText(part, count)
	case IsCalendar(part.Type) && !at.inner && !p.scheduled:
		p.readCalendar(part.Part, count)
	}
	_, err := io.Copy(io.Discard, count)
	if err != nil && p.s.err == nil {
		p.s.err = err
	}
	part.Size = count.n
	if b, ok := decoded.(*base64Reader); ok && b.footer {
		p.defect("text behind the base64 of part " + part.ID + " is left out")
	}
	return part.Part, text
}

// transfer is DecodeTransfer with one buffer for all parts.
func (p *parser) transfer(r io.Reader, encoding string) io.Reader {
	switch norm := normEncoding(encoding); norm {
	case "base64", "quoted-printable", "uuencode":
		if p.buf.decoder == nil {
			p.buf.decoder = bufio.NewReaderSize(nil, bufferFor(p.s, transferBuffer))
		}
		p.buf.decoder.Reset(r)
		decoded := decodeBuffered(p.buf.decoder, norm)
		if decoded == io.Reader(p.buf.decoder) {
			p.defect("a part called " + norm + " is not encoded; it is kept as it is")
		}
		return decoded
	}
	return r
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
