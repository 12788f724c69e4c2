package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const stateKeyOne, stateKeyTwo = "1111111111111111111111111111111111111111111111111111111111111111", "2222222222222222222222222222222222222222222222222222222222222222"

func stateName(t *testing.T) string { return filepath.Join(t.TempDir(), "state.db") }

func opened(t *testing.T, name, key string) *state {
	t.Helper()
	st, err := openState(t.Context(), name, key, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func aLogin(token string) login {
	return login{Preset: "gmail", User: "ann@example.org", ClientID: "client-1", ClientSecret: "secret-1", RefreshToken: token}
}

func put(t *testing.T, st *state, account string, l login) {
	t.Helper()
	if err := st.putLogin(t.Context(), account, l); err != nil {
		t.Fatal(err)
	}
}

// A login survives the process, under either kind of key, and nothing of it
// stands readable in any of the files.
func TestStateKeepsLogins(t *testing.T) {
	for name, key := range map[string]string{"key of the environment": stateKeyOne, "key file": ""} {
		t.Run(name, func(t *testing.T) {
			file := stateName(t)
			st := opened(t, file, key)
			put(t, st, "imap", aLogin("token-one"))
			put(t, st, "work", aLogin("token-two"))
			put(t, st, "imap", aLogin("token-three"))
			files, err := filepath.Glob(file + "*")
			if err != nil || len(files) < 2 {
				t.Fatalf("files %q, %v", files, err)
			}
			for _, one := range files {
				data, err := os.ReadFile(one)
				if err != nil {
					t.Fatal(err)
				}
				for _, secret := range []string{"token-", "secret-1", "ann@example.org"} {
					if strings.Contains(string(data), secret) {
						t.Errorf("%q stands in %s", secret, filepath.Base(one))
					}
				}
			}
			if _, err := os.Stat(file + ".key"); (err == nil) != (key == "") {
				t.Errorf("the key file: %v", err)
			}
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}

			again, err := openState(t.Context(), file, key, false)
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			for account, token := range map[string]string{"imap": "token-three", "work": "token-two"} {
				got, _, err := again.login(t.Context(), account)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(aLogin(token), got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", account, diff)
				}
			}
			if _, _, err := again.login(t.Context(), "none"); !errors.Is(err, errNoLogin) {
				t.Errorf("an account without login: %v", err)
			}
		})
	}
}

// tamper changes the file as another program would.
func tamper(t *testing.T, file string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, one := range statements {
		if _, err := db.Exec(one); err != nil {
			t.Fatalf("%s: %v", one, err)
		}
	}
}

// What was not sealed for its place under this key does not open.
func TestTamperedState(t *testing.T) {
	const swap = `UPDATE credentials SET sealed=(SELECT sealed FROM credentials WHERE account='%s' AND kind='oauth') WHERE account='imap' AND kind='oauth'`
	for name, tc := range map[string]struct {
		statements []string
		says       string
	}{
		"another account's row": {[]string{fmt.Sprintf(swap, "work")}, "damaged"},
		"the check row's": {[]string{
			`UPDATE credentials SET sealed=(SELECT sealed FROM credentials WHERE kind='key') WHERE account='imap'`,
		}, "damaged"},
		"an older generation": {[]string{"UPDATE credentials SET generation=generation+1 WHERE account='imap'"}, "damaged"},
		"a bit": {[]string{
			"UPDATE credentials SET sealed=CAST(substr(sealed, 1, 20) || x'00' || substr(sealed, 22) AS BLOB) WHERE account='imap'",
		}, "damaged"},
		"cut":     {[]string{"UPDATE credentials SET sealed=substr(sealed, 1, 5) WHERE account='imap'"}, "damaged"},
		"empty":   {[]string{"UPDATE credentials SET sealed=x'' WHERE account='imap'"}, "damaged"},
		"a flood": {[]string{"UPDATE credentials SET sealed=zeroblob(1000000) WHERE account='imap'"}, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			file := stateName(t)
			st := opened(t, file, stateKeyOne)
			put(t, st, "imap", aLogin("token-one"))
			put(t, st, "work", aLogin("token-two"))
			st.Close()
			tamper(t, file, tc.statements...)
			st = opened(t, file, stateKeyOne)
			_, _, err := st.login(t.Context(), "imap")
			if err == nil || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), "mailmcp login") {
				t.Errorf("got %v, want %q and what to do", err, tc.says)
			}
			if l, _, err := st.login(t.Context(), "work"); err != nil || l.RefreshToken != "token-two" {
				t.Errorf("the other account: %v", err)
			}
			put(t, st, "imap", aLogin("token-three")) // logging in again mends it
			if l, _, err := st.login(t.Context(), "imap"); err != nil || l.RefreshToken != "token-three" {
				t.Errorf("after another login: %v", err)
			}
		})
	}
}

