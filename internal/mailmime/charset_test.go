package mailmime_test

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/mailmime"
)

// Every label of the WHATWG encoding standard, and those that mail has instead.
func TestCharsetLabels(t *testing.T) {
	for _, tt := range []struct{ in, want, labels string }{
		{"gr\xc3\xbcn", "grün", "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8"},
		{"\x8f\xe0", "Пр", "866 cp866 csibm866 ibm866"},
		{"\xb1\xea", "ąę", "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2"},
		{"\xb6", "ĥ", "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3"},
		{"\xb1", "ą", "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4"},
		{"\xbf\xe0", "Пр", "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988"},
		{"\xc7\xc8", "اب", "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"},
		{"\xe1\xe2", "αβ", "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek"},
		{"\xe0\xe1", "אב", "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual"},
		{"\xe0\xe1", "אב", "csiso88598i iso-8859-8-i logical"},
		{"\xb1", "ą", "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6"},
		{"\xe0", "ą", "iso-8859-13 iso8859-13 iso885913"},
		{"\xa1", "Ḃ", "iso-8859-14 iso8859-14 iso885914"},
		{"\xa4", "€", "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9"},
		{"\xa2", "ą", "iso-8859-16"},
		{"\xf0\xd2", "Пр", "cskoi8r koi koi8 koi8-r koi8_r"},
		{"\xa4", "є", "koi8-ru koi8-u"},
		{"\x8e", "é", "csmacintosh mac macintosh x-mac-roman"},
		{"\xa1", "ก", "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874"},
		{"\xb9", "ą", "cp1250 windows-1250 x-cp1250"},
		{"\xcf\xf0", "Пр", "cp1251 windows-1251 x-cp1251"},
		{"\x80 \xfc", "€ ü", "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"},
		{"\xe1", "α", "cp1253 windows-1253 x-cp1253"},
		{"\xfe", "ş", "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254"},
		{"\xe0", "א", "cp1255 windows-1255 x-cp1255"},
		{"\xc7", "ا", "cp1256 windows-1256 x-cp1256"},
		{"\xe0", "ą", "cp1257 windows-1257 x-cp1257"},
		{"\xfd", "ư", "cp1258 windows-1258 x-cp1258"},
		{"\x8f", "П", "x-mac-cyrillic x-mac-ukrainian"},
		{"\xd6\xd0", "中", "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk"},
		{"\x95\x32\x82\x36", "𠀀", "gb18030"},
		{"\xa4\xa4", "中", "big5 big5-hkscs cn-big5 csbig5 x-x-big5"},
		{"\xc6\xfc", "日", "cseucpkdfmtjapanese euc-jp x-euc-jp"},
		{"\x1b$BF|\x1b(B", "日", "csiso2022jp iso-2022-jp"},
		{"\x93\xfa", "日", "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis"},
		{"\xc7\xd1", "한", "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949"},
		{"\x00h\x00i", "hi", "unicodefffe utf-16be"},
		{"h\x00i\x00", "hi", "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le"},
		{"\xfc", "ü", "x-user-defined"},
		{"~{VP~}", "中", "hz-gb-2312"},
		{"\x1b$)C\x0eGQ\x0f a", "한 a", "iso-2022-kr csiso2022kr"},
		{"gr\xfcn", "grün", "cp-1252 windows1252 win-1252 x-windows-1252 ms-1252 x-cp1252 cp1252 iso-8859_1 iso_8859_1 8859-1 iso8859_1 iso-latin-1 latin-1 cp819 cp28591"},
		{"gr\xfcn", "grün", "ansi x-unknown unknown-8bit unknown us-ascii ansi_x3.110-1983 iso-8859-99 x-nothing default 8bit 7bit none x-user-defined"},
		{"gr\xc3\xbcn", "grün", "utf8 utf_8 utf-8mb4 utf8mb4 utf-8n utf-8; cp65001 x-utf-8 utf"},
		{"\xa4", "€", "latin9 latin-9 iso-8859-15-windows l9"},
		{"\xf0\xd2", "Пр", "koi8 koi8r koi-8 koi8-rb cp20866 cp878"},
		{"\xa4", "є", "koi8u koi8-ru"},
		{"\xd6\xd0 \x81\x40", "中 丂", "gb2312 gb_2312-80 gb-2312 gbk cp936 x-gbk ms936 euc-cn gb2312-80"},
		{"\xb0\xa1 \x81\x41", "가 갂", "ks_c_5601-1987 ks-c-5601 ksc5601 cp949 ms949 x-windows-949 uhc euc_kr"},
		{"\x93\xfa \x87\x40", "日 ①", "cp932 ms932 x-sjis windows-31j mskanji sjis-win"},
		{"\x1b$BF|\x1b(B", "日", "iso-2022-jp iso-2022-jp-ms iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso2022jp cp50220 cp50221 us-ascii"},
		{"\xa4\xa4", "中", "cp950 x-big5 big5-hkscs big5hkscs big5-eten"},
		{"\xe0\xe1", "אב", "iso-8859-8-i iso-8859-8-e iso8859-8-i logical"},
		{"\xa1", "ก", "tis-620 tis620 iso-8859-11 cp874"},
		{"\x81", "ü", "cp437 ibm437 cp850 cp852 ibm850 dos-437"},
		{"+AOk- a+-b +ZeU +2D3eAA-!", "é a+b 日 😀!", "utf-7 unicode-1-1-utf-7 csunicode11utf7 x-unicode-2-0-utf-7 cp65000"},
		{"\xff\xfeh\x00i\x00", "hi", "utf-16 utf-16le utf-16be ucs-2 unicode"},
		{"h\x00i\x00", "hi", "utf-16 utf16"},
		{"\x00h\x00i", "hi", "utf-16 utf-16be"},
		{"\x00\x00\x00h\x00\x00\x00i", "hi", "utf-32 utf-32be ucs-4"},
		{"h\x00\x00\x00i\x00\x00\x00", "hi", "utf-32le utf-32"},
	} {
		for label := range strings.FieldsSeq(tt.labels) {
			t.Run(label, func(t *testing.T) {
				m := parse(t, mail(`Content-Type: text/plain; charset="`+label+`"`, "", tt.in), mailmime.Limits{})
				if m.Text != tt.want {
					t.Errorf("%q is read as %q, want %q", tt.in, m.Text, tt.want)
				}
				upper := parse(t, mail(`Content-Type: text/plain; charset=`+strings.ToUpper(label), "", tt.in), mailmime.Limits{})
				if upper.Text != tt.want {
					t.Errorf("in upper case: %q", upper.Text)
				}
			})
		}
	}
}

