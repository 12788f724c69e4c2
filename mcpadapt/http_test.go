package mcpadapt_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/scopes"
)

// The two eras, as the SDK's client asks for them.
var eras = []struct{ name, version string }{{"handshake", "2025-11-25"}, {"modern", "2026-07-28"}}

const secretReason = "row 17 of tokens_v2 says revoked"

// tokens are what the test's verifier knows.
func tokens(_ context.Context, token string) (scopes.Grant, error) {
	switch token {
	case "reads":
		return reader("g1"), nil
	case "owns":
		return owner("g1"), nil
	case "other":
		return owner("g2"), nil
	case "nothing":
		return grant("g1", scopes.AllAccess()), nil
	case "anonymous":
		return owner(""), nil
	case "down":
		return scopes.Grant{}, fmt.Errorf("%s: %w", secretReason, mcpadapt.ErrUnavailable)
	case "slow":
		return scopes.Grant{}, context.DeadlineExceeded
	}
	return scopes.Grant{}, errors.New(secretReason)
}

// byToken makes the caller of a request from that request's grant.
func byToken(box mailtool.Account) askCaller {
	return func(_ context.Context, req mcp.Request) (*mailtool.Caller, error) {
		g, ok := mcpadapt.GrantOf(req)
		if !ok {
			return nil, errors.New("no grant")
		}
		return &mailtool.Caller{Grant: g, Accounts: []mailtool.Account{box}}, nil
	}
}

// endpoint serves s until the test ends.
func endpoint(t testing.TB, s *mcp.Server, opts mcpadapt.HTTPOptions) (string, *mcpadapt.HTTPHandler) {
	t.Helper()
	leakcheck.Check(t)
	h, err := mcpadapt.NewHTTPHandler(s, opts)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := h.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		srv.Close()
	})
	return srv.URL, h
}

// mail is a server whose callers come by token.
func mail(t testing.TB, box mailbox) *mcp.Server {
	t.Helper()
	s := mcpadapt.NewServer(&mcp.Implementation{Name: "mail", Version: "1"})
	install(t, s, byToken(account(t, box)))
	return s
}

// bearer sends a token that the test can change between requests.
type bearer struct{ token atomic.Value }

func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if token, _ := b.token.Load().(string); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func dial(t testing.TB, url, version, token string) (*mcp.ClientSession, *bearer) {
	t.Helper()
	b := &bearer{}
	b.token.Store(token)
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	cs, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: b}},
		&mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cs.Close() })
	return cs, b
}

func TestBothErasOverHTTP(t *testing.T) {
	for _, stateless := range []bool{false, true} {
		for _, era := range eras {
			t.Run(fmt.Sprintf("%s stateless %v", era.name, stateless), func(t *testing.T) {
				url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens, Stateless: stateless})
				cs, _ := dial(t, url, era.version, "owns")
				if got := cs.InitializeResult().ProtocolVersion; got != era.version {
					t.Errorf("negotiated %s", got)
				}
				caps, err := json.Marshal(cs.InitializeResult().Capabilities)
				if want := `{"tools":{"listChanged":true}}`; err != nil || string(caps) != want {
					t.Errorf("capabilities %s, want %s", caps, want)
				}
				if diff := cmp.Diff([]string{"erase_notes", "list_notes", "move_notes"}, toolNames(t, cs)); diff != "" {
					t.Errorf("tools (-want +got):\n%s", diff)
				}
				if got := outcome(t, cs, "move_notes"); got != `{"moved":2}` {
					t.Errorf("call answered %s", got)
				}
				if era.name == "handshake" && (cs.ID() == "") != stateless {
					t.Errorf("session id %q", cs.ID())
				}
			})
		}
	}
}

// TestRightsComeFromTheRequest changes the token inside one session.
func TestRightsComeFromTheRequest(t *testing.T) {
	for _, era := range eras {
		t.Run(era.name, func(t *testing.T) {
			url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens})
			cs, as := dial(t, url, era.version, "owns")
			for _, step := range []struct {
				token string
				tools []string
				call  string
			}{
				{"owns", []string{"erase_notes", "list_notes", "move_notes"}, `{"moved":2}`},
				{"reads", []string{"list_notes"}, `unknown tool "erase_notes"`},
				{"nothing", []string{}, "insufficient_scope"},
				{"owns", []string{"erase_notes", "list_notes", "move_notes"}, `{"moved":2}`},
			} {
				as.token.Store(step.token)
				if diff := cmp.Diff(step.tools, toolNames(t, cs)); diff != "" {
					t.Errorf("%s lists (-want +got):\n%s", step.token, diff)
				}
				if got := outcome(t, cs, "erase_notes"); !strings.Contains(got, step.call) {
					t.Errorf("%s calls: %s", step.token, got)
				}
			}
		})
	}
}

func TestSessionBelongsToItsGrant(t *testing.T) {
	url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens})
	cs, _ := dial(t, url, "2025-11-25", "owns")
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		for token, want := range map[string]int{"other": http.StatusForbidden, "": http.StatusUnauthorized, "bad": http.StatusUnauthorized} {
			got := ask(t, method, url, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, "Mcp-Session-Id", cs.ID(), "Authorization", "Bearer "+token)
			if got.status != want {
				t.Errorf("%s with token %q: status %d, want %d", method, token, got.status, want)
			}
		}
	}
	if got := outcome(t, cs, "move_notes"); got != `{"moved":2}` {
		t.Errorf("the owner's session is gone: %s", got)
	}
}

