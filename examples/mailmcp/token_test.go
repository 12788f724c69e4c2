package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/provider"
)

func (s *authServer) tokens(t *testing.T, file string) *tokens {
	t.Helper()
	tokens := newTokens(opened(t, file, stateKeyOne), account{id: "imap"}, s.presets())
	t.Cleanup(func() { tokens.Close() })
	return tokens
}

func newLogin(t *testing.T, s *authServer) (file string) {
	t.Helper()
	file = stateName(t)
	s.issue("refresh-0")
	put(t, opened(t, file, stateKeyOne), "imap", aLogin("refresh-0"))
	return file
}

func get(t *testing.T, tokens *tokens, refused string) string {
	t.Helper()
	access, err := tokens.token(t.Context(), refused)
	if err != nil {
		t.Fatal(err)
	}
	return access
}

// A token is asked for when there is none, when it is about to end, and when
// the mail server refused it; else the last one is given again.
func TestWhenATokenIsRenewed(t *testing.T) {
	for name, tc := range map[string]struct {
		lifetime int
		want     int // requests of: twice, then refused, then an older one refused
	}{
		"lasts":            {3600, 2},
		"lasts for ever":   {0, 2},
		"about to end":     {10, 4},
		"ends in the past": {-5, 4},
	} {
		t.Run(name, func(t *testing.T) {
			auth := newAuthServer(t)
			auth.lifetime = tc.lifetime
			tokens := auth.tokens(t, newLogin(t, auth))
			get(t, tokens, "")
			first := get(t, tokens, "")
			if second := get(t, tokens, first); second == first {
				t.Error("the refused token was given again")
			}
			get(t, tokens, first)
			if n := auth.requests("refresh_token"); n != tc.want {
				t.Errorf("%d requests, want %d", n, tc.want)
			}
		})
	}
}

