package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"
)

// The command prints the code, waits while the owner types it, and keeps what
// it gets.
func TestLoginByDevice(t *testing.T) {
	auth := newAuthServer(t)
	auth.polls = []string{"authorization_pending"}
	file := stateName(t)
	l := startLogin(t, auth.presets(), clientEnv(), "-preset", "microsoft", "-state", file, "-device", "-user", "bob@example.org")
	if got, want := l.address(t), auth.URL+"/enter"; got != want {
		t.Errorf("to open: %s, want %s", got, want)
	}
	if said := l.end(t, 0); !strings.Contains(said, "ABCD-EFGH") || strings.Contains(said, "device-1") {
		t.Errorf("it said %q", said)
	}
	got, err := keptLogin(t, file, "imap")
	if err != nil || got.RefreshToken != "refresh-1" || got.User != "bob@example.org" || got.Preset != "microsoft" {
		t.Errorf("kept %+v, %v", got, err)
	}
}

// What goes wrong ends the login with the server's words.
func TestRefusedDevice(t *testing.T) {
	for name, tc := range map[string]struct {
		server func(*authServer)
		says   string
	}{
		"the owner says no": {func(s *authServer) { s.polls = []string{"access_denied"} }, "says access_denied: as the test says"},
		"expired":           {func(s *authServer) { s.polls = []string{"expired_token"} }, "says expired_token"},
		"no code":           {func(s *authServer) { s.device = func(a map[string]any) { delete(a, "user_code") } }, "gave no code"},
		"a long code": {func(s *authServer) {
			s.device = func(a map[string]any) { a["user_code"] = strings.Repeat("A", 1000) }
		}, "gave no code"},
		"null":   {answering(200, " null\n"), "gave no code"},
		"a list": {answering(200, "[]"), "cannot unmarshal array"},
		"an error that repeats": {func(s *authServer) {
			s.broken = func(w http.ResponseWriter, r *http.Request) {
				refuse(w, "expired_token", r.FormValue("device_code")+" of "+r.FormValue("client_secret"))
			}
		}, "says expired_token: [secret] of [secret]"},
		"no page": {func(s *authServer) { s.device = func(a map[string]any) { a["verification_uri"] = "" } }, "named no page"},
		"a page without TLS": {func(s *authServer) {
			s.device = func(a map[string]any) { a["verification_uri"] = "http://example.org/enter" }
		}, "named no page"},
		"a page that is none": {func(s *authServer) {
			s.device = func(a map[string]any) { a["verification_uri"] = "javascript:alert(1)" }
		}, "named no page"},
		"no device flow": {func(s *authServer) {
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, "invalid_scope", "mail\nis not allowed") })
		}, "says invalid_scope: mail is not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			auth := newAuthServer(t)
			tc.server(auth)
			file := stateName(t)
			said := startLogin(t, auth.presets(), clientEnv(), "-preset", "microsoft", "-state", file, "-device").end(t, 1)
			last := said[strings.Index(said, "mailmcp: "):]
			if !strings.Contains(last, tc.says) || strings.Count(last, "\n") != 1 {
				t.Errorf("it said %q, want one line with %q", last, tc.says)
			}
			if _, err := keptLogin(t, file, "imap"); !errors.Is(err, errNoLogin) {
				t.Errorf("kept: %v", err)
			}
		})
	}
	status, _, stderr := once(t, clientEnv(), append([]string{"login"}, loginArgs(stateName(t), "-device")...)...)
	if status != 1 || !strings.Contains(stderr, "-device: gmail gives no access to mail that way") {
		t.Errorf("gmail: status %d, stderr %q", status, stderr)
	}
}

// answering has the device endpoint answer with a body of the test's.
func answering(status int, body string) func(*authServer) {
	return func(s *authServer) {
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		})
	}
}

