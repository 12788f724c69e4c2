package imapmail

import (
	"errors"
	"strings"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
)

// plan splits a query into what the server decides and what only we can: exact
// times, attachments and their names, exact Message-IDs.
type plan struct {
	query  provider.Query
	server imapx.Criteria
	// ascii is server without what matches text beyond ASCII, for servers that
	// refuse it; nil when we could not decide that ourselves.
	ascii *imapx.Criteria
	// foreign says that there is such text.
	foreign bool
	// validity is what the folder must have; 0: any.
	validity uint32
	client   []provider.Query   // each must match
	not      []provider.Query   // none may
	any      [][]provider.Query // one of each group must
}

func newPlan(q provider.Query) (*plan, error) {
	p := &plan{query: q}
	own := provider.Query{Since: q.Since, Before: q.Before, HasAttach: q.HasAttach, Filename: q.Filename, HeaderID: q.HeaderID}
	if !own.Since.IsZero() || !own.Before.IsZero() || own.HasAttach || len(own.Filename) > 0 || own.HeaderID != "" {
		p.client = append(p.client, own)
	}
	rest := q
	rest.Since, rest.Before = widen(q.Since, q.Before)
	rest.Not, rest.Any = nil, nil
	for _, sub := range q.Not {
		if !needsUs(sub) && !(rough(sub) && decidable(sub)) {
			rest.Not = append(rest.Not, sub)
		} else if p.not = append(p.not, sub); !decidable(sub) {
			return nil, mixed()
		}
	}
	for _, group := range q.Any {
		ours, vague, all := false, false, true
		for _, sub := range group {
			ours, vague, all = ours || needsUs(sub), vague || rough(sub), all && decidable(sub)
		}
		if !ours {
			if vague && all {
				p.any, group = append(p.any, group), loosened(group)
			}
			rest.Any = append(rest.Any, group)
		} else if p.any = append(p.any, group); !all {
			return nil, mixed()
		}
	}
	p.server, p.foreign = criteria(rest, false), !isASCII(q)
	if decidable(q) {
		ascii := criteria(rest, true)
		p.ascii = &ascii
	}
	return p, nil
}

func mixed() error {
	return &provider.Error{
		Code: provider.Unsupported, Hint: "search for one of them, then look at the results",
		Err: errors.New("the server cannot search bodies and attachments as alternatives, or excluded, in one term"),
	}
}

// sieve is what we check of the server's hits.
func (p *plan) sieve() sieve {
	return sieve{keep: p.filter(), query: p.query, bcc: usesTo(p.query)}
}

// alone is what we check where the server got no text beyond ASCII.
func (p *plan) alone() sieve { return sieve{keep: p.matchAll, bcc: usesTo(p.query)} }

// filter decides what the server cannot; nil when that is nothing.
func (p *plan) filter() func(entry) bool {
	if len(p.client)+len(p.not)+len(p.any) == 0 {
		return nil
	}
	return func(e entry) bool {
		for _, q := range p.client {
			if !matches(q, e) {
				return false
			}
		}
		for _, q := range p.not {
			if matches(q, e) {
				return false
			}
		}
		for _, group := range p.any {
			if !matchesAny(group, e) {
				return false
			}
		}
		return true
	}
}

func (p *plan) matchAll(e entry) bool { return matches(p.query, e) }

// needsUs reports terms that no SEARCH key can express.
func needsUs(q provider.Query) bool {
	if q.HasAttach || len(q.Filename) > 0 {
		return true
	}
	return anySub(q, needsUs)
}

// rough reports terms that SEARCH keys express, but not exactly: instants,
// of which servers take the day in their own zone, and whole Message-IDs.
func rough(q provider.Query) bool {
	return !q.Since.IsZero() || !q.Before.IsZero() || q.HeaderID != "" || anySub(q, rough)
}

// loosened makes alternatives match at least what they should.
func loosened(group []provider.Query) []provider.Query {
	out := make([]provider.Query, len(group))
	for i, q := range group {
		out[i] = q
		out[i].Since, out[i].Before = widen(q.Since, q.Before)
		out[i].Not, out[i].Any = nil, nil
		for _, sub := range q.Not {
			if !rough(sub) {
				out[i].Not = append(out[i].Not, sub)
			}
		}
		for _, g := range q.Any {
			out[i].Any = append(out[i].Any, loosened(g))
		}
	}
	return out
}

// decidable reports whether a list entry tells if q matches.
func decidable(q provider.Query) bool {
	return len(q.Text) == 0 && len(q.Body) == 0 && !anySub(q, func(s provider.Query) bool { return !decidable(s) })
}

func anySub(q provider.Query, test func(provider.Query) bool) bool {
	for _, sub := range q.Not {
		if test(sub) {
			return true
		}
	}
	for _, group := range q.Any {
		for _, sub := range group {
			if test(sub) {
				return true
			}
		}
	}
	return false
}

