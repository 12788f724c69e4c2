package mailtext

const (
	// maxDepth bounds the open elements; what stands deeper is not shown. Long reply chains reach a few hundred.
	maxDepth = 1 << 15
	// maxNames bounds the element names kept apart; HTML has some 140.
	maxNames = 512
	// maxFormats bounds the inline elements waiting to be re-opened.
	maxFormats = 64
	// maxRework bounds the work spent on end tags that cross others.
	maxRework = 1 << 20
)

// element is an open element. Indices are -1 for none.
type element struct {
	tag     tag
	traits  traits
	prev    int32 // the next open element outwards with this tag
	scope   int32 // the innermost "scoped" element, itself included
	special int32 // the innermost "special" element, itself included
	base    int32 // where the formats begin that may be re-opened inside
	own     look
	total   look
	names   []string // those that rules ask of ancestors
	laidOut bool     // the writer knows of it
	region  int32    // its number among the renderer's regions, 0 for none
	from    int      // where an inline element begins in the writer's output
}

// formatting is an inline element whose look outlives the block it was opened in.
type formatting struct {
	tag tag
	own look
	at  int32 // its place on the stack, or -1
}

// stack holds the open elements and finds in constant time what an end tag closes.
type stack struct {
	open    []element
	last    []int32 // by tag: the innermost open element
	traits  []traits
	tags    map[string]tag
	formats []formatting
	stale   bool // some format is not on the stack
	over    int  // elements opened beyond maxDepth
	rework  int
	popped  func(*element)
}

func newStack(popped func(*element)) *stack {
	s := &stack{tags: map[string]tag{}, popped: popped, last: make([]int32, tagCount), traits: make([]traits, tagCount)}
	for i := range s.last {
		s.last[i] = -1
	}
	return s
}

// tagOf numbers a lower-case element name.
func (s *stack) tagOf(name string) (tag, traits) {
	if t, ok := s.tags[name]; ok {
		return t, s.traits[t]
	}
	t, tr := lookupTag(name)
	if t == tagNone {
		if len(s.tags) >= maxNames {
			return tagNone, tr | orphan
		}
		t = tag(len(s.last))
		s.last, s.traits = append(s.last, -1), append(s.traits, 0)
	}
	s.traits[t] = tr
	s.tags[name] = t
	return t, tr
}

func (s *stack) top() *element {
	if len(s.open) == 0 {
		return nil
	}
	return &s.open[len(s.open)-1]
}

// look is how text looks here.
func (s *stack) look() look {
	if len(s.open) == 0 {
		return look{}
	}
	return s.open[len(s.open)-1].total
}

// within reports an open element of this tag with no other of the given tags inside it.
func (s *stack) within(t tag, barriers ...tag) bool {
	at := s.last[t]
	for _, b := range barriers {
		if s.last[b] > at {
			return false
		}
	}
	return at >= 0
}

func (s *stack) push(t tag, tr traits, own look) *element {
	if len(s.open) >= maxDepth {
		s.over++
		return nil
	}
	e := element{tag: t, traits: tr, prev: s.last[t], scope: -1, special: -1, own: own}
	if parent := s.top(); parent != nil {
		e.scope, e.special, e.base, e.total = parent.scope, parent.special, parent.base, own.inside(parent.total)
	} else {
		e.total = own.inside(look{})
	}
	at := int32(len(s.open))
	if tr&scoped != 0 {
		e.scope, e.base = at, int32(len(s.formats))
	}
	if tr&special != 0 {
		e.special = at
	}
	s.last[t] = at
	s.open = append(s.open, e)
	return s.top()
}

// popTo closes the element at the index and all inside it.
func (s *stack) popTo(at int32) {
	for int32(len(s.open)) > at && at >= 0 {
		e := s.top()
		if s.last[e.tag] == int32(len(s.open)-1) {
			s.last[e.tag] = e.prev
		}
		if e.traits&scoped != 0 {
			s.formats = s.formats[:min(int(e.base), len(s.formats))]
		}
		if s.popped != nil {
			s.popped(e)
		}
		s.open = s.open[:len(s.open)-1]
	}
	for i := range s.formats {
		if s.formats[i].at >= at {
			s.formats[i].at, s.stale = -1, true
		}
	}
}

// remember notes an inline element for re-opening; only one that changes the look matters here.
func (s *stack) remember(e *element) {
	if e == nil || e.own == (look{}) || len(s.formats) >= maxFormats {
		return
	}
	s.formats = append(s.formats, formatting{e.tag, e.own, int32(len(s.open) - 1)})
}

