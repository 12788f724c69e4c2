package mailmime

import (
	"bytes"
	"io"
)

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
			l.cr = false
			cr := bytes.IndexByte(rest, '\r')
			if cr < 0 {
				out += copy(p[out:], rest)
				break
			}
			out += copy(p[out:], rest[:cr])
			for rest = rest[cr:]; len(rest) > 0 && rest[0] == '\r'; {
				p[out] = '\n'
				out, rest = out+1, rest[1:]
				if len(rest) > 0 && rest[0] == '\n' {
					rest = rest[1:]
				} else if len(rest) == 0 {
					l.cr = true
				}
			}
		}
		if out > 0 || err != nil || n == 0 {
			return out, err
		}
	}
}

// crReader makes one CR of several in a row.
type crReader struct {
	r  io.Reader
	cr bool // the last byte was a CR
}

func (c *crReader) Read(p []byte) (int, error) {
	for {
		n, err := c.r.Read(p)
		out := 0
		for _, b := range p[:n] {
			if b == '\r' && c.cr {
				continue
			}
			c.cr = b == '\r'
			p[out] = b
			out++
		}
		if out > 0 || err != nil || n == 0 {
			return out, err
		}
	}
}
