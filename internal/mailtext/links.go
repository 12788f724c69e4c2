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
	full       bool // long addresses are shown whole
	misleading int
	read       int  // addresses that were read
	cut        bool // there were more
}

func (r *renderer) beginLink(href string, cut bool) {
	r.endLink()
	if r.linked.read++; r.linked.read > maxRead {
		r.linked.cut = true
		return
	}
	target, ok := parseTarget(href, cut)
	if !ok {
		return
	}
	r.linked.open, r.linked.target, r.linked.from = true, target, len(r.w.out)
	r.beginIcon()
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
	elsewhere := l.target.deceptive || l.target.leadsElsewhere(text)
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
	if !elsewhere {
		r.endIcon(text)
	}
}

// leadsElsewhere reports a text that names another host than the target's, or of mailto another address.
func (a address) leadsElsewhere(text string) bool {
	switch a.scheme {
	case "mailto":
		for word := range strings.FieldsSeq(text) {
			word = strings.Trim(word, `.,;:!?()[]<>"'|`)
			if at := strings.IndexByte(word, '@'); at > 0 && bareHost(strings.ToLower(word[at+1:])) && !strings.EqualFold(word, a.host) {
				return true
			}
		}
		return false
	case "tel":
		return false
	}
	for _, host := range namedHosts(text) {
		if !sameHost(host, a.host) {
			return true
		}
	}
	return false
}

// number gives targets that are shown alike one number. Beyond maxLinks all share the number after the last.
func (l *links) number() int {
	shown := l.target.text(l.full)
	if n, ok := l.numbers[shown]; ok {
		return n
	}
	if len(l.targets) >= maxLinks {
		l.cut = true
		return maxLinks + 1
	}
	l.targets = append(l.targets, l.target)
	l.numbers[shown] = len(l.targets)
	return len(l.targets)
}

// says reports a text that is the target already.
func (a address) says(text string) bool {
	switch a.scheme {
	case "mailto":
		return strings.EqualFold(strings.TrimPrefix(text, "mailto:"), a.host)
	case "tel":
		return phoneDigits(text) == phoneDigits(a.host)
	}
	return bare(text) == bare(a.shown)
}

func bare(u string) string {
	u = strings.TrimPrefix(strings.TrimPrefix(u, "https://"), "http://")
	return strings.TrimSuffix(strings.TrimPrefix(u, "www."), "/")
}

// list is the end of the text: each number with its target.
func (l *links) list() string {
	var b strings.Builder
	for i, t := range l.targets {
		shown := t.text(l.full)
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
