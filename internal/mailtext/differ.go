package mailtext

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// differs reports a plain part that is another text than the page, or more.
func differs(plain, page string) bool {
	if addsUnspaced(plain, page) {
		return true
	}
	if most, gap := follows(plain, page); most && gap <= unheard {
		return false
	}
	return strayed(plain, page) || adds(plain, page)
}

// unheardSigns is unheard for scripts without blanks between words, of which one has about two characters.
const unheardSigns = 2 * unheard

// addsUnspaced is adds for such scripts, by pairs of characters.
func addsUnspaced(plain, page string) bool {
	if !strings.ContainsFunc(plain, unspacedRune) {
		return false
	}
	pairs, last, run := map[[2]rune]bool{}, rune(0), 0
	for _, r := range page {
		if unspacedRune(r) {
			pairs[[2]rune{last, r}], last = true, r
		}
	}
	last = 0
	for _, r := range plain {
		if !unspacedRune(r) {
			continue
		}
		if pairs[[2]rune{last, r}] {
			run = 0
		} else if run++; run > unheardSigns {
			return true
		}
		last = r
	}
	return false
}

// strayed reports that most of the plain part's words are nowhere in the page.
func strayed(plain, page string) bool {
	if most, _ := follows(plain, page); most {
		return false
	}
	mine, times := 0, make(map[string]int, len(plain)/wordShare) // how often the plain part has each word that the page was not seen to have
	for w := range words(plain) {
		mine++
		times[strings.ToLower(w)]++
	}
	if mine < minWords {
		return false
	}
	shared := 0
	for w := range words(page) {
		w = strings.ToLower(w)
		if n := times[w]; n > 0 {
			if shared += n; shared*100 >= mine*minShared {
				return false
			}
			delete(times, w)
		}
	}
	return true
}

// wordShare is how many bytes of text come on one word that did not come before.
const wordShare = 16

// unheard is how many words in a row make a passage of their own.
const unheard = 6

// adds reports a passage of the plain part that is nowhere in the page: no two of its words stand side by side there. Who
// reads the page never sees it.
func adds(plain, page string) bool {
	pairs, last, run := map[[2]string]bool{}, "", 0
	for w := range words(page) {
		w = strings.ToLower(w)
		pairs[[2]string{last, w}], last = true, w
	}
	for w := range words(plain) {
		if w = strings.ToLower(w); pairs[[2]string{last, w}] {
			run = 0
		} else if run++; run > unheard {
			return true
		}
		last = w
	}
	return false
}

const (
	// ahead is how many words of the page follows looks through for one of the plain part.
	ahead = 8
	// patience is how many words more than those found it misses before it gives up, so that the work stays linear.
	patience = 50
)

// follows reports that so many of the plain part's words stand in the page one after the other that it has not strayed.
// Most mail is so, and this counts without keeping the words. False says nothing. gap is how many in a row were not found.
func follows(plain, page string) (most bool, gap int) {
	mine, shared, run := 0, 0, 0
	theirs := wordScan{rest: page}
	for w := range words(plain) {
		mine++
		look := theirs
		run++
		for range ahead {
			t, ok := look.next()
			if !ok {
				break
			}
			if t == w {
				shared, theirs, run = shared+1, look, 0
				break
			}
		}
		if gap = max(gap, run); mine-shared > shared+patience {
			return false, gap
		}
	}
	return shared*100 >= mine*minShared, gap
}

// words yields the words of scripts that put blanks between them, addresses left out.
func words(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		scan := wordScan{rest: s}
		for w, ok := scan.next(); ok && yield(w); w, ok = scan.next() {
		}
	}
}

// wordScan finds one of the words after the other.
type wordScan struct {
	field string // what is left of the piece between two blanks
	rest  string // behind it
	ascii bool   // the piece is
}

func (s *wordScan) next() (word string, ok bool) {
	for {
		for s.field != "" {
			if word, s.field = cutWord(s.field); len(word) >= 3 && (s.ascii || !unspaced(word)) {
				return word, true
			}
		}
		var start, end int
		if start, end, s.ascii = nextASCII(s.rest); !s.ascii {
			start, end = nextWord(s.rest, 0)
		}
		if start == end {
			return "", false
		}
		s.field, s.rest = s.rest[start:end], s.rest[end:]
		if isAddress(s.field) {
			s.field = ""
		}
	}
}

// nextASCII is nextWord where all that it passes is ASCII.
func nextASCII(s string) (start, end int, ok bool) {
	for start < len(s) && (s[start] == ' ' || s[start] >= '\t' && s[start] <= '\r') {
		start++
	}
	for end = start; end < len(s); end++ {
		c := s[end]
		if c >= utf8.RuneSelf {
			return 0, 0, false
		}
		if c == ' ' || c >= '\t' && c <= '\r' {
			break
		}
	}
	return start, end, true
}

// isAddress reports a word with signs that addresses and links have and sentences do not.
func isAddress(field string) bool {
	for i := range len(field) {
		switch field[i] {
		case '@', '%', '=':
			return true
		case ':':
			if strings.HasPrefix(field[i:], "://") {
				return true
			}
		}
	}
	return false
}

// cutWord takes the first run of letters and marks from s.
func cutWord(s string) (w, rest string) {
	start := 0
	for start < len(s) && s[start] < utf8.RuneSelf && !isLetter(rune(s[start])) {
		start++
	}
	end := start
	for end < len(s) && s[end] < utf8.RuneSelf && isLetter(rune(s[end])) {
		end++
	}
	if end == len(s) || s[end] < utf8.RuneSelf {
		return s[start:end], s[end:]
	}
	start = -1
	for i, r := range s {
		inside := isLetter(r) || r >= utf8.RuneSelf && unicode.IsMark(r)
		switch {
		case inside && start < 0:
			start = i
		case !inside && start >= 0:
			return s[start:i], s[i:]
		}
	}
	if start < 0 {
		return "", ""
	}
	return s[start:], ""
}

// unspaced reports a word that is too short to tell anything, or of a script without blanks between words.
func unspaced(w string) bool {
	first, _ := utf8.DecodeRuneInString(w)
	if first < utf8.RuneSelf {
		return utf8.RuneCountInString(w) < 3
	}
	return utf8.RuneCountInString(w) < 3 ||
		unicode.In(first, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
