package mailmime

import (
	"bufio"
	"bytes"
	"errors"
)

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

// fill decodes what lines are at hand, one at least.
func (q *qpReader) fill() {
	q.out = q.out[:0]
	q.oneLine()
	for q.err == nil && len(q.out) < qpBatch && q.br.Buffered() > 0 {
		q.oneLine()
	}
	q.rest = q.out
}

// qpBatch is what is handed out at once when there is more at hand: many lines are empty but for a soft break.
const qpBatch = 512

func (q *qpReader) oneLine() {
	chunk, err := q.br.ReadSlice('\n')
	whole := !errors.Is(err, bufio.ErrBufferFull)
	if err != nil && whole {
		q.err = err
	}
	line := chunk
	if len(q.line) > 0 || !whole {
		q.line = append(q.line, chunk...)
		line = q.line
	}
	if !whole {
		n := qpComplete(line)
		q.decode(line[:n])
		q.line = append(q.line[:0], line[n:]...)
		return
	}
	text, eol := cutEOL(line)
	text = trimBlanks(text)
	if n := len(text); n > 0 && text[n-1] == '=' {
		text, eol = text[:n-1], ""
	}
	q.decode(text)
	q.out = append(q.out, eol...)
	q.line = q.line[:0]
}

// qpComplete returns how much of an unfinished line can be decoded: not the blanks, nor the escape, it may end in.
func qpComplete(line []byte) int {
	from := max(0, len(line)-maxQPTail)
	n := from + len(trimBlanks(line[from:]))
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

func trimBlanks(s []byte) []byte {
	n := len(s)
	for n > 0 && (s[n-1] == ' ' || s[n-1] == '\t') {
		n--
	}
	return s[:n]
}
