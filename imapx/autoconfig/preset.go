package autoconfig

import (
	"slices"
	"strings"

	"github.com/postern-mail/postern/imapx"
)

// service is a Settings and how it is recognised.
type service struct {
	Settings
	domains []string // of addresses
	mx      []string // of hosts that take mail for other domains: such a name or what is below it
}

// Preset returns a well-known service by name.
func Preset(name string) (Settings, bool) {
	for _, s := range services() {
		if s.Preset == name {
			return s.settings(FromName), true
		}
	}
	return Settings{}, false
}

// Presets are the names that Preset knows, sorted.
func Presets() []string {
	var names []string
	for _, s := range services() {
		names = append(names, s.Preset)
	}
	slices.Sort(names)
	return names
}

func (s service) settings(from Source) Settings {
	out := s.clone()
	out.Source = from
	return out
}

func byDomain(domain string) (Settings, bool) {
	for _, s := range services() {
		if slices.Contains(s.domains, domain) {
			return s.settings(FromDomain), true
		}
	}
	return Settings{}, false
}

func byMX(host string) (Settings, bool) {
	for _, s := range services() {
		if slices.ContainsFunc(s.mx, func(name string) bool { return within(host, name) }) {
			return s.settings(FromMX), true
		}
	}
	return Settings{}, false
}

// byServers finds whose servers these are; smtp may be unknown.
func byServers(imap, smtp Server) (Settings, bool) {
	for _, s := range slices.Backward(services()) { // of Microsoft's two it is the one with customers' domains
		if s.IMAP == imap && !s.OwnCertificate && (smtp.Host == "" || smtp.Host == s.SMTP.Host) {
			return s.settings(FromSRV), true
		}
	}
	return Settings{}, false
}

