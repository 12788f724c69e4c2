package submission_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/internal/submission"
)

// b64 is what a SASL message looks like on the wire; "^" stands for control A.
func b64(s string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(s, "^", "\x01")))
}

// sessions starts one scripted server per session and returns options whose
// first connection goes to the first of them, the second to the second.
func sessions(t *testing.T, all ...[]step) (opt submission.Options, dialled *int) {
	var addrs []string
	for _, steps := range all {
		addrs = append(addrs, script(t, steps...).addr)
	}
	dialled = new(int)
	opt = clear("127.0.0.1:587")
	opt.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		*dialled++
		if *dialled > len(addrs) {
			return nil, errors.New("one connection too many")
		}
		return new(net.Dialer).DialContext(ctx, network, addrs[*dialled-1])
	}
	return opt, dialled
}

func TestToken(t *testing.T) {
	xoauth2 := func(token string, more ...step) []step {
		return append(append(ehlo("AUTH XOAUTH2 PLAIN"), step{want: "AUTH XOAUTH2 " + b64("user=ann^auth=Bearer "+token+"^^")}), more...)
	}
	bearer := func(token string, more ...step) []step {
		return append(append(ehlo("AUTH XOAUTH2 OAUTHBEARER"),
			step{want: "AUTH OAUTHBEARER " + b64("n,a=ann,^host=127.0.0.1^port=587^auth=Bearer "+token+"^^")}), more...)
	}
	says := func(answer string) step { return step{answer: answer} }
	refusal := func(reply string) []step {
		return []step{
			says("334 " + b64(`{"status":"401","schemes":"bearer","scope":"mail"}`)), {want: reply},
			says("535 5.7.8 not accepted"), {want: "*", answer: "500 what"},
		}
	}
	sent := append([]step{says("235 in")}, upTo("none")[2:]...)
	tests := []struct {
		name     string
		give     []string // tokens in turn
		sessions [][]step
		refused  []string // what Token was called with
		want     error
		words    string
	}{
		{name: "xoauth2", give: []string{"t1"}, sessions: [][]step{xoauth2("t1", sent...)}, refused: []string{""}},
		{name: "oauthbearer", give: []string{"t1"}, sessions: [][]step{bearer("t1", sent...)}, refused: []string{""}},
		{name: "xoauth2 expired", give: []string{"t1", "t2"},
			sessions: [][]step{xoauth2("t1", refusal(blank)...), xoauth2("t2", sent...)}, refused: []string{"", "t1"}},
		{name: "oauthbearer expired", give: []string{"t1", "t2"},
			sessions: [][]step{bearer("t1", refusal("AQ==")...), bearer("t2", sent...)}, refused: []string{"", "t1"}},
		{name: "refused twice", give: []string{"t1", "t2"},
			sessions: [][]step{xoauth2("t1", refusal(blank)...), xoauth2("t2", refusal(blank)...)}, refused: []string{"", "t1"},
			want: submission.Unauthenticated, words: "535 5.7.8 not accepted: the access token is refused (the server's status is 401)"},
		{name: "no other token", give: []string{"t1", "t1"}, sessions: [][]step{xoauth2("t1", says("535 no"), step{want: "*", answer: "500 what"})},
			refused: []string{"", "t1"}, want: submission.Unauthenticated, words: "the access token is refused"},
		{name: "not now", give: []string{"t1"}, sessions: [][]step{xoauth2("t1", says("454 4.7.0 later"))}, refused: []string{""}, want: submission.Temporary, words: "later"},
		{name: "lost", give: []string{"t1"}, sessions: [][]step{xoauth2("t1")}, refused: []string{""}, want: submission.Unavailable},
		{name: "asks without end", give: []string{"t1", "t1"}, sessions: [][]step{xoauth2("t1", says("334 "), step{want: blank, answer: "334 "}, step{want: "*", answer: "501 ok"})},
			refused: []string{"", "t1"}, want: submission.Unauthenticated},
		{name: "no mechanism", give: []string{"t1"}, sessions: [][]step{ehlo("AUTH PLAIN LOGIN")}, refused: []string{""}, want: submission.Unsupported, words: "access token"},
		{name: "no token", give: []string{""}, refused: []string{""}, want: submission.Unauthenticated},
		{name: "token and a command", give: []string{"t1\r\nRSET"}, refused: []string{""}, want: submission.Unauthenticated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			leakcheck.Check(t)
			opt, dialled := sessions(t, tt.sessions...)
			var refused []string
			opt.Username = "ann"
			opt.Token = func(_ context.Context, r string) (string, error) {
				refused = append(refused, r)
				return tt.give[len(refused)-1], nil
			}
			result, err := submission.Send(t.Context(), opt, envelope("bob@test.invalid"), []byte(message))
			if !errors.Is(err, tt.want) || err == nil && len(result.Accepted) != 1 {
				t.Fatalf("got %+v, %v, want %v", result, err, tt.want)
			}
			if err != nil && (!strings.Contains(err.Error(), tt.words) || strings.Contains(err.Error(), "t1") || strings.Contains(err.Error(), "t2")) {
				t.Errorf("error %q, want %q in it and no token", err, tt.words)
			}
			if diff := cmp.Diff(tt.refused, refused); diff != "" {
				t.Errorf("Token was called with other arguments (-want +got):\n%s", diff)
			}
			if *dialled != len(tt.sessions) {
				t.Errorf("%d connections, want %d", *dialled, len(tt.sessions))
			}
		})
	}
}

