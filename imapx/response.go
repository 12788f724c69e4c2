package imapx

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
)

// response is an untagged answer taken apart: "* 12 FETCH (UID 5)" has number
// 12, name FETCH and one value, a list of two.
type response struct {
	number uint32
	name   string // in upper case
	values []value
	// text is what follows the name, as it came. With broken set it does not
	// follow the grammar, and values holds what came before the fault.
	text   string
	broken bool
}

// valueKind tells the forms of a value apart (RFC 9051 section 4).
type valueKind uint8

const (
	atomValue   valueKind = iota // also a number, a flag, or BODY[...]
	stringValue                  // quoted or literal
	nilValue
	listValue
)

// value is one datum of a response. Strings are a stranger's words.
type value struct {
	kind valueKind
	text string
	list []value
}

// is compares an atom without regard to case.
func (v value) is(atom string) bool { return v.kind == atomValue && strings.EqualFold(v.text, atom) }

// number reads a decimal number, which OBJECTID and Gmail write up to 64 bits.
func (v value) number() (uint64, bool) {
	n, err := strconv.ParseUint(v.text, 10, 64)
	return n, err == nil && v.kind == atomValue
}

// items reads a list of names and values, as FETCH and STATUS have.
func (v value) items(fn func(name string, val value)) {
	for i := 0; i+1 < len(v.list); i += 2 {
		fn(strings.ToUpper(v.list[i].text), v.list[i+1])
	}
}

// parseResponse takes a whole untagged response apart, its end of line included.
func parseResponse(b []byte) response {
	b = bytes.TrimRight(b, "\r\n")
	head, rest, _ := strings.Cut(strings.TrimPrefix(string(b), "* "), " ")
	r := response{text: rest}
	if n, err := strconv.ParseUint(head, 10, 32); err == nil {
		r.number = uint32(n)
		head, r.text, _ = strings.Cut(rest, " ")
	}
	if r.name = strings.ToUpper(head); r.name == "THREAD" || r.name == "SEARCH" {
		return r // millions of numbers, of which few are kept: who asked reads the text
	}
	p := valueParser{s: r.text}
	var err error
	r.values, err = p.values()
	r.broken = err != nil
	return r
}

// valueParser reads values. Its lists lie on a stack of its own: what a server
// nests must not nest our calls.
type valueParser struct {
	s string
}

var errGrammar = errors.New("the answer does not follow the grammar")

// maxOwnDepth is more than any answer nests that we ask for ourselves; THREAD
// nests most, a level for each fork.
const maxOwnDepth = 500

// maxValues is far above any answer of ours; each takes 48 bytes, and as little
// as two of the server's.
const maxValues = 1 << 16

func (p *valueParser) values() ([]value, error) {
	stack, left := [][]value{nil}, maxValues
	add := func(v value) {
		stack[len(stack)-1] = append(stack[len(stack)-1], v)
		left--
	}
	for p.s != "" && left > 0 {
		switch c := p.s[0]; c {
		case ' ':
			p.s = p.s[1:]
		case '(':
			if len(stack) > maxOwnDepth {
				return stack[0], errGrammar
			}
			p.s = p.s[1:]
			stack = append(stack, nil)
		case ')':
			if len(stack) == 1 {
				return stack[0], errGrammar
			}
			p.s = p.s[1:]
			done := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			add(value{kind: listValue, list: done})
		default:
			v, err := p.scalar()
			if err != nil {
				return stack[0], err
			}
			add(v)
		}
	}
	if len(stack) > 1 || p.s != "" {
		return stack[0], errGrammar
	}
	return stack[0], nil
}

func (p *valueParser) scalar() (value, error) {
	switch p.s[0] {
	case '"':
		return p.quoted()
	case '{':
		return p.literal()
	}
	end := p.atomEnd()
	text := p.s[:end]
	p.s = p.s[end:]
	switch {
	case text == "":
		return value{}, errGrammar
	case strings.EqualFold(text, "NIL"):
		return value{kind: nilValue}, nil
	}
	return value{kind: atomValue, text: text}, nil
}

// atomEnd takes everything up to a space or parenthesis; what stands in
// brackets belongs to the atom, as in BODY[HEADER.FIELDS (FROM)].
func (p *valueParser) atomEnd() int {
	depth := 0
	for i := range len(p.s) {
		switch c := p.s[i]; {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == '\r' || c == '\n':
			return i
		case depth <= 0 && (c == ' ' || c == '(' || c == ')' || c == '"'):
			return i
		}
	}
	return len(p.s)
}

func (p *valueParser) quoted() (value, error) {
	var b strings.Builder
	for i := 1; i < len(p.s); i++ {
		switch c := p.s[i]; c {
		case '"':
			p.s = p.s[i+1:]
			if p.s != "" && p.s[0] != ' ' && p.s[0] != ')' {
				return value{}, errGrammar // a quote that nobody escaped
			}
			return value{kind: stringValue, text: b.String()}, nil
		case '\\':
			if i++; i == len(p.s) {
				return value{}, errGrammar
			}
			b.WriteByte(p.s[i])
		default:
			b.WriteByte(c)
		}
	}
	return value{}, errGrammar
}

func (p *valueParser) literal() (value, error) {
	size, rest, ok := strings.Cut(p.s[1:], "}")
	n, err := strconv.ParseUint(size, 10, 31)
	if rest = strings.TrimPrefix(rest, "\r"); !ok || err != nil || !strings.HasPrefix(rest, "\n") || uint64(len(rest)-1) < n {
		return value{}, errGrammar
	}
	p.s = rest[1+n:]
	return value{kind: stringValue, text: rest[1 : 1+n]}, nil
}
