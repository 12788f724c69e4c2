package main

import (
	"errors"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/imapmail"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

// openAccounts makes the accounts ready without dialling. st keeps the logins
// of those that have one.
func openAccounts(all []account, st *state, presets presetFinder) (mailboxes, error) {
	var open mailboxes
	for _, a := range all {
		var source *tokens
		if a.login {
			source = newTokens(st, a, presets)
			open.tokens = append(open.tokens, source)
		}
		mail, err := openMail(a, source)
		if err != nil {
			return mailboxes{}, errors.Join(bad("account "+a.id, "%v", err), open.Close())
		}
		open.accounts = append(open.accounts, mailtool.Account{ID: scopes.AccountID(a.id), Mail: mail, Gates: a.gates, Zone: a.zone, Border: a.border})
	}
	return open, nil
}

// mailboxes are the accounts that are served.
type mailboxes struct {
	accounts []mailtool.Account
	tokens   []*tokens // of those that log in with them
}

func (m mailboxes) Close() error {
	var errs []error
	for _, a := range m.accounts {
		errs = append(errs, a.Mail.Close())
	}
	for _, t := range m.tokens {
		errs = append(errs, t.Close())
	}
	return errors.Join(errs...)
}

// openMail opens one account; source is nil without a stored login.
func openMail(a account, source *tokens) (*provider.Account, error) {
	if a.provider == demoProvider {
		backend, err := memmail.NewDemo(memmail.Options{Account: a.id})
		if err != nil {
			return nil, err
		}
		return provider.Open(backend)
	}
	opts := imapOptions(a)
	if source != nil {
		opts.IMAP.Token = source.token
	}
	backend, err := imapmail.Open(opts)
	if err != nil {
		return nil, err
	}
	return provider.Open(backend)
}

func imapOptions(a account) imapmail.Options {
	opts := imapmail.Options{
		Account: a.id, Identities: a.from, SentBy: a.sentBy,
		IMAP: imapx.Options{
			Addr: a.imap.addr, Security: imapSecurity(a.imap.security), TLSConfig: a.imap.tls,
			Username: a.imap.user, Password: a.imap.password,
		},
	}
	if s := a.smtp; s != nil {
		opts.SMTP = &imapmail.SMTP{
			Addr: s.addr, Security: imapSecurity(s.security), TLSConfig: s.tls, Username: s.user, Password: s.password,
		}
	}
	return opts
}

func imapSecurity(s security) imapx.Security {
	switch s {
	case startTLS:
		return imapx.StartTLS
	case cleartext:
		return imapx.Cleartext
	case implicitTLS:
	}
	return imapx.ImplicitTLS
}
