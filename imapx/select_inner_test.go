package imapx

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx/imapxtest"
)

// TestMailboxMadeAnew: a mailbox that was renamed while we had it open, and
// made again under its name, is not read in place of the new one for ever.
func TestMailboxMadeAnew(t *testing.T) {
	srv := imapxtest.Memory(t)
	srv.CreateFolder(t, "Work")
	srv.AppendAll(t, "Work", [][]byte{[]byte("Subject: old\r\n\r\n"), []byte("Subject: old\r\n\r\n")})
	p, err := Open(Options{
		Addr: srv.TLSAddr, TLSConfig: &tls.Config{RootCAs: srv.CA, ServerName: "localhost"},
		Username: srv.Username, Password: srv.Password, MaxConns: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	count := func() (n int) {
		err := p.Read(t.Context(), "Work", func(c *Conn) (err error) {
			_, n, err = c.FetchNewest(t.Context(), 5, Items{Flags: true})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 2 {
		t.Fatalf("%d messages", n)
	}
	srv.Do(t, `RENAME "Work" "Done"`, `CREATE "Work"`)
	srv.Append(t, "Work", []byte("Subject: new\r\n\r\n"))
	p.mu.Lock()
	p.idle[0].boxFrom = time.Now().Add(-selectAfter - time.Second)
	p.mu.Unlock()
	if n := count(); n != 1 {
		t.Errorf("%d messages in the new one", n)
	}
}
