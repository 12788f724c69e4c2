package doctext

import (
	"bufio"
	"errors"
	"io"
	"strconv"
)

const (
	// maxGroups is how deep groups keep a state of their own; deeper ones share one.
	maxGroups = 200
	// maxWord is the longest control word (RTF 1.9.1, "Control Word").
	maxWord = 32
	// maxColors and maxFonts are far beyond what a table of them has.
	maxColors, maxFonts = 1024, 4096
)

// rtfState is what a group of braces saves and restores.
type rtfState struct {
	skip        bool // a destination that is not text
	hidden      bool
	deleted     bool
	tiny        bool
	fg, bg      int // places in the table of colours
	fallback    int // characters that stand for a \u
	charset     string
	destination string
}

// rtf reads Rich Text Format 1.9.1 as far as its text goes.
type rtf struct {
	d *document
	r *bufio.Reader

	state  rtfState
	stack  []rtfState
	name   []byte // of the control word, and its number
	digits []byte
	beyond int // groups deeper than the stack

	first     bool // of a group: a destination may come
	star      bool
	pending   []byte // bytes of a charset, waiting for the last of a character
	surrogate rune
	swallow   int // characters still to leave out behind \u
	text      []byte
	cells     int
	wasHidden bool
	codepage  string
	fonts     map[int]string
	font      int
	colors    []color
	rgb       color
	deletions int
	pictures  int
	objects   int
}

func (d *document) readRTF(in *input) error {
	x := &rtf{d: d, r: bufio.NewReaderSize(in, 32<<10), codepage: "windows-1252", fonts: make(map[int]string)}
	x.state = rtfState{fallback: 1}
	err := x.run()
	if flushErr := x.endLine(); err == nil {
		err = flushErr
	}
	d.count(x.deletions, "tracked deletion", "tracked deletions", " left out")
	d.count(x.pictures, "picture", "pictures", " left out")
	d.count(x.objects, "embedded object", "embedded objects", " left out")
	return err
}

func (x *rtf) run() error {
	seen := false
	for {
		if err := x.d.meter.step(); err != nil {
			return err
		}
		c, err := x.r.ReadByte()
		if errors.Is(err, io.EOF) {
			if !seen {
				return errors.New("no rich text")
			}
			x.d.meter.truncated = x.d.meter.truncated || len(x.stack) > 0
			return nil
		}
		if err != nil {
			return err
		}
		switch c {
		case '{':
			seen = true
			x.open()
		case '}':
			x.close()
		case '\\':
			err = x.control()
		case '\r', '\n', 0:
		default:
			if x.state.destination == "colortbl" {
				if c == ';' && len(x.colors) < maxColors {
					x.colors = append(x.colors, x.rgb)
					x.rgb = 0
				}
				continue
			}
			err = x.bytes(c)
		}
		if err != nil {
			return err
		}
	}
}

func (x *rtf) open() {
	x.settle()
	if len(x.stack) >= maxGroups {
		x.beyond++
		return
	}
	x.stack = append(x.stack, x.state)
	x.first, x.star, x.swallow = true, false, 0
}

func (x *rtf) close() {
	x.settle()
	x.swallow = 0
	if x.beyond > 0 {
		x.beyond--
		return
	}
	if n := len(x.stack); n > 0 {
		x.state, x.stack = x.stack[n-1], x.stack[:n-1]
	}
	x.first = false
}

