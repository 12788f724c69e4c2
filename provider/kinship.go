package provider

import (
	"cmp"
	"slices"
	"strings"
)

// group is one message and its copies.
type group struct {
	all  []*Letter // the copies, the account's own first, then by arrival
	best *Letter   // the one that stands for all
	refs []string  // what it names, the one it answers last
	base string    // its subject, see baseSubject
	// answers says that the subject has more than the base.
	answers bool
	node    int
	turn    turn
}

// name is the id to look for answers to g by, "" for none.
func (g *group) name() string {
	if id := g.best.Summary.HeaderID; validName(id) {
		return id
	}
	return ""
}

func (g *group) summary(threadID string) Summary {
	s := g.best.Summary
	if threadID != "" {
		s.ThreadID = threadID
	}
	for _, l := range g.all {
		if l != g.best {
			s.Copies = append(s.Copies, l.Summary.ID)
		}
	}
	return s
}

// node is a Message-ID, with its message where that is known, or a message
// that cannot be named.
type node struct {
	id     string
	group  *group
	parent int // -1: none
	top    int // towards the node that everything linked so far hangs below
}

// thread is what link finds out.
type thread struct {
	nodes   []node
	start   *group          // nil: not among the letters
	members []*group        // oldest first
	within  map[string]bool // the Message-IDs of the conversation
	id      string
}

// linker builds the trees of RFC 5256 section 3, REFERENCES steps 1 and 2,
// with two differences: subjects join nothing, and only a message's own header
// gives it a parent. Nothing in it recurses.
type linker struct {
	nodes []node
	byID  map[string]int
}

// link sorts all letters into conversations and picks that of the start.
func (c *Conversation) link() thread {
	l := &linker{byID: map[string]int{}}
	groups := c.groups()
	for _, g := range groups {
		l.place(g)
	}
	byTime := slices.Clone(groups)
	slices.SortStableFunc(byTime, func(a, b *group) int { return compareArrival(a.best, b.best) })
	for _, g := range byTime {
		l.connect(g)
	}
	return l.pick(c.start, byTime)
}

// groups puts copies together, in the order in which their ids count.
func (c *Conversation) groups() []*group {
	order := make([]*Letter, len(c.letters))
	for i := range c.letters {
		order[i] = &c.letters[i]
	}
	slices.SortFunc(order, func(a, b *Letter) int {
		return cmp.Or(-compareBools(a.Sent, b.Sent), compareArrival(a, b))
	})
	var out []*group
	named := map[string][]*group{}
	for _, l := range order {
		id := l.Summary.HeaderID
		i := slices.IndexFunc(named[id], func(g *group) bool { return id != "" && sameMessage(g.all[0], l) })
		if i >= 0 {
			g := named[id][i]
			g.all = append(g.all, l)
			if l.Summary.ID == c.start && !g.best.Sent {
				g.best = l
			}
			continue
		}
		g := &group{all: []*Letter{l}, best: l, refs: l.refs()}
		subject := strings.Join(strings.Fields(l.Summary.Subject[:min(maxSubject, len(l.Summary.Subject))]), " ")
		g.base = baseSubject(subject)
		g.answers = g.base != subject
		out = append(out, g)
		if len(named[id]) < maxForgeries {
			named[id] = append(named[id], g)
		}
	}
	return out
}

// maxSubject is as much of a subject as is compared, in bytes.
const maxSubject = 1000

// maxForgeries bounds the different messages with one id that copies are
// looked for among: comparing all with all would be a stranger's to slow down.
const maxForgeries = 20

// sameMessage tells a copy from a message that only has the same Message-ID. A
// list changes what it passes on, so against our own copy the size says nothing.
func sameMessage(a, b *Letter) bool {
	x, y := a.Summary, b.Summary
	sized := x.Size == 0 || y.Size == 0 || x.Size == y.Size
	return x.HeaderID == y.HeaderID && x.Date.Equal(y.Date) && (sized || a.Sent || b.Sent) &&
		slices.EqualFunc(x.From, y.From, func(p, q Address) bool { return strings.EqualFold(p.Addr, q.Addr) })
}

