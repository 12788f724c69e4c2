package mailtext

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// stubShare is the part of the HTML's text below which a plain part is taken for a stub (1/stubShare).
	stubShare = 5
	// stubText is how many letters may stand beside "view this in your browser" in a stub.
	stubText = 200
	// minWords is how many words two parts need for a verdict on whether they say the same.
	minWords = 20
	// minShared is the percentage of the plain part's words that the HTML must have to count as the same mail.
	minShared = 50
)

// FormatText is the only format of a Result so far.
const FormatText = "text"

// Result is a message's body as a model is shown it.
type Result struct {
	Text      string
	Format    string
	Dropped   Dropped
	Warnings  []string // one sentence each, ours
	Truncated bool     // a bound of Options was reached
	Folded    Folded
}

// Folded counts the characters of a body that Options.Full would have kept, line ends included.
type Folded struct {
	Quoted    int // of messages that this one answers or forwards, and of links that only they name
	Signature int
}

// Body chooses between the parts of a message and cleans the one that is shown: plain text, unless it is missing, a
// stub, HTML by mistake, or says something else than the HTML that mail programs would display. What it quotes of other
// messages and its signature are left out and counted, and a last line "[quoted text: 1234 characters]" says so;
// answers between quotes stand with the last lines they answer, "[...]" above. A message passed on is kept whole.
func Body(plain, src string, opts Options) Result {
	if strings.TrimSpace(src) == "" && looksLikeHTML(plain) {
		plain, src = "", plain
	}
	text, dashes := fromPlain(plain, opts)
	if strings.TrimSpace(src) == "" {
		return text.folded(opts, len(text.Text), func(p *letter) { p.dashes = dashes })
	}
	page := render(src, opts)
	reason := ""
	switch {
	case stub(text.Text, page.text[:page.body]):
	case differs(text.Text, page.text):
		reason = "the plain text part says something else than the HTML part; the HTML part is shown"
	default:
		return text.folded(opts, len(text.Text), func(p *letter) {
			p.dashes, p.begun = dashes, page.quoteBegin()
		})
	}
	res := Result{Text: page.text, Format: FormatText, Dropped: page.dropped, Truncated: page.truncated}
	if reason != "" {
		res.Warnings = append(res.Warnings, reason)
	}
	if n := page.misleading; n > 0 {
		res.Warnings = append(res.Warnings, fmt.Sprintf("links whose text names another host than they lead to: %d", n))
	}
	if n := page.unread; n > 0 {
		res.Warnings = append(res.Warnings, fmt.Sprintf("what the page's style hides or reorders is not fully known, rules left out: %d", n))
	}
	return res.folded(opts, page.body, func(p *letter) {
		p.html = true
		p.mark(page.regions)
	})
}

// folded is the result without quoted history and signature, unless the options want them. body is the length of the
// text before the list of links, and prepare tells the page what is known beside it.
func (r Result) folded(opts Options, body int, prepare func(*letter)) Result {
	if opts.Full || r.Text == "" {
		return r
	}
	p := newLetter(r.Text[:body])
	p.forward = passesOn(opts.Subject)
	prepare(p)
	p.find()
	p.loose()
	p.rejoin()
	p.findBegun()
	p.findSignatures()
	text, folded := p.fold()
	if folded == (Folded{}) {
		return r
	}
	links, gone := linksIn(text, r.Text[body:])
	if folded.Quoted > 0 {
		folded.Quoted += gone
	} else {
		folded.Signature += gone
	}
	r.Folded = folded
	r.Text = text + "\n\n" + folded.note() + links
	return r
}

// fromPlain cleans a text/plain part. dashes tells of each line "--" whether a blank follows (RFC 3676 section 4.3).
func fromPlain(plain string, opts Options) (res Result, dashes []bool) {
	res = Result{Format: FormatText}
	if limit := opts.maxInput(); len(plain) > limit {
		plain, res.Truncated = plain[:runeStart(plain, limit)], true
	}
	plain, res.Dropped = Clean(plain)
	dashes = sigDashes(plain)
	plain = tidy(plain)
	if limit := opts.maxOutput(); len(plain) > limit {
		plain, res.Truncated = plain[:runeStart(plain, limit)], true
	}
	res.Text = plain
	return res, dashes
}

