package mailmime

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/transform"
)

// shiftedKorean decodes ISO-2022-KR (RFC 1557): KS C 5601 between SO and SI, in seven bits.
type shiftedKorean struct {
	shifted bool
	escape  int  // bytes of a designation passed
	lead    byte // the first half of a character
}

// Reset implements transform.Transformer.
func (k *shiftedKorean) Reset() { *k = shiftedKorean{} }

// Transform implements transform.Transformer.
func (k *shiftedKorean) Transform(dst, src []byte, _ bool) (nDst, nSrc int, err error) {
	for ; nSrc < len(src); nSrc++ {
		if len(dst)-nDst < 2*utf8.UTFMax {
			return nDst, nSrc, transform.ErrShortDst
		}
		c := src[nSrc]
		switch {
		case c == 0x1B:
			k.escape = 1
		case k.escape > 0 && k.escape < 3: // ESC $ ) C
			k.escape++
		case k.escape == 3:
			k.escape = 0
		case c == 0x0E:
			k.shifted = true
		case c == 0x0F:
			k.shifted, k.lead = false, 0
		case c == '\n':
			k.shifted, k.lead = false, 0
			dst[nDst] = c
			nDst++
		case !k.shifted || c <= ' ' || c == 0x7F:
			nDst += utf8.EncodeRune(dst[nDst:], charmap.Windows1252.DecodeByte(c))
		case k.lead == 0:
			k.lead = c
		default:
			pair, err := korean.EUCKR.NewDecoder().Bytes([]byte{k.lead | 0x80, c | 0x80})
			if err != nil || len(pair) > utf8.UTFMax {
				pair = []byte("\uFFFD")
			}
			nDst += copy(dst[nDst:], pair)
			k.lead = 0
		}
	}
	return nDst, nSrc, nil
}
