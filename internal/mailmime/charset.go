package mailmime

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// chooseCharset says how to read b, or the start of it, which has that label: nil means as UTF-8, and what is not UTF-8 as
// windows-1252. wrong: the label says something else than the bytes do.
func chooseCharset(label string, b []byte) (enc encoding.Encoding, wrong bool) {
	enc, _ = lookupCharset(label)
	switch {
	case enc == nil:
		if bytes.Contains(b, []byte("\x1b$B")) || bytes.Contains(b, []byte("\x1b$@")) {
			return japanese.ISO2022JP, false // seven bits, which old Japanese programs label as nothing
		}
		return nil, false
	case width(enc) > 1:
		if narrow(b) {
			return nil, true
		}
		return byteOrder(enc, b), false
	case surelyUTF8(b, proof(enc)):
		return nil, true
	}
	return enc, false
}

// width is how many bytes a letter takes at least.
func width(enc encoding.Encoding) int {
	if _, ok := enc.(*charmap.Charmap); ok {
		return 1
	}
	switch enc {
	case unicode.UTF16(unicode.BigEndian, unicode.UseBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM):
		return 2
	case utf32.UTF32(utf32.BigEndian, utf32.UseBOM), utf32.UTF32(utf32.LittleEndian, utf32.UseBOM):
		return 4
	}
	return 1
}

// narrow: a text of some length without a zero byte, that is sound UTF-8, is no UTF-16 or UTF-32.
func narrow(b []byte) bool {
	b = b[:min(len(b), sniffed)]
	return len(b) >= 16 && bytes.IndexByte(b, 0) < 0 && surelyUTF8(b, 0)
}

// sniffed is how much of a text is looked at to tell its byte order.
const sniffed = 1024

// byteOrder corrects the byte order by where the zeros of ASCII stand; a byte order mark in the text counts in any case.
func byteOrder(enc encoding.Encoding, b []byte) encoding.Encoding {
	b = b[:min(len(b), sniffed)]
	w := width(enc)
	first, last := 0, 0
	for ; len(b) >= w; b = b[w:] {
		if b[0] == 0 {
			first++
		}
		if b[w-1] == 0 {
			last++
		}
	}
	little := enc == unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM) || enc == utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	if first != last {
		little = last > first
	}
	switch {
	case w == 4 && little:
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case w == 4:
		return enc
	case little:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
}

// shifts: seven bits, and marks between two alphabets.
func shifts(enc encoding.Encoding) bool {
	_, own := enc.(decodeOnly)
	return own || enc == japanese.ISO2022JP || enc == simplifiedchinese.HZGB2312
}

// proof is how many signs of UTF-8 (see surelyUTF8) rule out that text is in the charset it is labelled with.
func proof(enc encoding.Encoding) int {
	switch enc {
	case charmap.Windows1252, charmap.ISO8859_15, charmap.Windows1250, charmap.ISO8859_2, charmap.Windows1254, charmap.ISO8859_1,
		charmap.Windows1257, charmap.ISO8859_13, charmap.ISO8859_9, charmap.ISO8859_3, charmap.ISO8859_4, charmap.ISO8859_10,
		charmap.ISO8859_14, charmap.ISO8859_16, charmap.Windows1258:
		return 2 // letters stand above 0xBF, and seldom two together
	}
	if shifts(enc) {
		return 2 // has no eighth bit
	}
	if _, ok := enc.(*charmap.Charmap); ok {
		return 6
	}
	return 16 // two bytes a letter: a short word may be sound UTF-8 by chance
}

// surelyUTF8 tells whether b, which may end within a character, is sound UTF-8 and shows at least so many signs of it: a
// character of three bytes or one of the commonest of two counts for two, another one for one.
func surelyUTF8(b []byte, need int) bool {
	signs := 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return !utf8.FullRune(b[i:]) && signs >= need
		case size > 2, b[i] <= 0xC3 && !closing1252(b[i+1]):
			signs += 2
		default:
			signs++
		}
		i += size
	}
	return signs >= need
}

