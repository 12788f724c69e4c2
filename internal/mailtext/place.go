package mailtext

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is where an inline element stands beside its neighbours.
type place uint8

const (
	placeInline place = iota
	placeApart        // with a gap
	placeBlock        // on lines of its own
)

// place tells how an inline element that says this stands among others.
func (d *decls) place() place {
	switch d[propDisplay].says {
	case saysBlock, saysRow:
		if !d.yes(propFloat) {
			return placeBlock
		}
		return placeApart
	case saysApart:
		return placeApart
	case saysBox:
		if d[propWidth].says == saysNo {
			return placeApart
		}
	}
	if d.yes(propFloat) || d.yes(propGap) {
		return placeApart
	}
	return placeInline
}

// display reads how an element is shown, if it is.
func display(value string) uint32 {
	switch first := firstWord(value); first {
	case "inline-block":
		return saysBox
	case "table-cell", "inline-table", "inline-flex", "inline-grid", "-webkit-inline-flex", "-moz-inline-box":
		return saysApart
	case "flex", "grid", "-webkit-flex", "-webkit-box", "-moz-box", "-ms-flexbox", "-ms-grid":
		return saysRow
	case "block", "list-item", "flow-root", "table", "table-row", "table-caption", "table-row-group", "table-header-group", "table-footer-group":
		return saysBlock
	}
	return oneOf(value, "none", displays)
}

// raised gives the sign that stands for small letters above or below the line.
func raised(value string) uint32 {
	switch value {
	case "super", "text-top", "top":
		return '^'
	case "sub":
		return '_'
	}
	return ' '
}

// gap is how many pixels beside a word part it from the next: more than a blank has.
const gap = 8

// declareGap notes room left or right of an element.
func (d *decls) declareGap(name, value string, w weight) {
	if name == "margin-top" || value == "0" {
		return
	}
	var values [4]string
	n := 0
	for one := range strings.FieldsSeq(value) {
		if n == len(values) {
			break
		}
		values[n], n = one, n+1
	}
	if n == 0 {
		return
	}
	sides := [...]int{sideAt(1, n), sideAt(3, n)}
	if strings.IndexByte(name, '-') > 0 {
		sides = [...]int{0, 0}
	}
	for i, side := range sides {
		if i > 0 && side == sides[0] {
			break
		}
		if px, ok := pixels(values[side]); ok && px >= gap {
			d.set(propGap, saysYes, w)
		}
	}
}

// placed parts an inline element from what stands before it, as its style does.
func (r *renderer) placed(e *element) {
	if e.traits&(line|para|tableParts) != 0 {
		return
	}
	if parent := len(r.open) - 2; e.own.place == placeInline && parent >= 0 && r.open[parent].own.row {
		e.own.place = placeApart
	}
	e.from = len(r.w.out)
	switch e.own.place {
	case placeBlock:
		r.w.brk(1)
	case placeApart:
		r.w.apart = true
	case placeInline:
		r.w.raise = e.own.raise
	}
}

// parted does the same for what stands behind it. A single letter is the great one that a word begins with.
func (r *renderer) parted(e *element) {
	r.w.raise = 0
	switch e.own.place {
	case placeBlock:
		r.w.brk(1)
	case placeApart:
		text := bytes.TrimSpace(r.w.out[min(e.from, len(r.w.out)):])
		first, size := utf8.DecodeRune(text)
		r.w.apart = size != len(text) || !unicode.IsLetter(first)
	case placeInline:
	}
}
