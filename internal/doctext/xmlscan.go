package doctext

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

const (
	// maxTextPiece is how much text comes in one token; longer text comes in several.
	maxTextPiece = 16 << 10
	// maxValue is how much of an attribute is kept: alternative texts are the longest that matter. It also bounds what
	// tables of ids cost.
	maxValue = 1 << 10
	// maxAttrs is how many attributes of an element are kept; Office writes about twenty.
	maxAttrs = 48
	// maxName is how much of a name is kept: the longest in Office's formats has forty characters.
	maxName = 64
)

type token byte

const (
	tokStart token = iota + 1
	tokEnd
	tokText
)

// span is a place in scanner.kept.
type span struct{ from, to int }

type attr struct {
	name, value span
	prefixed    bool
}

// scanner reads XML as tokens, with nothing held but the current one, so that neither depth nor the length of a text
// or an attribute costs memory; encoding/xml keeps each of them whole. It is as tolerant as a reader can be that
// does not mind what the rest of the file says: names are taken without their prefix (Transitional and Strict
// OOXML differ in their namespaces only), ends are not matched with starts, and there are no entities but the five
// of XML and numbers (XML 1.0 section 4.6), so that a DTD, which is skipped, has no effect.
type scanner struct {
	r        io.Reader
	buf      []byte
	pos, end int
	err      error // of r, once buf is used up

	name  []byte // of the element that starts or ends
	text  []byte
	attrs []attr
	kept  []byte
	depth int // of elements that are open; a start counts itself, an end no more

	closing  bool // an empty element's end comes next
	cdata    bool // inside a CDATA section
	brackets int  // "]" read there and not given out
}

func newScanner(r io.Reader) *scanner {
	return &scanner{r: r, buf: make([]byte, 32<<10)}
}

func (s *scanner) fill() bool {
	for s.pos >= s.end && s.err == nil {
		s.pos = 0
		s.end, s.err = s.r.Read(s.buf)
	}
	return s.pos < s.end
}

// one reads a byte; a missing one is the file's fault.
func (s *scanner) one() (byte, error) {
	if s.pos >= s.end && !s.fill() {
		return 0, s.cut()
	}
	c := s.buf[s.pos]
	s.pos++
	return c, nil
}

// cut is the error for a file that ends too early.
func (s *scanner) cut() error {
	if errors.Is(s.err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return s.err
}

// next gives the next token: io.EOF at the end of a whole file, io.ErrUnexpectedEOF at that of another.
func (s *scanner) next() (token, error) {
	if s.closing {
		s.closing = false
		s.depth--
		return tokEnd, nil
	}
	for {
		if s.pos >= s.end && !s.fill() {
			if s.depth <= 0 && errors.Is(s.err, io.EOF) {
				return 0, io.EOF
			}
			return 0, s.cut()
		}
		if s.cdata {
			if err := s.section(); err != nil {
				return 0, err
			}
			if len(s.text) > 0 {
				return tokText, nil
			}
			continue
		}
		if s.buf[s.pos] != '<' {
			return tokText, s.words()
		}
		s.pos++
		t, err := s.markup()
		if t != 0 || err != nil {
			return t, err
		}
	}
}

// words reads text up to the next markup.
func (s *scanner) words() error {
	s.text = s.text[:0]
	for len(s.text) < maxTextPiece && (s.pos < s.end || s.fill()) {
		rest := s.buf[s.pos:min(s.end, s.pos+maxTextPiece)]
		stop := bytes.IndexByte(rest, '<')
		if stop >= 0 {
			rest = rest[:stop]
		}
		if amp := bytes.IndexByte(rest, '&'); amp >= 0 {
			s.text = append(s.text, rest[:amp]...)
			s.pos += amp + 1
			s.text = s.entity(s.text)
			continue
		}
		s.text = append(s.text, rest...)
		s.pos += len(rest)
		if stop >= 0 {
			return nil
		}
	}
	return nil
}

// maxEntity is the longest reference that is understood: "#x10FFFF" and some zeros.
const maxEntity = 12

// entity reads what follows "&". What is no reference stays as it was written.
func (s *scanner) entity(dst []byte) []byte {
	var ref [maxEntity]byte
	n := 0
	for n < maxEntity && (s.pos < s.end || s.fill()) {
		c := s.buf[s.pos]
		if c == ';' {
			s.pos++
			if out, ok := resolve(dst, string(ref[:n])); ok {
				return out
			}
			return append(append(append(dst, '&'), ref[:n]...), ';')
		}
		if c == '<' || c == '&' || c == '"' || c == '\'' || c <= ' ' || c >= utf8.RuneSelf {
			break
		}
		ref[n] = c
		n++
		s.pos++
	}
	return append(append(dst, '&'), ref[:n]...)
}

func resolve(dst []byte, ref string) ([]byte, bool) {
	switch ref {
	case "amp":
		return append(dst, '&'), true
	case "lt":
		return append(dst, '<'), true
	case "gt":
		return append(dst, '>'), true
	case "quot":
		return append(dst, '"'), true
	case "apos":
		return append(dst, '\''), true
	}
	if len(ref) < 2 || ref[0] != '#' {
		return dst, false
	}
	digits, base := ref[1:], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		return dst, false
	}
	return utf8.AppendRune(dst, rune(n)), true
}

