package mailfacts

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/postern-mail/postern/provider"
)

// verdicts are by method: "spf", "dkim", "dmarc".
type verdicts map[string]verdict

// verdict is a result, and whose it is when that is not the author's domain: anybody passes for a domain of their own.
type verdict struct{ result, other string }

// methods are shown in this order.
func methods() []string { return []string{"spf", "dkim", "dmarc"} }

func (v verdicts) String() string {
	var out []string
	for _, m := range methods() {
		switch one := v[m]; {
		case one.result == "":
		case one.result == "pass" && one.other != "" && v["dmarc"].result != "pass":
			out = append(out, m+"=pass for "+one.other)
		default:
			out = append(out, m+"="+one.result)
		}
	}
	return strings.Join(out, " ")
}

// service is a mail service that renames or removes an Authentication-Results field that claims to be its own, so that
// one below its Received field is not a stranger's.
type service struct {
	domain string // of its hosts in Received
	id     string // of its authserv-ids; empty: it writes none
}

func services() []service {
	return []service{
		{"google.com", "google.com"},
		{"outlook.com", ""},
		{"yahoo.com", "yahoo.com"},
		{"messagingengine.com", "messagingengine.com"},
	}
}

// authentication reads what the account's own mail server wrote of its checks (RFC 8601). Anybody can write such a field
// into a message, and section 5 asks servers to remove those in their own name, but few do. So a field counts when it
// stands above the first Received field, where no sender can write; when it is the topmost under the border's name; or
// when the service that delivered the message is one known to remove forged ones.
func authentication(m *provider.Message, border string) verdicts {
	out, header := verdicts{}, m.Header
	known, delivered := deliverer(header)
	received, topmost := false, true
	for _, f := range header {
		switch {
		case strings.EqualFold(f.Name, "Received"):
			received = true
		case strings.EqualFold(f.Name, "Authentication-Results"):
			id, rest := authservID(f.Value)
			mine := border != "" && strings.EqualFold(id, border)
			if border == "" {
				mine = !received && delivered != "" || topmost && known != nil && known.writes(id)
			}
			if mine && (topmost || !received) {
				out.add(rest, m.From[:min(len(m.From), maxSenders)])
				topmost = false
			}
		}
	}
	return out
}

func (s *service) writes(id string) bool {
	if s.id == "" {
		return id == ""
	}
	return within(strings.ToLower(id), s.id)
}

// deliverer is the host that wrote the topmost Received field, and the service that it belongs to, if it is known.
func deliverer(header []provider.Field) (*service, string) {
	for _, value := range values(header, "Received") {
		host := byHost(value)
		if googleInside(host) {
			continue // the next one is Google's as well
		}
		for _, s := range services() {
			if within(host, s.domain) {
				return &s, host
			}
		}
		return nil, host
	}
	return nil, ""
}

// googleInside reports where Google's servers hand mail to each other: the 6to4 form of 10.0.0.0/8 addresses.
func googleInside(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && netip.MustParsePrefix("2002:a00::/24").Contains(addr)
}

// byHost is the name behind "by" (RFC 5321 section 4.4). The sender chooses the word behind "from", and what stands in
// comments.
func byHost(received string) string {
	words := strings.Fields(withoutComments(received))
	words = words[:min(len(words), 100)]
	if len(words) > 1 && strings.EqualFold(words[0], "from") {
		words = words[2:]
	}
	for i, w := range words {
		if strings.EqualFold(w, "by") && i+1 < len(words) {
			return strings.ToLower(strings.TrimRight(words[i+1], ";."))
		}
	}
	return ""
}

// authservID cuts the id from a field's value. Microsoft leaves it out: then the first piece is a result.
func authservID(value string) (id, rest string) {
	value = withoutComments(value)
	first, rest, _ := strings.Cut(value, ";")
	if strings.Contains(first, "=") {
		return "", value
	}
	words := strings.Fields(first) // with a version perhaps
	if len(words) == 0 {
		return "", rest
	}
	return words[0], rest
}

// add takes the results of a field. Of several DKIM signatures one that passes counts, the author's first, since the others
// are of those who passed the message on; of several about DMARC one that does not, since an address that a server copied without its
// quotes may hold another; of all else the first.
func (v verdicts) add(results string, authors []provider.Address) {
	for one := range strings.SplitSeq(results, ";") {
		words := strings.Fields(strings.ReplaceAll(one, " =", "="))
		if len(words) == 0 {
			continue
		}
		method, result, _ := strings.Cut(strings.ToLower(words[0]), "=")
		method, _, _ = strings.Cut(method, "/") // a version
		if !isMethod(method) || !isResult(result) {
			continue
		}
		had, now := v[method], verdict{result, otherDomain(words[1:], authors)}
		better := method == "dkim" && result == "pass" && (had.result != "pass" || had.other != "")
		if had.result == "" || better || method == "dmarc" && had.result == "pass" {
			v[method] = now
		}
	}
}

// otherDomain is the domain that properties of a result name (RFC 8601 section 2.7), when it is no author's.
func otherDomain(properties []string, authors []provider.Address) string {
	for _, p := range properties {
		name, value, _ := strings.Cut(strings.ToLower(p), "=")
		switch name {
		case "header.d", "header.i", "smtp.mailfrom", "smtp.helo":
		default:
			continue
		}
		domain := strings.TrimSuffix(value[strings.LastIndexByte(value, '@')+1:], ".")
		same := func(a provider.Address) bool { return related(domain, domainOf(a.Addr)) }
		switch {
		case domain == "": // of a bounce
			continue
		case len(authors) == 0 || slices.ContainsFunc(authors, same):
			return ""
		case len(domain) > maxDomain || strings.TrimLeft(domain, hostLetters) != "":
			return "another domain"
		}
		return domain
	}
	return ""
}

func isMethod(s string) bool { return s == "spf" || s == "dkim" || s == "dmarc" }

// isResult knows the results of RFC 8601 section 2.7 and of RFC 7489 section 11.2.
func isResult(s string) bool {
	switch s {
	case "pass", "fail", "softfail", "neutral", "none", "temperror", "permerror", "policy", "bestguesspass":
		return true
	}
	return false
}

// withoutComments drops what stands in parentheses, and takes quoted strings as they are (RFC 5322 section 3.2.2). A
// semicolon in either ends no result.
func withoutComments(s string) string {
	var b strings.Builder
	depth, inQuotes := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && (depth > 0 || inQuotes):
			i++
		case inQuotes:
			inQuotes = c != '"'
		case c == '"' && depth == 0:
			inQuotes = true
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}
