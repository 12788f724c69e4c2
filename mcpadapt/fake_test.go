package mcpadapt_test

import (
	"context"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

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
	return mailtool.Account{ID: scopes.AccountID(m.account), Mail: a, Gates: mailtool.Gates{Destructive: mailtool.Switch{Open: true}}}
}

// Grants of the account "demo".
func grant(id string, access scopes.AccessSet, may ...scopes.Scope) scopes.Grant {
	return scopes.Grant{ID: id, Access: access, Accounts: scopes.Accounts("demo"), Scopes: scopes.NewSet(may...), Gates: scopes.AllGates()}
}

func reader(id string) scopes.Grant {
	return grant(id, scopes.Accesses(scopes.Read), scopes.MailFolders)
}

func writer(id string) scopes.Grant {
	return grant(id, scopes.Accesses(scopes.Read, scopes.Write), scopes.MailFolders, scopes.MailModify)
}

func owner(id string) scopes.Grant {
	return grant(id, scopes.AllAccess(), scopes.MailFolders, scopes.MailModify)
}

func caller(t testing.TB, g scopes.Grant) *mailtool.Caller {
	t.Helper()
	return &mailtool.Caller{Grant: g, Accounts: []mailtool.Account{account(t, mailbox{account: "demo"})}}
}

// The tools of these tests: one of each kind of effect but sending.

type listIn struct{}

type listOut struct {
	Notes []string `json:"notes" jsonschema:"their names"`
}

type moveIn struct {
	To      string `json:"to" jsonschema:"where to" maxlen:"40"`
	Forever bool   `json:"forever,omitempty" jsonschema:"true to lose the old ones"`
}

type moveOut struct {
	Moved int `json:"moved" jsonschema:"how many"`
}

func notes() []mailtool.Tool {
	write := scopes.Effect{Verb: scopes.Update, Access: scopes.Write, Scopes: scopes.AllOf(scopes.MailModify)}
	destroy := scopes.Effect{Verb: scopes.Delete, Access: scopes.Destroy, Scopes: scopes.AllOf(scopes.MailModify), Gate: scopes.Destructive}
	needs := provider.Caps(provider.CapFolders)
	move := func(context.Context, *mailtool.Env, moveIn) (moveOut, error) { return moveOut{Moved: 2}, nil }
	return []mailtool.Tool{
		mailtool.Define(mailtool.Spec{
			Name: "list_notes", Title: "List notes", Description: "The names of all notes.", Needs: needs, Tags: []scopes.Tag{"notes"},
			Effect: scopes.Effect{Verb: scopes.List, Access: scopes.Read, Scopes: scopes.AllOf(scopes.MailFolders)},
		}, listNotes),
		mailtool.Define(mailtool.Spec{
			Name: "move_notes", Title: "Move notes", Description: "Moves all notes.", Needs: needs, Tags: []scopes.Tag{"notes"},
			Effect: write, Escalate: []mailtool.Escalation{{Param: "forever", Effect: destroy}},
		}, move),
		mailtool.Define(mailtool.Spec{
			Name: "erase_notes", Title: "Erase notes", Description: "Loses all notes.", Needs: needs, Tags: []scopes.Tag{"notes"},
			Effect: destroy, Aliases: []string{"purge_notes"},
		}, move),
	}
}

func listNotes(ctx context.Context, env *mailtool.Env, _ listIn) (listOut, error) {
	folders, err := env.Mail.ListFolders(ctx)
	var out listOut
	for _, f := range folders {
		out.Notes = append(out.Notes, f.Path)
	}
	return out, err
}

func registry(t testing.TB) *mailtool.Registry {
	t.Helper()
	reg, err := mailtool.NewRegistry(nil, notes()...)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

// askCaller is the type of mcpadapt.Options.Caller.
type askCaller = func(context.Context, mcp.Request) (*mailtool.Caller, error)
