package mcpadapt_test

import (
	"context"
	"testing"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// mailbox is a backend that lists folders. With a gate it waits there.
type mailbox struct {
	account string
	gate    func(ctx context.Context) error
}

var _ provider.Folders = mailbox{}

func (m mailbox) Info() provider.Info                  { return provider.Info{Account: m.account, Service: "fake"} }
func (m mailbox) Capabilities() provider.CapabilitySet { return provider.Caps(provider.CapFolders) }
func (m mailbox) Close() error                         { return nil }
func (m mailbox) ListFolders(ctx context.Context) ([]provider.Folder, error) {
	if m.gate != nil {
		if err := m.gate(ctx); err != nil {
			return nil, err
		}
	}
	return []provider.Folder{
		{ID: "INBOX", Path: "INBOX", Role: provider.RoleInbox, Total: 2, Unread: 1},
		{ID: "Bills & <Fines>", Path: "Bills & <Fines>", Total: 7, Unread: 0},
	}, nil
}

func account(t testing.TB, m mailbox) mailtool.Account {
	t.Helper()
	a, err := provider.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	return mailtool.Account{ID: scopes.AccountID(m.account), Mail: a}
}

// reader may read the account "demo" and see its folders.
func reader(id string) scopes.Grant {
	return scopes.Grant{
		ID: id, Access: scopes.AllAccess(), Accounts: scopes.Accounts("demo"),
		Scopes: scopes.NewSet(scopes.MailFolders, scopes.MailRead),
	}
}

func caller(t testing.TB, g scopes.Grant) *mailtool.Caller {
	t.Helper()
	return &mailtool.Caller{Grant: g, Accounts: []mailtool.Account{account(t, mailbox{account: "demo"})}}
}

func registry(t testing.TB) *mailtool.Registry {
	t.Helper()
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}
