package mailtext

import (
	"hash/fnv"
	"strconv"
	"strings"
)

// color is a kind in the top byte and, for known colours, RGB below; zero is "not said".
type color uint32

const (
	colorRGB   color = 1 << 24
	colorClear color = 2 << 24 // fully transparent
	colorOther color = 3 << 24 // an image, or a colour that is not ours to know
	colorNamed color = 4 << 24 // a name, by its hash: equal to itself only
	white            = colorRGB | 0xFFFFFF
)

// closeness is how far two channels may differ while a person still sees no text: #f0f0f0 on white is beyond reading.
const closeness = 16

// unseeable reports text of colour fg that does not show on bg. A page without a background is white.
func unseeable(fg, bg color) bool {
	switch {
	case fg == colorClear:
		return true
	case fg == 0 || fg == colorOther || bg == colorOther:
		return false
	case bg == 0:
		bg = white
	}
	if fg&^0xFFFFFF != colorRGB || bg&^0xFFFFFF != colorRGB {
		return fg == bg
	}
	for shift := 0; shift < 24; shift += 8 {
		d := int(fg>>shift&0xFF) - int(bg>>shift&0xFF)
		if d > closeness || d < -closeness {
			return false
		}
	}
	return true
}

// parseColor reads a CSS or attribute colour in lower case; zero means it says nothing.
func parseColor(s string) color {
	switch s {
	case "", "inherit", "initial", "unset", "revert", "currentcolor", "none", "auto":
		return 0
	case "transparent":
		return colorClear
	case "white":
		return white
	case "black":
		return colorRGB
	case "snow", "ghostwhite", "floralwhite", "ivory", "azure", "mintcream", "whitesmoke":
		return colorRGB | 0xF8F8F8
	}
	if c, ok := hexColor(strings.TrimPrefix(s, "#")); ok {
		return c
	}
	if open := strings.IndexByte(s, '('); open > 0 && strings.HasPrefix(s, "rgb") {
		return funcColor(strings.TrimSuffix(s[open+1:], ")"))
	}
	if strings.ContainsAny(s, "( ") {
		return colorOther
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(s))
	return colorNamed | color(h.Sum32()&0xFFFFFF)
}

func hexColor(s string) (color, bool) {
	long := s
	if len(s) == 3 || len(s) == 4 {
		long = ""
		for _, c := range s {
			long += string(c) + string(c)
		}
	}
	if len(long) != 6 && len(long) != 8 {
		return 0, false
	}
	n, err := strconv.ParseUint(long[:6], 16, 32)
	if err != nil {
		return 0, false
	}
	if len(long) == 8 {
		if a, err := strconv.ParseUint(long[6:], 16, 32); err == nil && a < 13 {
			return colorClear, true
		}
	}
	return colorRGB | color(n), true
}

// funcColor reads the arguments of rgb() and rgba().
func funcColor(args string) color {
	parts := strings.FieldsFunc(args, func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
	if len(parts) != 3 && len(parts) != 4 {
		return colorOther
	}
	if len(parts) == 4 {
		if a, ok := fraction(parts[3]); ok && a <= faint {
			return colorClear
		}
	}
	c := colorRGB
	for i, p := range parts[:3] {
		scale := 1.0
		if strings.HasSuffix(p, "%") {
			scale, p = 2.55, strings.TrimSuffix(p, "%")
		}
		v, err := strconv.ParseFloat(p, 64)
		if err != nil {
			return colorOther
		}
		c |= color(min(max(v*scale+0.5, 0), 255)) << (16 - 8*i)
	}
	return c
}

// faint is the opacity up to which nothing is seen.
const faint = 0.05

// fraction reads an opacity: a number or a percentage.
func fraction(s string) (float64, bool) {
	scale := 1.0
	if strings.HasSuffix(s, "%") {
		scale, s = 0.01, strings.TrimSuffix(s, "%")
	}
	v, err := strconv.ParseFloat(s, 64)
	return v * scale, err == nil && v == v
}
