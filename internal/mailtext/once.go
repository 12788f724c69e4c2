package mailtext

import (
	"hash/maphash"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// shingle is how many words in a row must be the same to count as a repetition: fewer occur by chance.
	shingle = 8
	// minRepeat is how many repeated words are worth a mark in their place.
	minRepeat = 20
	// maxRemembered bounds the words that Once keeps, 16 bytes each: a conversation of 500 long letters has fewer.
	maxRemembered = 1 << 20
)

// Once finds in each text of a conversation what an earlier one says already, also where it was quoted with other line
// breaks or behind ">". Make one with NewOnce; it is not safe for concurrent use.
type Once struct {
	seed maphash.Seed
	seen map[uint64]struct{}
}

// Span is a stretch of whole lines. Spans of a text follow each other without a gap.
type Span struct {
	Start, End int // bytes
	Repeated   bool
}

// NewOnce returns a Once that has seen nothing.
func NewOnce() *Once { return &Once{seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}} }

// Spans divides text into lines that texts given before had and lines that are new, and remembers it. Time and memory
// are linear in the text.
func (o *Once) Spans(text string) []Span {
	lines, words := splitWords(text)
	sums := o.sums(words)
	covered := make([]bool, len(words))
	for i, sum := range sums {
		if _, ok := o.seen[sum]; ok {
			for j := i; j < i+shingle; j++ {
				covered[j] = true
			}
		}
	}
	for _, sum := range sums {
		if len(o.seen) < maxRemembered {
			o.seen[sum] = struct{}{}
		}
	}
	return spansOf(text, lines, covered)
}

// sums are the digests of every run of shingle words.
func (o *Once) sums(words []string) []uint64 {
	if len(words) < shingle {
		return nil
	}
	sums := make([]uint64, 0, len(words)-shingle+1)
	var h maphash.Hash
	h.SetSeed(o.seed)
	for i := range cap(sums) {
		h.Reset()
		for _, w := range words[i : i+shingle] {
			_, _ = h.WriteString(w) // never fails
			_ = h.WriteByte(0)
		}
		sums = append(sums, h.Sum64())
	}
	return sums
}

// textLine is a line and its words, as a range of all words.
type textLine struct{ start, end, first, last int }

func splitWords(text string) (lines []textLine, words []string) {
	for start := 0; start < len(text); {
		end := len(text)
		if i := strings.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i + 1
		}
		first := len(words)
		words = appendWords(words, text[start:end])
		lines = append(lines, textLine{start, end, first, len(words)})
		start = end
	}
	return lines, words
}

// appendWords adds the runs of letters and digits of a line; where a script has no blanks each character is a word.
func appendWords(words []string, line string) []string {
	for line != "" {
		r, size := utf8.DecodeRuneInString(line)
		if !inWord(r) {
			line = line[size:]
			continue
		}
		end := size
		if !unspacedRune(r) {
			for end < len(line) {
				next, n := utf8.DecodeRuneInString(line[end:])
				if !inWord(next) || unspacedRune(next) {
					break
				}
				end += n
			}
		}
		words, line = append(words, line[:end]), line[end:]
	}
	return words
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return isLetter(r) || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r)
}

func unspacedRune(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// spansOf joins lines all of whose words are covered, and empty ones between them, to spans worth leaving out.
func spansOf(text string, lines []textLine, covered []bool) []Span {
	if text == "" {
		return nil
	}
	var spans []Span
	add := func(end int, repeated bool) {
		start := 0
		if n := len(spans); n > 0 {
			if start = spans[n-1].End; spans[n-1].Repeated == repeated {
				spans[n-1].End = end
				return
			}
		}
		if end > start {
			spans = append(spans, Span{start, end, repeated})
		}
	}
	for i := 0; i < len(lines); {
		run, repeats := i, 0
		start, end := lines[i].start, lines[i].start
		for ; run < len(lines) && wholly(covered, lines[run]); run++ {
			n := lines[run].last - lines[run].first
			if n > 0 && repeats == 0 {
				start = lines[run].start
			}
			if n > 0 {
				repeats, end = repeats+n, lines[run].end
			}
		}
		if repeats >= minRepeat {
			add(start, false)
			add(end, true)
		}
		if run == i {
			run++
		}
		i = run
	}
	add(len(text), false)
	return spans
}

func wholly(covered []bool, l textLine) bool {
	for _, c := range covered[l.first:l.last] {
		if !c {
			return false
		}
	}
	return true
}
