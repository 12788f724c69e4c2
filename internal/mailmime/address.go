package mailmime

import (
	"strings"
	"unicode/utf8"
)

// Address is one mailbox of RFC 5322 section 3.4. What was read from a message may be malformed: Mailbox is then as the sender
// wrote it, and empty when the entry held a name only.
type Address struct {
	Name    string // decoded
	Mailbox string // local@domain
}

// String gives "Ann Lee <ann@example.org>", quoting the name where RFC 5322 section 3.2.3 asks for it. Control characters are
// left out, other characters stay as they are: it is for reading, Compose does its own encoding.
func (a Address) String() string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, a.Name)
	switch {
	case name == "":
		return a.Mailbox
	case !plainPhrase(name):
		name = quoteString(name)
	}
	if a.Mailbox == "" {
		return name
	}
	return name + " <" + a.Mailbox + ">"
}

// plainPhrase tells whether s may stand as a display name without quotes.
func plainPhrase(s string) bool {
	for _, r := range s {
		if r < utf8.RuneSelf && !atext(byte(r)) && r != ' ' {
			return false
		}
	}
	return s != "" && s == strings.TrimSpace(s) && !strings.Contains(s, "  ") && !strings.Contains(s, "=?")
}

// atext is RFC 5322 section 3.2.3.
func atext(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c != 0 && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func quoteString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// ParseAddressList reads an address field. One bad entry never drops the others: an entry without a mailbox keeps its name, and
// ok is false when there was any such entry or leftover text. Group names are dropped, their members kept. A comma in an unquoted
// name ("Lee, Ann <ann@example.org>") stays in the name. Names are decoded; mailboxes are only cleared of blanks and routes.
func ParseAddressList(s string) (list []Address, ok bool) {
	p := addressParser{s: unfold(s), ok: true}
	p.lastSemi = strings.LastIndexByte(p.s, ';')
	for p.pos < len(p.s) {
		p.entry()
	}
	p.endPending()
	return p.list, p.ok
}

type addressParser struct {
	s    string
	pos  int
	list []Address
	ok   bool
	// pending is an entry that ended at a comma without any "@": the first half of a name, or a bad entry.
	pending  string
	lastSemi int // a colon opens a group only where a semicolon can close it
	// A quote or comment found open to the end makes all later ones literal, so that scanning stays linear.
	openQuote, openComment bool
}

const (
	// maxAngle bounds what stands in <...>: an address has at most 254 characters (RFC 5321 section 4.5.3.1), a route some more.
	maxAngle = 2000
	// maxPending bounds a name gathered over commas.
	maxPending = 1000
)

// addressEntry is the text between two separators, split into its tokens.
type addressEntry struct {
	words   []string // unquoted and unescaped words outside <...>
	quoted  []bool   // which of them stood in quotes
	angle   string
	hasAngl bool
	comment string
	sep     byte // what ended it: ',' ';' ':' or 0
}

func (p *addressParser) entry() {
	e := p.scan()
	if e.sep == ':' { // the group's name
		p.endPending()
		return
	}
	p.finish(e)
	if e.sep == ';' {
		p.endPending()
	}
}

// scan reads to the next separator outside quotes, comments, encoded words and <...>.
func (p *addressParser) scan() addressEntry {
	var e addressEntry
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			e.words, e.quoted = append(e.words, word.String()), append(e.quoted, false)
			word.Reset()
		}
	}
	for p.pos < len(p.s) {
		c := p.s[p.pos]
		p.pos++
		switch {
		case c == ' ' || c == '\t':
			end()
		case c == '=' && word.Len() == 0 && p.encodedWord() > 0:
			n := p.encodedWord()
			word.WriteString(p.s[p.pos-1 : p.pos-1+n])
			p.pos += n - 1
		case c == '"':
			p.scanQuoted(&e, &word)
		case c == '(':
			if text, ok := p.comment(); ok {
				end()
				e.comment = text
			} else {
				word.WriteByte(c)
			}
		case c == '<':
			end()
			e.angle, e.hasAngl = p.angle(), true
		case c == ',', c == ';', c == ':' && p.opensGroup(e, word.String()):
			end()
			e.sep = c
			return e
		default:
			word.WriteByte(c)
		}
	}
	end()
	return e
}

func (p *addressParser) opensGroup(e addressEntry, word string) bool {
	return p.pos <= p.lastSemi && !e.hasAngl && !strings.Contains(word, "@") && !strings.EqualFold(word, "mailto")
}

// encodedWord returns the length of the encoded word that starts at the last byte read, 0 when there is none.
func (p *addressParser) encodedWord() int {
	s := p.s[p.pos-1:]
	if !strings.HasPrefix(s, "=?") {
		return 0
	}
	_, rest, ok := cutEncodedWord(s)
	n := len(s) - len(rest)
	if !ok || strings.ContainsAny(s[:n], " \t") {
		return 0
	}
	return n
}

func (p *addressParser) scanQuoted(e *addressEntry, word *strings.Builder) {
	q, ok := p.quoted()
	switch {
	case !ok: // an inch mark, not a quote
		word.WriteByte('"')
	case word.Len() > 0 || p.pos < len(p.s) && p.s[p.pos] == '@': // a local part keeps its quotes
		word.WriteString(`"` + q + `"`)
	default:
		e.words, e.quoted = append(e.words, unescape(q)), append(e.quoted, true)
	}
}

// comment reads a (comment) whose opening was read; an unclosed one is text.
func (p *addressParser) comment() (string, bool) {
	if p.openComment {
		return "", false
	}
	n := commentEnd(p.s[p.pos-1:])
	if n == 0 {
		p.openComment = true
		return "", false
	}
	text := unescape(p.s[p.pos : p.pos+n-2])
	p.pos += n - 1
	return text, true
}