// within reports whether host is domain or below it.
func within(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

func tls(host string, port int) Server { return Server{Host: host, Port: port} }

func startTLS(host string, port int) Server {
	return Server{Host: host, Port: port, Security: imapx.StartTLS}
}

const (
	imaps, submissions, submission = 993, 465, 587 // RFC 8314 section 7

	twoSteps = "make an app password (two-step verification has to be on): "
)

// services is the table. More names of a service come before fewer: the first
// that fits counts.
func services() []service {
	return slices.Concat(oauthServices(), appPasswordServices(), passwordServices())
}

func appPasswordServices() []service {
	return []service{
		{
			Settings: Settings{
				Preset: "fastmail", Title: "Fastmail", IMAP: tls("imap.fastmail.com", imaps), SMTP: tls("smtp.fastmail.com", submissions),
				Logins: []Login{AppPassword}, Help: "make an app password for mail: Settings, Privacy & Security, Manage app passwords, at https://app.fastmail.com",
			},
			domains: []string{"fastmail.com", "fastmail.fm", "fastmail.net", "fastmail.org", "sent.com"}, mx: []string{"messagingengine.com"},
		},
		{
			Settings: Settings{
				Preset: "icloud", Title: "iCloud Mail", IMAP: tls("imap.mail.me.com", imaps), SMTP: startTLS("smtp.mail.me.com", submission),
				Logins: []Login{AppPassword}, Help: "make an app-specific password: Sign-In and Security, at https://account.apple.com",
				LocalUser: []string{"icloud.com", "me.com", "mac.com"},
			},
			domains: []string{"icloud.com", "me.com", "mac.com"}, mx: []string{"mail.icloud.com"},
		},
		{
			Settings: Settings{
				Preset: "aol", Title: "AOL Mail", IMAP: tls("imap.aol.com", imaps), SMTP: tls("smtp.aol.com", submissions),
				Logins: []Login{AppPassword}, Help: twoSteps + "https://login.aol.com/account/security",
			},
			domains: []string{"aol.com", "aim.com"},
		},
		{
			Settings: Settings{
				Preset: "yahoo", Title: "Yahoo Mail", IMAP: tls("imap.mail.yahoo.com", imaps), SMTP: tls("smtp.mail.yahoo.com", submissions),
				Logins: []Login{AppPassword}, Help: twoSteps + "https://login.yahoo.com/account/security",
			},
			domains: []string{"yahoo.com", "ymail.com", "rocketmail.com", "myyahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "yahoo.it", "yahoo.es", "yahoo.ca", "yahoo.com.br", "yahoo.co.in", "yahoo.in"},
		},
		{
			Settings: Settings{
				Preset: "proton", Title: "Proton Mail Bridge", IMAP: startTLS("127.0.0.1", 1143), SMTP: startTLS("127.0.0.1", 1025),
				Logins: []Login{AppPassword}, SentByServer: true, OwnCertificate: true, OwnUser: true,
				Help: "run Proton Mail Bridge on this machine: it shows user name, password, ports and certificate (https://proton.me/mail/bridge)",
			},
			domains: []string{"proton.me", "protonmail.com", "protonmail.ch", "pm.me"}, mx: []string{"protonmail.ch"},
		},
	}
}

// passwordServices take the account's own password, at least without two-step
// verification.
func passwordServices() []service {
	return []service{
		{
			Settings: Settings{
				Preset: "gmx", Title: "GMX", IMAP: tls("imap.gmx.net", imaps), SMTP: tls("mail.gmx.net", submissions),
				Logins: []Login{Password, AppPassword}, Help: "allow POP3 and IMAP in GMX's settings first; with two-step verification make an app password there",
			},
			domains: []string{"gmx.net", "gmx.de", "gmx.at", "gmx.ch"},
		},
		{
			Settings: Settings{
				Preset: "gmx-com", Title: "GMX (.com)", IMAP: tls("imap.gmx.com", imaps), SMTP: tls("mail.gmx.com", submissions),
				Logins: []Login{Password, AppPassword}, Help: "allow POP3 and IMAP in GMX's settings first; with two-step verification make an app password there",
			},
			domains: []string{"gmx.com", "gmx.us", "gmx.co.uk"},
		},
		{
			Settings: Settings{
				Preset: "web.de", Title: "WEB.DE", IMAP: tls("imap.web.de", imaps), SMTP: startTLS("smtp.web.de", submission),
				Logins: []Login{Password, AppPassword}, Help: "allow POP3 and IMAP in WEB.DE's settings first; with two-step verification make an app password there",
			},
			domains: []string{"web.de"},
		},
		{
			Settings: Settings{
				Preset: "zoho", Title: "Zoho Mail", IMAP: tls("imap.zoho.com", imaps), SMTP: tls("smtp.zoho.com", submissions),
				Logins: []Login{Password, AppPassword}, Help: "allow IMAP access in Zoho's settings first; with two-step verification make an app password at https://accounts.zoho.com",
			},
			domains: []string{"zoho.com", "zohomail.com"},
		},
		{
			Settings: Settings{
				Preset: "mailbox.org", Title: "mailbox.org", IMAP: tls("imap.mailbox.org", imaps), SMTP: tls("smtp.mailbox.org", submissions),
				Logins: []Login{Password, AppPassword},
			},
			domains: []string{"mailbox.org"}, mx: []string{"mailbox.org"},
		},
		{
			Settings: Settings{
				Preset: "posteo", Title: "Posteo", IMAP: tls("posteo.de", imaps), SMTP: tls("posteo.de", submissions), Logins: []Login{Password},
			},
			domains: []string{"posteo.de", "posteo.net"},
		},
		{
			Settings: Settings{
				Preset: "migadu", Title: "Migadu", IMAP: tls("imap.migadu.com", imaps), SMTP: tls("smtp.migadu.com", submissions), Logins: []Login{Password},
			},
			mx: []string{"migadu.com"},
		},
	}
}

// oauthServices file sent mail by themselves, so a copy from us would be the
// second one.
func oauthServices() []service {
	const microsoft = "https://login.microsoftonline.com/common/oauth2/v2.0/"
	exchange := func(grants string) *OAuthServer {
		return &OAuthServer{
			AuthURL: microsoft + "authorize", TokenURL: microsoft + "token", DeviceURL: microsoft + "devicecode", GrantsURL: grants,
			Scopes: []string{"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send", "offline_access"},
		}
	}
	const register = "register a client at https://entra.microsoft.com and sign in by browser; the service takes no passwords from mail programs"
	return []service{
		{
			Settings: Settings{
				Preset: "gmail", Title: "Gmail", IMAP: tls("imap.gmail.com", imaps), SMTP: tls("smtp.gmail.com", submissions),
				Logins: []Login{OAuth, AppPassword}, SentByServer: true,
				// Google's device flow grants no access to mail.
				OAuth: &OAuthServer{
					AuthURL: "https://accounts.google.com/o/oauth2/v2/auth", TokenURL: "https://oauth2.googleapis.com/token",
					RevokeURL: "https://oauth2.googleapis.com/revoke", GrantsURL: "https://myaccount.google.com/connections",
					Scopes:     []string{"https://mail.google.com/"},
					AuthParams: []Param{{"access_type", "offline"}, {"prompt", "consent"}}, // or there is no refresh token
				},
				Help: "sign in by browser with a client registered at https://console.cloud.google.com, or " + twoSteps + "https://myaccount.google.com/apppasswords",
			},
			domains: []string{"gmail.com", "googlemail.com"}, mx: []string{"aspmx.l.google.com", "smtp.google.com", "googlemail.com"},
		},
		{
			Settings: Settings{
				Preset: "outlook", Title: "Outlook.com", IMAP: tls("outlook.office365.com", imaps), SMTP: startTLS("smtp-mail.outlook.com", submission),
				Logins: []Login{OAuth}, SentByServer: true, OAuth: exchange("https://account.live.com/consent/Manage"), Help: register + "; allow IMAP in Outlook.com's settings first",
			},
			domains: []string{"outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.de", "outlook.fr", "outlook.es", "outlook.it", "hotmail.co.uk", "hotmail.de", "hotmail.fr", "hotmail.it", "hotmail.es"},
			mx:      []string{"olc.protection.outlook.com"},
		},
		{
			Settings: Settings{
				Preset: "microsoft", Title: "Microsoft 365", IMAP: tls("outlook.office365.com", imaps), SMTP: startTLS("smtp.office365.com", submission),
				Logins: []Login{OAuth}, SentByServer: true, OAuth: exchange("https://myapps.microsoft.com"), Help: register,
			},
			mx: []string{"protection.outlook.com", "mx.microsoft"},
		},
	}
}
