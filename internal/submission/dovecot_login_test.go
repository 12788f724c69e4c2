package submission_test

import (
	"context"
	"errors"
	"testing"

	"github.com/postern-mail/postern/imapx/imapxtest"
	"github.com/postern-mail/postern/internal/leakcheck"
	"github.com/postern-mail/postern/internal/submission"
)

// TestDovecotLogins has a real server check each mechanism.
func TestDovecotLogins(t *testing.T) {
	srv := imapxtest.Dovecot(t, imapxtest.Options{Mechanisms: []string{"SCRAM-SHA-256"}, Tokens: func(token string) (string, error) {
		if token == "good" {
			return "alice", nil
		}
		return "", nil
	}})
	token := func(give ...string) func(context.Context, string) (string, error) {
		return func(_ context.Context, refused string) (string, error) {
			if refused != "" {
				return give[len(give)-1], nil
			}
			return give[0], nil
		}
	}
	for _, tt := range []struct {
		name, password string
		token          func(context.Context, string) (string, error)
		want           error
	}{
		{"scram", srv.Password, nil, nil},
		{"scram, wrong password", "guess", nil, submission.Unauthenticated},
		{"token", "", token("good"), nil},
		{"token renewed", "", token("old", "good"), nil},
		{"token refused", "", token("old", "older"), submission.Unauthenticated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			leakcheck.Check(t)
			opt := secured(srv)
			opt.Password, opt.Token = tt.password, tt.token
			_, err := submission.Send(t.Context(), opt, submission.Envelope{From: srv.Address, To: []string{srv.Address}}, []byte(message))
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
