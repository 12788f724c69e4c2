package mailfacts

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
)

// maxSenders bounds how many authors and addresses for answers are looked at.
const maxSenders = 10

// deceptive names what in the header is made to look like something else.
func deceptive(m *provider.Message) []string {
	var out []string
	authors := m.From[:min(len(m.From), maxSenders)]
	for _, a := range authors {
		if other := addressIn(a.Name); other != "" && !sameDomain(other, a.Addr) {
			out = once(out, "the name of the author shows another address: "+quoted(other))
		}
		if d := domainOf(a.Addr); lookalike(d) {
			out = once(out, "the domain of the author is written in letters that look like others: "+quoted(inASCII(d)))
		}
	}
	if d := elsewhere(authors, m.ReplyTo); d != "" && !bulk(m.Header) {
		out = append(out, "answers go to another domain than the author's: "+quoted(inASCII(d)))
		if lookalike(d) {
			out = append(out, "the domain for answers is written in letters that look like others")
		}
	}
	if n := unseen(m); n > 0 {
		out = append(out, "invisible or reordering characters in subject, names or file names: "+strconv.Itoa(n))
	}
	for _, p := range m.Parts {
		if twoFaced(p.Name) {
			out = once(out, "a file name hides what kind of file it is: "+quoted(p.Name))
		}
	}
	return out
}

// addressIn finds a mail address in a display name.
func addressIn(name string) string {
	name, _ = mailtext.CleanLine(name, 0)
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`<>()[]"',;:`, r) }) {
		// Both signs have forms that look alike.
		word = strings.NewReplacer("＠", "@", "﹫", "@", "．", ".", "。", ".").Replace(word)
		if at := strings.LastIndexByte(word, '@'); at > 0 && strings.Contains(word[at:], ".") {
			return strings.TrimRight(word, ".")
		}
	}
	return ""
}

func sameDomain(a, b string) bool { return domainOf(a) == domainOf(b) }

// elsewhere is the domain of an address for answers that has nothing to do with any author's.
func elsewhere(from, replyTo []provider.Address) string {
	if len(from) == 0 {
		return ""
	}
	for _, r := range replyTo[:min(len(replyTo), maxSenders)] {
		d, known := domainOf(r.Addr), false
		for _, a := range from {
			known = known || related(d, domainOf(a.Addr))
		}
		if d != "" && !known {
			return d
		}
	}
	return ""
}

// unseen counts the characters of one-line values that are dropped before they are shown.
func unseen(m *provider.Message) int {
	n := 0
	count := func(s string) {
		_, d := mailtext.CleanLine(s, 0)
		n += d.Invisible
	}
	count(m.Subject)
	for _, list := range [][]provider.Address{m.From, m.ReplyTo, m.To, m.Cc} {
		for _, a := range list[:min(len(list), maxSenders)] {
			count(a.Name)
			count(a.Addr)
		}
	}
	for _, p := range m.Parts[:min(len(m.Parts), maxParts)] {
		count(p.Name)
	}
	return n
}

// bulk reports mail to many, whose answers honestly go to whoever sends it for the author.
func bulk(header []provider.Field) bool {
	return len(values(header, "List-Unsubscribe"))+len(values(header, "List-Id")) > 0
}

// maxDomain is the longest name of RFC 1035 section 2.3.4, in bytes.
const maxDomain = 255

// maxParts bounds how many file names are looked at.
const maxParts = 100

// twoFaced reports a file name that ends in a program's ending behind a document's, or behind a gap.
func twoFaced(name string) bool {
	name = strings.ToLower(name)
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 || !runs(strings.TrimSpace(name[dot+1:])) {
		return false
	}
	before := strings.TrimRight(name[:dot], " \t\u00a0_")
	if len(before)+4 < dot {
		return true // "bill.pdf            .exe"
	}
	inner := strings.LastIndexByte(before, '.')
	return inner >= 0 && document(before[inner+1:])
}

func runs(ending string) bool {
	switch ending {
	case "exe", "scr", "com", "pif", "bat", "cmd", "js", "jse", "vbs", "vbe", "wsf", "hta", "lnk", "msi", "ps1", "jar", "iso", "img", "cpl", "reg", "app", "apk":
		return true
	}
	return false
}

func document(ending string) bool {
	switch ending {
	case "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "rtf", "txt", "csv", "jpg", "jpeg", "png", "gif", "htm", "html", "zip", "eml", "mp3", "mp4":
		return true
	}
	return false
}

// inASCII is a domain as the DNS has it, which tells look-alikes apart.
func inASCII(domain string) string {
	if ascii, err := idna.Punycode.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
}

// lookalike reports a domain with a label that mixes scripts which no language mixes, has other forms of Latin letters, or
// of which every letter looks like a Latin one (UTS 39 sections 5.1 and 4). Honest names in one script pass.
func lookalike(domain string) bool {
	domain = domain[:min(len(domain), maxDomain)]
	if plain, err := idna.Punycode.ToUnicode(domain); err == nil {
		domain = plain
	}
	top := domain[strings.LastIndexByte(domain, '.')+1:]
	latinTop := top != "" && top[0] < utf8.RuneSelf // under .рф everybody expects Cyrillic
	for label := range strings.SplitSeq(domain, ".") {
		if mixed(label) || dressed(label) || latinTop && whollyLatinLooking(label) {
			return true
		}
	}
	return false
}

// mixed reports letters of two scripts, Chinese, Japanese and Korean ones apart, which stand beside each other and Latin.
func mixed(label string) bool {
	var latin, other, eastAsian bool
	var script *unicode.RangeTable
	for _, r := range label {
		switch {
		case !unicode.IsLetter(r), unicode.Is(unicode.Lm, r) && unicode.Is(unicode.Common, r):
			// The long sign of Japanese and the apostrophes of Ukrainian and Hawaiian are letters of no script.
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo):
			eastAsian = true
		case script != nil && !unicode.Is(script, r):
			return true
		default:
			other = true
			if script == nil {
				script = scriptOf(r)
			}
		}
	}
	return other && (latin || eastAsian)
}

// dressed reports wide, mathematical or numeral forms of Latin letters and digits (UTS 46 section 4, what is mapped).
func dressed(label string) bool {
	for _, r := range label {
		if r < utf8.RuneSelf {
			continue
		}
		plain, _ := idna.Lookup.ToUnicode(string(r)) // maps what it finds fault with, too
		if plain != "" && strings.TrimLeft(plain, "abcdefghijklmnopqrstuvwxyz0123456789") == "" {
			return true
		}
	}
	return false
}

func scriptOf(r rune) *unicode.RangeTable {
	for _, table := range unicode.Scripts {
		if unicode.Is(table, r) {
			return table
		}
	}
	return unicode.L
}

// latinLooking are letters of other scripts that are drawn like Latin ones: Cyrillic, Greek, Armenian.
const latinLooking = "аеорсухѕіјԁһԛԝӏҽ" + "ονρικαυχγ" + "սօցհոզյ"

// whollyLatinLooking reports a label without Latin letters, of which each letter looks like one.
func whollyLatinLooking(label string) bool {
	letters := 0
	for _, r := range label {
		if r < utf8.RuneSelf && unicode.IsLetter(r) || unicode.IsLetter(r) && !strings.ContainsRune(latinLooking, r) {
			return false
		}
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters > 0
}
