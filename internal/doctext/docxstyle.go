package doctext

import (
	"strconv"
	"strings"
)

// color is RGB with a bit that says that it is known; zero is "not said".
type color uint32

const (
	colorKnown color = 1 << 24
	colorOther color = 1 << 25 // one that is not ours to know
	white            = colorKnown | 0xFFFFFF
	// closeness is how far two channels may differ while a person still sees no text.
	closeness = 16
)

// parseColor reads RRGGBB; "auto" and the like say nothing.
func parseColor(s string) color {
	s = strings.TrimPrefix(s, "#")
	if len(s) == 8 {
		s = s[2:] // ARGB of a workbook
	}
	n, err := strconv.ParseUint(s, 16, 24)
	if err != nil || len(s) != 6 {
		return 0
	}
	return colorKnown | color(n)
}

// unseeable reports text that does not show on what is behind it. Paper is white.
func unseeable(fg, bg color) bool {
	if bg == 0 {
		bg = white
	}
	if fg&colorKnown == 0 || bg&colorKnown == 0 {
		return false
	}
	for shift := 0; shift < 24; shift += 8 {
		d := int(fg>>shift&0xFF) - int(bg>>shift&0xFF)
		if d > closeness || d < -closeness {
			return false
		}
	}
	return true
}

// maxTiny is the largest size in half points that is not read: a person sees dots.
const maxTiny = 4

// look is how a run shows, as far as it decides whether it shows at all; zero fields are not said.
type look struct {
	vanish, shown bool // w:vanish, and w:vanish switched off
	fg, bg        color
	tiny, large   bool
}

// over gives l where it says something, else what is below.
func (l look) over(below look) look {
	if !l.vanish && !l.shown {
		l.vanish, l.shown = below.vanish, below.shown
	}
	if !l.tiny && !l.large {
		l.tiny, l.large = below.tiny, below.large
	}
	if l.fg == 0 {
		l.fg = below.fg
	}
	if l.bg == 0 {
		l.bg = below.bg
	}
	return l
}

func (l look) hidden() bool { return l.vanish || l.tiny || unseeable(l.fg, l.bg) }

// docxStyle is a style of styles.xml (ISO/IEC 29500-1 section 17.7.4), as far as text needs it.
type docxStyle struct {
	base    string
	heading int // 1 to 9
	list    listPlace
	look    look
}

// maxStyles is beyond what documents collect when they are pasted together for years.
const maxStyles = 3000

// readStyles keeps the styles by id. The default paragraph style has the empty id too.
func (x *docx) readStyles(name string) error {
	var id string
	var cur docxStyle
	var byDefault bool
	return x.a.walk(name, handler{
		start: func(s *scanner) error {
			switch string(s.name) {
			case "style":
				id, cur = s.attr("styleId"), docxStyle{}
				byDefault = s.is("type", "paragraph") && isTrue(s.attr("default"))
			case "name":
				if name := strings.ToLower(s.attr("val")); strings.HasPrefix(name, "heading ") {
					cur.heading = level(strings.TrimPrefix(name, "heading "))
				} else if name == "title" {
					cur.heading = 1
				}
			case "basedOn":
				cur.base = s.attr("val")
			case "pPr":
				p, err := x.paragraphProperties(s)
				cur.list, cur.look.bg = p.list, p.bg
				if cur.heading == 0 {
					cur.heading = p.heading
				}
				return err
			case "rPr":
				l, _, err := runProperties(s)
				cur.look = l.over(cur.look)
				return err
			case "tcPr", "tblPr", "tblStylePr":
				// Somewhere in a table of this style there is a colour behind the text: which cells have it is left open.
				shaded, err := shading(s)
				if shaded {
					cur.look.bg = colorOther
				}
				return err
			}
			return nil
		},
		end: func(s *scanner) error {
			if string(s.name) != "style" || len(x.styles) >= maxStyles {
				return nil
			}
			x.styles[id] = cur
			if byDefault {
				x.styles[""] = cur
			}
			return nil
		},
	})
}

func level(s string) int {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 1 || n > 9 {
		return 0
	}
	return n
}

// maxBased is how far a style is followed to what it is based on; a circle ends there.
const maxBased = 12

// style gives a style with all it is based on.
func (x *docx) style(id string) docxStyle {
	out, ok := x.styles[id]
	if !ok {
		out = x.styles[""]
	}
	base := out.base
	for range maxBased {
		if base == "" {
			break
		}
		below := x.styles[base]
		out.look = out.look.over(below.look)
		if out.heading == 0 {
			out.heading = below.heading
		}
		if !out.list.said {
			out.list = below.list
		}
		base = below.base
	}
	return out
}

// inside calls each for every element within the one that just started.
func inside(s *scanner, each func() error) error {
	for depth := s.depth; s.depth >= depth; {
		t, err := s.next()
		if err != nil {
			return err
		}
		if t == tokStart {
			if err := each(); err != nil {
				return err
			}
		}
	}
	return nil
}

// runProperties reads w:rPr. What was before a tracked change stands in an element of its own and does not count.
func runProperties(s *scanner) (l look, style string, err error) {
	err = inside(s, func() error {
		switch string(s.name) {
		case "rPrChange", "pPrChange":
			return s.skip()
		case "vanish", "specVanish":
			l.vanish = s.on("val")
			l.shown = !l.vanish
		case "color":
			l.fg = parseColor(s.attr("val"))
			if l.fg == 0 {
				l.fg = colorOther
			}
		case "shd":
			if bg := fill(s); bg != 0 {
				l.bg = bg
			}
		case "highlight":
			if !s.is("val", "none") {
				l.bg = highlight(s.attr("val"))
			}
		case "sz":
			n, err := strconv.Atoi(s.attr("val"))
			l.tiny = err == nil && n <= maxTiny
			l.large = !l.tiny
		case "rStyle":
			style = s.attr("val")
		}
		return nil
	})
	return l, style, err
}

// fill is the colour of a w:shd, zero when it lets through what is behind it.
func fill(s *scanner) color {
	if pattern := s.attr("val"); pattern != "" && pattern != "clear" && pattern != "nil" {
		return colorOther
	}
	return parseColor(s.attr("fill"))
}

func highlight(name string) color {
	switch name {
	case "white":
		return white
	case "black":
		return colorKnown
	}
	return colorOther
}

// shading reports a colour behind text that is not white.
func shading(s *scanner) (shaded bool, err error) {
	err = inside(s, func() error {
		if string(s.name) == "shd" {
			if bg := fill(s); bg != 0 && bg != white {
				shaded = true
			}
		}
		return nil
	})
	return shaded, err
}
