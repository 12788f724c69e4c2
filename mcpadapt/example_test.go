package mcpadapt_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

// An embedder has an MCP server with a tool and logins of its own, and mounts
// the mail tools beside it. Its login decides, request by request, who may do
// what: Ann reads mail, Bob sees folders, the guest has no mail.
func Example() {
	server := mcp.NewServer(&mcp.Implementation{Name: "assistant", Version: "1"}, nil)
	server.AddTool(&mcp.Tool{Name: "weather", InputSchema: &struct {
		Type string `json:"type"`
	}{"object"}}, weather)

	box, err := memmail.New(memmail.Options{Account: "work"})
	if err != nil {
		log.Fatal(err)
	}
	mail, err := provider.Open(box)
	if err != nil {
		log.Fatal(err)
	}
	defer mail.Close()
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		log.Fatal(err)
	}
	grants := map[string]scopes.Grant{
		"ann": {ID: "ann-1", Subject: "ann", Accounts: scopes.Accounts("work"), Access: scopes.Accesses(scopes.Read),
			Scopes: scopes.NewSet(scopes.MailFolders, scopes.MailRead)},
		"bob": {ID: "bob-1", Subject: "bob", Accounts: scopes.Accounts("work"), Access: scopes.Accesses(scopes.Read),
			Scopes: scopes.NewSet(scopes.MailFolders)},
	}
	err = mcpadapt.Install(server, reg, mcpadapt.Options{
		Caller: func(_ context.Context, req mcp.Request) (*mailtool.Caller, error) {
			extra := req.GetExtra()
			if extra == nil || extra.TokenInfo == nil {
				return nil, errors.New("the login did not run")
			}
			grant, ok := grants[extra.TokenInfo.UserID]
			if !ok {
				return nil, nil // no mail for this user; weather stays
			}
			return &mailtool.Caller{Grant: grant, Accounts: []mailtool.Account{{ID: "work", Mail: mail}}}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	// The embedder's own handler and login, untouched.
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true})
	srv := httptest.NewServer(auth.RequireBearerToken(login, nil)(handler))
	defer srv.Close()

	for _, user := range []string{"ann", "bob", "guest"} {
		fmt.Println(user, "->", visit(srv.URL, user))
	}
	// Output:
	// ann -> list_folders read_message weather; sunny
	// bob -> list_folders weather; sunny
	// guest -> weather; sunny
}

func weather(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "sunny"}}}, nil
}

// login is the embedder's: here a token is a user's name.
func login(_ context.Context, token string, _ *http.Request) (*auth.TokenInfo, error) {
	return &auth.TokenInfo{UserID: token, Expiration: time.Now().Add(time.Minute)}, nil
}

// visit lists the tools as user, and asks for the weather.
func visit(url, user string) string {
	ctx := context.Background()
	as := &bearer{}
	as.token.Store(user)
	session, err := mcp.NewClient(&mcp.Implementation{Name: "example", Version: "1"}, nil).Connect(ctx,
		&mcp.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: as}}, nil)
	if err != nil {
		return err.Error()
	}
	defer session.Close()
	list, err := session.ListTools(ctx, nil)
	if err != nil {
		return err.Error()
	}
	names := ""
	for _, tool := range list.Tools {
		switch tool.Name {
		case "list_folders", "read_message", "send_message", "weather": // a few of them
			names += tool.Name + " "
		}
	}
	res, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "weather"})
	if err != nil {
		return err.Error()
	}
	return names[:len(names)-1] + "; " + res.Content[0].(*mcp.TextContent).Text
}
