package imapx

import (
	"bytes"
	"errors"
	"strconv"
)

const (
	// maxDepth is twice what the parser's own lists allow; the deepest mail
	// that came back from a real server had 999 levels.
	maxDepth = 2000
	// statusKept holds the COPYUID of a bulk move in scattered UIDs.
	statusKept = 64 << 10
	// maxNumber stops a literal's size from overflowing: above any limit.
	maxNumber = 1 << 40
	// wordKept is longer than any response name and any tag of ours.
	wordKept = 24
	// maxMoves bounds the numbers that the parser moves to sort an answer, which
	// is quadratic in its length: 40 000 in falling order, a second's work.
	maxMoves = 1 << 30
)

// scanner follows a server's answer byte by byte, with the same idea of
// strings, literals and lists as the parser behind it, and refuses what would
// hurt that parser (RFC 9051 section 9). It sorts whole responses: those the
// parser has a use for, those that answer a command of our own, and the rest.
type scanner struct {
	limits Limits
	status func(line []byte)           // called with each whole status line
	news   func(n uint32, word string) // called for each "* n WORD" at its start
	// route decides on a response by its tag, "+", or the word that names it.
	route func(kind headKind, word string) route
	// taken gets each response that is not for the parser, and reports whether
	// it was ours after all; one that was not goes to the parser. It keeps nothing.
	taken func(response []byte) bool

	out    []byte // for the parser
	whole  int    // how much of out is whole responses
	own    []byte // a response that is not for the parser, or not yet
	where  route
	tagged bool   // it is the end of a command
	torn   bool   // the response has a string that runs over the end of its line
	chunk  []byte // what scan was given, filed up to from, looked at up to at
	from   int
	at     int

	state   scanState
	kind    responseKind
	words   int
	word    []byte
	depth   int
	size    int64 // of this response, without bodies
	prev    byte  // last byte that was no space, before a literal
	number  int64
	digits  int
	literal int64 // bytes of the open literal still to come
	line    []byte

	numbers int64 // bytes of lists of numbers that answer the command under way
	order   order // of those that the parser sorts
}

// order follows the numbers of an answer.
type order struct {
	number, top, count, moves int64
	within                    bool
}

func (o *order) step(c byte) {
	switch {
	case c >= '0' && c <= '9':
		o.number, o.within = min(o.number*10+int64(c-'0'), maxNumber), true
	case o.within:
		o.count++
		if o.number < o.top {
			o.moves += o.count
		}
		o.top, o.number, o.within = max(o.top, o.number), 0, false
	}
}

type scanState uint8

const (
	scanHead    scanState = iota // the words that say what kind it is
	scanData                     // data outside strings
	scanText                     // a status line: free text to the end
	scanQuoted                   // inside a quoted string
	scanEscape                   // behind a backslash in one
	scanBrace                    // behind {
	scanBraced                   // behind {n}
	scanLiteral                  // inside a literal
)

// headKind is what a response begins with.
type headKind uint8

const (
	headTag  headKind = iota // the tag of a command
	headMore                 // "+"
	headWord                 // "* WORD" or "* n WORD"
)

// route is where a response goes.
type route uint8

const (
	undecided route = iota // its head is in line
	pass                   // to the parser, as it comes
	take                   // to taken, when it is whole
	drop
)

type responseKind uint8

const (
	kindData responseKind = iota
	kindFetch
	kindNumbers
)

// midway reports whether the stream stands inside a response.
func (s *scanner) midway() bool { return s.state != scanHead || s.size > 0 }

func (s *scanner) scan(b []byte) error {
	s.chunk, s.from, s.at = b, 0, 0
	for s.at < len(b) {
		if s.state == scanLiteral {
			n := min(int64(len(b)-s.at), s.literal)
			s.at += int(n)
			s.skip(n)
			continue
		}
		n := s.dull(b[s.at:])
		if s.size += int64(max(1, n)); s.size > s.most() {
			return s.tooLarge("a response", s.most())
		}
		s.at += max(1, n)
		if n == 0 {
			if err := s.step(b[s.at-1]); err != nil {
				return err
			}
		}
		if s.order.moves > maxMoves {
			return s.tooLarge("the disorder of an answer", maxMoves)
		}
	}
	s.file()
	s.chunk = nil
	return nil
}

// file puts what was looked at where the response under way goes. The bytes of
// its head are in line until that is known.
func (s *scanner) file() {
	s.put(s.chunk[s.from:s.at])
	s.from = s.at
}

func (s *scanner) put(b []byte) {
	switch s.where {
	case pass:
		s.out = append(s.out, b...)
	case take:
		s.own = append(s.own, b...)
	default:
	}
}

// send decides where the response goes whose head is in line.
func (s *scanner) send(kind headKind, word string) {
	s.where, s.tagged = s.route(kind, word), kind == headTag
	s.put(s.line)
	s.from = s.at
}

// direct is how many bytes to come may go past the scanner: those of a body
// for the parser.
func (s *scanner) direct() int64 {
	if s.state == scanLiteral && s.where == pass && len(s.out) == 0 {
		return s.literal
	}
	return 0
}

// skip counts n bytes of the open literal.
func (s *scanner) skip(n int64) {
	if s.literal -= n; s.literal == 0 {
		s.state, s.prev = scanData, 0
	}
}

// dull returns how many bytes at the start of b change nothing but the size.
func (s *scanner) dull(b []byte) (n int) {
	switch s.state {
	case scanQuoted:
		for n < len(b) && b[n] != '"' && b[n] != '\\' && b[n] != '\r' && b[n] != '\n' {
			n++
		}
	case scanData:
		for n < len(b) && !telling(b[n]) {
			n++
		}
		for i := n - 1; i >= 0; i-- {
			if b[i] != ' ' {
				s.prev = b[i]
				break
			}
		}
		if s.kind == kindNumbers && s.where == pass {
			for _, c := range b[:n] {
				s.order.step(c)
			}
		}
	default: // every byte counts
	}
	return n
}

// telling reports the bytes that change the state outside of strings.
func telling(c byte) bool {
	const low = 1<<'"' | 1<<'(' | 1<<')' | 1<<'\n'
	return c < 64 && uint64(low)>>c&1 != 0 || c == '{'
}

func (s *scanner) most() int64 {
	if s.kind == kindNumbers {
		return s.limits.Numbers - s.numbers
	}
	return s.limits.Response
}

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
