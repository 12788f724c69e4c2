package imapx

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// guard stands between a connection and the client library. It keeps an idle
// deadline in place of the library's fixed ones, runs the scanner over what
// the server sends, and remembers why a connection ended and what the server
// said last: the library loses both.
type guard struct {
	net.Conn           // what commands go through: TLS or TCP
	raw      net.Conn  // the TCP connection: closing it never blocks
	src      io.Reader // the supplied greeting, what login read ahead, then Conn
	progress time.Duration

	// Used by the reader only.
	scanner scanner
	in      [16 << 10]byte
	at      int   // how much of scanner.out has been passed on
	over    error // what ends the stream, behind scanner.out

	received, sent             atomic.Int64
	fetches, arrived, expunged atomic.Int64 // FETCH, EXISTS and EXPUNGE answers seen
	// messages is how many the selected mailbox has as far as the server has
	// told. The library's own count lags behind the end of SELECT.
	messages atomic.Int64
	bell     chan struct{} // rung by EXISTS and BYE; holds one

	mu     sync.Mutex
	armed  bool
	closed bool
	why    error
	hold   bool       // the next command waits for the one behind it
	held   []byte     // such a command
	only   string     // when set, the only command that may come next
	own    *ownAnswer // of the command of our own under way
	said   status     // last BYE, or what an untagged NO, BAD or ALERT said
	copied copyUID
	named  func(string) // called with what the server says it is; nil: it was not asked
	ghosts bool         // the answer may hold messages that are gone, and are served empty
}

func newGuard(conn, raw net.Conn, src io.Reader, progress time.Duration, limits Limits) *guard {
	g := &guard{Conn: conn, raw: raw, src: src, progress: progress, bell: make(chan struct{}, 1)}
	g.scanner = scanner{limits: limits, status: g.statusLine, news: g.count, route: g.route, taken: g.taken}
	return g
}

func (g *guard) count(n uint32, word string) {
	switch word {
	case "FETCH":
		g.fetches.Add(1)
	case "EXISTS":
		g.arrived.Add(1)
		g.messages.Store(int64(n))
		wake(g.bell)
	case "EXPUNGE":
		g.expunged.Add(1)
		g.messages.Add(-1)
	}
}

// news changes whenever the server tells of a change in the mailbox.
func (g *guard) news() int64 { return g.fetches.Load() + g.arrived.Load() + g.expunged.Load() }

// Read passes on what the server sends, once it is known to be harmless and of
// use to the library. What came before the end of the stream comes first.
func (g *guard) Read(p []byte) (int, error) {
	for {
		if n := copy(p, g.scanner.out[g.at:]); n > 0 {
			g.at += n
			return n, nil
		}
		g.scanner.out, g.scanner.whole, g.at = g.scanner.out[:0], 0, 0
		if g.over != nil {
			return 0, g.over
		}
		if err := g.due(); err != nil {
			if !g.dead() {
				g.fail(err)
			}
			return 0, err
		}
		if direct := g.scanner.direct(); direct > 0 {
			n, err := g.src.Read(p[:min(int64(len(p)), direct)])
			g.received.Add(int64(n))
			g.scanner.skip(int64(n))
			g.end(err)
			if n > 0 {
				return n, nil
			}
			continue
		}
		n, err := g.src.Read(g.in[:])
		g.received.Add(int64(n))
		if bad := g.scanner.scan(g.in[:n]); bad != nil {
			g.scanner.out = g.scanner.out[:g.scanner.whole]
			err = bad
		}
		g.end(err)
	}
}

// end notes why the stream ends, nil: it does not.
func (g *guard) end(err error) {
	if err == nil {
		return
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &Error{Kind: Unavailable, Err: errors.New("no answer for " + g.progress.String())}
	} else if errors.Is(err, io.EOF) && g.scanner.midway() {
		err = io.ErrUnexpectedEOF // a literal cut short must not look complete
	}
	g.over = err
	g.fail(err)
}

// due sets the deadline of the next read while an answer is due. The lock is
// held across it so that disarm has the last word.
func (g *guard) due() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return net.ErrClosed
	}
	if g.armed {
		quickAck(g.raw)
		return g.Conn.SetReadDeadline(time.Now().Add(g.progress))
	}
	return nil
}

