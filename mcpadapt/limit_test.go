package mcpadapt_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/mcpadapt"
)

func TestBodyLimits(t *testing.T) {
	s := mcpadapt.NewServer(nil)
	install(t, s, mcpadapt.Fixed(caller(t, reader("g1"))))
	url, _ := endpoint(t, s, mcpadapt.HTTPOptions{MaxBody: 2000, Stateless: true})
	call := func(arguments string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_notes","arguments":` + arguments + `}}`
	}
	nested := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	ping := `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	for name, tc := range map[string]struct {
		body   string
		status int
		text   string
	}{
		"fits":               {call(`{}`), 200, "Fines"},
		"one byte too large": {ping + strings.Repeat(" ", 2001-len(ping)), 413, "too large"},
		"exactly as large":   {ping + strings.Repeat(" ", 2000-len(ping)), 200, `"result":{}`},
		"deep":               {call(nested(39)), 400, "too deeply"},
		"less deep":          {call(nested(30)), 200, "invalid"},
		"brackets in text":   {call(`{"a":"` + strings.Repeat(`[{\"`, 100) + `"}`), 200, "invalid"},
		"batch":              {"[" + strings.Repeat(ping+",", 32) + ping + "]", 400, "too many"},
		"empty":              {"", 400, "not valid JSON"},
		"cut":                {`{"jsonrpc":`, 400, "not valid JSON"},
		"two":                {ping + ping, 400, "not valid JSON"},
		"not utf-8":          {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}", 400, ""},
		"a number":           {"1", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := ask(t, http.MethodPost, url, tc.body, "Mcp-Protocol-Version", "2025-03-26")
			if got.status != tc.status || !strings.Contains(got.body, tc.text) {
				t.Errorf("%d %s, want %d and %q", got.status, got.body, tc.status, tc.text)
			}
		})
	}
}

func TestChunkedBodyIsBounded(t *testing.T) {
	url, _ := endpoint(t, mcpadapt.NewServer(nil), mcpadapt.HTTPOptions{MaxBody: 100})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, struct{ *strings.Reader }{strings.NewReader(strings.Repeat(" ", 5000))})
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = -1
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
}

// TestDisconnectCancels hangs up while a modern call waits for its backend.
func TestDisconnectCancels(t *testing.T) {
	reached, ended := make(chan struct{}), make(chan error, 1)
	url, _ := endpoint(t, mail(t, mailbox{account: "demo", gate: func(ctx context.Context) error {
		close(reached)
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}}), mcpadapt.HTTPOptions{Verify: tokens})
	body, header := modernCall("list_notes")
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, url, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	req.Header.Set("Authorization", "Bearer reads")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	<-reached
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the backend saw %v", err)
	}
}

func TestCancelOverHTTP(t *testing.T) {
	for _, era := range eras {
		t.Run(era.name, func(t *testing.T) {
			reached, ended := make(chan struct{}), make(chan error, 1)
			url, _ := endpoint(t, mail(t, mailbox{account: "demo", gate: func(ctx context.Context) error {
				close(reached)
				<-ctx.Done()
				ended <- ctx.Err()
				return ctx.Err()
			}}), mcpadapt.HTTPOptions{Verify: tokens})
			cs, _ := dial(t, url, era.version, "reads")
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
		})
	}
}

func TestIdleSessionsEnd(t *testing.T) {
	s := mail(t, mailbox{account: "demo"})
	url, _ := endpoint(t, s, mcpadapt.HTTPOptions{Verify: tokens, SessionTimeout: 20 * time.Millisecond})
	dial(t, url, "2025-11-25", "reads")
	for ss := range s.Sessions() {
		_ = ss.Wait() // for ever, if it did not end
	}
}

func TestSessionsAreBounded(t *testing.T) {
	url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens, MaxSessions: 2})
	var ids []string
	for _, want := range []int{200, 200, 503} {
		got := ask(t, http.MethodPost, url, initializeCall, "Authorization", "Bearer reads")
		if got.status != want {
			t.Errorf("status %d, want %d", got.status, want)
		}
		ids = append(ids, got.header.Get("Mcp-Session-Id"))
	}
	if got := ask(t, http.MethodDelete, url, "", "Authorization", "Bearer reads", "Mcp-Session-Id", ids[0]); got.status != 204 {
		t.Errorf("delete: %d", got.status)
	}
	if got := ask(t, http.MethodPost, url, initializeCall, "Authorization", "Bearer reads"); got.status != 200 {
		t.Errorf("after one ended: %d", got.status)
	}
}

func TestModernRequestsLeaveNoSession(t *testing.T) {
	s := mail(t, mailbox{account: "demo"})
	url, _ := endpoint(t, s, mcpadapt.HTTPOptions{Verify: tokens})
	for range 5 {
		dial(t, url, "2026-07-28", "reads")
	}
	ask(t, http.MethodPost, url, `{"jsonrpc":"2.0","id":1,"method":"server/discover"}`, "Authorization", "Bearer reads")
	for ss := range s.Sessions() {
		if ss.ID() != "" {
			t.Errorf("session %q is left", ss.ID())
		}
		_ = ss.Wait() // ends with its request
	}
}

// TestCloseEndsStreams closes while a client listens for what may change.
func TestCloseEndsStreams(t *testing.T) {
	for _, era := range eras {
		t.Run(era.name, func(t *testing.T) {
			url, h := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // a stream that stays fails, not hangs
			defer cancel()
			var req *http.Request
			var err error
			if era.name == "modern" {
				req, err = http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(
					`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{`+modernMeta+`,"notifications":{"toolsListChanged":true}}}`))
			} else {
				req, err = http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			if era.name == "modern" {
				req.Header.Set("Mcp-Method", "subscriptions/listen")
			} else {
				began := ask(t, http.MethodPost, url, initializeCall, "Authorization", "Bearer reads")
				req.Header.Set("Mcp-Session-Id", began.header.Get("Mcp-Session-Id"))
			}
			req.Header.Set("Mcp-Protocol-Version", era.version)
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", "application/json, text/event-stream")
			req.Header.Set("Authorization", "Bearer reads")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != http.StatusOK {
				t.Fatalf("listen: %s", res.Status)
			}
			for range 2 {
				if err := h.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				t.Errorf("the stream did not end: %v", err)
			}
			if got := ask(t, http.MethodPost, url, initializeCall, "Authorization", "Bearer reads"); got.status != 503 {
				t.Errorf("after Close: %d", got.status)
			}
		})
	}
}

const initializeCall = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`

// TestRoute tells by the answer which of the two handlers a request reached:
// each knows another fault in half a modern request.
func TestRoute(t *testing.T) {
	url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens})
	const withMeta, without = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + modernMeta + `}}`, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	for name, tc := range map[string]struct {
		body, version, want string
	}{
		"meta alone":      {withMeta, "", "-32020"},
		"meta, old":       {withMeta, "2025-11-25", "-32020"},
		"version alone":   {without, "2026-07-28", "-32602"},
		"unknown version": {strings.ReplaceAll(withMeta, "2026-07-28", "2031-01-01"), "2031-01-01", "-32022"},
		"neither":         {without, "", "initialization"},
		"old version":     {without, "2025-11-25", "initialization"},
		"nonsense":        {without, "1999", "Unsupported protocol version"},
	} {
		header := []string{"Authorization", "Bearer reads", "Mcp-Method", "tools/list"}
		if tc.version != "" {
			header = append(header, "Mcp-Protocol-Version", tc.version)
		}
		if got := ask(t, http.MethodPost, url, tc.body, header...); !strings.Contains(got.body, tc.want) {
			t.Errorf("%s: %d %s, want %s", name, got.status, got.body, tc.want)
		}
	}
}

// TestBehindAProxyOnThisMachine comes over loopback with the public name.
func TestBehindAProxyOnThisMachine(t *testing.T) {
	url, _ := endpoint(t, mail(t, mailbox{account: "demo"}), mcpadapt.HTTPOptions{Verify: tokens, Hosts: []string{"mail.example.org"}})
	body, header := modernCall("list_notes")
	header = append(header, "Authorization", "Bearer reads")
	if got := ask(t, http.MethodPost, url, body, append(header, "Host", "mail.example.org")...); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := ask(t, http.MethodPost, url, body, header...); got.status != 403 {
		t.Errorf("by the address itself: %d", got.status)
	}
}
