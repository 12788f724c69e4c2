package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/postern-mail/postern/internal/leakcheck"
)

func clientEnv() env {
	return env{"IMAP_OAUTH_CLIENT_ID": "client-1", "IMAP_OAUTH_CLIENT_SECRET": "secret-1", "IMAP_USER": "ann@example.org", "MAIL_STATE_KEY": stateKeyOne}
}

// loggingIn is mailmcp login under way.
type loggingIn struct {
	stdout, stderr lockedBuffer
	ended          chan int
	cancel         context.CancelFunc
}

func startLogin(t *testing.T, presets presetFinder, e env, args ...string) *loggingIn {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &loggingIn{ended: make(chan int, 1), cancel: cancel}
	go func() {
		l.ended <- run(ctx, process{
			args: append([]string{"login"}, args...), getenv: e.get, stdin: io.NopCloser(strings.NewReader("")),
			stdout: &l.stdout, stderr: &l.stderr, presets: presets,
		})
	}()
	t.Cleanup(cancel)
	return l
}

// address waits for the address to open.
func (l *loggingIn) address(t *testing.T) string {
	t.Helper()
	return waitFor(t, func() string { return found(l.stderr.String()) }, func() bool { return len(l.ended) > 0 })
}

var addressToOpen = regexp.MustCompile(`(?m)^  (https?://\S+)\n`)

