package doctext_test

import "testing"

const slideNS = `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

func slide(shapes string) string {
	return `<p:sld ` + slideNS + `><p:cSld><p:spTree><p:nvGrpSpPr><p:cNvPr id="1" name=""/></p:nvGrpSpPr><p:grpSpPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></a:xfrm></p:grpSpPr>` + shapes + `</p:spTree></p:cSld></p:sld>`
}

// shape is a text shape: its placeholder type, its properties and its paragraphs.
func shape(holder, props string, lines ...string) string {
	if holder != "" {
		holder = `<p:ph type="` + holder + `"/>`
	}
	out := `<p:sp><p:nvSpPr><p:cNvPr id="2" name="x"/><p:nvPr>` + holder + `</p:nvPr></p:nvSpPr><p:spPr>` + props + `</p:spPr><p:txBody><a:bodyPr/>`
	for _, l := range lines {
		out += `<a:p><a:r><a:rPr lang="en-US"/><a:t>` + l + `</a:t></a:r></a:p>`
	}
	return out + `</p:txBody></p:sp>`
}

func deck(t testing.TB, more ...string) []byte {
	return pack(t, append([]string{
		"[Content_Types].xml", contentTypes,
		"_rels/.rels", rels(transitional, "rId1", "officeDocument", "ppt/presentation.xml"),
		"ppt/presentation.xml", `<p:presentation ` + slideNS + `><p:sldIdLst><p:sldId id="256" r:id="rId3"/><p:sldId id="257" r:id="rId2"/></p:sldIdLst><p:sldSz cx="12192000" cy="6858000"/></p:presentation>`,
		"ppt/_rels/presentation.xml.rels", rels(transitional, "rId2", "slide", "slides/slide2.xml", "rId3", "slide", "slides/slide1.xml"),
	}, more...)...)
}

func slideSamples(t testing.TB) []sample {
	return []sample{
		{"order-and-notes", "pptx", deck(t,
			"ppt/slides/slide1.xml", slide(shape("ctrTitle", "", "Results")+shape("subTitle", "", "Third quarter")+shape("sldNum", "", "1")),
			"ppt/slides/slide2.xml", slide(shape("", "", "First", "Second &amp; third")+`<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>Region</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>Sales</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame><p:pic><p:nvPicPr><p:cNvPr id="5" name="Picture" descr="Map of the world"/></p:nvPicPr></p:pic>`),
			"ppt/slides/_rels/slide1.xml.rels", rels(transitional, "rId1", "notesSlide", "../notesSlides/notesSlide1.xml"),
			"ppt/notesSlides/notesSlide1.xml", `<p:notes `+slideNS+`><p:cSld><p:spTree>`+shape("sldImg", "")+shape("body", "", "Say hello.", "Smile.")+shape("sldNum", "", "1")+`</p:spTree></p:cSld></p:notes>`,
		)},
		{"hidden", "pptx", deck(t,
			"ppt/slides/slide1.xml", `<p:sld `+slideNS+` show="0"><p:cSld><p:spTree>`+shape("", "", "SECRET slide")+`</p:spTree></p:cSld></p:sld>`,
			"ppt/slides/slide2.xml", slide(shape("", `<a:xfrm><a:off x="13000000" y="0"/><a:ext cx="100" cy="100"/></a:xfrm>`, "SECRET beside the slide")+
				shape("", `<a:xfrm><a:off x="100" y="-900"/><a:ext cx="100" cy="100"/></a:xfrm>`, "SECRET above the slide")+
				shape("", `<a:xfrm><a:off x="100" y="100"/><a:ext cx="100" cy="100"/></a:xfrm>`, "seen")+
				`<p:sp><p:nvSpPr><p:cNvPr id="9" name="h" hidden="1"/></p:nvSpPr><p:txBody><a:p><a:r><a:t>SECRET shape</a:t></a:r></a:p></p:txBody></p:sp>`+
				`<p:sp><p:txBody><a:p><a:r><a:rPr sz="100"/><a:t>SECRET tiny</a:t></a:r><a:r><a:rPr sz="1800"/><a:t>large</a:t></a:r></a:p></p:txBody></p:sp>`),
		)},
		{"groups-and-choices", "pptx", deck(t,
			"ppt/slides/slide1.xml", slide(`<p:grpSp>`+shape("", `<a:xfrm><a:off x="99999999" y="0"/><a:ext cx="1" cy="1"/></a:xfrm>`, "in a group with coordinates of its own")+`</p:grpSp>`+
				`<mc:AlternateContent xmlns:mc="m"><mc:Choice>`+shape("", "", "chosen")+`</mc:Choice><mc:Fallback>`+shape("", "", "fallback")+`</mc:Fallback></mc:AlternateContent>`),
			"ppt/slides/slide2.xml", slide(`<p:sp><p:txBody><a:p><a:r><a:t>one</a:t></a:r><a:br/><a:r><a:t>two</a:t></a:r><a:fld type="datetime1"><a:t>1 May</a:t></a:fld></a:p><a:p><a:endParaRPr sz="1"/></a:p></p:txBody></p:sp>`),
			"ppt/slides/_rels/slide2.xml.rels", rels(transitional, "rId1", "comments", "../comments/comment1.xml"),
			"ppt/comments/comment1.xml", `<p:cmLst `+slideNS+`><p:cm authorId="0"><p:pos x="1" y="1"/><p:text>Too small?</p:text></p:cm></p:cmLst>`,
		)},
		{"strict", "pptx", pack(t,
			"_rels/.rels", rels(strict, "rId1", "officeDocument", "ppt/presentation.xml"),
			"ppt/presentation.xml", `<presentation xmlns="http://purl.oclc.org/ooxml/presentationml/main" xmlns:x="http://purl.oclc.org/ooxml/officeDocument/relationships"><sldIdLst><sldId id="256" x:id="rId1"/></sldIdLst></presentation>`,
			"ppt/_rels/presentation.xml.rels", rels(strict, "rId1", "slide", "slides/slide1.xml"),
			"ppt/slides/slide1.xml", slide(shape("title", "", "Strict")),
		)},
		{"missing-slides", "pptx", deck(t, "ppt/slides/slide1.xml", slide(shape("", "", "there"))[:560])},
	}
}

func TestPptx(t *testing.T) { compareSamples(t, slideSamples(t)) }
