package imapx

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
)

// Security says how a connection is protected. The zero value is implicit TLS.
type Security string

// The ways to connect.
const (
	ImplicitTLS Security = ""          // TLS from the first byte (RFC 8314 section 3)
	StartTLS    Security = "starttls"  // upgraded before anything secret is sent; never falls back
	Cleartext   Security = "cleartext" // to loopback only, unless Options.AllowCleartext
)

// Options configures a Pool. Addr and Username are required.
type Options struct {
	Addr     string // host:port
	Security Security
	// TLSConfig may hold an own CA or a client certificate: see Trust.
	// InsecureSkipVerify is refused unless VerifyConnection is set, as it is for a
	// pinned certificate.
	TLSConfig      *tls.Config
	AllowCleartext bool // Cleartext to hosts other than loopback

	Username string
	Password string
	// Auth makes a SASL client for each login; it replaces Password.
	Auth func() (sasl.Client, error)
	// Token returns an OAuth access token; it replaces Password. It is called
	// for each login with refused empty, and once more with the token that the
	// server refused, for another one. An error that matches Auth says that the
	// owner has to sign in again. It is called by several goroutines.
	Token func(ctx context.Context, refused string) (string, error)

	MaxConns  int           // 0: DefaultMaxConns
	IdleClose time.Duration // how long an unused connection is kept; 0: DefaultIdleClose
	Progress  time.Duration // longest silence while an answer is due; 0: DefaultProgress
	// DialTimeout bounds what comes before the login, TLS and greeting included;
	// 0: DefaultDialTimeout. The login has twice Progress in all.
	DialTimeout time.Duration
	// Dial makes the TCP connection; nil: a net.Dialer.
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	Limits Limits
}

// Defaults of Options.
const (
	// DefaultMaxConns is what every server grants one account with room for the
	// owner's own devices (10 on Dovecot, 15 on Gmail).
	DefaultMaxConns = 2
	// DefaultIdleClose is far below the 30 minutes after which servers log out
	// (RFC 9051 section 5.4), and longer than a model thinks.
	DefaultIdleClose = 5 * time.Minute
	// DefaultProgress is above the pauses of slow searches on large mailboxes.
	DefaultProgress    = 30 * time.Second
	DefaultDialTimeout = 15 * time.Second

	maxConnsCap = 15
)

func (o Options) check() error {
	const op = "open"
	host, port, err := net.SplitHostPort(o.Addr)
	switch {
	case err != nil || host == "" || port == "":
		return invalid(op, "addr must be host:port")
	case o.Username == "" && o.Auth == nil:
		return invalid(op, "username is empty")
	case o.Auth != nil && o.Password != "":
		return invalid(op, "both password and auth are given")
	case o.Token != nil && (o.Password != "" || o.Auth != nil):
		return invalid(op, "a token is given beside a password or auth")
	case o.Token != nil && o.Username == "":
		return invalid(op, "a token needs a username")
	case o.Token != nil && strings.Contains(o.Username, "\x01"): // ends the name in XOAUTH2
		return invalid(op, "username holds a control character")
	case strings.ContainsAny(o.Username+o.Password, "\x00\r\n"):
		return invalid(op, "username or password holds a control character")
	case o.MaxConns < 0 || o.MaxConns > maxConnsCap:
		return invalid(op, "max conns must be 1 to 15")
	case o.IdleClose < 0 || o.Progress < 0 || o.DialTimeout < 0:
		return invalid(op, "a duration is negative")
	case o.TLSConfig != nil && o.TLSConfig.InsecureSkipVerify && o.TLSConfig.VerifyConnection == nil:
		return invalid(op, "certificates are always verified: give the server's CA or pin its certificate instead")
	}
	switch o.Security {
	case ImplicitTLS, StartTLS:
	case Cleartext:
		if !o.AllowCleartext && !isLoopback(host) {
			return invalid(op, "cleartext to a host other than loopback")
		}
	default:
		return invalid(op, "unknown security "+string(o.Security))
	}
	return o.Limits.check()
}

func (o Options) withDefaults() Options {
	if o.MaxConns == 0 {
		o.MaxConns = DefaultMaxConns
	}
	if o.IdleClose == 0 {
		o.IdleClose = DefaultIdleClose
	}
	if o.Progress == 0 {
		o.Progress = DefaultProgress
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = DefaultDialTimeout
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{KeepAliveConfig: keepAlive()}).DialContext
	}
	o.Limits = o.Limits.withDefaults()
	return o
}

// keepAlive finds a connection that a router has forgotten within a minute.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second, Count: 3}
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Limits bounds what a server may make us read. Zero fields take the defaults.
type Limits struct {
	Body     int64 // one body literal, in bytes
	Response int64 // one response without its bodies, in bytes
	Numbers  int64 // one SEARCH answer, in bytes
	Folders  int   // mailboxes in one LIST
}

const (
	// defaultBody is above every mail a server accepts (25 to 150 MB) as it is
	// on the wire; a literal beyond it is a fault or an attack.
	defaultBody = 128 << 20
	// defaultResponse holds the structure of a mail with 5 000 parts, and 60
	// times the ordinary FETCH answer.
	defaultResponse = 1 << 20
	// defaultNumbers holds a million hits of a server without ESEARCH.
	defaultNumbers = 8 << 20
	// defaultFolders is ten times the largest tree seen in the wild.
	defaultFolders = 20_000
)

func (l Limits) check() error {
	if l.Body < 0 || l.Response < 0 || l.Numbers < 0 || l.Folders < 0 {
		return invalid("open", "a limit is negative")
	}
	return nil
}

func (l Limits) withDefaults() Limits {
	if l.Body == 0 {
		l.Body = defaultBody
	}
	if l.Response == 0 {
		l.Response = defaultResponse
	}
	if l.Numbers == 0 {
		l.Numbers = defaultNumbers
	}
	if l.Folders == 0 {
		l.Folders = defaultFolders
	}
	return l
}
