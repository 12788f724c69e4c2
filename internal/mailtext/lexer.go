package mailtext

import (
	"strings"

	"golang.org/x/net/html"
)

// token is what the lexer found.
type token uint8

const (
	tokenEnd     token = iota // nothing is left
	tokenText                 // text that is displayed
	tokenRaw                  // the inside of an element whose content is no text to show
	tokenStart                // a start tag: name and attrs
	tokenClose                // an end tag: name
	tokenDoctype              // a document type
)

// lexer splits a page at its tags (WHATWG 13.2.5). It does what html.Tokenizer does, but for comments, which it skips,
// and in a fraction of the memory: that one keeps every attribute of a tag, whose number the sender chooses.
type lexer struct {
	src   string
	bytes []byte // the same
	pos   int
	raw   string // the element whose content comes next, if that is not markup

	text        string // of tokenText and tokenRaw
	name        string // of tags, in lower case
	attrs       attrs
	selfClosing bool
}

func newLexer(src string) *lexer { return &lexer{src: src, bytes: []byte(src)} }

// notRaw says that the content of the element just begun is markup.
func (l *lexer) notRaw() { l.raw = "" }

func (l *lexer) next() token {
	if l.raw != "" {
		if kind := l.rawText(); l.text != "" {
			return kind
		}
	}
	start := l.pos
	for l.pos < len(l.src) {
		lt := strings.IndexByte(l.src[l.pos:], '<')
		if lt < 0 || l.pos+lt+1 >= len(l.src) {
			break
		}
		at := l.pos + lt
		c := l.src[at+1]
		if !isAlpha(c) && c != '/' && c != '!' && c != '?' {
			l.pos = at + 1
			continue
		}
		if at > start {
			l.pos = at
			return l.textUpTo(start, at)
		}
		if c == '/' && at+2 >= len(l.src) {
			break // the end of the page comes before what is closed
		}
		l.pos = at + 1
		kind := l.markup(c)
		if kind != tokenText {
			return kind
		}
		start = l.pos
	}
	l.pos = len(l.src)
	if start < len(l.src) {
		return l.textUpTo(start, len(l.src))
	}
	return tokenEnd
}

func (l *lexer) textUpTo(start, end int) token {
	l.text = l.src[start:end]
	if strings.IndexByte(l.text, '&') >= 0 {
		l.text = html.UnescapeString(l.text)
	}
	return tokenText
}

// markup reads what follows "<", whose next character is c; tokenText stands for what leaves no token.
func (l *lexer) markup(c byte) token {
	switch {
	case isAlpha(c):
		return l.startTag()
	case c == '!':
		return l.declaration()
	case c == '/' && isAlpha(l.src[l.pos+1]):
		l.pos++
		l.name = l.tagName()
		return l.endOfTag(tokenClose)
	}
	l.skipPast(">") // a bogus comment
	return tokenText
}

// declaration reads a comment or a document type, behind "<".
func (l *lexer) declaration() token {
	rest := l.src[l.pos:]
	switch {
	case strings.HasPrefix(rest, "!--"):
		l.pos += len("!--")
		l.comment()
		return tokenText
	case len(rest) > len("doctype") && strings.EqualFold(rest[1:1+len("doctype")], "doctype"):
		l.skipPast(">")
		return tokenDoctype
	}
	l.skipPast(">")
	return tokenText
}

// comment goes behind the comment that begins here.
func (l *lexer) comment() {
	for _, empty := range []string{">", "->"} {
		if strings.HasPrefix(l.src[l.pos:], empty) {
			l.pos += len(empty)
			return
		}
	}
	for {
		dashes := strings.Index(l.src[l.pos:], "--")
		if dashes < 0 {
			l.pos = len(l.src)
			return
		}
		l.pos += dashes + 2
		for l.pos < len(l.src) && l.src[l.pos] == '-' {
			l.pos++
		}
		for _, end := range []string{">", "!>"} {
			if strings.HasPrefix(l.src[l.pos:], end) {
				l.pos += len(end)
				return
			}
		}
	}
}

func (l *lexer) skipPast(s string) {
	if i := strings.Index(l.src[l.pos:], s); i >= 0 {
		l.pos += i + len(s)
		return
	}
	l.pos = len(l.src)
}

// tagName reads up to what ends a name.
func (l *lexer) tagName() string {
	start := l.pos
	for l.pos < len(l.src) && !isBlank(l.src[l.pos]) && l.src[l.pos] != '/' && l.src[l.pos] != '>' {
		l.pos++
	}
	return lowerName(l.src[start:l.pos])
}

// lowerName is a name as HTML compares it: in lower case, as far as it is ASCII.
func lowerName(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			lower := []byte(s)
			for ; i < len(s); i++ {
				if c := s[i]; c >= 'A' && c <= 'Z' {
					lower[i] = c + 'a' - 'A'
				}
			}
			return string(lower)
		}
	}
	return s
}