// Write sends p; the server must take it within the progress deadline.
func (g *guard) Write(p []byte) (int, error) {
	g.mu.Lock()
	closed, only := g.closed, g.only
	if g.hold && !closed {
		g.hold, g.held = false, append(g.held, p...)
		g.mu.Unlock()
		return len(p), nil
	}
	before := g.held
	g.held, g.only = nil, "" // a long command comes in pieces
	g.mu.Unlock()
	if closed {
		return 0, net.ErrClosed
	}
	if _, command, _ := bytes.Cut(p, []byte(" ")); !bytes.HasPrefix(command, []byte(only)) {
		err := &Error{Kind: Protocol, Err: errors.New("the server took back an extension in mid-session")}
		g.fail(err)
		return 0, err
	}
	if err := g.Conn.SetWriteDeadline(time.Now().Add(g.progress)); err != nil {
		g.fail(err)
		return 0, err
	}
	if len(before) > 0 {
		p = append(before, p...)
	}
	n, err := g.Conn.Write(p)
	g.sent.Add(int64(n))
	if n > 0 {
		g.postpone()
	}
	n = max(0, n-len(before))
	if err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = &Error{Kind: Unavailable, Err: errors.New("the server took no data for " + g.progress.String())}
		}
		g.fail(err)
	}
	return n, err
}

// postpone moves the deadline of the answer: a server that takes data is not
// silent, it answers when it has all.
func (g *guard) postpone() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.armed && !g.closed {
		_ = g.Conn.SetReadDeadline(time.Now().Add(g.progress)) // the deadline before it stands
	}
}

// join sends the next command together with the one behind it: one packet, and
// one round trip however busy the machine is.
func (g *guard) join() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hold = true
}

// bring sends a command of which the answer is not waited for along with the
// first one that comes; named gets what the server says it is.
func (g *guard) bring(command []byte, named func(string)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held, g.named = append(g.held, command...), named
}

// restrict lets only one command come next, and with "" every one.
func (g *guard) restrict(command string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.only = command
}

// route sorts answers. The library gives up on what it does not know, and has
// no use for what its commands do not ask for: those here never ask for more.
func (g *guard) route(kind headKind, word string) route {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case kind == headTag && word == idTag:
		return drop
	case kind == headWord && word == "ID" && g.named != nil,
		g.own != nil && g.own.claims(kind, word):
		return take
	}
	if kind != headWord {
		return pass
	}
	switch word {
	case "OK", "NO", "BAD", "BYE", "PREAUTH", "EXISTS", "RECENT", "EXPUNGE", "FETCH", "SEARCH":
		return pass
	}
	return drop
}

// taken hands a response to the command of our own that it answers.
func (g *guard) taken(response []byte) bool {
	g.mu.Lock()
	own, named := g.own, g.named
	g.mu.Unlock()
	if named != nil && isID(response) {
		named(serverName(response))
		return true
	}
	return own != nil && own.deliver(response)
}

// serve names the command of our own whose answers are to be kept from the
// library, nil: none.
func (g *guard) serve(own *ownAnswer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.own = own
}

// arm says that an answer is due, disarm that none is.
func (g *guard) arm() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed = true
	g.copied, g.ghosts = copyUID{}, false
	return g.Conn.SetReadDeadline(time.Now().Add(g.progress))
}

func (g *guard) disarm() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.armed = false
	if !g.closed && g.Conn.SetReadDeadline(time.Time{}) != nil {
		g.closed = true
		g.raw.Close()
	}
}

// fail closes the connection for good; the first reason is kept.
func (g *guard) fail(why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.why == nil {
		g.why = why
	}
	if !g.closed {
		g.closed = true
		g.raw.Close()
	}
}

// Close closes the connection at once, without a TLS goodbye that could block.
func (g *guard) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.closed = true
	return g.raw.Close()
}

func (g *guard) dead() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed
}

// reason returns the server's last words and why the connection ended (nil:
// the library gave up on what it read).
func (g *guard) reason() (said status, why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.said, g.why
}

func (g *guard) hasGhosts() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ghosts
}

func (g *guard) lastCopy() copyUID {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.copied
}

// The library's own deadlines are fixed and cut slow transfers: they are ignored.

// SetDeadline does nothing.
func (g *guard) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (g *guard) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (g *guard) SetWriteDeadline(time.Time) error { return nil }

// statusLine keeps what the library drops: BYE and ALERT texts, untagged NO
// and BAD, and COPYUID in the server's order.
func (g *guard) statusLine(line []byte) {
	st, ok := parseStatus(string(line))
	if !ok {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case st.code == "COPYUID":
		g.copied = parseCopyUID(st.args)
	case st.code == "EXPUNGEISSUED": // RFC 5530 section 3
		g.ghosts = true
	case st.tag == "*" && st.typ == "BYE":
		g.said = st
		wake(g.bell)
	case (st.tag == "*" && (st.typ == "NO" || st.typ == "BAD") || st.code == "ALERT") && g.said.typ != "BYE":
		g.said = st
	}
}
