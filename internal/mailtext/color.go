package mailtext

import (
	"math"
	"strconv"
	"strings"
)

// color is a kind in the top byte and, for known colours, RGB below; zero is "not said".
type color uint32

const (
	colorRGB    color = 1 << 24
	colorClear  color = 2 << 24 // fully transparent
	colorOther  color = 3 << 24 // an image, or a colour that is not ours to know
	colorParent color = 4 << 24 // the parent's
	white             = colorRGB | 0xFFFFFF
	// colorThin and above it are known colours that let through what is behind them; the byte is their opacity in 1/255.
	colorThin color = 16 << 24
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
	}
	if c, ok := hexColor(strings.TrimPrefix(s, "#")); ok {
		return c
	}
	name, args, function := strings.Cut(strings.TrimSuffix(s, ")"), "(")
	switch {
	case function && strings.HasPrefix(name, "rgb"):
		return funcColor(args)
	case function && strings.HasPrefix(name, "hsl"):
		return hueColor(args)
	case function && name == "hwb":
		return greyColor(args)
	case function && (name == "lab" || name == "lch" || name == "oklab" || name == "oklch"):
		return lightColor(name, args)
	case function || hasWord(systemColors, s):
		return colorOther
	}
	return namedColor(s)
}

// thin notes how much of a background is seen through, as its notation s says.
func (c color) thin(s string) color {
	opacity, ok := 1.0, false
	if at := strings.LastIndexAny(s, ",/"); at > 0 && (strings.IndexByte(s, '/') > 0 || strings.Count(s, ",") == 3) {
		opacity, ok = fraction(strings.Trim(s[at+1:], " )"))
	} else if digits := strings.TrimPrefix(s, "#"); len(digits) < len(s) && (len(digits) == 4 || len(digits) == 8) {
		n, err := strconv.ParseUint(strings.Repeat(digits[len(digits)/4*3:], 2)[:2], 16, 8)
		opacity, ok = float64(n)/255, err == nil
	}
	if c&^0xFFFFFF != colorRGB || !ok || opacity >= 1-faint {
		return c
	}
	return c&0xFFFFFF | max(color(max(opacity, 0)*255)<<24, colorThin)
}

// over is a background as it is seen before another; a page without one is white.
func (c color) over(behind color) color {
	if c < colorThin {
		return c
	}
	if behind == 0 {
		behind = white
	}
	if behind&^0xFFFFFF != colorRGB {
		return colorOther
	}
	seen, opacity := colorRGB, c>>24
	for shift := 0; shift < 24; shift += 8 {
		seen |= ((c>>shift&0xFF)*opacity + (behind>>shift&0xFF)*(255-opacity)) / 255 << shift
	}
	return seen
}

// systemColors depend on the reader's settings (CSS Color 4 section 6.2).
const systemColors = "canvas canvastext linktext visitedtext activetext buttonface buttontext buttonborder field fieldtext highlight " +
	"highlighttext selecteditem selecteditemtext mark marktext graytext accentcolor accentcolortext window windowtext menu menutext"

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

// hueColor reads the arguments of hsl() and hsla() (CSS Color 4 section 7).
func hueColor(args string) color {
	parts := strings.FieldsFunc(args, func(r rune) bool { return r == ',' || r == ' ' || r == '/' })
	if len(parts) != 3 && len(parts) != 4 {
		return colorOther
	}
	if len(parts) == 4 {
		if a, ok := fraction(parts[3]); ok && a <= faint {
			return colorClear
		}
	}
	hue, err := strconv.ParseFloat(strings.TrimSuffix(parts[0], "deg"), 64)
	saturation, ok1 := fraction(parts[1])
	light, ok2 := fraction(parts[2])
	if err != nil || !ok1 || !ok2 || math.IsInf(hue, 0) || math.IsNaN(hue) {
		return colorOther
	}
	saturation, light = min(max(saturation, 0), 1), min(max(light, 0), 1)
	c := colorRGB
	for i, n := range []float64{0, 8, 4} {
		k := math.Mod(math.Mod(n+hue/30, 12)+12, 12)
		v := light - saturation*min(light, 1-light)*max(-1, min(k-3, 9-k, 1))
		c |= color(v*255+0.5) << (16 - 8*i)
	}
	return c
}

// greyColor reads hwb(), a hue with shares of white and black, where these leave nothing of the hue (CSS Color 4 section 8).
func greyColor(args string) color {
	shares := append(strings.Fields(args), "", "", "")
	bright, _ := fraction(shares[1])
	dark, _ := fraction(shares[2])
	if bright < 0 || dark < 0 || bright+dark < 1-faint/2 || bright+dark > 200 {
		return colorOther
	}
	return colorRGB | 0x010101*color(255*bright/(bright+dark)+0.5)
}

// lightColor reads the lightness of the functions that begin with it (CSS Color 4 sections 9 and 10), as far as it alone
// makes white or black.
func lightColor(name, args string) color {
	first := firstWord(strings.TrimSpace(strings.ReplaceAll(args, ",", " ")))
	light, ok := fraction(first)
	if !strings.HasSuffix(first, "%") && !strings.HasPrefix(name, "ok") {
		light /= 100
	}
	switch {
	case ok && light >= 1-faint/2:
		return white
	case ok && light <= faint:
		return colorRGB
	}
	return colorOther
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
