package main

import (
	"bytes"
	"flag"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// once runs the command with an input that ends at once.
func once(t *testing.T, e env, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), process{args: args, getenv: e.get, stdin: io.NopCloser(strings.NewReader("")), stdout: &out, stderr: &errs})
	return status, out.String(), errs.String()
}

// A bad setting ends the process with one line on stderr and nothing on stdout.
func TestBadSettingEndsTheProcess(t *testing.T) {
	for name, tc := range map[string]struct {
		env  env
		args []string
		want string
	}{
		"flag":          {env{}, []string{"-stat", "x"}, "mailmcp: command line: flag provided but not defined: -stat\n"},
		"environment":   {env{"MAIL_ALLOW_SENDING": "1"}, nil, "mailmcp: MAIL_ALLOW_SENDING: \"1\" is not allowed: use true or false\n"},
		"config":        {env{}, []string{"-config", configFile(t, "[]")}, "the list of accounts is empty\n"},
		"a port in use": {env{}, []string{"-http", "127.0.0.1:70000"}, "mailmcp: -http: "},
	} {
		t.Run(name, func(t *testing.T) {
			status, stdout, stderr := once(t, tc.env, tc.args...)
			if status != 1 || stdout != "" {
				t.Errorf("status %d, stdout %q; want 1 and nothing", status, stdout)
			}
			if strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") || !strings.Contains(stderr, tc.want) {
				t.Errorf("stderr %q, want one line with %q", stderr, tc.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, arg := range []string{"-h", "-help", "--help"} {
		status, stdout, stderr := once(t, env{}, arg)
		if status != 0 || stdout != "" || stderr != usage {
			t.Errorf("%s: status %d, stdout %q, stderr %q", arg, status, stdout, stderr)
		}
	}
}

// The usage names every flag and variable there is and none that is not.
func TestUsageIsComplete(t *testing.T) {
	_, flagPart, _ := strings.Cut(usage, "Flags:")
	flagPart, loginPart, _ := strings.Cut(flagPart, "Flags of mailmcp login")
	loginPart, logoutPart, _ := strings.Cut(loginPart, "Flags of mailmcp logout")
	logoutPart, variables, _ := strings.Cut(logoutPart, "Variables of mailmcp login")
	for name, tc := range map[string]struct {
		set  *flag.FlagSet
		text string
	}{"serving": {flagSet(&flags{}), flagPart}, "login": {loginFlagSet(&loginFlags{}), loginPart}, "logout": {logoutFlagSet(&logoutFlags{}), logoutPart}} {
		declared := []string{}
		tc.set.VisitAll(func(f *flag.Flag) { declared = append(declared, "-"+f.Name) })
		if diff := cmp.Diff(declared, sorted(regexp.MustCompile(`(?m)^  -[a-z-]+`), tc.text)); diff != "" {
			t.Errorf("flags of %s (-declared +in the usage):\n%s", name, diff)
		}
	}

	asked := map[string]bool{}
	complete := sendingEnv()
	lookup := func(name string) string { asked[name] = true; return complete[name] }
	f, err := parseFlags([]string{"-http", "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openServed(t.Context(), f, lookup); err != nil {
		t.Fatal(err)
	}
	if _, err := readSettings(f, environment{lookup: lookup}, nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	complete["IMAP_OAUTH_CLIENT_ID"] = "client-1"
	if _, err := readLogin(loginFlags{preset: "gmail", account: "imap", state: "state.db"}, lookup, testPresets); err != nil {
		t.Fatal(err)
	}
	for _, absent := range append(absentProviders(), absentParts()...) {
		for _, name := range absent.variables {
			delete(asked, name)
		}
	}
	want := []string{}
	for name := range asked {
		want = append(want, name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, sorted(regexp.MustCompile(`\b(IMAP|SMTP|MAIL)_[A-Z_]+`), variables)); diff != "" {
		t.Errorf("variables (-read +in the usage):\n%s", diff)
	}
	for line := range strings.Lines(usage) {
		if len(line) > 91 {
			t.Errorf("a line of %d columns: %s", len(line)-1, line)
		}
	}
}

func sorted(re *regexp.Regexp, text string) []string {
	found := []string{}
	for _, word := range re.FindAllString(text, -1) {
		found = append(found, strings.TrimSpace(word))
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// A client that asks and hangs up gets its answers.
func TestAnswersBeforeTheEnd(t *testing.T) {
	asks := strings.Join([]string{
		`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}`,
		`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
		`{"jsonrpc":"2.0","id":"two","method":"tools/list"}`,
		`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"list_folders"}}`,
		`{"jsonrpc":"2.0","id":4,"method":"no/such"}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}`,
	}, "\n") + "\n"
	var out, errs bytes.Buffer
	status := run(t.Context(), process{getenv: env{}.get, stdin: io.NopCloser(strings.NewReader(asks)), stdout: &out, stderr: &errs})
	if status != 0 || errs.String() != "" {
		t.Errorf("status %d, stderr %q", status, errs.String())
	}
	for _, id := range []string{`"id":1,`, `"id":"two",`, `"id":3,`, `"id":4,`} {
		if strings.Count(out.String(), id) != 1 {
			t.Errorf("%d answers with %s in\n%s", strings.Count(out.String(), id), id, out.String())
		}
	}
}

// What is no JSON-RPC ends the process with a line on stderr.
func TestGarbageOnInput(t *testing.T) {
	for name, input := range map[string]string{
		"no JSON": "hello\n", "half a message": `{"jsonrpc":"2.0","id":1`, "another protocol": `{"hello":1}` + "\n",
		"nested": strings.Repeat("[", 1<<20), "a flood": `"` + strings.Repeat("x", 20<<20),
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			status := run(t.Context(), process{getenv: env{}.get, stdin: io.NopCloser(strings.NewReader(input)), stdout: &out, stderr: &errs})
			if status != 1 || strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "standard input") || out.String() != "" {
				t.Errorf("status %d, stdout %q, stderr %q; want 1 and one line on stderr", status, out.String(), errs.String())
			}
		})
	}
}
