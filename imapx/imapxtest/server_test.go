package imapxtest_test

import (
	"crypto/tls"
	"fmt"
	"net/smtp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
)

const sample = "From: Ann Lee <ann@example.org>\r\nTo: alice@test.invalid\r\nSubject: Hi\r\n\r\nHello {5}\r\n"

// each runs test on every kind of server.
func each(t *testing.T, test func(t *testing.T, srv *imapxtest.Server)) {
	quick(t, test)
	t.Run("cyrus", func(t *testing.T) {
		leakcheck.Check(t)
		test(t, imapxtest.Cyrus(t))
	})
	t.Run("courier", func(t *testing.T) {
		leakcheck.Check(t)
		test(t, imapxtest.Courier(t))
	})
}

// quick leaves out those that tell of new mail late.
func quick(t *testing.T, test func(t *testing.T, srv *imapxtest.Server)) {
	t.Run("memory", func(t *testing.T) {
		leakcheck.Check(t)
		test(t, imapxtest.Memory(t))
	})
	t.Run("dovecot", func(t *testing.T) {
		leakcheck.Check(t)
		test(t, imapxtest.Dovecot(t))
	})
}

func TestMailbox(t *testing.T) {
	each(t, func(t *testing.T, srv *imapxtest.Server) {
		t.Run("append and look", func(t *testing.T) {
			s := srv.Fresh(t)
			uid := s.Append(t, "INBOX", []byte(sample), `\Seen`, "$label")
			if got := string(s.Raw(t, "INBOX", uid)); got != sample {
				t.Errorf("Raw: got %q, want %q", got, sample)
			}
			if got, want := s.Flags(t, "INBOX", uid), []string{"$label", `\Seen`}; !cmp.Equal(got, want) {
				t.Errorf("Flags: got %q, want %q", got, want)
			}
			s.SetFlags(t, "INBOX", uid, `\Flagged`)
			if got, want := s.Flags(t, "INBOX", uid), []string{`\Flagged`}; !cmp.Equal(got, want) {
				t.Errorf("Flags after SetFlags: got %q, want %q", got, want)
			}
			s.Raw(t, "INBOX", uid)
			if got := s.Flags(t, "INBOX", uid); slices.Contains(got, `\Seen`) {
				t.Error("Raw set \\Seen")
			}
		})
		t.Run("many and expunge", func(t *testing.T) {
			s := srv.Fresh(t)
			uids := s.AppendAll(t, "Archive", [][]byte{[]byte(sample), []byte(sample), []byte(sample)})
			s.Expunge(t, "Archive", uids[1])
			if got, want := s.UIDs(t, "Archive"), []uint32{uids[0], uids[2]}; !cmp.Equal(got, want) {
				t.Errorf("UIDs: got %v, want %v", got, want)
			}
			if got := s.UIDs(t, "INBOX"); len(got) != 0 {
				t.Errorf("UIDs of an empty folder: got %v", got)
			}
		})
		t.Run("folders", func(t *testing.T) {
			s := srv.Fresh(t)
			for _, name := range []string{"R&D", "Entwürfe/日本", "a b"} {
				s.CreateFolder(t, name)
				uid := s.Append(t, name, []byte(sample))
				if got := s.UIDs(t, name); !cmp.Equal(got, []uint32{uid}) {
					t.Errorf("%s: got %v, want %d", name, got, uid)
				}
			}
			s.DeleteFolder(t, "R&D")
			list := strings.Join(s.Do(t, `LIST "" "*"`), "\n")
			for _, want := range []string{"INBOX", "Drafts", "Sent", "Trash", "Junk", "Archive", "Entw&APw-rfe", "&ZeVnLA-"} {
				if !strings.Contains(list, want) {
					t.Errorf("LIST lacks %q:\n%s", want, list)
				}
			}
			if strings.Contains(list, "R&-D") || !strings.Contains(list, s.Path("Archive")) {
				t.Errorf("LIST still has R&D, or lacks %s:\n%s", s.Path("Archive"), list)
			}
		})
		for _, folder := range []string{"Archive", "INBOX"} {
			t.Run("rebuild "+folder, func(t *testing.T) {
				s := srv.Fresh(t)
				s.Append(t, folder, []byte(sample))
				before := s.UIDValidity(t, folder)
				s.Rebuild(t, folder)
				if after := s.UIDValidity(t, folder); after == before || after == 0 {
					t.Errorf("UIDVALIDITY: before %d, after %d", before, after)
				}
				if got := s.UIDs(t, folder); len(got) != 0 {
					t.Errorf("a rebuilt folder holds %v", got)
				}
			})
		}
		t.Run("accounts are apart", func(t *testing.T) {
			alice, bob, fresh := srv.As(t, "alice"), srv.As(t, "bob"), srv.Fresh(t)
			alice.Append(t, "INBOX", []byte(sample))
			if len(bob.UIDs(t, "INBOX"))+len(fresh.UIDs(t, "INBOX")) != 0 {
				t.Error("mail of one account shows in another")
			}
			if fresh.Username == srv.Fresh(t).Username {
				t.Error("Fresh gave the same account twice")
			}
		})
	})
}