func found(text string) string {
	if m := addressToOpen.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// waitFor polls for a text that another goroutine or process writes.
func waitFor(t *testing.T, get func() string, ended func() bool) string {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(within); time.Now().Before(deadline); <-tick.C {
		over := ended()
		if text := get(); text != "" {
			return text
		}
		if over {
			break
		}
	}
	t.Fatal("what was waited for did not come")
	return ""
}

// end waits for the command and checks its status and that stdout stayed empty.
func (l *loggingIn) end(t *testing.T, want int) string {
	t.Helper()
	select {
	case status := <-l.ended:
		if status != want || l.stdout.String() != "" {
			t.Errorf("status %d, stdout %q, stderr %q; want %d and nothing on stdout", status, l.stdout.String(), l.stderr.String(), want)
		}
	case <-time.After(within):
		t.Fatal("it does not end")
	}
	return l.stderr.String()
}

// browse opens an address as a browser does and returns the page.
func browse(t *testing.T, address string) (status int, text string, header http.Header) {
	t.Helper()
	client := &http.Client{Timeout: within, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

func loginArgs(file string, more ...string) []string {
	return append([]string{"-preset", "gmail", "-state", file}, more...)
}

func keptLogin(t *testing.T, file, account string) (login, error) {
	t.Helper()
	st := opened(t, file, stateKeyOne)
	defer st.Close()
	l, _, err := st.login(t.Context(), account)
	return l, err
}

func TestLoginByBrowser(t *testing.T) {
	leakcheck.Check(t)
	auth := newAuthServer(t)
	file := stateName(t)
	l := startLogin(t, auth.presets(), clientEnv(), loginArgs(file, "-account", "work")...)
	status, text, header := browse(t, l.address(t))
	if status != http.StatusOK || !strings.Contains(text, "You are logged in") {
		t.Errorf("the page: %d %s", status, text)
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	said := l.end(t, 0)
	if !strings.Contains(said, "Logged in as ann@example.org") || !strings.Contains(said, "account work") {
		t.Errorf("it said %q", said)
	}
	got, err := keptLogin(t, file, "work")
	want := login{Preset: "gmail", User: "ann@example.org", ClientID: "client-1", ClientSecret: "secret-1", RefreshToken: "refresh-2"}
	if err != nil || got != want {
		t.Errorf("kept %+v, %v; want %+v", got, err, want)
	}
	for _, secret := range []string{"refresh-2", "access-2", "code-1", "secret-1"} {
		if strings.Contains(said, secret) {
			t.Errorf("%q in %q", secret, said)
		}
	}
	if got := auth.authorize.Get("login_hint"); got != "ann@example.org" || auth.authorize.Get("access_type") != "offline" {
		t.Errorf("asked with %v", auth.authorize)
	}
}

// What any page could send the browser to does not end the login, nor get
// anything out of it.
func TestStrangersAtTheLandingPage(t *testing.T) {
	leakcheck.Check(t)
	auth := newAuthServer(t)
	file := stateName(t)
	l := startLogin(t, auth.presets(), clientEnv(), loginArgs(file)...)
	open := l.address(t)
	asked, err := url.Parse(open)
	if err != nil {
		t.Fatal(err)
	}
	back, state := asked.Query().Get("redirect_uri"), asked.Query().Get("state")
	for name, tc := range map[string]struct {
		method, path, host string
		want               int
	}{
		"no state":          {"GET", "/?code=stolen", "", 400},
		"another state":     {"GET", "/?code=stolen&state=" + strings.Repeat("A", len(state)), "", 400},
		"state twice":       {"GET", "/?code=stolen&state=" + state + "&state=" + state, "", 400},
		"code twice":        {"GET", "/?code=a&code=b&state=" + state, "", 400},
		"garbled":           {"GET", "/?code=%zz&state=" + state, "", 400},
		"error, no state":   {"GET", "/?error=access_denied", "", 400},
		"another path":      {"GET", "/favicon.ico", "", 404},
		"another method":    {"POST", "/?code=x&state=" + state, "", 404},
		"another name here": {"GET", "/?code=x&state=" + state, "rebound.example.org", 421},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tc.method, back+tc.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = tc.host
			resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tc.want {
				t.Errorf("status %d, want %d", resp.StatusCode, tc.want)
			}
		})
	}
	if len(l.ended) > 0 {
		t.Fatalf("it ended: %s", l.stderr.String())
	}
	if auth.requests("") != 0 {
		t.Errorf("%d token requests", auth.requests(""))
	}
	if status, text, _ := browse(t, open); status != http.StatusOK {
		t.Errorf("the right answer: %d %s", status, text)
	}
	l.end(t, 0)
}

// What goes wrong with the right state ends the login with the server's words
// and keeps nothing.
func TestRefusedLogin(t *testing.T) {
	answers := func(status int, contentType, body string) func(*authServer) {
		return func(s *authServer) {
			s.broken = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", contentType)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			}
		}
	}
	for name, tc := range map[string]struct {
		server func(*authServer)
		env    []string
		says   string
	}{
		"the owner says no": {func(s *authServer) {
			s.redirect = func(q url.Values) {
				q.Del("code")
				q.Set("error", "access_denied")
				q.Set("error_description", "The \x1b[31mowner\u202e\r\ndid not <b>consent</b>.")
			}
		}, nil, "the authorization server says access_denied: The [31mowner did not <b>consent</b>.\n"},
		"another issuer": {func(s *authServer) {
			s.redirect = func(q url.Values) { q.Set("iss", "https://evil.example.net/\nx") }
		}, nil, "another authorization server: https://evil.example.net/ x\n"},
		"an issuer like it": {func(s *authServer) {
			s.redirect = func(q url.Values) { q.Set("iss", s.URL+"/one/two/v2") }
		}, nil, "another authorization server"},
		"an error that repeats": {func(s *authServer) {
			s.broken = func(w http.ResponseWriter, r *http.Request) {
				refuse(w, "invalid_grant", r.FormValue("code")+" "+r.FormValue("code_verifier")+" "+r.FormValue("client_secret"))
			}
		}, nil, "says invalid_grant: [secret] [secret] [secret]\n"},
		"a header that is none": {func(s *authServer) {
			s.broken = func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					panic(err)
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nsays\x1b[2J\u202e\u009bsecret-1\r\n\r\n")
				conn.Close()
			}
		}, nil, `\u009b[secret]`},
		"no code": {func(s *authServer) {
			s.redirect = func(q url.Values) { q.Del("code") }
		}, nil, "sent no code"},
		"another code": {func(s *authServer) {
			s.redirect = func(q url.Values) { q.Set("code", "code-9") }
		}, nil, "says invalid_grant: the code or what goes with it is wrong"},
		"wrong secret": {nil, []string{"IMAP_OAUTH_CLIENT_SECRET", "secret-2"}, "says invalid_client: who is that?"},
		"no refresh token": {answers(200, "application/json", `{"access_token":"access-1","token_type":"Bearer","expires_in":60}`),
			nil, "gave no refresh token"},
		"no token":      {answers(200, "application/json", `{}`), nil, "missing access_token"},
		"an error page": {answers(503, "text/html", "<h1>secret-1 is busy</h1>"), nil, "failed with HTTP status 503"},
		"a login page":  {answers(200, "text/html", "<h1>hello</h1>"), nil, "login: "},
		"a redirect":    {answers(307, "text/plain", "x"), nil, "HTTP status 307"},
		"a flood":       {answers(200, "application/json", `{"access_token":"`+strings.Repeat("x", 1<<20)+`"}`), nil, "login: "},
		"a flood of words": {answers(400, "application/json", `{"error":"invalid_grant","error_description":"`+strings.Repeat("words ", 9999)+`"}`),
			nil, "words words..."},
	} {
		t.Run(name, func(t *testing.T) {
			leakcheck.Check(t)
			auth := newAuthServer(t)
			if tc.server != nil {
				tc.server(auth)
			}
			file := stateName(t)
			l := startLogin(t, auth.presets(), clientEnv().with(tc.env...), loginArgs(file)...)
			if status, text, _ := browse(t, l.address(t)); status != http.StatusBadRequest || !strings.Contains(text, "The login failed: the terminal says why") {
				t.Errorf("the page: %d %s", status, text)
			}
			said := l.end(t, 1)
			last := said[strings.Index(said, "mailmcp: "):]
			if !strings.Contains(last, tc.says) || strings.Count(last, "\n") != 1 || len(last) > 500 || strings.Contains(last, "secret-") || strings.Contains(last, "access-") {
				t.Errorf("it said %q, want one line with %q and no secret", last, tc.says)
			}
			if _, err := keptLogin(t, file, "imap"); !errors.Is(err, errNoLogin) {
				t.Errorf("kept: %v", err)
			}
		})
	}
}

// A login that fails leaves the one before alone.
func TestFailedLoginKeepsTheOldOne(t *testing.T) {
	auth := newAuthServer(t)
	file := stateName(t)
	st := opened(t, file, stateKeyOne)
	put(t, st, "imap", aLogin("old"))
	st.Close()
	l := startLogin(t, auth.presets(), clientEnv(), loginArgs(file)...)
	l.address(t)
	l.cancel()
	if said := l.end(t, 1); !strings.Contains(said, "interrupted: nothing was kept") {
		t.Errorf("it said %q", said)
	}
	if got, err := keptLogin(t, file, "imap"); err != nil || got.RefreshToken != "old" {
		t.Errorf("kept %q, %v", got.RefreshToken, err)
	}
}

// Bad settings end the command before anybody is asked for anything.
func TestLoginSettings(t *testing.T) {
	file := stateName(t)
	for name, tc := range map[string]struct {
		set  []string
		args []string
		want []string
	}{
		"no preset":          {nil, []string{"-state", file}, []string{"-preset", "gmail, microsoft or outlook"}},
		"unknown preset":     {nil, []string{"-preset", "aol", "-state", file}, []string{"-preset", `"aol"`, "gmail, microsoft or outlook"}},
		"no state":           {nil, []string{"-preset", "gmail"}, []string{"-state", "is missing"}},
		"no client":          {[]string{"IMAP_OAUTH_CLIENT_ID", ""}, loginArgs(file), []string{"IMAP_OAUTH_CLIENT_ID", "is missing", "register"}},
		"no user":            {[]string{"IMAP_USER", ""}, loginArgs(file), []string{"-user", "IMAP_USER"}},
		"user is no address": {nil, loginArgs(file, "-user", "ann"), []string{"-user", `"ann"`, "no address"}},
		"user with a name":   {nil, loginArgs(file, "-user", "Ann Lee <ann@example.org>"), []string{"-user", "no address"}},
		"user with line end": {nil, loginArgs(file, "-user", "ann\nbob"), []string{"-user", "no address"}},
		"account":            {nil, loginArgs(file, "-account", "Work"), []string{"-account", `"Work"`, "lower-case"}},
		"account demo":       {nil, loginArgs(file, "-account", "demo"), []string{"-account", "sample mailbox"}},
		"key":                {[]string{"MAIL_STATE_KEY", "secret-1"}, loginArgs(file), []string{"MAIL_STATE_KEY", "64 hex digits"}},
		"no folder":          {nil, loginArgs(file + ".no/state"), []string{"-state", "no such file"}},
		"flag of serving":    {nil, loginArgs(file, "-http", "x"), []string{"command line", "login", "-http"}},
		"argument":           {nil, loginArgs(file, "now"), []string{"command line", "login", `"now"`}},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := once(t, clientEnv().with(tc.set...), append([]string{"login"}, tc.args...)...)
			if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 {
				t.Errorf("status %d, stdout %q, stderr %q; want 1 and one line", status, stdout, stderr)
			}
			for _, want := range tc.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q does not say %q", stderr, want)
				}
			}
			if strings.Contains(stderr, "secret-1") {
				t.Errorf("a secret in %q", stderr)
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("it made a file")
			}
		})
	}
}

