package mailmime

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
)

// DecodeTransfer undoes a Content-Transfer-Encoding (RFC 2045 section 6). It never fails on malformed data: characters outside
// base64 are skipped, a wrong escape of quoted-printable is kept as written, an unknown encoding is passed on as it is.
// Errors are those of r.
func DecodeTransfer(r io.Reader, encoding string) io.Reader {
	switch norm := normEncoding(encoding); norm {
	case "base64", "quoted-printable":
		return decodeBuffered(bufio.NewReaderSize(r, bufferFor(r, transferBuffer)), norm)
	}
	return r
}

func decodeBuffered(br *bufio.Reader, norm string) io.Reader {
	if norm == "base64" {
		return &base64Reader{br: br}
	}
	return &qpReader{br: br}
}

// DecodeBody decodes the text of a part fetched by its section: transfer encoding, then charset to valid UTF-8, then line ends
// to LF. An empty charset means UTF-8, else windows-1252.
func DecodeBody(r io.Reader, encoding, charset string) io.Reader {
	return &lfReader{r: charsetReader(DecodeTransfer(r, encoding), charset)}
}

// transferBuffer holds some hundred lines of an encoded body.
const transferBuffer = 16 << 10

// normEncoding takes the encoding's name out of a field that may carry comments or junk behind it.
func normEncoding(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.IndexAny(s, " \t;("); i >= 0 {
		s = s[:i]
	}
	s = strings.Trim(s, `"'`)
	switch s {
	case "base-64", "b", "x-base64":
		return "base64"
	case "quoted_printable", "q", "quotedprintable", "quoted-printeable":
		return "quoted-printable"
	}
	return s
}

// knownEncoding tells whether a body with this encoding is readable.
func knownEncoding(norm string) bool {
	switch norm {
	case "", "7bit", "8bit", "binary", "base64", "quoted-printable":
		return true
	}
	return false
}

func base64Digit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/'
}

// base64Reader decodes base64 line by line.
type base64Reader struct {
	br     *bufio.Reader
	clean  []byte // digits not decoded yet
	out    []byte
	rest   []byte // of out, not handed out yet
	padded bool   // padding was seen: the data may be over
	err    error
}

func (b *base64Reader) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.fill()
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *base64Reader) fill() {
	b.out = b.out[:0]
	line, err := b.br.ReadSlice('\n')
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		b.err = err
	}
	// After the padding only lines of base64 are more data: list software appends its footer as plain text.
	if b.padded && bytes.ContainsFunc(bytes.TrimRight(line, " \t\r\n"), notBase64) {
		line = nil
		if b.err == nil {
			_, b.err = io.Copy(io.Discard, b.br)
			if b.err == nil {
				b.err = io.EOF
			}
		}
	}
	if b.whole(line) {
		return
	}
	for _, c := range line {
		switch {
		case base64Digit(c):
			b.clean = append(b.clean, c)
		case c == '=':
			if len(b.clean) > 0 {
				b.flush(true)
			}
			b.padded = true
		}
	}
	b.flush(b.err != nil)
	b.rest = b.out
}

// whole decodes a line that is nothing but whole groups of digits, as nearly all are.
func (b *base64Reader) whole(line []byte) bool {
	digits, _ := cutEOL(line)
	if len(b.clean) > 0 || len(digits)%4 != 0 {
		return false
	}
	out, err := base64.RawStdEncoding.AppendDecode(b.out, digits)
	if err != nil || len(out)-len(b.out) != len(digits)/4*3 { // it passes over line breaks
		return false
	}
	b.out, b.rest = out, out
	return true
}

// flush decodes whole groups of four digits, and at the end of a run of digits the incomplete one too.
func (b *base64Reader) flush(last bool) {
	n := len(b.clean) &^ 3
	if last {
		n = len(b.clean)
		if n%4 == 1 {
			n--
		}
	}
	b.out, _ = base64.RawStdEncoding.AppendDecode(b.out, b.clean[:n])
	if last {
		b.clean = b.clean[:0]
		return
	}
	b.clean = append(b.clean[:0], b.clean[n:]...)
}

func notBase64(r rune) bool { return r > 0x7F || !base64Digit(byte(r)) && r != '=' }

// qpReader decodes quoted-printable line by line (RFC 2045 section 6.7).
type qpReader struct {
	br   *bufio.Reader
	line []byte // undecoded tail of a chunk that was not a whole line
	out  []byte
	rest []byte
	err  error
}

// maxQPTail is how much is held back to see whether blanks or a "=" end a line; blanks beyond it are text.
const maxQPTail = 512

func (q *qpReader) Read(p []byte) (int, error) {
	for len(q.rest) == 0 {
		if q.err != nil {
			return 0, q.err
		}
		q.fill()
	}
	n := copy(p, q.rest)
	q.rest = q.rest[n:]
	return n, nil
}

func (q *qpReader) fill() {
	q.out = q.out[:0]
	chunk, err := q.br.ReadSlice('\n')
	whole := !errors.Is(err, bufio.ErrBufferFull)
	if err != nil && whole {
		q.err = err
	}
	q.line = append(q.line, chunk...)
	line := q.line
	if !whole {
		n := qpComplete(line)
		q.decode(line[:n])
		q.line = append(q.line[:0], line[n:]...)
		q.rest = q.out
		return
	}
	text, eol := cutEOL(line)
	text = bytes.TrimRight(text, " \t")
	if n := len(text); n > 0 && text[n-1] == '=' {
		text, eol = text[:n-1], ""
	}
	q.decode(text)
	q.out = append(q.out, eol...)
	q.line = q.line[:0]
	q.rest = q.out
}

// qpComplete returns how much of an unfinished line can be decoded: not the blanks, nor the escape, it may end in.
func qpComplete(line []byte) int {
	from := max(0, len(line)-maxQPTail)
	n := from + len(bytes.TrimRight(line[from:], " \t"))
	switch {
	case n > 0 && line[n-1] == '=':
		return n - 1
	case n == len(line) && n > 1 && line[n-2] == '=':
		return n - 2
	}
	return n
}

func (q *qpReader) decode(s []byte) {
	for {
		i := bytes.IndexByte(s, '=')
		if i < 0 {
			q.out = append(q.out, s...)
			return
		}
		q.out = append(q.out, s[:i]...)
		if i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			q.out = append(q.out, unhex(s[i+1])<<4|unhex(s[i+2]))
			s = s[i+3:]
			continue
		}
		q.out = append(q.out, '=')
		s = s[i+1:]
	}
}

// cutEOL splits a line from the line break at its end.
func cutEOL(line []byte) (text []byte, eol string) {
	n := len(line)
	switch {
	case n > 1 && line[n-1] == '\n' && line[n-2] == '\r':
		return line[:n-2], "\r\n"
	case n > 0 && line[n-1] == '\n':
		return line[:n-1], "\n"
	}
	return line, ""
}

// lfReader turns CR LF and lone CR into LF.
type lfReader struct {
	r  io.Reader
	cr bool // the last byte was a CR, already written as LF
}

func (l *lfReader) Read(p []byte) (int, error) {
	for {
		n, err := l.r.Read(p)
		out := 0
		for rest := p[:n]; len(rest) > 0; {
			if l.cr && rest[0] == '\n' {
				rest = rest[1:]
			}
			cr := bytes.IndexByte(rest, '\r')
			if l.cr = cr >= 0; !l.cr {
				out += copy(p[out:], rest)
				break
			}
			out += copy(p[out:], rest[:cr])
			p[out] = '\n'
			out, rest = out+1, rest[cr+1:]
		}
		if out > 0 || err != nil || n == 0 {
			return out, err
		}
	}
}
