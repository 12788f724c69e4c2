package imapmail

import (
	"fmt"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// undescribed is a server that sends a structure nobody can read for message
// 2 of 3, whose source is mail.
func undescribed(t *testing.T, mail string) *provider.Account {
	t.Helper()
	server := talk(t, "", func(command string) string {
		if !strings.HasPrefix(command, "UID FETCH") && !strings.HasPrefix(command, "FETCH") {
			if strings.HasPrefix(command, "UID SEARCH") {
				return "* SEARCH 1 2 3\n$ OK done\n"
			}
			return ""
		}
		var b strings.Builder
		set := strings.Fields(strings.TrimPrefix(command, "UID "))[1]
		for u := 1; u <= 3; u++ {
			first, last, ranged := strings.Cut(strings.ReplaceAll(set, "*", "3"), ":")
			if n := fmt.Sprint(u); n < first || ranged && n > last || !ranged && n != first {
				continue
			}
			source := "Subject: plain\n\nhello\n"
			if u == 2 {
				source = mail
			}
			fmt.Fprintf(&b, "* %d FETCH (UID %d FLAGS () RFC822.SIZE %d INTERNALDATE \"20-Nov-2026 10:00:00 +0000\"", u, u, strings.Count(source, "\n")+len(source))
			if strings.Contains(command, "BODYSTRUCTURE") {
				if u == 2 {
					b.WriteString(" BODYSTRUCTURE ())\n")
					return b.String()
				}
				b.WriteString(` BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 7 1)`)
			}
			source = strings.ReplaceAll(source, "\n", "\r\n")
			head, _, _ := strings.Cut(source, "\r\n\r\n")
			switch {
			case strings.Contains(command, "HEADER.FIELDS"):
				fields := command[strings.Index(command, "HEADER.FIELDS"):]
				fields = fields[:strings.Index(fields, "]")]
				fmt.Fprintf(&b, " BODY[%s] {%d}\n%s\n\n", fields, len(head)+4, strings.ReplaceAll(head, "\r\n", "\n"))
			case strings.Contains(command, "BODY.PEEK[]"):
				if strings.Contains(command, "<0.32768>") {
					source = source[:min(len(source), wholeUpTo)]
				}
				fmt.Fprintf(&b, " BODY[]<0> {%d}\n%s", len(source), strings.ReplaceAll(source, "\r\n", "\n"))
			}
			b.WriteString(")\n")
		}
		return b.String() + "$ OK done\n"
	})
	acct, _, _ := account(t, imapxtest.Memory(t), func(o *Options) { o.IMAP = server })
	return acct
}

func TestUndescribedMessage(t *testing.T) {
	long := "Subject: a long one\n\n" + strings.Repeat("a line of text, over and over\n", 3000) + "the end\n"
	for _, tt := range []struct{ name, mail, subject, end string }{
		{"small", "Subject: odd\n\nits text\n", "odd", "its text"},
		{"large", long, "a long one", "the end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			acct := undescribed(t, tt.mail)
			page, err := acct.ListMessages(t.Context(), provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
			if err != nil || len(page.Items) != 3 || page.Items[1].Subject != tt.subject {
				t.Fatalf("listed %+v, %v", page, err)
			}
			got, err := acct.ReadMessages(t.Context(), ids(page.Items), provider.ReadOptions{MaxText: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range got {
				if r.Err != nil {
					t.Fatalf("message %d: %v", i, r.Err)
				}
			}
			odd := got[1].Message
			if !strings.HasSuffix(strings.TrimSpace(odd.Text), tt.end) || odd.TextTruncated || len(odd.Defects) == 0 {
				t.Errorf("read %d bytes, truncated %v, defects %q", len(odd.Text), odd.TextTruncated, odd.Defects)
			}
			if strings.TrimSpace(got[0].Message.Text) != "hello" || len(got[0].Message.Defects) != 0 {
				t.Errorf("its neighbour: %+v", got[0].Message)
			}
		})
	}
}
