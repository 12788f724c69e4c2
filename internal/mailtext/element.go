package mailtext

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// start handles a start tag.
func (r *renderer) start(z *html.Tokenizer, selfClosing bool) {
	name, hasAttrs := z.TagName()
	t, tr := r.tagOf(name)
	tagName := ""
	if len(r.rules.rules) > 0 {
		tagName = string(name)
	}
	var a attrs
	if hasAttrs {
		a.read(z)
	}
	switch {
	case tr&raw != 0:
		r.startRaw(z, t, &a, selfClosing)
		return
	case t == tagNoscript:
		z.NextIsNotRawText() // mail programs run no scripts, so its content is displayed
	case t == tagHead, tr&tableParts != 0 && r.last[tagTable] < 0:
		return
	case t == tagA && r.last[tagA] >= 0:
		r.endLink()
		r.endFormat(tagA, r.last[tagA])
	}
	r.imply(t, tr, r.standards)
	d := r.declared(tagName, &a)
	r.hint(t, tr, &a, &d)
	own := d.look()
	if tr&unseen != 0 || t == tagDesc && r.last[tagSVG] >= 0 {
		own.gone = true
	}
	if t == tagImg {
		r.image(&a, &d, own)
		return
	}
	if tr&void != 0 {
		if !r.look().gone {
			r.breaks(t, tr)
			r.beginRegion(t, &a)
		}
		return
	}
	if selfClosing && r.last[tagSVG] >= 0 {
		return
	}
	r.sawBody = r.sawBody || t != tagHTML
	if tr&format != 0 {
		r.reopen()
	}
	e := r.push(t, tr, own)
	if e == nil {
		return
	}
	if tr&format != 0 {
		r.remember(e)
	}
	e.names = r.rules.enter(r.scratch)
	if !e.total.gone {
		e.laidOut = true
		r.entered(t, tr, &a)
		e.region = r.beginRegion(t, &a)
	}
}

// startRaw handles an element whose content is no text to show.
func (r *renderer) startRaw(z *html.Tokenizer, t tag, a *attrs, selfClosing bool) {
	if selfClosing && r.last[tagSVG] >= 0 { // is empty there (WHATWG 13.2.6.5)
		z.NextIsNotRawText()
		return
	}
	r.inRaw, r.rawTag = true, t
	// A style sheet for paper says nothing of the screen.
	if t == tagStyle && a.has(attrMedia) && !always("@media "+a.text(attrMedia)) {
		r.rawTag, r.rules.partial = tagScript, true
	}
}

// declared collects what rules and the style attribute say of an element.
func (r *renderer) declared(tagName string, a *attrs) decls {
	var d decls
	if len(r.rules.rules) > 0 {
		r.scratch = r.rules.names(r.scratch[:0], tagName, a.text(attrClass), a.text(attrID))
		r.rules.match(r.scratch, &d)
	}
	style := a.val[attrStyle]
	if len(style) == 0 {
		return d
	}
	said, ok := r.styles[string(style)]
	if !ok {
		said.parseStyle(string(style), weightInline)
		if len(r.styles) < maxCached {
			r.styles[string(style)] = said
		}
	}
	d.merge(&said, 0)
	return d
}

// hint adds what attributes and the element itself say; every rule outweighs them.
func (r *renderer) hint(t tag, tr traits, a *attrs, d *decls) {
	if a.has(attrHidden) || a.has(attrPopover) || t == tagDialog && !a.has(attrOpen) {
		d.set(propDisplay, saysYes, weightHint)
	}
	if a.has(attrBgcolor) {
		d.set(propBackground, uint32(parseColor(strings.ToLower(strings.TrimSpace(a.text(attrBgcolor))))), weightHint)
	}
	if len(a.val[attrBackground]) > 0 {
		d.set(propBackground, uint32(colorOther), weightHint)
	}
	switch {
	case t == tagFont:
		if a.has(attrColor) {
			d.set(propColor, uint32(parseColor(strings.ToLower(strings.TrimSpace(a.text(attrColor))))), weightHint)
		}
		if a.has(attrSize) {
			d.set(propFont, saysNo, weightHint)
		}
	case t == tagBody && a.has(attrText):
		d.set(propColor, uint32(parseColor(strings.ToLower(strings.TrimSpace(a.text(attrText))))), weightHint)
	case r.last[tagSVG] >= 0 || t == tagSVG:
		r.drawn(t, a, d)
	case t == tagA && a.has(attrHref):
		d.set(propColor, uint32(colorOther), weightHint) // links have a colour of their own
	case tr&pre != 0:
		d.set(propSpace, saysYes, weightHint)
	}
}

