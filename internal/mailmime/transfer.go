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
	case "base64", "quoted-printable", "uuencode":
		return decodeBuffered(bufio.NewReaderSize(r, bufferFor(r, transferBuffer)), norm)
	}
	return r
}

// decodeBuffered returns br itself when what it reads is not encoded, whatever its field says.
func decodeBuffered(br *bufio.Reader, norm string) io.Reader {
	switch {
	case norm == "base64" && notEncoded(br):
		return br
	case norm == "base64":
		return &base64Reader{br: br}
	case norm == "uuencode" && !uuBegins(br):
		return br
	case norm == "uuencode":
		return &uuReader{br: br}
	}
	return &qpReader{br: br}
}

// notEncoded tells whether a body called base64 is plain text: its first line has blanks between words, and nothing near
// holds a row of digits as base64 does.
func notEncoded(br *bufio.Reader) bool {
	head, _ := br.Peek(512)
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, " \t\r\n"), []byte("\n"))
	words := bytes.Fields(line)
	if len(words) < 3 {
		return false
	}
	row, marks, small, others := 0, 0, 0, 0
	for _, c := range head {
		if row++; !base64Digit(c) {
			row = 0
		}
		if row >= 40 {
			return false
		}
		switch {
		case row == 0 && c > ' ' && c != '=':
			marks++
		case 'a' <= c && c <= 'z':
			small++
		case row > 0:
			others++
		}
	}
	words64 := others*5 >= small                                     // of base64 six digits in ten are no small letters, of text few
	return (marks > 0 || !words64) && !bytes.ContainsRune(line, '=') // base64 with blanks in it has no marks
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
	if i := strings.IndexAny(s, " \t;(,"); i >= 0 {
		s = s[:i]
	}
	s = strings.Trim(s, `"':`)
	switch s {
	case "base-64", "b", "x-base64":
		return "base64"
	case "quoted_printable", "q", "quotedprintable", "quoted-printeable", "quoted", "x-quoted-printable":
		return "quoted-printable"
	case "7", "7-bit", "7bits", "7_bit", "us-ascii", "ascii", "text":
		return "7bit"
	case "8", "8-bit", "8bits", "8_bit", "utf-8", "utf8", "none", "identity":
		return "8bit"
	case "x-uuencode", "x-uue", "uue", "x-uu":
		return "uuencode"
	}
	return s
}

// knownEncoding tells whether a body with this encoding is readable.
func knownEncoding(norm string) bool {
	switch norm {
	case "", "7bit", "8bit", "binary", "base64", "quoted-printable", "uuencode":
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
	begun  bool   // some was decoded
	footer bool   // text behind the data was left out
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
	// List software appends its footer as plain text, below a rule or a signature's dashes; after the padding only lines of
	// base64 are more data.
	if text := bytes.TrimRight(line, " \t\r\n"); b.padded && bytes.ContainsFunc(text, notBase64) || b.begun && isRule(text) {
		line, b.footer = nil, true
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
	b.rest, b.begun = b.out, b.begun || len(b.out) > 0
}

// isRule tells whether a line is nothing but dashes or underscores, as stand above a footer.
func isRule(line []byte) bool {
	return len(line) > 1 && (len(bytes.Trim(line, "-")) == 0 || len(bytes.Trim(line, "_")) == 0)
}

// whole decodes a line that is nothing but whole groups of digits, as nearly all are.
func (b *base64Reader) whole(line []byte) bool {
	if len(b.clean) > 0 {
		return false
	}
	digits, _ := cutEOL(line)
	if len(digits)%4 != 0 {
		return false
	}
	out, err := base64.RawStdEncoding.AppendDecode(b.out, digits)
	if err != nil || len(out)-len(b.out) != len(digits)/4*3 { // it passes over line breaks
		return false
	}
	b.out, b.rest, b.begun = out, out, b.begun || len(out) > 0
	return true
}

// flush decodes whole groups of four digits, and at the end of a run of digits the incomplete one too.
func (b *base64Reader) flush(last bool) {
	if len(b.clean) < 4 && !last {
		return
	}
	n := len(b.clean) &^ 3
	if last {
		n = len(b.clean)
		if n%4 == 1 {
			n--
		}
	}
	if n > 0 {
		b.out, _ = base64.RawStdEncoding.AppendDecode(b.out, b.clean[:n])
	}
	if last {
		b.clean = b.clean[:0]
		return
	}
	b.clean = append(b.clean[:0], b.clean[n:]...)
}

func notBase64(r rune) bool { return r > 0x7F || !base64Digit(byte(r)) && r != '=' }
