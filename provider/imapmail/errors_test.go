package imapmail

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/mailmime"
	"github.com/postern-mail/postern/internal/submission"
	"github.com/postern-mail/postern/provider"
)

func TestMapError(t *testing.T) {
	plain := errors.New("plain")
	for _, tt := range []struct {
		err  error
		want provider.Code
	}{
		{&imapx.Error{Kind: imapx.Auth}, provider.Unauthenticated},
		{&imapx.Error{Kind: imapx.TLS}, provider.Unavailable},
		{&imapx.Error{Kind: imapx.Limit}, provider.RateLimited},
		{&imapx.Error{Kind: imapx.Limit, Code: "OVERQUOTA"}, provider.Denied},
		{&imapx.Error{Kind: imapx.Unavailable}, provider.Unavailable},
		{&imapx.Error{Kind: imapx.Validity}, provider.Conflict},
		{&imapx.Error{Kind: imapx.NotFound}, provider.NotFound},
		{&imapx.Error{Kind: imapx.Exists}, provider.Conflict},
		{&imapx.Error{Kind: imapx.Refused}, provider.Denied},
		{&imapx.Error{Kind: imapx.Refused, Code: "BADCHARSET"}, provider.Unsupported},
		{&imapx.Error{Kind: imapx.Protocol}, provider.Unavailable},
		{&imapx.Error{Kind: imapx.TooLarge}, provider.TooLarge},
		{&imapx.Error{Kind: imapx.Uncertain, Err: &imapx.Error{Kind: imapx.Unavailable}}, provider.Uncertain},
		{&imapx.Error{Kind: imapx.Unsupported}, provider.Unsupported},
		{&imapx.Error{Kind: imapx.Closed}, provider.Unavailable},
		{&imapx.Error{Kind: imapx.Invalid}, provider.Invalid},
		{&submission.Error{Kind: submission.Invalid}, provider.Invalid},
		{&submission.Error{Kind: submission.Insecure}, provider.Unavailable},
		{&submission.Error{Kind: submission.Unauthenticated}, provider.Unauthenticated},
		{&submission.Error{Kind: submission.Unsupported}, provider.Unsupported},
		{&submission.Error{Kind: submission.TooLarge}, provider.TooLarge},
		{&submission.Error{Kind: submission.Refused, Code: 550}, provider.Denied},
		{&submission.Error{Kind: submission.Temporary}, provider.Unavailable},
		{&submission.Error{Kind: submission.Permanent}, provider.Denied},
		{&submission.Error{Kind: submission.Unavailable}, provider.Unavailable},
		{&submission.Error{Kind: submission.Uncertain}, provider.Uncertain},
		{&mailmime.Error{}, provider.Invalid},
		{gone(), provider.NotFound},
		{plain, provider.Internal},
	} {
		if got := provider.CodeOf(mapError(tt.err)); got != tt.want {
			t.Errorf("%v is %s, want %s", tt.err, got, tt.want)
		}
	}
	for _, bare := range []error{nil, context.Canceled, context.DeadlineExceeded, plain} {
		if got := mapError(bare); got != bare { //nolint:errorlint // bare is the promise
			t.Errorf("%v became %v", bare, got)
		}
	}
}