// section reads a piece of a CDATA section. Brackets that may begin its end are kept back, from one piece to the next.
func (s *scanner) section() error {
	s.text = s.text[:0]
	for len(s.text) < maxTextPiece {
		c, err := s.one()
		switch {
		case err != nil:
			return err
		case c == ']' && s.brackets < 2:
			s.brackets++
			continue
		case c == '>' && s.brackets == 2:
			s.cdata, s.brackets = false, 0
			return nil
		case c != ']':
			s.text = append(s.text, "]]"[:s.brackets]...)
			s.brackets = 0
		}
		s.text = append(s.text, c)
	}
	return nil
}

// markup reads what follows "<"; 0 means that it was nothing to show.
func (s *scanner) markup() (token, error) {
	c, err := s.one()
	if err != nil {
		return 0, err
	}
	switch c {
	case '?':
		return 0, s.skipTo("?>")
	case '!':
		return 0, s.declaration()
	case '/':
		if c, err = s.readName(); err != nil {
			return 0, err
		}
		for c != '>' {
			if c, err = s.one(); err != nil {
				return 0, err
			}
		}
		if s.depth > 0 {
			s.depth--
		}
		return tokEnd, nil
	}
	s.pos--
	return tokStart, s.start()
}

func (s *scanner) start() error {
	s.attrs, s.kept = s.attrs[:0], s.kept[:0]
	c, err := s.readName()
	if err != nil {
		return err
	}
	s.depth++
	for {
		for isSpace(c) {
			if c, err = s.one(); err != nil {
				return err
			}
		}
		switch c {
		case '>':
			return nil
		case '/':
			if c, err = s.one(); err != nil {
				return err
			}
			if c == '>' {
				s.closing = true
				return nil
			}
		default:
			if c, err = s.attribute(c); err != nil {
				return err
			}
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func ends(c byte) bool { return isSpace(c) || c == '>' || c == '/' || c == '=' }

// readName reads an element's name without its prefix, and the byte behind it.
func (s *scanner) readName() (byte, error) {
	s.name = s.name[:0]
	for {
		c, err := s.one()
		switch {
		case err != nil || ends(c):
			return c, err
		case c == ':':
			s.name = s.name[:0]
		case len(s.name) < maxName:
			s.name = append(s.name, c)
		}
	}
}

// attribute reads an attribute whose first byte is c, and gives the byte behind it.
func (s *scanner) attribute(c byte) (byte, error) {
	a := attr{name: span{from: len(s.kept)}}
	var err error
	for ; !ends(c); c, err = s.one() {
		if err != nil {
			return 0, err
		}
		switch {
		case c == ':':
			a.prefixed = true
			s.kept = s.kept[:a.name.from]
		case len(s.kept)-a.name.from < maxName:
			s.kept = append(s.kept, c)
		}
	}
	a.name.to = len(s.kept)
	for isSpace(c) && err == nil {
		c, err = s.one()
	}
	if err != nil || c != '=' {
		return c, err
	}
	for c, err = s.one(); isSpace(c) && err == nil; {
		c, err = s.one()
	}
	if err != nil || c != '"' && c != '\'' {
		return c, err
	}
	a.value.from = len(s.kept)
	if err := s.value(c); err != nil {
		return 0, err
	}
	a.value.to = len(s.kept)
	if len(s.attrs) < maxAttrs {
		s.attrs = append(s.attrs, a)
	} else {
		s.kept = s.kept[:a.name.from]
	}
	return s.one()
}

// value reads up to the closing quote and keeps the beginning.
func (s *scanner) value(quote byte) error {
	from := len(s.kept)
	for {
		if s.pos >= s.end && !s.fill() {
			return s.cut()
		}
		rest := s.buf[s.pos:s.end]
		stop := bytes.IndexByte(rest, quote)
		if stop >= 0 {
			rest = rest[:stop]
		}
		amp := bytes.IndexByte(rest, '&')
		if amp >= 0 {
			rest = rest[:amp]
		}
		s.kept = append(s.kept, rest[:min(len(rest), maxValue-(len(s.kept)-from))]...)
		s.pos += len(rest)
		switch {
		case amp >= 0:
			s.pos++
			if s.kept = s.entity(s.kept); len(s.kept) > from+maxValue {
				s.kept = s.kept[:from+maxValue]
			}
		case stop >= 0:
			s.pos++
			return nil
		}
	}
}
