package main

import (
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/imapx"
)

// security is how a connection to a mail server is protected.
type security string

// The words of IMAP_TLS and SMTP_TLS.
const (
	implicitTLS security = "tls"
	startTLS    security = "starttls"
	cleartext   security = "none"
)

// server is one mail server and the login there.
type server struct {
	addr           string // host:port
	security       security
	user, password string
	tls            *tls.Config // nil: the system's authorities
}

// defaultPort is the registered port (RFC 8314 section 3, RFC 6409 section 3.1).
func defaultPort(protocol string, s security) string {
	switch {
	case protocol == "IMAP" && s == implicitTLS:
		return "993"
	case protocol == "IMAP":
		return "143"
	case s == implicitTLS:
		return "465"
	}
	return "587"
}

// readServer reads the variables of one protocol, "IMAP" or "SMTP", but for
// the login.
func readServer(env environment, protocol string) (*server, error) {
	addr, err := env.need(protocol+"_ADDR", "host or host:port of the "+protocol+" server")
	if err != nil {
		return nil, err
	}
	s := &server{}
	if s.security, err = readSecurity(env, protocol+"_TLS"); err != nil {
		return nil, err
	}
	if s.addr, err = hostPort(addr, defaultPort(protocol, s.security)); err != nil {
		return nil, env.bad(protocol+"_ADDR", "%q is not allowed: %v", clip(addr), err)
	}
	if s.security == cleartext && !loopbackAddr(s.addr) {
		return nil, env.bad(protocol+"_TLS", "none would send the password readable to %s: it is allowed for a loopback address only, use tls or starttls", clip(s.addr))
	}
	s.tls, err = readTLS(env, protocol)
	return s, err
}

func readSecurity(env environment, name string) (security, error) {
	word, err := env.get(name)
	if err != nil {
		return "", err
	}
	switch s := security(word); s {
	case "":
		return implicitTLS, nil
	case implicitTLS, startTLS, cleartext:
		return s, nil
	}
	return "", env.bad(name, "%q is not allowed: use tls, starttls or none", clip(word))
}

// hostPort completes an address with the port it leaves out.
func hostPort(addr, port string) (string, error) {
	host := addr
	if ip, err := netip.ParseAddr(strings.Trim(addr, "[]")); err == nil {
		host = ip.String()
	} else if strings.Contains(addr, ":") {
		if host, port, err = net.SplitHostPort(addr); err != nil {
			return "", errors.New("use host or host:port")
		}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" || strings.ContainsAny(host, " /@") {
		return "", errors.New("use host or host:port, without a scheme")
	}
	return net.JoinHostPort(host, port), nil
}

func loopbackAddr(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	return loopbackHost(host)
}

func loopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// readTLS reads an authority of the operator's own and a pinned certificate.
// With both, both must hold.
func readTLS(env environment, protocol string) (*tls.Config, error) {
	file, err := env.get(protocol + "_CA_FILE")
	if err != nil {
		return nil, err
	}
	pin, err := env.get(protocol + "_TLS_FINGERPRINT")
	if err != nil || file == "" && pin == "" {
		return nil, err
	}
	trust := imapx.Trust{Fingerprint: pin}
	if file != "" {
		if trust.CA, err = os.ReadFile(file); err != nil {
			return nil, env.bad(protocol+"_CA_FILE", "%v", err)
		}
		if _, err := (imapx.Trust{CA: trust.CA}).Config(); err != nil {
			return nil, env.bad(protocol+"_CA_FILE", "%s holds no certificate in PEM form", clip(file))
		}
	}
	config, err := trust.Config()
	if err != nil {
		return nil, env.bad(protocol+"_TLS_FINGERPRINT", "use the SHA-256 of the server's certificate: 64 hex digits, with colons or without")
	}
	return config, nil
}
