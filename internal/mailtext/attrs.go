package mailtext

import (
	"bytes"
	"math/bits"
	"strconv"

	"golang.org/x/net/html"
)

// attrs are the attributes that matter; of repeated ones the first counts (WHATWG 13.2.5.33). They hold until the
// lexer goes on.
type attrs struct {
	set uint32
	cut uint32 // those whose end is missing
	val [attrCount][]byte
	// wanted are the attributes that selectors ask about, and held the names of the selectors that hold here.
	wanted map[string][]attrTest
	held   []string
}

type attr uint8

const (
	attrStyle attr = iota
	attrClass
	attrID
	attrHidden
	attrHref
	attrSrc
	attrAlt
	attrWidth
	attrHeight
	attrRole
	attrBorder
	attrBgcolor
	attrBackground
	attrColor
	attrSize
	attrStart
	attrMedia
	attrOpen
	attrText
	attrPopover
	attrType
	attrName
	attrMarker
	attrValue
	attrPlaceholder
	attrChecked
	attrColspan
	attrRowspan
	attrCount
)

func (a *attrs) has(x attr) bool { return a.set&(1<<x) != 0 }

// text is a value to keep: of most attributes nobody asks for it.
func (a *attrs) text(x attr) string { return string(a.val[x]) }

// count is a value that is a number, 0 if it is none.
func (a *attrs) count(x attr) int {
	if len(a.val[x]) == 0 {
		return 0 // as nearly always, and the fault would cost memory
	}
	n, _ := strconv.Atoi(a.text(x))
	return n
}

// reset forgets the attributes of the tag before.
func (a *attrs) reset() {
	a.held, a.cut = a.held[:0], 0
	for ; a.set != 0; a.set &= a.set - 1 {
		a.val[bits.TrailingZeros32(a.set)] = nil
	}
}

// note keeps the attribute if it is one that matters.
func (a *attrs) note(key string, val []byte) {
	key = lowerName(key)
	if tests := a.wanted[key]; len(tests) > 0 {
		plain := unescaped(val[:min(len(val), maxStyle)])
		for i := range tests {
			if tests[i].holds(plain) && len(a.held) < maxElementNames {
				a.held = append(a.held, tests[i].name)
			}
		}
	}
	x, ok := attrOf(key)
	if !ok || a.has(x) {
		return
	}
	a.set |= 1 << x
	if x != attrStyle && x != attrClass && len(val) > maxURL+1 {
		val, a.cut = beforeReference(val[:maxURL+1]), a.cut|1<<x // beyond use, and pictures stand in src
	}
	if bytes.IndexByte(val, '&') >= 0 {
		val = unescaped(val)
	}
	a.val[x] = val
}

// beforeReference cuts a character reference off that may have lost its end.
func beforeReference(val []byte) []byte {
	if amp := bytes.LastIndexByte(val, '&'); amp >= len(val)-maxReference {
		return val[:amp]
	}
	return val
}

// unescaped resolves the character references of a value (WHATWG 13.2.5.73).
func unescaped(val []byte) []byte {
	out := make([]byte, 0, len(val))
	for len(val) > 0 {
		amp := bytes.IndexByte(val, '&')
		if amp < 0 {
			amp = len(val)
		}
		out = append(out, val[:amp]...)
		if val = val[amp:]; len(val) > 0 {
			char, size := reference(val)
			out = append(out, char...)
			val = val[size:]
		}
	}
	return out
}

// maxReference is the length of the longest name of a character, its marks included, and some.
const maxReference = 40

// reference reads the character reference that s, the rest of an attribute's value, begins with: "&" if it is none.
func reference(s []byte) (char string, size int) {
	if len(s) > 1 && s[1] == '#' {
		return numbered(s)
	}
	end := 1
	for end < len(s) && (isAlpha(s[end]) || isDigit(s[end])) {
		end++
	}
	closed := end < len(s) && s[end] == ';'
	if closed {
		end++
	} else if end < len(s) && s[end] == '=' {
		return "&", 1 // "&copy=1" is a parameter
	}
	if end > maxReference {
		return "&", 1
	}
	name := string(s[:end])
	char = html.UnescapeString(name)
	last := char[len(char)-1]
	switch {
	case name == "&semi;":
	case closed && last == ';', !closed && (isAlpha(last) || isDigit(last)), char == name:
		return "&", 1 // only the beginning of it is a name, which counts in texts alone
	}
	return char, end
}

// numbered reads a reference by number.
func numbered(s []byte) (char string, size int) {
	digits := 2
	hex := len(s) > 2 && s[2]|0x20 == 'x'
	if hex {
		digits++
	}
	end := digits
	for end < len(s) && (isDigit(s[end]) || hex && isHex(s[end])) {
		end++
	}
	if end == digits {
		return "&", 1
	}
	if end < len(s) && s[end] == ';' {
		end++
	}
	return html.UnescapeString(string(s[:end])), end
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func attrOf(key string) (attr, bool) {
	switch key {
	case "style":
		return attrStyle, true
	case "class":
		return attrClass, true
	case "id":
		return attrID, true
	case "hidden":
		return attrHidden, true
	case "href":
		return attrHref, true
	case "src":
		return attrSrc, true
	case "alt":
		return attrAlt, true
	case "width":
		return attrWidth, true
	case "height":
		return attrHeight, true
	case "role":
		return attrRole, true
	case "border":
		return attrBorder, true
	case "bgcolor":
		return attrBgcolor, true
	case "background":
		return attrBackground, true
	case "color":
		return attrColor, true
	case "size":
		return attrSize, true
	case "start":
		return attrStart, true
	case "media":
		return attrMedia, true
	case "open":
		return attrOpen, true
	case "text":
		return attrText, true
	case "popover":
		return attrPopover, true
	}
	return otherAttrOf(key)
}

// otherAttrOf knows the attributes of forms, wide cells and the marks of mail programs.
func otherAttrOf(key string) (attr, bool) {
	switch key {
	case "type":
		return attrType, true
	case "name":
		return attrName, true
	case "data-marker":
		return attrMarker, true
	case "value":
		return attrValue, true
	case "placeholder":
		return attrPlaceholder, true
	case "checked":
		return attrChecked, true
	case "colspan":
		return attrColspan, true
	case "rowspan":
		return attrRowspan, true
	}
	return 0, false
}
