package doctext

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// pptx reads a presentation (ISO/IEC 29500-1 section 19).
type pptx struct {
	a             *archive
	d             *document
	width, height int // of a slide, in EMU

	hiddenSlides, pictures, objects int
}

// maxSlides is beyond any talk.
const maxSlides = 2000

func (a *archive) readPptx(main string) error {
	x := &pptx{a: a, d: a.d}
	rels, err := a.relations(main)
	if err != nil {
		return err
	}
	var slides []string
	err = a.walk(main, handler{start: func(s *scanner) error {
		switch string(s.name) {
		case "sldSz":
			x.width, _ = number(s.attr("cx"), maxEMU)
			x.height, _ = number(s.attr("cy"), maxEMU)
		case "sldId":
			if r, ok := rels[s.relation("id")]; ok && r.kind == "slide" && !r.external {
				if len(slides) >= maxSlides {
					x.d.meter.truncated = true
					return errEnough
				}
				slides = append(slides, r.target)
			}
		}
		return nil
	}})
	for i, name := range slides {
		if err == nil {
			err = x.slide(i+1, name)
		}
	}
	x.d.count(x.hiddenSlides, "hidden slide", "hidden slides", " left out")
	x.d.count(x.pictures, "picture", "pictures", " left out")
	x.d.count(x.objects, "chart or drawing", "charts or drawings", " left out")
	x.d.dropped.Hidden += x.hiddenSlides
	for _, r := range rels {
		if r.kind == "vbaProject" {
			x.d.note("it has macros")
		}
	}
	return err
}

// slide shows a slide, then what its speaker noted, then comments on it.
func (x *pptx) slide(n int, name string) error {
	st := &slideStory{x: x, lead: fmt.Sprintf("## Slide %d", n)}
	if err := x.a.walk(name, handler{start: st.start, end: st.end, text: st.characters}); err != nil {
		return err
	}
	if st.off {
		x.hiddenSlides++
		return nil
	}
	if err := st.begin(""); err != nil {
		return err
	}
	rels, err := x.a.relations(name)
	if err != nil {
		return err
	}
	for _, notes := range targets(rels, "notesSlide") {
		st := &slideStory{x: x, notes: true, begun: true}
		if err := x.a.walk(notes, handler{start: st.start, end: st.end, text: st.characters}); err != nil {
			return err
		}
	}
	for _, comments := range targets(rels, "comments") {
		st := &slideStory{x: x, comments: true, begun: true}
		if err := x.a.walk(comments, handler{start: st.start, end: st.end, text: st.characters}); err != nil {
			return err
		}
	}
	return nil
}

// slideStory walks over the shapes of a slide, of its notes, or over comments.
type slideStory struct {
	x        *pptx
	lead     string
	begun    bool // the line with the slide's number is out
	off      bool // the slide is hidden
	notes    bool
	comments bool
	said     bool // "Notes:" is out

	shape   int // depth of the shape that is open, zero for none
	groups  int
	gone    int // of groups, the outermost that is not to be seen, zero for none
	unseen  bool
	holder  string // type of its placeholder
	counted bool   // its hiding is
	x0, y0  int
	placed  bool

	tiny    bool // the run
	inText  bool
	text    []byte
	row     []byte
	cells   int
	inTable bool
	choices choices
}

func (st *slideStory) start(s *scanner) error {
	switch string(s.name) {
	case "sld":
		if st.off = s.is("show", "0") || s.is("show", "false"); st.off {
			return errEnough
		}
	case "grpSp":
		st.groups++
	case "sp", "pic", "graphicFrame", "cxnSp":
		st.shape, st.unseen, st.holder, st.counted, st.placed = s.depth, st.gone > 0, "", false, false
		if string(s.name) == "pic" {
			st.x.pictures++
		}
	case "cNvPr":
		return st.properties(s)
	case "ph":
		st.holder = s.attr("type")
		if st.holder == "" {
			st.holder = "body"
		}
	case "off":
		st.x0, _ = strconv.Atoi(s.attr("x"))
		st.y0, _ = strconv.Atoi(s.attr("y"))
		st.placed = true
	case "ext":
		st.place(s)
	case "tr":
		st.inTable, st.row, st.cells = true, st.row[:0], 0
	case "tc":
		if st.cells > 0 {
			st.row = append(st.row, " | "...)
		}
		st.cells++
	case "p", "text":
		st.text = st.text[:0]
		st.inText = string(s.name) == "text" && st.comments
	case "rPr", "defRPr":
		n, ok := number(s.attr("sz"), 1<<20)
		st.tiny = ok && n <= maxTiny*50 // hundredths of a point
	case "r":
		st.tiny = false
	case "t":
		st.inText = true
	case "br":
		return st.add("\n")
	case "chart", "relIds":
		st.x.objects++
	default:
		return st.choices.start(s)
	}
	return nil
}

