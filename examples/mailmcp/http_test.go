package main

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/internal/leakcheck"
)

// overHTTP starts the command with -http and returns its URL. When the test
// ends it is told to, and must end well.
func overHTTP(t *testing.T, e env, args ...string) string {
	t.Helper()
	url, stop := startHTTP(t, e, args...)
	t.Cleanup(func() { stop() })
	return url
}

// startHTTP starts the command with -http. stop tells it to end and waits.
func startHTTP(t *testing.T, e env, args ...string) (url string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	said := &firstLine{line: make(chan string, 1)}
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, process{args: append([]string{"-http", "127.0.0.1:0"}, args...), getenv: e.get, stderr: said})
	}()
	stop = func() {
		cancel()
		if status := <-done; status != 0 {
			t.Errorf("the command ended with status %d", status)
		}
	}
	line := <-said.line
	_, url, found := strings.Cut(strings.TrimSpace(line), "serving ")
	if !found {
		t.Fatalf("it said %q", line)
	}
	return url, stop
}

// firstLine hands on the first thing that is written.
type firstLine struct {
	line chan string
	once sync.Once
}

func (f *firstLine) Write(p []byte) (int, error) {
	f.once.Do(func() { f.line <- string(p) })
	return len(p), nil
}

// withHeader sets a header on every request.
type withHeader struct {
	name, value string
	next        http.RoundTripper
}

func (h withHeader) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(h.name, h.value)
	return h.next.RoundTrip(r)
}

// overURL is a client of a server over HTTP.
func overURL(t *testing.T, url, token string) *mcp.ClientSession {
	t.Helper()
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	var via http.RoundTripper = base
	if token != "" {
		via = withHeader{"Authorization", "Bearer " + token, base}
	}
	return handshake(t, &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: via}})
}

func TestHTTP(t *testing.T) {
	leakcheck.Check(t)
	session := overURL(t, overHTTP(t, env{}, "-methods", "read"), "")
	if got := toolNames(t, session); !slices.Contains(got, "list_messages") || slices.Contains(got, "move_message") {
		t.Errorf("tools %q", got)
	}
	if got := call(t, session, "list_folders", nil); got.isError || len(got.Rows) == 0 {
		t.Errorf("list_folders: %s", got.text)
	}
}

func TestHTTPToken(t *testing.T) {
	leakcheck.Check(t)
	url := overHTTP(t, env{"MAIL_HTTP_TOKEN": "secret-1"})
	if got := call(t, overURL(t, url, "secret-1"), "list_folders", nil); got.isError {
		t.Errorf("list_folders: %s", got.text)
	}
	for name, header := range map[string]string{
		"none": "", "another": "Bearer secret-2", "a part": "Bearer secret-", "more": "Bearer secret-1x", "empty": "Bearer ", "other scheme": "Basic secret-1",
	} {
		status, challenge := post(t, url, "", "Authorization", header)
		if status != http.StatusUnauthorized || !strings.HasPrefix(challenge, "Bearer") {
			t.Errorf("%s: status %d with challenge %q, want 401", name, status, challenge)
		}
	}
	for _, address := range []string{url, strings.TrimSuffix(url, mcpPath)} {
		if status, _ := post(t, address, "", "Authorization", "Bearer secret-1"); status != http.StatusOK {
			t.Errorf("%s with the token: status %d", address, status)
		}
		if status, _ := post(t, address, ""); status != http.StatusUnauthorized {
			t.Errorf("%s without a token: status %d", address, status)
		}
	}
}

// The end of the process ends calls and connections within the grace.
func TestHTTPEndDuringCall(t *testing.T) {
	leakcheck.Check(t)
	silent := listenSilently(t)
	url, stop := startHTTP(t, env{"IMAP_ADDR": silent.addr, "IMAP_TLS": "none", "IMAP_USER": "ann", "IMAP_PASSWORD": "x"})
	session := overURL(t, url, "")
	answered := make(chan error, 1)
	go func() {
		_, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "list_folders"})
		answered <- err
	}()
	<-silent.accepted
	begun := time.Now()
	stop()
	if took := time.Since(begun); took > 2*shutdownGrace {
		t.Errorf("ending took %v", took)
	}
	if err := <-answered; err != nil {
		t.Errorf("the call that was running got no answer: %v", err)
	}
}

// Web pages and names that somebody made point here are kept out, with a token
// and without.
func TestHTTPHostAndOrigin(t *testing.T) {
	leakcheck.Check(t)
	for _, token := range []string{"", "secret-1"} {
		url := overHTTP(t, env{"MAIL_HTTP_TOKEN": token})
		_, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(url, "http://"), mcpPath))
		if err != nil {
			t.Fatal(err)
		}
		for name, tc := range map[string]struct {
			host, origin string
			want         int
		}{
			"own":               {"", "", http.StatusOK},
			"localhost":         {"localhost:" + port, "", http.StatusOK},
			"own origin":        {"localhost:" + port, "http://localhost:" + port, http.StatusOK},
			"foreign host":      {"evil.example.com", "", http.StatusForbidden},
			"looks like it":     {"localhost.example.com:" + port, "", http.StatusForbidden},
			"foreign origin":    {"", "https://evil.example.com", http.StatusForbidden},
			"origin of nowhere": {"", "null", http.StatusForbidden},
		} {
			if status, _ := post(t, url, tc.host, "Origin", tc.origin, "Authorization", "Bearer "+token); status != tc.want {
				t.Errorf("token %q, %s: status %d, want %d", token, name, status, tc.want)
			}
		}
	}
}

// post sends a request as a client would begin, with more headers.
func post(t *testing.T, url, host string, headers ...string) (status int, challenge string) {
	t.Helper()
	const body = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for i := 0; i < len(headers); i += 2 {
		if headers[i+1] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("WWW-Authenticate")
}

func TestHostsServed(t *testing.T) {
	for addr, want := range map[string]string{"mail.example.org:8080": "mail.example.org", "0.0.0.0:8080": "localhost", "[::1]:80": "[::1]"} {
		if got := hosts(addr); !slices.Contains(got, want) || slices.Contains(got, "0.0.0.0") || slices.Contains(got, "") {
			t.Errorf("%s serves %q, want %s among them", addr, got, want)
		}
	}
}

func TestOnLoopback(t *testing.T) {
	for ip, want := range map[string]bool{"127.0.0.1": true, "127.1.2.3": true, "::1": true, "0.0.0.0": false, "::": false, "192.0.2.1": false, "": false} {
		if got := onLoopback(&net.TCPAddr{IP: net.ParseIP(ip), Port: 80}); got != want {
			t.Errorf("%q: %v, want %v", ip, got, want)
		}
	}
}
