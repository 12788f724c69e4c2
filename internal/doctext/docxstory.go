package doctext

import (
	"bytes"
	"strings"
)

// paragraph is one paragraph while it is read. Text boxes hold paragraphs within paragraphs.
type paragraph struct {
	depth   int
	text    []byte
	heading int
	list    listPlace
	look    look
}

// maxNested is how many paragraphs within paragraphs are kept apart; deeper ones become part of the last.
const maxNested = 16

// story walks over paragraphs, runs and tables.
type story struct {
	x  *docx
	to func(line string) error

	element string // of notes and comments
	marks   *marks
	sign    string // of the note that is read, until its first line is out

	open   []paragraph
	run    look
	hidden bool // the last text was hidden

	tables  int // open
	row     []byte
	cells   int
	inCell  bool // there is text in the cell that is open
	rowGone bool
	tableBG color
	cellBG  color
	fill    color     // of the shape that comes
	boxes   []textBox // that are open
	choices choices
	inText  bool // within w:t
}

// textBox is one that is open. It stands in a run, which goes on behind it.
type textBox struct {
	depth int
	fill  color
	run   look
	gone  bool // the run is not to be seen, and the box with it
}

func (st *story) handler() handler {
	return handler{start: st.start, end: st.end, text: st.characters}
}

// top is the paragraph that is open; text outside of one opens one.
func (st *story) top() *paragraph {
	if len(st.open) == 0 {
		st.open = append(st.open, paragraph{depth: -1})
	}
	return &st.open[len(st.open)-1]
}

func (st *story) start(s *scanner) error {
	switch string(s.name) {
	case "t":
		st.inText = true
	case "r":
		st.run = look{}
	case "rPr":
		l, style, err := runProperties(s)
		if style != "" {
			l = l.over(st.x.style(style).look)
		}
		st.run = l
		return err
	case "p":
		if len(st.open) < maxNested {
			style := st.x.style("")
			st.open = append(st.open, paragraph{depth: s.depth, heading: style.heading, list: style.list, look: style.look})
		}
	case "pPr":
		return st.properties(s)
	case "tab", "ptab":
		return st.add("\t")
	case "br", "cr":
		return st.add("\n")
	case "noBreakHyphen":
		return st.add("-")
	case "instrText", "delText", "delInstrText":
		return s.skip()
	default:
		return st.startOther(s)
	}
	return nil
}

func (st *story) startOther(s *scanner) error {
	x := st.x
	switch string(s.name) {
	case "del", "moveFrom":
		x.deletions++
		return s.skip()
	case "ins", "moveTo":
		x.insertions++
	case "AlternateContent", "Choice", "Fallback":
		return st.choices.start(s)
	case "footnoteReference":
		return st.refer(&x.notes, s.attr("id"))
	case "endnoteReference":
		return st.refer(&x.endnotes, s.attr("id"))
	case "commentReference":
		return st.refer(&x.comments, s.attr("id"))
	case "pic", "imagedata":
		x.pictures++
	case "OLEObject", "control", "chart", "relIds":
		x.objects++
	case "docPr":
		if alt := field(s.attr("descr")); alt != "" && !isTrue(s.attr("hidden")) {
			if st.unseen() {
				st.leaveOut()
				return nil
			}
			return st.add("[image: " + alt + "]")
		}
	case "background":
		if bg := parseColor(s.attr("color")); bg != 0 && bg != white {
			x.page = colorOther
		}
	case "wsp":
		st.fill = 0
	case "shape", "rect", "roundrect":
		if c := s.attr("fillcolor"); c != "" && c != "white" && c != "#ffffff" {
			st.fill = colorOther
		}
	case "spPr":
		return st.shape(s)
	case "fillRef":
		if !s.is("idx", "0") {
			st.fill = colorOther
		}
	case "txbxContent":
		if len(st.boxes) < maxNested {
			st.boxes = append(st.boxes, textBox{depth: s.depth, fill: st.fill, run: st.run, gone: st.unseen()})
		}
	default:
		return st.startTable(s)
	}
	return nil
}

// shape looks for a colour inside a drawn shape, its outline apart.
func (st *story) shape(s *scanner) error {
	return inside(s, func() error {
		switch string(s.name) {
		case "ln":
			return s.skip()
		case "solidFill", "gradFill", "pattFill", "blipFill":
			st.fill = colorOther
		}
		return nil
	})
}

func (st *story) startTable(s *scanner) error {
	switch string(s.name) {
	case "tbl":
		st.tables++
		if st.tables == 1 {
			st.tableBG, st.cellBG = 0, 0
		}
	case "tblStyle":
		if st.x.style(s.attr("val")).look.bg != 0 {
			st.tableBG = colorOther
		}
	case "tr":
		if st.tables == 1 {
			st.row, st.cells, st.rowGone = st.row[:0], 0, false
		}
	case "trPr":
		return inside(s, func() error {
			if string(s.name) == "del" {
				st.rowGone = true
				st.x.deletions++
			}
			return nil
		})
	case "tc":
		if st.tables == 1 {
			if st.cells > 0 {
				st.row = append(st.row, " | "...)
			}
			st.cells++
			st.inCell = false
		}
		st.cellBG = 0
	case "tcPr":
		return inside(s, func() error {
			if string(s.name) == "shd" {
				st.cellBG = fill(s)
			}
			return nil
		})
	case st.element:
		if st.element != "" {
			return st.startNote(s)
		}
	}
	return nil
}

