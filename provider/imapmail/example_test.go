package imapmail_test

import (
	"fmt"
	"log"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/imapmail"
)

// Opening an account does no I/O: what the server offers beyond the minimum of
// every IMAP server is known after the first call.
func ExampleOpen() {
	backend, err := imapmail.Open(imapmail.Options{
		Account:    "work",
		IMAP:       imapx.Options{Addr: "imap.example.org:993", Username: "ann", Password: "secret"},
		SMTP:       &imapmail.SMTP{Addr: "smtp.example.org:465"},
		Identities: []provider.Address{{Name: "Ann Lee", Addr: "ann@example.org"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	account, err := provider.Open(backend)
	if err != nil {
		log.Fatal(err)
	}
	defer account.Close()
	fmt.Println(account.Info().Identities[0])
	fmt.Println(account.Capabilities())
	// Output:
	// Ann Lee <ann@example.org>
	// folders read search modify move delete send watch thread
}
