package mailtext

import "strings"

// prop is a matter that decides whether a person sees a text; several CSS properties may speak on one.
type prop uint8

const (
	propDisplay prop = iota
	propVisibility
	propOpacity
	propFade
	propFilter
	propContent
	propFont
	propLine
	propWidth
	propHeight
	propMaxWidth
	propMaxHeight
	propMinWidth
	propMinHeight
	propOverflow
	propPosition
	propLeft
	propTop
	propRight
	propBottom
	propMarginLeft
	propMarginTop
	propIndent
	propTransform
	propScale
	propTranslate
	propClip
	propClipPath
	propColor
	propFill
	propBackground
	propPicture
	propClipText
	propFloat
	propGap
	propRaise
	propMarker
	propSpace
	propUnknown // a value that is not known here may hide
	propCount
)

// What a declaration says on its matter; colours stand for themselves.
const (
	saysNothing uint32 = iota
	saysYes            // on most matters: it hides
	saysNo
	saysParent // what the parent says, or a size relative to the parent's
	// Of display, what shows in another way than as part of a line.
	saysBlock // begins and ends a line
	saysRow   // a block whose parts stand apart
	saysApart // stands apart from what is before and behind it
	saysBox   // apart as well, if it has a width
)

// weight orders declarations on one matter (CSS Cascading 4 section 6.1): the later of the heaviest wins.
type weight uint16

const (
	weightHint      weight = 1 // attributes such as bgcolor
	weightInline    weight = 1 << 13
	weightImportant weight = 1 << 14
	weightMeant     weight = 1 << 15 // what an element means, whatever it looks like
)

type decl struct {
	says   uint32
	weight weight
}

// decls is what is declared for one element.
type decls [propCount]decl

func (d *decls) set(p prop, says uint32, w weight) {
	if says != saysNothing && w >= d[p].weight {
		d[p] = decl{says, w}
	}
}

// merge adds the declarations of a rule at the weight of its selector.
func (d *decls) merge(o *decls, w weight) {
	for p := range o {
		if o[p].says != saysNothing {
			d.set(prop(p), o[p].says, w+o[p].weight)
		}
	}
}

func (d *decls) yes(p prop) bool { return d[p].says == saysYes }

// look is how an element's text would look: what it says itself, or with all that it inherits.
type look struct {
	gone         bool // cannot be made visible by anything inside
	vis, space   uint8
	size         uint16 // of the font, in units of sizeUnit; 0 is the usual
	scale        uint16 // what an element says of its size, in 1/1000 of its parent's
	flat         uint8  // lines without height, which are cut off
	fade         uint8  // how much of the opacity is missing, in 1/255
	fg, fill, bg color
	place        place // of the element itself; what is inside has its own
	row          bool  // the parts stand apart
	marker       byte  // what numbers its items, as the attribute "type" says it
	raise        byte  // the sign for letters above or below the line, of the element itself
}

// look sums the declarations up.
func (d *decls) look() look {
	var l look
	// A least size goes before any other (CSS 2.1 sections 10.4 and 10.7).
	boxed := (d.yes(propWidth) || d.yes(propMaxWidth)) && !d.yes(propMinWidth) || (d.yes(propHeight) || d.yes(propMaxHeight)) && !d.yes(propMinHeight)
	offset := d.yes(propLeft) || d.yes(propTop) || d.yes(propRight) || d.yes(propBottom)
	l.gone = d.yes(propDisplay) || d.yes(propOpacity) || d.yes(propFilter) || d.yes(propContent) ||
		d.yes(propMarginLeft) || d.yes(propMarginTop) || d.yes(propIndent) ||
		d.yes(propTransform) || d.yes(propScale) || d.yes(propTranslate) || d.yes(propClipPath) ||
		d[propIndent].says == saysParent && d.yes(propOverflow) ||
		boxed && d.yes(propOverflow) || d.yes(propPosition) && (offset || d.yes(propClip))
	if s := d[propVisibility].says; s != saysParent {
		l.vis = uint8(s)
	}
	if s := d[propFont].says; s >= saysScale {
		l.scale = uint16(s-saysScale) + 1
	} else {
		l.size = uint16(s)
	}
	if d[propLine].says == saysNo || d.yes(propLine) && d.yes(propOverflow) {
		l.flat = uint8(d[propLine].says)
	}
	l.space = uint8(d[propSpace].says)
	if fg := color(d[propColor].says); fg != colorParent {
		l.fg = fg
	}
	if fill := color(d[propFill].says); fill != colorParent {
		l.fill = fill
	}
	if bg := color(d[propBackground].says); bg != colorClear {
		l.bg = bg
	}
	if d.yes(propPicture) {
		l.bg = colorOther
	}
	if d.yes(propClipText) {
		if either(l.fill, l.fg) == colorClear { // the letters are where the background is seen
			l.fill = either(l.bg, colorClear)
		}
		l.bg = 0
	}
	if fade := d[propFade].says; fade > 0 {
		l.fade = uint8(fade - 1)
	}
	l.place, l.row, l.raise = d.place(), d[propDisplay].says == saysRow, byte(d[propRaise].says)
	l.marker = byte(d[propMarker].says)
	return l
}

