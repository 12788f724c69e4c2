package mailtool

import (
	"fmt"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/postern-mail/postern/provider"
)

const (
	// maxQueryLen bounds a query in characters, as the parameter's schema does.
	maxQueryLen = 2000
	// maxQueryNesting bounds brackets and minus signs within each other; a person writes two or three.
	maxQueryNesting = provider.MaxQueryDepth
)

// parseQuery reads Gmail's search syntax. Terms side by side must all match, OR binds closer than that, and braces
// hold alternatives. What it does not understand is an error that names the token, its place and what is allowed;
// nothing is left out. Dates are days in loc, relative ones are counted back from now. Query.In holds folder
// names as they were given, for the caller to resolve.
func parseQuery(q string, now time.Time, loc *time.Location) (provider.Query, error) {
	out, _, err := parseSearch(q, now, loc)
	return out, err
}

// parseSearch does the same, and tells whether the query leaves out Trash or
// Junk, which is the default, in words.
func parseSearch(q string, now time.Time, loc *time.Location) (out provider.Query, leavesOut bool, err error) {
	if err := checkQueryText(q); err != nil {
		return provider.Query{}, false, err
	}
	tokens, err := lexQuery(q)
	if err != nil {
		return provider.Query{}, false, err
	}
	p := queryParser{src: q, tokens: tokens, now: now, loc: loc}
	if p.peek().kind == queryEnd {
		return provider.Query{}, false, nil
	}
	node, err := p.sequence(queryEnd)
	if err != nil {
		return provider.Query{}, false, err
	}
	return p.query(node)
}

func checkQueryText(q string) error {
	if !utf8.ValidString(q) {
		return refuse(Invalid, "query is not UTF-8", "send it as text")
	}
	if n := utf8.RuneCountInString(q); n > maxQueryLen {
		return refuse(Invalid, fmt.Sprintf("query has %d characters", n), fmt.Sprintf("it takes at most %d", maxQueryLen))
	}
	place := 0
	for _, r := range q {
		place++
		if unicode.IsControl(r) {
			return refuse(Invalid, fmt.Sprintf("query has the control character %U at character %d", r, place), "put spaces between terms")
		}
	}
	return nil
}

// queryFault is an error about the token at a byte of q.
func queryFault(q string, at int, token, what, next string) error {
	place := utf8.RuneCountInString(q[:at]) + 1
	return refuse(Invalid, fmt.Sprintf("query: %s at character %d %s", strconv.Quote(clip(token)), place, what), next)
}

// queryNode is a part of a query; the first of its shapes that is set is meant.
type queryNode struct {
	at     int
	text   string // as written, for errors
	leaf   *provider.Query
	folder string // of in:
	not    *queryNode
	any    []queryNode
	all    []queryNode
}

// queryParser is a recursive descent over the tokens, the last of which is the end.
type queryParser struct {
	src    string
	tokens []queryToken
	next   int
	now    time.Time
	loc    *time.Location
	op     string // the operator before the group that is being read
	depth  int
}

func (p *queryParser) peek() queryToken { return p.tokens[p.next] }

func (p *queryParser) take() queryToken {
	t := p.tokens[p.next]
	if t.kind != queryEnd {
		p.next++
	}
	return t
}

func (p *queryParser) fault(t queryToken, what, next string) error {
	if t.kind == queryEnd {
		return queryFault(p.src, t.at, "the end", what, next)
	}
	return queryFault(p.src, t.at, t.text, what, next)
}