// tidy trims line ends and leaves at most one empty line between others: a page of empty lines hides what is below.
func tidy(s string) string {
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	if isTidy(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	empty := 0
	for one := range strings.SplitSeq(s, "\n") {
		if one = strings.TrimRightFunc(one, unicode.IsSpace); one == "" {
			empty++
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
			if empty > 0 {
				b.WriteByte('\n')
			}
		}
		b.WriteString(one)
		empty = 0
	}
	return b.String()
}

// isTidy reports that tidy has nothing to do on s, which does not end in white space.
func isTidy(s string) bool {
	empty := 1 // an empty line at the beginning is one too many
	for {
		end := strings.IndexByte(s, '\n')
		switch {
		case end < 0:
			return true
		case end == 0:
			if empty++; empty > 1 {
				return false
			}
		default:
			if last, _ := utf8.DecodeLastRuneInString(s[:end]); unicode.IsSpace(last) {
				return false
			}
			empty = 0
		}
		s = s[end+1:]
	}
}

// looksLikeHTML reports a plain part that is a page, which some senders mislabel.
func looksLikeHTML(s string) bool {
	s = strings.TrimSpace(s[:min(len(s), 256)])
	for _, begin := range []string{"<!doctype html", "<html"} {
		if len(s) >= len(begin) && strings.EqualFold(s[:len(begin)], begin) {
			return true
		}
	}
	return false
}

// stub reports a plain part that only stands in for the page.
func stub(plain, page string) bool {
	content, pointed := plain, false
	if mayPoint(plain) {
		content, pointed = withoutPointers(plain)
	}
	mine := letters(content)
	if mine*stubShare >= len(page) && (!pointed || mine >= stubText) {
		return false // whatever the page's bytes are
	}
	theirs := letters(page)
	return mine*stubShare < theirs || pointed && mine < stubText && mine < theirs
}

// mayPoint reports whether withoutPointers can find anything: every pointer holds one of these words. Few texts do.
func mayPoint(plain string) bool {
	lower := strings.ToLower(plain)
	for _, word := range []string{
		"http", "browser", "online", "html", "web page", "webpage", "web version", "view this", "navigateur", "en ligne", "navegador",
		"webbläsare", "przeglądarce", "браузере", "ブラウザ", "浏览器",
	} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

// withoutPointers drops the lines that send the reader to a browser, and bare addresses.
func withoutPointers(plain string) (content string, pointed bool) {
	var kept []string
	for one := range strings.SplitSeq(plain, "\n") {
		lower := strings.ToLower(strings.TrimSpace(one))
		if pointer(lower) {
			pointed = true
			continue
		}
		if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
			kept = append(kept, one)
		}
	}
	return strings.Join(kept, "\n"), pointed
}

// pointer reports a line in lower case that tells the reader to look at the HTML instead.
func pointer(line string) bool {
	for _, words := range []string{
		"view in browser", "view in your browser", "view it in your browser", "view this email in", "view this message in", "view online",
		"view the online version", "view as a web page", "read this email online", "read it online", "does not support html", "doesn't support html",
		"cannot display html", "can't display html", "not display html", "html-enabled", "html enabled", "enable html", "html version", "html format",
		"in ihrem browser", "im browser", "online-version", "dans votre navigateur", "version en ligne", "en su navegador", "en tu navegador",
		"en el navegador", "nel browser", "nel tuo browser", "no seu navegador", "in je browser", "in uw browser", "i din webbläsare", "w przeglądarce",
		"в браузере", "ブラウザ", "浏览器",
	} {
		if strings.Contains(line, words) {
			return true
		}
	}
	return pointing.MatchString(line)
}

// pointing finds an English line that asks the reader to look at the mail somewhere else, however it words that.
var pointing = regexp.MustCompile(`\b(?:read|view|see|open|display|show|look at)\b.{0,80}\b(?:browser|online|web ?page|web version)\b`)

func letters(s string) int {
	n := 0
	for _, r := range s {
		if isLetter(r) || r >= '0' && r <= '9' || r >= utf8.RuneSelf && unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// isLetter is unicode.IsLetter, without a look into its tables for what most text is made of.
func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return unicode.IsLetter(r)
}
