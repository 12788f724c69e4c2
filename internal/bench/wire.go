package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// wire is the bound that the rest is measured against: it sends commands and
// finds the end of their answers, and reads nothing out of them.
type wire struct {
	conn net.Conn
	br   *bufio.Reader
	tags int
}

// wireTimeout is above what any one exchange takes, a search of 100,000 bodies
// on a busy machine included.
const wireTimeout = 2 * time.Minute

func dialWire(addr string) (*wire, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	w := newWire(conn)
	if _, err := w.br.ReadSlice('\n'); err != nil { // the greeting
		conn.Close()
		return nil, err
	}
	if err := w.do("LOGIN "+username+" "+password, nil); err != nil {
		conn.Close()
		return nil, err
	}
	return w, nil
}

func newWire(conn net.Conn) *wire { return &wire{conn: conn, br: bufio.NewReaderSize(conn, 64<<10)} }

func (w *wire) close() { w.conn.Close() }

// do sends one command and waits for its end. Lines without literals, and what
// stands before the literal of others, go to each, which may be nil.
func (w *wire) do(command string, each func(line []byte)) error {
	w.tags++
	tag := "w" + strconv.Itoa(w.tags)
	if err := w.conn.SetDeadline(time.Now().Add(wireTimeout)); err != nil {
		return err
	}
	if _, err := io.WriteString(w.conn, tag+" "+command+"\r\n"); err != nil {
		return err
	}
	return w.end(tag, each)
}

func (w *wire) end(tag string, each func(line []byte)) error {
	for start := true; ; {
		line, err := w.br.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		if start && bytes.HasPrefix(line, []byte(tag)) {
			if status := line[len(tag):]; !bytes.HasPrefix(status, []byte(" OK")) {
				return fmt.Errorf("the server refuses: %s", bytes.TrimSpace(status))
			}
			return nil
		}
		if start && each != nil {
			each(line)
		}
		n, ok := literal(line)
		if ok {
			if _, err := w.br.Discard(n); err != nil {
				return err
			}
		}
		start = !ok && err == nil
	}
}

// literal reads the {n} at the end of a line.
func literal(line []byte) (n int, ok bool) {
	line, found := bytes.CutSuffix(line, []byte("}\r\n"))
	i := bytes.LastIndexByte(line, '{')
	if !found || i < 0 {
		return 0, false
	}
	n, err := strconv.Atoi(string(line[i+1:]))
	return n, err == nil && n >= 0
}

// search returns the newest n hits, highest first.
func (w *wire) search(key string, n int) ([]int, error) {
	var set string
	err := w.do("UID SEARCH RETURN (ALL COUNT) "+key, func(line []byte) {
		if _, all, ok := strings.Cut(string(line), " ALL "); ok && strings.HasPrefix(string(line), "* ESEARCH") {
			set, _, _ = strings.Cut(strings.TrimSpace(all), " ")
		}
	})
	if err != nil {
		return nil, err
	}
	return newest(set, n)
}

// newest lists the last n numbers of a set such as 1:3,7, highest first.
func newest(set string, n int) ([]int, error) {
	var out []int
	ranges := strings.Split(set, ",")
	for i := len(ranges) - 1; i >= 0 && set != ""; i-- {
		from, to, ok := strings.Cut(ranges[i], ":")
		if !ok {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		for u := last; u >= first; u-- {
			if len(out) == n {
				return out, nil
			}
			out = append(out, u)
		}
	}
	return out, nil
}

// joined writes UIDs as a set.
func joined(uids []int) string {
	words := make([]string, len(uids))
	for i, u := range uids {
		words[i] = strconv.Itoa(u)
	}
	return strings.Join(words, ",")
}
