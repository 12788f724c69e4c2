package doctext

import (
	"strconv"
	"strings"
)

const (
	// maxRepeat is how often a repeated cell or row with a value is written: files repeat the last one to the edge of the
	// sheet.
	maxRepeat = 100
	// maxSpaces is how many blanks in a row are written.
	maxSpaces = 80
)

// odf walks over content.xml of an OpenDocument file (ISO/IEC 26300-1).
type odf struct {
	d *document

	hiddenStyles map[string]bool // of text, and of tables and slides that are not displayed
	style        string
	family       string

	out struct {
		open []paragraph
		row  []byte
		cell []byte
	}
	deletions                                      int
	pictures                                       int
	lists                                          int
	items                                          bool // the next paragraph begins an item
	tables                                         int
	sheet                                          bool // tables are sheets
	repeat                                         int
	blanks                                         int // empty cells not yet written
	cells                                          int
	hiddenSheets, hiddenRows, hiddenSlides, slides int
	notes                                          int // depth of the notes of a slide
	lead                                           string
	date                                           string // of the cell
}

func (a *archive) readOpenDocument() error {
	x := &odf{d: a.d, hiddenStyles: make(map[string]bool)}
	if a.has("META-INF/manifest.xml") {
		locked := false
		if err := a.walk("META-INF/manifest.xml", handler{start: func(s *scanner) error {
			locked = locked || string(s.name) == "encryption-data"
			return nil
		}}); err != nil {
			return err
		}
		if locked {
			return &Error{Kind: a.d.kind, Reason: Encrypted}
		}
	}
	if err := a.walk("styles.xml", handler{start: x.styles}); err != nil {
		return err
	}
	err := a.walk("content.xml", handler{start: x.start, end: x.end, text: x.characters})
	x.d.count(x.deletions, "tracked deletion", "tracked deletions", " left out")
	x.d.count(x.pictures, "picture", "pictures", " left out")
	x.d.count(x.hiddenSheets, "hidden sheet", "hidden sheets", " left out")
	x.d.count(x.hiddenRows, "hidden row", "hidden rows", " left out")
	x.d.count(x.hiddenSlides, "hidden slide", "hidden slides", " left out")
	return err
}