// mostlyUTF8 tells whether b has more letters of several bytes that are sound than bytes that belong to none: those are what
// is left of such letters then, and not another charset.
func mostlyUTF8(b []byte) bool {
	sound, broken := 0, 0
	for len(b) > 0 {
		if b[0] < utf8.RuneSelf {
			b = b[1:]
			continue
		}
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			broken++
		} else {
			sound++
		}
		b = b[size:]
	}
	return sound > broken
}

// closing1252 tells what may stand behind a capital letter in windows-1252: dots, dashes, quotes, a trade mark.
func closing1252(c byte) bool {
	switch c {
	case 0x85, 0x8B, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0x99, 0x9B:
		return true
	}
	return false
}

// decodeText is decodeCharset for text without a label.
func decodeText(s string) string {
	if utf8.ValidString(s) && !strings.Contains(s, "\x1b$") {
		return s
	}
	return decodeCharset([]byte(s), "")
}

// decodeCharset converts b to valid UTF-8.
func decodeCharset(b []byte, label string) string {
	enc, _ := chooseCharset(label, b)
	return decodeWith(enc, b)
}

func decodeWith(enc encoding.Encoding, b []byte) string {
	var t transform.Transformer = mixedUTF8{}
	switch {
	case enc != nil:
		t = enc.NewDecoder()
	case utf8.Valid(b):
		return string(b)
	}
	out, _, err := transform.Bytes(t, b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

// EncodeCharset converts s to a charset, for writing what old senders write. It fails on a charset that is unknown or only
// read, and on characters the charset lacks.
func EncodeCharset(s, label string) (string, error) {
	enc, known := lookupCharset(label)
	if _, reads := enc.(decodeOnly); !known || reads {
		return "", &Error{Field: "charset", Reason: strconv.Quote(label) + " is unknown, or only read"}
	}
	if enc == nil {
		return s, nil
	}
	out, err := enc.NewEncoder().String(s)
	if err != nil {
		return "", &Error{Field: "charset", Reason: err.Error()}
	}
	return out, nil
}

// charsetReader converts what it reads to valid UTF-8. Whether the label is right is judged by the first bytes.
func charsetReader(r io.Reader, label string) io.Reader {
	br := bufio.NewReaderSize(r, 4*sniffed)
	head, _ := br.Peek(4 * sniffed)
	enc, _ := chooseCharset(label, head)
	if enc == nil {
		return transform.NewReader(br, mixedUTF8{})
	}
	return transform.NewReader(br, enc.NewDecoder())
}

// mixedUTF8 passes UTF-8 on and reads every byte that is not part of it as windows-1252, which is what a sender of unlabelled
// or mislabelled Western text meant.
type mixedUTF8 struct{ transform.NopResetter }

func (mixedUTF8) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		r, size := rune(src[nSrc]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(src[nSrc:])
			if r == utf8.RuneError && size == 1 {
				if !atEOF && !utf8.FullRune(src[nSrc:]) {
					return nDst, nSrc, transform.ErrShortSrc
				}
				r = charmap.Windows1252.DecodeByte(src[nSrc])
			}
		}
		if nDst+utf8.RuneLen(r) > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
		nSrc += size
	}
	return nDst, nSrc, nil
}

var metaCharset = regexp.MustCompile(`(?i)<meta[^>]{0,200}charset\s*=\s*["']?\s*([a-z0-9_.:-]{2,40})`)

// htmlCharset finds the charset an HTML page declares in its first bytes, for parts whose header names none.
func htmlCharset(head []byte) string {
	m := metaCharset.FindSubmatch(head)
	if m == nil {
		return ""
	}
	label := strings.ToLower(string(m[1]))
	if strings.HasPrefix(label, "utf-16") { // a page readable up to here is not UTF-16
		return "utf-8"
	}
	return label
}
