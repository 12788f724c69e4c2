package mailtext

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

var lexerPages = []struct{ name, src string }{
	{"tags", `<P Class="a b" id=c hidden>x</P ><br/><img src=a/><img src="b"/><a / href='x'y>`},
	{"text", "a < b && c > d <3 </ > x<"},
	{"ends inside", "a</"},
	{"ends in a tag", "a<b c='d"},
	{"ends in an end tag", "a</b c"},
	{"empty names", "a<></>b</ c>d"},
	{"comments", "a<!---->b<!-->c<!--->d<!-- x -- y -->e<!-- z --!>f<!-- - -->g<!--->-->h<!----!>i<!-- a --!- b-->j<!-- open"},
	{"declarations", "<!DOCTYPE html>a<!doctype>b<!x y>c<?xml z?>d<![CDATA[ > e ]]>f<!"},
	{"references", `a&amp;b&lt;&#65;&#x42;&notit;&copy=<a href="?a=1&amp;b=2&copy=3&notit;x&#65;&#x&;&&quot;&semi;&fjlig;&bogus;&ampx">`},
	{"raw", `<style>a<b></style >b<title>c&amp;d</title>e<textarea><b>&lt;</TEXTAREA>f<xmp><i>&lt;</xmp>g<iframe><p></iframe>`},
	{"raw without end", `<style>a</styl></stylex>`},
	{"empty raw", `<style></style><title></title>a`},
	{"plain", `<plaintext>a<b></plaintext>`},
	{"script", `<script>a</scrip></script x>b<script><!-- <script> </script> --></script>c`},
	{"attributes twice", `<p class=a CLASS=b id id=x style=>`},
	{"odd attributes", `<p =a b= >c<p "d" e = 'f' g/h=i / j>k<p a="b"c=d>`},
	{"case", "<A\xff B\xffC=\xff>x\xff"},
	{"upper case", `<DIV STYLE="A&AMP;B">x</DiV>`},
}

func TestLexer(t *testing.T) {
	for _, tt := range lexerPages {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tokenizerSays(tt.src), lexerSays(tt.src)); diff != "" {
				t.Errorf("%q, -html.Tokenizer +lexer:\n%s", tt.src, diff)
			}
		})
	}
}

// FuzzLexer compares with html.Tokenizer, which reads all that a page may hold.
func FuzzLexer(f *testing.F) {
	for _, tt := range lexerPages {
		f.Add(tt.src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		lower := strings.ToLower(src)
		// It leaves escaped script text at any "<", other than browsers, and keeps the sign NUL only where lexer drops it.
		if strings.Contains(lower, "<script") && strings.Contains(src, "<!--") || strings.ContainsAny(src, "\x00") {
			return
		}
		if diff := cmp.Diff(tokenizerSays(src), lexerSays(src)); diff != "" {
			t.Fatalf("%q, -html.Tokenizer +lexer:\n%s", src, diff)
		}
	})
}

// lexerSays and tokenizerSays list the tokens, texts between two tags together.
func lexerSays(src string) []string {
	var list says
	l := newLexer(src)
	for {
		switch l.next() {
		case tokenEnd:
			return list
		case tokenText, tokenRaw:
			list.text(l.text)
		case tokenDoctype:
			list = append(list, "doctype")
		case tokenStart:
			list.tag("start", l.name, l.selfClosing)
			for x := attr(0); x < attrCount; x++ {
				if l.attrs.has(x) {
					list.value(x, l.attrs.val[x])
				}
			}
		case tokenClose:
			list.tag("end", l.name, false)
		}
	}
}

func tokenizerSays(src string) []string {
	var list says
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return list
		case html.TextToken:
			list.text(string(z.Text()))
		case html.DoctypeToken:
			list = append(list, "doctype")
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			list.tag("start", string(name), kind == html.SelfClosingTagToken)
			var values [attrCount][]byte
			var seen [attrCount]bool
			for more {
				var key, val []byte
				key, val, more = z.TagAttr()
				if x, ok := attrOf(string(key)); ok && !seen[x] {
					values[x], seen[x] = append([]byte{}, val...), true
				}
			}
			for x := range attrCount {
				if seen[x] {
					list.value(x, values[x])
				}
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			list.tag("end", string(name), false)
		case html.CommentToken:
		}
	}
}

type says []string

func (s *says) text(text string) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	if text == "" {
		return
	}
	if n := len(*s); n > 0 && strings.HasPrefix((*s)[n-1], "text ") {
		(*s)[n-1] += text
		return
	}
	*s = append(*s, "text "+text)
}

func (s *says) tag(kind, name string, selfClosing bool) {
	*s = append(*s, fmt.Sprintf("%s %s %v", kind, name, selfClosing))
}

func (s *says) value(x attr, val []byte) {
	text := strings.ReplaceAll(strings.ReplaceAll(string(val), "\r\n", "\n"), "\r", "\n")
	*s = append(*s, fmt.Sprintf("  %d=%q", x, text))
}
