package submission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/postern-mail/postern/internal/mechanism"
)

// connectAs is connect with the password or with an access token, and on a
// refused token once more with another one, on a new connection.
func connectAs(ctx context.Context, opt *Options) (*session, error) {
	if opt.Token == nil {
		return connect(ctx, opt, "")
	}
	token, err := askToken(ctx, opt, "")
	if err != nil {
		return nil, err
	}
	s, err := connect(ctx, opt, token)
	if !errors.Is(err, Unauthenticated) {
		return s, err
	}
	another, tokenErr := askToken(ctx, opt, token)
	if tokenErr != nil {
		return nil, tokenErr
	}
	if another != token {
		if s, err = connect(ctx, opt, another); !errors.Is(err, Unauthenticated) {
			return s, err
		}
	}
	return nil, signIn(err)
}

// askToken sorts what Token fails with.
func askToken(ctx context.Context, opt *Options, refused string) (string, error) {
	token, err := opt.Token(ctx, refused)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, Unauthenticated):
		return "", &Error{Kind: Unauthenticated, Err: err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded): // the function's own: the caller still waits
		return "", &Error{Kind: Unavailable, Err: errors.New("no access token in time")}
	case err != nil:
		return "", &Error{Kind: Unavailable, Err: err}
	}
	if err := mechanism.CheckToken(token); err != nil {
		return "", &Error{Kind: Unauthenticated, Err: err}
	}
	return token, nil
}

// signIn is the end when another token is no better.
func signIn(err error) error {
	const refused = "the access token is refused"
	out := Error{Kind: Unauthenticated, Err: errors.New(refused)}
	var answer *Error
	if errors.As(err, &answer) {
		out = *answer
		out.Err = errors.New(refused)
		if answer.Err != nil {
			out.Err = errors.New(refused + " (" + answer.Err.Error() + ")")
		}
	}
	return &out
}

// loginBudget is how many times Progress a whole login may take: a server that
// sends a byte now and then would never end.
const loginBudget = 2

func (s *session) loginWithin(ctx context.Context, budget time.Duration, opt *Options, token string) error {
	within, cancel := context.WithTimeout(ctx, budget)
	defer cancel()
	stop := context.AfterFunc(within, func() { s.conn.Close() })
	err := s.login(opt, token)
	if !stop() && err == nil {
		err = within.Err()
	}
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		return fmt.Errorf("the login did not end within %v", budget)
	}
	return err
}

// login uses the token, or else the password (RFC 4954).
func (s *session) login(opt *Options, token string) error {
	switch {
	case opt.Username == "":
		return nil
	case token != "":
		return s.bearer(opt, token)
	}
	if s.client.SupportsAuth(mechanism.ScramSHA256) {
		// A name or password that it cannot carry goes the old way.
		if client, ok := mechanism.NewScram(opt.Username, opt.Password); ok {
			return s.scram(client)
		}
	}
	var client sasl.Client
	switch {
	case s.client.SupportsAuth(sasl.Plain):
		client = sasl.NewPlainClient("", opt.Username, opt.Password)
	case s.client.SupportsAuth(sasl.Login):
		client = sasl.NewLoginClient(opt.Username, opt.Password)
	default:
		return &Error{Kind: Unsupported, Err: errors.New("server offers no login with a password")}
	}
	return loginError(s.client.Auth(client))
}

func (s *session) scram(client *mechanism.Scram) error {
	err := s.client.Auth(client)
	if err == nil && !client.Verified() {
		err = mechanism.ErrImpostor
	}
	return loginError(err)
}

// bearer always sends the token with AUTH: RFC 4954 section 4 asks for a line of
// its own when that makes the command long, but what Google and Microsoft
// document is this, whatever the length.
func (s *session) bearer(opt *Options, token string) error {
	client, ok := mechanism.NewBearer(opt.Username, token, opt.Addr, s.client.SupportsAuth)
	if !ok {
		return &Error{Kind: Unsupported, Err: errors.New("server offers no login with an access token")}
	}
	err := loginError(s.client.Auth(client))
	var e *Error
	if status := client.Refusal(); status != nil && errors.As(err, &e) {
		e.Err = status
	}
	return err
}

func loginError(err error) error {
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return fromLogin(reply)
	}
	var fault mechanism.Fault
	if errors.As(err, &fault) {
		return &Error{Kind: Unauthenticated, Err: err}
	}
	return err
}