// startNote begins a footnote, endnote or comment, if the text refers to it.
func (st *story) startNote(s *scanner) error {
	if _, ok := st.marks.number[s.attr("id")]; !ok {
		return s.skip()
	}
	st.sign = st.marks.mark(s.attr("id")) + " "
	if author := st.x.d.clean(s.attr("author")); author != "" {
		st.sign += author + ": "
	}
	return nil
}

// properties reads w:pPr.
func (st *story) properties(s *scanner) error {
	p, err := st.x.paragraphProperties(s)
	top := st.top()
	if p.style != "" {
		style := st.x.style(p.style)
		top.heading, top.list, top.look = style.heading, style.list, style.look
	}
	if p.heading > 0 {
		top.heading = p.heading
	}
	if p.list.said {
		top.list = p.list.over(top.list)
	}
	if p.bg != 0 {
		top.look.bg = p.bg
	}
	return err
}

// behind is the colour that is behind a run that has none of its own.
func (st *story) behind() color {
	for _, c := range []color{st.cellBG, st.tableBG} {
		if st.tables > 0 && c != 0 {
			return c
		}
	}
	if n := len(st.boxes); n > 0 && st.boxes[n-1].fill != 0 {
		return st.boxes[n-1].fill
	}
	return st.x.page
}

// unseen reports that the run which is open does not show.
func (st *story) unseen() bool {
	if n := len(st.boxes); n > 0 && st.boxes[n-1].gone {
		return true
	}
	l := st.run.over(st.top().look)
	if l.bg == 0 {
		l.bg = st.behind()
	}
	return l.hidden()
}

// leaveOut counts a stretch of what does not show once.
func (st *story) leaveOut() {
	if !st.hidden {
		st.x.d.dropped.Hidden++
		st.hidden = true
	}
}

// refer shows the sign of a note or comment; one whose sign does not show is not printed either.
func (st *story) refer(m *marks, id string) error {
	if st.unseen() {
		st.leaveOut()
		return nil
	}
	return st.add(m.mark(id))
}

func (st *story) characters(s *scanner) error {
	if !st.inText {
		return nil
	}
	if st.unseen() {
		if len(bytes.TrimSpace(s.text)) > 0 {
			st.leaveOut()
		}
		return nil
	}
	st.hidden = false
	return st.add(string(s.text))
}

// add puts text into the paragraph. One that is longer than what may be shown ends the document.
func (st *story) add(text string) error {
	p := st.top()
	p.text = append(p.text, text...)
	if len(p.text) > st.x.d.out.left {
		return st.overflow(p.text)
	}
	return nil
}

// overflow shows as much as there is room for.
func (st *story) overflow(text []byte) error {
	if err := st.to(string(text)); err != nil {
		return err
	}
	st.x.d.meter.truncated = true
	return errFull
}

func (st *story) end(s *scanner) error {
	st.choices.end(s)
	switch string(s.name) {
	case "t":
		st.inText = false
	case "p":
		if n := len(st.open); n > 0 && st.open[n-1].depth == s.depth+1 {
			p := st.open[n-1]
			st.open = st.open[:n-1]
			return st.paragraph(p)
		}
	case "txbxContent":
		if n := len(st.boxes); n > 0 && st.boxes[n-1].depth == s.depth+1 {
			st.run, st.boxes = st.boxes[n-1].run, st.boxes[:n-1]
		}
	case "tbl":
		st.tables = max(0, st.tables-1)
	case "tc":
		st.cellBG = 0
	case "tr":
		if st.tables == 1 {
			return st.endRow()
		}
	}
	return nil
}

// paragraph shows a paragraph, or adds it to the row that it is in.
func (st *story) paragraph(p paragraph) error {
	text := strings.TrimSpace(string(p.text))
	if text == "" {
		return nil
	}
	if st.tables > 0 {
		if st.inCell {
			st.row = append(st.row, '\n')
		}
		st.inCell = true
		st.row = append(st.row, text...)
		if len(st.row) > st.x.d.out.left {
			return st.overflow(st.row)
		}
		return nil
	}
	lead := headingMark(p.heading) + st.x.numbering.next(p.list)
	sign := st.sign
	st.sign = ""
	return st.to(sign + lead + text)
}

// endRow shows a row of a table. A row of one cell is a layout: its lines stay lines.
func (st *story) endRow() error {
	text := string(st.row)
	st.row = st.row[:0]
	if st.rowGone || strings.Trim(text, " |\n\t") == "" {
		return nil
	}
	if st.cells > 1 {
		text = strings.NewReplacer("\n", " ", "\t", " ").Replace(text)
	}
	return st.to(strings.TrimRight(strings.TrimSpace(text), " |"))
}

// flush shows what is open at the end of a part that ends too early.
func (st *story) flush() error {
	for len(st.open) > 0 {
		p := st.open[len(st.open)-1]
		st.open = st.open[:len(st.open)-1]
		if err := st.paragraph(p); err != nil {
			return err
		}
	}
	if len(st.row) > 0 {
		return st.endRow()
	}
	return nil
}
