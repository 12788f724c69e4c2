// Package imapmail is the backend for IMAP mailboxes, with SMTP submission for
// sending.
//
//	backend, err := imapmail.Open(imapmail.Options{
//		Account: "work",
//		IMAP:    imapx.Options{Addr: "imap.example.org:993", Username: "ann", Password: secret},
//		SMTP:    &imapmail.SMTP{Addr: "smtp.example.org:465"},
//		Identities: []provider.Address{{Name: "Ann Lee", Addr: "ann@example.org"}},
//	})
//	account, err := provider.Open(backend)
//
// Ids name folder, UIDVALIDITY and UID; one from before a folder was rebuilt is
// a Conflict and never another message. Listing a page that is open already
// costs one round trip to the server, a search or a read of ten messages of a
// folder two. A Backend is safe for concurrent use.
package imapmail
