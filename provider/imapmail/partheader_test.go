package imapmail

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/provider"
)

// A file is called the same where it is listed and where it is opened, however
// its name was written and whatever the server made of it.
func TestNamesAgree(t *testing.T) {
	files, err := filepath.Glob("../../testdata/mail/filename-*.eml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d messages: %v", len(files), err)
	}
	pad := "\r\n" + strings.Repeat(strings.Repeat("- y ", 18)+"\r\n", 2*wholeUpTo/74)
	var names []string
	var raws [][]byte
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.HasPrefix(raw, []byte("From: ")) { // others are no mail to servers
			name := filepath.Base(file)
			names = append(names, name, name+", large")
			raws = append(raws, raw, append(bytes.Clone(raw), pad...))
		}
	}
	for name, lines := range map[string][]string{
		"no parts": {"Content-Type: application/pdf; name=Gr\xfc\xdfe vom Kai.pdf", "", "words"},
		"charset of the text before": {"Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain; charset=koi8-r", "", "text",
			"--b", "Content-Disposition: attachment; filename=\"\xd0\xcc\xc1\xce.txt\"", "", "words", "--b--"},
		"digest": {"Content-Type: multipart/mixed; boundary=b", "", "--b", "", "text", "--b", "Content-Type: multipart/digest; boundary=c", "", "--c",
			"Content-Disposition: attachment; filename=C:\\mail one.eml", "", "Subject: inner", "", "words", "--c--", "--b--"},
		"a long header": {"Content-Type: multipart/mixed; boundary=b", "", "--b", "", "text", "--b", "X-Long: " + strings.Repeat("0123456789 ", maxPartHeader/11),
			"Content-Disposition: attachment; filename=plan.pdf", "", "words", "--b--"},
	} {
		raw := []byte(strings.Join(append([]string{"From: ann@example.org", "Subject: files", "MIME-Version: 1.0"}, lines...), "\r\n") + "\r\n")
		names = append(names, name, name+", large")
		raws = append(raws, raw, append(bytes.Clone(raw), pad...))
	}
	onServers(t, func(t *testing.T, srv *imapxtest.Server) {
		srv.AppendAll(t, "INBOX", raws)
		_, b, count := account(t, srv, nil)
		validity := srv.UIDValidity(t, "INBOX")
		listed := 0
		for i, uid := range srv.UIDs(t, "INBOX") {
			id := b.newID("INBOX", validity, imapx.UID(uid))
			got, err := b.ReadMessages(t.Context(), []provider.MessageID{id}, provider.ReadOptions{})
			if err != nil || got[0].Err != nil {
				t.Errorf("%s: %v, %v", names[i], err, got)
				continue
			}
			whole, err := mailmime.Parse(bytes.NewReader(srv.Raw(t, "INBOX", uid)), mailmime.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if len(got[0].Message.Parts) != len(whole.Attachments) {
				t.Errorf("%s: %d parts, of %d", names[i], len(got[0].Message.Parts), len(whole.Attachments))
				continue
			}
			for j, want := range got[0].Message.Parts {
				if name := whole.Attachments[j].Name; want.Name != name {
					t.Errorf("%s: listed as %q, is called %q", names[i], want.Name, name)
				}
				count.Reset()
				info, r, err := b.OpenPart(t.Context(), id, want.ID)
				if err != nil {
					t.Errorf("%s: part %s: %v", names[i], want.ID, err)
					continue
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
				if strings.HasPrefix(names[i], "a long header") { // the server's word, and Dovecot names the default charset
					info.Charset, want.Charset = "", ""
				}
				if want.Size = info.Size; info != want {
					t.Errorf("%s: listed %+v\nopened %+v", names[i], want, info)
				}
				if n := count.RoundTrips(); n != 1 {
					t.Errorf("%s: %d round trips", names[i], n)
				}
				listed++
			}
		}
		if listed < len(names) {
			t.Errorf("%d parts of %d messages", listed, len(names))
		}
	})
}

// A server that shows no headers of parts still shows large messages.
func TestReadLargeWithoutPartHeaders(t *testing.T) {
	raw := string(attached(100_000))
	head, body, _ := strings.Cut(raw, "\r\n\r\n")
	_, file, _ := strings.Cut(body, "x.bin\r\n\r\n")
	size := strings.LastIndex(file, "\r\n--b--")
	asked := 0
	acct, b, _ := account(t, imapxtest.Memory(t), func(o *Options) {
		o.IMAP = talk(t, "", func(command string) string {
			literal := func(section, text string) string { // talk makes CR LF of LF
				return fmt.Sprintf(" BODY[%s]<0> {%d}\n%s", section, len(text), strings.ReplaceAll(text, "\r\n", "\n"))
			}
			answer := ""
			switch {
			case !strings.HasPrefix(command, "UID FETCH"):
				return ""
			case strings.Contains(command, "BODYSTRUCTURE"):
				answer = fmt.Sprintf(` FLAGS () INTERNALDATE "20-Nov-2026 10:00:00 +0000" RFC822.SIZE %d BODYSTRUCTURE (("text" "plain" NIL NIL NIL "7bit" 4 0)`+
					`("application" "octet-stream" ("name" "x.bin") NIL NIL "7bit" %d) "mixed")%s`, len(raw), size, literal("", raw[:wholeUpTo]))
			default:
				asked++
				answer = literal("HEADER", head+"\r\n\r\n") + literal("1", "text")
			}
			return "* 1 FETCH (UID 1" + answer + ")\n$ OK done\n"
		})
	})
	got, err := acct.ReadMessages(t.Context(), []provider.MessageID{b.newID("INBOX", 7, 1)}, provider.ReadOptions{})
	if err != nil || got[0].Err != nil {
		t.Fatal(err, got)
	}
	if m := got[0].Message; m.Text != "text" || len(m.Parts) != 1 || m.Parts[0].Name != "x.bin" || asked < 2 {
		t.Errorf("text %q, parts %+v, asked %d times", m.Text, m.Parts, asked)
	}
}
