package mailtext_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/postern-mail/postern/internal/golden"
	"github.com/postern-mail/postern/internal/mailtext"
)

func TestFromHTMLGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/html/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal("no test pages", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, d, truncated := mailtext.FromHTML(string(src), mailtext.Options{})
			got := fmt.Sprintf("%s\n=====\nhidden %d, trackers %d, images %d, invisible %d, truncated %v\n",
				text, d.Hidden, d.Trackers, d.Images, d.Invisible, truncated)
			golden.Compare(t, strings.TrimSuffix(file, ".html")+".txt", []byte(got))
		})
	}
}

// carriers hide "SECRET" from a person; the word VISIBLE beside it is shown.
var carriers = []struct{ name, src string }{
	{"hidden attribute", `<p hidden>SECRET</p>VISIBLE`},
	{"display none", `<div style="display:none">SECRET</div>VISIBLE`},
	{"spelling", `<div STYLE=" Display : NONE ! important ">SECRET</div>VISIBLE`},
	{"comment in css", `<div style="dis/**/play:none;display:/*x*/none">SECRET</div>VISIBLE`},
	{"escape in css", `<div style="display:n\6fne">SECRET</div>VISIBLE`},
	{"escape with blank", `<div style="d\69 splay:none">SECRET</div>VISIBLE`},
	{"entity in attribute", `<div style="display&#58;none">SECRET</div>VISIBLE`},
	{"after a data url", `<div style="background:url(data:image/png;base64,AA);display:none">SECRET</div>VISIBLE`},
	{"last one wins", `<div style="display:block;display:none">SECRET</div>VISIBLE`},
	{"important wins", `<div style="display:none!important;display:block">SECRET</div>VISIBLE`},
	{"visibility", `<div style="visibility:hidden">SECRET</div>VISIBLE`},
	{"visibility collapse", `<span style="visibility:collapse">SECRET</span>VISIBLE`},
	{"opacity", `<div style="opacity:0">SECRET</div>VISIBLE`},
	{"opacity in percent", `<div style="opacity:0.0%">SECRET</div>VISIBLE`},
	{"filter", `<div style="filter:opacity(0)">SECRET</div>VISIBLE`},
	{"font size zero", `<div style="font-size:0">SECRET</div>VISIBLE`},
	{"font size one pixel", `<div style="font-size:1px">SECRET</div>VISIBLE`},
	{"font size in points", `<div style="font-size:.5pt">SECRET</div>VISIBLE`},
	{"font size in percent", `<div style="font-size:1%">SECRET</div>VISIBLE`},
	{"font shorthand", `<div style="font:400 0/0 a">SECRET</div>VISIBLE`},
	{"zero height", `<div style="height:0;overflow:hidden">SECRET</div>VISIBLE`},
	{"zero max height", `<div style="max-height:0px;overflow:hidden">SECRET</div>VISIBLE`},
	{"zero width", `<div style="width:0;overflow:hidden">SECRET</div>VISIBLE`},
	{"one pixel box", `<div style="width:1px;height:1px;overflow:hidden">SECRET</div>VISIBLE`},
	{"white on white", `<p style="color:#fff">SECRET</p>VISIBLE`},
	{"almost white", `<p style="color:rgb(253, 253,253)">SECRET</p>VISIBLE`},
	{"font colour", `<font color="WHITE">SECRET</font>VISIBLE`},
	{"same colour", `<p style="color:#123456;background:#123457">SECRET</p>VISIBLE`},
	{"same name", `<p style="color:tomato;background-color:tomato">SECRET</p>VISIBLE`},
	{"inherited background", `<table bgcolor="#000000"><tr><td><font color="#000">SECRET</font><b style="color:#fff">VISIBLE</b></table>`},
	{"transparent", `<p style="color:transparent">SECRET</p>VISIBLE`},
	{"no alpha", `<p style="color:rgba(0,0,0,0)">SECRET</p>VISIBLE`},
	{"hex alpha", `<p style="color:#00000000">SECRET</p>VISIBLE`},
	{"text fill", `<p style="color:#000;-webkit-text-fill-color:transparent">SECRET</p>VISIBLE`},
	{"off to the left", `<p style="position:absolute;left:-9999px">SECRET</p>VISIBLE`},
	{"off to the top", `<p style="top:-200em;position:fixed">SECRET</p>VISIBLE`},
	{"indented away", `<p style="text-indent:-9999px">SECRET</p>VISIBLE`},
	{"margin", `<p style="margin-left:-10000px">SECRET</p>VISIBLE`},
	{"clipped", `<p style="position:absolute;clip:rect(0 0 0 0)">SECRET</p>VISIBLE`},
	{"clip path", `<p style="clip-path:inset(100%)">SECRET</p>VISIBLE`},
	{"scaled away", `<p style="transform:scale(0)">SECRET</p>VISIBLE`},
	{"moved away", `<p style="transform:translate(-9999px, 0)">SECRET</p>VISIBLE`},
	{"script", `<script>SECRET</script>VISIBLE`},
	{"style", `<style>SECRET</style>VISIBLE`},
	{"title", `<title>SECRET</title>VISIBLE`},
	{"comment", `<!-- SECRET -->VISIBLE`},
	{"conditional comment", `<!--[if mso]><p>SECRET</p><![endif]-->VISIBLE`},
	{"bogus comment", `<? SECRET ?>VISIBLE`},
	{"cdata", `<![CDATA[ SECRET ]]>VISIBLE`},
	{"template", `<template>SECRET</template>VISIBLE`},
	{"iframe", `<iframe>SECRET</iframe>VISIBLE`},
	{"noembed", `<noembed>SECRET</noembed>VISIBLE`},
	{"datalist", `<datalist><option>SECRET</datalist>VISIBLE`},
	{"dialog", `<dialog>SECRET</dialog>VISIBLE`},
	{"noscript", `<noscript><p>SECRET</p></noscript>VISIBLE`},
	{"svg text", `<svg><path/><text>SECRET</text></svg>VISIBLE`},
	{"svg foreign object", `<svg><foreignObject><p>SECRET</p></foreignObject></svg>VISIBLE`},
	{"svg metadata", `<svg><desc>SECRET</desc></svg>VISIBLE`},
	{"attribute values", `<p title="SECRET" aria-label="SECRET" data-x="SECRET">VISIBLE</p>`},
	{"input", `<input type="hidden" value="SECRET">VISIBLE`},
	{"class rule", `<style>.h{display:none}</style><p class="a h">SECRET</p>VISIBLE`},
	{"id rule", `<style>#h{font-size:0}</style><p id=h>SECRET</p>VISIBLE`},
	{"tag rule", `<style>i{opacity:0}</style><i>SECRET</i>VISIBLE`},
	{"compound rule", `<style>p.a.b{display:none}</style><p class="b a">SECRET</p><p class=a>VISIBLE`},
	{"rule below others", `<style>body .wrap > p{display:none}</style><body><div class=wrap><p>SECRET</p></div><p>VISIBLE`},
	{"list of selectors", `<style>.x, .y:hover, .h {display:none}</style><p class=h>SECRET</p>VISIBLE`},
	{"rule in a screen block", `<style>@media screen{.h{display:none}}</style><p class=h>SECRET</p>VISIBLE`},
	{"rule in comment marks", `<style><!-- .h{display:none} --></style><p class=h>SECRET</p>VISIBLE`},
	{"rule after import", `<style>@import url(x.css); .h{display:none}</style><p class=h>SECRET</p>VISIBLE`},
	{"rule below the text", `<p class=h>SECRET</p>VISIBLE<style>.h{display:none}</style>`},
	{"rule outweighs inline by importance", `<style>.h{display:none!important}</style><p class=h style="display:block">SECRET</p>VISIBLE`},
	{"child of hidden", `<div style="display:none"><p style="display:block">SECRET</p></div>VISIBLE`},
	{"unclosed child", `<div style="display:none"><b><i>SECRET</div>VISIBLE`},
	{"end tag of another", `<div style="display:none"></span></p></b>SECRET</div>VISIBLE`},
	{"inline end tag behind a block", `<span style="display:none"><div></span>SECRET</div></span>VISIBLE`},
	{"end tag behind a table", `<div style="display:none"><table><tr><td></div>SECRET</table></div>VISIBLE`},
	{"block opened in inline", `<b><div style="display:none"></b>SECRET</div>VISIBLE`},
	{"inline look goes on", `<p><b style="display:none">x</p><p>SECRET</p></b>VISIBLE`},
	{"body end is ignored", `<body><div style="display:none">x</body></html>SECRET</div>VISIBLE`},
	{"first attribute counts", `<p style="display:none" style="display:block">SECRET</p>VISIBLE`},
	{"unknown element", `<x-y style="display:none">SECRET</x-y>VISIBLE`},
	{"alternative text of a hidden image", `<div style="display:none"><img src="https://example.com/a.png" alt="SECRET"></div>VISIBLE`},
	{"link in hidden", `<div hidden><a href="https://example.com/">SECRET</a></div>VISIBLE`},
	{"zero width letters", `S` + "\u200b" + `<b hidden>SECRET</b>VISIBLE`},
	{"tag characters", tagged("SECRET") + `VISIBLE`},
}

