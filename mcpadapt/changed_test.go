package mcpadapt_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// shy is a backend that learns only by its first work that it can move mail.
type shy struct {
	mailbox
	known atomic.Bool
}

func (s *shy) Capabilities() provider.CapabilitySet {
	if s.known.Load() {
		return provider.Caps(provider.CapFolders, provider.CapMove)
	}
	return provider.Caps(provider.CapFolders)
}

func (s *shy) ListFolders(ctx context.Context) ([]provider.Folder, error) {
	s.known.Store(true)
	return s.mailbox.ListFolders(ctx)
}

func (s *shy) Move(context.Context, []provider.MessageID, provider.FolderID) ([]provider.Outcome, error) {
	return nil, nil
}

// When the first login shows that an account can do more, clients are told to
// list again, and only then.
func TestListChanged(t *testing.T) {
	mail, err := provider.Open(&shy{mailbox: mailbox{account: "demo"}})
	if err != nil {
		t.Fatal(err)
	}
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	caller := &mailtool.Caller{
		Grant:    grant("g", scopes.AllAccess(), scopes.MailFolders, scopes.MailModify),
		Accounts: []mailtool.Account{{ID: "demo", Mail: mail}},
	}
	server := mcpadapt.NewServer(nil)
	if err := mcpadapt.Install(server, reg, mcpadapt.Options{Caller: mcpadapt.Fixed(caller)}); err != nil {
		t.Fatal(err)
	}
	changed := make(chan struct{}, 10)
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
		ToolListChangedHandler: func(context.Context, *mcp.ToolListChangedRequest) { changed <- struct{}{} },
	})
	to, from := mcp.NewInMemoryTransports()
	serving, err := server.Connect(t.Context(), to, nil)
	if err != nil {
		t.Fatal(err)
	}
	session, err := client.Connect(t.Context(), from, nil)
	if err != nil {
		t.Fatal(err)
	}
	moves := func() bool {
		list, err := session.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(list.Tools, func(tool *mcp.Tool) bool { return tool.Name == "move_message" })
	}
	call := func() {
		if _, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "list_folders"}); err != nil {
			t.Fatal(err)
		}
	}
	if moves() {
		t.Error("move_message is listed before the account is known to move")
	}
	call()
	<-changed
	if !moves() {
		t.Error("move_message is not listed though the account can move")
	}
	call()
	if err := session.Close(); err != nil {
		t.Error(err)
	}
	_ = serving.Wait() // how the pipe between them ended is no matter
	if n := len(changed); n != 0 {
		t.Errorf("%d more notifications though nothing changed", n)
	}
}
