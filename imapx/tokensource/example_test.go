package tokensource_test

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/oauth2"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/tokensource"
)

func ExampleSource_Token() {
	config := &oauth2.Config{ClientID: "client", Endpoint: oauth2.Endpoint{TokenURL: "https://auth.example.org/token"}}
	source, err := tokensource.New(tokensource.Options{
		Config: config,
		Token:  &oauth2.Token{AccessToken: "access", RefreshToken: "refresh", Expiry: time.Now().Add(time.Hour)},
		Saved:  func(*oauth2.Token) error { return nil }, // keep it sealed, for the next start
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer source.Close()
	opts := imapx.Options{Addr: "imap.example.org:993", Username: "ann@example.org", Token: source.Token}
	token, err := opts.Token(context.Background(), "")
	fmt.Println(token, err)
	// Output: access <nil>
}
