package mailmime

import (
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"
)

// utf7 decodes UTF-7 (RFC 2152).
type utf7 struct {
	shifted, first bool // between "+" and its end; nothing came since the "+"
	bits           uint32
	have           int
	high           rune // a surrogate that waits for its other half
}

// Reset implements transform.Transformer.
func (u *utf7) Reset() { *u = utf7{} }

// Transform implements transform.Transformer.
func (u *utf7) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	put := func(r rune) { nDst += utf8.EncodeRune(dst[nDst:], r) }
	for ; nSrc < len(src); nSrc++ {
		if len(dst)-nDst < 2*utf8.UTFMax {
			return nDst, nSrc, transform.ErrShortDst
		}
		c := src[nSrc]
		switch {
		case u.shifted && base64Digit(c):
			u.digit(c, put)
			continue
		case u.shifted:
			plus := u.first
			u.leave(put)
			switch {
			case plus: // "+-" is a plus, and so is one that shifts nothing
				put('+')
				if c == '-' {
					continue
				}
			case c == '-':
				continue
			}
		}
		switch {
		case c == '+':
			u.shifted, u.first = true, true
		case c < utf8.RuneSelf:
			put(rune(c))
		default:
			put(charmap.Windows1252.DecodeByte(c))
		}
	}
	if atEOF && len(dst)-nDst < 2*utf8.UTFMax {
		return nDst, nSrc, transform.ErrShortDst
	}
	if atEOF && u.shifted {
		plus := u.first
		u.leave(put)
		if plus {
			put('+')
		}
	}
	return nDst, nSrc, nil
}

func (u *utf7) digit(c byte, put func(rune)) {
	u.first = false
	u.bits, u.have = u.bits<<6|uint32(base64Value(c)), u.have+6
	if u.have < 16 {
		return
	}
	u.have -= 16
	r := rune(u.bits >> u.have & 0xFFFF)
	switch full := utf16.DecodeRune(u.high, r); {
	case u.high != 0 && full != utf8.RuneError:
		put(full)
		u.high = 0
		return
	case u.high != 0:
		put(utf8.RuneError)
		u.high = 0
	}
	switch {
	case 0xD800 <= r && r < 0xDC00:
		u.high = r
	default:
		put(r) // a low surrogate alone is written as U+FFFD
	}
}

func (u *utf7) leave(put func(rune)) {
	if u.high != 0 {
		put(utf8.RuneError)
	}
	*u = utf7{}
}

func base64Value(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 26
	case c >= 'A':
		return c - 'A'
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return c - '0' + 52
}
