package imapmail

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/provider"
)

// TestSentIsMade: at first need, and again when it is gone since.
func TestSentIsMade(t *testing.T) {
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		srv.DeleteFolder(t, "Sent")
		acct, _, _ := account(t, srv, nil)
		for range 2 {
			got, err := acct.Send(t.Context(), outgoing("bob@example.com"))
			if err != nil || got.Copy != provider.CopyFiled || got.CopyErr != nil {
				t.Fatalf("receipt %+v, %v", got, err)
			}
			read, err := acct.ReadMessages(t.Context(), []provider.MessageID{got.CopyID}, provider.ReadOptions{})
			if err != nil || read[0].Err != nil || read[0].Message.Folder != provider.FolderID(srv.Path("Sent")) {
				t.Fatalf("%+v, %v", read, err)
			}
			srv.DeleteFolder(t, "Sent")
		}
	})
}

// TestFolderIsMadeInTheNamespace: where the account keeps its own mailboxes.
func TestFolderIsMadeInTheNamespace(t *testing.T) {
	const courier = "* LIST () \".\" INBOX\n* LIST () \".\" INBOX.Friends\n$ OK done\n"
	bare := "* LIST () \".\" INBOX\n$ OK done\n"
	for _, tt := range []struct {
		name, caps string
		answers    map[string]string
		want       string
		created    []string
	}{
		{"below INBOX", "NAMESPACE", map[string]string{"LIST": bare, "NAMESPACE": "* NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"#shared.\" \".\"))\n$ OK done\n"},
			"INBOX.Sent", []string{`CREATE "INBOX.Sent"`}},
		{"beside INBOX, with its use", "NAMESPACE CREATE-SPECIAL-USE", map[string]string{"LIST": bare, "NAMESPACE": "* NAMESPACE ((\"\" \"/\")) NIL NIL\n$ OK done\n"},
			"Sent", []string{`CREATE "Sent" (USE (\Sent))`}},
		{"use refused", "NAMESPACE CREATE-SPECIAL-USE", map[string]string{"LIST": bare, "NAMESPACE": "* NAMESPACE ((\"\" \"/\")) NIL NIL\n$ OK done\n",
			`CREATE "Sent" (`: "$ NO [USEATTR] not here\n"}, "Sent", []string{`CREATE "Sent" (USE (\Sent))`, `CREATE "Sent"`}},
		{"shown by the others", "", map[string]string{"LIST": courier}, "INBOX.Sent", []string{`CREATE "INBOX.Sent"`}},
		{"shown by a refusal", "", map[string]string{"LIST": bare, `CREATE "Sent"`: "$ NO not there\n"}, "INBOX.Sent", []string{`CREATE "Sent"`, `CREATE "INBOX.Sent"`}},
		{"there already", "", map[string]string{"LIST": bare, "CREATE": "$ NO [ALREADYEXISTS] it is there\n"}, "Sent", []string{`CREATE "Sent"`}},
		{"an answer that makes no sense", "NAMESPACE", map[string]string{"LIST": courier, "NAMESPACE": "* NAMESPACE ((NIL (x))) y\n$ OK done\n"},
			"INBOX.Sent", []string{`CREATE "INBOX.Sent"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var created []string
			_, b, _ := account(t, imapxtest.Memory(t), func(o *Options) {
				o.IMAP = talk(t, tt.caps, func(command string) string {
					if strings.HasPrefix(command, "CREATE") {
						created = append(created, command)
					}
					answer, best := "", ""
					for start, lines := range tt.answers {
						if strings.HasPrefix(command, start) && len(start) > len(best) {
							answer, best = lines, start
						}
					}
					return answer
				})
			})
			got, err := b.useOrCreate(t.Context(), imapx.UseSent)
			if err != nil || got != tt.want {
				t.Errorf("made %q, %v", got, err)
			}
			diff(t, "created", tt.want, got)
			diff(t, "commands", tt.created, created)
		})
	}
}

// TestFilingTwice: a second try only when the first stored nothing for certain.
func TestFilingTwice(t *testing.T) {
	for name, loss := range map[string]imapxtest.Loss{"answer": imapxtest.Answer, "command": imapxtest.Command} {
		t.Run("lost "+name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				acct, err := provider.Open(losing(t, srv, "APPEND", loss))
				if err != nil {
					t.Fatal(err)
				}
				got, err := acct.Send(t.Context(), outgoing("bob@example.com"))
				if err != nil || got.Copy != provider.CopyFiled || got.CopyID == "" {
					t.Errorf("receipt %+v, %v", got, err)
				}
				if n := len(srv.UIDs(t, "Sent")); n != 1 {
					t.Errorf("%d copies", n)
				}
				if n := len(srv.Sent()); n != 1 {
					t.Errorf("sent %d times", n)
				}
			})
		})
	}
	t.Run("nobody can tell", func(t *testing.T) {
		srv := imapxtest.Memory(t)
		b := losing(t, srv, "APPEND", imapxtest.Answer)
		_, err := b.file(t.Context(), "", letter(1))
		wantCode(t, mapError(err), provider.Uncertain)
		if n := len(srv.UIDs(t, "Sent")); n != 1 {
			t.Errorf("%d copies", n)
		}
	})
}

// losing opens srv's account through a proxy that loses a command, or its answer.
func losing(t *testing.T, srv *imapxtest.Server, command string, loss imapxtest.Loss) *Backend {
	t.Helper()
	addr := imapxtest.Lose(t, srv.Addr, command, loss)
	leakcheck.Check(t)
	opts := options(srv)
	opts.IMAP.Addr, opts.IMAP.Security, opts.IMAP.TLSConfig = addr, imapx.Cleartext, nil
	return open(t, opts)
}

// TestFilingInAFullMailbox: it is not tried again, and a large copy not even sent.
func TestFilingInAFullMailbox(t *testing.T) {
	var mu sync.Mutex // the server goes on hearing when we have hung up
	var commands []string
	_, b, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "UIDPLUS QUOTA", func(command string) string {
			name, _, _ := strings.Cut(command, " ")
			mu.Lock()
			defer mu.Unlock()
			commands = append(commands, name)
			switch name {
			case "LIST":
				return "* LIST (\\Sent) \"/\" Sent\n$ OK done\n"
			case "APPEND":
				return "$ NO [OVERQUOTA] full\n"
			case "GETQUOTAROOT":
				return "* QUOTAROOT Sent \"\"\n* QUOTA \"\" (MESSAGE 5 100 STORAGE 900 1000)\n$ OK done\n"
			}
			return ""
		})
	})
	_, err := b.file(t.Context(), "1@example.org", letter(1))
	wantCode(t, mapError(err), provider.Denied)
	appended := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(slices.DeleteFunc(slices.Clone(commands), func(c string) bool { return c != "APPEND" }))
	}
	if n := appended(); n != 1 {
		t.Errorf("appended %d times", n)
	}
	_, err = b.file(t.Context(), "2@example.org", append(letter(2), make([]byte, 2<<20)...))
	wantCode(t, mapError(err), provider.Denied)
	if n := appended(); n != 1 {
		t.Errorf("appended %d times, a large one among them", n)
	}
}

// TestFilingThatEndsInTheMiddle: a copy without an answer may be there.
func TestFilingThatEndsInTheMiddle(t *testing.T) {
	_, b, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		begun := false
		o.IMAP = talk(t, "UIDPLUS", func(command string) string {
			if begun = begun || strings.HasPrefix(command, "APPEND"); begun {
				return "* OK still here\n"
			}
			return ""
		})
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := b.fileIn(ctx, "Sent", "1@example.org", letter(1))
	wantCode(t, err, provider.Uncertain)
	_, err = b.fileIn(ctx, "Sent", "1@example.org", letter(1))
	if err != context.DeadlineExceeded { //nolint:errorlint // bare is the promise
		t.Errorf("before it began: %v", err)
	}
}
