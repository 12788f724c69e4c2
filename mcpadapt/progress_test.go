package mcpadapt_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

// slowTool says twice in a row how far it is.
func slowTool() mailtool.Tool {
	return mailtool.Define(mailtool.Spec{
		Name: "count_notes", Title: "Count notes", Description: "Counts slowly.", Tags: []scopes.Tag{"notes"},
		Effect: scopes.Effect{Verb: scopes.Get, Access: scopes.Read, Scopes: scopes.AllOf(scopes.MailFolders)},
	}, func(_ context.Context, env *mailtool.Env, _ listIn) (moveOut, error) {
		if tell := env.Caller.Progress; tell != nil {
			tell("counting", 1, 4)
			tell("counting", 2, 4) // too soon to be told
			return moveOut{Moved: 1}, nil
		}
		return moveOut{}, nil
	})
}

func TestProgress(t *testing.T) {
	reg, err := mailtool.NewRegistry(nil, slowTool())
	if err != nil {
		t.Fatal(err)
	}
	for _, era := range eras {
		for _, stateless := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s stateless %v", era.name, stateless), func(t *testing.T) {
				s := mcpadapt.NewServer(nil)
				if err := mcpadapt.Install(s, reg, mcpadapt.Options{Caller: byToken(account(t, mailbox{account: "demo"}))}); err != nil {
					t.Fatal(err)
				}
				url, _ := endpoint(t, s, mcpadapt.HTTPOptions{Verify: tokens, Stateless: stateless})
				told := make(chan *mcp.ProgressNotificationParams, 9)
				cs := dialTold(t, url, era.version, told)
				for _, token := range []any{nil, "seven", 7} {
					params := &mcp.CallToolParams{Name: "count_notes"}
					if token != nil {
						params.SetProgressToken(token)
					}
					res, err := cs.CallTool(t.Context(), params)
					if err != nil || res.IsError {
						t.Fatalf("call: %v, %+v", err, res)
					}
					if token == nil {
						continue
					}
					timer := time.NewTimer(10 * time.Second)
					select {
					case got := <-told:
						if fmt.Sprint(got.ProgressToken) != fmt.Sprint(token) || got.Message != "counting" || got.Progress != 1 || got.Total != 4 {
							t.Errorf("note %+v for token %v", got, token)
						}
					case <-timer.C:
						t.Fatal("no note came")
					}
					timer.Stop()
				}
				if err := cs.Close(); err != nil {
					t.Error(err)
				}
				if n := len(told); n > 0 {
					t.Errorf("%d notes too many", n)
				}
			})
		}
	}
}

func dialTold(t *testing.T, url, version string, told chan<- *mcp.ProgressNotificationParams) *mcp.ClientSession {
	t.Helper()
	b := &bearer{}
	b.token.Store("owns")
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, req *mcp.ProgressNotificationClientRequest) { told <- req.Params },
	})
	cs, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: b}}, &mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	return cs
}

// watched is a mailbox in memory that says when somebody watches it.
type watched struct {
	*memmail.Backend
	begun, ended chan struct{}
}

func (w watched) Watch(ctx context.Context, folders []provider.FolderID, told func(provider.FolderID)) error {
	w.begun <- struct{}{}
	defer func() { w.ended <- struct{}{} }()
	return w.Backend.Watch(ctx, folders, told)
}

// TestCancelledWait: a client that gives up frees what waits for it at once.
func TestCancelledWait(t *testing.T) {
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, era := range eras {
		t.Run(era.name, func(t *testing.T) {
			box, err := memmail.New(memmail.Options{Account: "demo"})
			if err != nil {
				t.Fatal(err)
			}
			w := watched{box, make(chan struct{}, 1), make(chan struct{}, 1)}
			mail, err := provider.Open(w)
			if err != nil {
				t.Fatal(err)
			}
			s := mcpadapt.NewServer(nil)
			reads := grant("g1", scopes.AllAccess(), scopes.MailRead)
			if err := mcpadapt.Install(s, reg, mcpadapt.Options{Caller: mcpadapt.Fixed(&mailtool.Caller{
				Grant: reads, Accounts: []mailtool.Account{{ID: "demo", Mail: mail}},
			})}); err != nil {
				t.Fatal(err)
			}
			url, _ := endpoint(t, s, mcpadapt.HTTPOptions{})
			cs, _ := dial(t, url, era.version, "")
			ctx, cancel := context.WithCancel(t.Context())
			start := time.Now()
			go func() {
				<-w.begun
				cancel()
			}()
			if _, err := cs.CallTool(ctx, &mcp.CallToolParams{Name: "wait_for_message", Arguments: map[string]any{"timeout": 50}}); err == nil {
				t.Error("a cancelled call answered")
			}
			timer := time.NewTimer(20 * time.Second)
			defer timer.Stop()
			select {
			case <-w.ended:
			case <-timer.C:
				t.Errorf("it waits on, %v after the start", time.Since(start))
			}
		})
	}
}
