package main

import (
	"net"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/autoconfig"
	"github.com/postern-mail/postern/provider/imapmail"
)

// presetNames are what -preset takes.
const presetNames = "gmail, microsoft or outlook"

// preset is what is known of a mail service: where it is and how it is asked
// for access.
type preset struct {
	imap, smtp server // addresses and security only
	sentBy     imapmail.SentBy
	endpoint   oauth2.Endpoint
	scopes     []string
	issuer     string             // who signs answers (RFC 9207); {tenant} stands for any one
	loopback   string             // the host in redirects: 127.0.0.1 or localhost, as registered there
	params     []autoconfig.Param // further ones of the address to open
	hosts      []string           // of mail servers that its tokens are for
	revoke     string             // where a login is ended (RFC 7009); empty: nowhere but on
	grants     string             // its page for the owner
}

// presetFinder returns the preset of a name; tenant is empty for everybody's.
type presetFinder func(name, tenant string) (preset, error)

// finder is that of the process: tests bring their own servers.
func (p process) finder() presetFinder {
	if p.presets != nil {
		return p.presets
	}
	return builtInPreset
}

// tenantName is a directory's id or one of its domains.
var tenantName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,98}[A-Za-z0-9])?$`)

func (p preset) config(l login) *oauth2.Config {
	endpoint := p.endpoint
	// Or the oauth2 package would try both styles, and spend the code on the first.
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	return &oauth2.Config{ClientID: l.ClientID, ClientSecret: l.ClientSecret, Endpoint: endpoint, Scopes: p.scopes}
}

// asked is what the address to open says beside the client.
func (p preset) asked(user, verifier string) []oauth2.AuthCodeOption {
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	if strings.Contains(user, "@") {
		options = append(options, oauth2.SetAuthURLParam("login_hint", user))
	}
	for _, param := range p.params {
		options = append(options, oauth2.SetAuthURLParam(param.Name, param.Value))
	}
	return options
}

// issued reports whether iss is this service.
func (p preset) issued(iss string) bool {
	before, after, any := strings.Cut(p.issuer, "{tenant}")
	if !any {
		return iss == p.issuer
	}
	tenant, ok := strings.CutPrefix(iss, before)
	if !ok {
		return false
	}
	tenant, ok = strings.CutSuffix(tenant, after)
	return ok && tenantName.MatchString(tenant)
}

// trusts reports whether an access token may go to a mail server: one of the
// service's own, or a program on this machine that leads there.
func (p preset) trusts(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && (loopbackHost(host) || slices.ContainsFunc(p.hosts, func(own string) bool {
		return strings.EqualFold(strings.TrimSuffix(host, "."), own)
	}))
}

// builtInPreset is a preset of autoconfig with what redirects need.
func builtInPreset(name, tenant string) (preset, error) {
	known, ok := autoconfig.Preset(name)
	if !ok || known.OAuth == nil {
		return preset{}, bad("-preset", "%q is no service to log in to by browser: use %s", clip(name), presetNames)
	}
	p := preset{
		imap: serverOf(known.IMAP), smtp: serverOf(known.SMTP),
		endpoint: oauth2.Endpoint{AuthURL: known.OAuth.AuthURL, TokenURL: known.OAuth.TokenURL, DeviceAuthURL: known.OAuth.DeviceURL},
		scopes:   known.OAuth.Scopes, issuer: googleIssuer, loopback: "127.0.0.1", params: known.OAuth.AuthParams,
		revoke: known.OAuth.RevokeURL, grants: known.OAuth.GrantsURL,
	}
	for _, other := range autoconfig.Presets() {
		if same, _ := autoconfig.Preset(other); same.OAuth != nil && same.OAuth.TokenURL == known.OAuth.TokenURL {
			p.hosts = append(p.hosts, same.IMAP.Host, same.SMTP.Host)
		}
	}
	if known.SentByServer {
		p.sentBy = imapmail.SentByServer
	}
	if strings.HasPrefix(p.endpoint.AuthURL, microsoftLogin) {
		// Its portal registers http://localhost, with any port, and no address.
		p.issuer, p.loopback = microsoftIssuer, "localhost"
		return p.forTenant(tenant)
	}
	if tenant != "" {
		return preset{}, bad("IMAP_OAUTH_TENANT", "%s has no tenants: unset the variable", name)
	}
	return p, nil
}

const (
	googleIssuer    = "https://accounts.google.com"
	microsoftLogin  = "https://login.microsoftonline.com/"
	microsoftCommon = microsoftLogin + "common/"
	microsoftIssuer = microsoftLogin + "{tenant}/v2.0"
)

// forTenant has one directory's accounts log in instead of everybody's.
func (p preset) forTenant(tenant string) (preset, error) {
	if tenant == "" {
		return p, nil
	}
	if !tenantName.MatchString(tenant) {
		return preset{}, bad("IMAP_OAUTH_TENANT", "%q is not allowed: use the id of a directory or one of its domains", clip(tenant))
	}
	for _, address := range []*string{&p.endpoint.AuthURL, &p.endpoint.TokenURL, &p.endpoint.DeviceAuthURL} {
		rest, ok := strings.CutPrefix(*address, microsoftCommon)
		if !ok {
			return preset{}, bad("IMAP_OAUTH_TENANT", "there is no such directory at %s", *address)
		}
		*address = microsoftLogin + tenant + "/" + rest
	}
	return p, nil
}

func serverOf(s autoconfig.Server) server {
	if s.Security == imapx.StartTLS {
		return server{addr: s.Addr(), security: startTLS}
	}
	return server{addr: s.Addr(), security: implicitTLS}
}