func TestTokenFunctionFails(t *testing.T) {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name      string
		err, want error
	}{
		{"sign in", fmt.Errorf("revoked: %w", submission.Unauthenticated), submission.Unauthenticated},
		{"no network", errors.New("no route"), submission.Unavailable},
		{"a timeout of its own", over.Err(), submission.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opt, dialled := sessions(t)
			opt.Username, opt.Token = "ann", func(context.Context, string) (string, error) { return "", tt.err }
			_, err := submission.Send(t.Context(), opt, envelope("bob@test.invalid"), []byte(message))
			if !errors.Is(err, tt.want) || errors.Is(err, context.Canceled) || *dialled != 0 {
				t.Errorf("got %v after %d connections, want %v", err, *dialled, tt.want)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		opt, _ := sessions(t)
		opt.Username, opt.Token = "ann", func(ctx context.Context, _ string) (string, error) { cancel(); return "", ctx.Err() }
		_, err := submission.Send(ctx, opt, envelope("bob@test.invalid"), []byte(message))
		if err != context.Canceled { //nolint:errorlint // it has to be bare
			t.Errorf("got %v", err)
		}
	})
}

// TestScramWithoutProof: a server that does not know the password is no server.
func TestScramWithoutProof(t *testing.T) {
	first := "r=other,s=AAAA,i=4096"
	for name, steps := range map[string][]step{
		"accepted without a signature": {{want: "AUTH SCRAM-SHA-256 ", answer: "235 come in"}},
		"another's nonce":              {{want: "AUTH SCRAM-SHA-256 ", answer: "334 " + b64(first)}, {want: "*", answer: "501 ok"}},
	} {
		t.Run(name, func(t *testing.T) {
			leakcheck.Check(t)
			opt, _ := sessions(t, append(ehlo("AUTH PLAIN SCRAM-SHA-256"), steps...))
			opt.Username, opt.Password = "ann", "open sesame"
			_, err := submission.Send(t.Context(), opt, envelope("bob@test.invalid"), []byte(message))
			if !errors.Is(err, submission.Unauthenticated) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestSlowLogin: a byte a second ends the login in time, by the clock of a bubble.
func TestSlowLogin(t *testing.T) {
	trickle := func(c net.Conn) {
		for _, b := range []byte(strings.Repeat("334-", 100)) {
			if _, err := c.Write([]byte{b}); err != nil {
				return
			}
			<-time.After(time.Second)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		var s scripted
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer server.Close()
			s.play(t, server, append(ehlo("AUTH PLAIN"), step{want: "AUTH PLAIN", do: trickle}))
		}()
		opt := clear("127.0.0.1:587")
		opt.Username, opt.Password, opt.Progress = "ann", "open sesame", 30*time.Second
		opt.Dial = func(context.Context, string, string) (net.Conn, error) { return client, nil }
		begun := time.Now()
		_, err := submission.Send(t.Context(), opt, envelope("bob@test.invalid"), []byte(message))
		if !errors.Is(err, submission.Unavailable) || !strings.Contains(err.Error(), "did not end within 1m0s") || time.Since(begun) != time.Minute {
			t.Errorf("after %v: %v", time.Since(begun), err)
		}
		<-done
	})
}
