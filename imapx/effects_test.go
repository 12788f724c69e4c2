package imapx_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// effects is a mail server in memory that remembers what became of its
// messages, over any number of connections. It does a command whole or not at
// all, as soon as it has all of it.
type effects struct {
	caps  string
	boxes map[string]*effectsBox
	deaf  string // it hangs up at the first command that begins so, and does nothing

	mu     sync.Mutex
	faults []string
	plan   trouble
	passed [2]int // bytes over all connections, from server and from client
	struck bool
	record []byte // what the server sent
	conns  []net.Conn
	wg     sync.WaitGroup
}

type effectsBox struct {
	next     int
	messages []*effectsMessage
}

type effectsMessage struct {
	uid   int
	flags []string
	raw   string
}

// trouble is what goes wrong once, at a byte that the server (0) or the client
// (1) sends.
type trouble struct {
	side, at int
	stall    bool // nothing more comes this way, and the connection stays open
}

func newEffects(caps string, plan trouble) *effects {
	s := &effects{caps: caps, plan: plan, boxes: map[string]*effectsBox{"INBOX": {next: 1}, "Archive": {next: 50}, "Sent": {next: 90}}}
	for i := range 4 {
		s.put("INBOX", letterFrom(i), nil)
	}
	s.boxes["INBOX"].messages[3].flags = []string{`\Seen`}
	return s
}

// letterFrom is message i of INBOX.
func letterFrom(i int) string {
	return fmt.Sprintf("Message-ID: <m%d@example.org>\r\nSubject: %d\r\n\r\nthe text of %d\r\n", i, i, i)
}

func (s *effects) put(box, raw string, flags []string) int {
	b := s.boxes[box]
	m := &effectsMessage{uid: b.next, flags: flags, raw: raw}
	b.next++
	b.messages = append(b.messages, m)
	return m.uid
}

func (s *effects) note(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// dial is Options.Dial.
func (s *effects) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	s.mu.Lock()
	s.conns = append(s.conns, server)
	s.mu.Unlock()
	conn := &troubled{Conn: server, s: s, shut: make(chan struct{})}
	s.wg.Go(func() {
		defer conn.Close()
		talk := &effectsTalk{s: s, conn: conn, in: bufio.NewReader(conn)}
		talk.run()
	})
	return client, nil
}

