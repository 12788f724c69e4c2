package mcpadapt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/scopes"
)

func connect(t testing.TB, s *mcp.Server) *mcp.ClientSession {
	t.Helper()
	near, far := mcp.NewInMemoryTransports()
	ss, err := s.Connect(t.Context(), far, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ss.Close() })
	cs, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), near, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cs.Close() })
	return cs
}

func toolNames(t testing.TB, cs *mcp.ClientSession) []string {
	t.Helper()
	list, err := cs.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, tool := range list.Tools {
		names = append(names, tool.Name)
	}
	return names
}

// outcome is the text of a call's result, or its error.
func outcome(t testing.TB, cs *mcp.ClientSession, name string) string {
	t.Helper()
	res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: json.RawMessage(`{"to":"a"}`)})
	if err != nil {
		return err.Error()
	}
	return res.Content[0].(*mcp.TextContent).Text
}

// addForeign adds a tool of the embedder that says who answered.
func addForeign(s *mcp.Server, names ...string) {
	for _, name := range names {
		s.AddTool(&mcp.Tool{Name: name, InputSchema: json.RawMessage(`{"type":"object"}`)},
			func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
				return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "embedder's " + name}}}, nil
			})
	}
}

func TestForeignToolsAreLeftAlone(t *testing.T) {
	s := mcp.NewServer(&mcp.Implementation{Name: "embedder", Version: "1"}, &mcp.ServerOptions{PageSize: 2})
	addForeign(s, "aardvark", "purge_notes")
	install(t, s, mcpadapt.Fixed(caller(t, reader("g1"))))
	addForeign(s, "zebra", "move_notes")
	cs := connect(t, s)
	want := []string{"aardvark", "list_notes", "move_notes", "purge_notes", "zebra"}
	if diff := cmp.Diff(want, toolNames(t, cs)); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	for _, name := range []string{"aardvark", "zebra", "purge_notes", "move_notes"} {
		if got := outcome(t, cs, name); got != "embedder's "+name {
			t.Errorf("%s answered %q", name, got)
		}
	}
	if got := outcome(t, cs, "erase_notes"); !strings.Contains(got, `unknown tool "erase_notes"`) {
		t.Errorf("a hidden tool answered %q", got)
	}
}

func TestHiddenToolsSurviveMiddleware(t *testing.T) {
	s := mcpadapt.NewServer(nil)
	s.AddReceivingMiddleware(func(next mcp.MethodHandler) mcp.MethodHandler { // copies every tool it passes on
		return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
			res, err := next(ctx, method, req)
			if list, ok := res.(*mcp.ListToolsResult); ok {
				for i, tool := range list.Tools {
					copied := *tool
					list.Tools[i] = &copied
				}
			}
			return res, err
		}
	})
	install(t, s, mcpadapt.Fixed(caller(t, reader("g1"))))
	if diff := cmp.Diff([]string{"list_notes"}, toolNames(t, connect(t, s))); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
}

func TestTwoRegistriesOnOneServer(t *testing.T) {
	s := mcpadapt.NewServer(nil)
	for i, g := range []scopes.Grant{owner("g1"), reader("g2")} {
		reg, err := mailtool.NewRegistry(nil, notes()[i:i+1]...)
		if err != nil {
			t.Fatal(err)
		}
		if err := mcpadapt.Install(s, reg, mcpadapt.Options{Caller: mcpadapt.Fixed(caller(t, g))}); err != nil {
			t.Fatal(err)
		}
	}
	cs := connect(t, s)
	if diff := cmp.Diff([]string{"list_notes"}, toolNames(t, cs)); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	if got := outcome(t, cs, "move_notes"); !strings.Contains(got, `unknown tool "move_notes"`) {
		t.Errorf("the second registry's tool ran for the first one's caller: %q", got)
	}
}

