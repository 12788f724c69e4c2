package mailtext

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

const (
	// maxURL bounds an address in bytes; a longer one is never shown.
	maxURL = 4096
	// longURL is the length from which only the host is shown unless Options.FullLinks: click counters put hundreds
	// of characters of their own state there.
	longURL = 200
	// maxLinks and maxLinkList bound the list at the end of a text.
	maxLinks    = 500
	maxLinkList = 64 << 10
)

// address is a link's target as shown, and what it is compared by.
type address struct {
	shown string
	host  string // without www, in ASCII; of mailto the whole address
	mail  bool
}

// parseTarget reads an href the way browsers do, without what only tracks the reader. Schemes other than http, https
// and mailto are refused.
func parseTarget(href string) (address, bool) {
	href = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, strings.TrimSpace(href))
	href, _ = Clean(href)
	if len(href) > maxURL {
		return address{}, false
	}
	if strings.HasPrefix(href, "//") || strings.HasPrefix(href, `/\`) || strings.HasPrefix(href, `\\`) || strings.HasPrefix(href, `\/`) {
		href = "https:" + href // relative to the page of the mail program
	}
	scheme, rest, ok := strings.Cut(href, ":")
	if !ok {
		return address{}, false
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "mailto":
		to, _, _ := strings.Cut(rest, "?")
		if to, err := url.PathUnescape(to); err == nil && strings.Contains(to, "@") {
			to, _ = CleanLine(to, longURL)
			return address{shown: "mailto:" + to, host: strings.ToLower(to), mail: true}, true
		}
		return address{}, false
	case "http", "https":
	default:
		return address{}, false
	}
	// Browsers take any number of slashes of either kind here (WHATWG URL section 4.4).
	u, err := url.Parse(scheme + "://" + strings.TrimLeft(rest, `/\`))
	if err != nil || u.Host == "" {
		return address{}, false
	}
	u.User = nil // "https://bank@other/" leads to other
	host := plainHost(u.Hostname())
	if port := u.Port(); port != "" {
		u.Host = asciiHost(u.Hostname()) + ":" + port
	} else if !strings.Contains(u.Host, "]") {
		u.Host = asciiHost(u.Hostname())
	}
	u.RawQuery = withoutTracking(u.RawQuery)
	u.ForceQuery = false
	shown := strings.ReplaceAll(u.String(), " ", "%20")
	return address{shown: shown, host: host}, host != ""
}

// short cuts a long address to its host.
func (a address) short() string {
	if a.mail || len(a.shown) <= longURL {
		return a.shown
	}
	scheme, rest, _ := strings.Cut(a.shown, "://")
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, "?")
	return scheme + "://" + host + "/…"
}

// withoutTracking cuts the parameters that only tell who clicked where; the others keep order and spelling.
func withoutTracking(query string) string {
	if query == "" {
		return ""
	}
	kept := make([]string, 0, 8)
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if !tracks(strings.ToLower(name)) {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "&")
}

func tracks(name string) bool {
	switch name {
	case "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "yclid", "twclid", "ttclid", "igshid", "li_fat_id",
		"mc_eid", "mc_cid", "mkt_tok", "_hsenc", "_hsmi", "__hssc", "__hstc", "__hsfp", "vero_id", "vero_conv", "oly_anon_id",
		"oly_enc_id", "rb_clickid", "s_cid", "_openstat", "wickedid", "ml_subscriber", "ml_subscriber_hash", "_kx", "sc_eh", "_bhlid":
		return true
	}
	return strings.HasPrefix(name, "utm_") || strings.HasPrefix(name, "pk_") || strings.HasPrefix(name, "mtm_")
}

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
			if a, ok := parseTarget(word); ok {
				hosts = append(hosts, a.host)
			}
		case strings.HasPrefix(lower, "www."), len(words) == 1 && bareHost(lower):
			if a, ok := parseTarget("http://" + word); ok {
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
