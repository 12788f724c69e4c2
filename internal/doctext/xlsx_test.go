package doctext_test

import (
	"fmt"
	"testing"
)

const sheetNS = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

// workbook makes a workbook of one sheet, with more parts.
func workbook(t testing.TB, sheet string, more ...string) []byte {
	return pack(t, append([]string{
		"[Content_Types].xml", contentTypes,
		"_rels/.rels", rels(transitional, "rId1", "officeDocument", "xl/workbook.xml"),
		"xl/workbook.xml", `<workbook ` + sheetNS + `><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", rels(transitional, "rId1", "worksheet", "worksheets/sheet1.xml", "rId2", "sharedStrings", "sharedStrings.xml", "rId3", "styles", "styles.xml"),
		"xl/worksheets/sheet1.xml", `<worksheet ` + sheetNS + `>` + sheet + `</worksheet>`,
	}, more...)...)
}

const sharedStrings = `<sst ` + sheetNS + ` count="5" uniqueCount="5"><si><t>Name</t></si><si><t xml:space="preserve"> Price, net </t></si><si><r><rPr><b/></rPr><t>Ri</t></r><r><t>ch "text"</t></r></si><si><t>漢字</t><rPh sb="0" eb="2"><t>かんじ</t></rPh><phoneticPr/></si><si><t>two
lines</t></si></sst>`

const cellStylesXML = `<styleSheet ` + sheetNS + `><numFmts count="4"><numFmt numFmtId="164" formatCode="[$-407]d\.\ mmmm\ yyyy"/><numFmt numFmtId="165" formatCode="#,##0.00\ &quot;days&quot;"/><numFmt numFmtId="166" formatCode="yyyy-mm-dd hh:mm:ss"/><numFmt numFmtId="167" formatCode=";;;"/></numFmts>
<fonts count="2"><font><sz val="11"/><color theme="1"/></font><font><color rgb="FFFFFFFF"/></font></fonts>
<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FF203864"/><bgColor indexed="64"/></patternFill></fill></fills>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0" fontId="0" fillId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="10"/><xf numFmtId="20"/><xf numFmtId="46"/><xf numFmtId="0" fontId="1" fillId="0"/><xf numFmtId="0" fontId="1" fillId="2"/><xf numFmtId="167"/></cellXfs></styleSheet>`

func c(ref, attrs, value string) string {
	return fmt.Sprintf(`<c r="%s" %s><v>%s</v></c>`, ref, attrs, value)
}

func sheetSamples(t testing.TB) []sample {
	office := []string{"xl/sharedStrings.xml", sharedStrings, "xl/styles.xml", cellStylesXML}
	return []sample{
		{"values", "xlsx", workbook(t, `<dimension ref="A1:D9"/><sheetData>`+
			`<row r="1">`+c("A1", `t="s"`, "0")+c("B1", `t="s"`, "1")+c("C1", `t="s"`, "2")+c("D1", `t="s"`, "3")+c("E1", `t="s"`, "4")+c("F1", `t="s"`, "99")+`</row>`+
			`<row r="2">`+c("A2", "", "0.1")+c("B2", "", "0.30000000000000004")+c("C2", "", "1E+20")+c("D2", "", "-1234567.891")+c("E2", "", "1.5E-9")+`</row>`+
			`<row r="3">`+c("A3", `s="1"`, "46346")+c("B3", `s="2"`, "46346")+c("C3", `s="3"`, "46346")+c("D3", `s="4"`, "46346.4375")+c("E3", `s="5"`, "0.125")+c("F3", `s="6"`, "0.4375")+c("G3", `s="7"`, "1.5")+c("H3", `s="1"`, "59")+c("I3", `s="1"`, "-1")+`</row>`+
			`<row r="5">`+c("A5", `t="b"`, "1")+c("B5", `t="b"`, "0")+c("C5", `t="e"`, "#DIV/0!")+`<c r="D5" t="str"><f>A1&amp;"x"</f><v>Namex</v></c><c r="E5"><f>SUM(A2:B2)</f><v>0.4</v></c><c r="F5"><f>NOW()</f></c></row>`+
			`</sheetData>`, office...)},
		{"hidden", "xlsx", pack(t, append([]string{
			"_rels/.rels", rels(transitional, "rId1", "officeDocument", "xl/workbook.xml"),
			"xl/workbook.xml", `<workbook ` + sheetNS + `><sheets><sheet name="Secret" sheetId="1" state="veryHidden" r:id="rId1"/><sheet name="Open" sheetId="2" r:id="rId4"/><sheet name="Old" sheetId="3" state="hidden" r:id="rId1"/><sheet name="Chart" sheetId="4" r:id="rId5"/></sheets></workbook>`,
			"xl/_rels/workbook.xml.rels", rels(transitional, "rId1", "worksheet", "worksheets/sheet1.xml", "rId2", "sharedStrings", "sharedStrings.xml", "rId3", "styles", "styles.xml", "rId4", "worksheet", "worksheets/sheet2.xml", "rId5", "chartsheet", "chartsheets/sheet1.xml"),
			"xl/worksheets/sheet1.xml", `<worksheet ` + sheetNS + `><sheetData><row r="1">` + c("A1", `t="str"`, "SECRET sheet") + `</row></sheetData></worksheet>`,
			"xl/worksheets/sheet2.xml", `<worksheet ` + sheetNS + `><cols><col min="2" max="3" hidden="1" width="0"/></cols><sheetData>` +
				`<row r="1">` + c("A1", `t="str"`, "seen") + c("B1", `t="str"`, "SECRET column") + c("D1", `t="str"`, "seen too") + `</row>` +
				`<row r="2" hidden="1">` + c("A2", `t="str"`, "SECRET row") + `</row>` +
				`<row r="3">` + c("A3", `t="str" s="8"`, "SECRET white") + c("D3", `t="str" s="9"`, "white on blue") + c("E3", `t="str" s="10"`, "SECRET format") + `</row></sheetData></worksheet>`,
			"xl/worksheets/_rels/sheet2.xml.rels", rels(transitional, "rId1", "comments", "../comments1.xml", "rId2", "drawing", "../drawings/drawing1.xml"),
			"xl/comments1.xml", `<comments ` + sheetNS + `><authors><author>Ann</author></authors><commentList><comment ref="A1" authorId="0"><text><r><t>Check</t></r><r><t xml:space="preserve"> this</t></r></text></comment></commentList></comments>`,
		}, office...)...)},
		{"sparse", "xlsx", workbook(t, `<cols><col min="1" max="16384" width="9"/></cols><sheetData><row r="1">`+c("C1", "", "1")+c("XFD1", "", "2")+`</row>`+
			`<row r="1048576">`+c("XFD1048576", "", "3")+`</row><row>`+`<c><v>4</v></c><c/><c><v>6</v></c></row>`+
			`<row r="7">`+c("C7", "", "7")+c("A7", "", "backwards")+`</row></sheetData>`, office...)},
		{"google", "xlsx", workbook(t, `<sheetPr/><sheetData><row r="1"><c r="A1" s="1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>inline</t></is></c><c r="C1" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c></row></sheetData>`, office...)},
		{"strict-1904", "xlsx", pack(t, append([]string{
			"_rels/.rels", rels(strict, "rId1", "officeDocument", "xl/workbook.xml"),
			"xl/workbook.xml", `<x:workbook xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main" xmlns:rel="r"><x:workbookPr date1904="1"/><x:sheets><x:sheet name="S" sheetId="1" rel:id="a"/></x:sheets></x:workbook>`,
			"xl/_rels/workbook.xml.rels", rels(strict, "a", "worksheet", "/xl/s.xml", "b", "styles", "/xl/styles.xml"),
			"xl/s.xml", `<x:worksheet xmlns:x="http://purl.oclc.org/ooxml/spreadsheetml/main"><x:sheetData><x:row r="1"><x:c r="A1" s="1"><x:v>0</x:v></x:c><x:c r="B1" t="d" s="1"><x:v>2026-11-20</x:v></x:c></x:row></x:sheetData></x:worksheet>`,
		}, office...)...)},
		{"broken", "xlsx", workbook(t, `<sheetData><row r="1">`+c("A1", `t="s"`, "0")+c("B1", `t="s"`, "-5")+c("C1", `t="s"`, "x")+c("D1", `s="9999"`, "12")+c("E1", `s="1"`, "1e300")+c("F1", ``, "NaN")+c("ZZZZZ1", ``, "1")+`</row><row r="x">`)},
	}
}

func TestXlsx(t *testing.T) { compareSamples(t, sheetSamples(t)) }
