package mailmime_test

import (
	"testing"

	"github.com/postern-mail/postern/internal/mailmime"
)

func TestDecodeHeader(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "Hello there", "Hello there"},
		{"Q", "=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_Kiel?=", "Grüße aus Kiel"},
		{"B", "=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"},
		{"latin1", "=?iso-8859-1?q?caf=E9?=", "café"},
		{"windows-1252 quotes", "=?windows-1252?q?=93x=94?=", "“x”"},
		{"windows-1251", "=?windows-1251?B?z/Do4uXy?=", "Привет"},
		{"koi8-r", "=?koi8-r?B?8NLJ18XU?=", "Привет"},
		{"iso-2022-jp", "=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=", "日本語"},
		{"shift_jis", "=?cp932?B?k/qWe4zq?=", "日本語"},
		{"gb18030", "=?gb18030?B?1tDOxA==?=", "中文"},
		{"gb2312", "=?GB2312?B?1tDOxA==?=", "中文"},
		{"big5", "=?big5?B?pKSk5Q==?=", "中文"},
		{"euc-kr", "=?ks_c_5601-1987?B?x9GxuQ==?=", "한국"},
		{"windows-1256", "=?windows-1256?q?=E3=D1=CD=C8=C7?=", "مرحبا"},
		{"cp437", "=?cp437?q?=81ber?=", "über"},
		{"language tag", "=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"},
		{"two words", "=?utf-8?q?a?= =?utf-8?q?b?=", "ab"},
		{"two words folded", "=?utf-8?q?a?=\r\n =?utf-8?q?b?=", "ab"},
		{"word and text", "=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"},
		{"text and word", "Re: =?utf-8?q?=C3=A4?=", "Re: ä"},
		{"no blank between", "x=?utf-8?q?=C3=A4?=y", "xäy"},
		{"character split over base64 words", "=?utf-8?b?5pel5g==?= =?utf-8?b?nKzoqp4=?=", "日本語"},
		{"bytes split over words", "=?utf-8?q?=E6=97?= =?utf-8?q?=A5?=", "日"},
		{"blanks in Q", "=?utf-8?q?two words?=", "two words"},
		{"question mark in Q", "=?utf-8?q?why??=", "why?"},
		{"missing padding", "=?utf-8?b?R3LDvMOfZQ?=", "Grüße"},
		{"padding in the middle", "=?utf-8?b?YQ==YmM=?=", "abc"},
		{"junk in B", "=?utf-8?b?R3L*DvMOfZQ==?=", "Grüße"},
		{"bad escape in Q", "=?utf-8?q?a=ZZb=?=", "a=ZZb="},
		{"empty word", "a =?utf-8?q??= b", "a  b"},
		{"unknown charset, UTF-8 inside", "=?x-nothing?q?=C3=A4?=", "ä"},
		{"unknown charset, latin1 inside", "=?x-nothing?q?=E4?=", "ä"},
		{"unknown encoding", "=?utf-8?x?abc?=", "=?utf-8?x?abc?="},
		{"unfinished", "=?utf-8?q?abc", "=?utf-8?q?abc"},
		{"unfinished then fine", "=?utf-8?q?abc =?utf-8?q?d?=", "abc =?utf-8?q?d"},
		{"lookalike", "a =? b ?= c", "a =? b ?= c"},
		{"UTF-8 labelled latin1", "=?iso-8859-1?q?Gr=C3=BC=C3=9Fe?=", "Grüße"},
		{"utf-7", "=?unicode-1-1-utf-7?q?gr+APw-n?=", "grün"},
		{"gb2312 with GBK inside", "=?gb2312?B?gUA=?=", "丂"},
		{"raw iso-2022-jp", "\x1b$BF|K\\\x1b(B", "日本"},
		{"a word in a word is read once: a subject may speak of encoded words", "=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=", "=?utf-8?q?a?="},
		{"a word begun within a word", "=?utf-8?q?a_=?utf-8?q?b?=", "a =?utf-8?q?b"},
		{"neighbours in two charsets", "=?utf-8?q?=C3=BC?= =?iso-8859-1?q?=FC?=", "üü"},
		{"raw UTF-8", "Grüße", "Grüße"},
		{"raw latin1", "Gr\xfc\xdfe", "Grüße"},
		{"raw mixed", "ü\xfc", "üü"},
		{"raw beside a word", "\xfc =?utf-8?q?=C3=A4?=", "ü ä"},
		{"folded", "one\r\n two\r\n\tthree", "one two\tthree"},
		{"bare line feeds", "one\ntwo", "one two"},
		{"line break in a word stays a stranger's", "=?utf-8?q?a=0D=0AB?=", "a\r\nB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := mailmime.DecodeHeader(tt.in); got != tt.want {
				t.Errorf("DecodeHeader(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}
