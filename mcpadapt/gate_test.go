package mcpadapt_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/postern-mail/postern/mcpadapt"
	"github.com/postern-mail/postern/scopes"
)

// gateStatus says how a request with this Host and Origin is met: 405 is past
// the gate, where a PUT is not understood.
func gateStatus(t testing.TB, opts mcpadapt.HTTPOptions, host string, origin ...string) int {
	t.Helper()
	h, err := mcpadapt.NewHTTPHandler(mcpadapt.NewServer(nil), opts)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPut, "/mcp", nil)
	r.Host = host
	for _, o := range origin {
		r.Header.Add("Origin", o)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestHosts(t *testing.T) {
	for name, tc := range map[string]struct {
		hosts []string
		pass  []string
		stop  []string
	}{
		"loopback": {nil,
			[]string{"localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8080", "127.8.9.10", "[::1]", "[::1]:8080", "[0:0:0:0:0:0:0:1]"},
			[]string{
				"", "evil.example.com", "evil.example.com:8080", "localhost.evil.example.com", "evil-localhost", "localhost.", "127.0.0.1.", "foo.localhost",
				"127.0.0.1.evil.example.com", "127-0-0-1.evil.example.com", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "0.0.0.0", "[::]", "::1",
				"[::ffff:127.0.0.1]", "[::1%25lo]", "[::1", "::1]", "[127.0.0.1]", "[localhost]", "192.0.2.1", "localhost:", "localhost:0", "localhost:65536",
				"localhost:80:80", "localhost:-1", "localhost:+80", "localhost:080", "localhost:http", "user@localhost", "localhost/x", "localhost,evil.example.com",
				" localhost", "localhost ", "localhost\x00", "local_host", "ⓛocalhost", "localhost#", "localhost?x",
			}},
		"named": {[]string{"Mail.Example.org", "mcp.example.org:8443", "2001:db8::1", "[2001:db8::2]:443", "192.0.2.1"},
			[]string{"mail.example.org", "MAIL.example.org:9", "mcp.example.org:8443", "[2001:db8::1]", "[2001:DB8:0::1]:80", "[2001:db8::2]:443", "192.0.2.1:80"},
			[]string{"localhost", "127.0.0.1", "[::1]", "mcp.example.org", "mcp.example.org:8444", "[2001:db8::2]", "[2001:db8::3]", "example.org", "a.mail.example.org", "mail.example.org.", "mail.example.orgx"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, host := range tc.pass {
				if got := gateStatus(t, mcpadapt.HTTPOptions{Hosts: tc.hosts}, host); got != http.StatusMethodNotAllowed {
					t.Errorf("%q: status %d", host, got)
				}
			}
			for _, host := range tc.stop {
				if got := gateStatus(t, mcpadapt.HTTPOptions{Hosts: tc.hosts}, host); got != http.StatusForbidden {
					t.Errorf("%q: status %d, want 403", host, got)
				}
			}
		})
	}
}

func TestOrigins(t *testing.T) {
	opts := mcpadapt.HTTPOptions{Hosts: []string{"mail.example.org", "localhost", "::1"}, Origins: []string{"https://App.Example.net", "http://localhost:3000"}}
	for _, tc := range []struct {
		host   string
		origin []string
		pass   bool
	}{
		{"mail.example.org", nil, true},
		{"mail.example.org", []string{"https://app.example.net"}, true},
		{"mail.example.org", []string{"https://app.example.net:443"}, true},
		{"mail.example.org", []string{"HTTPS://APP.example.net"}, true},
		{"mail.example.org", []string{"http://app.example.net"}, false},
		{"mail.example.org", []string{"https://app.example.net:8443"}, false},
		{"mail.example.org", []string{"https://x.app.example.net"}, false},
		{"mail.example.org", []string{"https://app.example.net.evil.example.com"}, false},
		{"mail.example.org", []string{"https://app.example.net@evil.example.com"}, false},
		{"mail.example.org", []string{"https://app.example.net/"}, false},
		{"mail.example.org", []string{"https://app.example.net", "https://app.example.net"}, false},
		{"mail.example.org", []string{"https://app.example.net https://evil.example.com"}, false},
		{"mail.example.org", []string{"https://evil.example.com"}, false},
		{"mail.example.org", []string{"null"}, false},
		{"mail.example.org", []string{""}, false},
		{"mail.example.org", []string{"file://"}, false},
		{"mail.example.org", []string{"chrome-extension://mail.example.org"}, false},
		{"mail.example.org", []string{"//mail.example.org"}, false},
		{"mail.example.org", []string{"https://mail.example.org"}, true},
		{"mail.example.org", []string{"https://mail.example.org:8443"}, false},
		{"mail.example.org:8443", []string{"https://mail.example.org:8443"}, true},
		{"mail.example.org:8443", []string{"https://mail.example.org"}, false},
		{"mail.example.org:443", []string{"https://mail.example.org"}, true},
		{"localhost:8080", []string{"http://localhost:3000"}, true},
		{"localhost:8080", []string{"http://localhost:8080"}, true},
		{"localhost:8080", []string{"http://LOCALHOST:8080"}, true},
		{"localhost:8080", []string{"http://localhost:8081"}, false},
		{"localhost:8080", []string{"http://127.0.0.1:8080"}, false},
		{"[::1]:8080", []string{"http://[::1]:8080"}, true},
		{"[::1]:8080", []string{"http://[0:0::1]:8080"}, true},
		{"[::1]:8080", []string{"http://[::1]:8081"}, false},
	} {
		want := http.StatusForbidden
		if tc.pass {
			want = http.StatusMethodNotAllowed
		}
		if got := gateStatus(t, opts, tc.host, tc.origin...); got != want {
			t.Errorf("host %q, origin %q: status %d, want %d", tc.host, tc.origin, got, want)
		}
	}
}

func TestPlainOriginIsForeignToTLS(t *testing.T) {
	h, err := mcpadapt.NewHTTPHandler(mcpadapt.NewServer(nil), mcpadapt.HTTPOptions{Hosts: []string{"mail.example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]int{"http://mail.example.org:80": 403, "http://mail.example.org": 403, "https://mail.example.org": 405} {
		r := httptest.NewRequest(http.MethodPut, "https://mail.example.org/mcp", nil) // sets r.TLS
		r.Header.Set("Origin", origin)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", origin, w.Code, want)
		}
	}
}

func TestHTTPOptionsAreChecked(t *testing.T) {
	for name, opts := range map[string]mcpadapt.HTTPOptions{
		"wildcard host":    {Hosts: []string{"*"}},
		"host with scheme": {Hosts: []string{"https://mail.example.org"}},
		"empty host":       {Hosts: []string{""}},
		"wildcard origin":  {Origins: []string{"*"}},
		"null origin":      {Origins: []string{"null"}},
		"origin with path": {Origins: []string{"https://app.example.org/"}},
		"bare origin":      {Origins: []string{"app.example.org"}},
		"quote in realm":   {Realm: `a"b`},
		"line in realm":    {Realm: "a\r\nX: y"},
		"metadata":         {ResourceMetadata: "/.well-known/oauth-protected-resource"},
		"odd metadata":     {ResourceMetadata: "https://mail.example.org/\"x"},
		"unknown scope":    {Scopes: []scopes.Scope{"mail:everything"}},
		"negative body":    {MaxBody: -1},
		"negative timeout": {SessionTimeout: -1},
		"negative number":  {MaxSessions: -1},
	} {
		if _, err := mcpadapt.NewHTTPHandler(mcpadapt.NewServer(nil), opts); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := mcpadapt.NewHTTPHandler(nil, mcpadapt.HTTPOptions{}); err == nil {
		t.Error("no server: accepted")
	}
}