// TestBadAccounts: each gives one clear error on every call.
func TestBadAccounts(t *testing.T) {
	srv := imapxtest.Memory(t)
	for _, tt := range []struct {
		name   string
		change func(*Options)
		code   provider.Code
	}{
		{"wrong password", func(o *Options) { o.IMAP.Password = "guess" }, provider.Unauthenticated},
		{"wrong certificate", func(o *Options) { o.IMAP.TLSConfig = nil }, provider.Unavailable},
		{"nobody listens", func(o *Options) { o.IMAP.Addr = "127.0.0.1:1" }, provider.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			acct, b, _ := account(t, srv, tt.change)
			_, err := acct.ListFolders(t.Context())
			wantCode(t, err, tt.code)
			_, err = acct.ListMessages(t.Context(), provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
			wantCode(t, err, tt.code)
			_, err = acct.Search(t.Context(), provider.Query{}, provider.PageRequest{})
			wantCode(t, err, tt.code)
			_, err = acct.SetFlags(t.Context(), []provider.MessageID{b.newID("INBOX", 1, 1)}, provider.FlagChange{Add: provider.Seen})
			wantCode(t, err, tt.code)
			got, err := acct.ReadMessages(t.Context(), []provider.MessageID{b.newID("INBOX", 1, 1)}, provider.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			wantCode(t, got[0].Err, tt.code)
		})
	}
}

func TestCapabilities(t *testing.T) {
	base := provider.Caps(provider.CapFolders, provider.CapRead, provider.CapSearch, provider.CapModify,
		provider.CapMove, provider.CapDelete, provider.CapSend, provider.CapThread, provider.CapWatch)
	purge := provider.Caps(provider.CapPurge)
	for _, tt := range []struct {
		name string
		hide []string
		want provider.CapabilitySet
	}{
		{"everything", nil, base | purge},
		{"no move", []string{"MOVE"}, base | purge},
		{"no uidplus", []string{"UIDPLUS"}, base},
		{"neither", []string{"MOVE", "UIDPLUS"}, base},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv *imapxtest.Server) {
				acct, _, _ := account(t, srv, nil)
				if got := acct.Capabilities(); got != base {
					t.Errorf("before the login: %s", got)
				}
				list(t, acct, provider.ListOptions{Folder: "INBOX"}, provider.PageRequest{})
				if got := acct.Capabilities(); got != tt.want {
					t.Errorf("after it: %s, want %s", got, tt.want)
				}
			}, tt.hide...)
		})
	}
}

// mute accepts connections and says what it is told to.
func mute(t *testing.T, greeting string) string {
	t.Helper()
	return serve(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, greeting)
		_, _ = io.Copy(io.Discard, conn)
	})
}

