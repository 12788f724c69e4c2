package imapmail

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/submission"
	"github.com/postern-mail/postern/provider"
)

func outgoing(to string) provider.Outgoing {
	return provider.Outgoing{
		To: []provider.Address{{Name: "Bob", Addr: to}}, Bcc: []provider.Address{{Addr: "secret@example.com"}},
		Subject: "Grüße", Text: "hello\n", HeaderID: "send-1@test.invalid", Date: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC),
		Attachments: []provider.Attachment{{Name: "café.txt", Type: "text/plain", Data: []byte("content")}},
	}
}

func TestSend(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		acct, b, _ := account(t, srv, nil)
		got, err := acct.Send(t.Context(), outgoing("bob@example.com"))
		if err != nil {
			t.Fatal(err)
		}
		if got.Copy != provider.CopyFiled || got.CopyErr != nil || got.HeaderID != "send-1@test.invalid" || len(got.Accepted) != 2 {
			t.Errorf("receipt %+v", got)
		}
		sent := srv.Sent()
		if len(sent) != 1 || len(sent[0].To) != 2 || strings.Contains(string(sent[0].Data), "secret@") {
			t.Fatalf("sent %+v", sent)
		}
		read, err := acct.ReadMessages(t.Context(), []provider.MessageID{got.CopyID}, provider.ReadOptions{})
		if err != nil || read[0].Err != nil {
			t.Fatal(err, read[0].Err)
		}
		m := read[0].Message
		if m.Folder != provider.FolderID(srv.Path("Sent")) || m.Subject != "Grüße" || m.HeaderID != "send-1@test.invalid" || !m.Flags.Has(provider.Seen) || len(m.Parts) != 1 || m.Parts[0].Name != "café.txt" {
			t.Errorf("the copy: %+v", m)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		_, err = acct.Send(t.Context(), outgoing("bob@example.com"))
		wantCode(t, err, provider.Unavailable)
	})
}

func TestSentCopies(t *testing.T) {
	t.Run("by the server", func(t *testing.T) {
		srv := imapxtest.Memory(t)
		acct, _, _ := account(t, srv, func(o *Options) { o.SentBy = SentByServer })
		got, err := acct.Send(t.Context(), outgoing("bob@example.com"))
		if err != nil || got.Copy != provider.CopyByServer || len(srv.UIDs(t, "Sent")) != 0 {
			t.Errorf("receipt %+v, %v", got, err)
		}
	})
}

func TestSendFails(t *testing.T) {
	srv := imapxtest.Memory(t)
	srv.RefuseRecipients("nobody@example.com")
	for _, tt := range []struct {
		name   string
		to     string
		change func(*Options)
		code   provider.Code
		sent   int
	}{
		{name: "recipient refused", to: "nobody@example.com", code: provider.Denied},
		{name: "wrong password", to: "bob@example.com", change: func(o *Options) { o.SMTP.Username, o.SMTP.Password = "alice", "guess" }, code: provider.Unauthenticated},
		{name: "wrong certificate", to: "bob@example.com", change: func(o *Options) { o.SMTP.TLSConfig = nil }, code: provider.Unavailable},
		{name: "nobody listens", to: "bob@example.com", change: func(o *Options) { o.SMTP.Addr = "127.0.0.1:1" }, code: provider.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := srv.Fresh(t)
			srv.RefuseRecipients("nobody@example.com")
			acct, _, _ := account(t, srv, tt.change)
			got, err := acct.Send(t.Context(), outgoing(tt.to))
			wantCode(t, err, tt.code)
			if len(srv.Sent()) != 0 || len(srv.UIDs(t, "Sent")) != 0 || got.Copy != "" {
				t.Errorf("something was sent or filed: %+v", got)
			}
			if tt.code == provider.Denied && (len(got.Refused) != 1 || got.Refused[0].Status < 500) {
				t.Errorf("refusals %+v", got.Refused)
			}
		})
	}
	t.Run("no answer behind the final dot", func(t *testing.T) {
		srv := srv.Fresh(t)
		srv.DropAfterDot(true)
		defer srv.DropAfterDot(false)
		acct, _, _ := account(t, srv, nil)
		_, err := acct.Send(t.Context(), outgoing("bob@example.com"))
		wantCode(t, err, provider.Uncertain)
	})
	t.Run("no submission server", func(t *testing.T) {
		acct, _, _ := account(t, srv, func(o *Options) { o.SMTP = nil })
		_, err := acct.Send(t.Context(), outgoing("bob@example.com"))
		wantCode(t, err, provider.Unsupported)
	})
}

