package imapx

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Mailbox names travel in modified UTF-7 (RFC 3501 section 5.1.3).

func base64Modified() *base64.Encoding {
	return base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)
}

// encodeName writes a name as it travels.
func encodeName(name string) string {
	var b strings.Builder
	var wide []uint16
	flush := func() {
		if len(wide) == 0 {
			return
		}
		raw := make([]byte, 0, 2*len(wide))
		for _, u := range wide {
			raw = append(raw, byte(u>>8), byte(u))
		}
		b.WriteString("&" + base64Modified().EncodeToString(raw) + "-")
		wide = nil
	}
	for _, r := range name {
		switch {
		case r == '&':
			flush()
			b.WriteString("&-")
		case r >= ' ' && r <= '~':
			flush()
			b.WriteByte(byte(r))
		default:
			wide = utf16.AppendRune(wide, r)
		}
	}
	flush()
	return b.String()
}

// decodeName reads a name as it travelled. One that is not well encoded has no
// reading that the server would know again: ok is false.
func decodeName(raw string) (name string, ok bool) {
	var b strings.Builder
	for rest := raw; rest != ""; {
		plain, coded, found := strings.Cut(rest, "&")
		b.WriteString(plain)
		if !found {
			break
		}
		shifted, after, closed := strings.Cut(coded, "-")
		if !closed {
			return "", false
		}
		if rest = after; shifted == "" {
			b.WriteByte('&')
			continue
		}
		text, ok := decodeWide(shifted)
		if !ok {
			return "", false
		}
		b.WriteString(text)
	}
	name = b.String()
	return name, encodeName(name) == raw // another spelling would be another mailbox
}

func decodeWide(s string) (string, bool) {
	raw, err := base64Modified().DecodeString(s)
	if err != nil || len(raw) == 0 || len(raw)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
	}
	runes := utf16.Decode(units)
	for _, r := range runes {
		if r == utf8.RuneError {
			return "", false
		}
	}
	return string(runes), true
}
