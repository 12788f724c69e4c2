package doctext_test

import "testing"

func openDocument(t testing.TB, family, styles, body string, more ...string) []byte {
	return pack(t, append([]string{
		"mimetype", "application/vnd.oasis.opendocument." + family,
		"content.xml", xmlHead + `<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="tb" xmlns:draw="d" xmlns:style="s" xmlns:fo="f"><office:automatic-styles>` + styles +
			`</office:automatic-styles><office:body>` + body + `</office:body></office:document-content>`,
	}, more...)...)
}

func openSamples(t testing.TB) []sample {
	return []sample{
		{"text", "odt", openDocument(t, "text",
			`<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style><style:style style:name="T2" style:family="text"><style:text-properties fo:color="#ffffff"/></style:style>`,
			`<office:text><text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region></text:tracked-changes>`+
				`<text:h text:outline-level="2">Head</text:h><text:p>a<text:s text:c="3"/>b<text:tab/>c<text:line-break/>d</text:p>`+
				`<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>below</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>two</text:p></text:list-item></text:list>`+
				`<text:p>x<text:span text:style-name="T1">SECRET</text:span>y<text:span text:style-name="T2">SECRET white</text:span>z<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>A note.</text:p></text:note-body></text:note></text:p>`+
				`<text:p><text:hidden-text text:string-value="SECRET">SECRET</text:hidden-text>end<office:annotation><dc:creator xmlns:dc="c">Ann</dc:creator><dc:date xmlns:dc="c">2026-01-01</dc:date><text:p>Why?</text:p></office:annotation></text:p>`+
				`<table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell><text:p>B</text:p><text:p>C</text:p></table:table-cell></table:table-row></table:table></office:text>`)},
		{"sheet", "ods", openDocument(t, "spreadsheet",
			`<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>`,
			`<office:spreadsheet><table:table table:name="One"><table:table-row><table:table-cell><text:p>Name</text:p></table:table-cell><table:table-cell/><table:table-cell office:value-type="float" office:value="1"><text:p>1,5</text:p></table:table-cell><table:table-cell table:number-columns-repeated="16380"/></table:table-row>`+
				`<table:table-row table:visibility="collapse"><table:table-cell><text:p>SECRET row</text:p></table:table-cell></table:table-row>`+
				`<table:table-row><table:table-cell table:number-columns-repeated="2"/><table:table-cell table:number-columns-repeated="3"><text:p>x</text:p></table:table-cell></table:table-row>`+
				`<table:table-row><table:table-cell table:number-columns-repeated="99"/><table:table-cell table:number-columns-repeated="1000000"><text:p>y</text:p></table:table-cell></table:table-row>`+
				`</table:table><table:table table:name="Two" table:style-name="ta2"><table:table-row><table:table-cell><text:p>SECRET sheet</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>`)},
		{"slides", "odp", openDocument(t, "presentation",
			`<style:style style:name="dp2" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>`,
			`<office:presentation><draw:page><draw:frame><draw:text-box><text:p>Title</text:p></draw:text-box></draw:frame><draw:frame><draw:image/></draw:frame><presentation:notes><draw:frame><draw:text-box><text:p>Say it</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>`+
				`<draw:page draw:style-name="dp2"><text:p>SECRET slide</text:p></draw:page><draw:page><text:p>Last</text:p></draw:page></office:presentation>`)},
	}
}

func TestOpenDocument(t *testing.T) { compareSamples(t, openSamples(t)) }
