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

// opToken is the Op of errors that another token would mend.
const opToken = "token"

// askToken has Token's own failures sorted: what matches Auth means that the
// owner has to sign in, all else may pass.
func askToken(ctx context.Context, o Options, refused string) (string, error) {
	token, err := o.Token(ctx, refused)
	if over := ended(ctx); over != nil {
		return "", over
	}
	switch {
	case errors.Is(err, Auth):
		return "", &Error{Op: opToken, Kind: Auth, Err: err}
	case isContext(err): // of the function's own: the caller still waits
		return "", &Error{Op: opToken, Kind: Unavailable, Err: errors.New("no access token in time")}
	case err != nil:
		return "", &Error{Op: opToken, Kind: Unavailable, Err: err}
	}
	if err := mechanism.CheckToken(token); err != nil {
		return "", &Error{Op: opToken, Kind: Auth, Err: err}
	}
	return token, nil
}

// tokenRefused tells a refused token from a server that is busy, and from one
// that wants TLS first.
func tokenRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == Auth && e.Code != "PRIVACYREQUIRED"
}

// signIn is the end when another token is no better. answer is the server's,
// nil when it was not asked.
func signIn(answer error) error {
	const refused = "the access token is refused"
	out := Error{Kind: Auth, Err: errors.New(refused)}
	var e *Error
	if errors.As(answer, &e) {
		out = *e
		out.Err = errors.New(refused)
		if e.Err != nil {
			out.Err = errors.New(refused + " (" + e.Err.Error() + ")")
		}
	}
	out.Op = opToken
	return &out
}
