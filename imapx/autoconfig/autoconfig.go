// Package autoconfig finds the mail servers of an address: those of well-known
// services from a table, others by the SRV records of the address's own domain.
//
//	found, err := autoconfig.Lookup(ctx, nil, "ann@example.org")
//	if err == nil && len(found.Foreign) > 0 { ... ask the owner whether these hosts are right ... }
//	opts := found.IMAPOptions("ann@example.org")
//
// It asks the DNS about that domain and nobody else: no central database, no web
// server. All functions may be called by several goroutines.
package autoconfig

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-mail/postern/imapx"
)

// Login is what a service takes from a mail program.
type Login string

// The kinds of login. The zero value is unknown: most likely a password.
const (
	LoginUnknown Login = ""
	Password     Login = "password"     // the one of the account
	AppPassword  Login = "app_password" // made for this program on the service's pages: see Settings.Help
	OAuth        Login = "oauth"        // an access token: see Settings.OAuth
)

// Server is where to connect.
type Server struct {
	Host     string
	Port     int
	Security imapx.Security
}

// Addr is host:port, "" for no server.
func (s Server) Addr() string {
	if s.Host == "" {
		return ""
	}
	return net.JoinHostPort(s.Host, strconv.Itoa(s.Port))
}

// Source says where settings come from.
type Source string

// The sources.
const (
	FromName   Source = "name"   // the name of a preset
	FromDomain Source = "domain" // the address's domain is a service's own
	FromMX     Source = "mx"     // the domain's mail goes to a well-known service
	FromSRV    Source = "srv"    // the domain's SRV records (RFC 6186)
)

// Settings is what is known of a mail service. It is data: changing a copy
// changes nothing else.
type Settings struct {
	Preset string // its name here, "gmail"; "" for a service that is not known
	Title  string // its name for people
	Source Source

	IMAP Server
	SMTP Server // zero: none is known

	Logins []Login      // the ones it takes, the best first
	OAuth  *OAuthServer // with OAuth among Logins
	// SentByServer says that the service files a copy of what it sends.
	SentByServer bool
	// OwnCertificate says that no public authority signed the certificate: its
	// fingerprint has to be pinned.
	OwnCertificate bool
	Help           string // what the owner has to do first; may be empty

	// Foreign names hosts outside the address's domain that only the DNS vouches
	// for. Anybody on the way may have written that: ask before a password goes
	// there (RFC 6186 section 6).
	Foreign []string

	LocalUser []string // domains whose IMAP user name is the part before the @
	OwnUser   bool     // the user names are not the address
}

// OAuthServer is where access is asked for, with a client that the embedder
// has registered there.
type OAuthServer struct {
	AuthURL, TokenURL string
	DeviceURL         string // "" where it grants no access to mail
	RevokeURL         string // ends a token (RFC 7009); "" where there is none
	GrantsURL         string // the page where the owner ends what was granted
	Scopes            []string
	AuthParams        []Param // further ones for AuthURL
}

// Param is a parameter of a URL.
type Param struct{ Name, Value string }

// Usernames are what to log in with at IMAP and at SMTP for an address, "" when
// the owner has to look them up: see Help.
func (s Settings) Usernames(address string) (imap, smtp string) {
	if s.OwnUser {
		return "", ""
	}
	at := strings.LastIndexByte(address, '@')
	if at > 0 && slices.Contains(s.LocalUser, strings.ToLower(address[at+1:])) {
		return address[:at], address
	}
	return address, address
}

// IMAPOptions has server and user name; a password or token is to be added.
func (s Settings) IMAPOptions(address string) imapx.Options {
	user, _ := s.Usernames(address)
	return imapx.Options{Addr: s.IMAP.Addr(), Security: s.IMAP.Security, Username: user}
}

// clone keeps the table from being changed through what it gives out.
func (s Settings) clone() Settings {
	s.Logins, s.LocalUser, s.Foreign = slices.Clone(s.Logins), slices.Clone(s.LocalUser), slices.Clone(s.Foreign)
	if s.OAuth != nil {
		o := *s.OAuth
		o.Scopes, o.AuthParams = slices.Clone(o.Scopes), slices.Clone(o.AuthParams)
		s.OAuth = &o
	}
	return s
}