// What cannot be used is refused in one line that says what and why, and is
// left as it was.
func TestRefusedState(t *testing.T) {
	sealed := func(key string) func(*testing.T, string) {
		return func(t *testing.T, file string) { put(t, opened(t, file, key), "imap", aLogin("token-one")) }
	}
	then := func(first func(*testing.T, string), statements ...string) func(*testing.T, string) {
		return func(t *testing.T, file string) {
			first(t, file)
			tamper(t, file, statements...)
		}
	}
	write := func(suffix, text string) func(*testing.T, string) {
		return func(t *testing.T, file string) {
			if err := os.WriteFile(file+suffix, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tc := range map[string]struct {
		make func(*testing.T, string)
		key  string
		says []string
	}{
		"wrong key":                 {sealed(stateKeyOne), stateKeyTwo, []string{"another key", "MAIL_STATE_KEY"}},
		"key given, was a file":     {sealed(""), stateKeyTwo, []string{"another key", "MAIL_STATE_KEY"}},
		"no key, was given":         {sealed(stateKeyOne), "", []string{".key is gone", "MAIL_STATE_KEY is not set"}},
		"wrong key file":            {func(t *testing.T, f string) { sealed(stateKeyOne)(t, f); write(".key", stateKeyTwo)(t, f) }, "", []string{"another key", ".key"}},
		"key file without a key":    {write(".key", "hello"), "", []string{".key holds no key"}},
		"empty key file":            {write(".key", ""), "", []string{".key holds no key"}},
		"key with 63 digits":        {nil, stateKeyOne[1:], []string{"MAIL_STATE_KEY", "64 hex digits"}},
		"key that is no hex":        {nil, strings.Repeat("x", 64), []string{"MAIL_STATE_KEY", "64 hex digits"}},
		"newer version":             {then(sealed(stateKeyOne), "PRAGMA user_version=2"), stateKeyOne, []string{"newer mailmcp", "version 2"}},
		"no version":                {then(sealed(stateKeyOne), "PRAGMA user_version=0"), stateKeyOne, []string{"another program"}},
		"no check row":              {then(sealed(stateKeyOne), "DELETE FROM credentials WHERE kind='key'"), stateKeyOne, []string{"another key"}},
		"another program's":         {func(t *testing.T, f string) { tamper(t, f, "CREATE TABLE t (x)"); private(t, f) }, stateKeyOne, []string{"another program"}},
		"another program's, marked": {func(t *testing.T, f string) { tamper(t, f, "PRAGMA application_id=7"); private(t, f) }, stateKeyOne, []string{"another program"}},
		"no database":               {write("", strings.Repeat("hello ", 1000)), stateKeyOne, []string{"not a database"}},
		"a folder": {func(t *testing.T, f string) {
			if err := os.Mkdir(f, 0o700); err != nil {
				t.Fatal(err)
			}
		}, stateKeyOne, []string{"is no file"}},
	} {
		t.Run(name, func(t *testing.T) {
			file := stateName(t)
			if tc.make != nil {
				tc.make(t, file)
			}
			before, _ := os.ReadFile(file)
			st, err := openState(t.Context(), file, tc.key, true)
			if err == nil {
				st.Close()
				t.Fatal("it was opened")
			}
			var own *settingError
			if !errors.As(err, &own) || strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("%q is not one line about a setting", err)
			}
			for _, want := range append(tc.says, filepath.Base(file)) {
				if !strings.Contains(err.Error(), want) && !strings.HasPrefix(name, "key ") {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), stateKeyTwo) || strings.Contains(err.Error(), stateKeyOne[1:]) {
				t.Errorf("a key in %q", err)
			}
			if after, _ := os.ReadFile(file); len(before) > 0 && string(before) != string(after) {
				t.Error("the file was changed")
			}
		})
	}
}

// private is what mailmcp asks of the files it opens.
func private(t *testing.T, file string) {
	t.Helper()
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Serving does not make a file where there is none.
func TestStateIsNotMadeBySlip(t *testing.T) {
	file := stateName(t)
	if _, err := openState(t.Context(), file, "", false); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("got %v", err)
	}
	if made, _ := filepath.Glob(file + "*"); len(made) > 0 {
		t.Errorf("made %q", made)
	}
}

// A name is a name, whatever a URI would make of it.
func TestStateName(t *testing.T) {
	for _, base := range []string{"a b.db", "a%20b.db", "a?mode=memory", "a#b", "ä.db", "file:x", "a&_pragma=user_version(9)"} {
		t.Run(base, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), base)
			put(t, opened(t, file, stateKeyOne), "imap", aLogin("token-one"))
			if info, err := os.Stat(file); err != nil || info.Size() == 0 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
	t.Chdir(t.TempDir())
	put(t, opened(t, "here.db", stateKeyOne), "imap", aLogin("token-one"))
	if _, err := os.Stat("here.db"); err != nil {
		t.Error(err)
	}
}

// Of many processes that come at once one makes schema and key, and all use
// the same.
func TestStateMadeByMany(t *testing.T) {
	file := stateName(t)
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			st, err := openState(context.Background(), file, "", true)
			if err != nil {
				t.Error(err)
				return
			}
			defer st.Close()
			if err := st.putLogin(context.Background(), fmt.Sprintf("account%d", i), aLogin("token-one")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	accounts, err := opened(t, file, "").loginAccounts(t.Context())
	if err != nil || len(accounts) != 12 {
		t.Errorf("accounts %q, %v; want 12", accounts, err)
	}
}

// Of many that change one generation one wins, and none overwrites it.
func TestSwapLogin(t *testing.T) {
	file := stateName(t)
	first := opened(t, file, "")
	put(t, first, "imap", aLogin("token-0"))
	_, generation, err := first.login(t.Context(), "imap")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	won := make(chan string, 8)
	for i := range 8 {
		st := opened(t, file, "")
		wg.Go(func() {
			next := fmt.Sprintf("token-%d", i+1)
			ok, err := st.swapLogin(context.Background(), "imap", generation, aLogin(next))
			if err != nil {
				t.Error(err)
			}
			if ok {
				won <- next
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d won, want 1", len(won))
	}
	if got, now, err := first.login(t.Context(), "imap"); err != nil || got.RefreshToken != <-won || now != generation+1 {
		t.Errorf("kept %q of generation %d, %v", got.RefreshToken, now, err)
	}
}

// The same text is never sealed to the same bytes.
func TestNonces(t *testing.T) {
	s, err := newSealer(make([]byte, stateKeySize), "test")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 1000 {
		seen[hex.EncodeToString(s.seal([]byte("text"), place{"imap", kindOAuth, 1})[:12])] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d nonces of 1000 differ", len(seen))
	}
}
