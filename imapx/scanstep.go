package imapx

import (
	"bytes"
	"errors"
	"strconv"
)

func (s *scanner) step(c byte) error {
	switch s.state {
	case scanHead:
		return s.head(c)
	case scanText:
		if len(s.line) >= statusKept {
			return s.tooLarge("a status line", statusKept)
		}
		s.line = append(s.line, c)
		if c == '\n' {
			if s.where == pass && openCode(s.line) {
				// The parser would look for its end in the lines behind this one.
				return &Error{Kind: Protocol, Err: errors.New("a response code does not end")}
			}
			s.status(bytes.TrimRight(s.line, "\r\n"))
			s.reset()
		}
	case scanQuoted:
		switch c {
		case '"':
			s.state = scanData
		case '\\':
			s.state = scanEscape
		case '\r', '\n':
			if s.where != pass { // a fault in what the parser must not get
				s.state, s.torn = scanData, true
				return s.data(c)
			}
			// RFC 9051 section 9: QUOTED-CHAR is never CR or LF.
			return &Error{Kind: Protocol, Err: errors.New("a quoted string runs over the end of its line")}
		}
	case scanEscape:
		s.state = scanQuoted
	case scanBrace, scanBraced:
		return s.brace(c)
	default:
		return s.data(c)
	}
	return nil
}

// head reads the words that tell status lines, whose text is free, from data.
func (s *scanner) head(c byte) error {
	if len(s.line) >= statusKept {
		return s.tooLarge("the head of a response", statusKept)
	}
	s.line = append(s.line, c)
	switch {
	case s.size == 1 && c == '+': // RFC 9051 section 7.6
		s.state = scanText
		s.send(headMore, "+")
		return nil
	case c != ' ' && c != '\r' && c != '\n' && c != '(':
		if len(s.word) < wordKept {
			s.word = append(s.word, c)
		}
		return nil
	}
	word := upper(s.word)
	s.word = s.word[:0]
	s.words++
	switch {
	case s.words == 1 && word != "*":
		s.state = scanText // tagged: a status
		s.send(headTag, word)
	case s.words == 1:
		return s.end(c)
	case s.words == 2 && word >= "0" && word < ":":
		n, err := strconv.ParseUint(word, 10, 32)
		if err != nil {
			return &Error{Kind: Protocol, Err: errors.New("a number is out of range")}
		}
		s.number = int64(n)
		return s.end(c)
	default:
		s.state, s.kind = wordKind(word)
		name := word
		if word == "EXPUNGE" && (s.words == 2 || s.number == 0) {
			// The parser takes the removal of no message for the end of the list, and
			// then waits for somebody to take the rest.
			name = ""
		}
		s.send(headWord, name)
		if s.words == 3 {
			s.news(uint32(s.number), word)
		}
	}
	if s.state == scanText {
		return s.end(c)
	}
	s.line = s.line[:0]
	return s.data(c)
}

// openCode reports a status line whose response code has no end.
func openCode(line []byte) bool {
	tag, rest, _ := bytes.Cut(line, []byte(" "))
	if string(tag) == "+" {
		return false // all of it is text
	}
	for {
		word, behind, _ := bytes.Cut(rest, []byte(" "))
		rest = behind
		if len(word) == 0 || word[0] < '0' || word[0] > '9' { // not the number in "* 1 OK"
			return len(rest) > 0 && rest[0] == '[' && !bytes.Contains(rest, []byte("]"))
		}
	}
}

// upper is the word in upper case, without a copy of those that come all the time.
func upper(word []byte) string {
	for _, c := range word {
		if c >= 'a' && c <= 'z' || c >= 0x80 {
			return string(bytes.ToUpper(word))
		}
	}
	switch string(word) {
	case "*":
		return "*"
	case "FETCH":
		return "FETCH"
	}
	return string(word)
}

// end handles a line that ends within its head.
func (s *scanner) end(c byte) error {
	if c == '\n' {
		s.status(bytes.TrimRight(s.line, "\r\n"))
		s.reset()
	}
	return nil
}

func wordKind(word string) (scanState, responseKind) {
	switch word {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return scanText, kindData
	case "FETCH":
		return scanData, kindFetch
	case "SEARCH", "ESEARCH", "SORT", "THREAD":
		return scanData, kindNumbers
	}
	return scanData, kindData
}

func (s *scanner) data(c byte) error {
	switch c {
	case '"':
		s.state = scanQuoted
	case '(':
		if s.depth++; s.depth > maxDepth {
			return s.tooLarge("the nesting of a response", maxDepth)
		}
	case ')':
		s.depth--
	case '{':
		s.state, s.number, s.digits = scanBrace, 0, 0
		return nil // prev stays what stood before the literal
	case '\n':
		s.reset()
		return nil
	}
	if c != ' ' {
		s.prev = c
	}
	return nil
}

// brace reads {n} CRLF, as liberally as the parser does.
func (s *scanner) brace(c byte) error {
	switch {
	case s.state == scanBrace && c >= '0' && c <= '9':
		s.number, s.digits = min(s.number*10+int64(c-'0'), maxNumber), s.digits+1
		return nil
	case s.state == scanBrace && c == '}' && s.digits > 0:
		s.state = scanBraced
		return nil
	case s.state == scanBraced && (c == ' ' || c == '\r'):
		return nil
	case s.state == scanBraced && c == '\n':
		return s.open()
	}
	s.state = scanData
	return s.data(c)
}

// open admits a literal: bodies stream and have a cap of their own, all others
// are buffered by the parser and count as part of the response.
func (s *scanner) open() error {
	body := s.kind == kindFetch && s.depth == 1 && (s.prev == ']' || s.prev == '>') && s.where != take
	if body {
		if s.number > s.limits.Body {
			return s.tooLarge("a body of "+strconv.FormatInt(s.number, 10)+" bytes", s.limits.Body)
		}
	} else if s.size += s.number; s.size > s.most() {
		return s.tooLarge("a response", s.most())
	}
	s.literal, s.state = s.number, scanLiteral
	if s.literal == 0 {
		s.state, s.prev = scanData, 0
	}
	return nil
}

// reset is the end of a response.
func (s *scanner) reset() {
	s.file()
	if s.where == take && !s.taken(s.own) && !s.torn {
		s.out = append(s.out, s.own...)
	}
	switch {
	case s.kind == kindNumbers:
		s.numbers += s.size
	case s.tagged && s.where != drop:
		s.numbers, s.order = 0, order{}
	}
	s.where, s.tagged, s.torn, s.own, s.whole = undecided, false, false, s.own[:0], len(s.out)
	if cap(s.own) > 64<<10 {
		s.own = nil
	}
	s.state, s.kind, s.words, s.depth, s.size, s.prev = scanHead, kindData, 0, 0, 0, 0
	s.word, s.line = s.word[:0], s.line[:0]
	if cap(s.line) > 4<<10 {
		s.line = nil // one bulk move must not cost its buffer for ever
	}
}

func (s *scanner) tooLarge(what string, most int64) error {
	return &Error{Kind: TooLarge, Err: errors.New(what + " is over the limit of " + strconv.FormatInt(most, 10))}
}
