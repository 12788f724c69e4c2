package mailtext

import (
	"net"
	"net/url"
	"regexp"
	"strings"
)

const (
	// maxURL bounds an address in bytes; of a longer one only the host is shown.
	maxURL = 4096
	// longURL is the length from which an address loses its query, or all but the host, unless Options.FullLinks: click
	// counters put hundreds of characters of their own state there, and a hundred cost a model some sixty tokens.
	longURL = 100
	// longPath is the length up to which host and path stay when the query goes.
	longPath = 80
	// maxHops bounds the redirectors inside redirectors that are followed.
	maxHops = 3
	// maxLinks and maxLinkList bound the list at the end of a text.
	maxLinks    = 500
	maxLinkList = 64 << 10
	// maxRead bounds the links whose addresses are read at all; to read one takes some microseconds.
	maxRead = 20_000
)

// address is a link's target as shown, and what it is compared by.
type address struct {
	shown     string
	host      string // without www, in ASCII; of mailto and tel the whole address
	scheme    string // of what leads to no page: mailto or tel
	via       string // the host that leads to it, if that is another
	site      string // the host of the page that is shown
	doubted   string // the beginning of the address, if nothing but its own parameters says that it leads there
	deceptive bool   // made to be taken for another
}

// parseTarget reads an href the way browsers do, without what only tracks the reader. Schemes other than http, https,
// mailto and tel are refused. cut says that the end of the address is missing.
func parseTarget(href string, cut bool) (address, bool) {
	href = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, strings.TrimSpace(href))
	href, _ = Clean(href)
	cut = cut || len(href) > maxURL
	if strings.HasPrefix(href, "//") || strings.HasPrefix(href, `/\`) || strings.HasPrefix(href, `\\`) || strings.HasPrefix(href, `\/`) {
		href = "https:" + href // relative to the page of the mail program
	}
	scheme, rest, ok := strings.Cut(href, ":")
	if !ok {
		return address{}, false
	}
	switch scheme = strings.ToLower(scheme); scheme {
	case "mailto", "tel":
		to, _, _ := strings.Cut(rest, "?")
		to, err := url.PathUnescape(to)
		to, _ = CleanLine(to, longURL)
		if scheme == "mailto" {
			to = strings.ReplaceAll(to, " ", "") // between several
		}
		mail := strings.Contains(to, "@") && !strings.ContainsAny(to, `"<>[]`)
		phone := len(phoneDigits(to)) > 2 && strings.Trim(to, "+0123456789 ()-./") == ""
		if err != nil || scheme == "mailto" && !mail || scheme == "tel" && !phone {
			return address{}, false
		}
		return address{shown: scheme + ":" + to, host: strings.ToLower(to), scheme: scheme}, true
	case "http", "https":
		if cut {
			return parseCut(scheme, rest)
		}
		return parsePage(scheme, rest, maxHops)
	}
	return address{}, false
}

