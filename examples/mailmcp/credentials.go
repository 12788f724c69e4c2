package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Kinds of rows.
const (
	kindKey   = "key"   // of no account and empty: opens under the right key only
	kindOAuth = "oauth" // a login
	kindLease = "lease" // who renews the login just now; not sealed
)

// login is what mailmcp login was given and got: all that serving needs.
type login struct {
	Preset       string `json:"preset"`
	Tenant       string `json:"tenant,omitempty"`
	User         string `json:"user"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret,omitempty"`
	RefreshToken string `json:"refresh_token"`
}

// errNoLogin is the answer for an account nobody has logged in for.
var errNoLogin = errors.New("no login is stored")

// login returns what is stored for an account, and its generation.
func (s *state) login(ctx context.Context, account string) (login, int64, error) {
	var l login
	plain, generation, err := s.read(ctx, s.db, account, kindOAuth)
	switch {
	case errors.Is(err, errSealed):
		return l, 0, bad("-state", "%s: the login of account %s is damaged: log in again with mailmcp login", s.name, account)
	case err != nil:
		return l, 0, err
	}
	if json.Unmarshal(plain, &l) != nil || l.RefreshToken == "" {
		return l, 0, bad("-state", "%s: the login of account %s cannot be read: log in again with mailmcp login", s.name, account)
	}
	return l, generation, nil
}

// putLogin stores a new login for an account in place of any other.
func (s *state) putLogin(ctx context.Context, account string, l login) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.failed(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	var generation int64
	err = tx.QueryRowContext(ctx, "SELECT generation FROM credentials WHERE account=? AND kind=?", account, kindOAuth).Scan(&generation)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = s.insert(ctx, tx, account, kindOAuth, l.bytes())
	case err == nil:
		_, err = s.swap(ctx, tx, account, generation, l)
	}
	if err != nil {
		return s.failed(err)
	}
	return s.failed(tx.Commit())
}

// dropLogin forgets the login of an account.
func (s *state) dropLogin(ctx context.Context, account string) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM credentials WHERE account=? AND kind=?", account, kindOAuth)
	return s.failed(err)
}

// swapLogin changes the login that has this generation, and reports false when
// it has another by now: somebody else's change is newer and stays.
func (s *state) swapLogin(ctx context.Context, account string, generation int64, l login) (bool, error) {
	return s.swap(ctx, s.db, account, generation, l)
}

func (s *state) swap(ctx context.Context, to rows, account string, generation int64, l login) (bool, error) {
	sealed := s.seal.seal(l.bytes(), place{account, kindOAuth, generation + 1})
	result, err := to.ExecContext(ctx,
		"UPDATE credentials SET sealed=?, generation=generation+1, updated=? WHERE account=? AND kind=? AND generation=?",
		sealed, stamp(time.Now()), account, kindOAuth, generation)
	if err != nil {
		return false, s.failed(err)
	}
	n, err := result.RowsAffected()
	return n == 1, s.failed(err)
}

func (s *state) insert(ctx context.Context, to rows, account, kind string, plain []byte) error {
	// No row of this name had it before: what was sealed for one that is gone
	// does not open in this one, nor is this one swapped for it.
	first := time.Now().UnixMicro()
	_, err := to.ExecContext(ctx, "INSERT INTO credentials (account, kind, sealed, generation, updated) VALUES (?, ?, ?, ?, ?)",
		account, kind, s.seal.seal(plain, place{account, kind, first}), first, stamp(time.Now()))
	return s.failed(err)
}

func (s *state) read(ctx context.Context, from rows, account, kind string) (plain []byte, generation int64, err error) {
	var sealed []byte
	err = from.QueryRowContext(ctx, "SELECT sealed, generation FROM credentials WHERE account=? AND kind=?", account, kind).Scan(&sealed, &generation)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, 0, errNoLogin
	case err != nil:
		return nil, 0, s.failed(err)
	}
	plain, err = s.seal.open(sealed, place{account, kind, generation})
	return plain, generation, err
}

// checkKey tells a wrong key from a damaged row.
func (s *state) checkKey(ctx context.Context, from rows) error {
	_, _, err := s.read(ctx, from, "", kindKey)
	if errors.Is(err, errSealed) || errors.Is(err, errNoLogin) {
		return bad("-state", "%s was sealed with another key than the one in %s", s.name, s.seal.source)
	}
	return err
}

// loginAccounts lists the accounts that have a login.
func (s *state) loginAccounts(ctx context.Context) ([]string, error) {
	list, err := s.db.QueryContext(ctx, "SELECT account FROM credentials WHERE kind=? ORDER BY account", kindOAuth)
	if err != nil {
		return nil, s.failed(err)
	}
	defer list.Close()
	var all []string
	for list.Next() {
		var account string
		if err := list.Scan(&account); err != nil {
			return nil, s.failed(err)
		}
		all = append(all, account)
	}
	return all, s.failed(list.Err())
}

func (l login) bytes() []byte {
	data, err := json.Marshal(l)
	if err != nil {
		return nil // a struct of strings always encodes; an empty login does not read
	}
	return data
}

// stamp is a time as the table has it: texts sort as the times do.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
