package mailtext

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

const (
	// MaxInput is how many bytes of HTML are read unless Options says otherwise: more than any honest mail, pictures
	// inside it included.
	MaxInput = 8 << 20
	// MaxOutput is how many bytes of text are made unless Options says otherwise.
	MaxOutput = 1 << 20
	// maxAlt bounds the text in place of an image, in characters.
	maxAlt = 120
	// maxCached bounds the style attributes remembered; senders repeat a few dozen.
	maxCached = 256
)

// Options bounds and shapes a text. The zero value is what a model should get.
type Options struct {
	MaxInput  int  // bytes of HTML read; MaxInput when not positive
	MaxOutput int  // bytes of text made, the list of links apart (at most 64 KiB); MaxOutput when not positive
	FullLinks bool // long addresses whole instead of their host only
}

func (o Options) maxInput() int {
	if o.MaxInput > 0 {
		return o.MaxInput
	}
	return MaxInput
}

func (o Options) maxOutput() int {
	if o.MaxOutput > 0 {
		return o.MaxOutput
	}
	return MaxOutput
}

// FromHTML returns the text a person would see: lines and paragraphs, "#" headings, "-" and numbered lists, table rows
// with " | ", "> " quotes, images by their alternative text, links as [1] with a list at the end. Hidden text is
// dropped and counted. truncated says that a bound was reached.
func FromHTML(src string, opts Options) (text string, dropped Dropped, truncated bool) {
	r := render(src, opts)
	return r.text, r.dropped, r.truncated
}

// rendered is what became of an HTML part.
type rendered struct {
	text       string
	body       int // bytes of text before the list of links
	dropped    Dropped
	truncated  bool
	misleading int // links whose text names another host
}

func render(src string, opts Options) rendered {
	cut := false
	if limit := opts.maxInput(); len(src) > limit {
		src, cut = src[:runeStart(src, limit)], true
	}
	var rules sheet
	r := newRenderer(&rules, opts)
	r.run(src)
	if r.lateStyle {
		// A style block below the text it hides: once more, now knowing it.
		rules.reset()
		r = newRenderer(&rules, opts)
		r.knowsAll = true
		r.run(src)
	}
	res := r.finish()
	res.truncated = res.truncated || cut
	return res
}

type renderer struct {
	*stack
	opts      Options
	w         writer
	rules     *sheet
	styles    map[string]decls
	knowsAll  bool // the rules of later style blocks are known
	lateStyle bool // a style block came after elements it may speak of
	sawBody   bool
	standards bool // a doctype was given
	rawTag    tag  // the next text is the inside of this element
	inRaw     bool
	inHidden  bool // the last text was hidden
	truncated bool
	dropped   Dropped
	scratch   []string
	linked    links
}

func newRenderer(rules *sheet, opts Options) *renderer {
	r := &renderer{opts: opts, rules: rules, styles: map[string]decls{}, w: writer{limit: opts.maxOutput()}}
	r.stack = newStack(r.left)
	r.linked.numbers = map[string]int{}
	return r
}

