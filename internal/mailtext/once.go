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

// Spans divides text into lines that texts added before had and lines that are new. Time and memory are linear in the text.
func (o *Once) Spans(text string) []Span {
	lines, words := splitWords(text)
	sums := o.sums(words)
	known := make([]coverage, len(words))
	for i, sum := range sums {
		if _, ok := o.seen[sum]; ok {
			for j := i; j < i+shingle; j++ {
				known[j].word = true
				known[j].next = known[j].next || j < i+shingle-1
			}
		}
	}
	return spansOf(text, lines, known)
}

// Add remembers a text, or as much of it as was shown.
func (o *Once) Add(text string) {
	_, words := splitWords(text)
	for _, sum := range o.sums(words) {
		if len(o.seen) < maxRemembered {
			o.seen[sum] = struct{}{}
		}
	}
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

// coverage is what is known of a word: that it stood in a repeated run, and the one behind it in the same.
type coverage struct{ word, next bool }

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

// appendWords adds the runs of letters and digits of a line; where a script has no blanks each character is a word, and
// so are symbols that change what is said: currencies, ticks and crosses, the sign of a number.
func appendWords(words []string, line string) []string {
	last := ' '
	for line != "" {
		r, size := utf8.DecodeRuneInString(line)
		next, _ := utf8.DecodeRuneInString(line[size:])
		before := last
		last = r
		switch {
		case r == '-' && '0' <= next && next <= '9' && !inWord(before), saying(r):
			words, line = append(words, line[:size]), line[size:]
			continue
		case !inWord(r):
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
				last = next
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

// saying reports a symbol that is no quote mark, line, bullet or other ornament around text.
func saying(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '$' || r == '+' || r == '%'
	}
	return unicode.In(r, unicode.Sc, unicode.Sm, unicode.So) && (r < 0x2500 || r > 0x25ff)
}

func unspacedRune(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// spansOf joins lines all of whose words are covered, and empty ones between them, to spans worth leaving out.
func spansOf(text string, lines []textLine, known []coverage) []Span {
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
		for ; run < len(lines) && wholly(known, lines[run]); run++ {
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

// wholly reports a line that stood before as it is: where a word was taken out of it, or between it and its neighbours,
// both ends of the gap are known and their order is not.
func wholly(known []coverage, l textLine) bool {
	for i := l.first; i < l.last; i++ {
		if !known[i].word || i > 0 && known[i-1].word && !known[i-1].next {
			return false
		}
		if i+1 < len(known) && known[i+1].word && !known[i].next {
			return false
		}
	}
	return true
}