// control reads a control word or symbol.
func (x *rtf) control() error {
	c, err := x.r.ReadByte()
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	if !isLetter(c) {
		return x.symbol(c)
	}
	word := append(x.name[:0], c)
	for {
		if c, err = x.r.ReadByte(); err != nil || !isLetter(c) {
			break
		}
		if len(word) < maxWord {
			word = append(word, c)
		}
	}
	digits := x.digits[:0]
	for err == nil && (c >= '0' && c <= '9' || c == '-' && len(digits) == 0) {
		if len(digits) < 11 {
			digits = append(digits, c)
		}
		c, err = x.r.ReadByte()
	}
	if err == nil && c != ' ' {
		_ = x.r.UnreadByte() // it was just read
	}
	x.name, x.digits = word, digits
	if len(digits) == 0 {
		return x.word(string(word), 0, false)
	}
	n, err := strconv.Atoi(string(digits))
	return x.word(string(word), n, err == nil)
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func (x *rtf) symbol(c byte) error {
	switch c {
	case '\'':
		var hex [2]byte
		if _, err := io.ReadFull(x.r, hex[:]); err != nil {
			return io.ErrUnexpectedEOF
		}
		n, err := strconv.ParseUint(string(hex[:]), 16, 8)
		if err != nil {
			return nil
		}
		return x.bytes(byte(n))
	case '*':
		x.star = x.first
	case '~':
		return x.write(" ")
	case '_':
		return x.write("-")
	case '\\', '{', '}':
		return x.bytes(c)
	case '\r', '\n':
		return x.endLine()
	}
	return nil
}

// word acts on a control word. One that begins a destination which is not text has its group skipped.
func (x *rtf) word(word string, n int, given bool) error {
	first, star := x.first, x.star
	x.first, x.star = false, false
	on := !given || n != 0
	switch word {
	case "par", "line", "sect", "page":
		return x.endLine()
	case "row", "nestrow":
		x.cells = 0
		return x.endLine()
	case "cell", "nestcell":
		return x.write(" | ")
	case "tab":
		return x.write("\t")
	case "u":
		return x.unicode(n)
	case "uc":
		x.state.fallback = min(max(n, 0), 16)
	case "bin":
		if _, err := x.r.Discard(max(n, 0)); err != nil {
			return err
		}
	case "v", "webhidden":
		x.settle()
		x.state.hidden = on && word == "v"
	case "deleted":
		x.settle()
		if on && !x.state.deleted {
			x.deletions++
		}
		x.state.deleted = on
	case "plain":
		x.settle()
		x.state.hidden, x.state.deleted, x.state.tiny, x.state.fg, x.state.bg = false, false, false, 0, 0
	case "fs":
		x.settle()
		x.state.tiny = given && n <= maxTiny
	case "cf":
		x.settle()
		x.state.fg = n
	case "cb", "chcbpat", "highlight", "cbpat", "clcbpat":
		x.settle()
		x.state.bg = n
	case "emdash", "endash", "bullet", "lquote", "rquote", "ldblquote", "rdblquote", "emspace", "enspace":
		return x.write(map[string]string{
			"emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": " ", "enspace": " ",
		}[word])
	default:
		x.table(word, n, first, star)
	}
	return nil
}

// table acts on words of the header and on those that begin a destination.
func (x *rtf) table(word string, n int, first, star bool) {
	switch word {
	case "ansicpg":
		x.codepage = codepage(n)
	case "mac":
		x.codepage = "macintosh"
	case "f":
		x.settle()
		x.font = n
		if x.state.destination != "fonttbl" {
			x.state.charset = x.fonts[n]
		}
	case "fcharset":
		if x.state.destination == "fonttbl" && len(x.fonts) < maxFonts {
			x.fonts[x.font] = fontCharset(n)
		}
	case "red":
		x.rgb = x.rgb&^0xFF0000 | color(n&0xFF)<<16 | colorKnown
	case "green":
		x.rgb = x.rgb&^0xFF00 | color(n&0xFF)<<8 | colorKnown
	case "blue":
		x.rgb = x.rgb&^0xFF | color(n&0xFF) | colorKnown
	case "pict":
		x.pictures++
		x.state.skip = true
	case "object":
		x.objects++
	case "colortbl", "fonttbl":
		x.state.destination, x.state.skip = word, true
	case "stylesheet", "info", "objdata", "themedata", "colorschememapping", "datastore", "latentstyles", "listtable", "listoverridetable",
		"revtbl", "rsidtbl", "generator", "xmlnstbl", "fldinst", "nonshppict", "filetbl", "pgptbl", "bkmkstart", "bkmkend", "atnid", "atnref",
		"template", "falt", "panose", "ftnsep", "ftnsepc", "aftnsep", "aftnsepc", "passwordhash", "wgrffmtfilter", "mmathPr", "objclass", "sn", "sv":
		if first {
			x.state.skip = true
		}
	case "shptxt", "shppict", "shpinst", "annotation", "footnote", "atnauthor":
		if word == "shppict" {
			return
		}
		x.settle()
		x.text = append(x.text, ' ')
	case "upr": // the same in the old alphabet, and in \ud in Unicode
		if !x.state.skip {
			x.state.destination, x.state.skip = word, true
		}
	case "ud":
		if x.state.destination == "upr" {
			x.state.destination, x.state.skip = "", false
		}
	default:
		if star {
			x.state.skip = true
		}
	}
}

// unicode writes a character given by its number, and leaves out what stands for it in older programs.
func (x *rtf) unicode(n int) error {
	x.settle()
	x.swallow = x.state.fallback
	r := rune(n)
	if n < 0 {
		r = rune(n + 65536)
	}
	switch {
	case r >= 0xD800 && r < 0xDC00:
		x.surrogate = r
		return nil
	case r >= 0xDC00 && r < 0xE000:
		if x.surrogate == 0 {
			return nil
		}
		r = (x.surrogate-0xD800)<<10 + (r - 0xDC00) + 0x10000
	}
	x.surrogate = 0
	if r <= 0 {
		return nil
	}
	return x.show(string(r))
}

// bytes takes a byte of text in the charset of its font.
func (x *rtf) bytes(c byte) error {
	x.first = false
	if x.swallow > 0 {
		x.swallow--
		return nil
	}
	if x.state.skip {
		return nil
	}
	x.pending = append(x.pending, c)
	if len(x.pending) >= maxTextPiece {
		x.settle()
	}
	return x.overfull()
}