// quoted reads to the closing quote; without one it reads nothing.
func (p *addressParser) quoted() (string, bool) {
	if p.openQuote {
		return "", false
	}
	for i := p.pos; i < len(p.s); i++ {
		switch p.s[i] {
		case '\\':
			i++
		case '"':
			q := p.s[p.pos:i]
			p.pos = i + 1
			return q, true
		}
	}
	p.openQuote = true
	return "", false
}

// angle reads what stands in <...>; without a ">" it ends at the next separator.
func (p *addressParser) angle() string {
	rest := p.s[p.pos:min(len(p.s), p.pos+maxAngle)]
	end := angleEnd(rest)
	p.pos += end
	for p.pos < len(p.s) && p.s[p.pos] == '>' {
		p.pos++
	}
	return rest[:end]
}

func angleEnd(s string) int {
	quoted, sep := false, -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '>':
			return i
		case c == '<' && i > 0 && sep >= 0: // the next entry's: ours was not closed
			return sep
		case (c == ',' || c == ';') && sep < 0 && !strings.HasPrefix(s, "@"): // RFC 5322 section 4.4: commas within a route
			sep = i
		}
	}
	if sep >= 0 {
		return sep
	}
	if i := strings.IndexAny(s, ">,;"); i >= 0 {
		return i
	}
	return len(s)
}

func (p *addressParser) finish(e addressEntry) {
	if e.hasAngl {
		name := joinName(p.takePending(), e.words)
		if p.openQuote && strings.Count(name, `"`) == 1 { // behind a word it is an inch mark
			name = strings.TrimPrefix(name, `"`)
		}
		p.add(name, e.comment, cleanMailbox(e.angle))
		return
	}
	words, boxes := splitMailboxes(e)
	switch {
	case len(boxes) == 0 && len(words) == 0:
		// Empty between two commas (RFC 5322 section 4.4).
	case len(boxes) == 0 && e.sep == ',':
		p.pending = joinName(p.pending, words)
		if p.pending += ","; len(p.pending) > maxPending {
			p.endPending()
		}
	case len(boxes) == 0 && len(words) == 1 && e.comment != "" && p.pending == "": // MAILER-DAEMON (Mail Delivery System)
		p.add("", e.comment, cleanMailbox(words[0]))
	case len(boxes) == 0:
		p.bad(joinName(p.takePending(), words))
	default:
		p.endPending()
		if n := len(words); n > 0 && strings.HasSuffix(words[n-1], ":") { // a group that is never closed
			words = nil
		}
		if len(boxes) > 1 {
			p.ok = false
		}
		for _, box := range boxes[:len(boxes)-1] {
			p.add("", "", box)
		}
		p.add(joinName("", words), e.comment, boxes[len(boxes)-1])
	}
}

// splitMailboxes tells the words of an entry without <...> that are addresses from those that are a name.
func splitMailboxes(e addressEntry) (words, boxes []string) {
	for i := 0; i < len(e.words); i++ {
		w := e.words[i]
		if e.quoted[i] {
			words = append(words, w)
			continue
		}
		// "ann @ example.org" is one address (RFC 5322 section 4.4).
		if i+1 < len(e.words) && !e.quoted[i+1] && (strings.HasSuffix(w, "@") || strings.HasPrefix(e.words[i+1], "@")) && strings.Count(w+e.words[i+1], "@") == 1 && w+e.words[i+1] != "@" {
			w += e.words[i+1]
			i++
			if strings.HasSuffix(w, "@") && i+1 < len(e.words) && !e.quoted[i+1] {
				i++
				w += e.words[i]
			}
		}
		if strings.Contains(w, "@") {
			boxes = append(boxes, cleanMailbox(w))
		} else {
			words = append(words, w)
		}
	}
	return words, boxes
}

func (p *addressParser) add(name, comment, box string) {
	if name == "" {
		name = comment
	}
	a := Address{Name: DecodeHeader(name), Mailbox: box}
	at := strings.LastIndexByte(box, '@')
	if at <= 0 || at == len(box)-1 {
		p.ok = false
	}
	if a != (Address{}) {
		p.list = append(p.list, a)
	}
}

func (p *addressParser) takePending() string {
	s := p.pending
	p.pending = ""
	return s
}

func (p *addressParser) endPending() {
	if s := p.takePending(); s != "" {
		p.bad(strings.TrimSuffix(s, ","))
	}
}

// bad keeps an entry without a mailbox: one word may be a local user ("root"), several are a name.
func (p *addressParser) bad(name string) {
	p.ok = false
	if decoded := DecodeHeader(name); decoded != "" { // an encoded word can hold nothing
		p.list = append(p.list, Address{Name: decoded})
	}
}

func joinName(first string, words []string) string {
	rest := strings.Join(words, " ")
	if first == "" || rest == "" {
		return first + rest
	}
	return first + " " + rest
}

// cleanMailbox removes what may surround local@domain: blanks, a route (RFC 5322 section 4.4), mailto:, stray brackets.
func cleanMailbox(s string) string {
	s = strings.Trim(stripComments(s), " \t<>")
	if strings.HasPrefix(s, "[") {
		s = strings.Trim(s, "[]")
	}
	if len(s) > 2 && s[0] == '\'' && s[len(s)-1] == '\'' { // no domain ends so
		s = s[1 : len(s)-1]
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if strings.HasPrefix(s, "@") {
		if _, after, ok := strings.Cut(s, ":"); ok {
			s = after
		}
	}
	if !strings.Contains(s, `"`) {
		s = strings.Map(func(r rune) rune {
			if r == ' ' || r == '\t' {
				return -1
			}
			return r
		}, s)
	}
	return decodeCharset([]byte(s), "")
}

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
