package tokensource_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/oauth2"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/tokensource"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// server is a stand-in token endpoint with rotating refresh tokens.
type server struct {
	*httptest.Server

	mu      sync.Mutex
	n       int    // refreshes so far
	grant   string // the refresh token that counts
	keep    bool   // does not rotate
	same    bool   // gives the same access token each time
	answer  func(w http.ResponseWriter) bool
	arrived chan struct{} // when set, a request says that it is there and waits for release
	release chan struct{}
}

func start(t *testing.T) *server {
	leakcheck.Check(t)
	s := &server{grant: "refresh-0"}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.arrived != nil {
		s.arrived <- struct{}{}
		<-s.release
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	if s.answer != nil && s.answer(w) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	id, secret, _ := r.BasicAuth()
	if r.PostFormValue("grant_type") != "refresh_token" || r.PostFormValue("refresh_token") != s.grant || id != "client" || secret != "client-secret" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":"invalid_grant","error_description":"%s is void"}`, r.PostFormValue("refresh_token"))
		return
	}
	out := map[string]any{"access_token": fmt.Sprintf("access-%d", s.n), "token_type": "Bearer", "expires_in": 3600}
	if s.same {
		out["access_token"] = "access-0"
	}
	if !s.keep {
		s.grant = fmt.Sprintf("refresh-%d", s.n)
		out["refresh_token"] = s.grant
	}
	if err := json.NewEncoder(w).Encode(out); err != nil {
		panic(err)
	}
}

func (s *server) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// first is what the user granted, with an access token that lasts.
func first(lasts time.Duration) *oauth2.Token {
	return &oauth2.Token{AccessToken: "access-0", RefreshToken: "refresh-0", Expiry: time.Now().Add(lasts)}
}

