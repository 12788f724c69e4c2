package mailtext_test

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/mailtext"
)

// iconLinks are small linked pictures.
func iconLinks(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString(`<a href="https://` + strings.ToLower(name) + `.example.org/"><img width=24 height=24 src="https://x.example/` + name + `.png" alt="` + name + `"></a> `)
	}
	return b.String()
}

func TestFromHTMLLayout(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"headings", `<h1>One</h1><h2>Two <i>and</i></h2>text<h6>Six</h6>`, "# One\n\n## Two and\n\ntext\n\n###### Six"},
		{"breaks", `a<br>b<br><br><br>c<hr>d`, "a\nb\n\nc\n\nd"},
		{"list", `<ul><li>a<li>b<ul><li>c</ul><li>d</ul>x`, "- a\n- b\n  - c\n- d\n\nx"},
		{"ordered list from five", `<ol start=5><li>a<li>b</ol>`, "5. a\n6. b"},
		{"ordered list with a leap", `<ol><li>a<li value=9>b<li>c</ol>`, "1. a\n9. b\n10. c"},
		{"ordered list with a wrong start", `<ol start=x><li value=-1>a</ol>`, "1. a"},
		{"list with letters", `<ol type=a start=26><li>x<li>y</ol><ol type=A><li>x</ol>`, "z. x\naa. y\n\nA. x"},
		{"list with Roman numerals", `<ol type=i start=3><li>x<li>y</ol><ol style="list-style:upper-roman inside"><li value=1994>x<li value=5000>y</ol>`, "iii. x\niv. y\n\nMCMXCIV. x\n5000. y"},
		{"list with letters by rule", `<style>.l{list-style-type:lower-latin}</style><ol class=l><li>x<ol><li>y</ol></ol>`, "a. x\n  1. y"},
		{"list with numbers after all", `<ol type=a style="list-style-type:decimal"><li>x<li value=0>y</ol><ol type=a><li value=0>z</ol>`, "1. x\n0. y\n\n0. z"},
		{"lists in lists", `<ol><li>a<ul><li>b<ol><li>c</ol></ul><li>d</ol>`, "1. a\n  - b\n    1. c\n2. d"},
		{"definitions", `<dl><dt>T<dd>D<dt>U<dd>E</dl>`, "T\nD\nU\nE"},
		{"preformatted", "<pre>  a\n\tb   c</pre>d", "  a\n\tb   c\n\nd"},
		{"quote", `<blockquote><p>a<p>b<blockquote>c</blockquote></blockquote>d`, "> a\n>\n> b\n>\n> > c\n\nd"},
		{"table", `<table border=1><tr><th>A<th>B<tr><td>1<td>2</table>`, "A | B\n1 | 2"},
		{"empty cells of data", `<table border=1><tr><th>A<th>B<th>C<tr><td><td>2<td>3<tr><td>1<td><td>3</table>`, "A | B | C\n| 2 | 3\n1 | | 3"},
		{"cells over columns", `<table border=1><tr><th>A<th>B<th>C<tr><td colspan=2>wide<td>3<tr><td colspan=3>all</table>`, "A | B | C\nwide | | 3\nall"},
		{"a cell over far too many columns", `<table border=1><tr><td colspan=1000000>a<td>b</table>`, "a | | | | | | | | | | | | | | | | | | | | b"},
		{"cells over rows", `<table border=1><tr><th>Day<th>Time<th>What<tr><td rowspan=2>Mon<td>9<td>A<tr><td>10<td>B<tr><td>Tue<td rowspan=2>11<td>C<tr><td>Wed<td>D</table>`,
			"Day | Time | What\nMon | 9 | A\n| 10 | B\nTue | 11 | C\nWed | | D"},
		{"a cell over rows and columns", `<table border=1><tr><td colspan=2 rowspan=2>a<td>b<tr><td>c<tr><td>d<td>e<td>f</table>`, "a | | b\n| | c\nd | e | f"},
		{"cells over rows of a layout", `<table><tr><td rowspan=2>a<td>b<tr><td>c</table>`, "a | b\nc"},
		{"a cell over far too many rows and columns", `<table border=1><tr><td rowspan=99999999 colspan=99999999>a<tr><td>b<tr><td>c</table>`, "a\n| | | | | | | | | | | | | | | | | | | b\n| | | | | | | | | | | | | | | | | | | c"},
		{"table of one column", `<table><tr><td>a<tr><td>b</table>`, "a\nb"},
		{"one cell around all", `<table><tr><td><table><tr><td>a</td></tr></table></td></tr><tr><td>b</td></tr></table>`, "a\nb"},
		{"room between the cells of a layout", `<table><tr><td>Total<td width=8>&nbsp;<td>5.00</table>`, "Total | 5.00"},
		{"table that arranges", `<table role=presentation><tr><td>a<td><td>b</table>`, "a | b"},
		{"table in a cell of data", `<table border=1><tr><td>a<td><table border=1><tr><td>x<td>y<tr><td>z<td>w</table></table>`, "a\nx | y\nz | w"},
		{"caption", `<table border=1><caption>Prices</caption><tr><td>a<td>b</table>`, "Prices\na | b"},
		{"button", `<button>Press</button> <input type=submit value="Send it"><input type=reset value=Clear>`, "Press Send it Clear"},
		{"fields", `Name <input value="Ann"> Town <input placeholder="where you live">`, "Name Ann Town where you live"},
		{"boxes", `<input type=checkbox checked>Yes <input type=radio>No`, "[x] Yes [ ] No"},
		{"fields that show nothing", `<input type=hidden value=a><input type=password value=b><input>x`, "x"},
		{"choices", `<select><option>One<option selected>Two</select>`, "One\nTwo"},
		{"text area", "<textarea>a\n b</textarea>", "a\n b"},
		{"details", `<details><summary>Sum</summary>Inside</details>`, "Sum\nInside"},
		{"images", `<img alt="Ann at work" src="cid:a"> <img src="cid:b"> <img alt="" src="cid:c">`, "[image: Ann at work]"},
		{"an image's text is one line", `<img alt="a&#10;b  c" src="cid:a">`, "[image: a b c]"},
		{"links", `<a href="https://a.example.org/">a</a> <a href="https://b.example.org/">b</a> <a href="https://a.example.org/">c</a>`,
			"a [1] b [2] c [1]\n\n[1] https://a.example.org/\n[2] https://b.example.org/"},
		{"links without text", `x<a href="https://a.example.org/"></a><a href="https://b.example.org/"> &nbsp;</a><a href="https://c.example.org/"><img src="cid:a"></a>y`, "x y"},
		{"row of signs", `<p>Bye</p>` + iconLinks("Facebook", "Instagram", "X", "YouTube") + `<p><a href="https://e.example.org/">Leave</a></p>`, "Bye\n\nLeave [1]\n\n[1] https://e.example.org/"},
		{"row of signs in a table", `<table><tr><td>Bye</td></tr><tr><td>` + iconLinks("Facebook", "LinkedIn") + `</td><td>` + iconLinks("RSS") + `</td></tr><tr><td>x<td>y</table>`, "Bye\nx | y"},
		{"two signs", iconLinks("X", "Blog"), "[image: X] [1] [image: Blog] [2]\n\n[1] https://x.example.org/\n[2] https://blog.example.org/"},
		{"faces to rate by", iconLinks("Bad", "Fair", "Great"),
			"[image: Bad] [1] [image: Fair] [2] [image: Great] [3]\n\n[1] https://bad.example.org/\n[2] https://fair.example.org/\n[3] https://great.example.org/"},
		{"signs with words between", iconLinks("X") + `one ` + iconLinks("RSS") + `two ` + iconLinks("Blog") + `three`,
			"[image: X] [1] one [image: RSS] [2] two [image: Blog] [3] three\n\n[1] https://x.example.org/\n[2] https://rss.example.org/\n[3] https://blog.example.org/"},
		{"fonts of signs", `<p class=MsoListParagraph><span style="font-family:Symbol">&#xF0B7;</span>&nbsp;&nbsp;item`, "• item"},
		{"reading aids", `<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>`, "漢(kan)"},
		{"formula", `<math><mi>x</mi><mo>=</mo><mn>1</mn></math>`, "x=1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, _, _ := mailtext.FromHTML(tt.src, mailtext.Options{}); got != tt.want {
				t.Errorf("FromHTML(%q)\n got %q\nwant %q", tt.src, got, tt.want)
			}
		})
	}
}
