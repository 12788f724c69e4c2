// Package mailtool is the set of mail tools: what each is called, what it may
// do to a mailbox, what it takes and answers, and the checks every call passes.
// It knows no MCP, no HTTP and no backend.
//
//	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
//	caller := &mailtool.Caller{
//		Grant:    grant,
//		Accounts: []mailtool.Account{{ID: "demo", Mail: acct}},
//	}
//	for _, tool := range reg.Visible(caller) { ... }
//	result, err := reg.Call(ctx, caller, "list_folders", nil)
//
// One predicate decides what Visible lists and what Call runs. A Registry is
// built once, never changes and is safe for concurrent use; a Caller is made
// for each request and belongs to it.
package mailtool

//go:generate go run ../internal/gendocs -o ../docs/TOOLS.md
