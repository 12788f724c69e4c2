package mailtext

import (
	"strings"
)

const (
	// MaxInput is how many bytes of HTML are read unless Options says otherwise: more than any honest mail, pictures
	// inside it included.
	MaxInput = 8 << 20
	// MaxOutput is how many bytes of text are made unless Options says otherwise.
	MaxOutput = 1 << 20
	// maxAlt bounds the text in place of an image, in characters.
	maxAlt = 120
	// markupShare is how many bytes of HTML come on one of text, or more.
	markupShare = 4
	// maxCached bounds the style attributes remembered; senders repeat a few dozen.
	maxCached = 256
	// maxStyle is how many bytes of a style attribute are read from its beginning, and from its end: pictures may stand between.
	maxStyle = 16 << 10
)

// Options bounds and shapes a text. The zero value is what a model should get.
type Options struct {
	MaxInput  int  // bytes of HTML read; MaxInput when not positive
	MaxOutput int  // bytes of text made, the list of links apart (at most 64 KiB); MaxOutput when not positive
	FullLinks bool // long addresses whole instead of their host only
	Full      bool // quoted history and signature are kept
	// Subject tells Body a message passed on, which is shown, from an answer, whose quotes are not. May be empty.
	Subject string
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
	unread     int // rules and declarations that may hide or reorder text and were not followed
	regions    []region
}

func render(src string, opts Options) rendered {
	cut := false
	if limit := opts.maxInput(); len(src) > limit {
		src, cut = src[:runeStart(src, limit)], true
	}
	var rules sheet
	r := newRenderer(&rules, opts)
	r.w.out = make([]byte, 0, min(len(src)/markupShare, opts.maxOutput()))
	r.run(newLexer(src))
	if r.lateStyle {
		// A style block below the text it hides: once more, now knowing it.
		rules.reset()
		out := r.w.out[:0]
		r = newRenderer(&rules, opts)
		r.w.out, r.knowsAll = out, true
		r.run(newLexer(src))
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
	styles    map[string]*styled
	unstyled  styled
	uncached  styled
	said      decls // of the element at hand
	knowsAll  bool  // the rules of later style blocks are known
	lateStyle bool  // a style block came after elements it may speak of
	sawBody   bool
	standards bool // a doctype was given
	rawTag    tag  // the next text is the inside of this element
	inHidden  bool // the last text was hidden
	truncated bool
	unread    int // elements that may be hidden or reordered by what is not worked out
	dropped   Dropped
	scratch   []string
	linked    links
	icons     icons
	regions   []region
	inQuoted  int // open regions that are quoted as a whole
}

func newRenderer(rules *sheet, opts Options) *renderer {
	r := &renderer{opts: opts, rules: rules, styles: map[string]*styled{}, w: writer{limit: opts.maxOutput()}}
	r.stack = newStack(r.left)
	r.linked.numbers, r.linked.full = map[string]int{}, opts.FullLinks
	return r
}

func (r *renderer) run(l *lexer) {
	l.attrs.wanted = r.rules.wanted
	for !r.w.full {
		switch l.next() {
		case tokenEnd:
			return
		case tokenDoctype:
			r.standards = true
		case tokenText:
			r.text(l.text)
		case tokenRaw:
			r.rawText(l.text)
			l.attrs.wanted = r.rules.wanted
		case tokenStart:
			r.start(l)
		case tokenClose:
			r.endTag(r.tagOf(l.name))
		}
	}
}

func (r *renderer) finish() rendered {
	r.endLink()
	r.truncated = r.truncated || r.w.full || r.rules.cut || r.linked.cut
	out := string(r.w.out)
	text, d := Clean(out)
	r.dropped.Add(d)
	r.dropped.Hidden += r.rules.generated
	res := rendered{text: text, body: len(text), truncated: r.truncated, misleading: r.linked.misleading, unread: r.unread + r.rules.unread}
	res.regions = inLines(r.regions, out, text)
	if list := r.linked.list(); list != "" {
		res.text = strings.TrimLeft(text+"\n\n"+list, "\n")
	}
	res.dropped = r.dropped
	return res
}

// rawText reads the rules of a style block.
func (r *renderer) rawText(s string) {
	if r.rawTag == tagStyle && !r.knowsAll {
		added := r.rules.parse(s)
		missed := r.sawBody || r.last[tagBody] >= 0 && (r.rules.speaksOf("body") || r.rules.speaksOf("*"))
		r.lateStyle = r.lateStyle || added && missed
	}
}

// text handles what stands between two tags.
func (r *renderer) text(s string) {
	if allSpace(s) {
		r.blank(s)
		return
	}
	if r.over > 0 {
		r.truncated = true
		return
	}
	s, d := Clean(s)
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

func allSpace(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != ' ' && c != '\n' && c != '\t' && c != '\r' && c != '\f' {
			return false
		}
	}
	return true
}
