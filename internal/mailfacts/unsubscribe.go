package mailfacts

import (
	"net/url"
	"strings"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
)

const (
	// maxTargets bounds how many ways to unsubscribe are looked at.
	maxTargets = 10
	// maxTarget bounds an address in bytes: one that is cut would be wrong, so a longer one is left out.
	maxTarget = 200
	// maxSubject bounds what a mail to unsubscribe says, in characters.
	maxSubject = 60
)

// unsubscribe reads List-Unsubscribe (RFC 2369 section 3.2) and List-Unsubscribe-Post (RFC 8058 section 3.1).
func unsubscribe(header []provider.Field) string {
	var web, mail string
	for _, value := range values(header, "List-Unsubscribe") {
		for _, target := range angled(value) {
			scheme, rest, _ := strings.Cut(target, ":")
			switch strings.ToLower(scheme) {
			case "mailto":
				if mail == "" {
					mail = mailTarget(rest)
				}
			case "https", "http":
				if web == "" {
					web = webTarget(target, oneClick(header))
				}
			}
		}
	}
	switch {
	case web == "":
		return mail
	case mail == "":
		return web
	}
	return web + "; " + mail
}

func oneClick(header []provider.Field) bool {
	for _, v := range values(header, "List-Unsubscribe-Post") {
		if strings.EqualFold(strings.TrimSpace(v), "List-Unsubscribe=One-Click") {
			return true
		}
	}
	return false
}

// angled are the texts between angle brackets.
func angled(s string) []string {
	var out []string
	for len(out) < maxTargets {
		_, rest, ok := strings.Cut(s, "<")
		if !ok {
			break
		}
		target, after, ok := strings.Cut(rest, ">")
		if !ok {
			break
		}
		out, s = append(out, strings.Join(strings.Fields(target), "")), after
	}
	return out
}

// webTarget names the host only: the rest is a token that says who unsubscribes, and no tool here opens it.
func webTarget(target string, post bool) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	host := inASCII(strings.ToLower(u.Hostname()))
	if host == "" || len(host) > maxDomain || strings.TrimLeft(host, hostLetters) != "" {
		return ""
	}
	if post && u.Scheme == "https" { // RFC 8058 section 3.1 asks for HTTPS
		return "one-click at " + host
	}
	return "page at " + host
}

// hostLetters are what names and addresses of hosts consist of: anything else would be words among ours.
const hostLetters = "abcdefghijklmnopqrstuvwxyz0123456789-._:"

func mailTarget(rest string) string {
	to, query, _ := strings.Cut(rest, "?")
	to, err := url.PathUnescape(to)
	if err != nil || len(to) > maxTarget || strings.Count(to, "@") != 1 {
		return ""
	}
	if clean, dropped := mailtext.CleanLine(to, maxTarget); clean != to || dropped.Invisible > 0 || strings.ContainsAny(to, " ,;<>\"") {
		return ""
	}
	text := "mail to " + to
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.EqualFold(name, "subject") {
			continue
		}
		if value, err := url.PathUnescape(value); err == nil && value != "" {
			value, _ = mailtext.CleanLine(strings.NewReplacer("(", "", ")", "", ";", "").Replace(value), maxSubject)
			text += " (subject: " + value + ")"
		}
		break
	}
	return text
}
