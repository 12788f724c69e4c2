package mailtext

import "golang.org/x/net/html"

// attrs are the attributes that matter; of repeated ones the first counts (WHATWG 13.2.5.33). They hold until the
// tokenizer goes on.
type attrs struct {
	set uint32
	val [attrCount][]byte
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
	attrDisplay
	attrVisibility
	attrOpacity
	attrFill
	attrFontSize
	attrType
	attrName
	attrMarker
	attrCount
)

func (a *attrs) has(x attr) bool { return a.set&(1<<x) != 0 }

// text is a value to keep: of most attributes nobody asks for it.
func (a *attrs) text(x attr) string { return string(a.val[x]) }

func (a *attrs) read(z *html.Tokenizer) {
	for more := true; more; {
		var key, val []byte
		key, val, more = z.TagAttr()
		x, ok := attrOf(key)
		if !ok || a.has(x) {
			continue
		}
		a.set |= 1 << x
		if x != attrStyle && x != attrClass && len(val) > maxURL+1 {
			val = val[:maxURL+1] // beyond use, and pictures stand in src
		}
		a.val[x] = val
	}
}

func attrOf(key []byte) (attr, bool) {
	switch string(key) {
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
	case "type":
		return attrType, true
	case "name":
		return attrName, true
	case "data-marker":
		return attrMarker, true
	}
	return drawnAttrOf(key)
}

// drawnAttrOf knows the attributes that SVG has for what styles say elsewhere.
func drawnAttrOf(key []byte) (attr, bool) {
	switch string(key) {
	case "display":
		return attrDisplay, true
	case "visibility":
		return attrVisibility, true
	case "opacity":
		return attrOpacity, true
	case "fill":
		return attrFill, true
	case "font-size":
		return attrFontSize, true
	}
	return 0, false
}
