package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/tokensource"
	"github.com/postern-mail/postern/provider"
)

const (
	// tokenLeeway is how long before its end a token is renewed, so that it
	// lasts for the login it is for.
	tokenLeeway = time.Minute
	// renewalTime bounds a renewal with the wait for its turn. It is less than
	// leaseTime more than exchangeTime, so that a dead holder is outlasted.
	renewalTime = leaseTime + exchangeTime
)

// tokens are the access tokens of one stored login. Safe for concurrent use.
type tokens struct {
	state   *state
	account string
	secret  string // in place of the stored client secret; empty: that one
	presets presetFinder

	wg       sync.WaitGroup
	mu       sync.Mutex
	closed   bool
	access   string
	until    time.Time // zero: not known
	renewal  *renewal  // under way
	unstored *oauth2.Token
	after    stamped // what unstored comes after
}

// renewal is one request for a new token, which all who need one wait for.
type renewal struct {
	done   chan struct{}
	cancel context.CancelFunc
	err    error
}

// stamped is a stored login with its generation.
type stamped struct {
	login
	generation int64
}

func newTokens(st *state, a account, presets presetFinder) *tokens {
	return &tokens{state: st, account: a.id, secret: a.secret, presets: presets}
}

// token is imapx.Options.Token: an access token other than refused, renewed
// when the last one ends. It returns when ctx ends; the renewal goes on, because
// its answer may hold the only refresh token that works from then on.
func (t *tokens) token(ctx context.Context, refused string) (string, error) {
	access, running, err := t.current(ctx, refused)
	if running == nil {
		return access, err
	}
	select {
	case <-running.done:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if running.err != nil {
		return "", running.err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.access, nil
}

// current returns the token that is held, or the renewal to wait for.
func (t *tokens) current(ctx context.Context, refused string) (string, *renewal, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lasts := t.until.IsZero() || time.Until(t.until) > tokenLeeway
	switch {
	case ctx.Err() != nil:
		return "", nil, ctx.Err()
	case t.closed:
		return "", nil, errors.New("the program is ending")
	case t.renewal != nil:
		return "", t.renewal, nil
	case t.access != "" && t.access != refused && lasts:
		return t.access, nil, nil
	}
	life, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewalTime)
	r := &renewal{done: make(chan struct{}), cancel: cancel}
	t.renewal = r
	t.wg.Go(func() {
		defer close(r.done)
		defer cancel()
		fresh, err := t.renew(life)
		t.mu.Lock()
		defer t.mu.Unlock()
		t.renewal, r.err = nil, err
		if err == nil {
			t.access, t.until = fresh.AccessToken, fresh.Expiry
		}
	})
	return "", r, nil
}

// Close gives a renewal under way a moment to end and waits for it. It is
// idempotent.
func (t *tokens) Close() error {
	t.mu.Lock()
	t.closed = true
	running := t.renewal
	t.mu.Unlock()
	if running != nil {
		timer := time.AfterFunc(shutdownGrace, running.cancel)
		defer timer.Stop()
	}
	t.wg.Wait()
	return nil
}

// renew redeems the refresh token and keeps the next one where the server gave
// one, alone of all processes. When the server refuses it, the owner may have
// logged in again meanwhile: then the newer one is tried.
func (t *tokens) renew(ctx context.Context) (fresh *oauth2.Token, err error) {
	release, err := t.state.lease(ctx, t.account)
	if err != nil {
		return nil, t.notNow(err)
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := t.store(ctx); err != nil {
		return nil, err
	}
	var refused error
	for tried := int64(0); ; {
		l, generation, err := t.state.login(ctx, t.account)
		switch {
		case err != nil && !isContext(err):
			return nil, t.again(err)
		case err != nil:
			return nil, t.notNow(err)
		case generation == tried:
			return nil, t.again(refused)
		}
		fresh, err := t.redeem(ctx, stamped{l, generation})
		if !errors.Is(err, imapx.Auth) {
			return fresh, err
		}
		tried, refused = generation, err
	}
}

// redeem asks the authorization server for a token.
func (t *tokens) redeem(ctx context.Context, l stamped) (*oauth2.Token, error) {
	service, err := t.presets(l.Preset, l.Tenant)
	if err != nil {
		return nil, err
	}
	with := l.login
	if t.secret != "" {
		with.ClientSecret = t.secret
	}
	var fresh *oauth2.Token
	source, err := tokensource.New(tokensource.Options{
		Config: service.config(with), Token: &oauth2.Token{RefreshToken: l.RefreshToken},
		Client: boundedClient(ctx, http.DefaultTransport),
		Saved: func(token *oauth2.Token) error {
			fresh = token
			t.unstored, t.after = token, l
			return t.store(ctx)
		},
	})
	if err != nil {
		return nil, err
	}
	_, err = source.Token(ctx, "")
	// Waits, so that fresh is not written any more.
	return fresh, errors.Join(err, source.Close())
}

// store keeps a rotated refresh token in the file, and the next time when it
// cannot now. A login that changed meanwhile is newer and stays. One renewal at
// a time calls it.
func (t *tokens) store(ctx context.Context) error {
	if t.unstored == nil {
		return nil
	}
	if next := t.unstored.RefreshToken; next != "" && next != t.after.RefreshToken {
		l := t.after.login
		l.RefreshToken = next
		if _, err := t.state.swapLogin(ctx, t.account, t.after.generation, l); err != nil {
			return err
		}
	}
	t.unstored = nil
	return nil
}

// again tells imapx, and through it the model, that the owner has to act.
func (t *tokens) again(err error) error {
	return &imapx.Error{Kind: imapx.Auth, Err: &provider.Error{
		Code: provider.Unauthenticated, Hint: "the owner has to run mailmcp login again for account " + t.account, Err: err,
	}}
}

// notNow is a renewal that did not come to its turn: not the end of the
// caller's context, whose errors would say so.
func (t *tokens) notNow(err error) error {
	if isContext(err) {
		return errors.New("another process renews the login and does not end")
	}
	return err
}

func isContext(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
