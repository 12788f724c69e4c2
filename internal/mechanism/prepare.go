package mechanism

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

var (
	errProhibited = errors.New("text holds a character that names and passwords must not have")
	errDirections = errors.New("text mixes directions of writing")
)

// prepare is SASLprep (RFC 4013), so that a password is the same however it was
// typed. Code points that Unicode 3.2 did not have are let through, as section
// 2.5 has it for queries.
func prepare(s string) (string, error) {
	ascii := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return "", errProhibited
		}
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return s, nil
	}
	s = norm.NFKC.String(strings.Map(mapped, s))
	if strings.ContainsFunc(s, prohibited) {
		return "", errProhibited
	}
	return s, checkDirections(s)
}

// mapped is section 2.1: blanks of all kinds are one kind, and what cannot be
// seen is dropped.
func mapped(r rune) rune {
	switch {
	case r == 0x1680, r >= 0x2000 && r <= 0x200b, r == 0x202f, r == 0x205f, r == 0x3000, r == 0xa0: // RFC 3454 table C.1.2
		return ' '
	case r == 0xad, r == 0x34f, r == 0x1806, r >= 0x180b && r <= 0x180d, r == 0x200c, r == 0x200d, // table B.1
		r == 0x2060, r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff:
		return -1
	}
	return r
}

// prohibited is section 2.3, by the tables of RFC 3454.
func prohibited(r rune) bool {
	switch {
	case r != ' ' && unicode.Is(unicode.Zs, r), // C.1.2
		unicode.Is(unicode.Cc, r),           // C.2
		r == 0x6dd, r == 0x70f, r == 0x180e, // C.2.2
		r >= 0x2028 && r <= 0x202e,                       // C.2.2, C.8
		r >= 0x2060 && r <= 0x2063,                       // C.2.2
		r >= 0x206a && r <= 0x206f,                       // C.2.2, C.8
		r >= 0x1d173 && r <= 0x1d17a,                     // C.2.2
		unicode.Is(unicode.Co, r),                        // C.3
		unicode.Is(unicode.Noncharacter_Code_Point, r),   // C.4
		r >= 0xfff9 && r <= 0xfffd,                       // C.6, invalid UTF-8 too
		r >= 0x2ff0 && r <= 0x2ffb,                       // C.7
		r == 0x340, r == 0x341, r == 0x200e, r == 0x200f, // C.8
		r == 0xe0001, r >= 0xe0020 && r <= 0xe007f: // C.9
		return true
	}
	return false
}

// checkDirections is RFC 3454 section 6: text from right to left holds no
// letter from left to right, and begins and ends in its own direction.
func checkDirections(s string) error {
	left, right := false, false
	var first, last bidi.Class
	for i, r := range s {
		p, _ := bidi.LookupRune(r)
		last = p.Class()
		if i == 0 {
			first = last
		}
		left = left || last == bidi.L
		right = right || isRight(last)
	}
	if right && (left || !isRight(first) || !isRight(last)) {
		return errDirections
	}
	return nil
}

func isRight(c bidi.Class) bool { return c == bidi.R || c == bidi.AL }
