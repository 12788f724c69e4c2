package imapmail

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// TestCopyThatFails: whatever becomes of the copy, the mail has been sent, once,
// and the receipt says both.
func TestCopyThatFails(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		code         provider.Code
	}{
		{"full", "$ NO [OVERQUOTA] full\n", provider.Denied},
		{"not allowed", "$ NO [NOPERM] not here\n", provider.Denied},
		{"busy", "$ NO [INUSE] later\n", provider.RateLimited},
		{"broken", "$ BAD what\n", provider.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := imapxtest.Memory(t)
			acct, _, _ := account(t, srv, func(o *Options) {
				o.SMTP.Username, o.SMTP.Password = srv.Username, srv.Password
				o.IMAP = talk(t, "", func(command string) string {
					switch {
					case strings.HasPrefix(command, "LIST"):
						return "* LIST (\\Sent) \"/\" Sent\n$ OK done\n"
					case strings.HasPrefix(command, "APPEND"):
						return tt.answer
					}
					return ""
				})
			})
			got, err := acct.Send(t.Context(), outgoing("bob@example.com"))
			if err != nil || got.Copy != provider.CopyFailed || got.CopyID != "" || len(got.Accepted) != 2 {
				t.Errorf("receipt %+v, %v", got, err)
			}
			wantCode(t, got.CopyErr, tt.code)
			if n := len(srv.Sent()); n != 1 {
				t.Errorf("sent %d times", n)
			}
		})
	}
}