// parseCut reads an address whose end is missing: its host, if that is whole.
func parseCut(scheme, rest string) (address, bool) {
	rest = strings.TrimLeft(rest, `/\`)
	end := strings.IndexAny(rest, `/\?#`)
	if end < 0 {
		return address{shown: scheme + "://…", host: "an address too long to read", deceptive: true}, true
	}
	a, ok := parsePage(scheme, rest[:end], 0)
	a.shown += "/…"
	return a, ok
}

// asBrowsers writes what follows the slashes of an address so that url.Parse reads the host in it that browsers find, and
// whom it names before the "@" (WHATWG URL section 4.4).
func asBrowsers(rest string) (clean, user string, ok bool) {
	end := strings.IndexAny(rest, `/\?#`)
	if end < 0 {
		end = len(rest)
	}
	host, page := rest[:end], rest[end:]
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		user, host = host[:at], host[at+1:]
	}
	if strings.IndexByte(host, '%') >= 0 {
		plain, err := url.PathUnescape(host)
		if err != nil || strings.ContainsAny(plain, "/\\?#@:[]%") {
			return "", "", false
		}
		host = plain
	}
	path := strings.IndexAny(page, "?#")
	if path < 0 {
		path = len(page)
	}
	if strings.IndexByte(page[:path], '\\') >= 0 {
		page = strings.ReplaceAll(page[:path], `\`, "/") + page[path:]
	}
	return host + wholeEscapes(page), user, true
}

// wholeEscapes writes a "%" that begins no escape as one.
func wholeEscapes(s string) string {
	for at := strings.LastIndexByte(s, '%'); at >= 0; at = strings.LastIndexByte(s[:at], '%') {
		if at+2 >= len(s) || !isHex(s[at+1]) || !isHex(s[at+2]) {
			s = strings.ReplaceAll(s, "%", "%25")
			return escapeTwice.ReplaceAllString(s, "%$1")
		}
	}
	return s
}

// escapeTwice finds the escapes that were written as such once more.
var escapeTwice = regexp.MustCompile(`%25([0-9A-Fa-f]{2})`)

// parsePage reads what follows the colon of an http or https address, and the address that it leads on to.
func parsePage(scheme, rest string, hops int) (address, bool) {
	// Browsers take any number of slashes of either kind here (WHATWG URL section 4.4); "https://bank@other/" leads to other.
	rest, user, ok := asBrowsers(strings.TrimLeft(rest, `/\`))
	if !ok {
		return address{}, false
	}
	u, err := url.Parse(scheme + "://" + rest)
	if err != nil || u.Host == "" {
		return address{}, false
	}
	host := plainHost(u.Hostname())
	if host == "" || strings.ContainsAny(host, "\"<>^`{|}\\ ") { // no host to browsers (WHATWG URL section 3.5)
		return address{}, false
	}
	if port := u.Port(); port != "" {
		u.Host = net.JoinHostPort(asciiHost(u.Hostname()), port)
	} else if !strings.Contains(u.Host, "]") {
		u.Host = asciiHost(u.Hostname())
	}
	deceptive := strings.Contains(user, ".") || lookalike(host)
	if hops > 0 {
		if on, sure := ledTo(u, host); on != "" {
			if next, rest, ok := cutScheme(on); ok {
				if a, ok := parsePage(next, rest, hops-1); ok {
					return a.after(scheme, host, sure, deceptive), true
				}
			}
		}
	}
	u.RawQuery = withoutTracking(u.RawQuery)
	u.ForceQuery = false
	if strings.HasPrefix(u.Fragment, "utm_") {
		u.Fragment, u.RawFragment = "", ""
	}
	shown := strings.ReplaceAll(u.String(), " ", "%20")
	return address{shown: shown, host: host, site: host, deceptive: deceptive}, true
}

// after is the address when a redirector at host comes before it. Only one that is surely known leads where it says.
func (a address) after(scheme, host string, sure, deceptive bool) address {
	a.deceptive = a.deceptive || deceptive
	if !sure {
		a.host = host
		if a.doubted != "" || !sameHost(host, a.site) {
			a.doubted = scheme + "://" + host + "/…"
		}
	}
	a.via = host
	return a
}

// cutScheme splits an address of a page behind its colon.
func cutScheme(s string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(s, ":")
	scheme = strings.ToLower(scheme)
	return scheme, rest, ok && (scheme == "http" || scheme == "https")
}

// text is the address as the list of links shows it: a long one without its query, or cut to its host.
func (a address) text(full bool) string {
	shown := a.shown
	if !full && a.scheme == "" && len(shown) > longURL {
		scheme, rest, _ := strings.Cut(shown, "://")
		page, _, _ := strings.Cut(rest, "#")
		page, _, query := strings.Cut(page, "?")
		host, path, _ := strings.Cut(page, "/")
		switch {
		case len(page) > longPath || path == "":
			shown = scheme + "://" + host + "/…"
		case query:
			shown = scheme + "://" + page + "?…"
		default:
			shown = scheme + "://" + page + "#…"
		}
	}
	switch {
	case a.doubted != "":
		return a.doubted + " (names " + shown + ")"
	case a.via != "":
		return shown + " (by " + a.via + ")"
	}
	return shown
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
	case "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "yclid", "twclid", "ttclid", "igshid", "igsh", "li_fat_id",
		"mc_eid", "mc_cid", "mkt_tok", "_hsenc", "_hsmi", "__hssc", "__hstc", "__hsfp", "hsctatracking", "vero_id", "vero_conv",
		"rb_clickid", "s_cid", "_openstat", "wickedid", "ml_subscriber", "ml_subscriber_hash", "_kx", "sc_eh", "_bhlid", "epik",
		"irclickid", "cjevent", "ck_subscriber_id", "vgo_ee", "elqtrackid", "elqtrack", "wt.mc_id", "lipi", "midtoken", "midsig":
		return true
	}
	for _, begin := range []string{"utm_", "oly_", "trk", "pk_", "mtm_"} {
		if strings.HasPrefix(name, begin) {
			return true
		}
	}
	return false
}