func TestCallerDecides(t *testing.T) {
	const secret = "password hunter2 of 192.0.2.7"
	for name, tc := range map[string]struct {
		ask     askCaller
		list    string // an error, or the names
		call    string
		logged  bool
		foreign bool
	}{
		"none":  {mcpadapt.Fixed(nil), "weather", `unknown tool "list_notes"`, false, true},
		"error": {func(context.Context, mcp.Request) (*mailtool.Caller, error) { return nil, errors.New(secret) }, "could not be determined", "could not be determined", true, true},
		"zero":  {mcpadapt.Fixed(&mailtool.Caller{}), "weather", "not_permitted", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			s := mcpadapt.NewServer(nil)
			addForeign(s, "weather")
			if err := mcpadapt.Install(s, registry(t), mcpadapt.Options{Caller: tc.ask, Logger: slog.New(slog.NewTextHandler(&log, nil))}); err != nil {
				t.Fatal(err)
			}
			cs := connect(t, s)
			got := ""
			if list, err := cs.ListTools(t.Context(), nil); err != nil {
				got = err.Error()
			} else if len(list.Tools) == 1 {
				got = list.Tools[0].Name
			}
			call := outcome(t, cs, "list_notes")
			if !strings.Contains(got, tc.list) || !strings.Contains(call, tc.call) {
				t.Errorf("list %q, call %q; want %q and %q", got, call, tc.list, tc.call)
			}
			if strings.Contains(got+call, "hunter2") {
				t.Errorf("the caller's error reached the client: %s %s", got, call)
			}
			if strings.Contains(log.String(), secret) != tc.logged {
				t.Errorf("log: %s", log.String())
			}
			if got := outcome(t, cs, "weather"); got != "embedder's weather" {
				t.Errorf("weather answered %q", got)
			}
		})
	}
}

func TestUnknownToolIsTheServersOwnAnswer(t *testing.T) {
	wire := func(s *mcp.Server, name string) jsonrpc.Error {
		_, err := connect(t, s).CallTool(t.Context(), &mcp.CallToolParams{Name: name})
		var e *jsonrpc.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: %v is not a protocol error", name, err)
		}
		return *e
	}
	with, without := mcpadapt.NewServer(nil), mcpadapt.NewServer(nil)
	addForeign(without, "other") // a server without any tool has no such method
	install(t, with, mcpadapt.Fixed(caller(t, reader("g1"))))
	for _, name := range []string{"erase_notes", "purge_notes", "nothing"} {
		if diff := cmp.Diff(wire(without, name), wire(with, name)); diff != "" {
			t.Errorf("%s (-plain server +with mail tools):\n%s", name, diff)
		}
	}
}

func TestInstallRefuses(t *testing.T) {
	ask := mcpadapt.Fixed(nil)
	for name, err := range map[string]error{
		"no server":   mcpadapt.Install(nil, registry(t), mcpadapt.Options{Caller: ask}),
		"no registry": mcpadapt.Install(mcpadapt.NewServer(nil), nil, mcpadapt.Options{Caller: ask}),
		"no caller":   mcpadapt.Install(mcpadapt.NewServer(nil), registry(t), mcpadapt.Options{}),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFixedCopiesPerRequest(t *testing.T) {
	c := caller(t, reader("g1"))
	ask := mcpadapt.Fixed(c)
	first, err := ask(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	first.Grant.ID, first.Accounts[0].ID, c.Accounts[0].ID = "spoilt", "spoilt", "spoilt"
	second, err := ask(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if second.Grant.ID != "g1" || second.Accounts[0].ID != "demo" {
		t.Errorf("a request changed the next one's caller: %q %q", second.Grant.ID, second.Accounts[0].ID)
	}
}

func TestCancelReachesTheBackend(t *testing.T) {
	reached, ended := make(chan struct{}), make(chan error, 1)
	c := caller(t, reader("g1"))
	c.Accounts[0] = account(t, mailbox{account: "demo", gate: func(ctx context.Context) error {
		close(reached)
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}})
	s := mcpadapt.NewServer(nil)
	install(t, s, mcpadapt.Fixed(c))
	cs := connect(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-reached
		cancel()
	}()
	if _, err := cs.CallTool(ctx, &mcp.CallToolParams{Name: "list_notes"}); !errors.Is(err, context.Canceled) {
		t.Errorf("call: %v", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the backend saw %v", err)
	}
}