// reopen puts the inline elements back that a closed block took along (WHATWG 13.2.4.3).
func (s *stack) reopen() {
	if !s.stale || len(s.open) == 0 && len(s.formats) == 0 {
		return
	}
	base := 0
	if e := s.top(); e != nil {
		base = int(e.base)
	}
	for i := base; i < len(s.formats); i++ {
		if f := &s.formats[i]; f.at < 0 {
			if s.push(f.tag, format, f.own) == nil {
				return
			}
			f.at = int32(len(s.open) - 1)
		}
	}
	s.stale = false
}

// forget takes the innermost inline element of this tag off the list of those to re-open.
func (s *stack) forget(t tag) {
	base := 0
	if e := s.top(); e != nil {
		base = int(e.base)
	}
	for i := len(s.formats) - 1; i >= base; i-- {
		if s.formats[i].tag == t {
			s.formats = append(s.formats[:i], s.formats[i+1:]...)
			return
		}
	}
}

// end closes what an end tag of this name closes, and reports whether it closed anything.
func (s *stack) end(t tag, tr traits) bool {
	if s.over > 0 {
		s.over--
		return false
	}
	e, at := s.top(), s.last[t]
	if tr&format != 0 {
		return s.endFormat(t, at)
	}
	if tr&orphan != 0 || e == nil {
		return false
	}
	switch {
	case tr&tableParts != 0 || t == tagTable:
		if t != tagTable && at < s.last[tagTable] {
			return false
		}
	case t >= tagH1 && t <= tagH6:
		for h := tagH1; h <= tagH6; h++ {
			at = max(at, s.last[h])
		}
		if at < e.scope {
			return false
		}
	case tr&special != 0:
		if at < e.scope {
			return false
		}
	default: // "any other end tag"
		if at < e.special {
			return false
		}
	}
	if at < 0 {
		return false
	}
	s.popTo(at)
	return true
}

// endFormat is what is left of the adoption agency (WHATWG 13.2.6.4.7): blocks opened inside the inline element stay
// open without its look.
func (s *stack) endFormat(t tag, at int32) bool {
	if at < 0 {
		s.forget(t)
		return false
	}
	e := s.top()
	if at < e.scope {
		return false
	}
	s.forget(t)
	if at > e.special {
		s.popTo(at)
		return true
	}
	if s.rework += len(s.open) - int(at); s.rework > maxRework {
		return false
	}
	s.last[t] = s.open[at].prev
	s.open[at].own = look{}
	for i := int(at); i < len(s.open); i++ {
		var outer look
		if i > 0 {
			outer = s.open[i-1].total
		}
		s.open[i].total = s.open[i].own.inside(outer)
	}
	return true
}

// imply closes what the start tag ends without saying so (WHATWG 13.2.6.4.7 and 13.2.6.4.9 to 14).
func (s *stack) imply(t tag, tr traits, standards bool) {
	e := s.top()
	if e == nil {
		return
	}
	if tr&closesP != 0 || t == tagTable && standards {
		if at := s.last[tagP]; at >= 0 && at > e.scope {
			s.popTo(at)
		}
	}
	switch t {
	case tagLI:
		s.implyOne(tagLI, tagUL, tagOL)
	case tagDD, tagDT:
		s.implyOne(tagDD, tagDL)
		s.implyOne(tagDT, tagDL)
	case tagOption:
		s.implyOne(tagOption)
	case tagTD, tagTH:
		s.implyParts(tagTD, tagTH, tagCaption)
	case tagTR:
		s.implyParts(tagTD, tagTH, tagCaption, tagTR)
	case tagTBody, tagTHead, tagTFoot, tagCaption:
		s.implyParts(tagTD, tagTH, tagCaption, tagTR, tagTBody, tagTHead, tagTFoot)
	}
}

// implyOne closes the innermost t unless one of the barriers or a scope is inside it.
func (s *stack) implyOne(t tag, barriers ...tag) {
	if e := s.top(); e != nil && s.within(t, barriers...) && s.last[t] > e.scope {
		s.popTo(s.last[t])
	}
}

// implyParts closes the parts of the innermost table.
func (s *stack) implyParts(parts ...tag) {
	for _, t := range parts {
		if s.last[t] > s.last[tagTable] {
			s.popTo(s.last[t])
		}
	}
}
