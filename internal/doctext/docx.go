package doctext

import (
	"bytes"
	"fmt"
	"strings"
)

// docx reads a word processing document (ISO/IEC 29500-1 section 17).
type docx struct {
	a         *archive
	d         *document
	styles    map[string]docxStyle
	numbering numbering
	page      color // behind everything

	insertions, deletions, pictures, objects int

	notes    marks // footnotes, by id
	endnotes marks
	comments marks
}

// marks number what is referred to, in the order of the text.
type marks struct {
	word   string
	number map[string]int
}

// maxMarks bounds the notes and comments of a document.
const maxMarks = 5000

// mark gives the sign for a reference, empty when there are too many.
func (m *marks) mark(id string) string {
	if m.number == nil {
		m.number = make(map[string]int)
	}
	n, ok := m.number[id]
	if !ok {
		if len(m.number) >= maxMarks {
			return ""
		}
		n = len(m.number) + 1
		m.number[id] = n
	}
	return fmt.Sprintf("[%s %d]", m.word, n)
}

func (a *archive) readDocx(main string) error {
	x := &docx{
		a: a, d: a.d, styles: make(map[string]docxStyle),
		notes: marks{word: "note"}, endnotes: marks{word: "endnote"}, comments: marks{word: "comment"},
	}
	rels, err := a.relations(main)
	if err != nil {
		return err
	}
	first := func(kind string) string {
		name := ""
		for _, r := range rels {
			if r.kind == kind && !r.external && (name == "" || r.target < name) {
				name = r.target
			}
		}
		return name
	}
	if err := x.readStyles(first("styles")); err != nil {
		return err
	}
	if err := x.numbering.read(a, first("numbering")); err != nil {
		return err
	}
	err = x.story(main, "", nil)
	if err == nil {
		err = x.margins(rels)
	}
	for _, part := range []struct {
		kind, element string
		marks         *marks
	}{{"footnotes", "footnote", &x.notes}, {"endnotes", "endnote", &x.endnotes}, {"comments", "comment", &x.comments}} {
		if err == nil && len(part.marks.number) > 0 {
			err = x.story(first(part.kind), part.element, part.marks)
		}
	}
	x.report(rels)
	return err
}

// report says what the text does not show.
func (x *docx) report(rels map[string]relation) {
	x.d.count(x.insertions, "tracked insertion", "tracked insertions", " taken as accepted")
	x.d.count(x.deletions, "tracked deletion", "tracked deletions", " left out")
	x.d.count(x.pictures, "picture", "pictures", " left out")
	x.d.count(x.objects, "embedded object", "embedded objects", " left out")
	for _, r := range rels {
		switch r.kind {
		case "vbaProject":
			x.d.note("it has macros")
		case "aFChunk":
			x.d.note("an embedded document is left out")
		case "attachedTemplate":
			if r.external {
				x.d.note("it loads a template from elsewhere")
			}
		}
	}
}

// margins shows each header and footer once.
func (x *docx) margins(rels map[string]relation) error {
	seen := make(map[string]bool)
	for _, kind := range []string{"header", "footer"} {
		for _, name := range targets(rels, kind) {
			if len(seen) >= maxMargins {
				x.d.note(marginsCut)
				return nil
			}
			var all bytes.Buffer
			st := &story{x: x, to: func(line string) error {
				if all.Len() >= maxMargin {
					x.d.note(marginsCut)
					return nil
				}
				all.WriteString(line + " ")
				return nil
			}}
			if err := x.a.walk(name, st.handler()); err != nil {
				return err
			}
			text := field(all.String())
			if text == "" || seen[text] {
				continue
			}
			seen[text] = true
			if err := x.d.out.line("[page " + kind + "] " + text); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	// maxMargins is how many different headers and footers are shown: three of each in a section, a few sections.
	maxMargins = 30
	// maxMargin is how much of one is shown.
	maxMargin = 2 << 10

	marginsCut = "the rest of the page headers and footers is left out"
)

// story reads a part that holds paragraphs: the body, or notes and comments, which come as elements of that name
// and are shown with their sign.
func (x *docx) story(name, element string, m *marks) error {
	if name == "" {
		return nil
	}
	st := &story{x: x, to: x.d.out.line, element: element, marks: m}
	err := x.a.walk(name, st.handler())
	if err == nil {
		err = st.flush()
	}
	return err
}

// targets gives the parts of a kind, in the order of their names.
func targets(rels map[string]relation, kind string) []string {
	var names []string
	for _, r := range rels {
		if r.kind == kind && !r.external {
			names = append(names, r.target)
		}
	}
	return sortedOnce(names)
}

// headingMark is what stands before a heading.
func headingMark(level int) string {
	if level == 0 {
		return ""
	}
	return strings.Repeat("#", min(level, 6)) + " "
}
