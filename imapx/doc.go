// Package imapx talks IMAP for programs that act on their own: every call
// takes a context, nothing it reads is unbounded, and nothing is silently short.
//
// It is a layer over go-imap that adds what that library leaves to its users:
// a pool with one owner per connection, a guard between socket and parser,
// counted results, a MOVE that cannot lose mail, and typed errors.
//
//	pool, err := imapx.Open(imapx.Options{Addr: "imap.example.org:993", Username: "ann", Password: secret})
//	defer pool.Close()
//	err = pool.Read(ctx, "INBOX", func(c *imapx.Conn) error {
//		got, err := c.FetchNewest(ctx, 20, imapx.Items{Flags: true, Size: true})
//		...
//	})
//
// A Pool is safe for concurrent use. A Conn belongs to the function it was
// handed to, and to one goroutine, until that function returns.
package imapx
