package mailtext

// tag identifies an element that the walker knows by name; other names get numbers from tagCount on.
type tag int32

const (
	tagNone tag = iota
	tagA
	tagBody
	tagBr
	tagCaption
	tagDD
	tagDialog
	tagDL
	tagDT
	tagH1
	tagH2
	tagH3
	tagH4
	tagH5
	tagH6
	tagHead
	tagHTML
	tagImg
	tagInput
	tagLI
	tagNoscript
	tagOL
	tagOption
	tagP
	tagPre
	tagQuote
	tagScript
	tagStyle
	tagSub
	tagSup
	tagSVG
	tagTable
	tagTemplate
	tagTBody
	tagTD
	tagTFoot
	tagTH
	tagTHead
	tagTR
	tagUL
	tagFont
	tagForeign
	tagCount
)

// traits are what HTML's parsing rules and its default style sheet say of an element.
type traits uint16

const (
	void       traits = 1 << iota // has no end tag
	line                          // begins and ends a line
	para                          // begins and ends a paragraph
	special                       // WHATWG 13.2.4.2 "special": the end tag of an inline element does not reach past it
	scoped                        // an end tag does not reach past it (WHATWG 13.2.4.2 "in scope")
	format                        // WHATWG 13.2.4.3: re-opened when a block ends before its end tag
	closesP                       // its start tag ends an open paragraph
	tableParts                    // known inside a table only
	raw                           // its content is text that is never displayed
	unseen                        // its content is not displayed
	pre                           // white space counts
	orphan                        // its end tag is not believed: too many names to keep apart
)

const block = line | special | closesP

// lookupTag gives the tag and traits of a lower-case element name.
func lookupTag(name string) (tag, traits) {
	switch name {
	case "a":
		return tagA, format
	case "b", "big", "code", "em", "i", "nobr", "s", "small", "strike", "strong", "tt", "u":
		return tagNone, format
	case "font":
		return tagFont, format
	case "sub":
		return tagSub, 0
	case "sup":
		return tagSup, 0
	case "br":
		return tagBr, void | special
	case "img", "image":
		return tagImg, void | special
	case "input":
		return tagInput, void | special
	case "area", "base", "basefont", "bgsound", "col", "embed", "frame", "keygen", "link", "meta", "param", "source", "track", "wbr":
		return tagNone, void | special
	case "hr":
		return tagNone, void | para | special | closesP
	case "html":
		return tagHTML, special | scoped
	case "body":
		return tagBody, special
	case "head":
		return tagHead, special
	case "script":
		return tagScript, raw
	case "style":
		return tagStyle, raw
	case "title", "iframe", "noembed", "noframes":
		return tagNone, raw
	case "template":
		return tagTemplate, unseen | special | scoped
	case "datalist", "canvas", "audio", "meter", "progress", "annotation", "annotation-xml":
		return tagNone, unseen // what stands in video is shown by most mail programs
	case "noscript":
		return tagNoscript, unseen | special // shown by few: where its scripts could run it is not
	case "applet", "marquee", "object":
		return tagNone, special | scoped
	case "textarea", "plaintext", "xmp":
		return tagNone, block | pre
	case "foreignobject":
		return tagForeign, special
	case "svg":
		return tagSVG, unseen // removed by most
	}
	return lookupBlock(name)
}

func lookupBlock(name string) (tag, traits) {
	switch name {
	case "button", "select":
		return tagNone, special
	case "option":
		return tagOption, line
	case "p":
		return tagP, para | special | closesP
	case "pre", "listing":
		return tagPre, para | special | closesP | pre
	case "blockquote":
		return tagQuote, para | special | closesP
	case "h1", "h2", "h3", "h4", "h5", "h6":
		return tagH1 + tag(name[1]-'1'), para | special | closesP
	case "ul", "menu", "dir":
		return tagUL, block
	case "ol":
		return tagOL, block
	case "li":
		return tagLI, block
	case "dl":
		return tagDL, block
	case "dt":
		return tagDT, block
	case "dd":
		return tagDD, block
	case "table":
		return tagTable, line | special | scoped
	case "caption":
		return tagCaption, line | special | scoped | tableParts
	case "tr":
		return tagTR, line | special | tableParts
	case "td":
		return tagTD, special | scoped | tableParts
	case "th":
		return tagTH, special | scoped | tableParts
	case "thead":
		return tagTHead, line | special | tableParts
	case "tbody":
		return tagTBody, line | special | tableParts
	case "tfoot":
		return tagTFoot, line | special | tableParts
	case "colgroup":
		return tagNone, tableParts | special
	case "dialog":
		return tagDialog, block
	case "address", "article", "aside", "center", "details", "div", "fieldset", "figcaption", "figure", "footer",
		"form", "header", "hgroup", "main", "nav", "search", "section", "summary":
		return tagNone, block
	}
	return tagNone, 0
}
