package imapx

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// maxLine bounds a line before login; capability lists have about 1 KB.
	maxLine = 16 << 10
	// maxLines bounds the lines of one answer before login.
	maxLines = 100
)

// wire speaks the few commands before login, one at a time.
type wire struct {
	conn     net.Conn // TCP, later TLS
	raw      net.Conn
	br       *bufio.Reader
	progress time.Duration
	tag      int
	caps     Caps
	preauth  bool
	secrets  []string // as they were sent
}

func newWire(raw net.Conn, progress time.Duration) *wire {
	return &wire{conn: raw, raw: raw, br: bufio.NewReaderSize(raw, maxLine), progress: progress}
}

// run ends fn by closing the connection when ctx ends.
func (w *wire) run(ctx context.Context, fn func() error) error {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		w.raw.Close()
	})
	err := fn()
	if !stop() {
		<-done
		return ctx.Err()
	}
	return err
}

func (w *wire) startTLS(ctx context.Context, o Options) error {
	conn := tls.Client(w.raw, tlsConfig(o))
	if err := conn.HandshakeContext(ctx); err != nil {
		return tlsError(err)
	}
	w.conn, w.br = conn, bufio.NewReaderSize(conn, maxLine)
	return nil
}

func (w *wire) greeting() error {
	line, err := w.readLine()
	if err != nil {
		return err
	}
	st, ok := parseStatus(line)
	switch {
	case !ok || st.tag != "*":
		return &Error{Op: "greeting", Kind: Protocol, Err: errors.New("this is no IMAP server: " + strconv.Quote(printable(line)))}
	case st.typ == "PREAUTH":
		w.preauth = true
	case st.typ != "OK":
		err := loginError("greeting", st)
		if err.Kind == Auth || err.Kind == Refused {
			err.Kind = Unavailable // nobody was refused yet
		}
		return err
	}
	w.learn(st)
	return nil
}

func (w *wire) learn(st status) {
	if st.code == "CAPABILITY" {
		w.caps = parseCaps(st.args)
	}
}

// login ends with a session whose capabilities are known.
func (w *wire) login(o Options, token string) error {
	if !w.caps.known() {
		if err := w.command("CAPABILITY"); err != nil {
			return err
		}
	}
	if !w.preauth {
		before := w.caps
		w.caps = Caps{} // RFC 9051 section 6.1.1: they change with the login
		w.secrets = []string{o.Password, strings.Trim(quote(o.Password), `"`), token}
		if err := w.authenticate(o, token, before); err != nil {
			return w.discreet(err)
		}
		if !w.caps.known() {
			if err := w.command("CAPABILITY"); err != nil {
				return err
			}
		}
	}
	if !w.caps.names["IMAP4REV1"] && !w.caps.names["IMAP4REV2"] {
		return &Error{Op: "CAPABILITY", Kind: Protocol, Err: errors.New("the server speaks no IMAP4")}
	}
	return nil
}

// echoed is how much of a secret in a server's words shows that it repeats what
// it was sent: it may have cut that short, and so do we.
const echoed = 16

// discreet leaves out of a refused login what the server says when that repeats
// the secret.
func (w *wire) discreet(err error) error {
	var e *Error
	if !errors.As(err, &e) || !slices.ContainsFunc(w.secrets, func(s string) bool {
		return s != "" && strings.Contains(e.Text, s[:min(len(s), echoed)])
	}) {
		return err
	}
	out := *e
	out.Text = ""
	return &out
}

// command sends one command that takes no continuation and waits for its end.
func (w *wire) command(line string) error {
	tag, err := w.send(line)
	if err != nil {
		return err
	}
	op, _, _ := strings.Cut(line, " ")
	if _, more, err := w.answer(tag, op); err != nil || !more {
		return err
	}
	return &Error{Op: op, Kind: Protocol, Err: errors.New("the server asks for more where there is none")}
}

func (w *wire) send(line string) (tag string, err error) {
	w.tag++
	tag = "P" + strconv.Itoa(w.tag)
	return tag, w.write(tag + " " + line)
}

func (w *wire) write(line string) error {
	if err := w.conn.SetDeadline(time.Now().Add(w.progress)); err != nil {
		return err
	}
	_, err := w.conn.Write([]byte(line + "\r\n"))
	return err
}

// answer reads up to the end of a command, or to a continuation request, whose
// text it returns with more.
func (w *wire) answer(tag, op string) (text string, more bool, err error) {
	var bye *Error
	for range maxLines {
		line, err := w.readLine()
		if err != nil {
			if bye != nil {
				return "", false, bye
			}
			return "", false, err
		}
		if rest, ok := strings.CutPrefix(line, "+"); ok {
			return strings.TrimPrefix(rest, " "), true, nil
		}
		if list, ok := cutFold(line, "* CAPABILITY "); ok {
			w.caps = parseCaps(list)
			continue
		}
		st, ok := parseStatus(line)
		switch {
		case !ok:
		case st.tag == tag && st.typ == "OK":
			w.learn(st)
			return "", false, nil
		case st.tag == tag:
			return "", false, loginError(op, st)
		case st.tag == "*" && st.typ == "BYE":
			bye = loginError(op, st)
		}
	}
	return "", false, &Error{Op: op, Kind: Protocol, Err: errors.New("the answer does not end")}
}

func (w *wire) readLine() (string, error) {
	if err := w.conn.SetDeadline(time.Now().Add(w.progress)); err != nil {
		return "", err
	}
	quickAck(w.raw)
	line, err := w.br.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", &Error{Kind: TooLarge, Err: errors.New("a line over " + strconv.Itoa(maxLine) + " bytes before login")}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "", &Error{Kind: Unavailable, Err: errors.New("no answer for " + w.progress.String())}
	case err != nil:
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}

// loginError has only kinds that make sense before there is a mailbox: no code
// of a server's makes of a refused login a message that is not found.
func loginError(op string, st status) *Error {
	err := statusError(op, st.typ, st.code, st.text)
	switch err.Kind {
	case Auth, Limit, Unavailable, Protocol:
	default:
		err.Kind = statusKind(st.typ, "")
	}
	return err
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

// quote writes a quoted string; the options are checked for CR, LF and NUL.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
