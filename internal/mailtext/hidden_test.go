package mailtext_test

import (
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/mailtext"
)

// moreCarriers hide SECRET by means that a reader of style sheets can get wrong.
var moreCarriers = []struct{ name, src string }{
	{"unknown display does not undo", `<p style="display:none;display:xyz">SECRET</p>VISIBLE`},
	{"unknown colour does not undo", `<p style="color:#fff;color:zzz">SECRET</p>VISIBLE`},
	{"unknown size does not undo", `<p style="font-size:0;font-size:bogus">SECRET</p>VISIBLE`},
	{"unknown visibility does not undo", `<p style="visibility:hidden;visibility:x">SECRET</p>VISIBLE`},
	{"unknown opacity does not undo", `<p style="opacity:0;opacity:x">SECRET</p>VISIBLE`},
	{"unknown width does not undo", `<p style="width:0;width:x;overflow:hidden">SECRET</p>VISIBLE`},
	{"unknown overflow does not undo", `<p style="width:0;overflow:hidden;overflow:x">SECRET</p>VISIBLE`},
	{"unknown position does not undo", `<p style="left:-9999px;position:absolute;position:x">SECRET</p>VISIBLE`},
	{"shorthand of no size", `<p style="font:0/0 a">SECRET</p>VISIBLE`},
	{"exponent", `<p style="font-size:1e-5px">SECRET</p>VISIBLE`},
	{"calculated size", `<p style="font-size:calc(1px - 1px)">SECRET</p>VISIBLE`},
	{"least of two sizes", `<p style="font-size:min(0px,1px)">SECRET</p>VISIBLE`},
	{"calculated place", `<div style="position:absolute;left:calc(-9999px)">SECRET</div>VISIBLE`},
	{"inset of four", `<div style="position:absolute;inset:0 auto auto -9999px">SECRET</div>VISIBLE`},
	{"logical size", `<div style="block-size:0;overflow:hidden">SECRET</div>VISIBLE`},
	{"indented to the right", `<p style="text-indent:9999px">SECRET</p>VISIBLE`},
	{"margin of four", `<p style="margin:0 0 0 -9999px">SECRET</p>VISIBLE`},
	{"margin of one", `<p style="margin:-9999px">SECRET</p>VISIBLE`},
	{"polygon without extent", `<p style="clip-path:polygon(0 0,0 0,0 0)">SECRET</p>VISIBLE`},
	{"inset from one side", `<p style="clip-path:inset(0 100% 0 0)">SECRET</p>VISIBLE`},
	{"scaled in space", `<p style="transform:scale3d(0,0,0)">SECRET</p>VISIBLE`},
	{"scale property", `<p style="scale:0">SECRET</p>VISIBLE`},
	{"matrix", `<p style="transform:matrix(0,0,0,0,0,0)">SECRET</p>VISIBLE`},
	{"turned on its edge", `<p style="transform:rotateX(90deg)">SECRET</p>VISIBLE`},
	{"moved up", `<p style="transform:translate(0,-9999px)">SECRET</p>VISIBLE`},
	{"moved to the right", `<p style="transform:translateX(9999px)">SECRET</p>VISIBLE`},
	{"translate property", `<p style="translate:-9999px">SECRET</p>VISIBLE`},
	{"old filter", `<p style="filter:alpha(opacity=0)">SECRET</p>VISIBLE`},
	{"hue", `<p style="color:hsl(0,0%,100%)">SECRET</p>VISIBLE`},
	{"hue without alpha", `<p style="color:hsla(0,0%,0%,0)">SECRET</p>VISIBLE`},
	{"name on its number", `<p style="color:navy;background:#000080">SECRET</p>VISIBLE`},
	{"text fill before the colour", `<p style="-webkit-text-fill-color:transparent;color:#000">SECRET</p>VISIBLE`},
	{"link in the parent's white", `<div style="color:#fff"><a href="https://example.com/" style="color:inherit">SECRET</a></div>VISIBLE`},
	{"hidden as the parent", `<div style="visibility:hidden"><p style="visibility:inherit">SECRET</p></div>VISIBLE`},
	{"black on black", `<p style="background:#000">SECRET</p>VISIBLE`},
	{"the page's text colour", `<body text="#ffffff"><p>SECRET</p><b style="color:red">VISIBLE`},
	{"rule behind the end of a comment mark", "<style>p{color:red}\n--> .h{display:none}</style><p class=h>SECRET</p>VISIBLE"},
	{"brace in a string", `<style>.h{content:"}";display:none}</style><p class=h>SECRET</p>VISIBLE`},
	{"brace in a string before", `<style>.x{content:"}";} .h{display:none}</style><p class=h>SECRET</p>VISIBLE`},
	{"comment in a string", `<style>.x{content:"/*"} .h{display:none}</style><p class=h>SECRET</p>VISIBLE`},
	{"comment in an inline string", `<p style="content:'/*';display:none">SECRET</p>VISIBLE`},
	{"comment in an address", `<p style="background:url(/*);display:none">SECRET</p>VISIBLE`},
	{"string that ends with its line", "<style>.x{content:\"\n} .h{display:none}</style><p class=h>SECRET</p>VISIBLE"},
	{"layer", `<style>@layer a{.h{display:none}}</style><p class=h>SECRET</p>VISIBLE`},
	{"any width", `<style>@media (min-width:1px){.h{display:none}}</style><p class=h>SECRET</p>VISIBLE`},
	{"any screen width", `<style>@media print, screen and (min-width:0){.h{display:none}}</style><p class=h>SECRET</p>VISIBLE`},
	{"not print", `<style>@media not print{.h{display:none}}</style><p class=h>SECRET</p>VISIBLE`},
	{"below the root", `<style>:root .h{display:none}</style><p class=h>SECRET</p>VISIBLE`},
	{"below a body not written", `<style>body .h{display:none}</style><p class=h>SECRET</p>VISIBLE`},
	{"escaped selector", `<style>.\68 {display:none}</style><p class=h>SECRET</p>VISIBLE`},
	{"faint within faint", `<div style="opacity:.2"><div style="opacity:20%">SECRET</div></div>VISIBLE`},
	{"class by its attribute", `<style>p[class="h"]{display:none}</style><p class=h>SECRET</p>VISIBLE`},
	{"class among others by its attribute", `<style>[class~=h]{display:none}</style><p class="g h">SECRET</p>VISIBLE`},
	{"id by its attribute", `<style>[ID='h']{display:none}</style><p id=h>SECRET</p>VISIBLE`},
	{"popover", `<div popover>SECRET</div>VISIBLE`},
	{"canvas", `<canvas>SECRET</canvas>VISIBLE`},
	{"audio", `<audio>SECRET</audio>VISIBLE`},
	{"meter", `<meter>SECRET</meter>VISIBLE`},
	{"progress", `<progress>SECRET</progress>VISIBLE`},
	{"annotation of a formula", `<math><mi>x</mi><annotation encoding="x">SECRET</annotation></math>VISIBLE`},
	{"structured annotation", `<math><annotation-xml>SECRET</annotation-xml></math>VISIBLE`},
	{"white drawing", `<svg><text fill="white">SECRET</text></svg>VISIBLE`},
	{"drawing without fill", `<svg><text fill="none">SECRET</text></svg>VISIBLE`},
	{"faint drawing", `<svg><text opacity="0">SECRET</text></svg>VISIBLE`},
	{"drawing not displayed", `<svg><g display="none"><text>SECRET</text></g></svg>VISIBLE`},
	{"drawing of no size", `<svg width=0 height=0><text>SECRET</text></svg>VISIBLE`},
	{"symbol", `<svg><symbol><text>SECRET</text></symbol></svg>VISIBLE`},
	{"text of an image of no size", `<img src="cid:x" alt="SECRET" width=1 height=1>VISIBLE`},
	{"no height at most", `<p style="max-height:0;overflow-y:hidden">SECRET</p>VISIBLE`},
	{"lines without height", `<p style="line-height:0;overflow:hidden">SECRET</p>VISIBLE`},
	{"lines without height around", `<div style="overflow:hidden;line-height:0px"><b>SECRET</b></div>VISIBLE`},
	{"lines without height in a shorthand", `<p style="font:16px/0 a;overflow:hidden">SECRET</p>VISIBLE`},
	{"two pixels", `<p style="font-size:2px">SECRET</p>VISIBLE`},
	{"a tenth of the size", `<p style="font-size:0.1em">SECRET</p>VISIBLE`},
	{"zoomed away", `<p style="zoom:0">SECRET</p>VISIBLE`},
	{"indented out of its box", `<p style="text-indent:100%;white-space:nowrap;overflow:hidden">SECRET</p>VISIBLE`},
	{"white by its lightness", `<p style="color:lab(100 0 0)">SECRET</p>VISIBLE`},
	{"white in the newest notation", `<p style="color:oklch(100% 0 0)">SECRET</p>VISIBLE`},
	{"narrower than the widest", `<style>@media (max-width:9999px){.h{display:none}}</style><p class=h>SECRET</p>VISIBLE`},
	{"colour of the text around", `<div style="color:#fff"><p style="color:currentColor">SECRET</p></div>VISIBLE`},
	{"attribute of any value", `<style>[data-x]{display:none}</style><p data-x>SECRET</p>VISIBLE`},
	{"attribute of a value", `<style>p[data-x="a b"]{display:none}</style><p data-x="A B">SECRET</p>VISIBLE`},
	{"attribute that holds", `<style>p[style*="color: red"]{display:none}</style><p style="color: red">SECRET</p>VISIBLE`},
	{"attribute that begins so", `<style>[class^='hi']{display:none}</style><p class=hid>SECRET</p>VISIBLE`},
	{"attribute that ends so", `<style>[lang$=x i]{display:none}</style><p lang=enx>SECRET</p>VISIBLE`},
	{"attribute above", `<style>[data-x] p{display:none}</style><div data-x><p>SECRET</p></div>VISIBLE`},
	{"not of a class", `<style>p:not(.v){display:none}</style><p>SECRET</p><p class=v>VISIBLE`},
	{"not of a class, of a list", `<style>b, .h:not(.v), i{display:none}</style><p class=h>SECRET</p><p class="h v">VISIBLE`},
	{"field", `<div hidden><input value="SECRET"></div>VISIBLE`},
	{"put before an element", `<style>.x::before{content:"SECRET words that only a style sheet says"}</style><p class=x>VISIBLE`},
	{"three pixels", `<p style="font-size:3px">SECRET</p>VISIBLE`},
	{"just off the screen", `<p style="position:absolute;left:-600px">SECRET</p>VISIBLE`},
	{"smaller, many times", strings.Repeat(`<div style="font-size:smaller">`, 12) + `SECRET` + strings.Repeat(`</div>`, 12) + `VISIBLE`},
	{"a colour that is hardly there", `<p style="color:#0000000a">SECRET</p>VISIBLE`},
	{"escaped sign in a class", `<style>.sm\:hidden{display:none}</style><p class="sm:hidden">SECRET</p>VISIBLE`},
	{"sign escaped by its number", `<style>.a\2f b{display:none}</style><p class="A/b">SECRET</p>VISIBLE`},
	{"sign escaped in an id", `<style>p#a\.b{display:none}</style><p id="a.b">SECRET</p>VISIBLE`},
	{"rule in a rule", `<style>div{color:red;.h{display:none}}</style><div><p class=h>SECRET</p></div>VISIBLE`},
	{"rule in a rule, then more", `<style>div{.h{color:red} display:none; b{color:red}}</style><div><p class=h>SECRET</p></div>VISIBLE`},
	{"rule in a rule for the same", `<style>.a,.b{&.h{display:none}}</style><p class="b h">SECRET</p><p class=b>VISIBLE`},
	{"rule in a rule in a rule", `<style>div{& p{> .h{display:none}}}</style><div><p><b class=h>SECRET</b></div>VISIBLE`},
	{"screens in a rule", `<style>.h{@media screen{display:none}}</style><p class=h>SECRET</p>VISIBLE`},
	{"either of one", `<style>p:is(.h){display:none}</style><p class=h>SECRET</p>VISIBLE`},
	{"wherever", `<style>:where(div) .h{display:none}</style><div><p class=h>SECRET</p></div>VISIBLE`},
	{"smaller and smaller", `<div style="font-size:.4em"><div style="font-size:40%"><p style="font-size:.4em">SECRET</p></div></div>VISIBLE`},
	{"text of an image of no width", `<img src="cid:x" alt="SECRET" style="width:0">VISIBLE`},
}