// drawn adds what SVG's own attributes say (SVG 2 section 6.6).
func (r *renderer) drawn(t tag, a *attrs, d *decls) {
	var said decls
	for x, name := range map[attr]string{
		attrDisplay: "display", attrVisibility: "visibility", attrOpacity: "opacity", attrFill: "color", attrFontSize: "font-size",
	} {
		value := strings.ToLower(strings.TrimSpace(a.text(x)))
		if x == attrFill && value == "none" {
			value = "transparent"
		}
		said.declare(name, value, 0)
	}
	if t == tagSVG {
		said.declare("width", a.text(attrWidth), 0)
		said.declare("height", a.text(attrHeight), 0)
		said.set(propOverflow, saysYes, 0)
		if !a.has(attrFill) {
			said.set(propColor, uint32(colorRGB), 0) // its texts do not take the page's colour
		}
	}
	own := *d
	*d = said
	d.merge(&own, weightHint)
}

// breaks begins or ends a line or paragraph.
func (r *renderer) breaks(t tag, tr traits) {
	switch {
	case t == tagBr:
		r.w.br()
	case tr&para != 0 && (t != tagP || len(r.w.lists) == 0): // paragraphs in a list item are lines
		r.w.brk(2)
	case tr&(line|para) != 0:
		r.w.brk(1)
	}
}

// entered lays out the beginning of a displayed element.
func (r *renderer) entered(t tag, tr traits, a *attrs) {
	r.breaks(t, tr)
	switch t {
	case tagA:
		r.beginLink(a.text(attrHref))
	case tagQuote:
		r.w.quote++
	case tagUL, tagOL:
		if len(r.w.lists) == 0 {
			r.w.brk(2)
		}
		start, err := strconv.Atoi(a.text(attrStart))
		if err != nil || start < 0 || start > 1e6 {
			start = 1
		}
		r.w.beginList(t == tagOL, start)
	case tagLI:
		r.w.beginItem()
	case tagTable:
		role := strings.ToLower(a.text(attrRole))
		border := a.text(attrBorder)
		r.w.beginTable(role == "presentation" || role == "none", border != "" && border != "0")
	case tagTR:
		r.w.beginRow()
	case tagTD, tagTH:
		r.w.beginCell(t == tagTH)
	case tagH1, tagH2, tagH3, tagH4, tagH5, tagH6:
		r.w.head = int(t-tagH1) + 1
	}
}

// left lays out the end of an element; the stack calls it.
func (r *renderer) left(e *element) {
	r.rules.leave(e.names)
	if !e.laidOut {
		return
	}
	r.breaks(e.tag, e.traits)
	r.endRegion(e.region)
	switch e.tag {
	case tagQuote:
		r.w.quote--
	case tagUL, tagOL:
		r.w.lists = r.w.lists[:len(r.w.lists)-1]
		if len(r.w.lists) == 0 {
			r.w.brk(2)
		}
	case tagLI:
		r.w.item = ""
	case tagTable:
		r.w.tables = r.w.tables[:len(r.w.tables)-1]
	case tagH1, tagH2, tagH3, tagH4, tagH5, tagH6:
		r.w.head = 0
	}
}

func (r *renderer) endTag(t tag, tr traits) {
	switch {
	case t == tagHTML, t == tagBody, t == tagHead:
		return // what follows is still displayed inside the body
	case t == tagBr:
		r.w.br()
		return
	case t == tagA:
		r.endLink()
	case t == tagP && r.last[tagP] < 0:
		r.w.brk(2) // stands for an empty paragraph
		return
	}
	r.end(t, tr)
}