// TestAnotherClient logs in with a client that is not ours, every way offered.
func TestAnotherClient(t *testing.T) {
	each(t, func(t *testing.T, srv *imapxtest.Server) {
		options := &imapclient.Options{TLSConfig: &tls.Config{RootCAs: srv.CA}}
		for name, dial := range map[string]func() (*imapclient.Client, error){
			"cleartext": func() (*imapclient.Client, error) { return imapclient.DialInsecure(srv.Addr, nil) },
			"starttls":  func() (*imapclient.Client, error) { return imapclient.DialStartTLS(srv.Addr, options) },
			"tls":       func() (*imapclient.Client, error) { return imapclient.DialTLS(srv.TLSAddr, options) },
			"localhost": func() (*imapclient.Client, error) {
				return imapclient.DialTLS(strings.Replace(srv.TLSAddr, "127.0.0.1", "localhost", 1), options)
			},
		} {
			t.Run(name, func(t *testing.T) {
				c, err := dial()
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				srv.WaitConns(t, 1)
				if err := c.Login(srv.Username, srv.Password).Wait(); err != nil {
					t.Fatal(err)
				}
				data, err := c.Select("INBOX", nil).Wait()
				if err != nil || data.UIDValidity == 0 {
					t.Fatalf("SELECT: %+v, %v", data, err)
				}
				if !c.Caps().Has(imap.CapUIDPlus) {
					t.Error("no UIDPLUS")
				}
				if err := c.Logout().Wait(); err != nil {
					t.Fatal(err)
				}
				c.Close()
				srv.WaitConns(t, 0)
			})
		}
		t.Run("wrong authority", func(t *testing.T) {
			if _, err := tls.Dial("tcp", srv.TLSAddr, &tls.Config{RootCAs: imapxtest.Memory(t).CA}); err == nil {
				t.Error("the certificate verifies with another server's CA")
			}
		})
		t.Run("CA file", func(t *testing.T) {
			pem, err := os.ReadFile(srv.CAFile)
			if err != nil || !strings.Contains(string(pem), "BEGIN CERTIFICATE") {
				t.Errorf("%s: %v", srv.CAFile, err)
			}
		})
		t.Run("cut", func(t *testing.T) {
			c, err := imapclient.DialInsecure(srv.Addr, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.Login(srv.Username, srv.Password).Wait(); err != nil {
				t.Fatal(err)
			}
			srv.Cut()
			if err := c.Noop().Wait(); err == nil {
				t.Error("NOOP worked on a cut connection")
			}
			srv.WaitConns(t, 0)
		})
	})
}

func TestDovecotLimits(t *testing.T) {
	s := imapxtest.Dovecot(t, imapxtest.Options{Quota: "10K", MaxConns: 1})
	c, err := imapclient.DialInsecure(s.Addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(s.Username, s.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	second, err := imapclient.DialInsecure(s.Addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := second.Login(s.Username, s.Password).Wait(); err == nil {
		t.Error("a second connection got in over MaxConns")
	}
	large := append([]byte(sample), make([]byte, 20<<10)...)
	app := c.Append("INBOX", int64(len(large)), nil)
	_, _ = app.Write(large) // the server may refuse it at once; Wait says so
	app.Close()
	if _, err := app.Wait(); err == nil || !strings.Contains(err.Error(), "OVERQUOTA") {
		t.Errorf("APPEND over quota: %v", err)
	}
}

// send speaks STARTTLS with net/smtp, which does not log in without.
func send(s *imapxtest.Server, to ...string) error {
	host := "127.0.0.1"
	c, err := smtp.Dial(s.SubmissionAddr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.StartTLS(&tls.Config{RootCAs: s.CA, ServerName: host}); err != nil {
		return err
	}
	if err := c.Auth(smtp.PlainAuth("", s.Username, s.Password, host)); err != nil {
		return fmt.Errorf("login: %w", err)
	}
	if err := c.Mail(s.Address); err != nil {
		return err
	}
	for _, a := range to {
		if err := c.Rcpt(a); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(sample)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

func TestSubmission(t *testing.T) {
	each(t, func(t *testing.T, srv *imapxtest.Server) {
		t.Run("arrives", func(t *testing.T) {
			s, other := srv.Fresh(t), srv.Fresh(t)
			to := []string{other.Address, "ann@example.org"}
			if err := send(s, to...); err != nil {
				t.Fatal(err)
			}
			sent := s.Sent()
			if len(sent) != 1 {
				t.Fatalf("Sent: got %d messages, want 1", len(sent))
			}
			if sent[0].From != s.Address || !cmp.Equal(sent[0].To, to) || !strings.Contains(string(sent[0].Data), "Hello {5}\r\n") {
				t.Errorf("Sent: got %+v", sent[0])
			}
			uids := other.UIDs(t, "INBOX")
			if len(uids) != 1 || !strings.Contains(string(other.Raw(t, "INBOX", uids[0])), "Hello {5}") {
				t.Errorf("INBOX of the recipient: %v", uids)
			}
			if len(s.UIDs(t, "INBOX")) != 0 {
				t.Error("the sender got it too")
			}
			if n := len(srv.Fresh(t).Sent()); n != 0 {
				t.Errorf("Sent of a later view: %d messages", n)
			}
		})
		t.Run("refused and deferred", func(t *testing.T) {
			s := srv.Fresh(t)
			s.RefuseRecipients("Gone@example.org")
			s.DeferRecipients("slow@example.org")
			for to, want := range map[string]string{"gone@example.org": "550", "slow@example.org": "450"} {
				if err := send(s, to); err == nil || !strings.HasPrefix(err.Error(), want) {
					t.Errorf("%s: got %v, want %s", to, err, want)
				}
			}
			if n := len(s.Sent()); n != 0 {
				t.Errorf("Sent: %d messages", n)
			}
		})
		t.Run("wrong password", func(t *testing.T) {
			s := *srv.Fresh(t)
			s.Password = "wrong"
			if err := send(&s, "ann@example.org"); err == nil || !strings.HasPrefix(err.Error(), "login: 535") {
				t.Errorf("got %v, want 535", err)
			}
		})
		t.Run("implicit TLS", func(t *testing.T) {
			conn, err := tls.Dial("tcp", srv.SubmissionTLSAddr, &tls.Config{RootCAs: srv.CA})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			c, err := smtp.NewClient(conn, "127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Auth(smtp.PlainAuth("", srv.Username, srv.Password, "127.0.0.1")); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestDropAfterDot(t *testing.T) {
	s := imapxtest.Memory(t)
	s.DropAfterDot(true)
	if err := send(s, s.Address); err == nil {
		t.Error("no error")
	}
	if len(s.Sent()) != 1 || len(s.UIDs(t, "INBOX")) != 1 {
		t.Error("the message was not taken before the connection dropped")
	}
}

func TestMemoryWantsALogin(t *testing.T) {
	s := imapxtest.Memory(t)
	c, err := smtp.Dial(s.SubmissionAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Mail(s.Address); err == nil {
		t.Error("MAIL worked without AUTH")
	}
}

// TestScripts: nothing of a particular machine in what users of the module get.
func TestScripts(t *testing.T) {
	names, err := filepath.Glob("servers/*.sh")
	if err != nil || len(names) < 7 {
		t.Fatalf("scripts: %q, %v", names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/home/", "/root", "/work"} {
			if strings.Contains(string(text), path) {
				t.Errorf("%s names %s", name, path)
			}
		}
	}
}
