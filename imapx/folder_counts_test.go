package imapx_test

import (
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

// TestCountsOfTheOpenMailbox: what another client filed is counted also in the
// mailbox that the connection has open.
func TestCountsOfTheOpenMailbox(t *testing.T) {
	check := func(t *testing.T, srv *imapxtest.Server) {
		pool, err := imapx.Open(options(srv, srv.TLSAddr))
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		for n := 1; n < 4; n++ {
			err := pool.Read(t.Context(), "INBOX", func(c *imapx.Conn) error { return c.Noop(t.Context()) })
			if err != nil {
				t.Fatal(err)
			}
			srv.Append(t, "INBOX", []byte("Subject: new\r\n\r\nnew\r\n"))
			err = pool.Read(t.Context(), "", func(c *imapx.Conn) error {
				list, err := c.List(t.Context(), true)
				for _, f := range list {
					if f.Name == "INBOX" && (f.Counts == nil || f.Counts.Messages != n || f.Counts.Unseen != n) {
						t.Errorf("%d messages are there, counted %+v", n, f.Counts)
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Run("memory", func(t *testing.T) { check(t, imapxtest.Memory(t)) })
	t.Run("dovecot", func(t *testing.T) { check(t, imapxtest.Dovecot(t)) })
	t.Run("dovecot without unselect", func(t *testing.T) {
		check(t, imapxtest.Dovecot(t, imapxtest.Options{Hide: []string{"UNSELECT"}}))
	})
	t.Run("cyrus", func(t *testing.T) { check(t, imapxtest.Cyrus(t)) })
}