// inside returns the look of an element that says l itself and stands in one that looks like parent.
func (l look) inside(parent look) look {
	l.fade = 255 - uint8((255-uint(l.fade))*(255-uint(parent.fade))/255)
	l.gone = l.gone || parent.gone || float64(l.fade) >= 255*(1-faint)
	l.vis = either(l.vis, parent.vis)
	if l.scale > 0 {
		l.size = uint16(min(max(uint32(either(parent.size, sizeUsual))*uint32(l.scale-1)/1000, 1), saysScale-1))
	}
	l.size, l.scale = either(l.size, parent.size), 0
	l.flat = either(l.flat, parent.flat)
	l.space = either(l.space, parent.space)
	l.fg = either(l.fg, parent.fg)
	l.fill = either(l.fill, parent.fill)
	l.bg = either(l.bg.over(parent.bg), parent.bg)
	return l
}

func either[T uint8 | uint16 | color](a, b T) T {
	if a != 0 {
		return a
	}
	return b
}

func (l look) hidden() bool {
	return l.gone || l.vis == uint8(saysYes) || l.size > 0 && l.size <= tinyFont*sizeUnit || l.flat == uint8(saysYes) || unseeable(either(l.fill, l.fg), l.bg)
}

// dark reports text of no stated colour, which is black, on black.
func (l look) dark() bool { return l.fg == 0 && l.fill == 0 && l.bg != 0 && unseeable(colorRGB, l.bg) }

// parseStyle adds the declarations of a style attribute or the inside of a rule.
func (d *decls) parseStyle(s string, w weight) {
	s = plainCSS(s)
	for s != "" {
		var one string
		one, s = cutDeclaration(s)
		name, value, ok := strings.Cut(one, ":")
		if !ok {
			continue
		}
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.ToLower(strings.TrimSpace(value))
		weight := w
		if bang := strings.LastIndexByte(value, '!'); bang >= 0 && strings.TrimSpace(value[bang+1:]) == "important" {
			weight, value = w+weightImportant, strings.TrimSpace(value[:bang])
		}
		if strings.Contains(value, "var(") || strings.Contains(value, "override") {
			d.set(propUnknown, unknown(name, value), weight)
		}
		d.declare(name, value, weight)
	}
}

// unknown reports values that are not worked out: variables (CSS Variables 1) where they can hide, and an order of letters
// that is not that of the text (CSS Writing Modes 4 section 2.2).
func unknown(name, value string) uint32 {
	switch name {
	case "display", "visibility", "opacity", "font-size":
		return yesIf(strings.Contains(value, "var("))
	case "unicode-bidi":
		return yesIf(strings.Contains(value, "override"))
	}
	return saysNothing
}

