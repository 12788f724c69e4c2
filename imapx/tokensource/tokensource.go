// Package tokensource makes the Token function of imapx.Options from an OAuth
// client and a token that its user has granted.
//
//	source, err := tokensource.New(tokensource.Options{
//		Config: config,                  // *oauth2.Config
//		Token:  token,                   // *oauth2.Token, as it was kept last
//		Saved:  keep,                    // the next one to keep
//	})
//	defer source.Close()
//	opts.IMAP.Password, opts.IMAP.Token = "", source.Token
//
// A Source may be used by several goroutines and accounts' connections at once.
// It is apart from imapx so that imapx itself links no HTTP.
package tokensource

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

const (
	// early is how long before its end a token is renewed: a login takes that
	// long at the worst, and clocks differ.
	early = time.Minute
	// refreshTimeout bounds one request. It does not end with the caller's
	// context: the answer may hold a new refresh token, and the old one is void.
	refreshTimeout = 30 * time.Second
)

// Options describes a Source. Config and Token are required.
type Options struct {
	Config *oauth2.Config // its Endpoint.TokenURL is asked
	Token  *oauth2.Token  // with a refresh token, or good until it expires
	// Saved is called with each new token, one call at a time. When it fails and
	// the refresh token is a new one, so does Token, and the next call of Token
	// calls it again: the old refresh token may be void.
	Saved func(*oauth2.Token) error
	// Client asks. It follows no redirect unless it has a CheckRedirect: what is
	// posted is secret. It may be nil.
	Client *http.Client
}

// Source holds a token and renews it.
type Source struct {
	opts  Options
	ended context.Context //nolint:containedctx // the lifetime of the Source, not of a call
	end   context.CancelFunc
	wg    sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	token   oauth2.Token
	unsaved bool
	revoked error
	renewal *renewal // under way
}

type renewal struct {
	replaces string // the access token that is no good; "" for keeping only
	done     chan struct{}
	err      error
}

// New checks opts. It does no I/O.
func New(opts Options) (*Source, error) {
	switch {
	case opts.Config == nil || opts.Config.Endpoint.TokenURL == "":
		return nil, errors.New("tokensource: no token endpoint is given")
	case opts.Token == nil || opts.Token.AccessToken == "" && opts.Token.RefreshToken == "":
		return nil, errors.New("tokensource: no token is given")
	}
	config := *opts.Config
	opts.Config = &config
	client := http.Client{}
	if opts.Client != nil {
		client = *opts.Client
	}
	if client.CheckRedirect == nil {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	opts.Client = &client
	s := &Source{opts: opts, token: *opts.Token}
	s.ended, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Token returns an access token that is good for a minute at least and is not
// refused, renewed if need be: once for all who ask at the same time. An error
// that matches imapx.Auth says that the user has to sign in again, or that the
// client's id or secret is wrong. Errors hold no token. It returns when ctx
// ends; the renewal goes on for its next caller.
func (s *Source) Token(ctx context.Context, refused string) (string, error) {
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		token, running, err := s.current(refused)
		if running == nil {
			return token, err
		}
		select {
		case <-running.done:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		if running.err != nil {
			return "", running.err
		}
		// An endpoint may give the refused token again.
		if token := s.held(); token != refused || running.replaces == refused {
			return token, nil
		}
	}
}

func (s *Source) held() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token.AccessToken
}

// current returns the token that is held, or a renewal to wait for.
func (s *Source) current(refused string) (string, *renewal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.token.AccessToken != "" && s.token.AccessToken != refused &&
		(s.token.Expiry.IsZero() || time.Until(s.token.Expiry) > early)
	switch {
	case s.closed:
		return "", nil, errors.New("tokensource: closed")
	case s.renewal != nil:
		return "", s.renewal, nil
	case fresh && !s.unsaved:
		return s.token.AccessToken, nil, nil
	case s.revoked != nil:
		return "", nil, s.revoked
	case s.token.RefreshToken == "":
		return "", nil, &signInError{"the access token is over and there is no refresh token", true}
	}
	r := &renewal{done: make(chan struct{})}
	if !fresh {
		r.replaces = s.token.AccessToken
	}
	s.renewal = r
	s.wg.Go(func() { s.renew(r, fresh) })
	return "", r, nil
}

// renew gets a new token and has it kept; only the latter when the one that is
// held is fresh.
func (s *Source) renew(r *renewal, fresh bool) {
	defer close(r.done)
	s.mu.Lock()
	old := s.token
	s.mu.Unlock()
	token, rotated := old, true
	var err error
	if !fresh {
		token, err = s.request(old)
		rotated = token.RefreshToken != old.RefreshToken
	}
	if err == nil && s.opts.Saved != nil {
		given := token
		err = notSaved(s.opts.Saved(&given), token)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewal = nil
	var lost *unsavedError
	var gone *signInError
	switch {
	case errors.As(err, &lost):
		s.unsaved = s.unsaved || rotated
		if !s.unsaved {
			err = nil // what is kept is as good
		}
		s.token = token
	case errors.As(err, &gone) && gone.over:
		s.revoked = err
	case err == nil:
		s.token, s.unsaved = token, false
	}
	r.err = err
}

// request asks the token endpoint (RFC 6749 section 6).
func (s *Source) request(old oauth2.Token) (oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(s.ended, refreshTimeout)
	defer cancel()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, s.opts.Client) //nolint:forbidigo // how the library takes a client
	token, err := s.opts.Config.TokenSource(ctx, &oauth2.Token{RefreshToken: old.RefreshToken}).Token()
	if err != nil {
		return old, s.failure(err, old)
	}
	return *token, nil
}

// Close cancels a renewal under way and waits for it. It is idempotent.
func (s *Source) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.wg.Wait()
	return nil
}
