// Package mailfacts says in a few words what the header of a message tells besides its text: how to unsubscribe, what
// the account's own mail server found out about the sender, and what is made to deceive.
//
//	f := mailfacts.Of(msg, mailfacts.Options{})
//	fmt.Println(f.Auth, f.Unsubscribe, f.Warnings)
//
// Nothing that it returns holds line breaks or invisible characters. Functions keep no state and are safe for
// concurrent use.
package mailfacts

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
)

// Options say what is known of the account.
type Options struct {
	// Border is the authserv-id of the account's own mail server; empty: only what surely is its own counts.
	Border string
}

// Facts are short texts; empty means that nothing is known.
type Facts struct {
	Unsubscribe string   // "one-click at news.example.org; mail to leave@example.org (subject: stop)"
	Auth        string   // "spf=pass dkim=pass dmarc=pass"; "dkim=pass for example.net" where that is not the author's
	Warnings    []string // ours, a sentence each, strangers' words in quotes
}

// Of reads the header of a message. Time is linear in its size.
func Of(m *provider.Message, opts Options) Facts {
	f := Facts{Unsubscribe: unsubscribe(m.Header)}
	verdicts := authentication(m, opts.Border)
	f.Auth = verdicts.String()
	if verdicts["dmarc"].result == "fail" {
		f.Warnings = append(f.Warnings, "the domain of the author did not send this (dmarc=fail)")
	}
	f.Warnings = append(f.Warnings, deceptive(m)...)
	return f
}

// maxWord bounds a stranger's word in a warning, in characters.
const maxWord = 80

// quoted is a stranger's text made fit for a warning.
func quoted(s string) string {
	s, _ = mailtext.CleanLine(s, maxWord)
	return `"` + strings.ReplaceAll(s, `"`, "'") + `"`
}

// values are the values of the fields of a name, in order.
func values(header []provider.Field, name string) []string {
	var out []string
	for _, f := range header {
		if strings.EqualFold(f.Name, name) {
			out = append(out, f.Value)
		}
	}
	return out
}

// domainOf is what stands behind the last "@", in lower case and without a dot at the end.
func domainOf(addr string) string {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(addr[at+1:]), "."))
}

// within reports that host is domain or below it.
func within(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// related reports that two domains are below one that somebody registered.
func related(a, b string) bool { return registered(a) == registered(b) }

// registered is the domain below a public suffix, the domain itself where there is none.
func registered(domain string) string {
	if r, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return r
	}
	return domain
}

// once adds s unless it is there.
func once(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
