package main

import (
	"context"
	"crypto/rand"
	"time"
)

const (
	// leaseTime ends the lease of a process that died. It is longer than a
	// renewal takes: exchangeTime and a write.
	leaseTime = time.Minute
	// leasePoll is the pause of those who wait.
	leasePoll = 50 * time.Millisecond
)

// lease waits until this caller alone, of all processes, may renew the login
// of an account: many servers end a login whose refresh token comes twice. The
// lease is a row, and not a transaction, which would keep out other writers
// for as long as a server takes.
func (s *state) lease(ctx context.Context, account string) (release func() error, err error) {
	holder := []byte(rand.Text())
	poll := time.NewTicker(leasePoll)
	defer poll.Stop()
	for {
		taken, err := s.takeLease(ctx, account, holder)
		switch {
		case err != nil:
			return nil, err
		case taken:
			return func() error {
				_, err := s.db.ExecContext(context.WithoutCancel(ctx),
					"DELETE FROM credentials WHERE account=? AND kind=? AND sealed=?", account, kindLease, holder)
				return s.failed(err)
			}, nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// takeLease takes what nobody holds, or holds any more. A time in the future is
// from before the clock was set back.
func (s *state) takeLease(ctx context.Context, account string, holder []byte) (bool, error) {
	at := time.Now()
	result, err := s.db.ExecContext(ctx, `INSERT INTO credentials (account, kind, sealed, generation, updated) VALUES (?, ?, ?, 0, ?)
		ON CONFLICT DO UPDATE SET sealed=excluded.sealed, updated=excluded.updated WHERE updated<? OR updated>?`,
		account, kindLease, holder, stamp(at), stamp(at.Add(-leaseTime)), stamp(at.Add(leaseTime)))
	if err != nil {
		return false, s.failed(err)
	}
	n, err := result.RowsAffected()
	return n == 1, s.failed(err)
}
