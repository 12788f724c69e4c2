// Package provider says what mail is and what a mail backend may offer.
//
// A backend implements [Provider], which is tiny, and as many of the small
// optional interfaces ([Folders], [Reader], [Searcher], ...) as it can serve.
// Callers hold an [*Account], made by [Open], never a Provider:
//
//	acct, err := provider.Open(backend)
//	page, err := acct.Search(ctx, provider.Query{From: []string{"ann@example.org"}}, provider.PageRequest{})
//
// What an Account can do is what the backend's code implements, the login's
// server reports and the embedder allows ([Account.Restrict]); everything else
// fails with an error matching [errors.ErrUnsupported] and reaches no backend.
//
// An Account, and every Provider, is safe for concurrent use. Every method
// that may block takes a context, returns its error bare when it ends, and
// leaves the account usable. Strings that came in a mail (subjects, names,
// bodies, file names) are decoded but not cleaned: they are a stranger's words.
package provider
