package imapx

import (
	"context"
	"errors"
)

// proof is the first login with a password, which others wait for: callers that
// come at once must not try a wrong one several times, since that locks accounts.
type proof struct {
	done chan struct{}
	err  error
}

// login dials; with a password alone while nobody knows whether it is right.
func (p *Pool) login(ctx context.Context) (*session, error) {
	if p.opts.Auth != nil || p.opts.Token != nil {
		return dial(ctx, p.opts, &p.token) // each login may come with something new
	}
	p.mu.Lock()
	if p.refused != nil {
		defer p.mu.Unlock()
		return nil, p.refused
	}
	first, alone := p.proof, p.proof == nil
	if alone {
		first = &proof{done: make(chan struct{})}
		p.proof = first
	}
	p.mu.Unlock()
	if alone {
		return p.try(ctx, first)
	}
	select {
	case <-first.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if KindOf(first.err) == Auth {
		return nil, first.err
	}
	return p.try(ctx, nil)
}

// try dials and remembers a refusal. first, when given, ends with it; it stays
// when the server took the password, so that nobody waits again.
func (p *Pool) try(ctx context.Context, first *proof) (*session, error) {
	s, err := dial(ctx, p.opts, nil)
	err = notAgain(err)
	p.mu.Lock()
	defer p.mu.Unlock()
	refused := KindOf(err) == Auth
	if refused {
		p.refused = err
	}
	if first != nil {
		first.err = err
		if err != nil && !refused {
			p.proof = nil
		}
		close(first.done)
	}
	return s, err
}

// notAgain says of a refused password what becomes of it.
func notAgain(err error) error {
	const advice = "it is not tried again until the account is reopened"
	var e *Error
	if !errors.As(err, &e) || e.Kind != Auth {
		return err
	}
	out := *e
	out.Err = errors.New(advice)
	if e.Err != nil {
		out.Err = &because{e.Err, advice}
	}
	return &out
}

// because is an error with advice behind it.
type because struct {
	err    error
	advice string
}

func (b *because) Error() string { return b.err.Error() + "; " + b.advice }

func (b *because) Unwrap() error { return b.err }
