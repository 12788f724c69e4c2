package imapx

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// ownCommand is a command that the client library lacks, or whose answers it
// does not take as servers give them.
type ownCommand struct {
	op    string   // for errors: "UID SORT"
	args  string   // what is sent behind the tag; strings in it by quoted
	takes []string // untagged answers that are its own: "LIST", "FETCH"
	items []string // with FETCH: only answers that hold one of these items
}

// own runs a command of our own, alone: never beside one of the library and
// never during IDLE. Each of its answers goes to each, in order; an error of
// each ends the connection, since nothing would take the rest. The status is
// that of its end, a refusal an *Error.
func (c *Conn) own(ctx context.Context, e effect, cmd ownCommand, each func(response) error) (status, error) {
	var end status
	err := c.ownAll(ctx, e, []ownCommand{cmd}, each, func(_ int, st status) error {
		end = st
		return st.refusal()
	})
	return end, err
}

// ownAll runs several commands behind each other, in one round trip unless a
// string in one must wait for the server's leave. done gets the end of each,
// by its index. Their op and takes are those of the first.
func (c *Conn) ownAll(ctx context.Context, e effect, cmds []ownCommand, each func(response) error, done func(int, status) error) error {
	first := cmds[0]
	return c.run(ctx, first.op, e, func(*imapclient.Client) error {
		c.ownTag++
		a := &ownAnswer{
			prefix: "O" + strconv.Itoa(c.ownTag) + ".", takes: first.takes, items: first.items,
			lines: make(chan []byte, ownBuffer), over: make(chan struct{}),
		}
		defer close(a.over)
		c.guard.serve(a)
		defer c.guard.serve(nil)
		x := ownExchange{c: c, a: a, each: each, done: done, left: len(cmds), ended: make([]bool, len(cmds))}
		for i, cmd := range cmds {
			if err := x.send(i, cmd.args); err != nil {
				return err
			}
		}
		for x.left > 0 {
			if _, err := x.next(); err != nil {
				return err
			}
		}
		return x.refused
	})
}

// ownBuffer is how many answers, of a megabyte each at most, may wait for us
// before the reader does.
const ownBuffer = 8

// ownAnswer collects what answers a command of our own.
type ownAnswer struct {
	prefix string // of its tags
	takes  []string
	items  []string
	lines  chan []byte
	over   chan struct{} // nobody takes lines any more
}

// claims reports whether a response is ours, as far as its head shows.
func (a *ownAnswer) claims(kind headKind, word string) bool {
	switch kind {
	case headTag:
		return strings.HasPrefix(word, a.prefix)
	case headMore:
		return true // the library has no command under way that waits for one
	default:
		return slices.Contains(a.takes, word)
	}
}

// deliver is called by the reader. A FETCH that holds nothing we asked for is
// news of a flag, and the library's.
func (a *ownAnswer) deliver(b []byte) bool {
	if len(a.items) > 0 && strings.HasPrefix(string(b[:min(len(b), 2)]), "* ") {
		r := parseResponse(b)
		if r.name == "FETCH" && !r.broken && !r.holds(a.items) {
			return false
		}
	}
	select {
	case a.lines <- slices.Clone(b):
	case <-a.over:
	}
	return true
}

func (r response) holds(items []string) (found bool) {
	for _, v := range r.values {
		v.items(func(name string, _ value) { found = found || slices.Contains(items, name) })
	}
	return found
}

// ownExchange is the dialogue of a command of our own.
type ownExchange struct {
	c       *Conn
	a       *ownAnswer
	each    func(response) error
	done    func(int, status) error
	left    int // commands that have not ended
	ended   []bool
	refused error
}

// send writes a command. A literal goes along where the server has LITERAL+
// (RFC 7888), else it waits for the server's leave.
func (x *ownExchange) send(i int, args string) error {
	line := x.a.prefix + strconv.Itoa(i) + " "
	for {
		before, literal, rest := cutLiteral(args)
		line += before
		if literal == "" {
			_, err := x.c.guard.Write([]byte(line + "\r\n"))
			return err
		}
		plus := x.c.caps.Has("LITERAL+") || x.c.caps.Has("LITERAL-") && len(literal) <= maxLiteralMinus
		if plus {
			line += "{" + strconv.Itoa(len(literal)) + "+}\r\n" + literal
			args = rest
			continue
		}
		if _, err := x.c.guard.Write([]byte(line + "{" + strconv.Itoa(len(literal)) + "}\r\n")); err != nil {
			return err
		}
		for more := false; !more; {
			var err error
			if more, err = x.next(); err != nil {
				return err
			}
			if x.ended[i] {
				return nil // refused before it was whole
			}
		}
		line, args = literal, rest
	}
}

// maxLiteralMinus is RFC 7888 section 5.
const maxLiteralMinus = 4096

// next handles one answer and reports a "+".
func (x *ownExchange) next() (more bool, err error) {
	var b []byte
	select {
	case b = <-x.a.lines:
	case <-x.c.client.Closed():
		select {
		case b = <-x.a.lines: // it came before the end
		default:
			return false, io.ErrUnexpectedEOF
		}
	}
	if b[0] == '+' {
		return true, nil
	}
	if strings.HasPrefix(string(b[:min(len(b), 2)]), "* ") {
		err := x.each(parseResponse(b))
		if err != nil {
			x.c.guard.fail(err)
		}
		return false, err
	}
	st, ok := parseStatus(strings.TrimRight(string(b), "\r\n"))
	i, bad := strconv.Atoi(strings.TrimPrefix(strings.ToUpper(st.tag), x.a.prefix))
	if !ok || bad != nil || i < 0 || i >= len(x.ended) || x.ended[i] {
		err := &Error{Kind: Protocol, Err: errors.New("a garbled end of a command")}
		x.c.guard.fail(err)
		return false, err
	}
	x.left, x.ended[i] = x.left-1, true
	if err := x.done(i, st); err != nil && x.refused == nil {
		x.refused = err
	}
	return false, nil
}

// refusal is the library's error for a command that failed, so that both are
// treated alike.
func (st status) refusal() error {
	if st.typ == "OK" {
		return nil
	}
	return &imap.Error{Type: imap.StatusResponseType(st.typ), Code: imap.ResponseCode(st.code), Text: st.text}
}

// quoted writes a string into the arguments of a command of our own: quoted
// where that is possible, else as a literal (RFC 9051 section 4.3). The caller
// has refused NUL, which neither can hold.
func quoted(s string) string {
	if isASCII(s) && !strings.ContainsAny(s, "\r\n\x00") && len(s) < maxQuoted {
		return quote(s)
	}
	return "{" + strconv.Itoa(len(s)) + "}\r\n" + s
}

// maxQuoted is below the line lengths that servers refuse (RFC 7162 section 4).
const maxQuoted = 1000

// cutLiteral cuts arguments at the first literal that quoted wrote; an empty
// literal is none: quoted writes "" quoted.
func cutLiteral(args string) (before, literal, rest string) {
	inQuotes := false
	for i := 0; i < len(args); i++ {
		switch c := args[i]; {
		case inQuotes && c == '\\':
			i++
		case c == '"':
			inQuotes = !inQuotes
		case c == '{' && !inQuotes:
			size, after, _ := strings.Cut(args[i+1:], "}\r\n")
			n, err := strconv.Atoi(size)
			if err != nil || n > len(after) {
				continue
			}
			return args[:i], after[:n], after[n:]
		}
	}
	return args, "", ""
}
