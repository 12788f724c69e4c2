package funcall_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mailtool/funcall"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

// A model of Anthropic may look at folders, and gets a name wrong.
func Example() {
	sample, err := memmail.NewDemo(memmail.Options{})
	if err != nil {
		panic(err)
	}
	mail, err := provider.Open(sample)
	if err != nil {
		panic(err)
	}
	defer mail.Close()
	registry, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		panic(err)
	}
	caller := &mailtool.Caller{
		Grant: scopes.Grant{
			ID: "agent", Accounts: scopes.AllAccounts(), Scopes: scopes.NewSet(scopes.MailFolders), Access: scopes.Accesses(scopes.Read),
		},
		Accounts: []mailtool.Account{{ID: "demo", Mail: mail}},
	}
	functions, err := funcall.New(funcall.Anthropic, registry, nil)
	if err != nil {
		panic(err)
	}
	tools, err := functions.Tools(caller)
	if err != nil {
		panic(err)
	}
	for _, tool := range tools {
		var declared struct{ Name string }
		if err := json.Unmarshal(tool, &declared); err != nil {
			panic(err)
		}
		fmt.Println("declared", declared.Name)
	}
	for _, answer := range functions.Turn(context.Background(), caller, []json.RawMessage{
		json.RawMessage(`{"type":"tool_use","id":"toolu_1","name":"list_folders","input":{}}`),
		json.RawMessage(`{"type":"tool_use","id":"toolu_2","name":"list_letters","input":{}}`),
	}) {
		if answer.Failure == nil {
			fmt.Println(answer.ID, "answered")
		} else {
			fmt.Println(answer.ID, answer.Failure)
		}
	}
	// Output:
	// declared list_accounts
	// declared list_folders
	// toolu_1 answered
	// toolu_2 unknown_tool: there is no tool list_letters; list the tools again and use one of them
}