func TestFromHTMLHides(t *testing.T) {
	for _, tt := range carriers {
		t.Run(tt.name, func(t *testing.T) {
			got, _, _ := mailtext.FromHTML(tt.src, mailtext.Options{})
			if strings.Contains(got, "SECRET") || !strings.Contains(got, "VISIBLE") {
				t.Errorf("FromHTML(%q) = %q", tt.src, got)
			}
		})
	}
}

// What looks hidden and is not: losing it would be worse.
func TestFromHTMLShows(t *testing.T) {
	tests := []struct{ name, src string }{
		{"mso-hide", `<p style="mso-hide:all">SHOWN`},
		{"aria-hidden", `<p aria-hidden=true>SHOWN`},
		{"later block", `<p style="display:none;display:block">SHOWN`},
		{"inline outweighs a rule", `<style>.h{display:none}</style><p class=h style="display:block">SHOWN`},
		{"id outweighs a class", `<style>#s{display:block}.h{display:none}</style><p class=h id=s>SHOWN`},
		{"rule outweighs the attribute", `<style>.s{display:block}</style><p class=s hidden>SHOWN`},
		{"visible inside hidden visibility", `<div style="visibility:hidden"><b style="visibility:visible">SHOWN</b></div>`},
		{"size inside size zero", `<td style="font-size:0"><div style="font-size:13px">SHOWN</div>`},
		{"same in a table", `<table><tr><td style="font-size:0"><div style="font:13px/1.2 a">SHOWN</div></table>`},
		{"font tag inside size zero", `<div style="font-size:0"><font size=2>SHOWN</font></div>`},
		{"white on a coloured cell", `<table><tr><td bgcolor="#336699"><font color=white>SHOWN</font></table>`},
		{"white on a picture", `<div style="background:url(x.png) #fff"><p style="color:#fff">SHOWN</div>`},
		{"white on a background attribute", `<table background="x.png"><tr><td style="color:white">SHOWN</table>`},
		{"white by class on dark by class", `<style>.d{background:#000}.w{color:#fff}</style><div class=d><p class=w>SHOWN</div>`},
		{"link in a white text", `<p style="color:#fff"><a href="https://example.com/">SHOWN</a></p>`},
		{"colour inside white", `<div style="color:#fff"><b style="color:#333">SHOWN</b></div>`},
		{"grey", `<p style="color:#999">SHOWN`},
		{"half opacity", `<p style="opacity:.5">SHOWN`},
		{"zero height without overflow", `<div style="height:0">SHOWN</div>`},
		{"percent of a size", `<p style="font-size:90%">SHOWN`},
		{"zero margin and indent", `<p style="margin:0;text-indent:-20px;left:0;position:relative">SHOWN`},
		{"rule for phones", `<style>@media (max-width:600px){.h{display:none}}</style><p class=h>SHOWN`},
		{"rule for paper", `<style media=print>.h{display:none}</style><p class=h>SHOWN`},
		{"rule in a comment of the page", `<!--[if mso]><style>.h{display:none}</style><![endif]--><p class=h>SHOWN`},
		{"rule for something else", `<style>div .h, p.h.x, u + .h{display:none}</style><p class=h>SHOWN`},
		{"name inside a string", `<p style="font-family:'a;display:none'">SHOWN`},
		{"implied end of a paragraph", `<p style="display:none">x<p>SHOWN`},
		{"implied end by a block", `<p style="display:none">x<div>SHOWN</div>`},
		{"implied end of an item", `<ul><li style="display:none">x<li>SHOWN</ul>`},
		{"implied end of a cell", `<table><tr><td style="display:none">x<td>SHOWN</table>`},
		{"implied end of a row", `<table><tr style="display:none"><td>x<tr><td>SHOWN</table>`},
		{"cell outside of a table", `<td style="display:none">SHOWN`},
		{"after a crossed end tag", `<b style="display:none">x<div></b>SHOWN</div>`},
		{"after the end of an inline look", `<p><b style="display:none">x</p></b><p>SHOWN`},
		{"a look ends with its cell", `<table><tr><td><b style="display:none">x<td>SHOWN</table>`},
		{"not mso", `<![if !mso]><p>SHOWN</p><![endif]>`},
		{"textarea", `<textarea>SHOWN</textarea>`},
		{"open dialog", `<dialog open>SHOWN</dialog>`},
		{"block in head", `<head><div>SHOWN</div></head>`},
		{"unclosed everything", `<div><table><tr><td><ul><li><p><b>SHOWN`},
		{"behind a drawing", `<svg><path/><text>x</text></svg>SHOWN`},
		{"in a drawing that has no end", `<svg><path/><p>SHOWN`},
		{"alternative text", `<img alt="SHOWN" src="https://example.com/a.png" width=100>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, _ := mailtext.FromHTML(tt.src, mailtext.Options{})
			if !strings.Contains(got, "SHOWN") {
				t.Errorf("FromHTML(%q) = %q", tt.src, got)
			}
		})
	}
}

func TestFromHTMLCounts(t *testing.T) {
	tests := []struct {
		name, src string
		want      mailtext.Dropped
	}{
		{"nothing", `<p>text</p>`, mailtext.Dropped{}},
		{"passages", `<p hidden>a <b>b</b> c</p>x<p hidden>d</p>`, mailtext.Dropped{Hidden: 2}},
		{"blank passages do not count", `<p hidden>&nbsp;&zwnj; </p>x`, mailtext.Dropped{}},
		{"pixel", `<img src="https://t.example/a" width=1 height=1>`, mailtext.Dropped{Trackers: 1}},
		{"pixel by style", `<img src="//t.example/a" style="width:1px;height:0">`, mailtext.Dropped{Trackers: 1}},
		{"pixel by one side", `<img src="http://t.example/a" height="0">`, mailtext.Dropped{Trackers: 1}},
		{"hidden pixel", `<p hidden><img src="http://t.example/a" height="0" width="1px"></p>`, mailtext.Dropped{Trackers: 1}},
		{"known shape", `<img src="https://x.example/wf/open?upn=1">`, mailtext.Dropped{Trackers: 1}},
		{"line", `<img src="https://x.example/l.png" width=600 height=1>`, mailtext.Dropped{Images: 1}},
		{"local pixel", `<img src="cid:x" width=1 height=1>`, mailtext.Dropped{Images: 1}},
		{"remote image not displayed", `<img src="https://x.example/l.png" style="display:none">`, mailtext.Dropped{Trackers: 1}},
		{"remote image with the attribute", `<img src="https://x.example/l.png" hidden alt="x">`, mailtext.Dropped{Trackers: 1}},
		{"attached image not displayed", `<img src="cid:x" style="display:none">`, mailtext.Dropped{Images: 1}},
		{"a bullet by a style sheet", `<style>li:before{content:"\2022"}</style><li>x`, mailtext.Dropped{}},
		{"images", `<img src="https://x.example/l.png"><img src="data:image/png;base64,AAAA">`, mailtext.Dropped{Images: 2}},
		{"invisible", "a\u200b\u200bb<i>\u00ad</i>", mailtext.Dropped{Invisible: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, got, _ := mailtext.FromHTML(tt.src, mailtext.Options{}); got != tt.want {
				t.Errorf("FromHTML(%q) dropped %+v, want %+v", tt.src, got, tt.want)
			}
		})
	}
}

// hostile pages that must cost time and memory in proportion to their size only.
func hostile() map[string]string {
	rep := strings.Repeat
	return map[string]string{
		"depth 10000":              rep("<div>", 10_000) + "DEEP" + rep("</div>", 10_000),
		"quotes 10000":             rep("<blockquote>q<br>", 10_000),
		"lists 10000":              rep("<ul><li>x", 10_000),
		"300k elements":            rep("<b>x</b>", 300_000),
		"1M cells":                 "<table>" + rep("<tr>"+rep("<td>1", 1000), 1000),
		"unmatched end tags":       rep("<div>", 30_000) + rep("</i></span></p>", 60_000),
		"unclosed inlines":         rep("<b style=color:red>", 50_000) + "x",
		"formats over blocks":      rep("<p><b style=color:red>x</p>", 20_000),
		"crossed":                  rep("<b style=color:red>", 10_000) + rep("<div>", 10_000) + rep("</b>", 10_000),
		"attributes":               "<p " + rep("a=b ", 100_000) + ">x",
		"classes":                  "<style>.c .d{display:none}</style>" + rep("<p class='"+rep("c ", 100)+"'>x", 10_000),
		"rules of one name":        "<style>" + rep(".a .c{opacity:0}", 20_000) + "</style>" + rep("<p class=c>x", 10_000),
		"names":                    unique(50_000),
		"one word":                 rep("x", 4<<20),
		"comments":                 rep("<!--", 1_000_000),
		"open tags":                rep("<", 1_000_000),
		"entities":                 rep("&amp", 200_000),
		"joiners":                  "👨" + rep("\u200d", 200_000),
		"links":                    rep("<a href=https://example.org/>x", 60_000),
		"link around all":          "<a href=https://example.org/>" + rep("www.example.com ", 100_000),
		"css without end":          "<style>" + rep("@media x{", 200_000) + "</style>x",
		"css comments":             "<p style='" + rep("/*", 500_000) + "'>x",
		"empty cells":              "<table border=1><tr>" + rep("<td>", 200_000) + "x",
		"empty items":              rep("<li>", 50_000) + "x",
		"style attributes":         rep("<p style='color:#fff;font:0/0 a;background:url(x);display:block'>x", 50_000),
		"a style block at the end": rep("<p class=a>x", 30_000) + "<style>.a{display:none}</style>",
	}
}

func unique(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "<x%d>", i)
	}
	return b.String() + "<p hidden>"
}

func TestFromHTMLBounds(t *testing.T) {
	for name, src := range hostile() {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			got, _, _ := mailtext.FromHTML(src, mailtext.Options{})
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("%d bytes took %v", len(src), took)
			}
			if len(got) > mailtext.MaxOutput+70<<10 || !utf8.ValidString(got) {
				t.Errorf("%d bytes became %d", len(src), len(got))
			}
		})
	}
}

func TestFromHTMLDeep(t *testing.T) {
	got, _, truncated := mailtext.FromHTML(strings.Repeat("<div>", 10_000)+"DEEP"+strings.Repeat("</div>", 10_000)+"AFTER", mailtext.Options{})
	if got != "DEEP\nAFTER" || truncated {
		t.Errorf("10,000 levels: %q, truncated %v", got, truncated)
	}
	got, _, truncated = mailtext.FromHTML(strings.Repeat("<div>", 50_000)+"DEEP"+strings.Repeat("</div>", 50_000)+"AFTER", mailtext.Options{})
	if got != "AFTER" || !truncated {
		t.Errorf("50,000 levels: %q, truncated %v", got, truncated)
	}
}

func TestFromHTMLTruncates(t *testing.T) {
	src := "<p>aaaa</p><p>" + strings.Repeat("é", 100) + "</p>"
	for _, opts := range []mailtext.Options{{MaxOutput: 21}, {MaxInput: 29}} {
		got, _, truncated := mailtext.FromHTML(src, opts)
		if !truncated || !utf8.ValidString(got) || len(got) > 21 || !strings.HasPrefix(got, "aaaa\n\né") {
			t.Errorf("%+v: %q, truncated %v", opts, got, truncated)
		}
	}
	if _, _, truncated := mailtext.FromHTML(src, mailtext.Options{MaxInput: len(src), MaxOutput: 206}); truncated {
		t.Error("a text that fits is truncated")
	}
}

func FuzzFromHTML(f *testing.F) {
	for _, c := range carriers {
		f.Add(c.src, uint16(200))
	}
	files, _ := filepath.Glob("testdata/html/*.html")
	for _, file := range files {
		if src, err := os.ReadFile(file); err == nil {
			f.Add(string(src), uint16(0))
		}
	}
	f.Fuzz(func(t *testing.T, src string, limit uint16) {
		opts := mailtext.Options{MaxOutput: int(limit)}
		got, d, truncated := mailtext.FromHTML(src, opts)
		bound := mailtext.MaxOutput
		if limit > 0 {
			bound = int(limit)
		}
		if len(got) > bound+70<<10 {
			t.Fatalf("%d bytes of text", len(got))
		}
		if !utf8.ValidString(got) {
			t.Fatalf("invalid UTF-8: %q", got)
		}
		if again, _ := mailtext.Clean(got); again != got {
			t.Fatalf("unclean: %+q", got)
		}
		if d.Hidden < 0 || d.Trackers < 0 || d.Images < 0 || d.Invisible < 0 {
			t.Fatalf("counts %+v", d)
		}
		// Around anything that leaves the tokenizer in its normal state, a carrier hides what is inside.
		if !balanced(src) || truncated {
			return
		}
		for _, carrier := range []string{"<div style='display:none'>", "<div style='opacity:0'>", "<div style='position:absolute;left:-9999px'>"} {
			got, _, _ := mailtext.FromHTML(carrier+src+"MARKER-7Q</div>", mailtext.Options{})
			if strings.Contains(got, "MARKER-7Q") {
				t.Fatalf("hidden text passed %s: %q", carrier, got)
			}
		}
	})
}

// balanced reports a page of text and of elements that all end in order, none of them a div.
func balanced(src string) bool {
	z := html.NewTokenizer(strings.NewReader(src))
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			return len(open) == 0 && !strings.Contains(src, "MARKER-7Q") && strings.HasSuffix(src, ">")
		case html.StartTagToken:
			name, _ := z.TagName()
			open = append(open, string(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(name) || string(name) == "div" {
				return false
			}
			open = open[:len(open)-1]
		case html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
			return false
		case html.TextToken:
		}
	}
}

// BenchmarkFromHTML compares with the bare tokenizer on the same page.
func BenchmarkFromHTML(b *testing.B) {
	page, err := os.ReadFile("testdata/html/newsletter.html")
	if err != nil {
		b.Fatal(err)
	}
	head, body, ok := strings.Cut(string(page), "<body")
	if !ok {
		b.Fatal("the page has no body")
	}
	src := head + strings.Repeat("<body"+body, 10)
	b.Run("tokenizer", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			z := html.NewTokenizer(strings.NewReader(src))
			for z.Next() != html.ErrorToken {
				_, more := z.TagName()
				for more {
					_, _, more = z.TagAttr()
				}
				_ = z.Raw()
			}
		}
	})
	b.Run("text", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			mailtext.FromHTML(src, mailtext.Options{})
		}
	})
}