// A silent server does not hold up Ctrl-C, though the library asks it for a
// device code without a context.
func TestInterruptedDevice(t *testing.T) {
	silent := listenSilently(t)
	presets := func(string, string) (preset, error) { return serviceFile{Auth: "http://" + silent.addr}.preset(), nil }
	l := startLogin(t, presets, clientEnv(), loginArgs(stateName(t), "-device")...)
	<-silent.accepted
	l.cancel()
	if said := l.end(t, 1); !strings.Contains(said, "interrupted: nothing was kept") {
		t.Errorf("it said %q", said)
	}
}

// polled runs the device flow against answers of the test, in virtual time.
func polled(t *testing.T, device map[string]any, polls []string) (at []time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		mux := http.NewServeMux()
		mux.HandleFunc("/device", func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, device) })
		mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
			at = append(at, time.Since(begun))
			if n := len(at); n <= len(polls) {
				refuse(w, polls[n-1], "")
				return
			}
			reply(w, http.StatusOK, map[string]any{"access_token": "a", "refresh_token": "r"})
		})
		a := authorization{
			config: serviceFile{Auth: "http://127.0.0.1:1"}.preset().config(aLogin("")), out: io.Discard,
			keep: func(context.Context, *oauth2.Token) error { return nil },
			transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, req)
				resp := w.Result()
				resp.Body = io.NopCloser(bytes.NewReader(w.Body.Bytes()))
				return resp, nil
			}),
		}
		ctx, cancel := context.WithTimeout(t.Context(), loginWait)
		defer cancel()
		err = a.byDevice(ctx)
	})
	return at, err
}

// The pause is the server's, grows when it says slow_down (RFC 8628 section
// 3.5), and is bounded whatever it says.
func TestPolling(t *testing.T) {
	const s = time.Second
	pending := func(n int) []string { return strings.Fields(strings.Repeat("authorization_pending ", n)) }
	for name, tc := range map[string]struct {
		interval any
		polls    []string
		want     []time.Duration
	}{
		"as said":        {2, pending(2), []time.Duration{2 * s, 4 * s, 6 * s}},
		"not said":       {nil, pending(1), []time.Duration{5 * s, 10 * s}},
		"zero":           {0, nil, []time.Duration{5 * s}},
		"less than zero": {-7, nil, []time.Duration{5 * s}},
		"for ever":       {int64(1 << 60), nil, []time.Duration{60 * s}},
		"slow down":      {2, []string{"slow_down", "authorization_pending", "slow_down"}, []time.Duration{2 * s, 9 * s, 16 * s, 28 * s}},
	} {
		t.Run(name, func(t *testing.T) {
			device := map[string]any{"device_code": "d", "user_code": "u", "verification_uri": "https://example.org/enter", "expires_in": 600}
			if tc.interval != nil {
				device["interval"] = tc.interval
			}
			at, err := polled(t, device, tc.polls)
			if err != nil {
				t.Fatal(err)
			}
			if len(at) != len(tc.want) {
				t.Fatalf("polled at %v, want %v", at, tc.want)
			}
			for i := range at {
				if at[i] != tc.want[i] {
					t.Errorf("polled at %v, want %v", at, tc.want)
				}
			}
		})
	}
	for name, tc := range map[string]struct {
		lasts any
		most  time.Duration
		says  string
	}{
		"as said":  {30, 30 * s, "not entered in time"},
		"for ever": {int64(1 << 60), loginWait, ""},
		"past":     {-5, 0, "not entered in time"},
		"not said": {nil, loginWait, ""},
	} {
		t.Run("expires "+name, func(t *testing.T) {
			device := map[string]any{"device_code": "d", "user_code": "u", "verification_uri": "https://example.org/enter"}
			if tc.lasts != nil {
				device["expires_in"] = tc.lasts
			}
			at, err := polled(t, device, pending(1000))
			if err == nil || !strings.Contains(err.Error(), tc.says) || len(at) > 0 && at[len(at)-1] > tc.most {
				t.Errorf("ended with %v after %v, want the end within %v", err, at, tc.most)
			}
		})
	}
}