func (s *server) source(t *testing.T, token *oauth2.Token, saved func(*oauth2.Token) error) *tokensource.Source {
	t.Helper()
	src, err := tokensource.New(tokensource.Options{
		Config: &oauth2.Config{ClientID: "client", ClientSecret: "client-secret", Endpoint: oauth2.Endpoint{TokenURL: s.URL, AuthStyle: oauth2.AuthStyleInHeader}},
		Token:  token, Saved: saved, Client: s.Client(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

// want asks for a token.
func want(t *testing.T, src *tokensource.Source, refused, token string) {
	t.Helper()
	got, err := src.Token(t.Context(), refused)
	if err != nil || got != token {
		t.Errorf("refused %q: got %q, %v, want %q", refused, got, err, token)
	}
}

func TestToken(t *testing.T) {
	t.Run("held while good", func(t *testing.T) {
		s := start(t)
		src := s.source(t, first(time.Hour), nil)
		want(t, src, "", "access-0")
		want(t, src, "another", "access-0")
		want(t, s.source(t, &oauth2.Token{AccessToken: "for ever"}, nil), "", "for ever")
		if s.requests() != 0 {
			t.Error("asked for nothing")
		}
	})
	t.Run("renewed when it ends soon, kept, and used again", func(t *testing.T) {
		s, kept := start(t), []string(nil)
		src := s.source(t, first(50*time.Second), func(tok *oauth2.Token) error {
			kept = append(kept, tok.AccessToken+" "+tok.RefreshToken)
			return nil
		})
		want(t, src, "", "access-1")
		want(t, src, "", "access-1")
		want(t, src, "access-1", "access-2")
		want(t, src, "access-1", "access-2") // somebody else has found out already
		if got := strings.Join(kept, ", "); got != "access-1 refresh-1, access-2 refresh-2" {
			t.Errorf("kept %s", got)
		}
	})
	t.Run("only a refresh token", func(t *testing.T) {
		s := start(t)
		want(t, s.source(t, &oauth2.Token{RefreshToken: "refresh-0"}, nil), "", "access-1")
	})
	t.Run("refresh token does not rotate", func(t *testing.T) {
		s := start(t)
		s.keep = true
		src := s.source(t, first(0), nil)
		want(t, src, "", "access-1")
		want(t, src, "access-1", "access-2")
	})
	t.Run("the server has no other", func(t *testing.T) {
		s := start(t)
		s.same = true
		want(t, s.source(t, first(time.Hour), nil), "access-0", "access-0")
		if s.requests() != 1 {
			t.Errorf("%d requests", s.requests())
		}
	})
}

func TestOneRenewalForAll(t *testing.T) {
	s := start(t)
	s.arrived, s.release = make(chan struct{}), make(chan struct{})
	src := s.source(t, first(0), nil)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			refused := ""
			if i%2 == 0 {
				refused = "access-0"
			}
			want(t, src, refused, "access-1")
		})
	}
	<-s.arrived
	close(s.release)
	wg.Wait()
	if s.requests() != 1 {
		t.Errorf("%d requests", s.requests())
	}
}

// TestCancelledCaller: it returns, and the rotated refresh token is not lost.
func TestCancelledCaller(t *testing.T) {
	s := start(t)
	s.arrived, s.release = make(chan struct{}), make(chan struct{})
	saved := make(chan string, 1)
	src := s.source(t, first(0), func(tok *oauth2.Token) error { saved <- tok.RefreshToken; return nil })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { _, err := src.Token(ctx, ""); done <- err }()
	<-s.arrived
	cancel()
	if err := <-done; err != context.Canceled { //nolint:errorlint // it has to be bare
		t.Errorf("got %v", err)
	}
	close(s.release)
	if got := <-saved; got != "refresh-1" {
		t.Errorf("kept %s", got)
	}
	want(t, src, "", "access-1")
	if s.requests() != 1 {
		t.Errorf("%d requests", s.requests())
	}
}

func TestClose(t *testing.T) {
	s := start(t)
	s.arrived, s.release = make(chan struct{}), make(chan struct{})
	src := s.source(t, first(0), nil)
	done := make(chan error)
	go func() { _, err := src.Token(t.Context(), ""); done <- err }()
	<-s.arrived
	src.Close()
	src.Close()
	if err := <-done; err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(s.release)
	if _, err := src.Token(t.Context(), ""); err == nil {
		t.Error("a closed source gave a token")
	}
}

func TestErrors(t *testing.T) {
	status := func(code int, body string) func(http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			fmt.Fprint(w, body)
			return true
		}
	}
	for _, tt := range []struct {
		name   string
		answer func(http.ResponseWriter) bool
		signIn bool
		text   string
	}{
		{"grant revoked", status(400, `{"error":"invalid_grant","error_description":"refresh-0 was revoked\u001b[2J, access-0 too, client-secret"}`), true,
			"(invalid_grant [secret] was revoked[2J, [secret] too, [secret])"},
		{"consent withdrawn", status(400, `{"error":"interaction_required"}`), true, "no longer honours the grant (interaction_required)"},
		{"wrong client", status(401, `{"error":"invalid_client","error_description":"client-secret is wrong"}`), true,
			"takes no requests of this client (invalid_client [secret] is wrong): check its id and secret"},
		{"another kind of client", status(400, `{"error":"unauthorized_client"}`), true, "(unauthorized_client): check its id and secret"},
		{"down", status(503, `<html>refresh-0</html>`), false, "HTTP status 503"},
		{"no token in it", status(200, `{"refresh_token":"refresh-9"}`), false, "no new access token"},
		{"no JSON", status(200, `refresh-0`), false, "no new access token"},
		{"elsewhere", func(w http.ResponseWriter) bool {
			w.Header().Set("Location", "https://test.invalid/")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return true
		}, false, "HTTP status 307"},
		{"endless words", status(400, `{"error":"invalid_grant","error_description":"`+strings.Repeat("x", 5000)+`"}`), true, "xxx…)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t)
			s.answer = tt.answer
			src, err := tokensource.New(tokensource.Options{
				Config: &oauth2.Config{ClientID: "client", ClientSecret: "client-secret", Endpoint: oauth2.Endpoint{TokenURL: s.URL, AuthStyle: oauth2.AuthStyleInHeader}},
				Token:  first(0),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
			_, err = src.Token(t.Context(), "")
			if err == nil || errors.Is(err, imapx.Auth) != tt.signIn || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("got %v, want %q, sign in: %v", err, tt.text, tt.signIn)
			}
			if text := err.Error(); strings.Contains(text, "refresh-") || strings.Contains(text, "access-0") || strings.Contains(text, "client-secret") || len(text) > 400 {
				t.Errorf("error %q", text)
			}
			_, again := src.Token(t.Context(), "")
			over := tt.signIn && !strings.Contains(tt.text, "client")
			if again == nil || over && s.requests() != 1 || !over && s.requests() != 2 {
				t.Errorf("%d requests, %v", s.requests(), again)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		s := start(t)
		src := s.source(t, first(0), nil)
		s.Close()
		if _, err := src.Token(t.Context(), ""); err == nil || errors.Is(err, imapx.Auth) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("over, with nothing to renew it", func(t *testing.T) {
		s := start(t)
		src := s.source(t, &oauth2.Token{AccessToken: "access-0", Expiry: time.Now()}, nil)
		if _, err := src.Token(t.Context(), ""); !errors.Is(err, imapx.Auth) {
			t.Errorf("got %v", err)
		}
	})
}

// A client of the embedder's own posts nothing secret elsewhere either, unless
// it says itself how it follows redirects.
func TestRedirectWithOwnClient(t *testing.T) {
	elsewhere := start(t)
	s := start(t)
	s.answer = func(w http.ResponseWriter) bool {
		w.Header().Set("Location", elsewhere.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
		return true
	}
	own := &http.Client{Transport: s.Client().Transport}
	source := func() *tokensource.Source {
		src, err := tokensource.New(tokensource.Options{
			Config: &oauth2.Config{ClientID: "client", ClientSecret: "client-secret", Endpoint: oauth2.Endpoint{TokenURL: s.URL, AuthStyle: oauth2.AuthStyleInHeader}},
			Token:  first(0), Client: own,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { src.Close() })
		return src
	}
	if _, err := source().Token(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "HTTP status 307") || elsewhere.requests() != 0 {
		t.Errorf("got %v, and %d requests elsewhere", err, elsewhere.requests())
	}
	if own.CheckRedirect != nil {
		t.Error("the embedder's client was changed")
	}
	asked := 0
	own.CheckRedirect = func(*http.Request, []*http.Request) error { asked++; return http.ErrUseLastResponse }
	if _, err := source().Token(t.Context(), ""); err == nil || asked != 1 {
		t.Errorf("got %v, and its own rule was asked %d times", err, asked)
	}
}

// TestNotSaved: a new refresh token that is not kept is an error until it is;
// an access token alone can be had again.
func TestNotSaved(t *testing.T) {
	s := start(t)
	full := errors.New("disk is full, refresh-1")
	src := s.source(t, first(0), func(*oauth2.Token) error { return full })
	for range 2 {
		_, err := src.Token(t.Context(), "")
		if err == nil || err.Error() != "the new token could not be kept: disk is full, [secret]" {
			t.Errorf("got %v", err)
		}
	}
	full = nil
	want(t, src, "", "access-1")
	if s.requests() != 1 {
		t.Errorf("%d requests", s.requests())
	}
	s.mu.Lock()
	s.keep, full = true, errors.New("disk is full")
	s.mu.Unlock()
	want(t, src, "access-1", "access-2")
}

// TestSilentServer: a renewal ends by itself.
func TestSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src, err := tokensource.New(tokensource.Options{
			Config: &oauth2.Config{Endpoint: oauth2.Endpoint{TokenURL: "https://test.invalid/token", AuthStyle: oauth2.AuthStyleInHeader}},
			Token:  first(0), Client: &http.Client{Transport: silent{}},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		begun := time.Now()
		_, err = src.Token(t.Context(), "")
		if err == nil || errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != 30*time.Second {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
	})
}

type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestOptions(t *testing.T) {
	config := &oauth2.Config{Endpoint: oauth2.Endpoint{TokenURL: "https://test.invalid/token"}}
	for name, opts := range map[string]tokensource.Options{
		"nothing":     {},
		"no config":   {Token: first(0)},
		"no endpoint": {Token: first(0), Config: &oauth2.Config{}},
		"no token":    {Config: config},
		"empty token": {Config: config, Token: &oauth2.Token{}},
	} {
		if _, err := tokensource.New(opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
