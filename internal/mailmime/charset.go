package mailmime

import (
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/transform"
)

// charsetAlias maps labels seen in mail, and unknown to both indexes, to ones they know.
func charsetAlias(label string) string {
	switch label {
	case "cp932", "ms_kanji", "x-ms-cp932":
		return "shift_jis"
	case "cp936", "x-gbk", "ms936":
		return "gbk"
	case "cp949", "ms949", "x-windows-949":
		return "euc-kr"
	case "cp950", "x-big5":
		return "big5"
	case "iso-2022-jp-ms", "iso-2022-jp-1", "iso-2022-jp-2", "cp50220", "cp50221", "iso-2022-jp-3":
		return "iso-2022-jp"
	case "utf8mb4", "utf-8n", "utf":
		return "utf-8"
	}
	if rest, ok := strings.CutPrefix(label, "cp-"); ok {
		return "cp" + rest
	}
	if rest, ok := strings.CutPrefix(label, "windows"); ok && !strings.HasPrefix(rest, "-") {
		return "windows-" + rest
	}
	return label
}

// lookupCharset finds the encoding for a label; nil means UTF-8 with a fall-back for what is not: for UTF-8 and ASCII labels,
// for none, and for unknown ones.
func lookupCharset(label string) (enc encoding.Encoding, known bool) {
	label = charsetAlias(strings.ToLower(strings.Trim(strings.TrimSpace(label), `"'`)))
	switch label {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "utf-8", "utf8", "unknown-8bit", "x-unknown", "8bit", "7bit":
		return nil, true
	}
	if e, err := htmlindex.Get(label); err == nil && e != encoding.Replacement {
		return e, true
	}
	if e, err := ianaindex.MIME.Encoding(label); err == nil && e != nil {
		return e, true
	}
	return nil, false
}

// decodeText is decodeCharset for text without a label.
func decodeText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return decodeCharset([]byte(s), "")
}

// decodeCharset converts b to valid UTF-8.
func decodeCharset(b []byte, label string) string {
	enc, _ := lookupCharset(label)
	if enc == nil {
		if utf8.Valid(b) {
			return string(b)
		}
		out, _, err := transform.Bytes(mixedUTF8{}, b)
		if err != nil {
			return strings.ToValidUTF8(string(b), "\uFFFD")
		}
		return string(out)
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

// EncodeCharset converts s to a charset, for writing what old senders write. It fails on an unknown charset and on characters
// the charset lacks.
func EncodeCharset(s, label string) (string, error) {
	enc, known := lookupCharset(label)
	if !known {
		return "", &Error{Field: "charset", Reason: strconv.Quote(label) + " is unknown"}
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

// charsetReader converts what it reads to valid UTF-8.
func charsetReader(r io.Reader, label string) io.Reader {
	enc, _ := lookupCharset(label)
	if enc == nil {
		return transform.NewReader(r, mixedUTF8{})
	}
	return transform.NewReader(r, enc.NewDecoder())
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
