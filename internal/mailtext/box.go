package mailtext

import (
	"regexp"
	"strconv"
	"strings"
)

// declareBox notes sizes and places.
func (d *decls) declareBox(name, value string, w weight) {
	switch name {
	case "width", "inline-size":
		d.set(propWidth, boxSize(value), w)
	case "height", "block-size":
		d.set(propHeight, boxSize(value), w)
	case "max-width", "max-inline-size":
		d.set(propMaxWidth, boxSize(value), w)
	case "max-height", "max-block-size":
		d.set(propMaxHeight, boxSize(value), w)
	case "min-width", "min-inline-size", "min-height", "min-block-size":
		side := propMinWidth
		if name == "min-height" || name == "min-block-size" {
			side = propMinHeight
		}
		if px, ok := pixels(value); ok || wide(value) || value == "auto" {
			d.set(side, yesIf(ok && px > speck && !tinyBox(value)), w)
		}
	case "overflow", "overflow-x", "overflow-y":
		if first := firstWord(value); hasWord("hidden clip auto scroll visible", first) || wide(value) {
			d.set(propOverflow, yesIf(first != "visible" && !wide(value)), w)
		}
	case "position":
		d.set(propPosition, oneOf(value, "absolute fixed relative", "static sticky -webkit-sticky initial inherit unset revert"), w)
		if value == "absolute" || value == "fixed" {
			d.set(propFloat, saysYes, w)
		}
	case "left", "top", "right", "bottom", "inset":
		d.declareOffset(name, value, w)
	case "margin", "margin-left", "margin-top":
		d.declareMargin(name, value, w)
		d.declareGap(name, value, w)
	case "margin-right", "padding", "padding-left", "padding-right":
		d.declareGap(name, value, w)
	case "text-indent":
		if _, ok := pixels(firstWord(value)); ok || wide(value) {
			d.set(propIndent, indent(firstWord(value)), w)
		}
	default:
		d.declareShape(name, value, w)
	}
}

// declareShape notes what shrinks, moves or cuts an element.
func (d *decls) declareShape(name, value string, w weight) {
	switch name {
	case "transform", "-webkit-transform":
		d.set(propTransform, yesIf(vanishes(value)), w)
	case "scale", "zoom":
		if f, ok := fraction(firstWord(value)); ok || value == "none" || wide(value) {
			d.set(propScale, yesIf(ok && f <= faint && f >= -faint), w)
		}
	case "translate":
		d.set(propTranslate, yesIf(farMove(strings.Fields(value))), w)
	case "clip":
		d.set(propClip, yesIf(zeroClip(value)), w)
	case "clip-path", "-webkit-clip-path":
		d.set(propClipPath, yesIf(zeroShape(value)), w)
	}
}

// declareOffset notes the side an element is moved from.
func (d *decls) declareOffset(name, value string, w weight) {
	values := strings.Fields(value)
	if strings.Contains(value, "(") {
		values = []string{value}
	}
	if len(values) == 0 {
		return
	}
	far := func(i int) uint32 {
		return yesIf(away(values[sideAt(i, len(values))], true))
	}
	for i, p := range []prop{propTop, propRight, propBottom, propLeft} {
		if name == "inset" || name == [...]string{"top", "right", "bottom", "left"}[i] {
			d.set(p, far(i), w)
		}
	}
}

// declareMargin notes margins that move an element out to the left or the top.
func (d *decls) declareMargin(name, value string, w weight) {
	values := strings.Fields(value)
	if len(values) == 0 {
		return
	}
	far := func(i int) uint32 {
		return yesIf(away(values[sideAt(i, len(values))], false))
	}
	if name != "margin-left" {
		d.set(propMarginTop, far(0), w)
	}
	if name != "margin-top" {
		d.set(propMarginLeft, far(3), w)
	}
}

// away reports a distance that leads off the screen: to the left or above, or with both far to the right or below. What moves
// by less than a whole box only centres.
func away(s string, both bool) bool {
	px, ok := pixels(s)
	least := -float64(farAway)
	if strings.HasSuffix(s, "%") {
		least *= 2
	}
	return ok && (px <= least || both && px >= 10*farAway)
}

// sideAt is where the value for a side (top, right, bottom, left) stands among n of a shorthand.
func sideAt(side, n int) int {
	switch {
	case side < n:
		return side
	case side == 3 && n > 1:
		return 1
	}
	return 0
}

// indent reads a text-indent: far away, or past its own box, where it may be cut off.
func indent(s string) uint32 {
	if f, ok := fraction(s); ok && strings.HasSuffix(s, "%") && f >= 1-faint {
		return saysParent
	}
	return yesIf(away(s, true))
}

// lineHeight says whether lines have no height.
func lineHeight(s string) uint32 {
	px, ok := pixels(s)
	return yesIf(ok && px == 0)
}

const (
	// farAway is how many pixels to the left or above put a text off every screen's edge.
	farAway = 500
	// specks are sizes in pixels at which letters are no longer seen.
	speck = 1.5
	// tinyFont is the size in pixels up to which a font cannot be read.
	tinyFont = 3
)

var length = regexp.MustCompile(`^([-+]?[0-9.]+(?:e[-+]?[0-9]+)?)([a-z%]*)$`)