func TestLoginHelp(t *testing.T) {
	if status, stdout, stderr := once(t, env{}, "login", "-h"); status != 0 || stdout != "" || stderr != usage {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
}

func TestIssuer(t *testing.T) {
	for name, tc := range map[string]struct {
		issuer, iss string
		want        bool
	}{
		"one":                 {"https://a.example.org", "https://a.example.org", true},
		"slash":               {"https://a.example.org", "https://a.example.org/", false},
		"capitals":            {"https://a.example.org", "https://A.example.org", false},
		"any tenant":          {"https://a.example.org/{tenant}/v2.0", "https://a.example.org/9188040d-6c67/v2.0", true},
		"no tenant":           {"https://a.example.org/{tenant}/v2.0", "https://a.example.org//v2.0", false},
		"tenant with a slash": {"https://a.example.org/{tenant}/v2.0", "https://a.example.org/a/b/v2.0", false},
		"the pattern":         {"https://a.example.org/{tenant}/v2.0", "https://a.example.org/{tenant}/v2.0", false},
		"another host":        {"https://a.example.org/{tenant}/v2.0", "https://b.example.org/a/v2.0", false},
		"not known":           {"", "https://a.example.org", false},
	} {
		if got := (preset{issuer: tc.issuer}).issued(tc.iss); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