// Callers that come at once share one renewal.
func TestTokenForMany(t *testing.T) {
	auth := newAuthServer(t)
	auth.rotate = true
	tokens := auth.tokens(t, newLogin(t, auth))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := tokens.token(context.Background(), ""); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := auth.requests("refresh_token"); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// Processes that share a file, on a server where a refresh token works once:
// none is lost, however they come between each other.
func TestRotationByMany(t *testing.T) {
	auth := newAuthServer(t)
	auth.rotate, auth.lifetime = true, -1 // renewed at every call
	file := newLogin(t, auth)
	var wg sync.WaitGroup
	for range 4 {
		tokens := auth.tokens(t, file)
		wg.Go(func() {
			for range 10 {
				if _, err := tokens.token(context.Background(), ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	l, err := keptLogin(t, file, "imap")
	if err != nil || !slices.Equal(auth.goodRefresh(), []string{l.RefreshToken}) {
		t.Errorf("kept %q, %v; the server knows %q", l.RefreshToken, err, auth.goodRefresh())
	}
}

// A refusal that only the owner can mend matches imapx.Auth and says so; what
// may pass does not.
func TestRefusedRenewal(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*testing.T, *authServer, *tokens)
		auth   bool
		says   string
	}{
		"revoked": {func(_ *testing.T, s *authServer, _ *tokens) { s.revoke() }, true, "invalid_grant Token has been expired or revoked."},
		"wrong secret": {func(_ *testing.T, _ *authServer, x *tokens) { x.secret = "secret-2" }, true,
			"invalid_client who is that?): check its id and secret"},
		"row damaged": {func(t *testing.T, _ *authServer, x *tokens) {
			tamper(t, x.state.name, "UPDATE credentials SET sealed=x'00' WHERE account='imap'")
		}, true, "damaged"},
		"row gone": {func(t *testing.T, _ *authServer, x *tokens) {
			tamper(t, x.state.name, "DELETE FROM credentials WHERE account='imap'")
		}, true, "no login is stored"},
		"server down": {func(_ *testing.T, s *authServer, _ *tokens) { s.Close() }, false, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			auth := newAuthServer(t)
			tokens := auth.tokens(t, newLogin(t, auth))
			tc.change(t, auth, tokens)
			_, err := tokens.token(t.Context(), "")
			hint := ""
			if known := (*provider.Error)(nil); errors.As(err, &known) {
				hint = known.Hint
			}
			if err == nil || errors.Is(err, imapx.Auth) != tc.auth || strings.Contains(hint, "mailmcp login") != tc.auth || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v and %q, want %q; only the owner can mend it: %v", err, hint, tc.says, tc.auth)
			}
			if strings.Contains(fmt.Sprint(err), "refresh-0") {
				t.Errorf("a secret in %v", err)
			}
		})
	}
}

// A caller that gives up is not kept, and the renewal goes on: the server has
// taken the old refresh token and what it gives is not lost.
func TestTokenGivenUp(t *testing.T) {
	leakcheck.Check(t)
	auth := newAuthServer(t)
	auth.rotate = true
	file := newLogin(t, auth)
	arrived, goOn := make(chan struct{}), make(chan struct{})
	auth.before = func() { close(arrived); <-goOn }
	tokens := auth.tokens(t, file)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := tokens.token(ctx, "")
		ended <- err
	}()
	<-arrived
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(goOn)
	auth.before = nil
	if err := tokens.Close(); err != nil {
		t.Error(err)
	}
	if l, err := keptLogin(t, file, "imap"); err != nil || !slices.Equal(auth.goodRefresh(), []string{l.RefreshToken}) {
		t.Errorf("kept %q, %v; the server knows %q", l.RefreshToken, err, auth.goodRefresh())
	}
	if _, err := tokens.token(t.Context(), ""); err == nil {
		t.Error("it gives tokens after Close")
	}
}

// A rotated token that cannot be written is written as soon as it can be.
func TestUnstoredToken(t *testing.T) {
	auth := newAuthServer(t)
	auth.rotate, auth.lifetime = true, -1
	file := newLogin(t, auth)
	tokens := auth.tokens(t, file)
	tamper(t, file, "CREATE TRIGGER full BEFORE UPDATE ON credentials WHEN OLD.kind='oauth' BEGIN SELECT RAISE(FAIL, 'disk full'); END")
	for range 2 {
		if _, err := tokens.token(t.Context(), ""); err == nil || errors.Is(err, imapx.Auth) || !strings.Contains(err.Error(), "disk full") || strings.Contains(err.Error(), "refresh-") {
			t.Errorf("got %v", err)
		}
	}
	if n := auth.requests("refresh_token"); n != 1 {
		t.Errorf("%d requests, want 1: the next one needs a token that is not kept", n)
	}
	tamper(t, file, "DROP TRIGGER full")
	get(t, tokens, "")
	if l, err := keptLogin(t, file, "imap"); err != nil || !slices.Equal(auth.goodRefresh(), []string{l.RefreshToken}) {
		t.Errorf("kept %q, %v; the server knows %q", l.RefreshToken, err, auth.goodRefresh())
	}
}

// A lease keeps others waiting until it is given back or its holder is gone.
func TestLease(t *testing.T) {
	file := newLogin(t, newAuthServer(t))
	st, other := opened(t, file, stateKeyOne), opened(t, file, stateKeyOne)
	taken := func(st *state) bool {
		t.Helper()
		ok, err := st.takeLease(t.Context(), "imap", []byte("another"))
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	release, err := st.lease(t.Context(), "imap")
	if err != nil {
		t.Fatal(err)
	}
	if taken(other) {
		t.Error("two hold it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*leasePoll)
	defer cancel()
	if _, err := other.lease(ctx, "imap"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting ended with %v", err)
	}
	if err := release(); err != nil || !taken(other) {
		t.Errorf("given back with %v, and nobody can take it", err)
	}
	if err := release(); err != nil || taken(st) {
		t.Errorf("given back twice with %v, and another's was taken away", err)
	}
	for _, when := range []time.Duration{-leaseTime - time.Second, leaseTime + time.Minute} {
		tamper(t, file, "UPDATE credentials SET updated='"+stamp(time.Now().Add(when))+"' WHERE kind='lease'")
		if !taken(st) {
			t.Errorf("a lease of %v from now is held for ever", when)
		}
	}
}
