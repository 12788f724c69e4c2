package mailtext

import (
	"strconv"
	"strings"
)

// links numbers the targets of a text.
type links struct {
	open       bool
	target     address
	from       int // where the open link's text begins
	targets    []address
	numbers    map[string]int
	misleading int
}

func (r *renderer) beginLink(href string) {
	r.endLink()
	target, ok := parseTarget(href)
	if !ok {
		return
	}
	r.linked.open, r.linked.target, r.linked.from = true, target, len(r.w.out)
}

// endLink puts the number behind the link's text; a link that shows nothing gets none.
func (r *renderer) endLink() {
	l := &r.linked
	if !l.open {
		return
	}
	l.open = false
	text := strings.Trim(string(r.w.out[l.from:]), " \t\n>|#-")
	if text == "" || r.w.full {
		return
	}
	elsewhere := false
	for _, host := range namedHosts(text) {
		elsewhere = elsewhere || !sameHost(host, l.target.host)
	}
	if elsewhere {
		l.misleading++
	} else if l.target.says(text) {
		return
	}
	ref := "[" + strconv.Itoa(l.number())
	if elsewhere {
		ref += " goes to " + l.target.host
	}
	r.w.append(" " + ref + "]")
	r.w.glued = true
}

// number gives equal targets one number. Beyond maxLinks all share the number after the last.
func (l *links) number() int {
	if n, ok := l.numbers[l.target.shown]; ok {
		return n
	}
	if len(l.targets) >= maxLinks {
		return maxLinks + 1
	}
	l.targets = append(l.targets, l.target)
	l.numbers[l.target.shown] = len(l.targets)
	return len(l.targets)
}

// says reports a text that is the target already.
func (a address) says(text string) bool {
	if a.mail {
		return strings.EqualFold(strings.TrimPrefix(text, "mailto:"), a.host)
	}
	return bare(text) == bare(a.shown)
}

func bare(u string) string {
	u = strings.TrimPrefix(strings.TrimPrefix(u, "https://"), "http://")
	return strings.TrimSuffix(strings.TrimPrefix(u, "www."), "/")
}

// list is the end of the text: each number with its target.
func (l *links) list(full bool) string {
	var b strings.Builder
	for i, t := range l.targets {
		shown := t.short()
		if full {
			shown = t.shown
		}
		if b.Len()+len(shown) > maxLinkList {
			b.WriteString("[" + strconv.Itoa(i+1) + "] and further: not shown\n")
			return strings.TrimSuffix(b.String(), "\n")
		}
		b.WriteString("[" + strconv.Itoa(i+1) + "] " + shown + "\n")
	}
	if len(l.targets) == maxLinks {
		b.WriteString("[" + strconv.Itoa(maxLinks+1) + "] and further: not shown\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
