package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-mail/postern/internal/leakcheck"
)

// loggedOut runs mailmcp logout on a file and returns what it said.
func (s service) loggedOut(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	status := run(t.Context(), process{
		args: append([]string{"logout"}, args...), getenv: env{"MAIL_STATE_KEY": stateKeyOne}.get,
		stdin: io.NopCloser(strings.NewReader("")), stdout: &out, stderr: &errs, presets: s.file().find,
	})
	if status != want || out.String() != "" || strings.Count(errs.String(), "\n") != 1 || strings.Contains(errs.String(), "refresh-0") || strings.Contains(errs.String(), "secret-1") {
		t.Errorf("status %d, stdout %q, stderr %q; want %d and one line without secrets", status, out.String(), errs.String(), want)
	}
	return errs.String()
}

// A logout forgets the login whatever the service says to it, and what the
// owner has left to do is said.
func TestLogout(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(t *testing.T, s service, file string)
		status int
		says   []string
		ended  bool // at the service
	}{
		"by the service": {nil, 0, []string{"ann@example.org", "account imap", "gmail has ended it"}, true},
		"ended already":  {func(_ *testing.T, s service, _ string) { s.auth.revoke() }, 0, []string{"gmail has ended it"}, true},
		"no endpoint": {func(t *testing.T, _ service, file string) {
			st := opened(t, file, stateKeyOne)
			defer st.Close()
			l := aLogin("refresh-0")
			l.Preset = "microsoft"
			put(t, st, "imap", l)
		}, 0, []string{"account imap", "microsoft ends it only on its own page", "https://accounts.example.org/apps"}, false},
		"refused": {func(_ *testing.T, s service, _ string) {
			s.auth.broken = func(w http.ResponseWriter, r *http.Request) {
				refuse(w, "invalid_client", "\x1b[2J"+r.FormValue("token")+r.FormValue("client_secret"))
			}
		}, 1, []string{"no longer keeps", "invalid_client: [2J[secret][secret]", "https://accounts.example.org/apps"}, false},
		"an error page": {func(_ *testing.T, s service, _ string) {
			s.auth.broken = func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "<h1>refresh-0</h1>", http.StatusBadGateway)
			}
		}, 1, []string{"HTTP status 502", "https://accounts.example.org/apps"}, false},
		"a redirect": {func(_ *testing.T, s service, _ string) {
			s.auth.broken = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, s.auth.URL+"/elsewhere", http.StatusTemporaryRedirect)
			}
		}, 1, []string{"HTTP status 307"}, false},
		"nobody there": {func(_ *testing.T, s service, _ string) { s.auth.Close() }, 1, []string{"no longer keeps", "could not be told", "https://accounts.example.org/apps"}, false},
		"damaged": {func(t *testing.T, _ service, file string) {
			tamper(t, file, "UPDATE credentials SET sealed=x'00' WHERE account='imap' AND kind='oauth'")
		}, 1, []string{"no longer keeps", "could not be read"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			leakcheck.Check(t)
			s := newService(t, "XOAUTH2")
			file := s.loggedIn(t)
			st := opened(t, file, stateKeyOne)
			put(t, st, "work", aLogin("refresh-work"))
			st.Close()
			if tc.change != nil {
				tc.change(t, s, file)
			}
			said := s.loggedOut(t, tc.status, "-state", file)
			for _, want := range tc.says {
				if !strings.Contains(said, want) {
					t.Errorf("%q does not say %q", said, want)
				}
			}
			if got := len(s.auth.goodRefresh()) == 0; got != tc.ended {
				t.Errorf("ended at the service: %v, want %v", got, tc.ended)
			}
			if _, err := keptLogin(t, file, "imap"); !errors.Is(err, errNoLogin) {
				t.Errorf("kept: %v", err)
			}
			if _, err := keptLogin(t, file, "work"); err != nil {
				t.Errorf("another account's: %v", err)
			}
			if said := s.loggedOut(t, 1, "-state", file); !strings.Contains(said, "no login for account imap") {
				t.Errorf("the second time it said %q", said)
			}
		})
	}
}

