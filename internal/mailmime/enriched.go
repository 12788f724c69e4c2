package mailmime

import "strings"

// plainEnriched takes the formatting out of text/enriched (RFC 1896): a line break alone is a blank, of several one goes, and
// commands in <...> say how it looked. rich: of its forerunner text/richtext (RFC 1341), where only <nl> breaks a line.
func plainEnriched(text string, rich bool) string {
	var b strings.Builder
	b.Grow(len(text))
	param, nofill := 0, 0
	for text != "" {
		i := strings.IndexAny(text, "<\n")
		if i < 0 {
			i = len(text)
		}
		if param == 0 {
			b.WriteString(text[:i])
		}
		if text = text[i:]; text == "" {
			break
		}
		if text[0] == '\n' {
			n := len(text) - len(strings.TrimLeft(text, "\n"))
			text = text[n:]
			switch {
			case param > 0:
			case nofill > 0:
				b.WriteString(strings.Repeat("\n", n))
			case n == 1 || rich:
				b.WriteByte(' ')
			default:
				b.WriteString(strings.Repeat("\n", n-1))
			}
			continue
		}
		command, rest, ok := cutCommand(text)
		if !ok {
			if param == 0 {
				b.WriteByte('<')
			}
			text = strings.TrimPrefix(text[1:], "<")
			continue
		}
		text = rest
		switch command {
		case "param":
			param++
		case "/param":
			param = max(0, param-1)
		case "nofill", "verbatim":
			nofill++
		case "/nofill", "/verbatim":
			nofill = max(0, nofill-1)
		case "nl", "paragraph", "np":
			b.WriteByte('\n')
		case "lt":
			b.WriteByte('<')
		}
	}
	return b.String()
}

// maxCommand is what RFC 1896 allows a command's name.
const maxCommand = 60

// cutCommand takes a command from the start of s, which begins with "<"; "<<" is a bracket.
func cutCommand(s string) (command, rest string, ok bool) {
	end := strings.IndexByte(s[:min(len(s), maxCommand+3)], '>')
	if end < 2 || strings.ContainsAny(s[1:end], "< \n") {
		return "", s, false
	}
	return strings.ToLower(s[1:end]), s[end+1:], true
}
