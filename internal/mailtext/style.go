package mailtext

import (
	"strconv"
	"strings"
)

// prop is a matter that decides whether a person sees a text; several CSS properties may speak on one.
type prop uint8

const (
	propDisplay prop = iota
	propVisibility
	propOpacity
	propFont
	propWidth
	propHeight
	propMaxWidth
	propMaxHeight
	propOverflow
	propPosition
	propOffset
	propShift
	propClip
	propColor
	propBackground
	propSpace
	propCount
)

// What a declaration says on its matter; colours stand for themselves.
const (
	saysNothing uint32 = iota
	saysYes            // on most matters: it hides
	saysNo
	saysRelative // a size relative to the parent's
)

// weight orders declarations on one matter (CSS Cascading 4 section 6.1): the later of the heaviest wins.
type weight uint16

const (
	weightHint      weight = 1 // attributes such as bgcolor
	weightInline    weight = 1 << 13
	weightImportant weight = 1 << 14
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
	gone             bool // cannot be made visible by anything inside
	vis, tiny, space uint8
	fg, bg           color
}

// look sums the declarations up.
func (d *decls) look() look {
	var l look
	boxed := d.yes(propWidth) || d.yes(propHeight) || d.yes(propMaxWidth) || d.yes(propMaxHeight)
	l.gone = d.yes(propDisplay) || d.yes(propOpacity) || d.yes(propShift) ||
		boxed && d.yes(propOverflow) || d.yes(propPosition) && (d.yes(propOffset) || d.yes(propClip))
	l.vis = uint8(d[propVisibility].says)
	if s := d[propFont].says; s != saysRelative {
		l.tiny = uint8(s)
	}
	l.space = uint8(d[propSpace].says)
	l.fg = color(d[propColor].says)
	if bg := color(d[propBackground].says); bg != colorClear {
		l.bg = bg
	}
	return l
}

// inside returns the look of an element that says l itself and stands in one that looks like parent.
func (l look) inside(parent look) look {
	l.gone = l.gone || parent.gone
	l.vis = either(l.vis, parent.vis)
	l.tiny = either(l.tiny, parent.tiny)
	l.space = either(l.space, parent.space)
	l.fg = either(l.fg, parent.fg)
	l.bg = either(l.bg, parent.bg)
	return l
}

func either[T uint8 | color](a, b T) T {
	if a != 0 {
		return a
	}
	return b
}

func (l look) hidden() bool {
	return l.gone || l.vis == uint8(saysYes) || l.tiny == uint8(saysYes) || unseeable(l.fg, l.bg)
}

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
		d.declare(name, value, weight)
	}
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

// declare notes what one property says, if it matters.
func (d *decls) declare(name, value string, w weight) {
	switch name {
	case "display":
		d.set(propDisplay, yesIf(value == "none"), w)
	case "visibility":
		d.set(propVisibility, yesIf(value == "hidden" || value == "collapse"), w)
	case "content-visibility":
		if value == "hidden" {
			d.set(propOpacity, saysYes, w)
		}
	case "opacity":
		f, ok := fraction(value)
		d.set(propOpacity, yesIf(ok && f <= faint), w)
	case "filter":
		if f, ok := fraction(between(value, "opacity(", ")")); ok && f <= faint {
			d.set(propOpacity, saysYes, w)
		}
	case "font-size":
		d.set(propFont, fontSize(value), w)
	case "font":
		d.set(propFont, shorthandSize(value), w)
	case "color", "-webkit-text-fill-color":
		d.set(propColor, uint32(parseColor(value)), w)
	case "background", "background-color", "background-image":
		d.set(propBackground, uint32(background(value)), w)
	case "white-space":
		d.set(propSpace, yesIf(strings.HasPrefix(value, "pre") || value == "break-spaces"), w)
	default:
		d.declareBox(name, value, w)
	}
}

