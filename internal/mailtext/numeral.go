package mailtext

import (
	"strconv"
	"strings"
)

// marker is the attribute "type" for a list-style-type; '1' numbers.
func marker(value string) uint32 {
	switch value {
	case "lower-alpha", "lower-latin":
		return 'a'
	case "upper-alpha", "upper-latin":
		return 'A'
	case "lower-roman":
		return 'i'
	case "upper-roman":
		return 'I'
	}
	return '1'
}

const (
	// maxRoman is the greatest number that Roman numerals write.
	maxRoman    = 3999
	letterCount = 26
)

// numeral writes the number of a list's item (CSS Counter Styles 3 section 6), since texts refer to it.
func numeral(n int, marker byte) string {
	lower := ""
	switch {
	case n > 0 && (marker == 'a' || marker == 'A'):
		for ; n > 0; n = (n - 1) / letterCount {
			lower = string(rune('a'+(n-1)%letterCount)) + lower
		}
	case n > 0 && n <= maxRoman && (marker == 'i' || marker == 'I'):
		lower = roman(n)
	default:
		return strconv.Itoa(n)
	}
	if marker < 'a' {
		return strings.ToUpper(lower)
	}
	return lower
}

func roman(n int) string {
	var b strings.Builder
	values := [...]int{1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1}
	for i, sign := range [...]string{"m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"} {
		for n >= values[i] {
			n -= values[i]
			b.WriteString(sign)
		}
	}
	return b.String()
}
