package mailmime

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// scanner walks over a message line by line and stops at the delimiters of the open multiparts (RFC 2046 section 5.1.1).
// What lies between two stops is a section.
type scanner struct {
	br     *bufio.Reader
	size   int      // of br's buffer
	bounds []string // open boundaries, outermost first
	hit    int      // index of the boundary that ended the section, -1: none yet
	closes bool     // that boundary was the last one of its multipart
	bol    bool     // the next byte starts a line
	hold   string   // the last line's break, which belongs to the delimiter if one follows
	eol    [2]byte  // the break that chunk hands out
	stash  []byte   // read, not handed out yet
	left   []byte   // of the chunk that Read handed out the first part of
	pos    int64    // bytes of the message passed, delimiters included
	brk    int64    // bytes of the break behind a header line or delimiter, not in pos: it belongs to a delimiter that follows
	stop   int64    // where the section ended, before the line break that belongs to the delimiter
	twice  bool     // lines end in CR CR LF
	eof    bool
	err    error // of the reader, not io.EOF
}

// scanBuffer is also the longest delimiter or header line prefix looked at in one piece.
const scanBuffer = 32 << 10

// newScanner reads r through br, of scanBuffer, or where that is nil through a buffer that fits.
func newScanner(r io.Reader, br *bufio.Reader) *scanner {
	size := scanBuffer
	if br != nil {
		br.Reset(r)
	} else {
		size = bufferFor(r, scanBuffer)
		br = bufio.NewReaderSize(r, size)
	}
	return &scanner{br: br, size: size, hit: -1, bol: true}
}

// mendLines gives a message sound line ends where none of the first ones is.
func (s *scanner) mendLines() {
	head, err := s.br.Peek(s.size)
	twice := bytes.Count(head, []byte("\r\r\n"))
	switch sound := err == nil || errors.Is(err, io.EOF); {
	case bytes.IndexByte(head, '\r') >= 0 && bytes.IndexByte(head, '\n') < 0 && sound: // a file with old Macintosh line ends has CRs only
		s.br = bufio.NewReaderSize(&lfReader{r: s.br}, s.size)
	case twice > 0 && twice == bytes.Count(head, []byte("\n")): // a program took LF for a line end where CR LF was one
		s.br, s.twice = bufio.NewReaderSize(&crReader{r: s.br}, s.size), true
	}
}

// leastBuffer is what bufio takes anyway.
const leastBuffer = 16

// bufferFor is the size of a buffer for r: most, or just above what is left where r knows that. Reading through it is then
// the same, since the whole of r fits.
func bufferFor(r io.Reader, most int) int {
	left := most
	switch r := r.(type) {
	case interface{ Len() int }:
		left = r.Len()
	case *scanner:
		left = r.size
	}
	return max(leastBuffer, min(most, left+1))
}

// push opens a multipart: its boundary ends sections from here on.
func (s *scanner) push(boundary string) int {
	s.bounds = append(s.bounds, boundary)
	return len(s.bounds) - 1
}

// resume leaves the stop behind; the next section starts.
func (s *scanner) resume() {
	s.hit, s.closes, s.hold, s.bol = -1, false, "", true
}

// end is where the section that was read last ended.
func (s *scanner) end() int64 {
	if s.hit >= 0 {
		return s.stop
	}
	return s.pos + s.brk
}

// mark is where the section's content starts, behind its header.
func (s *scanner) mark() int64 {
	if s.hit >= 0 {
		return s.stop
	}
	s.pass(0)
	return s.pos
}

// pass counts n bytes as read.
func (s *scanner) pass(n int) {
	s.pos += s.brk + int64(n)
	s.brk = 0
}

// chunk returns the next piece of the section, valid until the next call; nil at its end.
func (s *scanner) chunk() []byte {
	for {
		if len(s.stash) > 0 {
			b := s.stash
			s.stash = nil
			s.pass(len(b))
			return b
		}
		if s.hit >= 0 {
			return nil
		}
		if s.eof {
			return s.takeHold()
		}
		block := s.block()
		if len(block) == 0 {
			continue
		}
		text, eol := cutEOL(block)
		s.stash = text
		if held := s.takeHold(); held != nil {
			s.hold = eol
			return held
		}
		s.hold = eol
	}
}

func (s *scanner) takeHold() []byte {
	if s.hold == "" {
		return nil
	}
	b := s.eol[:copy(s.eol[:], s.hold)]
	s.hold = ""
	s.pass(len(b))
	return b
}

