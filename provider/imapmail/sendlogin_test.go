package imapmail

import (
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/provider"
)

// TestWrongPasswordForSendingIsTriedOnce: accounts are locked by more.
func TestWrongPasswordForSendingIsTriedOnce(t *testing.T) {
	srv := imapxtest.Memory(t)
	proxy := imapxtest.Fault(t, srv.SubmissionAddr)
	acct, _, _ := account(t, srv, func(o *Options) {
		o.SMTP.Addr, o.SMTP.Security, o.SMTP.TLSConfig = proxy.Addr, imapx.Cleartext, nil
		o.SMTP.Username, o.SMTP.Password = srv.Username, "guess"
	})
	for i, words := range []string{"", "until the account is reopened"} {
		_, err := acct.Send(t.Context(), outgoing("bob@example.com"))
		wantCode(t, err, provider.Unauthenticated)
		if !strings.Contains(err.Error(), words) {
			t.Errorf("send %d: %v", i, err)
		}
	}
	if n := proxy.Dialed(); n != 1 {
		t.Errorf("%d connections", n)
	}
	if n := len(srv.Sent()); n != 0 {
		t.Errorf("%d messages left", n)
	}
}
