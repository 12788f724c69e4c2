package imapx

import (
	"context"
	"errors"
	"sync"

	"github.com/postern-mail/postern/internal/mechanism"
)

// refusedToken remembers the token a server refused last: like a wrong
// password it is not sent again, in later logins either.
type refusedToken struct {
	mu    sync.Mutex
	token string
}

func (r *refusedToken) is(token string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return token == r.token
}

func (r *refusedToken) set(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token = token
}

// dialWithToken logs in with an access token, and once more with another one
// when the server refuses the first, on a new connection: a failed exchange is
// never carried on.
func dialWithToken(ctx context.Context, o Options, refused *refusedToken) (*session, error) {
	token, err := askToken(ctx, o, "")
	if err != nil {
		return nil, err
	}
	var answer error
	if !refused.is(token) {
		var s *session
		if s, answer = dialOnce(ctx, o, token); !tokenRefused(answer) {
			return s, answer
		}
		refused.set(token)
	}
	another, err := askToken(ctx, o, token)
	if err != nil {
		return nil, err
	}
	if another == token {
		return nil, signIn(answer)
	}
	s, err := dialOnce(ctx, o, another)
	if !tokenRefused(err) {
		return s, err
	}
	refused.set(another)
	return nil, signIn(err)
}

// askToken has Token's own failures sorted: what matches Auth means that the
// owner has to sign in, all else may pass.
func askToken(ctx context.Context, o Options, refused string) (string, error) {
	const op = "token"
	token, err := o.Token(ctx, refused)
	if over := ended(ctx); over != nil {
		return "", over
	}
	switch {
	case errors.Is(err, Auth):
		return "", &Error{Op: op, Kind: Auth, Err: err}
	case isContext(err): // of the function's own: the caller still waits
		return "", &Error{Op: op, Kind: Unavailable, Err: errors.New("no access token in time")}
	case err != nil:
		return "", &Error{Op: op, Kind: Unavailable, Err: err}
	}
	if err := mechanism.CheckToken(token); err != nil {
		return "", &Error{Op: op, Kind: Auth, Err: err}
	}
	return token, nil
}

// tokenRefused tells a refused token from a server that is busy, and from one
// that wants TLS first.
func tokenRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == Auth && e.Code != "PRIVACYREQUIRED"
}

// signIn says what helps when another token is no better. answer is the
// server's, nil when it was not asked.
func signIn(answer error) error {
	const advice = "the access token is refused: sign in again"
	out := Error{Op: "AUTHENTICATE", Kind: Auth, Err: errors.New(advice)}
	var e *Error
	if errors.As(answer, &e) {
		out = *e
		out.Err = errors.New(advice)
		if e.Err != nil {
			out.Err = errors.New(advice + " (" + e.Err.Error() + ")")
		}
	}
	return &out
}
