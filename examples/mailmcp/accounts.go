package main

import (
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
)

// The backends of this build, by the names that -provider and a config file use.
const (
	demoProvider = "demo"
	imapProvider = "imap"
)

// account is one mail account as the settings describe it.
type account struct {
	id       string
	provider string
	zone     *time.Location // nil: the machine's
	gates    mailtool.Gates
	from     []provider.Address // the first is the default
	imap     *server            // nil for the demo
	smtp     *server            // nil: the account does not send
}

// accounts lists what the environment names and what the config file adds.
func accounts(f flags, env environment) ([]account, error) {
	var all []account
	providers, err := providers(f, env)
	if err != nil {
		return nil, err
	}
	for _, p := range providers {
		a, err := readAccount(f, p, p, env, env)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	if f.given["config"] {
		more, err := configAccounts(f, env)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, distinct(all)
}

// providers are the backends to serve from the environment.
func providers(f flags, env environment) ([]string, error) {
	if f.given["provider"] {
		return []string{f.provider}, checkProvider("-provider", f.provider)
	}
	for _, absent := range absentProviders() {
		if name := env.anyOf(absent.variables...); name != "" {
			return nil, bad(name, "this build has no backend for %s: use -provider with one of demo or imap, or unset the variable", absent.name)
		}
	}
	switch {
	case env.anyOf("IMAP_ADDR") != "":
		return []string{imapProvider}, nil
	case f.given["config"]:
		return nil, nil
	}
	if name := env.anyOf(serverVariables()...); name != "" {
		return nil, bad(name, "is set and IMAP_ADDR is not: set IMAP_ADDR, or -provider demo for the sample mailbox")
	}
	return []string{demoProvider}, nil
}

// absent is a part that this build does not have, and the variables that ask
// for it.
type absent struct {
	name      string
	variables []string
}

func absentProviders() []absent {
	return []absent{
		{"missive", []string{"MISSIVE_TOKEN"}},
		{"trekmail", []string{"TREKMAIL_API_TOKEN", "TREKMAIL_MESSAGE_TOKEN"}},
	}
}

// absentParts would join an IMAP account.
func absentParts() []absent {
	return []absent{
		{"contacts (CardDAV)", []string{"CARDDAV_URL", "DAV_USER", "DAV_PASSWORD"}},
		{"calendars (CalDAV)", []string{"CALDAV_URL"}},
		{"mail rules (Sieve)", []string{"SIEVE_ADDR"}},
		{"OAuth logins", []string{"IMAP_OAUTH_CLIENT_ID", "IMAP_OAUTH_CLIENT_SECRET"}},
	}
}

// serverVariables belong to IMAP_ADDR and mean nothing without it.
func serverVariables() []string {
	return append([]string{
		"IMAP_USER", "IMAP_PASSWORD", "IMAP_TLS", "IMAP_CA_FILE", "IMAP_TLS_FINGERPRINT", "SMTP_ADDR",
	}, submissionVariables()...)
}

// submissionVariables belong to SMTP_ADDR.
func submissionVariables() []string {
	return []string{"SMTP_USER", "SMTP_PASSWORD", "SMTP_TLS", "SMTP_CA_FILE", "SMTP_TLS_FINGERPRINT"}
}

func checkProvider(setting, name string) error {
	switch name {
	case demoProvider, imapProvider:
		return nil
	}
	for _, absent := range absentProviders() {
		if name == absent.name {
			return bad(setting, "this build has no backend for %s: use demo or imap", name)
		}
	}
	return bad(setting, "unknown backend %q: use demo or imap", clip(name))
}

// readAccount reads the settings of one account. shared holds what speaks for
// all accounts, own what is this one's.
func readAccount(f flags, id, kind string, shared, own environment) (account, error) {
	a := account{id: id, provider: kind}
	var err error
	if a.zone, err = readZone(own); err != nil {
		return a, err
	}
	if a.gates, err = gates(f, shared, own); err != nil {
		return a, err
	}
	if kind == demoProvider {
		return a, nil
	}
	return a, a.readServers(own)
}

func (a *account) readServers(env environment) (err error) {
	for _, absent := range absentParts() {
		if name := env.anyOf(absent.variables...); name != "" {
			return env.bad(name, "this build has no %s: unset the variable", absent.name)
		}
	}
	if a.imap, err = readServer(env, "IMAP"); err != nil {
		return err
	}
	if a.imap.user, err = env.need("IMAP_USER", "the name to log in with"); err != nil {
		return err
	}
	if a.imap.password, err = env.need("IMAP_PASSWORD", "the password to log in with"); err != nil {
		return err
	}
	if a.smtp, err = readSubmission(env, a.imap); err != nil {
		return err
	}
	a.from, err = readIdentities(env, a.imap.user, a.smtp != nil)
	return err
}

// readSubmission reads the SMTP server; nil without SMTP_ADDR. Its login is the
// IMAP one unless another is given.
func readSubmission(env environment, imap *server) (*server, error) {
	if env.anyOf("SMTP_ADDR") == "" {
		if name := env.anyOf(submissionVariables()...); name != "" {
			return nil, env.bad(name, "is set and SMTP_ADDR is not: set SMTP_ADDR to send mail, or unset the variable")
		}
		return nil, nil
	}
	s, err := readServer(env, "SMTP")
	if err != nil {
		return nil, err
	}
	if s.user, err = env.get("SMTP_USER"); err != nil {
		return nil, err
	}
	if s.user == "" || s.user == imap.user {
		s.user, s.password = imap.user, imap.password
	}
	password, err := env.get("SMTP_PASSWORD")
	switch {
	case err != nil:
		return nil, err
	case password != "":
		s.password = password
	case s.password == "":
		return nil, env.bad("SMTP_PASSWORD", "is missing: SMTP_USER is not IMAP_USER and needs a password of its own")
	}
	return s, nil
}

// readIdentities reads the addresses to send from: MAIL_FROM, else the IMAP
// user where that is an address.
func readIdentities(env environment, user string, sends bool) ([]provider.Address, error) {
	list, err := env.get("MAIL_FROM")
	if err != nil {
		return nil, err
	}
	if list == "" {
		if one, err := mail.ParseAddress(user); err == nil && one.Address == user {
			return []provider.Address{{Addr: user}}, nil
		}
		if sends {
			return nil, env.bad("MAIL_FROM", "is missing: IMAP_USER is no address, so set the address to send from, such as Ann Lee <ann@example.org>")
		}
		return nil, nil
	}
	parsed, err := mail.ParseAddressList(list)
	if err != nil {
		return nil, env.bad("MAIL_FROM", "%q is not allowed: use addresses parted by commas, such as Ann Lee <ann@example.org>", clip(list))
	}
	var all []provider.Address
	for _, one := range parsed {
		all = append(all, provider.Address{Name: one.Name, Addr: one.Address})
	}
	return all, nil
}

func readZone(env environment) (*time.Location, error) {
	name, err := env.get("MAIL_TIMEZONE")
	if err != nil || name == "" {
		return nil, err
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, env.bad("MAIL_TIMEZONE", "unknown time zone %q: use a name such as Europe/Berlin or UTC", clip(name))
	}
	return zone, nil
}

var accountID = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// distinct refuses accounts that could not be told apart, by id or by the tag
// that their message ids carry.
func distinct(all []account) error {
	byID, byTag := map[string]bool{}, map[string]string{}
	for _, a := range all {
		if byID[a.id] {
			return bad("-config", "two accounts %q: each needs an id of its own (%s are those of the environment)", a.id, strings.Join([]string{demoProvider, imapProvider}, " and "))
		}
		byID[a.id] = true
		tag := provider.Tag(a.id)
		if other := byTag[tag]; other != "" {
			return bad("-config", "the ids %q and %q make the same tag in message ids: rename one", other, a.id)
		}
		byTag[tag] = a.id
	}
	return nil
}
