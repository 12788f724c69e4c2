package main

import (
	"net/mail"

	"github.com/postern-mail/postern/provider"
)

// absentParts would join an IMAP account.
func absentParts() []absent {
	return []absent{
		{"contacts (CardDAV)", []string{"CARDDAV_URL", "DAV_USER", "DAV_PASSWORD"}},
		{"calendars (CalDAV)", []string{"CALDAV_URL"}},
		{"mail rules (Sieve)", []string{"SIEVE_ADDR"}},
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

func (a *account) readServers(env environment) (err error) {
	for _, absent := range absentParts() {
		if name := env.anyOf(absent.variables...); name != "" {
			return env.bad(name, "this build has no %s: unset the variable", absent.name)
		}
	}
	stored, err := env.login(a.id)
	switch {
	case err != nil:
		return err
	case stored != nil:
		return a.readStored(env, stored)
	case env.logins != nil && env.anyOf("IMAP_ADDR") == "":
		return noPassword(env, a.id)
	}
	if a.imap, err = readServer(env, "IMAP"); err != nil {
		return err
	}
	if a.imap.user, err = env.need("IMAP_USER", "the name to log in with"); err != nil {
		return err
	}
	if a.imap.password, err = env.get("IMAP_PASSWORD"); err != nil {
		return err
	}
	if a.imap.password == "" {
		return noPassword(env, a.id)
	}
	if name := env.anyOf(oauthVariables()...); name != "" {
		return env.bad(name, "is set and account %s logs in with IMAP_PASSWORD: unset one of them", a.id)
	}
	if a.smtp, err = readSubmission(env, a.imap, false); err != nil {
		return err
	}
	a.from, err = readIdentities(env, a.imap.user, a.smtp != nil)
	return err
}

// readSubmission reads the SMTP server; nil without SMTP_ADDR. Its login is the
// IMAP one unless another is given; with token that is one by access tokens,
// which needs no password.
func readSubmission(env environment, imap *server, token bool) (*server, error) {
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
	case s.password == "" && !(token && s.user == imap.user):
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