func compareArrival(a, b *Letter) int {
	return cmp.Or(arrived(a.Summary).Compare(arrived(b.Summary)), a.Summary.Date.Compare(b.Summary.Date), cmp.Compare(a.Summary.ID, b.Summary.ID))
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// refs lists what a message names: References, or else the first of
// In-Reply-To, where old programs write other things too (RFC 5256 section 3).
func (l *Letter) refs() []string {
	names := l.valid(l.References)
	if len(names) == 0 {
		names = l.valid(l.InReplyTo)
		names = names[:min(1, len(names))]
	}
	return names
}

// valid keeps the first id and the last ones, each once, and never its own.
func (l *Letter) valid(ids []string) []string {
	var out []string
	seen := map[string]bool{l.Summary.HeaderID: true}
	for _, id := range slices.Backward(ids) {
		if seen[id] || !validName(id) {
			continue
		}
		seen[id] = true
		if len(out) == maxNames {
			out[maxNames-1] = id // ever nearer to the first
			continue
		}
		out = append(out, id)
	}
	slices.Reverse(out)
	return out
}

// validName accepts what a search can look for.
func validName(id string) bool {
	return checkTerm("", id) == nil && !strings.ContainsAny(id, " <>")
}

// place gives a message its node. The second with an id cannot be named.
func (l *linker) place(g *group) {
	id := g.best.Summary.HeaderID
	if at, taken := l.byID[id]; !validName(id) || taken && l.nodes[at].group != nil {
		g.node = l.add("", g)
		return
	}
	g.node = l.named(id)
	l.nodes[g.node].group = g
}

func (l *linker) add(id string, g *group) int {
	n := len(l.nodes)
	l.nodes = append(l.nodes, node{id: id, group: g, parent: -1, top: n})
	return n
}

func (l *linker) named(id string) int {
	n, ok := l.byID[id]
	if !ok {
		n = l.add(id, nil)
		l.byID[id] = n
	}
	return n
}

// connect hangs a message below the last it names, and lost messages below
// those named before them. The first to say so counts.
func (l *linker) connect(g *group) {
	child := g.node
	for i, id := range slices.Backward(g.refs) {
		parent := l.named(id)
		lost := l.nodes[child].group == nil
		if child == g.node && i == len(g.refs)-1 || lost || l.plausible(child, parent) {
			l.hang(child, parent)
		}
		child = parent
	}
}

// plausible lets a message that names none be called an answer by those that
// answer it, if its subject says so too: some programs drop the fields.
func (l *linker) plausible(child, parent int) bool {
	c, p := l.nodes[child].group, l.nodes[parent].group
	if c == nil || p == nil || len(c.refs) > 0 {
		return false
	}
	return c.base != "" && c.answers && strings.EqualFold(c.base, p.base)
}

// hang refuses a second parent, and one that is below the child.
func (l *linker) hang(child, parent int) {
	if l.nodes[child].parent < 0 && l.topOf(parent) != child {
		l.nodes[child].parent = parent
		l.nodes[child].top = l.topOf(parent)
	}
}

// topOf shortens the way for those who ask next: chains are a stranger's.
func (l *linker) topOf(n int) int {
	for l.nodes[n].top != n {
		l.nodes[n].top = l.nodes[l.nodes[n].top].top
		n = l.nodes[n].top
	}
	return n
}

// pick takes the messages below the same top as the start, and those that the
// service counts to them.
func (l *linker) pick(start MessageID, groups []*group) thread {
	t := thread{nodes: l.nodes}
	for _, g := range groups {
		if slices.ContainsFunc(g.all, func(c *Letter) bool { return c.Summary.ID == start }) {
			t.start = g
		}
	}
	if t.start == nil {
		return t
	}
	top := l.topOf(t.start.node)
	t.id = l.nodes[top].id
	if t.id != "" {
		t.id = ShortHash(t.id, threadIDLen)
	}
	depth := l.depths()
	for _, g := range groups {
		counted := slices.ContainsFunc(g.all, func(c *Letter) bool { return c.Counted })
		if l.topOf(g.node) == top || counted {
			s := g.best.Summary
			at := arrived(s)
			g.turn = turn{at: at.Unix(), nanos: at.Nanosecond(), depth: depth[g.node], date: s.Date.Unix(), id: s.ID}
			t.members = append(t.members, g)
		}
	}
	slices.SortFunc(t.members, func(a, b *group) int { return a.turn.compare(b.turn) })
	t.within = map[string]bool{}
	for i, n := range l.nodes {
		if n.id != "" && l.topOf(i) == top {
			t.within[n.id] = true
		}
	}
	return t
}

// depths counts how many nodes are above each, along a path at a time.
func (l *linker) depths() []int {
	depth := make([]int, len(l.nodes))
	for i := range depth {
		depth[i] = -1
	}
	var path []int
	for i := range l.nodes {
		path = path[:0]
		n := i
		for n >= 0 && depth[n] < 0 {
			path = append(path, n)
			n = l.nodes[n].parent
		}
		d := -1
		if n >= 0 {
			d = depth[n]
		}
		for _, below := range slices.Backward(path) {
			d++
			depth[below] = d
		}
	}
	return depth
}
