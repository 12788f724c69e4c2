package mailmime

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// uuReader decodes uuencode, which had no standard in mail: lines of a length and groups of four characters for three bytes,
// between "begin" and "end". What stands around them is not content.
type uuReader struct {
	br    *bufio.Reader
	begun bool
	out   []byte
	rest  []byte
	err   error
}

// uuBegins tells whether the beginning is near.
func uuBegins(br *bufio.Reader) bool {
	head, _ := br.Peek(sniffed)
	return bytes.HasPrefix(head, []byte("begin ")) || bytes.Contains(head, []byte("\nbegin "))
}

// Read implements io.Reader.
func (u *uuReader) Read(p []byte) (int, error) {
	for len(u.rest) == 0 {
		if u.err != nil {
			return 0, u.err
		}
		u.fill()
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

func (u *uuReader) fill() {
	line, err := u.br.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) { // no line of uuencode is that long
		line = nil
		_, err = u.br.ReadSlice('\n')
	}
	if err != nil {
		u.err = err
	}
	line = bytes.TrimRight(line, "\r\n")
	switch {
	case !u.begun:
		u.begun = bytes.HasPrefix(line, []byte("begin "))
	case bytes.Equal(line, []byte("end")):
		if u.err == nil {
			if _, u.err = io.Copy(io.Discard, u.br); u.err == nil {
				u.err = io.EOF
			}
		}
	case len(line) > 1:
		u.line(line)
	}
}

func (u *uuReader) line(line []byte) {
	n := int(line[0]-' ') & 0x3F
	u.out = u.out[:0]
	for group := line[1:]; len(group) > 1; group = group[min(4, len(group)):] {
		var bits uint32
		for i := range 4 {
			bits <<= 6
			if i < len(group) {
				bits |= uint32(group[i]-' ') & 0x3F
			}
		}
		u.out = append(u.out, byte(bits>>16), byte(bits>>8), byte(bits))
	}
	for len(u.out) < n { // blanks, which are zeros, get lost at the end
		u.out = append(u.out, 0)
	}
	u.out = u.out[:n]
	u.rest = u.out
}
