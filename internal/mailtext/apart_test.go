package mailtext_test

import (
	"testing"

	"github.com/postern-mail/postern/internal/mailtext"
)

// TestFromHTMLKeepsApart has what a page shows apart, or raised, and what would be another word or number in one piece.
func TestFromHTMLKeepsApart(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"price with raised cents", `$19<sup>99</sup>`, "$19^99"},
		{"cents raised by style", `$19<span style="vertical-align:super">99</span>`, "$19^99"},
		{"raised by an element that style moves", `$19<sup style="vertical-align:baseline;top:-.5em;position:relative">99</sup>`, "$19^99"},
		{"powers", `10<sup>6</sup> (a+b)<sup>2</sup> 10<sup>-6</sup>`, "10^6 (a+b)^2 10^-6"},
		{"mark of a footnote", `in 2024<sup>1</sup>, m<sup>2</sup>`, "in 2024^1, m2"},
		{"ordinals", `1<sup>st</sup>`, "1st"},
		{"lowered", `H<sub>2</sub>O 101<sub>2</sub>`, "H2O 101_2"},
		{"raised at the beginning", `<p>5</p><p><sup>1</sup> note</p><table border=1><tr><td>5<td><sup>1</sup></table>`, "5\n\n1 note\n\n5 | 1"},
		{"raised and empty", `5<sup></sup>6`, "56"},
		{"blocks by style", `<span style="display:block">Room 4</span><span style="display:block">12 Main St</span>x`, "Room 4\n12 Main St\nx"},
		{"blocks by rule", `<style>b{display:block}</style>a<b>c</b>d`, "a\nc\nd"},
		{"block by a rule, not by style", `<style>b{display:block}</style>a<b style="display:inline">c</b>d`, "acd"},
		{"at the right edge", `Qty 2<span style="float:right">15.00</span>`, "Qty 2 15.00"},
		{"not floating after all", `4<span style="float:right;float:none">2</span>`, "42"},
		{"great first letter", `<span style="float:left;font-size:60px">O</span>nce`, "Once"},
		{"parts of a row", `<div style="display:flex"><span>Qty 2</span><span>15.00</span></div>`, "Qty 2 15.00"},
		{"parts of a grid", `<p style="display:grid"><b>2</b><b>15</b></p>`, "2 15"},
		{"parts of parts stay", `<div style="display:flex"><span>4<b>2</b></span></div>`, "42"},
		{"cells by style", `<span style="display:table-cell">2</span><span style="display:table-cell">15</span>`, "2 15"},
		{"boxes with a width", `<span style="display:inline-block;width:90px">2</span>15`, "2 15"},
		{"boxes without", `<span style="display:inline-block">H</span>ello`, "Hello"},
		{"boxes without, of several letters", `Hel<span style="display:inline-block">lo</span> you`, "Hello you"},
		{"a block at the edge", `a<b style="float:right;display:block">bc</b>d`, "a bc d"},
		{"room by padding", `Invoice<span style="padding:0 10px">4711</span>7`, "Invoice 4711 7"},
		{"room by margin", `Invoice<b style="margin-left:1em">4711</b>`, "Invoice 4711"},
		{"no room to speak of", `4<b style="padding:8px 2px">2</b>`, "42"},
		{"room before a stop", `Paid<b style="padding:0 9px">now</b>, (<b style="padding:0 9px">all</b>)`, "Paid now, (all)"},
		{"placed by hand", `<b style="position:absolute;left:0">Total 5</b><b style="position:absolute;right:0">20</b>`, "Total 5 20"},
		{"hidden between", `4<b style="float:left;display:none">x</b>2`, "42"},
		{"blocks in cells", `<table><tr><td><a style="display:block">A</a><td><a style="display:block">B</a></table>`, "A | B"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _, _ := mailtext.FromHTML(tt.src, mailtext.Options{}); got != tt.want {
				t.Errorf("FromHTML(%q)\n got %q\nwant %q", tt.src, got, tt.want)
			}
		})
	}
}