func noToken(context.Context, string) (string, error) { return "", nil }

// TestLoginForSending: what SMTP does not say is that of IMAP.
func TestLoginForSending(t *testing.T) {
	token := func(name string) func(context.Context, string) (string, error) {
		return func(context.Context, string) (string, error) { return name, nil }
	}
	password := imapx.Options{Username: "ann", Password: "secret"}
	oauth := imapx.Options{Username: "ann", Token: token("of imap")}
	for _, tt := range []struct {
		name string
		imap imapx.Options
		smtp SMTP
		want string // user name, password, token
	}{
		{"password of imap", password, SMTP{}, "ann secret -"},
		{"the same name", password, SMTP{Username: "ann"}, "ann secret -"},
		{"password of its own", password, SMTP{Password: "other"}, "ann other -"},
		{"all its own", password, SMTP{Username: "bob", Password: "other"}, "bob other -"},
		{"token of imap", oauth, SMTP{}, "ann  of imap"},
		{"token of imap under another name", oauth, SMTP{Username: "bob"}, "bob  of imap"},
		{"token of its own", oauth, SMTP{Token: token("of smtp")}, "ann  of smtp"},
		{"token beside a password", password, SMTP{Token: token("of smtp")}, "ann  of smtp"},
		{"password beside a token", oauth, SMTP{Password: "other"}, "ann other -"},
		{"beside a SASL client", imapx.Options{Auth: func() (sasl.Client, error) { return nil, nil }}, SMTP{Username: "ann", Token: token("of smtp")}, "ann  of smtp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.smtp.Addr = "smtp.example.org:465"
			if err := tt.smtp.check(tt.imap); err != nil {
				t.Fatal(err)
			}
			o, got := tt.smtp.options(tt.imap), "-"
			if o.Token != nil {
				var err error
				if got, err = o.Token(t.Context(), ""); err != nil {
					t.Error(err)
				}
			}
			if got = o.Username + " " + o.Password + " " + got; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	o := (&SMTP{Token: func(context.Context, string) (string, error) { return "", imapx.Auth }}).options(oauth)
	if _, err := o.Token(t.Context(), ""); !errors.Is(err, submission.Unauthenticated) {
		t.Errorf("got %v", err)
	}
}

func TestOptions(t *testing.T) {
	good := func() Options {
		return Options{
			Account: "work", IMAP: imapx.Options{Addr: "imap.example.org:993", Username: "ann"},
			SMTP: &SMTP{Addr: "smtp.example.org:465"}, Identities: []provider.Address{{Addr: "ann@example.org"}},
		}
	}
	for name, change := range map[string]func(*Options){
		"no account":          func(o *Options) { o.Account = "" },
		"bad imap":            func(o *Options) { o.IMAP.Addr = "" },
		"bad smtp":            func(o *Options) { o.SMTP.Addr = "smtp.example.org" },
		"unknown security":    func(o *Options) { o.SMTP.Security = "maybe" },
		"unknown filer":       func(o *Options) { o.SentBy = "nobody" },
		"two logins to send":  func(o *Options) { o.SMTP.Password, o.SMTP.Token = "x", noToken },
		"only a SASL client":  func(o *Options) { o.IMAP.Auth = func() (sasl.Client, error) { return nil, nil } },
		"no login for a user": func(o *Options) { o.SMTP.Username = "other" },
		"sends as nobody":     func(o *Options) { o.Identities = nil },
		"identity no mail":    func(o *Options) { o.Identities = []provider.Address{{Addr: "ann"}} },
		"identity with line":  func(o *Options) { o.Identities = []provider.Address{{Addr: "ann@example.org\r\nBcc: x@example.com"}} },
	} {
		t.Run(name, func(t *testing.T) {
			opts := good()
			change(&opts)
			_, err := Open(opts)
			wantCode(t, err, provider.Invalid)
		})
	}
	b, err := Open(good())
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
}
