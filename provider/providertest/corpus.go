package providertest

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/postern-mail/postern/provider"
)

// specimen is a message as it comes in the wild and what must be read from it.
// Empty expectations are not checked.
type specimen struct {
	name    string
	raw     string // LF for line ends, made CRLF when delivered unless bare
	bare    bool
	subject string
	from    provider.Address
	text    string // within Text
	html    string // within HTML
	either  string // within Text or HTML: for damaged ones
	// calendar is what Calendar is, line ends made LF; empty where Calendar must be.
	calendar string
	parts    []wantPart
	noDate   bool
}

// wantPart is found by its name or, without one, by its type.
type wantPart struct {
	name, kind, content string // content: within the part's bytes
	contentID           string
}

func corpusChecks() []check {
	var all []check
	for _, s := range specimens() {
		all = append(all, check{"corpus/" + s.name, provider.Caps(provider.CapRead), func(tr *trial) { checkSpecimen(tr, s) }})
	}
	return all
}

func specimens() []specimen { return slices.Concat(charsets(), structures(), reports(), damaged()) }

func checkSpecimen(tr *trial, s specimen) {
	in := tr.inbox()
	before := tr.deliver(in, numbered(2)[0])
	raw := s.raw
	if !s.bare {
		raw = strings.ReplaceAll(raw, "\n", "\r\n")
	}
	id := tr.deliverRaw(in, []byte(raw))
	after := tr.deliver(in, numbered(2)[1])
	list := tr.list(in)
	if !slices.Equal(ids(list), []provider.MessageID{after, id, before}) {
		tr.fatalf("listed %v, want the message between two sound ones", ids(list))
	}
	m := tr.read(id)
	if list[1].Subject != m.Subject {
		tr.errorf("subject %q in the list, %q when read", list[1].Subject, m.Subject)
	}
	s.checkText(tr, m)
	if s.noDate && !m.Date.IsZero() {
		tr.errorf("a date that cannot be read is %v, want zero", m.Date)
	}
	for _, p := range s.parts {
		p.check(tr, m)
	}
}

func (s specimen) checkText(tr *trial, m *provider.Message) {
	contains := func(what, got, want string) {
		if !strings.Contains(got, want) {
			tr.errorf("%s is %.300q, want %q in it", what, got, want)
		}
	}
	if s.subject != "" && m.Subject != s.subject {
		tr.errorf("subject %q, want %q", m.Subject, s.subject)
	}
	if s.from != (provider.Address{}) && !slices.Equal(m.From, []provider.Address{s.from}) {
		tr.errorf("from %q, want %q", m.From, s.from)
	}
	contains("text", m.Text, s.text)
	contains("html", m.HTML, s.html)
	contains("text or html", m.Text+m.HTML, s.either)
	if got := strings.ReplaceAll(m.Calendar, "\r\n", "\n"); strings.TrimSpace(got) != strings.TrimSpace(s.calendar) || m.CalendarTruncated {
		tr.errorf("calendar %.300q, truncated %v; want %q", m.Calendar, m.CalendarTruncated, s.calendar)
	}
	for _, got := range []string{m.Subject, m.Text, m.HTML, m.Calendar} {
		if !utf8.ValidString(got) {
			tr.errorf("not UTF-8: %.200q", got)
		}
	}
}

func (p wantPart) check(tr *trial, m *provider.Message) {
	i := slices.IndexFunc(m.Parts, func(got provider.Part) bool {
		return got.Name == p.name && (p.kind == "" || got.Type == p.kind)
	})
	if i < 0 {
		tr.errorf("no part %q of type %q in %+v", p.name, p.kind, m.Parts)
		return
	}
	got := m.Parts[i]
	if p.contentID != "" && strings.Trim(got.ContentID, "<>") != p.contentID {
		tr.errorf("part %q has content id %q, want %q", p.name, got.ContentID, p.contentID)
	}
	_, data, err := tr.part(m.ID, got.ID)
	if err != nil || !bytes.Contains(data, []byte(p.content)) {
		tr.errorf("part %q: %.200q, %v; want %q in it", p.name, data, err, p.content)
	}
}