// properties reads the name, the alternative text and the switch that hides a shape.
func (st *slideStory) properties(s *scanner) error {
	if isTrue(s.attr("hidden")) {
		st.hide()
		return nil
	}
	if st.unseen || st.gone > 0 {
		return nil
	}
	if alt := field(s.attr("descr")); alt != "" && !st.notes {
		return st.line("[image: " + alt + "]")
	}
	return nil
}

// hide hides the shape that is open, or the group with all that is in it.
func (st *slideStory) hide() {
	switch {
	case st.shape > 0:
		st.unseen = true
	case st.groups > 0 && st.gone == 0:
		st.gone = st.groups
	}
}

// maxEMU bounds a length, in English Metric Units: 29 metres. It fits 32 bits.
const maxEMU = 1 << 30

// place finds shapes and groups that lie beside the slide. Inside a group places are relative to it.
func (st *slideStory) place(s *scanner) {
	w, ok := number(s.attr("cx"), maxEMU)
	h, ok2 := number(s.attr("cy"), maxEMU)
	alone := st.groups == 0 && st.shape > 0 || st.groups == 1 && st.shape == 0
	if !ok || !ok2 || !st.placed || !alone || st.notes || st.x.width == 0 {
		return
	}
	if st.x0 >= st.x.width || st.y0 >= st.x.height || st.x0+w < 0 || st.y0+h < 0 {
		st.hide()
	}
	st.placed = false
}

func (st *slideStory) characters(s *scanner) error {
	if !st.inText {
		return nil
	}
	if st.unseen || st.tiny {
		if !st.counted && len(bytes.TrimSpace(s.text)) > 0 {
			st.x.d.dropped.Hidden++
			st.counted = true
		}
		return nil
	}
	return st.add(string(s.text))
}

func (st *slideStory) add(text string) error {
	st.text = append(st.text, text...)
	if len(st.text)+len(st.row) > st.x.d.out.left {
		return st.line(string(st.row) + string(st.text))
	}
	return nil
}

func (st *slideStory) end(s *scanner) error {
	st.choices.end(s)
	switch string(s.name) {
	case "grpSp":
		if st.groups = max(0, st.groups-1); st.groups < st.gone {
			st.gone = 0
		}
	case "sp", "pic", "graphicFrame", "cxnSp":
		st.shape, st.unseen = 0, false
	case "t":
		st.inText = false
	case "p", "text":
		st.inText = false
		if string(s.name) == "p" && st.comments && len(st.text) == 0 {
			return nil
		}
		return st.paragraph()
	case "tr":
		row := string(st.row)
		st.inTable, st.row = false, st.row[:0]
		if strings.Trim(row, " |") != "" {
			return st.line(row)
		}
	}
	return nil
}

func (st *slideStory) paragraph() error {
	text := strings.TrimSpace(string(st.text))
	st.text = st.text[:0]
	if text == "" {
		return nil
	}
	if st.inTable {
		if n := len(st.row); n > 0 && st.row[n-1] != ' ' {
			st.row = append(st.row, ' ')
		}
		st.row = append(st.row, field(text)...)
		return nil
	}
	switch st.holder {
	case "title", "ctrTitle":
		if !st.begun {
			return st.begin(": " + field(text))
		}
	case "sldNum", "dt", "ftr", "hdr":
		// The same on every slide.
		return nil
	}
	return st.line(text)
}

// begin shows the line that a slide starts with.
func (st *slideStory) begin(title string) error {
	if st.begun {
		return nil
	}
	st.begun = true
	return st.x.d.out.line(st.lead + title)
}

func (st *slideStory) line(text string) error {
	if err := st.begin(""); err != nil {
		return err
	}
	lead := ""
	switch {
	case st.comments:
		lead = "[comment] "
	case st.notes && !st.said:
		st.said = true
		lead = "Notes: "
	}
	return st.x.d.out.line(lead + text)
}
