package mailtext

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

func asciiHost(host string) string {
	if isASCII(host) && !strings.Contains(strings.ToLower(host), "xn--") {
		return strings.ToLower(host) // what idna makes of it too, and of what it refuses
	}
	if a, err := idna.Lookup.ToASCII(host); err == nil && a != "" {
		return a
	}
	return strings.ToLower(host)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func plainHost(host string) string {
	return strings.TrimPrefix(strings.TrimSuffix(asciiHost(host), "."), "www.")
}

// sameHost reports hosts of which one is the other or lies below it.
func sameHost(a, b string) bool {
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}

// namedHosts lists the hosts that a link's text names: addresses in it, or the text as a whole.
func namedHosts(text string) []string {
	var hosts []string
	words := strings.Fields(strings.Map(func(r rune) rune {
		switch r {
		case '\u3002', '\uff0e', '\uff61': // browsers take these for the dot of a name (UTS 46 section 2.3)
			return '.'
		}
		return r
	}, text))
	for _, word := range words {
		word = strings.Trim(word, `.,;:!?()[]<>"'|`)
		lower := strings.ToLower(word)
		switch {
		case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
			if a, ok := parseTarget(word, false); ok {
				hosts = append(hosts, a.host)
			}
		case strings.HasPrefix(lower, "www."), (len(words) == 1 || strings.Contains(lower, "/")) && bareHost(lower):
			if a, ok := parseTarget("http://"+word, false); ok {
				hosts = append(hosts, a.host)
			}
		}
	}
	return hosts
}

// bareHost reports a word such as "shop.example" or "shop.example/sale", but not "report.pdf".
func bareHost(s string) bool {
	host, _, path := strings.Cut(s, "/")
	dot := strings.LastIndexByte(host, '.')
	if dot <= 0 || len(host)-dot < 3 || strings.ContainsAny(host, "@_,:$€%+=") || strings.Contains(host, "..") {
		return false
	}
	for _, c := range host[dot+1:] {
		if c < 'a' || c > 'z' && c < 0x80 {
			return false
		}
	}
	if path {
		return true
	}
	switch host[dot+1:] {
	case "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "txt", "csv", "ics", "vcf", "png", "jpg", "jpeg", "gif",
		"html", "htm", "xml", "json", "js", "css", "go", "zip", "gz", "eml":
		return false
	}
	return true
}

// lookalike reports a host in ASCII with a label that mixes Latin with the letters drawn like them, or that has nothing
// else (UTS 39 sections 4 and 5.1).
func lookalike(host string) bool {
	if !strings.Contains(host, "xn--") {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if !strings.HasPrefix(label, "xn--") {
			continue
		}
		label, err := idna.Punycode.ToUnicode(label)
		if err != nil {
			continue
		}
		latin, like, unlike := false, false, false
		for _, r := range label {
			switch {
			case unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu):
				like = true
				unlike = unlike || !strings.ContainsRune(latinLooking, r)
			case unicode.Is(unicode.Latin, r):
				latin = true
			}
		}
		if like && (latin || !unlike) {
			return true
		}
	}
	return false
}

// latinLooking are letters that are drawn like Latin ones: Cyrillic, Greek and Armenian.
const latinLooking = "аеорсухѕіјԁһԛԝӏҽ" + "ονρικαυχγ" + "սօցհոզյ"

// phoneDigits are the digits of a telephone number.
func phoneDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
