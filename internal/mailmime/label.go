package mailmime

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// normCharset cuts the language RFC 2231 section 5 lets a sender add.
func normCharset(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(s), "*")
	return s
}

// lookupCharset finds the encoding for a label: the names of the WHATWG encoding standard and of IANA, and those that senders
// write instead. A nil encoding means UTF-8 with a fall-back for what is not: for UTF-8 and ASCII labels, for those that say
// nothing, and for unknown ones.
func lookupCharset(label string) (enc encoding.Encoding, known bool) {
	label = strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`))
	if saysNothing(label) {
		return nil, true
	}
	if enc, known := namedCharset(label); known {
		return enc, true
	}
	plain := standardLabel(compact(label))
	if saysNothing(plain) {
		return nil, true
	}
	return namedCharset(plain)
}

// saysNothing are UTF-8, ASCII and names for "whatever it is".
func saysNothing(label string) bool {
	switch label {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "unknown-8bit", "x-unknown", "unknown", "8bit", "7bit",
		"binary", "ansi", "default", "default_charset", "_autodetect", "_autodetect_all", "none", "x-user-defined", "text", "plain":
		return true
	}
	return false
}

func namedCharset(label string) (enc encoding.Encoding, known bool) {
	switch label {
	case "utf-7":
		return decodeOnly{func() transform.Transformer { return new(utf7) }}, true
	case "utf-32", "utf-32be", "utf-32le":
		order := utf32.BigEndian
		if label == "utf-32le" {
			order = utf32.LittleEndian
		}
		return utf32.UTF32(order, utf32.UseBOM), true
	case "utf-16", "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), true // RFC 2781 section 4.3
	case "iso-2022-kr", "csiso2022kr":
		return decodeOnly{func() transform.Transformer { return new(shiftedKorean) }}, true
	}
	e, err := htmlindex.Get(label)
	switch {
	case err != nil || e == encoding.Replacement:
	case e == unicode.UTF8, e == encoding.Encoding(charmap.XUserDefined):
		return nil, true
	case e == simplifiedchinese.GBK:
		return simplifiedchinese.GB18030, true // which it is a part of, and what many who say GB2312 write
	default:
		return e, true
	}
	// No mail program knows EBCDIC: in it a text would say to us what nobody else is shown.
	if e, err := ianaindex.MIME.Encoding(label); err == nil && e != nil && e != charmap.CodePage037 && e != charmap.CodePage1047 && e != charmap.CodePage1140 {
		return e, true
	}
	return nil, false
}

// compact is a label without what senders put between its letters.
func compact(label string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, label)
}

// standardLabel maps compact labels seen in mail, and unknown to both indexes, to ones they know.
func standardLabel(s string) string {
	s = strings.TrimPrefix(s, "cs")
	if rest, ok := strings.CutPrefix(s, "x"); ok {
		s = rest
	}
	for _, family := range []struct{ prefix, label string }{
		{"utf8", "utf-8"}, {"utf16le", "utf-16le"}, {"utf16", "utf-16"}, {"ucs2", "utf-16"}, {"iso10646ucs2", "utf-16"},
		{"utf32le", "utf-32le"}, {"utf32", "utf-32"}, {"ucs4", "utf-32"}, {"utf7", "utf-7"}, {"unicode11utf7", "utf-7"}, {"unicode20utf7", "utf-7"},
		{"iso2022jp", "iso-2022-jp"}, {"iso2022kr", "iso-2022-kr"}, {"hzgb", "hz-gb-2312"}, {"gb2312", "gb18030"}, {"gbk", "gb18030"}, {"gb18030", "gb18030"},
		{"euccn", "gb18030"}, {"big5", "big5"}, {"euckr", "euc-kr"}, {"ksc5601", "euc-kr"}, {"ksx1001", "euc-kr"}, {"uhc", "euc-kr"},
		{"eucjp", "euc-jp"}, {"shiftjis", "shift_jis"}, {"sjis", "shift_jis"}, {"mskanji", "shift_jis"}, {"windows31j", "shift_jis"},
		{"tis620", "windows-874"}, {"koi8u", "koi8-u"}, {"koi8ru", "koi8-u"}, {"koi8", "koi8-r"}, {"macroman", "macintosh"}, {"applemac", "macintosh"},
		{"maccyrillic", "x-mac-cyrillic"}, {"ansix34", "us-ascii"}, {"usascii", "us-ascii"}, {"iso646", "us-ascii"}, {"ascii", "us-ascii"}, {"unknown", "unknown"},
		{"ansi", "ansi"}, {"visual", "iso-8859-8"}, {"logical", "iso-8859-8-i"},
	} {
		if strings.HasPrefix(s, family.prefix) {
			return family.label
		}
	}
	return numberedLabel(s)
}

// numberedLabel reads the labels that are a family and a number.
func numberedLabel(s string) string {
	i := strings.IndexAny(s, "0123456789")
	if i < 0 {
		return s
	}
	family, number := s[:i], s[i:]
	end := len(number) - len(strings.TrimLeft(number, "0123456789"))
	number = number[:end]
	switch family {
	case "iso", "":
		if part, ok := strings.CutPrefix(number, "8859"); ok && part != "" {
			return "iso-8859-" + part
		}
	case "latin", "isolatin", "l":
		return latin(number)
	case "windows", "win", "cp", "ms", "ibm", "dos", "codepage", "microsoftcp", "winlatin":
		return codePage(number)
	}
	return s
}

// latin maps "latin-7" to the part of ISO 8859 with that alphabet.
func latin(number string) string {
	switch number {
	case "5":
		return "iso-8859-9"
	case "6":
		return "iso-8859-10"
	case "7":
		return "iso-8859-13"
	case "8":
		return "iso-8859-14"
	case "9", "0":
		return "iso-8859-15"
	case "10":
		return "iso-8859-16"
	}
	return "iso-8859-" + number
}

// codePage maps the numbers Microsoft and IBM gave.
func codePage(number string) string {
	switch number {
	case "932", "943":
		return "shift_jis"
	case "936", "1386", "54936":
		return "gb18030"
	case "949", "970", "1363":
		return "euc-kr"
	case "950":
		return "big5"
	case "1200":
		return "utf-16le"
	case "1201":
		return "utf-16be"
	case "20866", "878":
		return "koi8-r"
	case "21866":
		return "koi8-u"
	case "20932", "51932":
		return "euc-jp"
	case "50220", "50221", "50222":
		return "iso-2022-jp"
	case "51949":
		return "euc-kr"
	case "65000":
		return "utf-7"
	case "65001", "20127", "367":
		return "utf-8"
	case "874":
		return "windows-874"
	case "10000":
		return "macintosh"
	case "819":
		return "iso-8859-1"
	}
	if part, ok := strings.CutPrefix(number, "2859"); ok { // 28591 is ISO 8859-1
		return "iso-8859-" + part
	}
	if len(number) == 4 && strings.HasPrefix(number, "125") {
		return "windows-" + number
	}
	return "ibm" + number
}

// decodeOnly is a charset that is read and never written.
type decodeOnly struct{ start func() transform.Transformer }

// NewDecoder implements encoding.Encoding.
func (d decodeOnly) NewDecoder() *encoding.Decoder { return &encoding.Decoder{Transformer: d.start()} }

// NewEncoder implements encoding.Encoding; EncodeCharset refuses before it comes to this.
func (decodeOnly) NewEncoder() *encoding.Encoder { return encoding.Replacement.NewEncoder() }
