package mailtext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxLine is how many characters of a one-line value are shown when the caller names no limit: longer
	// than any honest subject or name, short enough not to drown a listing.
	MaxLine = 500
	// maxLineInput bounds the work on a one-line value, in bytes; headers of a megabyte exist.
	maxLineInput = 64 << 10
)

// Dropped counts what was removed from a text before a model sees it.
type Dropped struct {
	// Hidden counts passages that a mail program would not have displayed.
	Hidden int `json:"hidden,omitempty"`
	// Trackers counts remote images that report the reading.
	Trackers int `json:"trackers,omitempty"`
	// Images counts the other images.
	Images int `json:"images,omitempty"`
	// Invisible counts characters that have no look of their own or change the order of others.
	Invisible int `json:"invisible,omitempty"`
}

// Add adds the counts of o.
func (d *Dropped) Add(o Dropped) {
	d.Hidden += o.Hidden
	d.Trackers += o.Trackers
	d.Images += o.Images
	d.Invisible += o.Invisible
}

// Clean returns s as valid UTF-8 without invisible and deceptive characters, line ends as \n, tabs kept.
// Joiners stay where a script or an emoji needs them. Cleaning twice changes nothing more.
func Clean(s string) (string, Dropped) {
	start := firstSuspect(s)
	if start == len(s) {
		return s, Dropped{}
	}
	var (
		b    strings.Builder
		d    Dropped
		look = lookahead{s: s}
		prev rune
		pile int // marks on the letter at hand
	)
	b.Grow(len(s))
	b.WriteString(s[:start])
	if start > 0 {
		prev, _ = utf8.DecodeLastRuneInString(s[:start])
	}
	for i := start; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		next := i + size
		keep := true
		switch kindOf(r) {
		case breaking:
			if r == '\r' && next < len(s) && s[next] == '\n' {
				next++
			}
			r = '\n'
		case blank:
			r = ' '
			d.Invisible++
		case bullet:
			r = '•'
		case invisible:
			keep = false
		case contextual:
			if n := tagFlag(s[i:]); n > 0 && prev == flag {
				b.WriteString(s[i : i+n])
				i, prev = i+n, tagEnd
				continue
			}
			keep = belongs(r, prev, &look, next)
		case visible:
			if pile = stacked(pile, r); pile > maxStacked {
				keep = false
			}
		}
		if keep {
			b.WriteRune(r)
			prev = r
		} else {
			d.Invisible++
		}
		i = next
	}
	return b.String(), d
}

// stacked counts the marks on one letter, r included.
func stacked(pile int, r rune) int {
	if r < 0x300 || !unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	return pile + 1
}

// CleanLine is Clean for one-line values such as subjects, names and file names: runs of white space become one
// space, the ends are trimmed, and beyond limit characters (MaxLine when not positive) the rest becomes "…".
func CleanLine(s string, limit int) (string, Dropped) {
	if limit <= 0 {
		limit = MaxLine
	}
	cut := false
	if len(s) > maxLineInput {
		s, cut = s[:runeStart(s, maxLineInput)], true
	}
	s, d := Clean(s)
	if !isLine(s) {
		s = strings.Join(strings.Fields(s), " ")
	}
	if len(s) <= limit && !cut {
		return s, d
	}
	kept, short := firstRunes(s, limit)
	if short || cut {
		kept, _ = firstRunes(kept, limit-1)
		// A joiner at the cut has lost its right neighbour.
		s, _ = Clean(strings.TrimRight(kept, " \u2026") + "…")
	}
	return s, d
}

// isLine reports ASCII with single spaces between its words and no other white space.
func isLine(s string) bool {
	space := true
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf || c < ' ' || c == ' ' && space {
			return false
		}
		space = c == ' '
	}
	return !space || s == ""
}

// firstRunes returns at most n characters of s, and whether there were more.
func firstRunes(s string, n int) (string, bool) {
	for i := range s {
		if n == 0 {
			return s[:i], true
		}
		n--
	}
	return s, false
}

// firstSuspect returns the offset of the first character that may have to change.
func firstSuspect(s string) int {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\t' {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			return i
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || !plainRune(r) {
			return i
		}
		i += size
	}
	return len(s)
}

// plainRune reports characters that stay whatever stands beside them; false says nothing. These are most of the letters
// of living languages, and the usual signs.
func plainRune(r rune) bool {
	return r >= 0xA0 && r < 0x300 && r != 0xAD || r >= 0x370 && r < 0x483 || r >= 0x2010 && r <= 0x2027 || r == 0x20AC ||
		r >= 0x3040 && r < 0x3100 || r >= 0x4E00 && r < 0xA000 || r >= 0xAC00 && r < 0xD7A4
}

// lookahead finds the next visible character, each stretch of s being read once.
type lookahead struct {
	s  string
	at int
	r  rune
}

func (l *lookahead) next(i int) rune {
	if l.at >= i && l.at > 0 {
		return l.r
	}
	for i < len(l.s) {
		r, size := utf8.DecodeRuneInString(l.s[i:])
		if k := kindOf(r); k != invisible && k != contextual {
			l.at, l.r = i, r
			return r
		}
		i += size
	}
	l.at, l.r = len(l.s), 0
	return 0
}
