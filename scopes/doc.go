// Package scopes says who may do what with a mailbox.
//
// A [Grant] is what a token, a server link or a few lines of an embedder's code
// resolve to. A tool declares its [Effect] once; [Grant.Check] compares the two
// and names everything that is missing. Listing tools and calling them ask the
// same question, so what is hidden cannot be called.
//
// Unknown means no: scopes, gates, verbs and tags that are not known here grant
// nothing, and the zero value of every type permits nothing or is refused. The
// only empty list that lets things through is that of a [Filter].
//
// All types are values without shared state. Functions keep no slice they are
// given and hand out none they keep, so values may be used by any number of
// goroutines as long as nobody writes to a Grant's own slices meanwhile.
package scopes
