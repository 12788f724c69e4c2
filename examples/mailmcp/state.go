package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver; opening costs nothing before the first use
)

const (
	// stateApplication marks the file as ours ("Pstn" in ASCII), so that another
	// program's database named by mistake is not written to.
	stateApplication = 0x5073746e
	// stateVersion is the schema this build writes, kept in PRAGMA user_version.
	stateVersion = 1
	// stateBusy is how long another process may write before we give up, in
	// milliseconds; every write here is one small transaction.
	stateBusy = 5000
)

// stateSchema is version 1. generation counts the changes of a row, so that
// whoever changes what another process has changed meanwhile notices.
const stateSchema = `CREATE TABLE credentials (
	account    TEXT NOT NULL,
	kind       TEXT NOT NULL,
	sealed     BLOB NOT NULL,
	generation INTEGER NOT NULL,
	updated    TEXT NOT NULL,
	PRIMARY KEY (account, kind)
) STRICT, WITHOUT ROWID`

// state is the file of -state. Several processes may share one; all methods
// are safe for concurrent use.
type state struct {
	name string
	db   *sql.DB
	seal sealer
}

// openState opens the file, or makes it and its key when create says so. secret
// is MAIL_STATE_KEY. The error is one line that names the file.
func openState(ctx context.Context, name, secret string, create bool) (*state, error) {
	key, err := parseStateKey(secret)
	if err != nil {
		return nil, err
	}
	if err := stateExists(name, create); err != nil {
		return nil, bad("-state", "%v", err)
	}
	db, err := sql.Open("sqlite", stateDSN(name))
	if err != nil {
		return nil, bad("-state", "%s: %v", name, err)
	}
	db.SetMaxOpenConns(1) // SQLite has one writer; a second connection would only wait
	s := &state{name: name, db: db}
	if err := s.prepare(ctx, key); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *state) Close() error { return s.db.Close() }

// stateExists makes the file with its mode before SQLite would with another
// one, and refuses one that is not the owner's alone.
func stateExists(name string, create bool) error {
	if name == "" {
		return errors.New("is empty: name a file")
	}
	if create {
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case err == nil:
			err = file.Close()
		case errors.Is(err, fs.ErrExist):
			err = nil
		}
		if err != nil {
			return err
		}
	}
	err := ownersAlone(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist: mailmcp login makes it", name)
	}
	return err
}

// ownersAlone refuses what is no plain file of this user's own. A link could
// lead to a file that somebody else chose.
func ownersAlone(name string) error {
	info, err := os.Lstat(name)
	switch {
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link: name the file itself", name)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", name)
	}
	return checkOwner(name, info)
}

// stateDSN names the file to the driver; mode=rw never makes one. FULL, because
// a refresh token that was rotated must outlive a power cut, and secure_delete,
// because one that was forgotten must not outlive its row.
func stateDSN(name string) string {
	path, err := filepath.Abs(name)
	if err != nil {
		path = name
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter: file:///C:/...
	}
	query := url.Values{
		"mode": {"rw"}, "_txlock": {"immediate"}, "_defensive": {"1"}, "_dqs": {"0"}, "_error_rc": {"1"},
		"_busy_timeout": {fmt.Sprint(stateBusy)}, "_synchronous": {"FULL"}, "_pragma": {"trusted_schema(0)", "secure_delete(1)"},
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// prepare checks whose file it is, makes the schema in a new one and gets the
// key. It changes nothing in a file that is not ours.
func (s *state) prepare(ctx context.Context, key []byte) error {
	fresh, err := s.checkVersion(ctx, s.db)
	if err != nil {
		return err
	}
	// Readers do not wait for writers; the mode stays with the file.
	if _, err := s.db.ExecContext(ctx, "PRAGMA journal_mode=WAL"); err != nil {
		return s.failed(err)
	}
	if fresh {
		return s.initialise(ctx, key)
	}
	if s.seal, err = stateSealer(s.name, key, false); err != nil {
		return err
	}
	return s.checkKey(ctx, s.db)
}

// initialise makes schema and key in one transaction. Of several processes that
// come at once one does it and the others wait and find it done.
func (s *state) initialise(ctx context.Context, key []byte) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.failed(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	fresh, err := s.checkVersion(ctx, tx)
	if err != nil {
		return err
	}
	if s.seal, err = stateSealer(s.name, key, fresh); err != nil {
		return err
	}
	if !fresh {
		return s.checkKey(ctx, tx)
	}
	for _, statement := range []string{
		stateSchema,
		fmt.Sprintf("PRAGMA application_id=%d", stateApplication),
		fmt.Sprintf("PRAGMA user_version=%d", stateVersion),
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return s.failed(err)
		}
	}
	if err := s.insert(ctx, tx, "", kindKey, nil); err != nil {
		return err
	}
	return s.failed(tx.Commit())
}

// rows is what *sql.DB and *sql.Tx have in common.
type rows interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// checkVersion tells a new file from one of ours, and refuses all others.
func (s *state) checkVersion(ctx context.Context, from rows) (fresh bool, err error) {
	var application, version, tables int
	err = from.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`).Scan(&application, &version, &tables)
	if err != nil {
		return false, s.failed(err)
	}
	switch {
	case application == 0 && version == 0 && tables == 0:
		return true, nil
	case application != stateApplication || version < 1:
		return false, bad("-state", "%s is another program's database: name a file of its own", s.name)
	case version > stateVersion:
		return false, bad("-state", "%s was written by a newer mailmcp (version %d, this one knows %d): use that one", s.name, version, stateVersion)
	}
	return false, nil
}

// failed names the file in an error of the database.
func (s *state) failed(err error) error {
	var said *settingError
	if err == nil || errors.As(err, &said) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return bad("-state", "%s: %v", s.name, err)
}