func (s *effects) close() {
	s.mu.Lock()
	for _, c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// troubled is a connection to which the plan happens.
type troubled struct {
	net.Conn
	s    *effects
	once sync.Once
	shut chan struct{}
}

func (c *troubled) Close() error {
	c.once.Do(func() { close(c.shut) })
	return c.Conn.Close()
}

// pass says how much of n bytes from side go through, and whether the plan
// strikes behind them.
func (s *effects) pass(side, n int) (through int, strikes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.struck && s.plan.side == side && s.plan.at >= 0 && s.passed[side]+n >= s.plan.at {
		n, strikes = s.plan.at-s.passed[side], true
		s.struck = true
	}
	s.passed[side] += n
	return n, strikes
}

func (c *troubled) Write(p []byte) (int, error) {
	n, strikes := c.s.pass(0, len(p))
	c.s.mu.Lock()
	c.s.record = append(c.s.record, p[:n]...)
	c.s.mu.Unlock()
	if n > 0 {
		if n, err := c.Conn.Write(p[:n]); err != nil {
			return n, err
		}
	}
	if !strikes {
		return n, nil
	}
	c.strike()
	return n, io.ErrClosedPipe
}

func (c *troubled) Read(p []byte) (int, error) {
	// One byte at a time, so that the plan can strike behind any of them.
	n, err := c.Conn.Read(p[:1])
	if n == 0 {
		return n, err
	}
	through, strikes := c.s.pass(1, n)
	if strikes {
		c.strike()
		return through, io.ErrClosedPipe
	}
	return n, err
}

// strike closes the connection; a stalled one stays open until the client has
// had enough.
func (c *troubled) strike() {
	if c.s.plan.stall {
		_, _ = io.Copy(io.Discard, c.Conn)
	}
	c.Close()
}

// effectsTalk is one connection's dialogue.
type effectsTalk struct {
	s    *effects
	conn net.Conn
	in   *bufio.Reader
	box  string
}

func (t *effectsTalk) say(lines ...string) {
	_, _ = t.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n"))
}

func (t *effectsTalk) run() {
	t.say("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready")
	for {
		line, err := t.in.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		lines, err := t.answer(tag, command)
		if err != nil {
			return
		}
		t.say(append(lines, tag+" OK done")...)
		if command == "LOGOUT" {
			return
		}
	}
}

var (
	setPattern  = regexp.MustCompile(`^UID (?:FETCH|STORE|MOVE|COPY|EXPUNGE) ([0-9:,]+) ?(.*)$`)
	bodyPattern = regexp.MustCompile(`BODY\.PEEK(\[[^\]]*\])(?:<0\.(\d+)>)?`)
	sizePattern = regexp.MustCompile(`^APPEND "?([A-Za-z]+)"? .*\{(\d+)(\+?)\}$`)
)

func (t *effectsTalk) answer(tag, command string) ([]string, error) {
	s := t.s
	word, rest, _ := strings.Cut(command, " ")
	if match := sizePattern.FindStringSubmatch(command); match != nil {
		return nil, t.append(match)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf != "" && strings.HasPrefix(command, s.deaf) {
		s.deaf = ""
		return nil, io.ErrClosedPipe
	}
	switch word {
	case "LOGIN", "AUTHENTICATE":
		return []string{"* CAPABILITY IMAP4rev1 " + s.caps}, nil
	case "CAPABILITY":
		return []string{"* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR " + s.caps}, nil
	case "NOOP", "LOGOUT":
		return nil, nil
	case "LIST":
		return s.list(rest), nil
	case "STATUS":
		name := strings.Trim(strings.Fields(rest)[0], `"`)
		return []string{s.status(name)}, nil
	case "SELECT", "EXAMINE":
		t.box = strings.Trim(strings.Fields(rest)[0], `"`)
		b := s.boxes[t.box]
		return []string{fmt.Sprintf("* %d EXISTS", len(b.messages)), `* OK [PERMANENTFLAGS (\Seen \Flagged \Deleted \*)] ok`,
			"* OK [UIDVALIDITY 7] ok", fmt.Sprintf("* OK [UIDNEXT %d] ok", b.next)}, nil
	}
	if strings.HasPrefix(command, "UID SEARCH") {
		return s.search(tag, t.box, strings.TrimPrefix(command, "UID SEARCH ")), nil
	}
	match := setPattern.FindStringSubmatch(command)
	if match == nil {
		s.note("command %q", command)
		return nil, nil
	}
	return t.change(strings.Fields(command)[1], match[1], match[2]), nil
}

func (s *effects) list(rest string) (lines []string) {
	for _, name := range []string{"Archive", "INBOX", "Sent"} {
		lines = append(lines, `* LIST () "/" `+name)
		if strings.Contains(rest, "STATUS") {
			lines = append(lines, s.status(name))
		}
	}
	return lines
}

func (s *effects) status(name string) string {
	unseen := 0
	for _, m := range s.boxes[name].messages {
		if !slices.Contains(m.flags, `\Seen`) {
			unseen++
		}
	}
	return fmt.Sprintf("* STATUS %s (MESSAGES %d UNSEEN %d UIDVALIDITY 7)", name, len(s.boxes[name].messages), unseen)
}

func (s *effects) search(tag, box, keys string) []string {
	esearch := strings.HasPrefix(keys, "RETURN")
	if esearch {
		_, keys, _ = strings.Cut(keys, ") ")
	}
	var hits []string
	for _, m := range s.boxes[box].messages {
		if s.matches(m, strings.Fields(keys)) {
			hits = append(hits, strconv.Itoa(m.uid))
		}
	}
	switch {
	case !esearch:
		return []string{strings.TrimSpace("* SEARCH " + strings.Join(hits, " "))}
	case len(hits) == 0:
		return []string{fmt.Sprintf(`* ESEARCH (TAG "%s") UID COUNT 0`, tag)}
	}
	return []string{fmt.Sprintf(`* ESEARCH (TAG "%s") UID COUNT %d ALL %s`, tag, len(hits), strings.Join(hits, ","))}
}

func (s *effects) matches(m *effectsMessage, keys []string) bool {
	for len(keys) > 0 {
		key := keys[0]
		keys = keys[1:]
		ok := false
		switch key {
		case "ALL":
			ok = true
		case "UNSEEN":
			ok = !slices.Contains(m.flags, `\Seen`)
		case "UID":
			ok, keys = within(keys[0], m.uid), keys[1:]
		case "HEADER":
			ok, keys = strings.Contains(m.raw, "<"+strings.Trim(keys[1], `"<>`)+">"), keys[2:]
		default:
			s.note("search key %q", key)
		}
		if !ok {
			return false
		}
	}
	return true
}

// within reports whether a set like 1:3,7 holds uid.
func within(set string, uid int) bool {
	for _, r := range strings.Split(set, ",") {
		first, last, ranged := strings.Cut(r, ":")
		if !ranged {
			last = first
		}
		a, _ := strconv.Atoi(first)
		b, err := strconv.Atoi(last)
		if err != nil {
			b = 1<<31 - 1
		}
		if uid >= a && uid <= b {
			return true
		}
	}
	return false
}

// change does what a UID command says to the messages of a set.
func (t *effectsTalk) change(verb, set, args string) (lines []string) {
	s, b := t.s, t.s.boxes[t.box]
	var src, dst []string
	var kept []*effectsMessage
	for i, m := range b.messages {
		if !within(set, m.uid) {
			kept = append(kept, m)
			continue
		}
		switch verb {
		case "FETCH":
			lines = append(lines, m.fetched(i+1, args))
		case "STORE":
			m.store(args)
			if !strings.Contains(args, "SILENT") {
				lines = append(lines, fmt.Sprintf("* %d FETCH (UID %d FLAGS (%s))", i+1, m.uid, strings.Join(m.flags, " ")))
			}
		case "COPY", "MOVE":
			src = append(src, strconv.Itoa(m.uid))
			dst = append(dst, strconv.Itoa(s.put(strings.Trim(args, `"`), m.raw, slices.Clone(m.flags))))
		}
		if verb == "MOVE" || verb == "EXPUNGE" && slices.Contains(m.flags, `\Deleted`) {
			lines = append(lines, fmt.Sprintf("* %d EXPUNGE", len(kept)+1))
			continue
		}
		kept = append(kept, m)
	}
	b.messages = kept
	if len(src) > 0 && strings.Contains(s.caps, "UIDPLUS") {
		lines = append([]string{fmt.Sprintf("* OK [COPYUID 7 %s %s] copied", strings.Join(src, ","), strings.Join(dst, ","))}, lines...)
	}
	return lines
}

func (m *effectsMessage) store(args string) {
	open := strings.IndexByte(args, '(')
	for _, f := range strings.Fields(strings.Trim(args[open:], "()")) {
		m.flags = slices.DeleteFunc(m.flags, func(have string) bool { return have == f })
		if args[0] == '+' {
			m.flags = append(m.flags, f)
		}
	}
}

func (m *effectsMessage) fetched(seq int, args string) string {
	out := fmt.Sprintf("* %d FETCH (UID %d", seq, m.uid)
	for item, value := range map[string]string{
		"FLAGS":         "(" + strings.Join(m.flags, " ") + ")",
		"INTERNALDATE":  `"20-Nov-2026 10:00:00 +0000"`,
		"RFC822.SIZE":   strconv.Itoa(len(m.raw)),
		"BODYSTRUCTURE": `("text" "plain" NIL NIL NIL "7bit" 15 1)`,
	} {
		if strings.Contains(args, item) {
			out += " " + item + " " + value
		}
	}
	for _, match := range bodyPattern.FindAllStringSubmatch(args, -1) {
		text, origin := m.raw, ""
		if strings.Contains(match[1], "HEADER") {
			head, _, _ := strings.Cut(m.raw, "\r\n\r\n")
			text = head + "\r\n\r\n"
		}
		if match[2] != "" {
			origin = "<0>"
		}
		out += fmt.Sprintf(" BODY%s%s {%d}\r\n%s", match[1], origin, len(text), text)
	}
	return out + ")"
}

func (t *effectsTalk) append(match []string) error {
	size, _ := strconv.Atoi(match[2])
	if match[3] == "" {
		t.say("+ go on")
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(t.in, raw); err != nil {
		return err
	}
	if _, err := t.in.ReadString('\n'); err != nil {
		return err
	}
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.s.put(match[1], string(raw), nil)
	return nil
}

// truth is what became of the messages.
func (s *effects) truth() truth {
	out := truth{places: make(map[string][]string)}
	for _, name := range []string{"INBOX", "Archive", "Sent"} {
		for _, m := range s.boxes[name].messages {
			id, _, _ := strings.Cut(strings.TrimPrefix(m.raw, "Message-ID: <"), "@")
			place := name
			if slices.Contains(m.flags, `\Deleted`) {
				place += " deleted"
			}
			out.places[id] = append(out.places[id], place)
			out.flagged = out.flagged || id == "m2" && slices.Contains(m.flags, `\Flagged`)
		}
	}
	return out
}

// within the bubble of a test, time passes only while everybody waits.
const (
	cutProgress = 5 * time.Second
	cutBudget   = 60 * time.Second
)