func (r *renderer) run(src string) {
	z := html.NewTokenizer(strings.NewReader(src))
	for !r.w.full {
		kind := z.Next()
		if kind != html.TextToken {
			r.inRaw = false
		}
		switch kind {
		case html.ErrorToken:
			return
		case html.DoctypeToken:
			r.standards = true
		case html.TextToken:
			r.text(z)
		case html.StartTagToken, html.SelfClosingTagToken:
			r.start(z, kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			name, _ := z.TagName()
			r.endTag(r.tagOf(name))
		case html.CommentToken: // never seen by a person
		}
	}
}

func (r *renderer) finish() rendered {
	r.endLink()
	r.truncated = r.truncated || r.w.full
	text, d := Clean(string(r.w.out))
	r.dropped.Add(d)
	res := rendered{text: text, body: len(text), truncated: r.truncated, misleading: r.linked.misleading}
	if list := r.linked.list(r.opts.FullLinks); list != "" {
		res.text = strings.TrimLeft(text+"\n\n"+list, "\n")
	}
	res.dropped = r.dropped
	return res
}

// text handles what stands between two tags.
func (r *renderer) text(z *html.Tokenizer) {
	b := z.Text()
	if r.inRaw {
		r.inRaw = false
		if r.rawTag == tagStyle && !r.knowsAll {
			r.lateStyle = r.rules.parse(string(b)) && r.sawBody || r.lateStyle
		}
		return
	}
	if len(b) == 0 {
		return
	}
	if allSpace(b) {
		r.blank(string(b))
		return
	}
	if r.over > 0 {
		r.truncated = true
		return
	}
	s, d := Clean(string(b))
	if strings.TrimSpace(s) == "" {
		if !r.look().hidden() {
			r.dropped.Invisible += d.Invisible
		}
		r.blank(s)
		return
	}
	r.reopen()
	l := r.look()
	if l.hidden() || l.dark() && !r.rules.partial {
		if !r.inHidden {
			r.dropped.Hidden++
		}
		r.inHidden = true
		return
	}
	r.inHidden = false
	r.dropped.Invisible += d.Invisible
	r.w.text(s, l.space == uint8(saysYes))
}

func (r *renderer) blank(s string) {
	if l := r.look(); l.space == uint8(saysYes) && !l.hidden() {
		r.w.preserved(s)
	} else {
		r.w.space = true
	}
}

func allSpace(b []byte) bool {
	for _, c := range b {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' && c != '\f' {
			return false
		}
	}
	return true
}

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
	if t == tagStyle && a.has(attrMedia) && !always("@media "+a.val[attrMedia]) {
		r.rawTag, r.rules.partial = tagScript, true
	}
}

// declared collects what rules and the style attribute say of an element.
func (r *renderer) declared(tagName string, a *attrs) decls {
	var d decls
	r.scratch = r.rules.names(r.scratch[:0], tagName, a.val[attrClass], a.val[attrID])
	if len(r.rules.rules) > 0 {
		r.rules.match(r.scratch, &d)
	}
	style := a.val[attrStyle]
	if style == "" {
		return d
	}
	said, ok := r.styles[style]
	if !ok {
		said.parseStyle(style, weightInline)
		if len(r.styles) < maxCached {
			r.styles[style] = said
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
		d.set(propBackground, uint32(parseColor(strings.ToLower(strings.TrimSpace(a.val[attrBgcolor])))), weightHint)
	}
	if a.val[attrBackground] != "" {
		d.set(propBackground, uint32(colorOther), weightHint)
	}
	switch {
	case t == tagFont:
		if a.has(attrColor) {
			d.set(propColor, uint32(parseColor(strings.ToLower(strings.TrimSpace(a.val[attrColor])))), weightHint)
		}
		if a.has(attrSize) {
			d.set(propFont, saysNo, weightHint)
		}
	case t == tagBody && a.has(attrText):
		d.set(propColor, uint32(parseColor(strings.ToLower(strings.TrimSpace(a.val[attrText])))), weightHint)
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
		value := strings.ToLower(strings.TrimSpace(a.val[x]))
		if x == attrFill && value == "none" {
			value = "transparent"
		}
		said.declare(name, value, 0)
	}
	if t == tagSVG {
		said.declare("width", a.val[attrWidth], 0)
		said.declare("height", a.val[attrHeight], 0)
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
		r.beginLink(a.val[attrHref])
	case tagQuote:
		r.w.quote++
	case tagUL, tagOL:
		if len(r.w.lists) == 0 {
			r.w.brk(2)
		}
		start, err := strconv.Atoi(a.val[attrStart])
		if err != nil || start < 0 || start > 1e6 {
			start = 1
		}
		r.w.beginList(t == tagOL, start)
	case tagLI:
		r.w.beginItem()
	case tagTable:
		role := strings.ToLower(a.val[attrRole])
		border := a.val[attrBorder]
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
