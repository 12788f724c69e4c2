// Package postern is the overview of a library that gives an AI agent a
// mailbox, and gives the mailbox's owner the say over what the agent may do
// with it. It holds no code: import the packages below it.
//
// The smallest use is to open an account, build the tools, and call one:
//
//	backend, err := memmail.NewDemo(memmail.Options{}) // or imapmail.Open: the rest stays as it is
//	mail, err := provider.Open(backend)
//	...
//	tools, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
//	...
//	caller := &mailtool.Caller{
//		Grant: scopes.Grant{
//			ID: "my agent", Scopes: scopes.NewSet(scopes.MailFolders, scopes.MailSearch, scopes.MailRead),
//			Access: scopes.Accesses(scopes.Read), Accounts: scopes.AllAccounts(),
//		},
//		Accounts: []mailtool.Account{{ID: "demo", Mail: mail}},
//	}
//	answer, err := tools.Call(context.Background(), caller, "search_messages", []byte(`{"query":"is:unread newer_than:1y","limit":3}`))
//
// What is where:
//
//   - [github.com/postern-mail/postern/scopes]: who may do what. Unknown means no.
//   - [github.com/postern-mail/postern/provider]: what mail is, and the account that
//     tools and programs hold. Backends are below it: memmail in memory, imapmail for
//     IMAP and SMTP submission; providertest checks one of your own.
//   - [github.com/postern-mail/postern/mailtool]: the tools, and the checks every call
//     passes. One predicate decides what is listed and what runs.
//   - [github.com/postern-mail/postern/mcpadapt]: the tools on an MCP server, yours or ours.
//   - [github.com/postern-mail/postern/imapx]: IMAP for programs that must not hang or
//     lose mail; imapxtest starts mail servers for tests.
//
// Registries and accounts are safe for concurrent use. Text that came in a mail
// is a stranger's words: answers carry it as marked data. An outcome nobody can
// know is called uncertain, and nothing of that kind is tried twice in silence.
package postern