// pixels reads a CSS length; relative units are taken at their usual size.
func pixels(s string) (float64, bool) {
	if strings.HasSuffix(s, ")") {
		return calculated(s)
	}
	if digits := strings.TrimSuffix(s, "px"); digits != "" && len(digits) < 10 && strings.Trim(digits, "0123456789") == "" {
		n, err := strconv.Atoi(digits) // what nearly all lengths are
		return float64(n), err == nil
	}
	m := length.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, false
	}
	switch m[2] {
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

// calculated reads calc() with sums, and min(), max() and clamp(), none inside another.
func calculated(s string) (float64, bool) {
	name, args, ok := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	if !ok || strings.ContainsAny(args, "()") {
		return 0, false
	}
	var values []float64
	for arg := range strings.SplitSeq(args, ",") {
		sum, sign := 0.0, 1.0
		for word := range strings.FieldsSeq(arg) {
			v, ok := 0.0, true
			switch word {
			case "+":
				sign = 1
			case "-":
				sign = -1
			default:
				v, ok = pixels(word)
			}
			if !ok {
				return 0, false
			}
			sum += sign * v
		}
		values = append(values, sum)
	}
	switch {
	case name == "calc" && len(values) == 1:
		return values[0], true
	case name == "clamp" && len(values) == 3:
		return max(values[0], min(values[1], values[2])), true
	case name != "min" && name != "max" || strings.TrimSpace(args) == "":
		return 0, false
	}
	for _, v := range values[1:] {
		if (v < values[0]) == (name == "min") {
			values[0] = v
		}
	}
	return values[0], true
}

// What a font size says beside saysNothing: pixels in sixteenths, or, from saysScale on, the share of the parent's in 1/1000.
const (
	sizeUnit  = 16
	sizeUsual = 16 * sizeUnit
	saysScale = 1 << 16
)

// fontSize reads a size; one of nothing is the smallest there is, since zero says nothing.
func fontSize(s string) uint32 {
	px, ok := pixels(s)
	relative := strings.HasSuffix(s, "em") && !strings.HasSuffix(s, "rem") || strings.HasSuffix(s, "ex") || strings.HasSuffix(s, "ch")
	switch {
	case ok && strings.HasSuffix(s, "%"):
		return saysScale + uint32(min(max(px, 0), 50_000))
	case ok && relative:
		return saysScale + uint32(min(max(px*1000/16, 0), 50_000))
	case ok:
		return uint32(min(max(px*sizeUnit, 1), saysScale-1))
	case s == "smaller":
		return saysScale + 830
	case hasWord("larger inherit unset", s):
		return saysScale + 1000
	case hasWord("xx-small x-small small medium large x-large xx-large xxx-large initial revert", s):
		return sizeUsual
	case strings.HasSuffix(s, ")"): // calculated from what is not known here
		return sizeUsual
	}
	return saysNothing
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

// boxSize reads a width or height.
func boxSize(s string) uint32 {
	if _, ok := pixels(s); !ok && !wide(s) && !strings.HasSuffix(s, ")") &&
		!hasWord("auto none min-content max-content fit-content stretch -webkit-fill-available -moz-available", s) {
		return saysNothing
	}
	return yesIf(tinyBox(s))
}

func tinyBox(s string) bool {
	px, ok := pixels(s)
	return ok && px <= speck && !strings.HasSuffix(s, "%") || ok && px == 0
}

// vanishes reports a transform that shrinks to nothing or moves far away.
func vanishes(s string) bool {
	for _, f := range []string{"scale(", "scale3d(", "scalex(", "scaley(", "matrix("} {
		if v, ok := fraction(firstArg(s, f)); ok && v <= faint && v >= -faint {
			return true
		}
	}
	for _, f := range []string{"rotatex(", "rotatey("} {
		if hasWord("90deg -90deg 270deg .25turn 0.25turn", firstArg(s, f)) {
			return true
		}
	}
	for _, f := range []string{"translate(", "translate3d(", "translatex(", "translatey("} {
		if farMove(strings.FieldsFunc(between(s, f, ")"), func(r rune) bool { return r == ',' || r == ' ' })) {
			return true
		}
	}
	return false
}

func farMove(distances []string) bool {
	for _, one := range distances {
		if away(one, true) {
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

// zeroShape reports a clip path that leaves nothing: an inset that meets itself, or a shape without extent.
func zeroShape(s string) bool {
	if args := strings.Fields(between(s, "inset(", ")")); len(args) > 0 {
		percent := func(side int) float64 {
			f, _ := fraction(args[sideAt(side, min(len(args), 4))])
			if !strings.HasSuffix(args[sideAt(side, min(len(args), 4))], "%") {
				return 0
			}
			return f
		}
		return percent(0)+percent(2) >= 1-faint || percent(1)+percent(3) >= 1-faint
	}
	for _, f := range []string{"circle(", "ellipse("} {
		if px, ok := pixels(firstWord(firstArg(s, f))); ok && px <= speck {
			return true
		}
	}
	points := strings.FieldsFunc(between(s, "polygon(", ")"), func(r rune) bool { return r == ',' })
	for _, p := range points {
		if strings.TrimSpace(p) != strings.TrimSpace(points[0]) {
			return false
		}
	}
	return len(points) > 0
}

func firstArg(s, function string) string {
	args := between(s, function, ")")
	arg, _, _ := strings.Cut(args, ",")
	return strings.TrimSpace(arg)
}
