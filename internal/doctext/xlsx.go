package doctext

import (
	"maps"
	"slices"
	"strings"
)

// xlsx reads a workbook (ISO/IEC 29500-1 section 18).
type xlsx struct {
	a       *archive
	d       *document
	strings stringTable
	styles  cellStyles
	date4   bool // days count from 1904

	hiddenSheets, hiddenRows, hiddenColumns, hiddenCells, charts, pictures, unsolved int
}

type sheet struct {
	name, part string
	hidden     bool
}

// maxSheets is beyond any workbook that a person pages through.
const maxSheets = 1000

func (a *archive) readXlsx(main string) error {
	x := &xlsx{a: a, d: a.d}
	rels, err := a.relations(main)
	if err != nil {
		return err
	}
	sheets, err := x.sheets(main, rels)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(rels)) {
		r := rels[id]
		switch {
		case r.external:
		case r.kind == "sharedStrings":
			err = x.strings.read(a, r.target)
		case r.kind == "styles":
			err = x.styles.read(a, r.target)
		case r.kind == "vbaProject":
			a.d.note("it has macros")
		case r.kind == "externalLink":
			a.d.note("it refers to other workbooks: values are those of the last calculation")
		}
		if err != nil {
			return err
		}
	}
	for i, sh := range sheets {
		if sh.hidden {
			x.hiddenSheets++
			continue
		}
		if err = x.sheet(sh, i > x.hiddenSheets); err != nil {
			break
		}
	}
	x.report()
	return err
}

func (x *xlsx) report() {
	x.d.count(x.hiddenSheets, "hidden sheet", "hidden sheets", " left out")
	x.d.count(x.hiddenRows, "hidden row", "hidden rows", " left out")
	x.d.count(x.hiddenColumns, "hidden column", "hidden columns", " left out")
	x.d.count(x.hiddenCells, "cell", "cells", " formatted not to be seen left out")
	x.d.count(x.unsolved, "formula", "formulas", " without a stored result left out")
	x.d.count(x.charts, "sheet", "sheets", " of a chart left out")
	x.d.count(x.pictures, "drawing", "drawings", " left out")
	x.d.dropped.Hidden += x.hiddenSheets + x.hiddenRows + x.hiddenColumns + x.hiddenCells
}

// sheets gives the sheets in their order.
func (x *xlsx) sheets(main string, rels map[string]relation) ([]sheet, error) {
	var list []sheet
	err := x.a.walk(main, handler{start: func(s *scanner) error {
		switch string(s.name) {
		case "workbookPr":
			x.date4 = isTrue(s.attr("date1904"))
		case "sheet":
			state := s.attr("state")
			sh := sheet{name: x.d.clean(s.attr("name")), hidden: state == "hidden" || state == "veryHidden"}
			r, ok := rels[s.relation("id")]
			switch {
			case len(list) >= maxSheets:
				x.d.meter.truncated = true
			case ok && r.kind == "worksheet":
				sh.part = r.target
				list = append(list, sh)
			case ok && r.kind == "chartsheet":
				x.charts++
			default:
				x.d.note("damaged: read as far as possible")
			}
		}
		return nil
	}})
	return list, err
}

// sheet shows a sheet as its name and rows of comma separated values: they cost few tokens, and quotes keep apart what a
// stranger wrote into a cell.
func (x *xlsx) sheet(sh sheet, more bool) error {
	lead := ""
	if more {
		lead = "\n"
	}
	if err := x.d.out.line(lead + "# Sheet: " + sh.name); err != nil {
		return err
	}
	g := &grid{x: x}
	if err := x.a.walk(sh.part, handler{start: g.start, end: g.end, text: g.characters}); err != nil {
		return err
	}
	x.hiddenColumns += len(g.hiddenUsed)
	rels, err := x.a.relations(sh.part)
	if err != nil {
		return err
	}
	for _, name := range targets(rels, "comments") {
		if err := x.comments(name); err != nil {
			return err
		}
	}
	x.pictures += len(targets(rels, "drawing"))
	return nil
}

// comments shows the notes on cells. Newer threads of comments are kept there as well, for older programs.
func (x *xlsx) comments(name string) error {
	var authors []string
	var text []byte
	var ref, author string
	inText, inAuthor := false, false
	return x.a.walk(name, handler{
		start: func(s *scanner) error {
			switch string(s.name) {
			case "author":
				inAuthor, text = true, text[:0]
			case "comment":
				ref, author, text = s.attr("ref"), "", text[:0]
				if n, ok := number(s.attr("authorId"), len(authors)); ok {
					author = authors[n]
				}
			case "t":
				inText = true
			}
			return nil
		},
		text: func(s *scanner) error {
			if (inText || inAuthor) && len(text)+len(s.text) <= x.d.out.left {
				text = append(text, s.text...)
			}
			return nil
		},
		end: func(s *scanner) error {
			switch string(s.name) {
			case "author":
				inAuthor = false
				if len(authors) < maxMarks {
					authors = append(authors, x.d.clean(string(text)))
				}
			case "t":
				inText = false
			case "comment":
				if author != "" {
					author += ": "
				}
				return x.d.out.line("[comment on " + x.d.clean(ref) + "] " + author + field(string(text)))
			}
			return nil
		},
	})
}

const (
	// maxStrings is where an honest shared table ends: what follows could not be shown anyway.
	maxStrings = 1 << 20
	// maxStringBytes is sixteen times the text that is shown.
	maxStringBytes = 16 << 20
	// maxString is what Excel allows in a cell.
	maxString = 32767 * 4
)

// stringTable keeps the shared strings in one piece of memory, since there may be very many.
type stringTable struct {
	all  []byte
	ends []uint32
}

// read reads sharedStrings.xml. Readings of characters (rPh) are not part of a string.
func (t *stringTable) read(a *archive, name string) error {
	inText, from := false, 0
	if f := a.byName[partName(name)]; f != nil {
		t.all = make([]byte, 0, min(f.UncompressedSize64, maxStringBytes))
	}
	return a.walk(name, handler{
		start: func(s *scanner) error {
			switch string(s.name) {
			case "si":
				from = len(t.all)
			case "t":
				inText = true
			case "rPh":
				return s.skip()
			}
			return nil
		},
		text: func(s *scanner) error {
			if room := min(maxString-(len(t.all)-from), maxStringBytes-len(t.all)); inText && room > 0 {
				t.all = append(t.all, s.text[:min(len(s.text), room)]...)
			}
			return nil
		},
		end: func(s *scanner) error {
			switch string(s.name) {
			case "t":
				inText = false
			case "si":
				if len(t.ends) >= maxStrings || len(t.all) >= maxStringBytes {
					a.d.meter.truncated = true
					a.d.note("the end of the table of texts is left out")
					return errEnough
				}
				t.ends = append(t.ends, uint32(len(t.all)))
			}
			return nil
		},
	})
}

// get gives a string, empty for one that is not there.
func (t *stringTable) get(i int) []byte {
	if i < 0 || i >= len(t.ends) {
		return nil
	}
	from := uint32(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return t.all[from:t.ends[i]]
}

// quoted writes a value of a row (RFC 4180 section 2); line breaks become blanks, so that a row is a line.
func quoted(v string) string {
	if strings.ContainsAny(v, "\n\r\t") {
		v = field(v)
	}
	if !strings.ContainsAny(v, `",`) {
		return v
	}
	return `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
}
