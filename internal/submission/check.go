package submission

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxAddress is the longest path without its brackets (RFC 5321 section
// 4.5.3.1.3).
const maxAddress = 254

// check refuses what must not reach the wire and fills in defaults, before
// anything is dialled. It returns the message with normalised line ends.
func check(opt *Options, env *Envelope, message []byte) ([]byte, error) {
	if err := checkOptions(opt); err != nil {
		return nil, err
	}
	if err := checkAddress(env.From); err != nil {
		return nil, err
	}
	to := make([]string, 0, len(env.To))
	for _, address := range env.To {
		if err := checkAddress(address); err != nil {
			return nil, err
		}
		if !slices.Contains(to, address) {
			to = append(to, address)
		}
	}
	if len(to) == 0 || len(to) > maxRecipients {
		return nil, invalid("%d recipients, want 1 to %d", len(to), maxRecipients)
	}
	env.To = to
	if len(message) == 0 {
		return nil, invalid("empty message")
	}
	if bytes.IndexByte(message, 0) >= 0 { // RFC 5321 section 4.5.2 has no way to send it
		return nil, invalid("message contains a NUL byte")
	}
	message = normalize(message)
	if !bytes.HasSuffix(message, []byte("\r\n")) {
		message = append(slices.Clip(message), "\r\n"...)
	}
	return message, nil
}

func checkOptions(opt *Options) error {
	host, _, err := net.SplitHostPort(opt.Addr)
	if err != nil || host == "" {
		return invalid("server address %q, want host:port", opt.Addr)
	}
	if opt.LocalName == "" {
		opt.LocalName = "localhost"
	}
	for _, line := range []string{opt.Addr, opt.LocalName, opt.Username, opt.Password} {
		if err := checkLine(line); err != nil {
			return err
		}
	}
	if opt.Token != nil && (opt.Username == "" || opt.Password != "") {
		return invalid("a token needs a user name and no password beside it")
	}
	if strings.ContainsAny(opt.LocalName, " <>") {
		return invalid("local name %q", opt.LocalName)
	}
	if c := opt.TLSConfig; c != nil && c.InsecureSkipVerify && c.VerifyConnection == nil {
		return &Error{Kind: Insecure, Err: invalid("TLSConfig verifies no certificate")}
	}
	switch opt.Security {
	case TLS, STARTTLS:
	case Cleartext:
		if !opt.AllowCleartext && !isLoopback(host) {
			return &Error{Kind: Insecure, Err: invalid("cleartext to %s is not allowed", host)}
		}
	default:
		return invalid("security %d", opt.Security)
	}
	if opt.DialTimeout == 0 {
		opt.DialTimeout = defaultDialTimeout
	}
	if opt.Progress == 0 {
		opt.Progress = defaultProgress
	}
	if opt.DialTimeout < 0 || opt.Progress < 0 {
		return invalid("negative timeout")
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// checkAddress takes local@domain. Whatever could end the address early in
// "RCPT TO:<...>" is refused, quoted local parts with blanks or brackets
// included.
func checkAddress(address string) error {
	if err := checkLine(address); err != nil {
		return err
	}
	at := strings.LastIndexByte(address, '@')
	switch {
	case len(address) > maxAddress:
		return invalid("address of %d bytes, want at most %d", len(address), maxAddress)
	case at < 1 || at == len(address)-1:
		return invalid("address %q, want local@domain", address)
	case strings.ContainsAny(address, "<>") || strings.ContainsFunc(address, unicode.IsSpace):
		return invalid("address %q has a blank or a bracket", address)
	}
	return nil
}

// checkLine is the one gate for text that becomes part of a command: no
// control character, CR and LF among them, and nothing that is not UTF-8.
func checkLine(line string) error {
	if !utf8.ValidString(line) {
		return invalid("text is not UTF-8")
	}
	if strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		return invalid("text contains a control character")
	}
	return nil
}

// normalize makes every line end a CRLF: a lone CR or LF could be read as the
// end of the message by another server on the way (RFC 5321 section 2.3.8). A
// message that is already so comes back as it is.
func normalize(message []byte) []byte {
	lone := 0
	for i, c := range message {
		if isLone(message, i, c) {
			lone++
		}
	}
	if lone == 0 {
		return message
	}
	out := make([]byte, 0, len(message)+lone)
	for i, c := range message {
		if isLone(message, i, c) {
			out = append(out, '\r', '\n')
		} else {
			out = append(out, c)
		}
	}
	return out
}

// isLone tells whether c, at position i, is a CR without LF or the reverse.
func isLone(message []byte, i int, c byte) bool {
	switch c {
	case '\r':
		return i+1 == len(message) || message[i+1] != '\n'
	case '\n':
		return i == 0 || message[i-1] != '\r'
	}
	return false
}
