package mailtext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxQuoteMarks and maxIndent keep deep nesting from growing every line.
	maxQuoteMarks = 8
	maxIndent     = 8
	// maxGap is how many empty table cells in a row are shown.
	maxGap = 20
)

// writer lays text out: words, lines, paragraphs, lists, quotes and table rows. Breaks are held back until text
// follows, so that empty elements leave no trace.
type writer struct {
	out       []byte
	limit     int
	full      bool
	space     bool
	glued     bool // a reference was the last thing written
	apart     bool // what comes next stands with a gap from what was written
	raise     byte // the sign for letters above or below the line, if they come next
	breaks    int  // newlines due: 1 ends a line, 2 a paragraph
	quote     int
	lastQuote int    // the quote depth of the last line written
	item      string // list marker due
	head      int    // heading marks due
	lists     []list
	tables    []table
}

type list struct {
	ordered bool
	marker  byte // of an ordered one, as the attribute "type" says it
	n       int
}

// table is the state of the current row.
type table struct {
	layout bool // says that it arranges the page
	data   bool // says that it holds data
	gap    int  // cells begun since the last text
	wide   int  // columns that the cell at hand covers beside its own
	filled bool // some cell of this row has text
	joined bool // several do, on one line
	tight  bool // the row before had several on one line: no empty line between the two
	multi  bool // some cell of this row has several lines
	col    int  // the column of the next cell
	// below counts the rows that a cell in this column still reaches into, the row at hand included.
	below []int
}

func (w *writer) brk(n int) { w.breaks = max(w.breaks, n) }

// br is one line break, or one empty line after a break.
func (w *writer) br() { w.breaks = min(w.breaks+1, 2) }

func (w *writer) table() *table {
	if len(w.tables) == 0 {
		return nil
	}
	return &w.tables[len(w.tables)-1]
}

func (w *writer) beginTable(layout, data bool) {
	if t := w.table(); t != nil {
		t.multi, t.data = true, false
	}
	w.tables = append(w.tables, table{layout: layout, data: data})
}

func (w *writer) beginRow() {
	if t := w.table(); t != nil {
		t.gap, t.wide, t.col = 0, 0, 0
		for i := range t.below {
			t.below[i] = max(t.below[i]-1, 0)
		}
		t.tight, t.filled, t.joined, t.multi = t.joined, false, false, false
	}
}

// beginCell begins a cell that is span columns wide and some rows high, which counts where the columns are data.
func (w *writer) beginCell(heading bool, span, rows int) {
	t := w.table()
	if t == nil {
		return
	}
	t.gap += 1 + t.wide + t.passBelow()
	t.data = t.data || heading
	t.reach(min(max(span, 1), maxGap), rows)
	if t.wide = 0; span > 1 && t.data {
		t.wide = min(span-1, maxGap)
	}
	if t.multi && !t.data {
		w.brk(1)
	} else {
		w.space = true
	}
}

// passBelow goes on to the next column that no cell above reaches into, and returns how many columns of data it passes.
func (t *table) passBelow() int {
	from := t.col
	for t.col < len(t.below) && t.below[t.col] > 0 {
		t.col++
	}
	if !t.data {
		return 0
	}
	return t.col - from
}

// reach notes the columns and rows of a cell.
func (t *table) reach(span, rows int) {
	for i := t.col; rows > 1 && i < min(t.col+span, maxGap); i++ {
		for len(t.below) <= i {
			t.below = append(t.below, 0)
		}
		t.below[i] = rows
	}
	t.col += span
}

func (w *writer) beginList(ordered bool, start int, marker byte) {
	w.lists = append(w.lists, list{ordered: ordered, marker: marker, n: start})
}

// numberItem sets the number of the next item.
func (w *writer) numberItem(n int) {
	if last := len(w.lists) - 1; last >= 0 {
		w.lists[last].n = n
	}
}

func (w *writer) beginItem() {
	w.item = "- "
	if n := len(w.lists); n > 0 && w.lists[n-1].ordered {
		w.item = numeral(w.lists[n-1].n, w.lists[n-1].marker) + ". "
		w.lists[n-1].n++
	}
}

