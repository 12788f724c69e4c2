package mcpadapt

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// gate lets requests in by their Host and Origin headers. A page of a stranger
// reaches a local server by a name that it points to 127.0.0.1 (DNS rebinding);
// the Host header then holds that name.
type gate struct {
	hosts   map[hostPort]bool // port 0: any; none: loopback
	origins map[string]bool
}

type hostPort struct {
	host string // lower case, addresses in their usual form without brackets
	port uint16
}

func newGate(hosts, origins []string) (gate, error) {
	g := gate{hosts: map[hostPort]bool{}, origins: map[string]bool{}}
	for _, h := range hosts {
		if addr, err := netip.ParseAddr(h); err == nil && addr.Is6() {
			h = "[" + h + "]"
		}
		hp, ok := parseHost(h)
		if !ok {
			return gate{}, fmt.Errorf("host %q is not a name or address with or without a port", h)
		}
		g.hosts[hp] = true
	}
	for _, o := range origins {
		canonical, _, ok := parseOrigin(o)
		if !ok {
			return gate{}, fmt.Errorf("origin %q is not a scheme and host such as https://app.example.org", o)
		}
		g.origins[canonical] = true
	}
	return g, nil
}

// host reports whether the Host header is one to serve.
func (g gate) host(r *http.Request) bool {
	hp, ok := parseHost(r.Host)
	switch {
	case !ok:
		return false
	case len(g.hosts) == 0:
		addr, err := netip.ParseAddr(hp.host)
		return hp.host == "localhost" || err == nil && addr.IsLoopback()
	}
	return g.hosts[hp] || g.hosts[hostPort{host: hp.host}]
}

// origin reports whether the request comes from no web page, from one of the
// host itself or from one that is allowed. (Streamable HTTP, security: a server
// must refuse any other Origin with 403.)
func (g gate) origin(r *http.Request) bool {
	sent := r.Header.Values("Origin")
	if len(sent) == 0 {
		return true
	}
	canonical, from, ok := parseOrigin(sent[0])
	if len(sent) > 1 || !ok {
		return false
	}
	if g.origins[canonical] {
		return true
	}
	// Behind a proxy that ends TLS the scheme of this request is not known.
	secure := strings.HasPrefix(canonical, "https:")
	if r.TLS != nil && !secure {
		return false
	}
	own, ok := parseHost(r.Host)
	if own.port == 0 {
		own.port = defaultPort(secure)
	}
	return ok && own == from
}

// parseHost reads host or host:port, nothing else: no user, no path, no zone.
func parseHost(s string) (hostPort, bool) {
	host, port := s, uint16(0)
	if i := strings.LastIndexByte(s, ':'); i >= 0 && i > strings.LastIndexByte(s, ']') {
		var digits string
		var err error
		if host, digits, err = net.SplitHostPort(s); err != nil {
			return hostPort{}, false
		}
		n, err := strconv.ParseUint(digits, 10, 16)
		if err != nil || n == 0 || digits[0] == '0' {
			return hostPort{}, false
		}
		port = uint16(n)
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
	}
	if strings.HasPrefix(host, "[") {
		addr, err := netip.ParseAddr(strings.TrimSuffix(host[1:], "]"))
		if err != nil || !strings.HasSuffix(host, "]") || !addr.Is6() || addr.Zone() != "" || addr.Is4In6() {
			return hostPort{}, false
		}
		return hostPort{addr.String(), port}, true
	}
	host = strings.ToLower(host)
	if !hostName(host) {
		return hostPort{}, false
	}
	return hostPort{host, port}, true
}

// hostName reports whether s is written as a host name or IPv4 address is
// (RFC 1123 section 2.1), without the root's dot.
func hostName(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

// parseOrigin reads the serialized origin of an http or https page (RFC 6454
// section 6.2) and returns it in one form, with its host and port.
func parseOrigin(s string) (canonical string, from hostPort, ok bool) {
	scheme, rest, found := strings.Cut(s, "://")
	scheme = strings.ToLower(scheme)
	if !found || scheme != "http" && scheme != "https" {
		return "", hostPort{}, false
	}
	from, ok = parseHost(rest)
	if !ok {
		return "", hostPort{}, false
	}
	if from.port == 0 {
		from.port = defaultPort(scheme == "https")
	}
	u := url.URL{Scheme: scheme, Host: net.JoinHostPort(from.host, strconv.Itoa(int(from.port)))}
	return u.String(), from, true
}

func defaultPort(secure bool) uint16 {
	if secure {
		return 443
	}
	return 80
}
