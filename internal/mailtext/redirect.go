package mailtext

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// ledTo finds the address that a redirector is asked to lead to, "" if there is none. sure says that this host is known to
// lead there; others may lead anywhere, whatever stands in their addresses.
func ledTo(u *url.URL, host string) (target string, sure bool) {
	path := u.EscapedPath()
	if !strings.Contains(u.RawQuery, "http") && !strings.Contains(path, "http") {
		return "", false
	}
	switch {
	case strings.HasSuffix(host, ".safelinks.protection.outlook.com"):
		return pageIn(u, "url"), true
	case path == "/url" && searchHost.MatchString(host):
		return pageIn(u, "q", "url"), true
	case host == "l.facebook.com" || host == "lm.facebook.com" || host == "l.instagram.com" || host == "l.messenger.com":
		return pageIn(u, "u"), true
	case host == "urldefense.proofpoint.com" && (path == "/v2/url" || path == "/v1/url"):
		return defended2(u), true
	case host == "urldefense.com" || host == "urldefense.us" || host == "urldefense.proofpoint.com":
		return defended3(path + query(u)), true
	case host == "linkprotect.cudasvc.com":
		return pageIn(u, "a"), true
	}
	if target := pageInPath(path); target != "" {
		return target, false
	}
	lower := strings.ToLower(path)
	for _, word := range []string{"share", "intent", "login", "signin", "oauth", "auth", "sso", "account"} {
		if strings.Contains(lower, word) {
			return "", false // it is told about the other page, and may not lead there
		}
	}
	return pageIn(u, "url", "u", "target", "targeturl", "dest", "destination", "redirect", "redirecturl", "redirect_url", "redir", "goto",
		"link", "to", "murl"), false
}

// searchHost are the hosts of Google: no other can have a country's domain of this name.
var searchHost = regexp.MustCompile(`^google\.(?:com|[a-z]{2}|com?\.[a-z]{2})$`)

func query(u *url.URL) string {
	if u.RawQuery == "" {
		return ""
	}
	return "?" + u.RawQuery
}

// pageIn returns the first of the parameters that holds the whole address of a page.
func pageIn(u *url.URL, names ...string) string {
	if u.RawQuery == "" {
		return ""
	}
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		name = strings.ToLower(name)
		for _, wanted := range names {
			if name != wanted {
				continue
			}
			if value, err := url.QueryUnescape(value); err == nil && isPage(value) {
				return value
			}
		}
	}
	return ""
}

// pageInPath finds the address that click counters of a great cloud put between two slashes.
func pageInPath(path string) string {
	for _, begin := range []string{"/CL0/", "/L0/"} {
		if rest, ok := strings.CutPrefix(path, begin); ok {
			rest, _, _ = strings.Cut(rest, "/")
			if target, err := url.PathUnescape(rest); err == nil && isPage(target) {
				return target
			}
		}
	}
	return ""
}

// isPage reports the whole address of a page.
func isPage(s string) bool {
	_, rest, ok := cutScheme(s)
	return ok && strings.HasPrefix(rest, "//") && len(s) <= maxURL && utf8.ValidString(s)
}

// defended2 decodes what URL Defense version 2 makes of an address: "-" stands for "%", "_" for "/".
func defended2(u *url.URL) string {
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		if value, ok := strings.CutPrefix(part, "u="); ok {
			value = strings.NewReplacer("-", "%", "_", "/").Replace(value)
			if target, err := url.PathUnescape(value); err == nil && isPage(target) {
				return target
			}
		}
	}
	return ""
}

// defended3 decodes version 3: the address stands between "/v3/__" and "__;", each "*" in it for the next of the
// characters that follow in base64. Runs of them ("**A") are left alone.
func defended3(path string) string {
	rest, ok := strings.CutPrefix(path, "/v3/__")
	if !ok {
		return ""
	}
	end := strings.LastIndex(rest, "__;")
	if end < 0 {
		return ""
	}
	target, coded := rest[:end], rest[end+len("__;"):]
	coded, _, _ = strings.Cut(coded, "!")
	if strings.Contains(target, "**") {
		return ""
	}
	if n := strings.Count(target, "*"); n > 0 {
		chars, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(coded, "="))
		if err != nil || !utf8.Valid(chars) || utf8.RuneCount(chars) != n {
			return ""
		}
		for _, c := range string(chars) {
			target = strings.Replace(target, "*", url.QueryEscape(string(c)), 1)
		}
	}
	if scheme, rest, ok := cutScheme(target); ok { // one of the slashes may be lost on the way
		target = scheme + "://" + strings.TrimLeft(rest, "/")
	}
	if !isPage(target) {
		return ""
	}
	return target
}
