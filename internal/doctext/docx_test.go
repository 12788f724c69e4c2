package doctext_test

import "testing"

const wordNS = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"`

func wordBody(body string) string {
	return xmlHead + `<w:document ` + wordNS + `><w:body>` + body + `<w:sectPr/></w:body></w:document>`
}

func docx(t testing.TB, body string, more ...string) []byte {
	return pack(t, append([]string{
		"[Content_Types].xml", contentTypes,
		"_rels/.rels", rels(transitional, "rId1", "officeDocument", "word/document.xml"),
		"word/document.xml", wordBody(body),
	}, more...)...)
}

const wordStyles = `<w:styles ` + wordNS + `><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/></w:rPr></w:rPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Standard"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/><w:basedOn w:val="Standard"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Klausel"><w:name w:val="Clause"/><w:basedOn w:val="berschrift1"/></w:style>
<w:style w:type="character" w:styleId="Geheim"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Liste"><w:name w:val="List Number"/><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>
<w:style w:type="table" w:styleId="Raster"><w:name w:val="Grid"/></w:style>
<w:style w:type="table" w:styleId="Dunkel"><w:name w:val="Dark"/><w:tblStylePr w:type="firstRow"><w:tcPr><w:shd w:val="clear" w:fill="1F3864"/></w:tcPr></w:tblStylePr></w:style>
</w:styles>`

const wordNumbering = `<w:numbering ` + wordNS + `>
<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="&#xF0B7;"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="2"><w:lvl w:ilvl="0"><w:start w:val="4"/><w:numFmt w:val="upperRoman"/><w:lvlText w:val="§ %1"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num><w:num w:numId="3"><w:abstractNumId w:val="2"/></w:num>
<w:num w:numId="4"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num></w:numbering>`

func p(props, text string) string {
	if props != "" {
		props = "<w:pPr>" + props + "</w:pPr>"
	}
	return "<w:p>" + props + `<w:r><w:t xml:space="preserve">` + text + "</w:t></w:r></w:p>"
}

func run(props, text string) string {
	return "<w:r><w:rPr>" + props + "</w:rPr><w:t>" + text + "</w:t></w:r>"
}

func li(level, num, text string) string {
	return p(`<w:numPr><w:ilvl w:val="`+level+`"/><w:numId w:val="`+num+`"/></w:numPr>`, text)
}

