package doctext

import (
	"cmp"
	"strconv"
	"strings"
)

// styles finds styles whose text is not shown (section 20.377, text:display; 20.302; 20.303).
func (x *odf) styles(s *scanner) error {
	switch string(s.name) {
	case "style":
		x.style, x.family, x.behind = s.attr("name"), s.attr("family"), 0
		if x.hiddenStyles[x.family+" "+s.attr("parent-style-name")] {
			x.hide()
		}
	case "page-layout-properties":
		bg := parseColor(s.attr("background-color"))
		x.page = x.page || bg != 0 && bg != white
	case "paragraph-properties":
		x.behind = parseColor(s.attr("background-color"))
	case "text-properties":
		bg := parseColor(s.attr("background-color"))
		blind := unseeable(parseColor(s.attr("color")), cmp.Or(bg, x.behind))
		switch {
		case s.is("display", "none"), isTinyPoints(s.attr("font-size")), x.family == "text" && x.style != "" && blind:
			x.hide()
		case x.family == "paragraph" && blind && len(x.blindStyles) < maxStyles:
			x.blindStyles[x.style] = true
		}
	case "table-properties":
		if s.is("display", "false") {
			x.hide()
		}
	case "drawing-page-properties":
		if s.is("visibility", "hidden") {
			x.hide()
		}
	}
	return nil
}

func (x *odf) hide() {
	if len(x.hiddenStyles) < maxStyles {
		x.hiddenStyles[x.family+" "+x.style] = true
	}
}

// isTinyPoints reads a font's size in points; others are shares of another style's.
func isTinyPoints(size string) bool {
	n, err := strconv.ParseFloat(strings.TrimSuffix(size, "pt"), 64)
	return err == nil && strings.HasSuffix(size, "pt") && n <= maxTiny/2
}

// isBlind reports a paragraph in the colour of paper on paper: cells, frames and slides may have another.
func (x *odf) isBlind(style string) bool {
	return x.blindStyles[style] && !x.page && !x.sheet && x.slides == 0 && x.tables == 0 && x.frames == 0
}
