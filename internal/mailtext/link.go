package mailtext

import (
	"net/url"
	"strings"
)

const (
	// maxURL bounds an address in bytes; a longer one is never shown.
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
	deceptive bool   // made to be taken for another
}

// parseTarget reads an href the way browsers do, without what only tracks the reader. Schemes other than http, https,
// mailto and tel are refused.
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
		return parsePage(scheme, rest, maxHops)
	}
	return address{}, false
}

// parsePage reads what follows the colon of an http or https address, and the address that it leads on to.
func parsePage(scheme, rest string, hops int) (address, bool) {
	// Browsers take any number of slashes of either kind here (WHATWG URL section 4.4).
	u, err := url.Parse(scheme + "://" + strings.TrimLeft(rest, `/\`))
	if err != nil || u.Host == "" {
		return address{}, false
	}
	user := u.User.Username()
	u.User = nil // "https://bank@other/" leads to other
	host := plainHost(u.Hostname())
	if host == "" {
		return address{}, false
	}
	if port := u.Port(); port != "" {
		u.Host = asciiHost(u.Hostname()) + ":" + port
	} else if !strings.Contains(u.Host, "]") {
		u.Host = asciiHost(u.Hostname())
	}
	deceptive := strings.Contains(user, ".") || lookalike(host)
	if hops > 0 {
		if on, sure := ledTo(u, host); on != "" {
			if scheme, rest, ok := cutScheme(on); ok {
				if a, ok := parsePage(scheme, rest, hops-1); ok {
					a.via, a.deceptive = host, a.deceptive || deceptive
					if !sure {
						a.host = host // it may lead anywhere
					}
					return a, true
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
	return address{shown: shown, host: host, deceptive: deceptive}, true
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
	if a.via != "" {
		shown += " (by " + a.via + ")"
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