// matches decides a query without words in the body from a list entry.
func matches(q provider.Query, e entry) bool {
	s, cc := &e.Summary, addressText(e.Cc)
	switch {
	case !hasAll(q.From, addressText(s.From)), !hasAll(q.To, addressText(s.To)+cc+addressText(addresses(e.header.Bcc))), !hasAll(q.Cc, cc),
		!hasAll(q.Subject, s.Subject), len(q.Filename) > 0 && !hasAll(q.Filename, fileNames(e.structure)),
		!q.Since.IsZero() && s.Received.Before(q.Since), !q.Before.IsZero() && !s.Received.Before(q.Before),
		!s.Flags.Has(q.With), s.Flags&q.Without != 0,
		q.Larger > 0 && s.Size <= q.Larger, q.Smaller > 0 && s.Size >= q.Smaller,
		q.HasAttach && !s.HasAttach, q.HeaderID != "" && !sameID(q.HeaderID, e):
		return false
	}
	for _, label := range q.Labels {
		if !hasLabel(s.Labels, label) {
			return false
		}
	}
	for _, sub := range q.Not {
		if matches(sub, e) {
			return false
		}
	}
	for _, group := range q.Any {
		if !matchesAny(group, e) {
			return false
		}
	}
	return true
}

// sameID compares a Message-ID with what the field says, also where that is no
// id by the grammar.
func sameID(want string, e entry) bool {
	want = bareID(want)
	return want != "" && (want == e.HeaderID || want == bareID(e.header.Get("Message-ID")))
}

func bareID(id string) string { return strings.Trim(id, "<> ") }

func matchesAny(group []provider.Query, e entry) bool {
	for _, q := range group {
		if matches(q, e) {
			return true
		}
	}
	return false
}

func hasAll(words []string, text string) bool {
	text = strings.ToLower(text)
	for _, w := range words {
		if !strings.Contains(text, strings.ToLower(w)) {
			return false
		}
	}
	return true
}

func hasLabel(labels []string, want string) bool {
	for _, l := range labels {
		if strings.EqualFold(l, want) {
			return true
		}
	}
	return false
}

func addressText(list []provider.Address) string {
	var b strings.Builder
	for _, a := range list {
		b.WriteString(a.Name + " <" + a.Addr + ">\n")
	}
	return b.String()
}

func fileNames(structure *imapx.Part) string {
	var b strings.Builder
	for _, p := range describe(structure).Attachments {
		b.WriteString(p.Name + "\n")
	}
	return b.String()
}

// criteria writes a query as SEARCH keys. With ascii it leaves out words that
// need a charset, which makes it match more.
func criteria(q provider.Query, ascii bool) imapx.Criteria {
	out := imapx.Criteria{
		Since: day(q.Since), Before: day(q.Before), Flags: flagNames(q.With), NoFlags: flagNames(q.Without),
		Larger: q.Larger, Smaller: q.Smaller, Body: sendable(q.Body, ascii), Text: sendable(q.Text, ascii),
	}
	header := func(field string, words []string) {
		for _, w := range sendable(words, ascii) {
			out.Header = append(out.Header, imapx.HeaderTerm{Field: field, Text: w})
		}
	}
	header("From", q.From)
	header("Cc", q.Cc)
	header("Subject", q.Subject)
	for _, w := range sendable(q.To, ascii) {
		out.Or = append(out.Or, [2]imapx.Criteria{anyField(w, "To"), either(anyField(w, "Cc"), anyField(w, "Bcc"))})
	}
	if q.HeaderID != "" {
		switch id := bareID(q.HeaderID); {
		case id == "":
			out.From, out.To = nothing, nothing
		case !ascii || plain(id):
			out.MessageID = id
		}
	}
	for _, label := range q.Labels {
		if isKeyword(label) {
			out.Flags = append(out.Flags, label)
		} else {
			out.From, out.To = nothing, nothing // no message can have it
		}
	}
	for _, sub := range q.Not {
		if !ascii || isASCII(sub) { // fewer words exclude more: not ours to do
			out.Not = append(out.Not, criteria(sub, false))
		}
	}
	for _, group := range q.Any {
		alt := criteria(group[0], ascii)
		for _, sub := range group[1:] {
			alt = either(alt, criteria(sub, ascii))
		}
		// A group of one is "a OR a": there is no other way to add it.
		out.Or = append(out.Or, [2]imapx.Criteria{alt, alt})
	}
	return out
}

// nothing is a UID that no server has given out yet.
const nothing = imapx.UID(1<<32 - 1)

func anyField(word, field string) imapx.Criteria {
	return imapx.Criteria{Header: []imapx.HeaderTerm{{Field: field, Text: word}}}
}

func either(a, b imapx.Criteria) imapx.Criteria {
	return imapx.Criteria{Or: [][2]imapx.Criteria{{a, b}}}
}

func day(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(24 * time.Hour)
}

func sendable(words []string, ascii bool) []string {
	if !ascii {
		return words
	}
	var out []string
	for _, w := range words {
		if plain(w) {
			out = append(out, w)
		}
	}
	return out
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

func isASCII(q provider.Query) bool {
	for _, words := range [][]string{q.From, q.To, q.Cc, q.Subject, q.Text, q.Body, {q.HeaderID}} {
		for _, w := range words {
			if !plain(w) {
				return false
			}
		}
	}
	return !anySub(q, func(s provider.Query) bool { return !isASCII(s) })
}

// isKeyword reports whether a label can be a keyword (RFC 9051 section 9).
func isKeyword(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte(`(){%*"\]`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}
