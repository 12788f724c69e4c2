package main

import (
	"regexp"
	"strings"
	"time"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/imapmail"
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
	border   string         // authserv-id of its mail server; empty: unknown
	gates    mailtool.Gates
	from     []provider.Address // the first is the default
	imap     *server            // nil for the demo
	smtp     *server            // nil: the account does not send
	sentBy   imapmail.SentBy    // who files what was sent
	login    bool               // by the access tokens of a stored login
	secret   string             // of the client, in place of the stored login's; empty: that one
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
	login, err := env.login(imapProvider)
	switch {
	case err != nil:
		return nil, err
	case login != nil, env.anyOf("IMAP_ADDR") != "":
		return []string{imapProvider}, nil
	case f.given["config"]:
		return nil, nil
	}
	if name := env.anyOf(serverVariables()...); name != "" {
		return nil, bad(name, "is set and IMAP_ADDR is not: set IMAP_ADDR, or -provider demo for the sample mailbox")
	}
	if env.logins != nil {
		return nil, bad("-state", "%s holds no login for account %s: run mailmcp login, set IMAP_ADDR, or use -provider demo for the sample mailbox", clip(f.state), imapProvider)
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
	if a.border, err = own.get("MAIL_AUTHSERV_ID"); err != nil {
		return a, err
	}
	if strings.ContainsFunc(a.border, func(r rune) bool { return r <= ' ' || r > '~' || r == ';' }) {
		return a, own.bad("MAIL_AUTHSERV_ID", "%q is not allowed: use the name before the first semicolon of Authentication-Results, such as mx.example.org", clip(a.border))
	}
	if a.gates, err = gates(f, shared, own); err != nil {
		return a, err
	}
	if kind == demoProvider {
		return a, nil
	}
	return a, a.readServers(own)
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
