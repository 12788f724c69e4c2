package doctext_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/doctext"
)

// manyLinks are relations of links, each with an id of its own.
func manyLinks(n int) (triples []string) {
	for i := range n {
		triples = append(triples, fmt.Sprint("rId", i), "hyperlink", "https://example.org")
	}
	return triples
}

// TestSeen: what a person sees is there, in this order, and what nobody sees is not.
func TestSeen(t *testing.T) {
	vanish := `<w:vanish/>`
	box := func(text string) string {
		return `<w:pict><v:shape xmlns:v="v"><v:textbox><w:txbxContent>` + p("", text) + `</w:txbxContent></v:textbox></v:shape></w:pict>`
	}
	sheetOf := func(rows string) []byte {
		return workbook(t, `<sheetData>`+rows+`</sheetData>`)
	}
	table := func(rows string) string { return `<office:text><table:table>` + rows + `</table:table></office:text>` }
	odtRow := func(cells ...string) string {
		return `<table:table-row><table:table-cell>` + strings.Join(cells, `</table:table-cell><table:table-cell>`) + `</table:table-cell></table:table-row>`
	}
	for _, tt := range []struct {
		name, kind string
		data       []byte
		want       string // "…" stands for anything
		note       string
		hidden     int
	}{
		{"docx: a hidden run goes on behind a text box", "docx", docx(t, `<w:p><w:r><w:rPr>`+vanish+`</w:rPr>`+box("boxed")+`<w:t>SECRET</w:t></w:r><w:r><w:t>seen</w:t></w:r></w:p>`), "seen", "", 1},
		{"docx: a visible run goes on behind a hidden one in a box", "docx", docx(t, `<w:p><w:r>`+`<w:pict><v:textbox xmlns:v="v"><w:txbxContent><w:p>`+run(vanish, "SECRET")+`</w:p></w:txbxContent></v:textbox></w:pict>`+`<w:t>seen</w:t></w:r></w:p>`), "seen", "", 1},
		{"docx: the alternative text of a hidden picture", "docx", docx(t, `<w:p><w:r><w:rPr>`+vanish+`</w:rPr><w:drawing><wp:docPr xmlns:wp="wp" descr="SECRET"/></w:drawing></w:r><w:r><w:t>seen</w:t></w:r></w:p>`), "seen", "", 1},
		{"docx: a note that a hidden sign refers to", "docx", docx(t, `<w:p><w:r><w:rPr>`+vanish+`</w:rPr><w:footnoteReference w:id="1"/></w:r><w:r><w:t>seen</w:t></w:r></w:p>`,
			"word/_rels/document.xml.rels", rels(transitional, "rId1", "footnotes", "footnotes.xml"),
			"word/footnotes.xml", `<w:footnotes `+wordNS+`><w:footnote w:id="1">`+p("", "SECRET")+`</w:footnote></w:footnotes>`), "seen", "", 1},
		{"docx: a chart is said to be there", "docx", docx(t, `<w:p><w:r><w:drawing><c:chart xmlns:c="c"/></w:drawing><w:t>seen</w:t></w:r></w:p>`), "seen", "1 embedded object left out", 0},
		{"docx: a long header says that it is cut", "docx", docx(t, p("", "seen"),
			"word/_rels/document.xml.rels", rels(transitional, "rId1", "header", "header1.xml"),
			"word/header1.xml", `<w:hdr `+wordNS+`>`+strings.Repeat(p("", strings.Repeat("x", 999)), 4)+`</w:hdr>`), "seen\n[page header] xx…", "page headers and footers", 0},
		{"docx: styles behind thousands of links", "docx", docx(t, p(`<w:pStyle w:val="berschrift1"/>`, "seen"),
			"word/_rels/document.xml.rels", rels(transitional, append(manyLinks(5001), "rIdS", "styles", "styles.xml")...),
			"word/styles.xml", wordStyles), "# seen", "", 0},
		{"docx: white by a style", "docx", docx(t, `<w:p><w:r><w:rPr><w:rStyle w:val="W"/></w:rPr><w:t>SECRET</w:t></w:r></w:p>`+p(`<w:pStyle w:val="V"/>`, "SECRET")+p("", "seen"),
			"word/_rels/document.xml.rels", rels(transitional, "rId1", "styles", "styles.xml"),
			"word/styles.xml", `<w:styles `+wordNS+`><w:style w:type="character" w:styleId="W"><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="V"><w:rPr><w:color w:val="FEFEFE"/></w:rPr></w:style></w:styles>`), "seen", "", 1},
		{"xlsx: a row without height", "xlsx", sheetOf(`<row r="1" ht="0" customHeight="1"><c r="A1" t="str"><v>SECRET</v></c></row><row r="2"><c r="A2" t="str"><v>seen</v></c></row>`), "…seen", "1 hidden row left out", 1},
		{"xlsx: a formula without a result", "xlsx", sheetOf(`<row r="1"><c r="A1" t="str"><v>seen</v></c><c r="B1"><f>SUM(A1:A9)</f><v></v></c><c r="C1"><f>1+1</f></c></row>`), "…seen", "2 formulas without a stored result", 0},
		{"pptx: a hidden group", "pptx", deck(t, "ppt/slides/slide1.xml", slide(`<p:grpSp><p:nvGrpSpPr><p:cNvPr id="7" name="g" hidden="1"/></p:nvGrpSpPr>`+shape("", "", "SECRET")+`<p:grpSp>`+shape("", "", "SECRET below")+`</p:grpSp>`+shape("", "", "SECRET too")+`</p:grpSp>`+shape("", "", "seen")),
			"ppt/slides/slide2.xml", slide(shape("", "", "end"))), "…Slide 1\nseen\n…end", "", 3},
		{"pptx: a group beside the slide", "pptx", deck(t, "ppt/slides/slide1.xml", slide(`<p:grpSp><p:grpSpPr><a:xfrm><a:off x="13000000" y="0"/><a:ext cx="9" cy="9"/><a:chOff x="0" y="0"/><a:chExt cx="9" cy="9"/></a:xfrm></p:grpSpPr>`+shape("", "", "SECRET")+`</p:grpSp>`+shape("", "", "seen")),
			"ppt/slides/slide2.xml", slide(shape("", "", "end"))), "…Slide 1\nseen\n…end", "", 1},
		{"odt: a table in a cell", "odt", openDocument(t, "text", "", table(odtRow(`<text:p>A</text:p>`, `<text:p>B</text:p><table:table>`+odtRow(`<text:p>inner</text:p>`, `<text:p>too</text:p>`)+`</table:table>`, `<text:p>C</text:p>`))), "A | B inner too | C", "", 0},
		{"odt: a hidden section", "odt", openDocument(t, "text", "", `<office:text><text:section text:display="none"><text:p>SECRET</text:p></text:section><text:section text:display="condition" text:is-hidden="true"><text:p>SECRET</text:p></text:section><text:p>seen</text:p></office:text>`), "seen", "", 2},
		{"odt: tiny text", "odt", openDocument(t, "text", `<style:style style:name="T1" style:family="text"><style:text-properties fo:font-size="1pt"/></style:style><style:style style:name="T2" style:family="text"><style:text-properties fo:font-size="80%"/></style:style>`, `<office:text><text:p><text:span text:style-name="T1">SECRET</text:span><text:span text:style-name="T2">seen</text:span></text:p></office:text>`), "seen", "", 1},
		{"odt: a white paragraph", "odt", openDocument(t, "text", `<style:style style:name="P1" style:family="paragraph"><style:text-properties fo:color="#ffffff"/></style:style><style:style style:name="P2" style:family="paragraph"><style:paragraph-properties fo:background-color="#000000"/><style:text-properties fo:color="#ffffff"/></style:style>`,
			`<office:text><text:p text:style-name="P1">SECRET</text:p><text:p text:style-name="P2">white on black</text:p><table:table>`+odtRow(`<text:p text:style-name="P1">in a cell</text:p>`)+`</table:table></office:text>`), "white on black\nin a cell", "", 1},
		{"ods: a hidden column", "ods", openDocument(t, "spreadsheet", "", `<office:spreadsheet><table:table table:name="One"><table:table-column/><table:table-column table:visibility="collapse" table:number-columns-repeated="2"/><table:table-column/>`+odtRow(`<text:p>a</text:p>`, `<text:p>SECRET</text:p>`, `<text:p>SECRET</text:p>`, `<text:p>d</text:p>`)+`</table:table></office:spreadsheet>`), "# Sheet: One\na,,,d", "hidden column", 2},
		{"ods: a comment on a cell", "ods", openDocument(t, "spreadsheet", "", `<office:spreadsheet><table:table table:name="One">`+odtRow(`<office:annotation><text:p>Check</text:p></office:annotation><text:p>42</text:p>`)+`</table:table></office:spreadsheet>`), "# Sheet: One\n[comment: Check] 42", "", 0},
		{"rtf: text in two alphabets", "rtf", []byte(`{\rtf1 {\upr{old}{\*\ud{n\u233 ew}}}{\*\unknown {\upr{SECRET}{\*\ud SECRET}}}!\par}`), "néw!", "", 0},
		{"message: an invitation", "message", []byte("From: a@example.org\r\nSubject: s\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n" +
			"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:lunch\r\nDTSTART:20260601T120000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n"), "From: a@example.org\nSubject: s\n\nhello\n\nInvitation\nEvent: lunch\nWhen: Mon 2026-06-01 12:00 (+00:00)\n…", "", 0},
		{"rtf: more characters to leave out than there can be", "rtf", []byte(`{\rtf1\uc99999\u228 0123456789abcdefseen\par}`), "äseen", "", 0},
		{"rtf: the properties of a shape", "rtf", []byte(`{\rtf1 a{\shp{\*\shpinst{\sp{\sn shapeType}{\sv 202}}{\shptxt boxed}}}\par}`), "a  boxed", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := doctext.Read(t.Context(), bytes.NewReader(tt.data), tt.kind, "", nil, doctext.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			rest, ok := doc.Text, true
			for i, piece := range strings.Split(tt.want, "…") {
				at := strings.Index(rest, piece)
				if ok = ok && at >= 0 && (i > 0 || at == 0); ok {
					rest = rest[at+len(piece):]
				}
			}
			if !ok || !strings.HasSuffix(tt.want, "…") && rest != "" || strings.Contains(doc.Text, "SECRET") {
				t.Errorf("got %.300q, want %q", doc.Text, tt.want)
			}
			if notes := strings.Join(doc.Notes, "\n"); !strings.Contains(notes, tt.note) || doc.Dropped.Hidden != tt.hidden {
				t.Errorf("notes %q, %d hidden; want %q, %d", notes, doc.Dropped.Hidden, tt.note, tt.hidden)
			}
		})
	}
}