// TestWordsOfFailedConnections: each says once what is wrong, and what to check.
func TestWordsOfFailedConnections(t *testing.T) {
	srv := imapxtest.Memory(t)
	quick := func(o *Options) { o.IMAP.DialTimeout = 300 * time.Millisecond }
	noHost := &net.DNSError{Err: "no such host", Name: "imap.example.org", IsNotFound: true}
	for _, tt := range []struct {
		name       string
		change     func(*testing.T, *Options)
		text, hint string
	}{
		{"nobody listens", func(t *testing.T, o *Options) { o.IMAP.Addr = "127.0.0.1:1" }, "dial tcp 127.0.0.1:1: connect: connection refused", unreached},
		{"no such host", func(t *testing.T, o *Options) {
			o.IMAP.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, noHost }
		}, "no such host", unreached},
		{"TLS where there is none", func(t *testing.T, o *Options) { o.IMAP.Addr = mute(t, "* OK [CAPABILITY IMAP4rev1] hello\r\n") },
			"TLS handshake: first record does not look like a TLS handshake", unreached},
		{"STARTTLS where TLS is spoken", func(t *testing.T, o *Options) { quick(o); o.IMAP.Security = imapx.StartTLS }, "connect: no connection within the dial timeout", unreached},
		{"nothing said in time", func(t *testing.T, o *Options) {
			o.IMAP.Addr, o.IMAP.Security, o.IMAP.Progress = mute(t, ""), imapx.Cleartext, 100*time.Millisecond
		}, "connect: no answer for 100ms", unreached},
		{"another kind of server", func(t *testing.T, o *Options) {
			o.IMAP.Addr, o.IMAP.Security = mute(t, "220 smtp.example.org ESMTP\r\n"), imapx.Cleartext
		},
			"greeting: protocol: this is no IMAP server", unreached},
		{"no STARTTLS", func(t *testing.T, o *Options) {
			o.IMAP.Addr, o.IMAP.Security = mute(t, "* OK hello\r\nP1 NO [UNAVAILABLE] not here\r\n"), imapx.StartTLS
		}, "STARTTLS: tls: unavailable: [UNAVAILABLE] not here", unreached},
		{"wrong certificate", func(t *testing.T, o *Options) { o.IMAP.TLSConfig = nil }, "TLS handshake: failed to verify certificate: x509:", "name and certificate"},
		{"wrong password", func(t *testing.T, o *Options) { o.IMAP.Password = "guess" }, "unauthenticated: ", "user name and password"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			acct, _, _ := account(t, srv, func(o *Options) { tt.change(t, o) })
			_, err := acct.ListFolders(t.Context())
			var e *provider.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.text) || !strings.Contains(e.Hint, tt.hint) {
				t.Fatalf("%v (%+v), want %q and hint %q", err, e, tt.text, tt.hint)
			}
			once(t, err)
		})
	}
	for _, tt := range []struct {
		name       string
		change     func(*testing.T, *SMTP)
		text, hint string
	}{
		{"nobody listens", func(t *testing.T, s *SMTP) { s.Addr = "127.0.0.1:1" }, "dial tcp 127.0.0.1:1: connect: connection refused", "submission server's address, port and TLS setting"},
		{"TLS where there is none", func(t *testing.T, s *SMTP) { s.Addr = mute(t, "220 hello\r\n") }, "first record does not look like a TLS handshake", "submission server's address, port and TLS setting"},
		{"wrong certificate", func(t *testing.T, s *SMTP) { s.TLSConfig = nil }, "failed to verify certificate: x509:", "certificate"},
		{"wrong password", func(t *testing.T, s *SMTP) { s.Username, s.Password = "me", "guess" }, "unauthenticated: 535", "user name and password for sending"},
	} {
		t.Run("sending, "+tt.name, func(t *testing.T) {
			acct, _, _ := account(t, srv, func(o *Options) { tt.change(t, o.SMTP) })
			_, err := acct.Send(t.Context(), outgoing("bob@example.com"))
			var e *provider.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.text) || !strings.Contains(e.Hint, tt.hint) {
				t.Fatalf("%v (%+v), want %q and hint %q", err, e, tt.text, tt.hint)
			}
			once(t, err)
		})
	}
}

// once fails when a step or class of an error is said twice on end.
func once(t *testing.T, err error) {
	t.Helper()
	said := strings.Split(err.Error(), ": ")
	for i, s := range said[1:] {
		if before := strings.ToLower(said[i]); strings.HasPrefix(before, strings.ToLower(s)+" ") || before == strings.ToLower(s) || s == "submission" {
			t.Errorf("said twice, or to nobody: %q in %q", s, err)
		}
	}
}

// TestAdviceOnTokens: what helps against a refused token is not a password, and
// a Token function that knows better is passed on, for sending too.
func TestAdviceOnTokens(t *testing.T) {
	wants := func(err error, hint string) {
		t.Helper()
		got, ok := mapError(err).(*provider.Error) //nolint:errorlint // with nothing around it
		if !ok || got.Code != provider.Unauthenticated || got.Hint != hint {
			t.Errorf("%v gives %+v, want the hint %q", err, got, hint)
		}
	}
	wants(&imapx.Error{Op: "token", Kind: imapx.Auth}, "the owner has to sign in again, as the user of this mailbox")
	wants(&imapx.Error{Op: "LOGIN", Kind: imapx.Auth}, "check the user name and password, then sign in again")

	own := &imapx.Error{Kind: imapx.Auth, Err: &provider.Error{Code: provider.Unauthenticated, Hint: "run login", Err: errors.New("revoked")}}
	wants(own, "run login")
	_, err := tokenForSending(func(context.Context, string) (string, error) { return "", own })(t.Context(), "")
	wants(err, "run login")
	if outer := (&provider.Error{Op: "search", Code: provider.Conflict, Err: own}); mapError(outer) != error(outer) { //nolint:errorlint // as it is
		t.Errorf("%v lost what was around the token's error", outer)
	}
}