// sequence reads terms that must all match, up to the closing token and with it.
func (p *queryParser) sequence(closing queryKind) (queryNode, error) {
	node := queryNode{at: p.peek().at, text: p.peek().text}
	joined := queryToken{kind: queryEnd}
	for {
		t := p.peek()
		switch {
		case t.kind == closing && joined.kind == queryAnd:
			return node, p.fault(joined, "has nothing behind it", "put a term on both sides, or leave it out")
		case t.kind == closing:
			p.take()
			if len(node.all) == 0 {
				return node, p.fault(t, "closes an empty group", "put terms into it, or remove it")
			}
			return node, nil
		case t.kind == queryEnd:
			return node, p.fault(t, "comes before a closing "+strconv.Quote(string(closing)), "close the group, or put the bracket in quotes")
		case t.kind == queryAnd:
			if joined.kind == queryAnd || len(node.all) == 0 {
				return node, p.fault(t, "stands where a term should", "put a term on both sides, or leave it out")
			}
			joined = p.take()
			continue
		}
		one, err := p.alternatives()
		if err != nil {
			return node, err
		}
		node.all, joined.kind = append(node.all, one), queryEnd
	}
}

// alternatives reads a term, or several joined by OR.
func (p *queryParser) alternatives() (queryNode, error) {
	first, err := p.unary()
	if err != nil || p.peek().kind != queryOr {
		return first, err
	}
	node := queryNode{at: first.at, text: first.text, any: appendAlternative(nil, first)}
	for p.peek().kind == queryOr {
		p.take()
		one, err := p.unary()
		if err != nil {
			return node, err
		}
		node.any = appendAlternative(node.any, one)
	}
	return node, nil
}

// appendAlternative keeps alternatives of alternatives in one list.
func appendAlternative(to []queryNode, one queryNode) []queryNode {
	if one.any != nil {
		return append(to, one.any...)
	}
	return append(to, one)
}

// braces reads alternatives up to the closing brace; OR between them may be said.
func (p *queryParser) braces(open queryToken) (queryNode, error) {
	node := queryNode{at: open.at, text: open.text}
	for {
		switch t := p.peek(); t.kind {
		case queryCloseBrace:
			p.take()
			switch len(node.any) {
			case 0:
				return node, p.fault(t, "closes an empty group", "put terms into it, or remove it")
			case 1:
				return node.any[0], nil
			}
			return node, nil
		case queryEnd:
			return node, p.fault(t, `comes before a closing "}"`, "close the group, or put the bracket in quotes")
		case queryAnd:
			return node, p.fault(t, "stands in braces, which hold alternatives", "put ( ) around terms that must all match")
		default:
		}
		one, err := p.alternatives()
		if err != nil {
			return node, err
		}
		node.any = appendAlternative(node.any, one)
	}
}

// unary reads one term or group, with a minus before it or not.
func (p *queryParser) unary() (queryNode, error) {
	t := p.take()
	switch t.kind {
	case queryMinus, queryOpen, queryOpenBrace, queryOperator:
		if p.depth >= maxQueryNesting {
			return queryNode{}, p.fault(t, "is nested too deep", "nest at most "+strconv.Itoa(maxQueryNesting)+" levels")
		}
		p.depth++
		defer func() { p.depth-- }()
	default:
	}
	switch t.kind {
	case queryMinus:
		one, err := p.unary()
		return queryNode{at: t.at, text: t.text + one.text, not: &one}, err
	case queryOpen:
		return p.sequence(queryClose)
	case queryOpenBrace:
		return p.braces(t)
	case queryOperator:
		return p.operatorGroup(t)
	case queryTerm:
		return p.term(t)
	case queryOr, queryAnd:
		return queryNode{}, p.fault(t, "stands where a term should", "put a term on both sides, or write it in quotes to search for the word")
	case queryClose, queryCloseBrace:
		return queryNode{}, p.fault(t, "closes nothing that is open here", "remove it, or put it in quotes")
	default:
		return queryNode{}, p.fault(t, "comes where a term should", "put a term behind the last word")
	}
}

// operatorGroup reads "from:(a b)" and "from:{a b}": each word in the group is a value of the operator.
func (p *queryParser) operatorGroup(t queryToken) (queryNode, error) {
	if p.op != "" {
		return queryNode{}, p.fault(t, "stands inside "+p.op+":( )", "close that group first")
	}
	p.op = t.op
	defer func() { p.op = "" }()
	if open := p.take(); open.kind == queryOpenBrace {
		return p.braces(open)
	}
	return p.sequence(queryClose)
}
