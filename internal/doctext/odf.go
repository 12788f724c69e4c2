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
	blindStyles  map[string]bool // of paragraphs in the colour of paper
	style        string
	family       string
	behind       color // what the style puts behind its paragraph
	page         bool  // pages have a colour of their own
	frames       int   // open: they have colours that are not looked at

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
	column                                         int    // the last that was said of the sheet
	columns                                        []span // that are hidden
	hiddenColumns                                  int
	notes                                          int // depth of the notes of a slide
	lead                                           string
	date                                           string // of the cell
}

func (a *archive) readOpenDocument() error {
	x := &odf{d: a.d, hiddenStyles: make(map[string]bool), blindStyles: make(map[string]bool)}
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
	x.d.count(x.hiddenColumns, "cell", "cells", " of hidden columns left out")
	x.d.count(x.hiddenSlides, "hidden slide", "hidden slides", " left out")
	return err
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
		if style := s.attr("style-name"); x.hiddenStyles["paragraph "+style] || x.isBlind(style) {
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
	case "section":
		if s.is("display", "none") || s.is("display", "condition") && s.is("is-hidden", "true") {
			x.d.dropped.Hidden++
			return s.skip()
		}
	case "frame", "custom-shape":
		x.frames++
	case "list":
		x.lists++
	case "list-item":
		x.items = true
	case "note":
		return x.add(" [note: ")
	case "note-citation", "shapes", "dde-source", "sequence-decls", "date", "meta-date-string":
		return s.skip()
	case "annotation":
		if len(x.out.open) == 0 { // of a cell
			x.out.cell = append(x.out.cell, "[comment:"...)
		}
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
	case "table-column":
		x.columnOf(s)
	case "table-row":
		if x.tables > 1 { // it is part of a cell
			return nil
		}
		if v := s.attr("visibility"); v == "collapse" || v == "filter" {
			return x.leaveOut(s, &x.hiddenRows)
		}
		x.repeat, x.blanks, x.cells, x.out.row = 1, 0, 0, x.out.row[:0]
	case "table-cell", "covered-table-cell":
		return x.cell(s)
	case "style", "text-properties", "paragraph-properties", "table-properties", "drawing-page-properties":
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
	x.column, x.columns = 0, x.columns[:0]
	return x.d.out.line("# Sheet: " + x.d.clean(s.attr("name")))
}

// columnOf remembers the columns of a sheet that are hidden.
func (x *odf) columnOf(s *scanner) {
	if !x.sheet || x.tables > 1 {
		return
	}
	n, ok := number(s.attr("number-columns-repeated"), 1<<20)
	if !ok || n == 0 {
		n = 1
	}
	from := x.column + 1
	x.column = min(x.column+n, maxColumns)
	if v := s.attr("visibility"); (v == "collapse" || v == "filter") && len(x.columns) < maxHiddenRanges {
		x.columns = append(x.columns, span{from, x.column})
	}
}

// isHidden reports whether the cell that ends stands in a hidden column.
func (x *odf) isHidden() bool {
	for _, c := range x.columns {
		if at := x.cells + 1; at >= c.from && at <= c.to {
			return true
		}
	}
	return false
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
	if text != "" && x.isHidden() {
		x.hiddenColumns++
		x.d.dropped.Hidden++
		text = ""
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
	case "frame", "custom-shape":
		x.frames = max(0, x.frames-1)
	case "note", "annotation":
		if len(x.out.open) == 0 && len(x.out.cell) > 0 {
			x.out.cell = append(x.out.cell, ']')
		}
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
