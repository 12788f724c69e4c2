package doctext

import (
	"io"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/internal/mailmime"
)

// settle decodes the bytes that wait. It is called before anything that changes how they are meant.
func (x *rtf) settle() {
	if len(x.pending) == 0 {
		return
	}
	charset := x.state.charset
	if charset == "" {
		charset = x.codepage
	}
	text := string(x.pending)
	if !isASCII(text) {
		if decoded, err := io.ReadAll(mailmime.DecodeBody(strings.NewReader(text), "", charset)); err == nil {
			text = string(decoded)
		}
	}
	x.pending = x.pending[:0]
	_ = x.show(text) // the bound is looked at by the next byte
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// write adds text that is ours, such as a tab.
func (x *rtf) write(s string) error {
	x.settle()
	return x.show(s)
}

func (x *rtf) show(s string) error {
	if x.state.skip || x.state.deleted {
		return nil
	}
	if x.hidden() {
		if !x.wasHidden && strings.TrimSpace(s) != "" {
			x.d.dropped.Hidden++
			x.wasHidden = true
		}
		return nil
	}
	if x.wasHidden && strings.TrimSpace(s) != "" {
		x.wasHidden = false
	}
	x.text = append(x.text, s...)
	return x.overfull()
}

func (x *rtf) hidden() bool {
	s := &x.state
	if s.hidden || s.tiny {
		return true
	}
	if s.fg <= 0 || s.fg >= len(x.colors) {
		return false
	}
	bg := color(0)
	if s.bg > 0 && s.bg < len(x.colors) {
		bg = x.colors[s.bg]
	}
	return unseeable(x.colors[s.fg], bg)
}

func (x *rtf) overfull() error {
	if len(x.text) > x.d.out.left {
		return x.endLine()
	}
	return nil
}

func (x *rtf) endLine() error {
	x.settle()
	if x.state.skip {
		return nil
	}
	line := strings.TrimSuffix(strings.TrimSpace(string(x.text)), " |")
	x.text = x.text[:0]
	return x.d.out.line(strings.TrimSpace(line))
}

func codepage(n int) string {
	switch n {
	case 65001:
		return "utf-8"
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 10000:
		return "macintosh"
	}
	return "windows-" + strconv.Itoa(n)
}

// fontCharset gives the charset of a font's number (RTF 1.9.1, "Font Table").
func fontCharset(n int) string {
	switch n {
	case 77:
		return "macintosh"
	case 128:
		return "shift_jis"
	case 129:
		return "euc-kr"
	case 134:
		return "gbk"
	case 136:
		return "big5"
	case 161:
		return "windows-1253"
	case 162:
		return "windows-1254"
	case 163:
		return "windows-1258"
	case 177:
		return "windows-1255"
	case 178:
		return "windows-1256"
	case 186:
		return "windows-1257"
	case 204:
		return "windows-1251"
	case 222:
		return "windows-874"
	case 238:
		return "windows-1250"
	}
	return ""
}