type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends one request as a careful client would, with further headers.
func ask(t testing.TB, method, url, body string, header ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
			continue
		}
		req.Header.Add(header[i], header[i+1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(text)}
}

// modernCall is a tools/call with its headers.
func modernCall(name string) (body string, header []string) {
	return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{` + modernMeta + `,"name":"` + name + `","arguments":{}}}`,
		[]string{"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", name}
}

func TestAnswersAreNobodyElses(t *testing.T) {
	url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens})
	body, header := modernCall("list_notes")
	for name, got := range map[string]reply{
		"answer":     ask(t, http.MethodPost, url, body, append(header, "Authorization", "Bearer reads")...),
		"initialize": ask(t, http.MethodPost, url, initializeCall, "Authorization", "Bearer reads"),
		"challenge":  ask(t, http.MethodPost, url, body, header...),
		"bad host":   ask(t, http.MethodPost, url, body, "Host", "evil.example.com"),
		"method":     ask(t, http.MethodPut, url, body, "Authorization", "Bearer reads"),
		"not json":   ask(t, http.MethodPost, url, "{", "Authorization", "Bearer reads"),
	} {
		for h, want := range map[string]string{"Cache-Control": "no-store", "Vary": "Authorization", "X-Accel-Buffering": "no"} {
			if have := got.header.Values(h); len(have) != 1 || have[0] != want {
				t.Errorf("%s (%d): %s is %q", name, got.status, h, have)
			}
		}
		if got.status >= 300 && got.status < 400 {
			t.Errorf("%s redirects", name)
		}
		if name == "answer" && !strings.Contains(got.body, "Fines") {
			t.Errorf("answer %d: %s", got.status, got.body)
		}
	}
}

func TestCacheScopeIsPrivate(t *testing.T) {
	s := mail(t, mailbox{account: "demo"})
	s.AddResource(&mcp.Resource{URI: "mail://x", Name: "x"}, func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: "mail://x", Text: "x"}}}, nil
	})
	s.AddPrompt(&mcp.Prompt{Name: "p"}, nil)
	url, _ := endpoint(t, s, mcpadapt.HTTPOptions{Verify: tokens})
	for _, method := range []string{"server/discover", "tools/list", "resources/list", "resources/templates/list", "prompts/list", "resources/read"} {
		params, header := modernMeta, []string{"Mcp-Protocol-Version", "2026-07-28", "Mcp-Method", method, "Authorization", "Bearer owns"}
		if method == "resources/read" {
			params, header = params+`,"uri":"mail://x"`, append(header, "Mcp-Name", "mail://x")
		}
		got := ask(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{`+params+`}}`, header...)
		if !strings.Contains(got.body, `"cacheScope":"private"`) || strings.Contains(got.body, "public") {
			t.Errorf("%s: %d %s", method, got.status, got.body)
		}
	}
}

func TestToolListOfAnEmbeddersServerIsPrivate(t *testing.T) {
	s := mcp.NewServer(&mcp.Implementation{Name: "embedder", Version: "1"}, nil)
	install(t, s, mcpadapt.Fixed(caller(t, reader("g1"))))
	list, err := connect(t, s).ListTools(t.Context(), nil)
	if err != nil || list.CacheScope != "private" {
		t.Errorf("%v, cache scope %q", err, list.CacheScope)
	}
}

func TestConcurrentSessions(t *testing.T) {
	url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens})
	var all sync.WaitGroup
	for i := range 16 {
		era, token := eras[i%2], []string{"owns", "reads"}[i/2%2]
		cs, _ := dial(t, url, era.version, token)
		all.Go(func() {
			for range 5 {
				want := map[string]string{"owns": `{"moved":2}`, "reads": `unknown tool "move_notes"`}[token]
				if got := outcome(t, cs, "move_notes"); !strings.Contains(got, want) {
					t.Errorf("%s %s: %s", era.name, token, got)
				}
			}
		})
	}
	all.Wait()
}

func TestBatchOfAnOldClient(t *testing.T) {
	s := mcpadapt.NewServer(nil)
	install(t, s, mcpadapt.Fixed(caller(t, reader("g1"))))
	url, _ := endpoint(t, s, mcpadapt.HTTPOptions{Stateless: true})
	got := ask(t, http.MethodPost, url, `[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes"}},`+
		`{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"erase_notes"}}]`, "Mcp-Protocol-Version", "2025-03-26")
	answers := map[string]string{}
	lines := bufio.NewScanner(strings.NewReader(got.body))
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			var m struct {
				ID json.RawMessage `json:"id"`
			}
			if err := json.Unmarshal([]byte(data), &m); err != nil {
				t.Fatal(err)
			}
			answers[string(m.ID)] = data
		}
	}
	if !strings.Contains(answers["1"], "Fines") || !strings.Contains(answers["2"], "unknown tool") {
		t.Errorf("%d: %s", got.status, got.body)
	}
}