func TestFromHTMLHidesMore(t *testing.T) {
	for _, tt := range moreCarriers {
		t.Run(tt.name, func(t *testing.T) {
			got, dropped, _ := mailtext.FromHTML(tt.src, mailtext.Options{})
			if strings.Contains(got, "SECRET") || !strings.Contains(got, "VISIBLE") {
				t.Errorf("FromHTML(%q) = %q", tt.src, got)
			}
			if dropped.Hidden != 1 {
				t.Errorf("FromHTML(%q) counts %d hidden passages", tt.src, dropped.Hidden)
			}
		})
	}
}

func TestFromHTMLShowsMore(t *testing.T) {
	tests := []struct{ name, src string }{
		{"lines without height and nothing cut", `<p style="line-height:0">SHOWN`},
		{"line height of its own", `<div style="line-height:0;overflow:hidden"><p style="line-height:1.4">SHOWN</div>`},
		{"line height in a shorthand of its own", `<div style="line-height:0;overflow:hidden"><p style="font:14px/20px a">SHOWN</div>`},
		{"picture in lines without height", `<div style="line-height:0;overflow:hidden"><img alt="SHOWN" src="cid:x"></div>`},
		{"attribute of another value", `<style>p[data-x=a],p[data-x^=b],p[data-x$=b],p[data-x*=b],p[data-x~=b],p[data-x|=b],[x=""]{display:none}</style><p data-x="c d">SHOWN`},
		{"a class that is not to be", `<style>p:not(.h){display:none}</style><p class=h>SHOWN`},
		{"escaped sign in another class", `<style>.sm\:h{display:none}</style><p class="sm h">SHOWN`},
		{"screens in a rule, not these", `<style>.h{@media print{display:none}}</style><p class=h>SHOWN`},
		{"rule in a rule for others", `<style>div{.h{display:none}}</style><p class=h>SHOWN`},
		{"four pixels", `<p style="font-size:4px">SHOWN`},
		{"smaller twice", `<small style="font-size:smaller"><small style="font-size:smaller">SHOWN`},
		{"moved by less than a screen", `<p style="position:absolute;left:-400px">SHOWN`},
		{"a small part of a large size", `<div style="font-size:100px"><p style="font-size:.1em">SHOWN</div>`},
		{"smaller and larger", `<div style="font-size:.3em"><p style="font-size:300%">SHOWN</div>`},
		{"size of its own in nothing", `<div style="font-size:0"><p style="font-size:1rem">SHOWN</div>`},
		{"named size in nothing", `<div style="font-size:0"><p style="font-size:x-small">SHOWN</div>`},
		{"small print", `<p style="font-size:6px">SHOWN`},
		{"small indent", `<p style="text-indent:10%;overflow:hidden">SHOWN`},
		{"empty style in a drawing", `<svg><style/></svg><p>SHOWN`},
		{"empty title in a drawing", `<svg><title/></svg><p>SHOWN`},
		{"empty script in a drawing", `<svg><script/></svg><p>SHOWN`},
		{"indent taken back", `<p style="text-indent:-9999px;text-indent:0">SHOWN`},
		{"margin taken back", `<p style="margin:-9999px;margin:0">SHOWN`},
		{"place taken back", `<p style="position:absolute;left:-9999px;left:0">SHOWN`},
		{"filter taken back", `<p style="filter:opacity(0);filter:none">SHOWN`},
		{"transform taken back", `<p style="transform:scale(0);transform:none">SHOWN`},
		{"content taken back", `<p style="content-visibility:hidden;content-visibility:visible">SHOWN`},
		{"clip path taken back", `<p style="clip-path:circle(0);clip-path:none">SHOWN`},
		{"background taken back", `<p style="background:#000;background:none;color:#111">SHOWN`},
		{"display for tables", `<p style="display:none;display:table-cell">SHOWN`},
		{"display of two words", `<p style="display:none;display:inline flow-root">SHOWN`},
		{"mirrored", `<p style="transform:scale(-1)">SHOWN`},
		{"centred", `<p style="position:absolute;left:50%;transform:translate(-50%,-50%)">SHOWN`},
		{"white page text on black", `<body bgcolor=black text=white><p>SHOWN`},
		{"nothing said on dark blue", `<p style="background:#000080">SHOWN`},
		{"black where a rule was not understood", `<style>.h:not(.x){color:#fff}</style><p class=h style="background:#000">SHOWN`},
		{"half within half", `<div style="opacity:.5"><div style="opacity:.5">SHOWN</div></div>`},
		{"opacity taken back", `<p style="opacity:.01;opacity:1">SHOWN`},
		{"another attribute", `<style>p[class^=h],p[lang=h]{display:none}</style><p class=x>SHOWN`},
		{"video for others", `<video>SHOWN</video>`},
		{"width for wide screens", `<style>@media (min-width:480px){.h{display:none}}</style><p class=h>SHOWN`},
		{"two conditions", `<style>@media screen and (min-width:0) and (max-width:480px){.h{display:none}}</style><p class=h>SHOWN`},
		{"rule for one program", `<style>@supports (-ms-ime-align:auto){.h{display:none}}</style><p class=h>SHOWN`},
		{"quote in a comment", `<style>/* it's */ .s{display:block} /* that's */</style><p class=s hidden>SHOWN`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _, _ := mailtext.FromHTML(tt.src, mailtext.Options{}); !strings.Contains(got, "SHOWN") {
				t.Errorf("FromHTML(%q) = %q", tt.src, got)
			}
		})
	}
}

