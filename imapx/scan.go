package imapx

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