// text writes s with its white space collapsed, or kept.
func (w *writer) text(s string, preserve bool) {
	if preserve {
		w.preserved(s)
		return
	}
	for i := 0; i < len(s) && !w.full; {
		start, end := nextWord(s, i)
		if start > i {
			w.space = true
		}
		if start == end {
			return
		}
		if w.glued {
			r, _ := utf8.DecodeRuneInString(s[start:])
			w.space = w.space || unicode.IsLetter(r) || unicode.IsDigit(r) || r == '['
		}
		w.part(s[start:])
		w.begin()
		w.append(s[start:end])
		i = end
	}
}

// part keeps s from becoming one word or number with what was written, where the page shows a gap or raised letters.
func (w *writer) part(s string) {
	apart, raise := w.apart, w.raise
	w.apart, w.raise = false, 0
	if w.space || w.breaks > 0 || len(w.out) == 0 {
		return
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRune(w.out)
	if apart && !strings.ContainsRune(".,;:!?)]'’\"”", first) && !strings.ContainsRune("([‘“\"", last) {
		w.space = true
	} else if raise > ' ' && (unicode.IsDigit(last) || last == ')') && (unicode.IsDigit(first) || strings.ContainsRune("+-−", first)) {
		w.append(string(raise))
	}
}

// nextWord returns the bounds of the next run without white space from i on.
func nextWord(s string, i int) (start, end int) {
	for start = i; start < len(s); {
		space, size := spaceAt(s, start)
		if !space {
			break
		}
		start += size
	}
	for end = start; end < len(s); {
		space, size := spaceAt(s, end)
		if space {
			break
		}
		end += size
	}
	return start, end
}

// spaceAt tells whether the character at i is white space, and its length.
func spaceAt(s string, i int) (space bool, size int) {
	if c := s[i]; c < utf8.RuneSelf {
		return c == ' ' || c >= '\t' && c <= '\r', 1
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	return unicode.IsSpace(r), size
}

func (w *writer) preserved(s string) {
	for i := 0; !w.full; i++ {
		one, rest, more := strings.Cut(s, "\n")
		if i > 0 {
			w.br()
		}
		if one = strings.TrimRightFunc(one, unicode.IsSpace); one != "" {
			w.begin()
			w.append(one)
		}
		if !more {
			return
		}
		s = rest
	}
}

func (w *writer) append(s string) {
	if room := w.limit - len(w.out); len(s) > room {
		s, w.full = s[:runeStart(s, max(room, 0))], true
	}
	w.out = append(w.out, s...)
}

// begin writes what is due before the next word.
func (w *writer) begin() {
	t := w.table()
	switch {
	case t != nil && t.gap > 0:
		w.beginCellText(t)
	case w.breaks > 0 || len(w.out) == 0:
		if t != nil && t.filled {
			t.multi = true
		}
		w.newLine("")
	case w.space:
		w.append(" ")
	}
	w.space, w.glued, w.breaks = false, false, 0
}

// beginCellText goes on in the row's line, or begins one.
func (w *writer) beginCellText(t *table) {
	gap := min(t.gap, maxGap)
	inRow := t.filled && (!t.multi || t.data) && w.item == "" && w.head == 0 && w.quote == w.lastQuote
	t.gap = 0
	switch {
	case inRow && !t.data: // the empty cells of a page's arrangement only make room
		w.append(" | ")
	case inRow:
		w.append(" " + strings.Repeat("| ", gap))
	default:
		t.multi = t.multi || t.filled
		w.brk(1)
		if t.tight && !t.multi {
			w.breaks = 1
		}
		lead := ""
		if t.data && !t.multi {
			lead = strings.Repeat("| ", gap-1)
		}
		w.newLine(lead)
	}
	t.joined = t.joined || inRow
	t.filled = true
}

// newLine ends the line or paragraph and begins the next with its marks.
func (w *writer) newLine(lead string) {
	depth := min(w.quote, maxQuoteMarks)
	if len(w.out) > 0 {
		w.append("\n")
		if w.breaks > 1 {
			w.append(strings.TrimSpace(strings.Repeat("> ", min(depth, w.lastQuote))) + "\n")
		}
	}
	indent := min(len(w.lists), maxIndent)
	if w.item != "" && indent > 0 {
		indent--
	}
	w.append(strings.Repeat("> ", depth) + strings.Repeat("  ", indent) + w.item)
	if w.head > 0 {
		w.append(strings.Repeat("#", w.head) + " ")
	}
	w.append(lead)
	w.item, w.head, w.lastQuote = "", 0, depth
}