func wordSamples(t testing.TB) []sample {
	parts := rels(transitional, "rId1", "styles", "styles.xml", "rId2", "numbering", "numbering.xml", "rId3", "footnotes", "footnotes.xml",
		"rId4", "comments", "comments.xml", "rId5", "header", "header1.xml", "rId6", "header", "header2.xml", "rId7", "footer", "footer1.xml",
		"rId8", "hyperlink", "https://example.org/offer", "rId9", "endnotes", "endnotes.xml", "rId10", "vbaProject", "vbaProject.bin")
	common := []string{"word/_rels/document.xml.rels", parts, "word/styles.xml", wordStyles, "word/numbering.xml", wordNumbering}
	with := func(body string, more ...string) []byte {
		return docx(t, body, append(common[:len(common):len(common)], more...)...)
	}
	return []sample{
		{"structure", "docx", with(
			p(`<w:pStyle w:val="berschrift1"/>`, "Offer") + p(`<w:pStyle w:val="Klausel"/>`, "By a style based on it") +
				`<w:p><w:r><w:t>One </w:t></w:r><w:hyperlink r:id="rId8"><w:r><w:t>link</w:t></w:r></w:hyperlink><w:r><w:tab/><w:t>tab</w:t><w:br/><w:t>line&#160;two &amp; more</w:t></w:r></w:p>` +
				li("0", "1", "first") + li("1", "1", "below") + li("1", "1", "below too") + li("0", "1", "second") + li("1", "1", "again") +
				li("0", "2", "bullet") + li("0", "3", "clause") + li("0", "3", "clause") + li("0", "4", "starts again") + p(`<w:pStyle w:val="Liste"/>`, "by style") +
				li("0", "0", "no list") +
				`<w:tbl><w:tblPr><w:tblStyle w:val="Raster"/></w:tblPr><w:tr><w:tc>` + p("", "Item") + `</w:tc><w:tc>` + p("", "Price") + `</w:tc></w:tr>` +
				`<w:tr><w:tc>` + p("", "Pump") + p("", "large") + `</w:tc><w:tc>` + p("", "1,200") + `<w:tbl><w:tr><w:tc>` + p("", "inner") + `</w:tc></w:tr></w:tbl></w:tc></w:tr>` +
				`<w:tr><w:tc><w:p/></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>` +
				`<w:tbl><w:tr><w:tc>` + p("", "A layout of one cell") + p("", "keeps its lines") + `</w:tc></w:tr></w:tbl>`,
		)},
		{"notes", "docx", with(
			`<w:p><w:r><w:t>Paid</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t xml:space="preserve"> late</w:t></w:r><w:r><w:endnoteReference w:id="2"/></w:r><w:commentRangeStart w:id="0"/><w:r><w:commentReference w:id="0"/></w:r></w:p>`,
			"word/footnotes.xml", `<w:footnotes `+wordNS+`><w:footnote w:type="separator" w:id="-1">`+p("", "sep")+`</w:footnote><w:footnote w:id="2"><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t>In cash.</w:t></w:r></w:p></w:footnote></w:footnotes>`,
			"word/endnotes.xml", `<w:endnotes `+wordNS+`><w:endnote w:id="2">`+p("", "See above.")+`</w:endnote></w:endnotes>`,
			"word/comments.xml", `<w:comments `+wordNS+`><w:comment w:id="0" w:author="Ann" w:date="2026-11-01T10:00:00Z">`+p("", "Really?")+p("", "Second paragraph")+`</w:comment><w:comment w:id="9" w:author="Eve">`+p("", "refers to nothing")+`</w:comment></w:comments>`,
			"word/header1.xml", `<w:hdr `+wordNS+`>`+p("", "ACME Ltd")+`</w:hdr>`,
			"word/header2.xml", `<w:hdr `+wordNS+`>`+p("", "ACME Ltd")+`</w:hdr>`,
			"word/footer1.xml", `<w:ftr `+wordNS+`><w:p><w:r><w:t>Page </w:t></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> PAGE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r></w:p></w:ftr>`,
		)},
		{"tracked", "docx", with(
			`<w:p><w:r><w:t xml:space="preserve">The price is </w:t></w:r><w:del w:id="1" w:author="Ann"><w:r><w:delText>100</w:delText></w:r></w:del><w:ins w:id="2" w:author="Ann"><w:r><w:rPr><w:rPrChange><w:rPr><w:vanish/></w:rPr></w:rPrChange></w:rPr><w:t>200</w:t></w:r></w:ins></w:p>` +
				`<w:moveFrom><w:p><w:r><w:t>moved away</w:t></w:r></w:p></w:moveFrom><w:moveTo>` + p("", "moved here") + `</w:moveTo>` +
				`<w:tbl><w:tr><w:trPr><w:del w:id="5"/></w:trPr><w:tc>` + p("", "deleted row") + `</w:tc><w:tc>` + p("", "x") + `</w:tc></w:tr><w:tr><w:tc>` + p("", "kept") + `</w:tc><w:tc>` + p("", "row") + `</w:tc></w:tr></w:tbl>`,
		)},
		{"hidden", "docx", with(
			`<w:p>` + run(``, "seen") + run(`<w:vanish/>`, "SECRET by vanish") + run(`<w:vanish w:val="0"/>`, " shown") + run(`<w:rStyle w:val="Geheim"/>`, "SECRET by style") + `</w:p>` +
				`<w:p>` + run(`<w:color w:val="FFFFFF"/>`, "SECRET white") + run(`<w:color w:val="FEFCFD" w:themeColor="background1"/>`, "SECRET nearly white, same passage") + run(`<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="000000"/>`, "white on black") + run(`<w:color w:val="FFFFFF"/><w:highlight w:val="blue"/>`, " white on blue") + `</w:p>` +
				`<w:p>` + run(`<w:color w:val="112233"/><w:shd w:val="clear" w:fill="112233"/>`, "SECRET same colour") + run(`<w:sz w:val="2"/>`, "SECRET tiny") + run(``, "end") + `</w:p>` +
				p(`<w:rPr><w:vanish/></w:rPr>`, "the mark of this paragraph is hidden, not its text") +
				`<w:tbl><w:tblPr><w:tblStyle w:val="Dunkel"/></w:tblPr><w:tr><w:tc><w:p>` + run(`<w:color w:val="FFFFFF"/>`, "white head of a dark table") + `</w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>` +
				`<w:tbl><w:tr><w:tc><w:tcPr><w:shd w:val="clear" w:fill="C00000"/></w:tcPr><w:p>` + run(`<w:color w:val="FFFFFF"/>`, "white on red cell") + `</w:p></w:tc><w:tc><w:p>` + run(`<w:color w:val="FFFFFF"/>`, "SECRET white on plain cell") + `</w:p></w:tc></w:tr></w:tbl>` +
				p("", "zero\u200bwidth"),
		)},
		{"textbox", "docx", with(
			`<w:p><w:r><w:t>Before </w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor xmlns:wp="x"><wp:docPr id="1" name="Box" descr="A chart of sales"/><wps:wsp xmlns:wps="y"><wps:spPr><a:ln xmlns:a="z"><a:solidFill/></a:ln></wps:spPr><wps:txbx><w:txbxContent>` + p("", "In the box") + `<w:p>` + run(`<w:color w:val="FFFFFF"/>`, "SECRET white in a clear box") + `</w:p></w:txbxContent></wps:txbx></wps:wsp></wp:anchor></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape xmlns:v="v"><v:textbox><w:txbxContent>` + p("", "In the box") + `</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>after</w:t></w:r></w:p>` +
				`<w:p><w:r><w:drawing><wp:inline xmlns:wp="x"><wp:docPr id="2" name="Picture 2"/><pic:pic xmlns:pic="q"/></wp:inline></w:drawing></w:r></w:p>` +
				`<w:p><w:r><w:drawing><wps:wsp xmlns:wps="y"><wps:spPr><a:solidFill xmlns:a="z"/></wps:spPr><wps:txbx><w:txbxContent><w:p>` + run(`<w:color w:val="FFFFFF"/>`, "white in a filled box") + `</w:p></w:txbxContent></wps:txbx></wps:wsp></w:drawing></w:r></w:p>`,
		)},
		{"strict", "docx", pack(t,
			"_rels/.rels", rels(strict, "rId1", "officeDocument", "/word/document.xml"),
			"word/_rels/document.xml.rels", rels(strict, "a", "styles", "/word/st.xml"),
			"word/st.xml", `<styles xmlns="http://purl.oclc.org/ooxml/wordprocessingml/main"><style type="paragraph" styleId="H"><name val="heading 2"/></style></styles>`,
			"word/document.xml", `<document xmlns="http://purl.oclc.org/ooxml/wordprocessingml/main"><body><p><pPr><pStyle val="H"/></pPr><r><t>Strict, no prefix</t></r></p><p><r><rPr><vanish val="true"/></rPr><t>SECRET</t></r><r><t>text</t></r></p></body></document>`,
		)},
		{"prefixes", "docx", pack(t, // as programs write it that serialise with their own prefixes, in UTF-16
			"_rels/.rels", rels(transitional, "R0", "officeDocument", "doc.xml"),
			"doc.xml", utf16le(`<?xml version="1.0" encoding="utf-16"?><ns0:document xmlns:ns0="w"><ns0:body><ns0:p><ns0:r><ns0:t>Grüße</ns0:t></ns0:r></ns0:p></ns0:body></ns0:document>`),
		)},
		{"google", "docx", docx(t, // no styles that say more than their name, runs split, smart tags and content controls
			`<w:p w:rsidR="00000000" w:rsidRDefault="00000000"><w:pPr><w:pStyle w:val="Heading1"/><w:rPr/></w:pPr><w:bookmarkStart w:colFirst="0" w:colLast="0" w:name="_x" w:id="0"/><w:bookmarkEnd w:id="0"/><w:r w:rsidDel="00000000"><w:rPr><w:rtl w:val="0"/></w:rPr><w:t xml:space="preserve">Plan</w:t></w:r></w:p>`+
				`<w:sdt><w:sdtPr><w:tag w:val="goog_rdk_0"/></w:sdtPr><w:sdtContent><w:p><w:r><w:t>Con</w:t></w:r><w:smartTag><w:r><w:t>tro</w:t></w:r></w:smartTag><w:r><w:t>l</w:t></w:r></w:p></w:sdtContent></w:sdt>`,
			"word/_rels/document.xml.rels", rels(transitional, "rId1", "styles", "styles.xml"),
			"word/styles.xml", `<w:styles `+wordNS+`><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>`,
		)},
		{"cut", "docx", docx(t, p("", "whole")+`<w:p><w:r><w:t>half a para`)},
	}
}

func utf16le(s string) string {
	out := "\xff\xfe"
	for _, r := range s {
		out += string([]byte{byte(r), byte(r >> 8)})
	}
	return out
}

func TestDocx(t *testing.T) { compareSamples(t, wordSamples(t)) }