// declareBox notes sizes and places.
func (d *decls) declareBox(name, value string, w weight) {
	switch name {
	case "width":
		d.set(propWidth, yesIf(tinyBox(value)), w)
	case "height":
		d.set(propHeight, yesIf(tinyBox(value)), w)
	case "max-width":
		d.set(propMaxWidth, yesIf(tinyBox(value)), w)
	case "max-height":
		d.set(propMaxHeight, yesIf(tinyBox(value)), w)
	case "overflow", "overflow-x", "overflow-y":
		d.set(propOverflow, yesIf(value != "visible"), w)
	case "position":
		d.set(propPosition, yesIf(value == "absolute" || value == "fixed" || value == "relative"), w)
	case "left", "top", "right", "bottom", "inset":
		if px, ok := pixels(firstWord(value)); ok && (px <= -farAway || px >= 10*farAway) {
			d.set(propOffset, saysYes, w)
		}
	case "margin-left", "margin-top", "text-indent":
		if px, ok := pixels(value); ok && px <= -farAway {
			d.set(propShift, saysYes, w)
		}
	case "transform", "-webkit-transform":
		if vanishes(value) {
			d.set(propShift, saysYes, w)
		}
	case "clip":
		d.set(propClip, yesIf(zeroClip(value)), w)
	case "clip-path", "-webkit-clip-path":
		if strings.HasPrefix(value, "inset(50%") || strings.HasPrefix(value, "inset(100%") || strings.HasPrefix(value, "circle(0") {
			d.set(propShift, saysYes, w)
		}
	}
}

func yesIf(b bool) uint32 {
	if b {
		return saysYes
	}
	return saysNo
}

const (
	// farAway is how many pixels to the left or above put a text off every screen's edge.
	farAway = 500
	// specks are sizes in pixels at which letters are no longer seen.
	speck = 1.5
)

// pixels reads a CSS length; relative units are taken at their usual size.
func pixels(s string) (float64, bool) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.' || s[i] == '-' || s[i] == '+') {
		i++
	}
	v, err := strconv.ParseFloat(s[:i], 64)
	if err != nil {
		return 0, false
	}
	switch s[i:] {
	case "", "px":
	case "pt":
		v *= 4.0 / 3
	case "em", "rem", "ex", "ch", "pc":
		v *= 16
	case "in":
		v *= 96
	case "cm":
		v *= 38
	case "mm":
		v *= 3.8
	case "%", "vw", "vh":
		v *= 10
	default:
		return v, v == 0
	}
	return v, true
}

func fontSize(s string) uint32 {
	px, ok := pixels(s)
	switch {
	case ok && (px <= speck || strings.HasSuffix(s, "%") && px <= 100):
		return saysYes
	case ok && (strings.HasSuffix(s, "em") && !strings.HasSuffix(s, "rem") || strings.HasSuffix(s, "%")):
		return saysRelative
	case s == "smaller" || s == "larger" || s == "inherit":
		return saysRelative
	}
	return saysNo
}

// shorthandSize finds the size in a font shorthand: the number before the slash, else the last length.
func shorthandSize(s string) uint32 {
	size := ""
	for _, word := range strings.Fields(s) {
		before, _, slash := strings.Cut(word, "/")
		if _, ok := pixels(before); !ok {
			continue
		}
		size = before
		if slash {
			break
		}
	}
	if size == "" {
		return saysNothing
	}
	return fontSize(size)
}

func tinyBox(s string) bool {
	px, ok := pixels(s)
	return ok && px <= speck && !strings.HasSuffix(s, "%") || ok && px == 0
}

// background reads a background's colour; a picture may have any.
func background(s string) color {
	if strings.Contains(s, "url(") || strings.Contains(s, "gradient(") || strings.Contains(s, "image(") {
		return colorOther
	}
	if strings.HasPrefix(s, "rgb") {
		if end := strings.IndexByte(s, ')'); end > 0 {
			return parseColor(s[:end+1])
		}
	}
	for _, word := range strings.Fields(s) {
		switch word {
		case "repeat", "no-repeat", "repeat-x", "repeat-y", "scroll", "fixed", "center", "top", "left", "right", "bottom", "0", "0%":
			continue
		}
		return parseColor(word)
	}
	return 0
}

// vanishes reports a transform that shrinks to nothing or moves far away.
func vanishes(s string) bool {
	for _, f := range []string{"scale(", "scalex(", "scaley("} {
		if v, ok := fraction(firstArg(s, f)); ok && v <= faint {
			return true
		}
	}
	for _, f := range []string{"translate(", "translatex(", "translatey("} {
		if px, ok := pixels(firstArg(s, f)); ok && px <= -farAway {
			return true
		}
	}
	return false
}

func zeroClip(s string) bool {
	args := strings.FieldsFunc(between(s, "rect(", ")"), func(r rune) bool { return r == ',' || r == ' ' })
	for _, a := range args {
		if px, ok := pixels(a); !ok || px > speck {
			return false
		}
	}
	return len(args) > 0
}

func firstArg(s, function string) string {
	args := between(s, function, ")")
	arg, _, _ := strings.Cut(args, ",")
	return strings.TrimSpace(arg)
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
