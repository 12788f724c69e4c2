package main

import (
	"fmt"
	netmail "net/mail"
	"os"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/imapmail"
	"github.com/postern-mail/postern/provider/memmail"
)

// open is the mailbox that the environment names, or a sample. The variables
// are those of mailmcp, which knows more of them.
func open(demo bool) (provider.Provider, error) {
	addr := os.Getenv("IMAP_ADDR")
	if demo || addr == "" {
		return memmail.NewDemo(memmail.Options{Account: "mail"})
	}
	opts := imapmail.Options{
		Account: "mail",
		IMAP:    imapx.Options{Addr: addr, Username: os.Getenv("IMAP_USER"), Password: os.Getenv("IMAP_PASSWORD")},
	}
	var err error
	if opts.IMAP.Security, err = security("IMAP_TLS"); err != nil {
		return nil, err
	}
	if smtp := os.Getenv("SMTP_ADDR"); smtp != "" { // without it no tool sends
		opts.SMTP = &imapmail.SMTP{Addr: smtp}
		if opts.SMTP.Security, err = security("SMTP_TLS"); err != nil {
			return nil, err
		}
		from := os.Getenv("MAIL_FROM")
		if from == "" {
			from = opts.IMAP.Username
		}
		address, err := netmail.ParseAddress(from)
		if err != nil {
			return nil, fmt.Errorf("MAIL_FROM: %w", err)
		}
		opts.Identities = []provider.Address{{Name: address.Name, Addr: address.Address}}
	}
	return imapmail.Open(opts)
}

func security(variable string) (imapx.Security, error) {
	switch word := os.Getenv(variable); word {
	case "", "tls":
		return imapx.ImplicitTLS, nil
	case "starttls":
		return imapx.StartTLS, nil
	case "none": // taken for loopback only
		return imapx.Cleartext, nil
	default:
		return "", fmt.Errorf("%s %q is not allowed: use tls, starttls or none", variable, word)
	}
}
