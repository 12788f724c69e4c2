package mailtext

import (
	"strconv"
	"strings"
)

// start handles a start tag.
func (r *renderer) start(l *lexer) {
	t, tr := r.tagOf(l.name)
	a := &l.attrs
	switch {
	case tr&raw != 0:
		r.startRaw(l, t)
		return
	case t == tagNoscript:
		l.notRaw() // its tags count where no scripts run
	case t == tagHead, tr&tableParts != 0 && r.last[tagTable] < 0:
		return
	case t == tagA && r.last[tagA] >= 0:
		r.endLink()
		r.endFormat(tagA, r.last[tagA])
	}
	if at := r.last[tagSVG]; at >= 0 && r.last[tagForeign] < at && breaksOut(l.name, tr) {
		r.popTo(at)
	}
	r.imply(t, tr, r.standards)
	own, d := r.appearance(l.name, t, tr, a)
	if d.yes(propUnknown) || l.name == "bdo" {
		r.unread++
	}
	if tr&unseen != 0 {
		own.gone = true
	}
	if t == tagImg {
		r.image(a, d, own)
		return
	}
	if tr&void != 0 {
		if !r.look().gone {
			r.breaks(t, tr)
			r.beginRegion(t, a)
		}
		if t == tagInput {
			r.input(a, own)
		}
		return
	}
	if l.selfClosing && r.last[tagSVG] >= 0 {
		return
	}
	r.sawBody = r.sawBody || t != tagHTML && (t != tagBody || a.has(attrClass) || a.has(attrID))
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
		r.placed(e)
		r.entered(t, tr, a)
		e.region = r.beginRegion(t, a)
	}
}

// breaksOut reports an element that ends a drawing around it, whose end tag was forgotten (WHATWG 13.2.6.5).
func breaksOut(name string, tr traits) bool {
	switch name {
	case "a", "font", "image", "input", "area", "link", "param", "source", "track", "form", "select", "button":
		return false
	case "span", "sub", "sup", "ruby", "var", "table", "body":
		return true
	}
	return tr&(closesP|format|void) != 0
}

// startRaw handles an element whose content is no text to show.
func (r *renderer) startRaw(l *lexer, t tag) {
	if l.selfClosing && r.last[tagSVG] >= 0 { // is empty there (WHATWG 13.2.6.5)
		l.notRaw()
		return
	}
	r.rawTag = t
	// A style sheet for paper says nothing of the screen.
	if t == tagStyle && l.attrs.has(attrMedia) && !always("@media "+l.attrs.text(attrMedia)) {
		r.rawTag, r.rules.partial = tagScript, true
	}
}

// styled is what a style attribute declares.
type styled struct {
	decls decls
	look  look
}

// appearance is what rules, attributes and the element itself say of how it looks. The declarations must not be changed.
func (r *renderer) appearance(name string, t tag, tr traits, a *attrs) (look, *decls) {
	const hints = 1<<attrHidden | 1<<attrPopover | 1<<attrBgcolor | 1<<attrBackground | 1<<attrColor | 1<<attrSize | 1<<attrText | 1<<attrHref | 1<<attrType
	inline := &r.unstyled
	if style := a.val[attrStyle]; a.has(attrStyle) && len(style) > 0 {
		inline = r.styleOf(style)
	}
	ruled := r.ruled(name, a)
	if !ruled && a.set&hints == 0 && t != tagDialog && t != tagSup && t != tagSub && tr&pre == 0 {
		return inline.look, &inline.decls
	}
	r.said = decls{}
	if ruled {
		r.rules.match(r.scratch, &r.said)
	}
	if inline != &r.unstyled {
		r.said.merge(&inline.decls, 0)
	}
	r.hint(t, tr, a, &r.said)
	return r.said.look(), &r.said
}

// ruled collects the element's names that rules speak of and reports whether some rule may hold.
func (r *renderer) ruled(name string, a *attrs) bool {
	r.scratch = r.scratch[:0]
	if len(r.rules.rules) == 0 {
		return false
	}
	class, id := "", ""
	if a.has(attrClass) {
		class = a.text(attrClass)
	}
	if a.has(attrID) {
		id = a.text(attrID)
	}
	r.scratch = append(r.rules.names(r.scratch, name, class, id), a.held...)
	return len(r.scratch) > 0 || len(r.rules.rules["*"]) > 0
}