// styles finds styles whose text is not shown (section 20.377, text:display; 20.302; 20.303).
func (x *odf) styles(s *scanner) error {
	switch string(s.name) {
	case "style":
		x.style, x.family = s.attr("name"), s.attr("family")
		if x.hiddenStyles[x.family+" "+s.attr("parent-style-name")] {
			x.hide()
		}
	case "text-properties":
		if s.is("display", "none") || x.style != "" && unseeable(parseColor(s.attr("color")), parseColor(s.attr("background-color"))) &&
			x.family == "text" {
			x.hide()
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

// leaveOut counts what is not shown from here to the end of the element.
func (x *odf) leaveOut(s *scanner, n *int) error {
	*n++
	x.d.dropped.Hidden++
	return s.skip()
}

func (x *odf) start(s *scanner) error {
	switch string(s.name) {
	case "p", "h":
		if x.hiddenStyles["paragraph "+s.attr("style-name")] {
			x.d.dropped.Hidden++
			return s.skip()
		}
		p := paragraph{depth: s.depth}
		if string(s.name) == "h" {
			p.heading = max(1, level(s.attr("outline-level")))
		}
		if len(x.out.open) < maxNested {
			x.out.open = append(x.out.open, p)
		}
	case "span", "a":
		if x.hiddenStyles["text "+s.attr("style-name")] {
			x.d.dropped.Hidden++
			return s.skip()
		}
	case "hidden-text", "hidden-paragraph":
		x.d.dropped.Hidden++
		return s.skip()
	case "tracked-changes":
		return inside(s, func() error {
			if string(s.name) == "deletion" {
				x.deletions++
			}
			return nil
		})
	case "s":
		n, ok := number(s.attr("c"), maxSpaces)
		if !ok {
			n = 1
		}
		return x.add(strings.Repeat(" ", n))
	case "tab":
		return x.add("\t")
	case "line-break":
		return x.add("\n")
	case "image":
		x.pictures++
	case "script", "event-listeners", "forms":
		return s.skip()
	default:
		return x.startOther(s)
	}
	return nil
}

func (x *odf) startOther(s *scanner) error {
	switch string(s.name) {
	case "spreadsheet":
		x.sheet = true
	case "list":
		x.lists++
	case "list-item":
		x.items = true
	case "note":
		return x.add(" [note: ")
	case "note-citation", "shapes", "dde-source", "sequence-decls", "date", "meta-date-string":
		return s.skip()
	case "annotation":
		return x.add(" [comment: ")
	case "page":
		x.slides++
		if x.hiddenStyles["drawing-page "+s.attr("style-name")] {
			return x.leaveOut(s, &x.hiddenSlides)
		}
		return x.d.out.line("## Slide " + strconv.Itoa(x.slides))
	case "notes":
		x.notes = s.depth
		x.lead = "Notes: "
	case "table":
		return x.table(s)
	case "table-row":
		if v := s.attr("visibility"); v == "collapse" || v == "filter" {
			return x.leaveOut(s, &x.hiddenRows)
		}
		x.repeat, x.blanks, x.cells, x.out.row = 1, 0, 0, x.out.row[:0]
	case "table-cell", "covered-table-cell":
		return x.cell(s)
	case "style", "text-properties", "table-properties", "drawing-page-properties":
		return x.styles(s)
	}
	return nil
}

func (x *odf) table(s *scanner) error {
	x.tables++
	if !x.sheet || x.tables > 1 {
		return nil
	}
	if x.hiddenStyles["table "+s.attr("style-name")] {
		x.tables--
		return x.leaveOut(s, &x.hiddenSheets)
	}
	return x.d.out.line("# Sheet: " + x.d.clean(s.attr("name")))
}

// cell begins a cell. Dates come as dates and not in the words of a language.
func (x *odf) cell(s *scanner) error {
	if x.tables != 1 {
		return nil
	}
	x.out.cell = x.out.cell[:0]
	x.repeat, x.date = 1, strings.TrimSuffix(s.attr("date-value"), "T00:00:00")
	if n, ok := number(s.attr("number-columns-repeated"), 1<<20); ok {
		x.repeat = max(1, n)
	}
	return nil
}

func (x *odf) endCell() {
	if x.tables != 1 {
		return
	}
	text := strings.TrimSpace(string(x.out.cell))
	x.out.cell = x.out.cell[:0]
	if text != "" && x.date != "" {
		text = field(x.date)
	}
	if text == "" {
		x.blanks = min(x.blanks+x.repeat, maxColumns)
		x.cells = min(x.cells+x.repeat, maxColumns)
		return
	}
	separator := " | "
	if x.sheet {
		separator, text = ",", quoted(text)
	} else {
		text = field(text)
	}
	for range min(x.repeat, maxRepeat) {
		if x.cells > 0 {
			if x.blanks > maxGap {
				if len(x.out.row) > 0 {
					x.out.row = append(x.out.row, separator...)
				}
				x.out.row = append(x.out.row, "[after "+strconv.Itoa(x.blanks)+" empty cells] "...)
			} else if x.blanks == x.cells {
				x.out.row = append(x.out.row, strings.Repeat(separator, x.blanks)...)
			} else {
				x.out.row = append(x.out.row, strings.Repeat(separator, x.blanks+1)...)
			}
		}
		x.blanks = 0
		x.cells++
		x.out.row = append(x.out.row, text...)
		if len(x.out.row) > x.d.out.left {
			return
		}
	}
}

func (x *odf) characters(s *scanner) error {
	if len(x.out.open) == 0 {
		return nil
	}
	return x.add(string(s.text))
}

func (x *odf) add(text string) error {
	n := len(x.out.open)
	if n == 0 {
		return nil
	}
	p := &x.out.open[n-1]
	p.text = append(p.text, text...)
	if len(p.text)+len(x.out.row)+len(x.out.cell) > x.d.out.left {
		return x.d.out.line(string(x.out.row) + string(x.out.cell) + string(p.text))
	}
	return nil
}

func (x *odf) end(s *scanner) error {
	switch string(s.name) {
	case "p", "h":
		if n := len(x.out.open); n > 0 && x.out.open[n-1].depth == s.depth+1 {
			p := x.out.open[n-1]
			x.out.open = x.out.open[:n-1]
			return x.paragraph(p)
		}
	case "note", "annotation":
		return x.add("]")
	case "creator":
		return x.add(": ")
	case "list":
		x.lists = max(0, x.lists-1)
	case "notes":
		x.notes, x.lead = 0, ""
	case "table":
		x.tables = max(0, x.tables-1)
	case "table-cell", "covered-table-cell":
		x.endCell()
	case "table-row":
		if x.tables == 1 && len(x.out.row) > 0 {
			row := string(x.out.row)
			x.out.row = x.out.row[:0]
			return x.d.out.line(row)
		}
	}
	return nil
}

func (x *odf) paragraph(p paragraph) error {
	text := strings.TrimSpace(string(p.text))
	if len(x.out.open) > 0 {
		// Within another one: a note, a comment or a text box.
		if outer := x.out.open[len(x.out.open)-1].text; len(outer) > 0 && outer[len(outer)-1] != ' ' {
			text = " " + text
		}
		return x.add(strings.TrimRight(text, " "))
	}
	if text == "" {
		return nil
	}
	if x.tables > 0 {
		if len(x.out.cell) > 0 {
			x.out.cell = append(x.out.cell, ' ')
		}
		x.out.cell = append(x.out.cell, text...)
		return nil
	}
	lead := x.lead + headingMark(p.heading)
	x.lead = ""
	if x.items && x.lists > 0 {
		lead += strings.Repeat("  ", min(x.lists, maxListLevel)-1) + "- "
		x.items = false
	}
	return x.d.out.line(lead + text)
}
