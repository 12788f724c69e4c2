package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider"
)

func configFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "accounts.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const workEntry = `{"id": "work", "provider": "imap", "variables": {"IMAP_ADDR": "WORK_ADDR", "IMAP_USER": "WORK_USER", "IMAP_PASSWORD": "WORK_PASSWORD"}}`

func workEnv() env {
	return env{"WORK_ADDR": "mail.example.net", "WORK_USER": "bob@example.net", "WORK_PASSWORD": "secret-2"}
}

func TestConfigAccounts(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		env  env
		args []string
		want []string
	}{
		"alone":               {"[" + workEntry + "]", workEnv(), nil, []string{"work"}},
		"beside environment":  {"[" + workEntry + "]", imapEnv().with("WORK_ADDR", "h", "WORK_USER", "u@example.net", "WORK_PASSWORD", "p"), nil, []string{"imap", "work"}},
		"beside a named one":  {"[" + workEntry + "]", workEnv(), []string{"-provider", "demo"}, []string{"demo", "work"}},
		"two, one of samples": {`[{"id":"play","provider":"demo"},` + workEntry + "]", workEnv(), nil, []string{"play", "work"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustRead(t, tc.env, append(tc.args, "-config", configFile(t, tc.text))...)
			var got []string
			for _, a := range s.accounts {
				got = append(got, a.id)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("accounts (-want +got):\n%s", diff)
			}
		})
	}
}

// An account of the file has its own variables and none of the environment's:
// no password reaches a server it is not for.
func TestConfigAccountTakesNothingElse(t *testing.T) {
	e := imapEnv().with("SMTP_ADDR", "smtp.example.org", "MAIL_FROM", "ann@example.org", "MAIL_TIMEZONE", "UTC")
	for name, value := range workEnv() {
		e[name] = value
	}
	a := mustRead(t, e, "-config", configFile(t, "["+workEntry+"]")).accounts[1]
	if got, want := brief(a.imap), "mail.example.net:993 tls bob@example.net secret-2"; got != want {
		t.Errorf("imap %q, want %q", got, want)
	}
	if a.smtp != nil || a.zone != nil || len(a.from) != 1 || a.from[0].Addr != "bob@example.net" {
		t.Errorf("smtp %v, zone %v, from %v: something of the environment's account", a.smtp, a.zone, a.from)
	}
}

func TestBadConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		env  env
		want string
	}{
		"no JSON":                {"accounts: []", env{}, "not a JSON list"},
		"no list":                {workEntry, workEnv(), "not a JSON list"},
		"two lists":              {"[" + workEntry + "] []", workEnv(), "not a JSON list"},
		"empty list":             {"[]", env{}, "empty"},
		"no object":              {`["work"]`, env{}, "not an object"},
		"null":                   {`[null]`, env{}, "not an object"},
		"unknown member":         {`[{"id":"work","provider":"demo","password":"secret-1"}]`, env{}, "only id, provider and variables"},
		"member in other case":   {`[{"ID":"work","provider":"demo"}]`, env{}, "only id, provider and variables"},
		"member twice":           {`[{"id":"work","id":"home","provider":"demo"}]`, env{}, "twice"},
		"no id":                  {`[{"provider":"demo"}]`, env{}, "id is missing"},
		"bad id":                 {`[{"id":"Work mail","provider":"demo"}]`, env{}, "id is missing or not allowed"},
		"id is a number":         {`[{"id":1,"provider":"demo"}]`, env{}, "id is not a text"},
		"no provider":            {`[{"id":"work"}]`, env{}, "use demo or imap"},
		"no such provider":       {`[{"id":"work","provider":"pop"}]`, env{}, "use demo or imap"},
		"missive":                {`[{"id":"work","provider":"missive"}]`, env{}, "no backend for missive"},
		"variables are a list":   {`[{"id":"work","provider":"imap","variables":[]}]`, env{}, "variables is not an object"},
		"unknown variable":       {`[{"id":"work","provider":"imap","variables":{"IMAP_HOST":"X"}}]`, env{}, "IMAP_ADDR"},
		"variable of all":        {`[{"id":"work","provider":"imap","variables":{"MAIL_HTTP_TOKEN":"X"}}]`, env{}, "unknown member"},
		"variable twice":         {`[{"id":"work","provider":"imap","variables":{"IMAP_ADDR":"A","IMAP_ADDR":"B"}}]`, env{}, "twice"},
		"a value":                {`[{"id":"work","provider":"imap","variables":{"IMAP_PASSWORD":"secret-1"}}]`, env{}, "does not name a variable"},
		"a value is an object":   {`[{"id":"work","provider":"imap","variables":{"IMAP_PASSWORD":{"secret-1":1}}}]`, env{}, "does not name a variable"},
		"variable not set":       {"[" + workEntry + "]", workEnv().with("WORK_PASSWORD", ""), "account work: IMAP_PASSWORD: the variable it names"},
		"setting missing":        {`[{"id":"work","provider":"imap","variables":{"IMAP_ADDR":"WORK_ADDR"}}]`, workEnv(), "account work: IMAP_USER: is missing"},
		"bad setting":            {"[" + workEntry + "]", workEnv().with("WORK_ADDR", "x://y"), "account work: IMAP_ADDR"},
		"server for the samples": {`[{"id":"play","provider":"demo","variables":{"IMAP_ADDR":"WORK_ADDR"}}]`, workEnv(), "no IMAP_ADDR"},
		"two of one id":          {"[" + workEntry + "," + workEntry + "]", workEnv(), `two accounts "work"`},
		"id of the environment":  {`[{"id":"imap","provider":"demo"}]`, imapEnv(), `two accounts "imap"`},
		"too large":              {"[" + strings.Repeat(" ", maxConfig) + "]", env{}, "over 1 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, tc.env, "-config", configFile(t, tc.text))
			var own *settingError
			if !errors.As(err, &own) {
				t.Fatalf("got %v, want a settingError", err)
			}
			if text := err.Error(); !strings.HasPrefix(text, "-config: ") || !strings.Contains(text, tc.want) || strings.Contains(text, "secret-") || strings.Contains(text, "\n") {
				t.Errorf("got %q, want -config and %q in one line without a secret", text, tc.want)
			}
		})
	}
	if _, err := read(t, env{}, "-config", filepath.Join(t.TempDir(), "no.json")); err == nil || !strings.Contains(err.Error(), "-config: ") {
		t.Errorf("a missing file gives %v", err)
	}
}

// Ids that share the tag of message ids could not be told apart later.
func TestConfigSharedTag(t *testing.T) {
	clash := sharedTag(t)
	text := `[{"id":"` + clash[0] + `","provider":"demo"},{"id":"` + clash[1] + `","provider":"demo"}]`
	_, err := read(t, env{}, "-config", configFile(t, text))
	if err == nil || !strings.Contains(err.Error(), "rename one") {
		t.Errorf("%v: %v, want a refusal", clash, err)
	}
}

func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{"[" + workEntry + "]", `[{"id":"play","provider":"demo"}]`, "[]", "[null]", `[{"id":"a","variables":{}}]`, `[{"id"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseConfig(data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("more than a line: %q", err)
			}
			return
		}
		for _, e := range entries {
			if !accountID.MatchString(e.id) || checkProvider("", e.provider) != nil {
				t.Errorf("entry %+v was let through", e)
			}
			for name, variable := range e.variables {
				if !variableName.MatchString(variable) {
					t.Errorf("%s holds %q", name, variable)
				}
			}
		}
	})
}

// sharedTag finds two account ids with one tag, by trying.
func sharedTag(t *testing.T) [2]string {
	t.Helper()
	seen := map[string]string{}
	for i := range 10_000 {
		id := fmt.Sprintf("account%d", i)
		tag := provider.Tag(id)
		if other := seen[tag]; other != "" {
			return [2]string{other, id}
		}
		seen[tag] = id
	}
	t.Fatal("no two ids with one tag")
	return [2]string{}
}