// styleOf reads a style attribute; senders repeat a few dozen of them. The result holds until the next call.
func (r *renderer) styleOf(style []byte) *styled {
	if len(style) > 2*maxStyle {
		r.truncated = true
		r.uncached = styled{}
		r.uncached.decls.parseStyle(string(style[:maxStyle]), weightInline)
		r.uncached.decls.parseStyle(string(style[len(style)-maxStyle:]), weightInline)
		r.uncached.look = r.uncached.decls.look()
		return &r.uncached
	}
	if known, ok := r.styles[string(style)]; ok {
		return known
	}
	said := &r.uncached
	if len(r.styles) < maxCached {
		said = &styled{}
		r.styles[string(style)] = said
	}
	*said = styled{}
	said.decls.parseStyle(string(style), weightInline)
	said.look = said.decls.look()
	return said
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
		d.set(propPicture, saysYes, weightHint)
	}
	switch {
	case t == tagFont:
		if a.has(attrColor) {
			d.set(propColor, uint32(parseColor(strings.ToLower(strings.TrimSpace(a.text(attrColor))))), weightHint)
		}
		if a.has(attrSize) {
			d.set(propFont, sizeUsual, weightHint)
		}
	case t == tagBody && a.has(attrText):
		d.set(propColor, uint32(parseColor(strings.ToLower(strings.TrimSpace(a.text(attrText))))), weightHint)
	case t == tagA && a.has(attrHref):
		d.set(propColor, uint32(colorOther), weightHint) // links have a colour of their own
	case tr&pre != 0:
		d.set(propSpace, saysYes, weightHint)
	case t == tagOL && len(a.val[attrType]) == 1:
		d.set(propMarker, uint32(a.val[attrType][0]), weightHint)
	}
	switch t { // wherever styles put them
	case tagSup:
		d.set(propRaise, '^', weightMeant)
	case tagSub:
		d.set(propRaise, '_', weightMeant)
	}
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
		r.beginLink(a.text(attrHref), a.cut&(1<<attrHref) != 0)
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
		r.w.beginList(t == tagOL, start, r.top().own.marker)
	case tagLI:
		if n, err := strconv.Atoi(a.text(attrValue)); err == nil && n >= 0 && n <= 1e6 {
			r.w.numberItem(n)
		}
		r.w.beginItem()
	case tagTable:
		role := strings.ToLower(a.text(attrRole))
		border := a.text(attrBorder)
		r.w.beginTable(role == "presentation" || role == "none", border != "" && border != "0")
	case tagTR:
		r.w.beginRow()
	case tagTD, tagTH:
		r.w.beginCell(t == tagTH, a.count(attrColspan), a.count(attrRowspan))
	case tagH1, tagH2, tagH3, tagH4, tagH5, tagH6:
		r.w.head = int(t-tagH1) + 1
	}
}

// input shows what a form's field shows: its value, else what it asks for, or whether it is ticked.
func (r *renderer) input(a *attrs, own look) {
	shown := ""
	switch strings.ToLower(a.text(attrType)) {
	case "hidden", "password", "file", "range", "color":
	case "checkbox", "radio":
		if shown = "[ ]"; a.has(attrChecked) {
			shown = "[x]"
		}
	case "image":
		shown = a.text(attrAlt)
	default:
		if shown = a.text(attrValue); shown == "" {
			shown = a.text(attrPlaceholder)
		}
	}
	shown, d := CleanLine(shown, maxAlt)
	if shown == "" || r.over > 0 {
		return
	}
	if own.inside(r.look()).hidden() {
		r.dropped.Hidden++
		return
	}
	r.dropped.Invisible += d.Invisible
	r.inHidden = false
	r.w.space = r.w.space || len(r.w.out) > 0
	r.w.text(shown, false)
	r.w.space = true
}

// left lays out the end of an element; the stack calls it.
func (r *renderer) left(e *element) {
	r.rules.leave(e.names)
	if !e.laidOut {
		return
	}
	if e.traits&(line|para|tableParts) == 0 {
		r.parted(e)
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