func (l *lexer) startTag() token {
	l.name = l.tagName()
	l.attrs.reset()
	kind := l.endOfTag(tokenStart)
	switch l.name {
	case "iframe", "noembed", "noframes", "noscript", "plaintext", "script", "style", "textarea", "title", "xmp":
		l.raw = l.name
	}
	return kind
}

// endOfTag reads attributes up to the end of the tag. A tag that the end of the page cuts is none.
func (l *lexer) endOfTag(kind token) token {
	for {
		l.blanks()
		if l.pos >= len(l.src) {
			l.raw = ""
			return tokenEnd
		}
		if l.src[l.pos] == '>' {
			l.pos++
			l.selfClosing = false
			return kind
		}
		if l.src[l.pos] == '/' {
			if l.pos++; l.pos < len(l.src) && l.src[l.pos] == '>' {
				l.pos++
				l.selfClosing = true
				return kind
			}
			continue
		}
		l.attribute(kind == tokenStart)
	}
}

func (l *lexer) blanks() {
	for l.pos < len(l.src) && isBlank(l.src[l.pos]) {
		l.pos++
	}
}

// attribute reads a name and, if one follows, its value.
func (l *lexer) attribute(keep bool) {
	start := l.pos
	for l.pos++; l.pos < len(l.src); l.pos++ {
		if c := l.src[l.pos]; isBlank(c) || c == '/' || c == '>' || c == '=' {
			break
		}
	}
	key := l.src[start:l.pos]
	l.blanks()
	from, to := l.pos, l.pos
	if l.pos < len(l.src) && l.src[l.pos] == '=' {
		l.pos++
		l.blanks()
		from, to = l.value()
	}
	if keep && l.pos < len(l.src) {
		l.attrs.note(key, l.bytes[from:to])
	}
}

// value returns the bounds of an attribute's value.
func (l *lexer) value() (from, to int) {
	if l.pos >= len(l.src) || l.src[l.pos] == '>' {
		return l.pos, l.pos
	}
	if quote := l.src[l.pos]; quote == '"' || quote == '\'' {
		from = l.pos + 1
		if end := strings.IndexByte(l.src[from:], quote); end >= 0 {
			l.pos = from + end + 1
			return from, from + end
		}
		l.pos = len(l.src)
		return from, l.pos
	}
	for from = l.pos; l.pos < len(l.src) && !isBlank(l.src[l.pos]) && l.src[l.pos] != '>'; l.pos++ {
	}
	return from, l.pos
}

// rawText reads the content of an element that holds no markup, up to its end tag.
func (l *lexer) rawText() token {
	name := l.raw
	l.raw = ""
	rest := l.src[l.pos:]
	end := len(rest)
	switch name {
	case "plaintext":
	case "script":
		end = scriptEnd(rest)
	default:
		end = rawEnd(rest, name)
	}
	l.text = rest[:end]
	l.pos += end
	if name == "textarea" || name == "title" {
		l.text = html.UnescapeString(l.text)
	}
	if name == "textarea" || name == "plaintext" || name == "xmp" {
		return tokenText
	}
	return tokenRaw
}

// rawEnd is where the end tag of the element begins, in lower or upper case.
func rawEnd(s, name string) int {
	for at := 0; ; {
		i := strings.Index(s[at:], "</")
		if i < 0 {
			return len(s)
		}
		at += i
		if endsRaw(s[at:], name) {
			return at
		}
		at += 2
	}
}

// endsRaw reports an end tag of this name at the beginning of s.
func endsRaw(s, name string) bool {
	n := len("</") + len(name)
	return len(s) > n && s[1] == '/' && namedSo(s[2:], name)
}

// namedSo reports the whole name at the beginning of s.
func namedSo(s, name string) bool {
	if len(s) <= len(name) || !strings.EqualFold(s[:len(name)], name) {
		return false
	}
	c := s[len(name)]
	return isBlank(c) || c == '/' || c == '>'
}

// scriptEnd is where the end tag of a script begins. One in a comment inside a script inside the script is none (WHATWG
// 13.2.5.15 to 31).
func scriptEnd(s string) int {
	escaped, double := false, false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '-':
			if escaped && strings.HasPrefix(s[i:], "-->") {
				escaped, double = false, false
			}
		case s[i] != '<':
		case !escaped && strings.HasPrefix(s[i:], "<!--"):
			escaped = true
			i++ // the dashes may be the end as well
		case endsRaw(s[i:], "script"):
			if !double {
				return i
			}
			double = false
		case escaped && namedSo(s[i+1:], "script"):
			double = true
		}
	}
	return len(s)
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }
