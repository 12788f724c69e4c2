package imapx

import (
	"strings"
	"unicode"
)

// status is a status line taken apart (RFC 9051 section 7.1).
type status struct {
	tag, typ, code, args, text string
}

// maxText bounds the server's words in an error.
const maxText = 300

func parseStatus(line string) (status, bool) {
	tag, rest, _ := strings.Cut(line, " ")
	typ, rest, _ := strings.Cut(rest, " ")
	st := status{tag: tag, typ: strings.ToUpper(typ), text: rest}
	switch st.typ {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
	default:
		return status{}, false
	}
	if inner, text, ok := strings.Cut(rest, "]"); ok && strings.HasPrefix(inner, "[") {
		code, args, _ := strings.Cut(inner[1:], " ")
		st.code, st.args, st.text = responseCode(code), args, strings.TrimPrefix(text, " ")
	}
	st.text = printable(st.text)
	return st, true
}

// maxCode is longer than every response code there is.
const maxCode = 40

// responseCode is a code in upper case, "" when it is none (RFC 9051 section 9,
// resp-text-code).
func responseCode(code string) string {
	if len(code) > maxCode || strings.ContainsFunc(code, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return ""
	}
	return strings.ToUpper(code)
}

// printable makes a server's text safe to show in one line: without what steers
// a terminal or turns the direction of writing.
func printable(s string) string {
	if len(s) > maxText {
		s = s[:maxText] + "..."
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