// cutDeclaration splits at the first semicolon outside quotes and parentheses.
func cutDeclaration(s string) (one, rest string) {
	var quote byte
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ';' && depth == 0:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// declare notes what one property says, if it matters. A value that browsers do not know says nothing, as there: it must not
// undo an earlier one.
func (d *decls) declare(name, value string, w weight) {
	switch name {
	case "display":
		d.set(propDisplay, display(value), w)
	case "float":
		d.set(propFloat, oneOf(value, "left right inline-start inline-end", "none initial inherit unset revert"), w)
	case "list-style", "list-style-type":
		d.set(propMarker, marker(firstWord(value)), w)
	case "vertical-align":
		d.set(propRaise, raised(value), w)
	case "visibility":
		if value == "inherit" || value == "unset" {
			d.set(propVisibility, saysParent, w)
		} else {
			d.set(propVisibility, oneOf(value, "hidden collapse", "visible initial revert"), w)
		}
	case "content-visibility":
		d.set(propContent, oneOf(value, "hidden", "visible auto initial unset revert inherit"), w)
	case "opacity":
		if f, ok := fraction(value); ok || wide(value) {
			d.set(propOpacity, yesIf(ok && f <= faint), w)
			d.set(propFade, fade(f, ok), w)
		}
	case "filter":
		f, ok := fraction(between(value, "opacity(", ")"))
		if !ok {
			f, ok = fraction(between(value, "alpha(opacity=", ")"))
		}
		d.set(propFilter, yesIf(ok && f <= faint), w)
	case "font-size":
		d.set(propFont, fontSize(value), w)
	case "font":
		d.set(propFont, shorthandSize(value), w)
		_, height, _ := strings.Cut(value, "/")
		d.set(propLine, lineHeight(firstWord(height)), w)
	case "line-height":
		d.set(propLine, lineHeight(value), w)
	case "color":
		d.set(propColor, uint32(textColor(value)), w)
	case "-webkit-text-fill-color":
		d.set(propFill, uint32(textColor(value)), w)
	case "background", "background-color", "background-image":
		d.declareBackground(name, value, w)
	case "background-clip", "-webkit-background-clip":
		d.set(propClipText, yesIf(value == "text"), w)
	case "white-space":
		d.set(propSpace, yesIf(strings.HasPrefix(value, "pre") || value == "break-spaces"), w)
	default:
		d.declareBox(name, value, w)
	}
}

// displays are the values of display that show something; beside them are those for parts of tables and with two words.
const displays = "block inline inline-block list-item flow flow-root flex inline-flex grid inline-grid contents run-in table inline-table " +
	"ruby math initial inherit unset revert -webkit-box -webkit-flex -webkit-inline-flex -moz-box -moz-inline-box -ms-flexbox -ms-grid"

// oneOf reads a keyword that hides or shows; others say nothing.
func oneOf(value, hide, show string) uint32 {
	first := firstWord(value)
	switch {
	case value == "":
	case hasWord(hide, value):
		return saysYes
	case hasWord(show, first), strings.HasPrefix(first, "table-"):
		return saysNo
	}
	return saysNothing
}

func hasWord(list, word string) bool {
	for one := range strings.FieldsSeq(list) {
		if one == word {
			return true
		}
	}
	return false
}

// wide reports the keywords that every property takes; they show what could be hidden here.
func wide(value string) bool { return hasWord("initial inherit unset revert revert-layer", value) }

func yesIf(b bool) uint32 {
	if b {
		return saysYes
	}
	return saysNo
}

// fade is what an opacity takes away, in 1/255, and one more: zero says nothing.
func fade(opacity float64, ok bool) uint32 {
	if !ok {
		opacity = 1
	}
	return 256 - uint32(255*min(max(opacity, 0), 1))
}

// textColor reads the colour of a text, which can be its parent's.
func textColor(value string) color {
	switch value {
	case "inherit", "unset", "currentcolor":
		return colorParent
	case "initial", "revert":
		return colorRGB
	}
	return parseColor(value)
}

// declareBackground notes a background's colour, and a picture above it, which may have any.
func (d *decls) declareBackground(name, value string, w weight) {
	picture := strings.Contains(value, "url(") || strings.Contains(value, "gradient(") || strings.Contains(value, "image(")
	if name != "background-color" && (picture || name == "background" || value == "none" || wide(value)) {
		d.set(propPicture, yesIf(picture), w)
	}
	if name != "background-image" && !picture {
		d.set(propBackground, uint32(background(value)), w)
	}
}

// background reads a background's colour.
func background(s string) color {
	if s == "none" || wide(s) {
		return colorClear
	}
	if open := strings.IndexByte(s, '('); open > 0 && !strings.Contains(s[:open], " ") {
		if end := strings.IndexByte(s, ')'); end > 0 {
			return parseColor(s[:end+1]).thin(s[:end+1])
		}
	}
	for word := range strings.FieldsSeq(s) {
		if c := parseColor(word); c != 0 {
			return c.thin(word)
		}
	}
	return 0
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// between returns what stands between the first open and the next shut.
func between(s, open, shut string) string {
	_, after, ok := strings.Cut(s, open)
	if !ok {
		return ""
	}
	inner, _, _ := strings.Cut(after, shut)
	return inner
}
