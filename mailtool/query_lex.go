package mailtool

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// queryKind is the kind of a token; brackets are written as they look.
type queryKind string

const (
	queryEnd        queryKind = ""
	queryOpen       queryKind = "("
	queryClose      queryKind = ")"
	queryOpenBrace  queryKind = "{"
	queryCloseBrace queryKind = "}"
	queryMinus      queryKind = "-"
	queryOr         queryKind = "OR"
	queryAnd        queryKind = "AND"
	queryTerm       queryKind = "term"
	queryOperator   queryKind = "operator" // before a group
)

type queryToken struct {
	kind   queryKind
	at     int    // in bytes
	text   string // as written
	op     string // lower case; of a bare word empty
	value  string
	quoted bool
}

// queryLexer cuts src into tokens.
type queryLexer struct {
	src    string
	at     int
	tokens []queryToken
}

func lexQuery(src string) ([]queryToken, error) {
	l := queryLexer{src: src}
	for {
		l.blanks()
		if l.at >= len(src) {
			l.tokens = append(l.tokens, queryToken{at: len(src)})
			return l.tokens, nil
		}
		t, err := l.token()
		if err != nil {
			return nil, err
		}
		t.text = src[t.at:l.at]
		l.tokens = append(l.tokens, t)
		if t.kind == queryTerm && l.at < len(src) && !l.terminated() {
			return nil, l.fault(t.at, "is not set apart from what follows", "put a space between them, or all of it in quotes")
		}
	}
}

func (l *queryLexer) fault(at int, what, next string) error {
	end := l.at
	for end < len(l.src) && !unicode.IsSpace(l.rune(end)) {
		_, size := utf8.DecodeRuneInString(l.src[end:])
		end += size
	}
	return queryFault(l.src, at, l.src[at:end], what, next)
}

func (l *queryLexer) rune(at int) rune {
	r, _ := utf8.DecodeRuneInString(l.src[at:])
	return r
}

func (l *queryLexer) blanks() {
	for l.at < len(l.src) && unicode.IsSpace(l.rune(l.at)) {
		_, size := utf8.DecodeRuneInString(l.src[l.at:])
		l.at += size
	}
}

// terminated reports a blank or a closing bracket at the current place.
func (l *queryLexer) terminated() bool {
	r := l.rune(l.at)
	return unicode.IsSpace(r) || r == ')' || r == '}'
}

func (l *queryLexer) token() (queryToken, error) {
	t := queryToken{at: l.at}
	switch r := l.rune(l.at); {
	case strings.ContainsRune("(){}", r):
		l.at++
		t.kind = queryKind(r)
		return t, nil
	case r == '-':
		l.at++
		t.kind = queryMinus
		if l.at == len(l.src) || l.terminated() || l.src[l.at] == '-' {
			return t, l.fault(t.at, "does not say what to leave out", `write -word or -from:name; to search for a dash, put it in quotes`)
		}
		return t, nil
	case isQuote(r):
		value, err := l.phrase()
		t.kind, t.value, t.quoted = queryTerm, value, true
		return t, err
	}
	return l.word(t)
}

// isQuote takes the typographic quotes for what they stand for.
func isQuote(r rune) bool { return r == '"' || r == '“' || r == '”' || r == '„' }

// phrase reads a quoted text; \" and \\ stand for the character itself.
func (l *queryLexer) phrase() (string, error) {
	start := l.at
	_, size := utf8.DecodeRuneInString(l.src[start:])
	var b strings.Builder
	for i := start + size; i < len(l.src); {
		r, size := utf8.DecodeRuneInString(l.src[i:])
		switch {
		case isQuote(r):
			l.at = i + size
			if strings.TrimSpace(b.String()) == "" {
				return "", l.fault(start, "is an empty phrase", "put words between the quotes, or remove them")
			}
			return b.String(), nil
		case r == '\\' && i+1 < len(l.src) && (l.src[i+1] == '\\' || isQuote(l.rune(i+1))):
			i++
			r, size = utf8.DecodeRuneInString(l.src[i:])
		}
		b.WriteRune(r)
		i += size
	}
	return "", l.fault(start, "is never closed", `add the closing "`)
}

// word reads a bare word, a keyword, or an operator with its value.
func (l *queryLexer) word(t queryToken) (queryToken, error) {
	t.kind = queryTerm
	for l.at < len(l.src) {
		r, size := utf8.DecodeRuneInString(l.src[l.at:])
		if r == ':' && t.op == "" && operatorLike(l.src[t.at:l.at]) && !strings.HasPrefix(l.src[l.at:], "://") {
			l.at++
			return l.operator(t)
		}
		if unicode.IsSpace(r) || isQuote(r) || strings.ContainsRune("(){}", r) {
			break
		}
		l.at += size
	}
	t.value = l.src[t.at:l.at]
	switch t.value {
	case "OR", "|":
		t.kind = queryOr
	case "AND":
		t.kind = queryAnd
	case "NOT":
		return t, l.fault(t.at, "is not part of this syntax", `write -word to leave a word out, or "NOT" in quotes to search for it`)
	default:
		return t, l.checkBare(t)
	}
	return t, nil
}

// operatorLike reports a word that can only be meant as an operator: a letter, then letters, digits and underscores.
func operatorLike(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r) && r != '_') {
			return false
		}
	}
	return s != ""
}

// operator reads the value behind the colon, or leaves a group to the parser.
func (l *queryLexer) operator(t queryToken) (queryToken, error) {
	written := l.src[t.at : l.at-1]
	t.op = canonicalOperator(written)
	if t.op == "" {
		what, next := unknownOperator(written)
		return t, l.fault(t.at, what, next)
	}
	if l.at == len(l.src) || l.terminated() {
		return t, l.fault(t.at, "has no value", "write "+operatorForm(t.op)+", without a space behind the colon")
	}
	switch r := l.rune(l.at); {
	case r == '(' || r == '{':
		t.kind = queryOperator
		return t, nil
	case isQuote(r):
		value, err := l.phrase()
		t.value, t.quoted = value, true
		return t, err
	}
	start := l.at
	for l.at < len(l.src) {
		r, size := utf8.DecodeRuneInString(l.src[l.at:])
		if unicode.IsSpace(r) || isQuote(r) || strings.ContainsRune("(){}", r) {
			break
		}
		l.at += size
	}
	t.value = l.src[start:l.at]
	return t, l.checkBare(t)
}

// checkBare refuses the signs that other search languages give a meaning.
func (l *queryLexer) checkBare(t queryToken) error {
	switch {
	case t.op == "in" && t.value == everywhere:
	case strings.HasPrefix(t.value, "*") || strings.HasSuffix(t.value, "*"):
		return l.fault(t.at, "has a wildcard", "leave * out: words match anywhere in the text; to search for the sign itself, use quotes")
	case strings.HasPrefix(t.value, "+") && len(t.value) > 1 && unicode.IsLetter(l.rune(t.at+1)) && t.op == "":
		return l.fault(t.at, "has a plus sign, which means nothing here", "leave it out: every word must match; to search for the sign itself, use quotes")
	}
	return nil
}