// One that serves meanwhile says that the owner has to log in.
func TestLogoutWhileServing(t *testing.T) {
	s := newService(t, "XOAUTH2")
	file := s.loggedIn(t)
	c := s.connect(t, env{}, "-state", file)
	c.do(t, "list_messages", nil)
	s.loggedOut(t, 0, "-state", file)
	s.auth.endAccess()
	s.mail.cut()
	if got := c.refused(t, "unauthenticated", "list_messages", nil); strings.Count(got.text, "mailmcp login") != 1 {
		t.Errorf("it says %s", got.text)
	}
}

// What was sealed is overwritten, not only taken off the list.
func TestLogoutLeavesNothing(t *testing.T) {
	file := stateName(t)
	st := opened(t, file, stateKeyOne)
	put(t, st, "imap", aLogin("refresh-0"))
	var sealed []byte
	if err := st.db.QueryRowContext(t.Context(), "SELECT sealed FROM credentials WHERE kind='oauth'").Scan(&sealed); err != nil || len(sealed) == 0 {
		t.Fatalf("%d bytes, %v", len(sealed), err)
	}
	if err := st.dropLogin(t.Context(), "imap"); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(file + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("files %q, %v", files, err)
	}
	for _, one := range files {
		if data, err := os.ReadFile(one); err != nil || bytes.Contains(data, sealed) {
			t.Errorf("%s still holds it, or %v", filepath.Base(one), err)
		}
	}
}

// A renewal that began before a logout does not change the login after it, and
// a row from before does not open in its place.
func TestLoginAfterLogout(t *testing.T) {
	file := stateName(t)
	st := opened(t, file, stateKeyOne)
	put(t, st, "imap", aLogin("refresh-0"))
	_, before, err := st.login(t.Context(), "imap")
	if err != nil {
		t.Fatal(err)
	}
	tamper(t, file, "CREATE TABLE kept AS SELECT * FROM credentials WHERE kind='oauth'")
	if err := st.dropLogin(t.Context(), "imap"); err != nil {
		t.Fatal(err)
	}
	put(t, st, "imap", aLogin("refresh-1"))
	if swapped, err := st.swapLogin(t.Context(), "imap", before, aLogin("refresh-old")); err != nil || swapped {
		t.Errorf("swapped: %v, %v", swapped, err)
	}
	if l, _, err := st.login(t.Context(), "imap"); err != nil || l.RefreshToken != "refresh-1" {
		t.Errorf("kept %q, %v", l.RefreshToken, err)
	}
	tamper(t, file, "UPDATE credentials SET sealed=(SELECT sealed FROM kept) WHERE kind='oauth'")
	if _, _, err := st.login(t.Context(), "imap"); err == nil {
		t.Error("the login from before opens under the new one's generation")
	}
}

func TestLogoutSettings(t *testing.T) {
	none := stateName(t)
	opened(t, none, stateKeyOne).Close()
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"no state":  {nil, []string{"-state", "is missing"}},
		"no file":   {[]string{"-state", none + ".no"}, []string{"-state", "does not exist"}},
		"no login":  {[]string{"-state", none}, []string{"-account", "no login for account imap"}},
		"account":   {[]string{"-state", none, "-account", "Work"}, []string{"-account", `"Work"`}},
		"argument":  {[]string{"-state", none, "now"}, []string{"command line", "logout", `"now"`}},
		"for login": {[]string{"-state", none, "-preset", "gmail"}, []string{"command line", "logout", "-preset"}},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := once(t, env{"MAIL_STATE_KEY": stateKeyOne}, append([]string{"logout"}, tc.args...)...)
			if status != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 {
				t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
			}
			for _, want := range tc.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q does not say %q", stderr, want)
				}
			}
		})
	}
	if status, _, stderr := once(t, env{}, "logout", "-h"); status != 0 || stderr != usage {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}