// TestFromHTMLShowsOnPictures has text that is seen although its colour alone would hide it.
func TestFromHTMLShowsOnPictures(t *testing.T) {
	for _, tt := range []struct{ name, src string }{
		{"a picture and a colour below", `<p style="background-image:url(a.jpg);background-color:#fff;color:#fff">seen</p>`},
		{"a colour below, first", `<p style="background-color:#fff;background-image:url(a.jpg);color:#fff">seen</p>`},
		{"a picture by attribute, the colour by style", `<table><tr><td background="a.jpg" style="background-color:#fff;color:#fff">seen</table>`},
		{"a picture by rule", `<style>p{background-image:url(a.jpg)}</style><p style="background-color:white;color:#fff">seen</p>`},
		{"no picture on a colour", `<p style="background-color:#000;background-image:none;color:#fff">seen</p>`},
		{"no picture on a colour, important", `<p style="background:#000;background-image:none!important;color:#fff">seen</p>`},
		{"letters cut from colours", `<p style="background:linear-gradient(red,blue);-webkit-background-clip:text;-webkit-text-fill-color:transparent">seen</p>`},
		{"letters cut from one colour", `<p style="background-color:#123;background-clip:text;color:transparent">seen</p>`},
		{"no height, and nothing cut off", `<div style="max-height:0;position:relative">seen</div>`},
		{"a thin background on a dark one", `<div style="background:#000"><p style="background:rgba(255,255,255,.1);color:#fff">seen</p></div>`},
		{"a thin background in the new notation", `<div style="background:#000"><p style="background:rgb(255 255 255 / 20%) none;color:#fff">seen</p></div>`},
		{"a thin background in hexadecimal", `<div style="background:#000"><p style="background:#ffffff20;color:#fff">seen</p></div>`},
		{"a thin background in short hexadecimal", `<div style="background:#000"><p style="background:#fff2;color:#fff">seen</p></div>`},
		{"a thin background on a picture", `<div style="background:url(a.jpg)"><p style="background:rgba(255,255,255,.1);color:#fff">seen</p></div>`},
		{"a dark veil", `<p style="background:rgba(0,0,0,.6);color:#fff">seen</p>`},
		{"no width, but a least one", `<div style="width:0;min-width:100%;overflow:hidden">seen</div>`},
		{"no height, but a least one", `<div style="max-height:0;min-height:20px;overflow:hidden">seen</div>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, d, _ := mailtext.FromHTML(tt.src, mailtext.Options{}); got != "seen" || d.Hidden > 0 {
				t.Errorf("FromHTML(%q) = %q, %d hidden", tt.src, got, d.Hidden)
			}
		})
	}
	for _, tt := range []struct{ name, src string }{
		{"a picture taken back", `<p style="background:url(a.jpg);background:#fff;color:#fff">SECRET</p>`},
		{"a picture by attribute taken back", `<table><tr><td background="a.jpg" style="background:#fff;color:#fff">SECRET</table>`},
		{"letters cut from nothing", `<p style="background-clip:text;color:transparent">SECRET</p>`},
		{"letters cut from white", `<p style="background:white;background-clip:text;color:transparent">SECRET</p>`},
		{"white on a white veil", `<p style="background:rgba(255,255,255,.5);color:#fff">SECRET</p>`},
		{"dark on a thin white on dark", `<div style="background:#000"><p style="background:rgba(255,255,255,.05);color:#000">SECRET</p></div>`},
		{"black on a nearly full black", `<p style="background:rgba(0,0,0,.97);color:#000">SECRET</p>`},
		{"grey on a veil that makes the same grey", `<p style="background:rgba(0,0,0,.5);color:#7f7f7f">SECRET</p>`},
		{"no width, and no least one", `<p style="width:0;min-width:0;overflow:hidden">SECRET</p>`},
		{"no width, whatever the least height", `<p style="width:0;min-height:20px;overflow:hidden">SECRET</p>`},
		{"letters cut no more", `<p style="background:red;background-clip:text;background-clip:border-box;color:transparent">SECRET</p>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, d, _ := mailtext.FromHTML(tt.src, mailtext.Options{}); got != "" || d.Hidden != 1 {
				t.Errorf("FromHTML(%q) = %q, %d hidden", tt.src, got, d.Hidden)
			}
		})
	}
}
