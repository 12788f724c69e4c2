package contentline

import (
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// parse reads the rest of a line that has a name.
func (p *piece) parse() (Line, bool) {
	if !p.named {
		return Line{}, false
	}
	line := Line{Group: p.group, Name: p.name, Cut: p.cut}
	var ok bool
	line.Params, line.Value, ok = params(p.rest, true)
	if !ok {
		// A quote that is never closed belongs to the text.
		if line.Params, line.Value, ok = params(p.rest, false); !ok {
			return Line{}, false
		}
	}
	line.decode()
	return line, true
}

// params reads ";NAME=value,value" up to the colon outside quotes.
func params(s string, quotes bool) (list []Param, value string, ok bool) {
	for s != "" && s[0] == ';' {
		end := delimiter(s[1:], ";:", quotes)
		if end < 0 {
			return nil, "", false
		}
		if len(list) < maxParams && end > 0 {
			list = append(list, param(s[1:1+end], quotes))
		}
		s = s[1+end:]
	}
	if s == "" {
		return nil, "", false
	}
	return list, s[1:], true
}

// delimiter is the offset of the first of the characters outside quotes, or -1.
func delimiter(s, chars string, quotes bool) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"' && quotes:
			quoted = !quoted
		case !quoted && strings.IndexByte(chars, s[i]) >= 0:
			return i
		}
	}
	return -1
}

func param(s string, quotes bool) Param {
	var p Param
	if name, values, ok := strings.Cut(s, "="); ok {
		p.Name, s = strings.ToUpper(strings.TrimSpace(name)), values
	}
	for len(p.Values) < maxValues {
		end := delimiter(s, ",", quotes)
		part := s
		if end >= 0 {
			part = s[:end]
		}
		p.Values = append(p.Values, caret(strings.ReplaceAll(strings.TrimSpace(part), `"`, "")))
		if end < 0 {
			break
		}
		s = s[end+1:]
	}
	return p
}

// caret resolves the escapes of parameter values (RFC 6868 section 3).
func caret(s string) string {
	if !strings.Contains(s, "^") {
		return s
	}
	return strings.NewReplacer("^n", "\n", "^N", "\n", "^'", `"`, "^^", "^").Replace(s)
}

// decode undoes the encodings of vCard 2.1 and vCalendar 1.0, and marks base64, which is only used for pictures,
// sounds, keys and files.
func (l *Line) decode() {
	for _, p := range l.Params {
		if p.Name != "ENCODING" && p.Name != "" {
			continue
		}
		for _, v := range p.Values {
			switch strings.ToUpper(v) {
			case "QUOTED-PRINTABLE":
				l.Value = charset(fromQuotedPrintable(l.Value), l.Param("CHARSET"))
				return
			case "BASE64", "B":
				l.Value, l.Binary = "", true
				return
			}
		}
	}
}

// fromQuotedPrintable decodes a value whose soft breaks are gone; "=" that starts no code stays.
func fromQuotedPrintable(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '=' && i+2 < len(s) {
			hi, lo := hex(s[i+1]), hex(s[i+2])
			if hi >= 0 && lo >= 0 {
				b.WriteByte(byte(hi<<4 | lo))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// charset converts decoded bytes to UTF-8.
func charset(s, label string) string {
	if enc, err := htmlindex.Get(label); label != "" && err == nil {
		if out, err := enc.NewDecoder().String(s); err == nil {
			return strings.ToValidUTF8(out, "\ufffd")
		}
	}
	return validate(s)
}
