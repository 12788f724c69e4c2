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

// openAccounts makes the accounts ready without dialling.
func openAccounts(all []account) ([]mailtool.Account, error) {
	var open []mailtool.Account
	for _, a := range all {
		mail, err := openMail(a)
		if err != nil {
			return nil, errors.Join(bad("account "+a.id, "%v", err), closeAccounts(open))
		}
		open = append(open, mailtool.Account{ID: scopes.AccountID(a.id), Mail: mail, Gates: a.gates, Zone: a.zone})
	}
	return open, nil
}

func closeAccounts(open []mailtool.Account) error {
	var errs []error
	for _, a := range open {
		errs = append(errs, a.Mail.Close())
	}
	return errors.Join(errs...)
}

func openMail(a account) (*provider.Account, error) {
	if a.provider == demoProvider {
		backend, err := memmail.NewDemo(memmail.Options{Account: a.id})
		if err != nil {
			return nil, err
		}
		return provider.Open(backend)
	}
	backend, err := imapmail.Open(imapOptions(a))
	if err != nil {
		return nil, err
	}
	return provider.Open(backend)
}

func imapOptions(a account) imapmail.Options {
	opts := imapmail.Options{
		Account: a.id, Identities: a.from,
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
