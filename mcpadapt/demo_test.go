package mcpadapt_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/memmail"
	"github.com/postern-mail/postern/scopes"
)

// ableCaller may do everything on a mailbox that can do everything.
func ableCaller(t testing.TB) *mailtool.Caller {
	t.Helper()
	box, err := memmail.NewDemo(memmail.Options{Account: "demo", Identities: []provider.Address{{Addr: "ann@example.org"}}})
	if err != nil {
		t.Fatal(err)
	}
	mail, err := provider.Open(box)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mail.Close() })
	open := mailtool.Switch{Open: true}
	return &mailtool.Caller{
		Grant:    scopes.Grant{ID: "g1", Access: scopes.AllAccess(), Accounts: scopes.AllAccounts(), Scopes: scopes.AllScopes(), Gates: scopes.AllGates()},
		Accounts: []mailtool.Account{{ID: "demo", Mail: mail, Gates: mailtool.Gates{Sending: open, Destructive: open, Migration: open}}},
	}
}

// TestMailOverMCP reads a real mailbox through the protocol and holds every
// answer against the schema that was listed.
func TestMailOverMCP(t *testing.T) {
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	s := mcpadapt.NewServer(nil)
	if err := mcpadapt.Install(s, reg, mcpadapt.Options{Caller: mcpadapt.Fixed(ableCaller(t))}); err != nil {
		t.Fatal(err)
	}
	cs := connect(t, s)
	list, err := cs.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]any{}
	for _, tool := range list.Tools {
		schemas[tool.Name] = tool.OutputSchema
	}
	for _, call := range []struct {
		name, args string
		fails      bool
	}{
		{"list_accounts", `{}`, false},
		{"list_folders", `{}`, false},
		{"list_messages", `{"limit":3}`, false},
		{"list_messages", `{"limit":-3}`, true},
		{"list_messages", `{"cursor":"garbage"}`, true},
		{"search_messages", `{"query":"the"}`, false},
		{"wait_for_message", `{"since":"2000-01-01"}`, false},
		{"wait_for_message", `{"after":"zz-1.2"}`, true},
		{"read_message", `{"ids":["zz-1.2"]}`, true},
		{"send_message", `{"to":["bob@example.org"],"subject":"x","body":"y"}`, true}, // nobody confirmed it
	} {
		if schemas[call.name] == nil {
			t.Errorf("%s is not listed", call.name)
			continue
		}
		res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: call.name, Arguments: json.RawMessage(call.args)})
		if err != nil {
			t.Errorf("%s: %v", call.name, err)
			continue
		}
		if res.IsError != call.fails {
			t.Errorf("%s %s: %s", call.name, call.args, res.Content[0].(*mcp.TextContent).Text)
		}
		if err := resolve(t, schemas[call.name]).Validate(res.StructuredContent); err != nil {
			t.Errorf("%s %s: %v", call.name, call.args, err)
		}
	}
}

var portableName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,47}$`)

// TestEveryNeutralToolIsListedWell looks at the whole set as it goes to clients.
func TestEveryNeutralToolIsListedWell(t *testing.T) {
	reg, err := mailtool.NewRegistry(nil, mailtool.Neutral()...)
	if err != nil {
		t.Fatal(err)
	}
	s := mcpadapt.NewServer(nil)
	if err := mcpadapt.Install(s, reg, mcpadapt.Options{Caller: mcpadapt.Fixed(ableCaller(t))}); err != nil {
		t.Fatal(err)
	}
	list, err := connect(t, s).ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Tools) != len(reg.Tools()) {
		t.Errorf("%d of %d tools listed", len(list.Tools), len(reg.Tools()))
	}
	if !slices.IsSortedFunc(list.Tools, func(a, b *mcp.Tool) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not sorted")
	}
	for _, tool := range list.Tools {
		if !portableName.MatchString(tool.Name) || tool.Title == "" || tool.Description == "" {
			t.Errorf("%s: name, title or description", tool.Name)
		}
		raw, err := json.Marshal(tool)
		if err != nil {
			t.Fatal(err)
		}
		for _, hint := range []string{"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} {
			if !strings.Contains(string(raw), `"`+hint+`":`) {
				t.Errorf("%s leaves %s open", tool.Name, hint)
			}
		}
		// What inference writes for slices and any, which hosts refuse.
		for _, odd := range []string{`"type":[`, `:true,"`, `:{}`, `$ref`, `anyOf`, `oneOf`, `allOf`} {
			schemas, err := json.Marshal([]any{tool.InputSchema, tool.OutputSchema})
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.ReplaceAll(string(schemas), `"properties":{}`, ""); strings.Contains(text, odd) {
				t.Errorf("%s: %s in %s", tool.Name, odd, text)
			}
		}
		resolve(t, tool.InputSchema)
		resolve(t, tool.OutputSchema)
	}
}
