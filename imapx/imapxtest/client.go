package imapxtest

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

const (
	// clientTimeout bounds one connection of the test's own client: servers
	// are on loopback, so a longer silence is a fault.
	clientTimeout = 20 * time.Second
	// maxLiteral is more than any message a test reads back.
	maxLiteral = 256 << 20
)

// client is the smallest IMAP client that can look after the code under test:
// one command at a time, answers as lines and literals.
type client struct {
	conn net.Conn
	br   *bufio.Reader
	tags int
}

// answer is one response line, its literals taken out.
type answer struct {
	line     string // with "{}" where a literal was
	literals [][]byte
}

// refusal is a tagged NO or BAD.
type refusal struct {
	command, line string
}

func (r *refusal) Error() string { return r.command + ": " + r.line }

func dial(addr, username, password string) (*client, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, br: bufio.NewReader(conn)}
	if err := conn.SetDeadline(time.Now().Add(clientTimeout)); err != nil {
		conn.Close()
		return nil, err
	}
	if _, err := c.read(); err != nil { // the greeting
		conn.Close()
		return nil, err
	}
	if _, err := c.do("LOGIN "+quote(username)+" "+quote(password), nil); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// close says LOGOUT and waits for the server to hang up, so that the server's
// side of the connection is gone when close returns.
func (c *client) close() {
	if _, err := c.do("LOGOUT", nil); err == nil {
		_, _ = io.Copy(io.Discard, c.br)
	}
	c.conn.Close()
}

// do sends a command, with a literal at its end unless that is nil, and
// returns the untagged answers and, last, the tagged one. Errors of the
// connection apart, it fails with *refusal.
func (c *client) do(command string, literal []byte) ([]answer, error) {
	c.tags++
	tag := "t" + strconv.Itoa(c.tags)
	line := tag + " " + command
	if literal != nil {
		line += fmt.Sprintf(" {%d}", len(literal))
	}
	if _, err := io.WriteString(c.conn, line+"\r\n"); err != nil {
		return nil, err
	}
	var all []answer
	for {
		a, err := c.read()
		if err != nil {
			return all, fmt.Errorf("%s: %w", command, err)
		}
		if strings.HasPrefix(a.line, "+") {
			if _, err := c.conn.Write(append(literal[:len(literal):len(literal)], "\r\n"...)); err != nil {
				return all, err
			}
			continue
		}
		all = append(all, a)
		if rest, ok := strings.CutPrefix(a.line, tag+" "); ok {
			if !strings.HasPrefix(rest, "OK") {
				return all, &refusal{command: command, line: rest}
			}
			return all, nil
		}
	}
}

// read takes one response, RFC 9051 section 4.3 literals included.
func (c *client) read() (answer, error) {
	var a answer
	for {
		line, err := c.br.ReadString('\n')
		if err != nil {
			return a, err
		}
		line = strings.TrimRight(line, "\r\n")
		head, size, found := cutLiteral(line)
		if !found {
			a.line += line
			return a, nil
		}
		if size > maxLiteral {
			return a, errors.New("literal too large")
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(c.br, body); err != nil {
			return a, err
		}
		a.line += head + "{}"
		a.literals = append(a.literals, body)
	}
}

// cutLiteral parses a literal's announcement at the end of line, that of
// LITERAL+ included.
func cutLiteral(line string) (head string, size int, found bool) {
	at := strings.LastIndexByte(line, '{')
	if at < 0 || !strings.HasSuffix(line, "}") {
		return "", 0, false
	}
	size, err := strconv.Atoi(strings.TrimSuffix(line[at+1:len(line)-1], "+"))
	if err != nil || size < 0 {
		return "", 0, false
	}
	return line[:at], size, true
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// mailbox quotes a folder name in modified UTF-7 (RFC 3501 section 5.1.3).
func mailbox(name string) string {
	var b strings.Builder
	for rest := []rune(name); len(rest) > 0; {
		if rest[0] >= ' ' && rest[0] <= '~' {
			if b.WriteRune(rest[0]); rest[0] == '&' {
				b.WriteByte('-')
			}
			rest = rest[1:]
			continue
		}
		n := 0
		for n < len(rest) && (rest[n] < ' ' || rest[n] > '~') {
			n++
		}
		var units []byte
		for _, u := range utf16.Encode(rest[:n]) {
			units = append(units, byte(u>>8), byte(u))
		}
		coded := base64.RawStdEncoding.EncodeToString(units)
		b.WriteString("&" + strings.ReplaceAll(coded, "/", ",") + "-")
		rest = rest[n:]
	}
	return quote(b.String())
}
