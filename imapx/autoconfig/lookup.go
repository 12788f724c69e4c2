package autoconfig

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/postern-mail/postern/imapx"
)

// Resolver is what Lookup asks. *net.Resolver is one.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error)
}

var (
	// ErrUnknown says that nothing is published about the domain's servers.
	ErrUnknown = errors.New("autoconfig: the domain does not say where its mail servers are")
	// ErrNoIMAP says that the domain offers no IMAP (RFC 6186 section 3.4).
	ErrNoIMAP = errors.New("autoconfig: the domain says that it offers no IMAP")
)

// Lookup finds the servers of a mail address: by its domain, by where the
// domain's mail goes, then by its SRV records, in this order. Besides ErrUnknown
// and ErrNoIMAP it fails with what the resolver says, which may pass. r may be
// nil: the system's resolver.
func Lookup(ctx context.Context, r Resolver, address string) (Settings, error) {
	domain, err := domainOf(address)
	if err != nil {
		return Settings{}, err
	}
	if found, ok := byDomain(domain); ok {
		return found, nil
	}
	if r == nil {
		r = net.DefaultResolver
	}
	// The dot keeps the machine's search list out of it.
	hosts, mxErr := r.LookupMX(ctx, domain+".")
	if err := ctx.Err(); err != nil {
		return Settings{}, err
	}
	slices.SortStableFunc(hosts, func(a, b *net.MX) int { return cmp.Compare(a.Pref, b.Pref) })
	for _, mx := range hosts {
		if found, ok := byMX(plain(mx.Host)); ok {
			return found, nil
		}
	}
	found, err := bySRV(ctx, r, domain)
	if errors.Is(err, ErrUnknown) && !absent(mxErr) {
		err = fmt.Errorf("autoconfig: %w", mxErr)
	}
	return found, err
}

// domainOf returns the domain of an address in ASCII and lower case.
func domainOf(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return "", errors.New("autoconfig: no mail address")
	}
	domain, err := idna.Lookup.ToASCII(strings.TrimSuffix(address[at+1:], "."))
	if err != nil || !isHost(domain) {
		return "", errors.New("autoconfig: the address has no domain that the DNS could know")
	}
	return strings.ToLower(domain), nil
}

// bySRV follows RFC 6186 section 3.4 and RFC 8314 section 5.1: TLS from the
// first byte where it is offered.
func bySRV(ctx context.Context, r Resolver, domain string) (Settings, error) {
	imap, err := pick(ctx, r, domain, "imaps", "imap")
	if err != nil {
		return Settings{}, err
	}
	if imap == nil {
		return Settings{}, ErrNoIMAP
	}
	smtp, err := pick(ctx, r, domain, "submissions", "submission")
	switch {
	case errors.Is(err, ErrUnknown), err == nil && smtp == nil:
		smtp = &Server{}
	case err != nil:
		return Settings{}, err
	}
	found, known := byServers(*imap, *smtp)
	if known {
		return found, nil
	}
	found = Settings{Source: FromSRV, IMAP: *imap, SMTP: *smtp}
	for _, host := range []string{imap.Host, smtp.Host} {
		if host != "" && !within(host, domain) && !isService(host) && !slices.Contains(found.Foreign, host) {
			found.Foreign = append(found.Foreign, host)
		}
	}
	return found, nil
}

// isService reports whether host is a server of a well-known service.
func isService(host string) bool {
	return slices.ContainsFunc(services(), func(s service) bool {
		return !s.OwnCertificate && (s.IMAP.Host == host || s.SMTP.Host == host)
	})
}

// pick returns the best server of two services, the first of which has TLS from
// the first byte; nil when the domain says that there is none.
func pick(ctx context.Context, r Resolver, domain, implicit, upgraded string) (*Server, error) {
	denied := false
	var failed error
	for _, service := range []string{implicit, upgraded} {
		_, records, err := r.LookupSRV(ctx, service, "tcp", domain+".")
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if len(records) == 0 && !absent(err) {
			failed = fmt.Errorf("autoconfig: %w", err)
			continue
		}
		server, no := best(records)
		denied = denied || no
		if server == nil {
			continue
		}
		if service == upgraded {
			server.Security = imapx.StartTLS
		}
		return server, nil
	}
	switch {
	case failed != nil:
		return nil, failed
	case denied:
		return nil, nil //nolint:nilnil // the domain says that there is none
	}
	return nil, ErrUnknown
}

// best takes the lowest priority, and of those the greatest weight: the choice
// is made once and kept, so chance (RFC 2782) would only make it differ.
func best(records []*net.SRV) (server *Server, denied bool) {
	records = slices.Clone(records)
	slices.SortFunc(records, func(a, b *net.SRV) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Target, b.Target))
	})
	for _, record := range records {
		host := plain(record.Target)
		switch {
		case host == "": // the target "." (RFC 2782)
			denied = true
		case isHost(host) && record.Port != 0:
			return &Server{Host: host, Port: int(record.Port)}, denied
		}
	}
	return nil, denied
}

// plain is a name of the DNS without its last dot.
func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// maxHost is the longest name there is (RFC 1035 section 2.3.4).
const maxHost = 253

// isHost takes names with a dot in them: no address, nothing of this machine or
// network only.
func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil || len(host) > maxHost || !strings.Contains(host, ".") {
		return false
	}
	for _, label := range strings.Split(host, ".") {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") || strings.ContainsFunc(label, oddInHost) {
			return false
		}
	}
	return true
}

func oddInHost(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}

// absent reports whether the DNS has answered that there is nothing.
func absent(err error) bool {
	var dns *net.DNSError
	return err == nil || errors.As(err, &dns) && dns.IsNotFound
}
