package scopes_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/postern-mail/postern/scopes"
)

// Three lines of an embedder make a grant: who, what, where. Everything it does
// not say stays closed.
func ExampleGrant() {
	g := scopes.Grant{ID: "1", Subject: "ann"}
	g.Scopes, g.Access = scopes.NewSet(scopes.MailRead, scopes.MailSend), scopes.Accesses(scopes.Read)
	g.Accounts = scopes.Accounts("ann@example.org")

	read := scopes.Effect{Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.AllOf(scopes.MailRead)}
	send := scopes.Effect{Verb: "send", Access: scopes.Send, Scopes: scopes.AllOf(scopes.MailSend), Gate: scopes.Sending}
	fmt.Println("alive:", g.Alive(time.Now()))
	fmt.Println("read: ", g.Check(read, nil))
	fmt.Println("send: ", g.Check(send, nil))
	// Output:
	// alive: <nil>
	// read:  <nil>
	// send:  not_permitted: access send is not granted; gate sending is closed by the grant
}

// An operator's own limits are a grant too. And only narrows.
func ExampleGrant_And() {
	token := scopes.Grant{ID: "token", Scopes: scopes.AllScopes(), Access: scopes.AllAccess()}
	operator := scopes.Grant{ID: "operator", Scopes: scopes.NewSet(scopes.MailRead, scopes.MailSearch), Access: scopes.AllAccess(),
		Filters: []scopes.Filter{{Methods: []string{"read"}}}}

	both := token.And(operator)
	fmt.Println(both.ID, "may", both.Scopes)
	err := both.Check(scopes.Effect{Verb: scopes.Update, Access: scopes.Write, Scopes: scopes.AllOf(scopes.MailModify)}, nil)
	fmt.Println(errors.Is(err, scopes.NotPermitted), err)
	// Output:
	// token may mail:read mail:search
	// true not_permitted: needs scope mail:modify; left out by the grant's methods or tags filter
}

func ExampleParseSet() {
	set, unknown := scopes.ParseSet("mail:read mail:send openid")
	fmt.Println(set)
	fmt.Println("unknown:", unknown)
	fmt.Println("missing:", set.Missing(scopes.AllOf(scopes.MailRead, scopes.MailModify)))
	// Output:
	// mail:read mail:send mail:drafts
	// unknown: [openid]
	// missing: mail:modify
}

func ExampleRecipientPolicy() {
	p := scopes.RecipientPolicy{Others: scopes.Ask, Allow: []string{"@example.org"}, Deny: []string{"eve@example.org"}}
	for _, address := range []string{"ann@example.org", "Eve@Example.org", "carl@example.net"} {
		fmt.Println(address, p.Decide(address))
	}
	// Output:
	// ann@example.org allow
	// Eve@Example.org deny
	// carl@example.net ask
}

func ExampleFilter() {
	f := scopes.Filter{Methods: []string{"read", "wirte"}}
	fmt.Println(f.Match(scopes.List, nil), f.Match(scopes.Update, nil))
	fmt.Println(f.Validate())
	// Output:
	// true false
	// unknown method "wirte", perhaps write: use read, write, custom or one exact verb (get, list, create, update, delete or a tool's own lower-case word)
}
