package doctext

import (
	"strconv"
	"strings"
)

// listPlace is where a paragraph stands in a list.
type listPlace struct {
	id    string // w:numId; "0" takes a paragraph out of its list
	level int
	said  bool
}

func (l listPlace) over(below listPlace) listPlace {
	if l.id == "" {
		l.id = below.id
	}
	return l
}

// maxListLevel is the deepest level of a list (ISO/IEC 29500-1 section 17.9.6).
const maxListLevel = 9

// paragraphProps is what w:pPr says.
type paragraphProps struct {
	style   string
	heading int
	list    listPlace
	bg      color
}

func (x *docx) paragraphProperties(s *scanner) (p paragraphProps, err error) {
	err = inside(s, func() error {
		switch string(s.name) {
		case "pPrChange", "rPr", "sectPr":
			return s.skip()
		case "pStyle":
			p.style = s.attr("val")
		case "outlineLvl":
			if n, err := strconv.Atoi(s.attr("val")); err == nil && n >= 0 && n < 9 {
				p.heading = n + 1
			}
		case "ilvl":
			if n, err := strconv.Atoi(s.attr("val")); err == nil && n >= 0 && n < maxListLevel {
				p.list.level, p.list.said = n, true
			}
		case "numId":
			p.list.id, p.list.said = s.attr("val"), true
		case "shd":
			p.bg = fill(s)
		}
		return nil
	})
	return p, err
}

// listLevel is one level of a list: how it counts and how that is written ("%1.%2.").
type listLevel struct {
	format, text string
	start        int
}

type listFormat struct {
	levels [maxListLevel]listLevel
	counts [maxListLevel]int
	begun  [maxListLevel]bool
}

// numbering gives paragraphs the numbers that Word would show: a contract's clauses are known by them.
type numbering struct {
	abstract map[string]*listFormat
	lists    map[string]*listFormat
}

// maxLists is beyond any document that was not made to be.
const maxLists = 3000

// read reads numbering.xml (ISO/IEC 29500-1 section 17.9). Lists of one abstract list count on together.
func (n *numbering) read(a *archive, name string) error {
	n.abstract, n.lists = make(map[string]*listFormat), make(map[string]*listFormat)
	var cur *listFormat
	var num string
	var lvl *listLevel
	return a.walk(name, handler{start: func(s *scanner) error {
		switch string(s.name) {
		case "abstractNum":
			cur, lvl = new(listFormat), nil
			if len(n.abstract) < maxLists {
				n.abstract[s.attr("abstractNumId")] = cur
			}
		case "lvl":
			lvl = nil
			if i, err := strconv.Atoi(s.attr("ilvl")); err == nil && i >= 0 && i < maxListLevel && cur != nil {
				lvl = &cur.levels[i]
				lvl.start = 1
			}
		case "num":
			num, cur, lvl = s.attr("numId"), nil, nil
		case "abstractNumId":
			if f := n.abstract[s.attr("val")]; f != nil && len(n.lists) < maxLists {
				n.lists[num] = f
			}
		case "startOverride":
			// A list that starts again counts apart.
			if f := n.lists[num]; f != nil {
				own := &listFormat{levels: f.levels}
				n.lists[num] = own
			}
		case "start":
			if v, err := strconv.Atoi(s.attr("val")); err == nil && lvl != nil && v >= 0 && v < 1<<20 {
				lvl.start = v
			}
		case "numFmt":
			if lvl != nil {
				lvl.format = short(s.attr("val"))
			}
		case "lvlText":
			if lvl != nil {
				lvl.text = short(s.attr("val"))
			}
		}
		return nil
	}})
}

// maxLabel bounds a number as it is written.
const maxLabel = 40

// short is s unless it is longer than any number is written.
func short(s string) string {
	if len(s) > maxLabel {
		return ""
	}
	return s
}

// next counts a paragraph and gives what stands before it, indented by its level.
func (n *numbering) next(at listPlace) string {
	if !at.said || at.id == "" || at.id == "0" {
		return ""
	}
	indent := strings.Repeat("  ", at.level)
	f := n.lists[at.id]
	if f == nil || f.levels[at.level].format == "bullet" {
		return indent + "- "
	}
	if f.levels[at.level].format == "none" {
		return indent
	}
	if !f.begun[at.level] {
		f.counts[at.level], f.begun[at.level] = f.levels[at.level].start-1, true
	}
	f.counts[at.level]++
	for deeper := at.level + 1; deeper < maxListLevel; deeper++ {
		f.begun[deeper] = false
	}
	label := f.levels[at.level].text
	for i := range at.level + 1 {
		if !f.begun[i] {
			f.counts[i], f.begun[i] = f.levels[i].start, true
		}
		label = strings.ReplaceAll(label, "%"+strconv.Itoa(i+1), numeral(f.counts[i], f.levels[i].format))
	}
	if label = field(label); label == "" {
		return indent + "- "
	}
	return indent + label + " "
}

// numeral writes a number in the formats that lists use (ST_NumberFormat); others are written as digits.
func numeral(n int, format string) string {
	switch format {
	case "lowerLetter", "upperLetter":
		if n < 1 || n > 26*4 {
			break
		}
		s := strings.Repeat(string(rune('a'+(n-1)%26)), (n-1)/26+1)
		if format == "upperLetter" {
			return strings.ToUpper(s)
		}
		return s
	case "lowerRoman":
		return strings.ToLower(roman(n))
	case "upperRoman":
		return roman(n)
	case "decimalZero":
		if n < 10 {
			return "0" + strconv.Itoa(n)
		}
	}
	return strconv.Itoa(n)
}

func roman(n int) string {
	if n < 1 || n > 3999 {
		return strconv.Itoa(n)
	}
	var b strings.Builder
	for _, r := range []struct {
		value int
		sign  string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for ; n >= r.value; n -= r.value {
			b.WriteString(r.sign)
		}
	}
	return b.String()
}
