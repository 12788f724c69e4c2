package doctext

import (
	"strconv"
	"strings"
)

const (
	// maxColumns is the width of a sheet (Excel's limit).
	maxColumns = 16384
	// maxGap is how many empty cells in a row are shown as such; beyond it a cell is shown with its place.
	maxGap = 32
	// maxHiddenRanges is how many w:col ranges are kept.
	maxHiddenRanges = 1000
)

// grid walks over the rows of a sheet. Only the current row is held.
type grid struct {
	x          *xlsx
	hidden     []span // columns
	hiddenUsed map[int]bool

	line    strings.Builder
	written int // the last column in line, 1-based
	row     int
	last    int // the last row that was shown
	column  int // of the current cell
	kind    string
	style   int
	value   []byte
	inValue bool
	formula bool // the cell has one
}

func (g *grid) start(s *scanner) error {
	switch string(s.name) {
	case "col":
		if isTrue(s.attr("hidden")) || s.is("width", "0") {
			from, ok := number(s.attr("min"), maxColumns+1)
			to, ok2 := number(s.attr("max"), maxColumns+1)
			if ok && ok2 && len(g.hidden) < maxHiddenRanges {
				g.hidden = append(g.hidden, span{from, to})
			}
		}
	case "row":
		g.line.Reset()
		g.written, g.column = 0, 0
		n, ok := number(s.attr("r"), 1<<21)
		if !ok || n <= g.row {
			n = g.row + 1
		}
		g.row = n
		if isTrue(s.attr("hidden")) || s.is("ht", "0") {
			g.x.hiddenRows++
			return s.skip()
		}
	case "c":
		n := columnOf(s.attr("r"))
		if n <= g.column {
			n = g.column + 1
		}
		g.column, g.kind, g.value, g.formula = n, s.attr("t"), g.value[:0], false
		g.style, _ = number(s.attr("s"), 1<<20)
	case "f":
		g.formula = true
	case "v":
		g.inValue = true
	case "t":
		g.inValue = g.kind == "inlineStr"
	case "rPh":
		return s.skip()
	}
	return nil
}

func (g *grid) characters(s *scanner) error {
	if g.inValue && len(g.value)+len(s.text) <= maxString {
		g.value = append(g.value, s.text...)
	}
	return nil
}

func (g *grid) end(s *scanner) error {
	switch string(s.name) {
	case "v", "t":
		g.inValue = false
	case "c":
		return g.cell()
	case "row":
		return g.endRow()
	}
	return nil
}

// cell adds the cell that ends to its row, unless it is empty or not to be seen.
func (g *grid) cell() error {
	if len(g.value) == 0 {
		if g.formula && g.kind != "str" && !g.isHidden(g.column) {
			g.x.unsolved++
		}
		return nil
	}
	text := g.shown()
	if text == "" {
		return nil
	}
	if g.isHidden(g.column) {
		if g.hiddenUsed == nil {
			g.hiddenUsed = make(map[int]bool)
		}
		g.hiddenUsed[g.column] = true
		return nil
	}
	if g.x.styles.unseen(g.style) {
		g.x.hiddenCells++
		return nil
	}
	gap := g.column - g.written
	switch {
	case gap <= maxGap && g.written > 0:
		g.separators(gap)
	case gap <= maxGap:
		g.separators(gap - 1)
	default:
		if g.written > 0 {
			g.line.WriteByte(',')
		}
		g.line.WriteString("[" + columnName(g.column) + strconv.Itoa(g.row) + "] ")
	}
	g.line.WriteString(quoted(text))
	g.written = g.column
	if g.line.Len() > g.x.d.out.left {
		return g.endRow()
	}
	return nil
}

// separators passes n borders between cells. Hidden columns are not shown as empty ones.
func (g *grid) separators(n int) {
	for c := g.column - 1; n > 0; n, c = n-1, c-1 {
		if c > 0 && g.isHidden(c) {
			continue
		}
		g.line.WriteByte(',')
	}
}

func (g *grid) endRow() error {
	if g.line.Len() == 0 {
		return nil
	}
	if g.last > 0 && g.row > g.last+1 {
		if err := g.x.d.out.write("\n"); err != nil {
			return err
		}
	}
	g.last = g.row
	return g.x.d.out.line(g.line.String())
}

func (g *grid) isHidden(column int) bool {
	for _, r := range g.hidden {
		if column >= r.from && column <= r.to {
			return true
		}
	}
	return false
}

// shown is a cell's value as a person reads it (ISO/IEC 29500-1 section 18.18.11).
func (g *grid) shown() string {
	v := string(g.value)
	switch g.kind {
	case "s":
		i, ok := number(v, maxStrings)
		if !ok {
			return ""
		}
		return strings.TrimSpace(string(g.x.strings.get(i)))
	case "b":
		if isTrue(v) {
			return "TRUE"
		}
		return "FALSE"
	case "str", "inlineStr", "e", "d":
		return strings.TrimSpace(v)
	}
	return g.x.styles.number(v, g.style, g.x.date4)
}

// number reads a number from zero to below a limit.
func number(s string, below int) (int, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 || n >= below {
		return 0, false
	}
	return n, true
}

// columnOf gives the column of a reference such as "AB12", zero when it is none.
func columnOf(ref string) int {
	n := 0
	for i := 0; i < len(ref); i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		if n = n*26 + int(c-'A') + 1; n > maxColumns {
			return 0
		}
	}
	return n
}

func columnName(n int) string {
	name := ""
	for ; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}