func TestBodyYieldsToThePage(t *testing.T) {
	page := "<p>" + strings.Repeat("The mill has more oak boards again. ", 5) + "</p>"
	for _, plain := range []string{
		"View this email in your browser", "Read it in your browser: https://example.com/1", "42. Read it in your web browser",
		"Open this message in a browser.", "See the web version", "If you cannot see this, open it online: https://example.com/1",
	} {
		t.Run(plain, func(t *testing.T) {
			if got := mailtext.Body(plain, page, mailtext.Options{}).Text; !strings.Contains(got, "oak boards") {
				t.Errorf("Body shows %q", got)
			}
		})
	}
	plain := strings.Repeat("The mill has more oak boards again, all of them dry. ", 5) + "\nRead it in your browser"
	if got := mailtext.Body(plain, page, mailtext.Options{}).Text; !strings.HasSuffix(got, "browser") {
		t.Errorf("a whole text yields to the page: %q", got)
	}
}

func TestStyleSheetsTakeLinearTime(t *testing.T) {
	for name, unit := range map[string]string{
		"addresses": "url(", "comments": "/*", "ended comments": "/**/", "strings": `"`, "broken strings": "\"\n", "blocks": ".a{", "ends": "}",
		"media": "@media print{", "conditions": "@media (min-width:0) and ", "escapes": `\`, "selectors": "a b>",
	} {
		t.Run(name, func(t *testing.T) {
			css := strings.Repeat(unit, (2<<20)/len(unit))
			start := time.Now()
			mailtext.FromHTML("<style>"+css+"</style><p style='"+strings.ReplaceAll(css, "'", "")+"'>x", mailtext.Options{})
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("2 MB of %q took %v", unit, took)
			}
		})
	}
}

// FuzzCSS reads arbitrary rules and declarations. A rule of the highest weight in a block of its own hides whatever
// they say, unless they outweigh it with an id or the word important.
func FuzzCSS(f *testing.F) {
	for _, c := range moreCarriers {
		css, _, _ := strings.Cut(strings.TrimPrefix(c.src, "<style>"), "</style>")
		f.Add(css, "display:none")
	}
	for _, css := range []string{"a[href^=x]{color:#fff}", ".h:not(.x)::before{content:'\\201C'}", "@media screen and (min-width:0){.h{opacity:.01}}", "/*", "@import 'x';", "a{b:url(x"} {
		f.Add(css, "font:0/0 a;color:hsl(0 0% 100%);inset:1px;clip-path:polygon(0 0)")
	}
	f.Fuzz(func(t *testing.T, css, style string) {
		lower := strings.ToLower(css + style)
		if strings.Contains(lower, "</style") || strings.Contains(lower, "script") {
			return
		}
		style = strings.NewReplacer("&", "&amp;", `"`, "&quot;").Replace(style)
		page := "<style>" + css + "</style><p class=h id=i style=\"" + style + "\">words</p>"
		got, d, truncated := mailtext.FromHTML(page, mailtext.Options{})
		if len(got) > 200 || truncated && strings.Count(css, "{") < 2 || d.Hidden < 0 { // rules in rules have bounds
			t.Fatalf("%q, %+v, %v", got, d, truncated)
		}
		if strings.ContainsAny(lower, "!\\#[&") {
			return
		}
		got, _, _ = mailtext.FromHTML(page+"<style>.m{display:none!important}</style><p class=m>MARKER</p>", mailtext.Options{})
		if strings.Contains(got, "MARKER") {
			t.Fatalf("rules %q undo what a rule of more weight hides", css)
		}
	})
}