// UTF-8 under another label is read as UTF-8 where it can be nothing else, and said.
func TestWrongLabel(t *testing.T) {
	const defect = "part 1 is UTF-8 although it is labelled otherwise"
	for _, tt := range []struct {
		name, label, in, want string
		said                  bool
	}{
		{"latin1", "iso-8859-1", "caf\xc3\xa9", "café", true},
		{"windows-1252, curly quotes", "windows-1252", "\xe2\x80\x9cx\xe2\x80\x9d", "“x”", true},
		{"windows-1251", "windows-1251", "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82", "Привет", true},
		{"gb2312", "gb2312", strings.Repeat("你好，世界", 3), strings.Repeat("你好，世界", 3), true},
		{"iso-2022-jp", "iso-2022-jp", "日本", "日本", true},
		{"utf-7", "utf-7", "日本", "日本", true},
		{"utf-16 that is ASCII", "utf-16", "plain words of a letter", "plain words of a letter", true},
		{"behind much ASCII", "iso-8859-1", strings.Repeat("x", 50000) + "café", strings.Repeat("x", 50000) + "café", true},
		{"latin1 is right", "iso-8859-1", "caf\xe9", "café", false},
		{"ASCII", "iso-8859-1", "cafe", "cafe", false},
		{"a quote behind a capital", "windows-1252", "CAF\xc9\x94", "CAFÉ”", false},
		{"gbk that could be UTF-8", "gbk", "\xc4\xa3\xca\xbd", "模式", false},
		{"utf-16 is right", "utf-16", "\x00w\x00o\x00r\x00d\x00s\x00 \x00h\x00e\x00r\x00e", "words here", false},
		{"utf-8 is right", "utf-8", "café", "café", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, mail("Content-Type: text/plain; charset="+tt.label, "", tt.in), mailmime.Limits{})
			if m.Text != tt.want {
				t.Errorf("text %.100q, want %.100q", m.Text, tt.want)
			}
			if said := strings.Join(m.Defects, "; "); said != "" && said != defect || (said != "") != tt.said {
				t.Errorf("defects %q", said)
			}
		})
	}
}

func TestByteOrderMark(t *testing.T) {
	for label, in := range map[string]string{
		"utf-8": "\xef\xbb\xbfhi\r\nyou", "utf-16": "\xfe\xff\x00h\x00i\x00\r\x00\n\x00y\x00o\x00u", "utf-16le": "\xff\xfeh\x00i\x00\r\x00\n\x00y\x00o\x00u\x00",
	} {
		if m := parse(t, mail("Content-Type: text/plain; charset="+label, "", in), mailmime.Limits{}); m.Text != "hi\nyou" {
			t.Errorf("%s: %q", label, m.Text)
		}
	}
}
