package mailmime

import "strings"

// unflow joins the lines of format=flowed text (RFC 3676): a line that ends in a blank goes on in the next one of the same
// quoting depth; with delsp that blank was added. Quoting and the signature separator stay as they stand.
func unflow(text string, delsp bool) string {
	var b strings.Builder
	b.Grow(len(text))
	open, last := false, 0 // the line before goes on; its quoting depth
	for line := range strings.Lines(text) {
		content, ended := strings.CutSuffix(line, "\n")
		depth := len(content) - len(strings.TrimLeft(content, ">"))
		content = content[depth:]
		content = strings.TrimPrefix(content, " ") // section 4.4: stuffed
		separator := content == "-- "
		if open && (depth != last || separator) { // section 4.5: a flow ends where the depth changes
			b.WriteByte('\n')
			open = false
		}
		if !open && depth > 0 {
			b.WriteString(strings.Repeat(">", min(depth, maxQuoting)))
			b.WriteByte(' ')
		}
		flows := strings.HasSuffix(content, " ") && !separator
		if flows && delsp {
			content = content[:len(content)-1]
		}
		b.WriteString(content)
		open, last = flows && ended, depth
		if !open && ended {
			b.WriteByte('\n')
		}
	}
	if open {
		b.WriteByte('\n')
	}
	return b.String()
}

// maxQuoting is deeper than anybody reads.
const maxQuoting = 50
