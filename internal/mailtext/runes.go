package mailtext

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// kind says what Clean does with a character.
type kind uint8

const (
	visible    kind = iota // stays
	breaking               // becomes a newline
	blank                  // looks like a space and becomes one
	bullet                 // becomes one: word processors take it from a font of signs
	contextual             // stays only where its neighbours give it a meaning
	invisible              // goes
)

const (
	zwnj     = 0x200C
	zwj      = 0x200D
	vs15     = 0xFE0E // text look of an emoji
	vs16     = 0xFE0F // picture look of an emoji
	keycap   = 0x20E3
	flag     = 0x1F3F4 // the black flag, which tags make one of a country's parts
	tagEnd   = 0xE007F
	ccVirama = 9 // canonical combining class of viramas
)

func kindOf(r rune) kind {
	switch {
	case r == '\n' || r == '\t' || r >= ' ' && r < 0x7f:
		return visible
	case r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
		return breaking
	case r < 0xa0:
		return invisible // C0, DEL and C1 controls
	case r == 0x2800 || r == 0x3164 || r == 0xFFA0 || r == 0x115F || r == 0x1160:
		return blank // the empty Braille cell and the Hangul fillers
	case r == zwnj || r == zwj || r == vs15 || r == vs16 || r == tagEnd || r >= 0xE0061 && r <= 0xE007A:
		return contextual
	case r == 0xF0B7 || r == 0xF0A7 || r == 0xF0D8:
		return bullet
	case r >= 0x180B && r <= 0x180F:
		return contextual // Mongolian selectors and vowel separator
	case unicode.Is(hidden, r):
		return invisible
	}
	return visible
}

// hidden holds the characters without a look of their own: Unicode's default ignorables, its format characters
// that change the order or the reading of others, and the noncharacters. Tag characters and the supplementary
// variation selectors among them spell out ASCII and bytes that only a model reads.
var hidden = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x00AD, Hi: 0x00AD, Stride: 1}, // soft hyphen
		{Lo: 0x034F, Hi: 0x034F, Stride: 1}, // combining grapheme joiner
		{Lo: 0x061C, Hi: 0x061C, Stride: 1}, // Arabic letter mark
		{Lo: 0x17B4, Hi: 0x17B5, Stride: 1}, // Khmer inherent vowels
		{Lo: 0x200B, Hi: 0x200B, Stride: 1}, // zero width space
		{Lo: 0x200E, Hi: 0x200F, Stride: 1}, // direction marks
		{Lo: 0x202A, Hi: 0x202E, Stride: 1}, // embeddings and overrides
		{Lo: 0x2060, Hi: 0x206F, Stride: 1}, // word joiner, invisible operators, isolates
		{Lo: 0xE000, Hi: 0xF8FF, Stride: 1}, // private use: whatever a font makes of it
		{Lo: 0xFDD0, Hi: 0xFDEF, Stride: 1}, // noncharacters
		{Lo: 0xFE00, Hi: 0xFE0D, Stride: 1}, // variation selectors, but for the two of emoji
		{Lo: 0xFEFF, Hi: 0xFEFF, Stride: 1}, // byte order mark
		{Lo: 0xFFF0, Hi: 0xFFFB, Stride: 1}, // unassigned ignorables, interlinear annotation
		{Lo: 0xFFFE, Hi: 0xFFFF, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1BCA0, Hi: 0x1BCA3, Stride: 1}, // shorthand controls
		{Lo: 0x1D173, Hi: 0x1D17A, Stride: 1}, // musical controls
		{Lo: 0x1FFFE, Hi: 0x1FFFF, Stride: 1},
		{Lo: 0x2FFFE, Hi: 0x2FFFF, Stride: 1},
		{Lo: 0xE0000, Hi: 0xE0FFF, Stride: 1},  // tags, supplementary variation selectors
		{Lo: 0xF0000, Hi: 0x10FFFF, Stride: 1}, // private use
	},
	LatinOffset: 1,
}

// belongs says whether the contextual r has a meaning between prev, the character shown before it, and the
// next one that will be shown.
func belongs(r, prev rune, look *lookahead, after int) bool {
	switch {
	case r == zwnj:
		// RFC 5892 appendix A.1; the joining types of its second rule are taken as "letters of a joining script".
		return virama(prev) || joining(prev) && joining(look.next(after))
	case r == zwj:
		// RFC 5892 appendix A.2, and emoji sequences (UTS 51).
		if virama(prev) || joining(prev) && joining(look.next(after)) {
			return true
		}
		return (pictograph(prev) || prev == vs16) && pictograph(look.next(after))
	case r == vs15 || r == vs16:
		if pictograph(prev) {
			return true
		}
		return (prev >= '0' && prev <= '9' || prev == '#' || prev == '*') && look.next(after) == keycap
	default:
		return unicode.Is(unicode.Mongolian, prev) && unicode.IsLetter(prev)
	}
}

// virama reports a sign that silences a vowel: a joiner after it chooses the form of the letter.
func virama(r rune) bool {
	if r < 0x900 {
		return false
	}
	return norm.NFC.PropertiesString(string(r)).CCC() == ccVirama
}

// joining reports letters and marks of scripts whose letters join, or whose spelling uses the joiners.
func joining(r rune) bool {
	if r < 0x600 {
		return false
	}
	return (unicode.IsLetter(r) || unicode.IsMark(r)) && unicode.In(r,
		unicode.Arabic, unicode.Syriac, unicode.Nko, unicode.Mandaic, unicode.Mongolian, unicode.Phags_Pa, unicode.Adlam,
		unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu,
		unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar, unicode.Tibetan)
}

// pictograph reports the characters that emoji sequences are built of, their skin tones included.
func pictograph(r rune) bool {
	switch {
	case r >= 0x1F000 && r <= 0x1FAFF, r >= 0x2190 && r <= 0x21FF, r >= 0x2300 && r <= 0x23FF,
		r >= 0x2460 && r <= 0x27BF, r >= 0x2900 && r <= 0x297F, r >= 0x2B00 && r <= 0x2BFF:
		return true
	case r == 0xA9, r == 0xAE, r == 0x203C, r == 0x2049, r == 0x2122, r == 0x2139, r == 0x3030, r == 0x303D,
		r == 0x3297, r == 0x3299:
		return true
	}
	return false
}

// maxStacked is how many marks one letter keeps: Hebrew with its accents and Tibetan need six.
const maxStacked = 8

// The tags that make flags in general use of the black one (UTS 51, RGI emoji tag sequences).
const (
	tagsEngland  = "\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"
	tagsScotland = "\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F"
	tagsWales    = "\U000E0067\U000E0062\U000E0077\U000E006C\U000E0073\U000E007F"
)

// tagFlag is the length of the tags that make a flag at the beginning of s, 0 if they make none.
func tagFlag(s string) int {
	for _, tags := range [...]string{tagsEngland, tagsScotland, tagsWales} {
		if strings.HasPrefix(s, tags) {
			return len(tags)
		}
	}
	return 0
}

// clings reports characters that are drawn on or change the one before them.
func clings(r rune) bool {
	return r == zwj || r == zwnj || r >= 0x1F3FB && r <= 0x1F3FF || unicode.IsMark(r)
}
