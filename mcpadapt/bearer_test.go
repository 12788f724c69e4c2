package mcpadapt_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/scopes"
)

func TestChallenges(t *testing.T) {
	var log bytes.Buffer
	url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{
		Verify: tokens, Realm: "mail", ResourceMetadata: "https://mail.example.org/.well-known/oauth-protected-resource/mcp",
		Scopes: []scopes.Scope{scopes.MailRead, scopes.MailFolders}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	const tail = `scope="mail:read mail:folders", resource_metadata="https://mail.example.org/.well-known/oauth-protected-resource/mcp"`
	const plain, invalid, malformed = `Bearer realm="mail", ` + tail, `Bearer realm="mail", error="invalid_token", ` + tail, `Bearer realm="mail", error="invalid_request", ` + tail
	for name, tc := range map[string]struct {
		auth   []string
		query  string
		status int
		want   string
	}{
		"no token":          {nil, "", 401, plain},
		"empty":             {[]string{""}, "", 401, plain},
		"other scheme":      {[]string{"Basic YTpi"}, "", 401, plain},
		"scheme alone":      {[]string{"Bearer"}, "", 401, plain},
		"empty token":       {[]string{"Bearer "}, "", 401, plain},
		"bad token":         {[]string{"Bearer nope"}, "", 401, invalid},
		"grant without id":  {[]string{"Bearer anonymous"}, "", 401, invalid},
		"two tokens":        {[]string{"Bearer reads", "Bearer reads"}, "", 400, malformed},
		"two in one":        {[]string{"Bearer reads, Bearer reads"}, "", 400, malformed},
		"odd characters":    {[]string{`Bearer "reads"`}, "", 400, malformed},
		"padding alone":     {[]string{"Bearer =="}, "", 400, malformed},
		"in the query":      {nil, "?access_token=reads", 400, malformed},
		"in the query too":  {[]string{"Bearer reads"}, "?x=1&access%5Ftoken=reads", 400, malformed},
		"verifier is down":  {[]string{"Bearer down"}, "", 503, ""},
		"verifier is slow":  {[]string{"Bearer slow"}, "", 503, ""},
		"good":              {[]string{"Bearer reads"}, "", 200, ""},
		"good, other case":  {[]string{"bEARER  reads "}, "", 200, ""},
		"good, other query": {[]string{"Bearer reads"}, "?key=access_token", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			body, header := modernCall("list_notes")
			for _, a := range tc.auth {
				header = append(header, "Authorization", a)
			}
			got := ask(t, http.MethodPost, url+tc.query, body, header...)
			if challenge := got.header.Get("WWW-Authenticate"); got.status != tc.status || challenge != tc.want {
				t.Errorf("%d %s\nwant %d %s", got.status, challenge, tc.status, tc.want)
			}
			if strings.Contains(got.body, "row 17") || tc.status != 200 && len(got.body) > 40 {
				t.Errorf("body %q", got.body)
			}
		})
	}
	if !strings.Contains(log.String(), secretReason) {
		t.Error("the operator does not see why")
	}
}

func TestBareChallenge(t *testing.T) {
	url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens})
	if got := ask(t, http.MethodPost, url, "{}"); got.status != 401 || got.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%d %q", got.status, got.header.Get("WWW-Authenticate"))
	}
}

// TestStepUp asks for what a call lacks by status 403, where the client can
// obtain it, and in the result where it cannot.
func TestStepUp(t *testing.T) {
	const metadata = "https://mail.example.org/meta"
	for name, tc := range map[string]struct {
		metadata, token, tool string
		status                int
		challenge, body       string
	}{
		"lacks all":         {metadata, "nothing", "erase_notes", 403, `Bearer error="insufficient_scope", scope="mail:modify", resource_metadata="` + metadata + `"`, "Forbidden"},
		"lacks one":         {metadata, "modifies", "list_notes", 403, `Bearer error="insufficient_scope", scope="mail:modify mail:folders", resource_metadata="` + metadata + `"`, "Forbidden"},
		"alias":             {metadata, "nothing", "purge_notes", 403, `Bearer error="insufficient_scope", scope="mail:modify", resource_metadata="` + metadata + `"`, "Forbidden"},
		"without discovery": {"", "nothing", "erase_notes", 200, "", "insufficient_scope"},
		"lacks more":        {metadata, "reads", "erase_notes", 400, "", "unknown tool"},
		"lacks nothing":     {metadata, "owns", "list_notes", 200, "", "Fines"},
	} {
		t.Run(name, func(t *testing.T) {
			verify := func(ctx context.Context, token string) (scopes.Grant, error) {
				if token == "modifies" {
					return grant("g1", scopes.AllAccess(), scopes.MailModify), nil
				}
				return tokens(ctx, token)
			}
			url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: verify, ResourceMetadata: tc.metadata})
			body, header := modernCall(tc.tool)
			got := ask(t, http.MethodPost, url, body, append(header, "Authorization", "Bearer "+tc.token)...)
			if got.status != tc.status || got.header.Get("WWW-Authenticate") != tc.challenge || !strings.Contains(got.body, tc.body) {
				t.Errorf("modern: %d %q %s", got.status, got.header.Get("WWW-Authenticate"), got.body)
			}
			began := ask(t, http.MethodPost, url, initializeCall, "Authorization", "Bearer "+tc.token)
			got = ask(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"`+tc.tool+`"}}`,
				"Authorization", "Bearer "+tc.token, "Mcp-Session-Id", began.header.Get("Mcp-Session-Id"), "Mcp-Protocol-Version", "2025-11-25")
			if tc.status == 400 {
				tc.status = 200 // only the modern protocol turns protocol errors into statuses
			}
			if got.status != tc.status || got.header.Get("WWW-Authenticate") != tc.challenge || !strings.Contains(got.body, tc.body) {
				t.Errorf("handshake: %d %q %s", got.status, got.header.Get("WWW-Authenticate"), got.body)
			}
		})
	}
}

func TestBatchesAreNotSteppedUp(t *testing.T) {
	url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens, Stateless: true, ResourceMetadata: "https://mail.example.org/meta"})
	got := ask(t, http.MethodPost, url, `[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"erase_notes"}},{"jsonrpc":"2.0","id":2,"method":"ping"}]`,
		"Authorization", "Bearer nothing", "Mcp-Protocol-Version", "2025-03-26")
	if got.status != 200 || !strings.Contains(got.body, "insufficient_scope") || !strings.Contains(got.body, `"id":2,"result"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestGrantOf(t *testing.T) {
	if _, ok := mcpadapt.GrantOf(&mcp.ListToolsRequest{}); ok {
		t.Error("a request without a token has a grant")
	}
	var seen []scopes.Grant
	s := mcpadapt.NewServer(nil)
	box := account(t, mailbox{account: "demo"})
	install(t, s, func(ctx context.Context, req mcp.Request) (*mailtool.Caller, error) {
		g, _ := mcpadapt.GrantOf(req)
		seen = append(seen, g)
		return byToken(box)(ctx, req)
	})
	url, _ := endpoint(t, s, mcpadapt.HTTPOptions{Verify: tokens})
	for _, token := range []string{"reads", "owns"} {
		body, header := modernCall("list_notes")
		ask(t, http.MethodPost, url, body, append(header, "Authorization", "Bearer "+token)...)
	}
	if diff := cmp.Diff([]scopes.Grant{reader("g1"), owner("g1")}, seen, cmp.Comparer(func(a, b scopes.Grant) bool {
		return a.ID == b.ID && a.Scopes == b.Scopes && a.Access == b.Access && a.Accounts.Equal(b.Accounts)
	})); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
}
