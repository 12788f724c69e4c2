package imapmail

import (
	"context"
	"errors"
	"testing"

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
		provider.CapMove, provider.CapDelete, provider.CapSend)
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