// block reads as many whole lines as are at hand and hold no delimiter; it returns nothing when a delimiter or the end is next.
func (s *scanner) block() []byte {
	if s.bol && s.atDelimiter() {
		return nil
	}
	if s.br.Buffered() == 0 {
		if _, err := s.br.Peek(1); err != nil {
			s.fail(err)
			return nil
		}
	}
	window, _ := s.br.Peek(s.br.Buffered())
	n := len(window)
	if len(s.bounds) > 0 {
		n = s.beforeDelimiter(window)
	} else if i := bytes.LastIndexByte(window, '\n'); i >= 0 {
		n = i + 1
	}
	if n > 0 {
		_, _ = s.br.Discard(n) // buffered: cannot fail, and leaves the bytes in place until the next read
		s.bol = window[n-1] == '\n'
		return window[:n]
	}
	line, err := s.br.ReadSlice('\n')
	s.bol = err == nil
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		s.fail(err)
	}
	return line
}

// beforeDelimiter is how much of what is at hand are whole lines before one that may be a delimiter.
func (s *scanner) beforeDelimiter(window []byte) int {
	for at := 0; ; {
		i := bytes.Index(window[at:], []byte("\n--"))
		if i < 0 {
			return bytes.LastIndexByte(window, '\n') + 1
		}
		at += i + 1
		for _, bound := range s.bounds {
			rest := window[at+2:]
			if n := min(len(rest), len(bound)); string(rest[:n]) == bound[:n] {
				return at
			}
		}
	}
}

func (s *scanner) fail(err error) {
	s.eof = true
	if !errors.Is(err, io.EOF) {
		s.err = err
	}
}

// atDelimiter looks whether the line at hand is a delimiter of an open multipart, and consumes it.
func (s *scanner) atDelimiter() bool {
	if len(s.bounds) == 0 {
		return false
	}
	if head, _ := s.br.Peek(2); string(head) != "--" {
		return false
	}
	line := s.peekLine()
	level, closes := s.match(line)
	if level < 0 {
		return false
	}
	_, _ = s.br.Discard(len(line))
	s.hit, s.closes, s.stop = level, closes, s.pos
	text, eol := cutEOL(line)
	s.pass(len(s.hold) + len(text))
	s.hold, s.brk = "", int64(len(eol))
	return true
}

// peekLine shows the next line, cut to what fits the buffer.
func (s *scanner) peekLine() []byte {
	for size := 256; ; size *= 4 {
		window, err := s.br.Peek(min(size, s.size))
		if i := bytes.IndexByte(window, '\n'); i >= 0 {
			return window[:i+1]
		}
		if err != nil || size >= s.size {
			return window
		}
	}
}

// peekTwo shows the next line and the start of the one behind it.
func (s *scanner) peekTwo() (line, next []byte) {
	line = s.peekLine()
	window, _ := s.br.Peek(min(len(line)+maxFieldName+1, s.size))
	return window[:len(line)], window[len(line):]
}

// match finds the innermost open boundary the line names. Blanks behind it are transport padding.
func (s *scanner) match(line []byte) (level int, closes bool) {
	text := bytes.TrimRight(line[2:], " \t\r\n")
	for i := len(s.bounds) - 1; i >= 0; i-- {
		n := len(s.bounds[i])
		if len(text) < n || string(text[:n]) != s.bounds[i] {
			continue
		}
		if rest := text[n:]; len(rest) == 0 || string(rest) == "--" {
			return i, len(rest) > 0
		}
	}
	return -1, false
}

// delimits tells whether the line is a delimiter of an open multipart.
func (s *scanner) delimits(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("--")) {
		return false
	}
	level, _ := s.match(line)
	return level >= 0
}

// line reads one line of the section without its break, for headers, valid until the next call. Of a line longer than limit
// the rest is skipped and cut is true; ok is false when the section is over.
func (s *scanner) line(limit int) (line []byte, cut, ok bool) {
	if s.hit >= 0 || s.eof || s.bol && s.atDelimiter() {
		return nil, false, false
	}
	for {
		piece, err := s.br.ReadSlice('\n')
		text, eol := cutEOL(piece)
		s.pass(len(text))
		s.brk = int64(len(eol))
		if room := limit - len(line); len(piece) > room {
			piece, cut = piece[:max(0, room)], true
		}
		s.bol = err == nil
		if s.bol && line == nil && !cut {
			line, _ = cutEOL(piece)
			return line, false, true
		}
		line = append(line, piece...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			s.fail(err)
			if len(line) == 0 && !cut {
				return nil, false, false
			}
		}
		line, _ = cutEOL(line)
		return line, cut, true
	}
}

// Read reads the section's content.
func (s *scanner) Read(p []byte) (int, error) {
	if len(s.left) == 0 {
		s.left = s.chunk()
	}
	if len(s.left) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		return 0, io.EOF
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

// skip passes over the rest of the section.
func (s *scanner) skip() {
	s.left = nil
	for len(s.chunk()) > 0 {
	}
}
