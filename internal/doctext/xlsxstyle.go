package doctext

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// numberForm is how a number is shown, as far as it changes what it means.
type numberForm byte

const (
	formPlain numberForm = iota
	formDate
	formTime
	formDateTime
	formPercent
	formHidden
)

// cellStyle is an xf of cellXfs.
type cellStyle struct {
	form  numberForm
	blind bool // the colour of the text is that of the cell
}

// maxCellStyles is what Excel allows.
const maxCellStyles = 65490

type cellStyles []cellStyle

// read reads styles.xml (ISO/IEC 29500-1 section 18.8).
func (c *cellStyles) read(a *archive, name string) error {
	forms := make(map[int]numberForm)
	var fonts, fills []color
	section := ""
	return a.walk(name, handler{start: func(s *scanner) error {
		switch string(s.name) {
		case "fonts", "fills", "cellXfs", "cellStyleXfs", "borders", "dxfs", "cellStyles":
			section = string(s.name)
		case "numFmt":
			if id, ok := number(s.attr("numFmtId"), 1<<20); ok && len(forms) < maxCellStyles {
				forms[id] = formOf(s.attr("formatCode"))
			}
		case "font":
			if section == "fonts" && len(fonts) < maxCellStyles {
				fonts = append(fonts, 0)
			}
		case "fill":
			if section == "fills" && len(fills) < maxCellStyles {
				fills = append(fills, 0)
			}
		case "color":
			if n := len(fonts); section == "fonts" && n > 0 {
				fonts[n-1] = cellColor(s, false)
			}
		case "fgColor":
			if n := len(fills); section == "fills" && n > 0 {
				fills[n-1] = cellColor(s, true)
			}
		case "xf":
			if section == "cellXfs" && len(*c) < maxCellStyles {
				*c = append(*c, newCellStyle(s, forms, fonts, fills))
			}
		}
		return nil
	}})
}

// cellColor reads a colour; the first theme colour is white in every common theme.
func cellColor(s *scanner, behind bool) color {
	switch {
	case s.attr("rgb") != "":
		return parseColor(s.attr("rgb"))
	case s.is("theme", "0") && s.attr("tint") == "", s.is("indexed", "9"), s.is("indexed", "1"):
		return white
	case behind && s.is("indexed", "64"):
		return 0
	}
	return colorOther
}

func newCellStyle(s *scanner, forms map[int]numberForm, fonts, fills []color) cellStyle {
	var style cellStyle
	id, _ := number(s.attr("numFmtId"), 1<<20)
	if form, ok := forms[id]; ok {
		style.form = form
	} else {
		style.form = builtinForm(id)
	}
	var fg, bg color
	if i, ok := number(s.attr("fontId"), len(fonts)); ok {
		fg = fonts[i]
	}
	if i, ok := number(s.attr("fillId"), len(fills)); ok {
		bg = fills[i]
	}
	style.blind = fg != 0 && unseeable(fg, bg)
	return style
}

func (c cellStyles) unseen(i int) bool {
	return i < len(c) && (c[i].blind || c[i].form == formHidden)
}

// builtinForm knows the formats that files do not spell out (ISO/IEC 29500-1 section 18.8.30).
func builtinForm(id int) numberForm {
	switch {
	case id == 9, id == 10:
		return formPercent
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return formDate
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id >= 45 && id <= 47, id == 55, id == 56:
		return formTime
	case id == 22:
		return formDateTime
	}
	return formPlain
}

// formOf reads a format code: quoted words, escaped characters and conditions in brackets mean nothing.
func formOf(code string) numberForm {
	if strings.Trim(code, ";") == "" && len(code) >= 2 {
		return formHidden
	}
	date, clock, percent := false, false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i] | 0x20; {
		case code[i] == '"':
			i += 1 + strings.IndexByte(code[i+1:], '"')
		case code[i] == '\\', code[i] == '_', code[i] == '*':
			i++
		case code[i] == '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return formPlain
			}
			if word := strings.ToLower(code[i+1 : i+end]); strings.Trim(word, "hms") == "" {
				clock = true
			}
			i += end
		case code[i] == ';':
			i = len(code)
		case strings.HasPrefix(strings.ToLower(code[i:]), "general"):
			i += len("general") - 1
		case c == 'y', c == 'd':
			date = true
		case c == 'h', c == 's':
			clock = true
		case c == 'm':
			if !clock {
				date = date || !strings.ContainsAny(strings.ToLower(code[i:]), "s")
			}
		case code[i] == '%':
			percent = true
		}
	}
	switch {
	case date && clock:
		return formDateTime
	case date:
		return formDate
	case clock:
		return formTime
	case percent:
		return formPercent
	}
	return formPlain
}

// maxDay is the end of the year 9999, where Excel's dates end.
const maxDay = 2958466

// number shows a number the way its format means it. Digits are those that Excel shows, fifteen.
func (c cellStyles) number(v string, style int, from1904 bool) string {
	f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return strings.TrimSpace(v)
	}
	form := formPlain
	if style < len(c) {
		form = c[style].form
	}
	switch form {
	case formPercent:
		return digits(f*100) + "%"
	case formDate, formTime, formDateTime:
		if f >= 0 && f < maxDay {
			return dated(f, form, from1904)
		}
	case formPlain, formHidden:
	}
	return digits(f)
}

func digits(f float64) string {
	f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// dated turns a day number into a date (ISO/IEC 29500-1 section 18.17.4.1). In the 1900 system there was a 29
// February 1900, so days before it are one off.
func dated(f float64, form numberForm, from1904 bool) string {
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case from1904:
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case f < 60 && f >= 1:
		start = start.AddDate(0, 0, 1)
	}
	day := math.Floor(f)
	t := start.AddDate(0, 0, int(day)).Add(time.Duration(math.Round((f-day)*86400)) * time.Second)
	whole := t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0
	clock := "15:04"
	if t.Second() != 0 {
		clock = "15:04:05"
	}
	switch {
	case form == formTime && f < 1:
		return t.Format(clock)
	case form == formTime:
		// A length of time: hours go on beyond the day.
		d := time.Duration(math.Round(f*86400)) * time.Second
		return strconv.Itoa(int(d.Hours())) + t.Format(clock)[2:]
	case form == formDate && whole:
		return t.Format("2006-01-02")
	case form == formDateTime && whole:
		return t.Format("2006-01-02")
	}
	return t.Format("2006-01-02 " + clock)
}
