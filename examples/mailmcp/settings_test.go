package main

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/scopes"
)

// env is an environment for a test.
type env map[string]string

func (e env) get(name string) string { return e[name] }

// with returns a copy of e with more variables; an empty value unsets one.
func (e env) with(pairs ...string) env {
	out := maps.Clone(e)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

func imapEnv() env {
	return env{"IMAP_ADDR": "imap.example.org", "IMAP_USER": "ann@example.org", "IMAP_PASSWORD": "secret-1"}
}

func sendingEnv() env { return imapEnv().with("SMTP_ADDR", "smtp.example.org") }

func read(t *testing.T, e env, args ...string) (settings, error) {
	t.Helper()
	f, err := parseFlags(args)
	if err != nil {
		return settings{}, err
	}
	st, err := openServed(t.Context(), f, e.get)
	if err != nil {
		return settings{}, err
	}
	if st != nil {
		defer st.Close()
	}
	env := environment{lookup: e.get, logins: process{presets: testPresets}.logins(t.Context(), st)}
	return readSettings(f, env, mailtool.Neutral(), time.Unix(1_700_000_000, 0))
}

func mustRead(t *testing.T, e env, args ...string) settings {
	t.Helper()
	s, err := read(t, e, args...)
	if err != nil {
		t.Fatalf("%v with %q: %v", e, args, err)
	}
	return s
}

func TestWhichAccounts(t *testing.T) {
	for name, tc := range map[string]struct {
		env  env
		args []string
		want []string
	}{
		"nothing named":          {env{}, nil, []string{"demo"}},
		"empty is not set":       {env{"IMAP_ADDR": "", "MAIL_ALLOW_SENDING": ""}, nil, []string{"demo"}},
		"demo by name":           {env{}, []string{"-provider", "demo"}, []string{"demo"}},
		"demo over environment":  {imapEnv(), []string{"-provider", "demo"}, []string{"demo"}},
		"environment":            {imapEnv(), nil, []string{"imap"}},
		"imap by name":           {imapEnv(), []string{"-provider=imap"}, []string{"imap"}},
		"a service not asked":    {imapEnv().with("MISSIVE_TOKEN", "x"), []string{"-provider", "imap"}, []string{"imap"}},
		"another service's gate": {imapEnv().with("TREKMAIL_ALLOW_SENDING", "true"), nil, []string{"imap"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, a := range mustRead(t, tc.env, tc.args...).accounts {
				got = append(got, a.id)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("accounts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIMAPSettings(t *testing.T) {
	full := imapEnv().with(
		"IMAP_ADDR", "localhost:1143", "IMAP_TLS", "none", "SMTP_ADDR", "[::1]", "SMTP_TLS", "starttls", "SMTP_USER", "smtp-ann",
		"SMTP_PASSWORD", "secret-2", "MAIL_FROM", `"Lee, Ann" <ann@example.org>, ann@example.net`, "MAIL_TIMEZONE", "Europe/Berlin")
	ann := []provider.Address{{Addr: "ann@example.org"}}
	for name, tc := range map[string]struct {
		env        env
		imap, smtp string
		from       []provider.Address
	}{
		"least":              {imapEnv(), "imap.example.org:993 tls ann@example.org secret-1", "", ann},
		"starttls port":      {imapEnv().with("IMAP_TLS", "starttls"), "imap.example.org:143 starttls ann@example.org secret-1", "", ann},
		"own port":           {imapEnv().with("IMAP_ADDR", "imap.example.org:1993"), "imap.example.org:1993 tls ann@example.org secret-1", "", ann},
		"ipv6":               {imapEnv().with("IMAP_ADDR", "::1", "IMAP_TLS", "none"), "[::1]:143 none ann@example.org secret-1", "", ann},
		"user is no address": {imapEnv().with("IMAP_USER", "ann"), "imap.example.org:993 tls ann secret-1", "", nil},
		"login for sending":  {sendingEnv(), "imap.example.org:993 tls ann@example.org secret-1", "smtp.example.org:465 tls ann@example.org secret-1", ann},
		"password for sending": {
			sendingEnv().with("SMTP_PASSWORD", "secret-2"),
			"imap.example.org:993 tls ann@example.org secret-1", "smtp.example.org:465 tls ann@example.org secret-2", ann,
		},
		"same user for sending": {
			sendingEnv().with("SMTP_USER", "ann@example.org"),
			"imap.example.org:993 tls ann@example.org secret-1", "smtp.example.org:465 tls ann@example.org secret-1", ann,
		},
		"everything": {
			full, "localhost:1143 none ann@example.org secret-1", "[::1]:587 starttls smtp-ann secret-2",
			[]provider.Address{{Name: "Lee, Ann", Addr: "ann@example.org"}, {Addr: "ann@example.net"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := mustRead(t, tc.env).accounts[0]
			if got := brief(a.imap); got != tc.imap {
				t.Errorf("imap %q, want %q", got, tc.imap)
			}
			if got := brief(a.smtp); got != tc.smtp {
				t.Errorf("smtp %q, want %q", got, tc.smtp)
			}
			if diff := cmp.Diff(tc.from, a.from); diff != "" {
				t.Errorf("from (-want +got):\n%s", diff)
			}
		})
	}
	if zone := mustRead(t, full).accounts[0].zone; zone == nil || zone.String() != "Europe/Berlin" {
		t.Errorf("zone %v", zone)
	}
}

func brief(s *server) string {
	if s == nil {
		return ""
	}
	return strings.Join([]string{s.addr, string(s.security), s.user, s.password}, " ")
}

// Every bad setting is one line that names the setting and what is allowed, and
// no secret.
func TestBadSettings(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		env  env
		args []string
		want []string // in the line
	}{
		"unknown flag":            {env{}, []string{"-stat", "x.db"}, []string{"-stat"}},
		"value of a switch":       {env{}, []string{"-discovery=some"}, []string{"-discovery", "some"}},
		"border as a sentence":    {env{"MAIL_AUTHSERV_ID": "mx example"}, nil, []string{"MAIL_AUTHSERV_ID", "mx.example.org"}},
		"sub-command":             {env{}, []string{"approve"}, []string{"approve", "unexpected"}},
		"flag without value":      {env{}, []string{"-http"}, []string{"-http"}},
		"provider":                {env{}, []string{"-provider", "pop"}, []string{"-provider", `"pop"`, "demo or imap"}},
		"empty provider":          {env{}, []string{"-provider", ""}, []string{"-provider", "demo or imap"}},
		"missive":                 {env{"MISSIVE_TOKEN": "secret-1"}, []string{"-provider", "missive"}, []string{"-provider", "no backend for missive"}},
		"trekmail":                {env{}, []string{"-provider", "trekmail"}, []string{"-provider", "no backend for trekmail"}},
		"missive named":           {env{"MISSIVE_TOKEN": "secret-1"}, nil, []string{"MISSIVE_TOKEN", "no backend for missive"}},
		"trekmail named":          {imapEnv().with("TREKMAIL_API_TOKEN", "secret-1"), nil, []string{"TREKMAIL_API_TOKEN", "no backend"}},
		"contacts":                {imapEnv().with("CARDDAV_URL", "https://dav.example.org"), nil, []string{"CARDDAV_URL", "no contacts"}},
		"rules":                   {imapEnv().with("SIEVE_ADDR", "mail.example.org"), nil, []string{"SIEVE_ADDR"}},
		"oauth":                   {imapEnv().with("IMAP_OAUTH_CLIENT_SECRET", "secret-1"), nil, []string{"IMAP_OAUTH_CLIENT_SECRET"}},
		"oauth client":            {imapEnv().with("IMAP_OAUTH_CLIENT_ID", "secret-1"), nil, []string{"IMAP_OAUTH_CLIENT_ID", "IMAP_PASSWORD"}},
		"state key":               {env{"MAIL_STATE_KEY": strings.Repeat("a1", 32)}, nil, []string{"MAIL_STATE_KEY", "-state"}},
		"state":                   {env{}, []string{"-state", empty + ".no"}, []string{"-state", "does not exist", "mailmcp login"}},
		"state without a name":    {env{}, []string{"-state", ""}, []string{"-state", "is empty"}},
		"imap without server":     {env{}, []string{"-provider", "imap"}, []string{"IMAP_ADDR", "missing"}},
		"user without server":     {env{"IMAP_USER": "ann"}, nil, []string{"IMAP_USER", "IMAP_ADDR", "-provider demo"}},
		"password without server": {env{"IMAP_PASSWORD": "secret-1"}, nil, []string{"IMAP_PASSWORD", "IMAP_ADDR"}},
		"no user":                 {imapEnv().with("IMAP_USER", ""), nil, []string{"IMAP_USER", "missing"}},
		"no password":             {imapEnv().with("IMAP_PASSWORD", ""), nil, []string{"IMAP_PASSWORD", "missing", "mailmcp login", "-state"}},
		"password with line end":  {imapEnv().with("IMAP_PASSWORD", "secret-1\n"), nil, []string{"IMAP_PASSWORD", "control character"}},
		"addr with scheme":        {imapEnv().with("IMAP_ADDR", "imaps://imap.example.org"), nil, []string{"IMAP_ADDR", "host:port"}},
		"addr with bad port":      {imapEnv().with("IMAP_ADDR", "imap.example.org:99999"), nil, []string{"IMAP_ADDR", "host:port"}},
		"addr without host":       {imapEnv().with("IMAP_ADDR", ":993"), nil, []string{"IMAP_ADDR", "host:port"}},
		"addr with user":          {imapEnv().with("IMAP_ADDR", "ann@imap.example.org:993"), nil, []string{"IMAP_ADDR", "host:port"}},
		"tls word":                {imapEnv().with("IMAP_TLS", "ssl"), nil, []string{"IMAP_TLS", `"ssl"`, "tls, starttls or none"}},
		"tls in capitals":         {imapEnv().with("IMAP_TLS", "TLS"), nil, []string{"IMAP_TLS", "tls, starttls or none"}},
		"none to the world":       {imapEnv().with("IMAP_TLS", "none"), nil, []string{"IMAP_TLS", "loopback", "tls or starttls"}},
		"none to a name like it":  {imapEnv().with("IMAP_ADDR", "localhost.example.org", "IMAP_TLS", "none"), nil, []string{"IMAP_TLS", "loopback"}},
		"smtp none to the world":  {sendingEnv().with("SMTP_TLS", "none"), nil, []string{"SMTP_TLS", "loopback"}},
		"ca file missing":         {imapEnv().with("IMAP_CA_FILE", empty+".no"), nil, []string{"IMAP_CA_FILE", "no such file"}},
		"ca file empty":           {imapEnv().with("IMAP_CA_FILE", empty), nil, []string{"IMAP_CA_FILE", "PEM"}},
		"ca file of no bytes":     {imapEnv().with("IMAP_CA_FILE", os.DevNull), nil, []string{"IMAP_CA_FILE", "PEM"}},
		"smtp ca file":            {sendingEnv().with("SMTP_CA_FILE", empty), nil, []string{"SMTP_CA_FILE", "PEM"}},
		"fingerprint":             {imapEnv().with("IMAP_TLS_FINGERPRINT", "ab:cd"), nil, []string{"IMAP_TLS_FINGERPRINT", "64 hex digits"}},
		"smtp fingerprint":        {sendingEnv().with("SMTP_TLS_FINGERPRINT", strings.Repeat("x", 64)), nil, []string{"SMTP_TLS_FINGERPRINT", "SHA-256"}},
		"smtp tls alone":          {imapEnv().with("SMTP_TLS", "tls"), nil, []string{"SMTP_TLS", "SMTP_ADDR"}},
		"smtp password alone":     {imapEnv().with("SMTP_PASSWORD", "secret-1"), nil, []string{"SMTP_PASSWORD", "SMTP_ADDR"}},
		"smtp user, no password":  {sendingEnv().with("SMTP_USER", "other"), nil, []string{"SMTP_PASSWORD", "missing"}},
		"no address to send from": {sendingEnv().with("IMAP_USER", "ann"), nil, []string{"MAIL_FROM", "ann@example.org"}},
		"from":                    {sendingEnv().with("MAIL_FROM", "Ann Lee"), nil, []string{"MAIL_FROM", "ann@example.org"}},
		"second from":             {sendingEnv().with("MAIL_FROM", "ann@example.org; bob@example.org"), nil, []string{"MAIL_FROM", "commas"}},
		"zone":                    {env{"MAIL_TIMEZONE": "Berlin"}, nil, []string{"MAIL_TIMEZONE", "Europe/Berlin"}},
		"zone as a path":          {env{"MAIL_TIMEZONE": "../etc/passwd"}, nil, []string{"MAIL_TIMEZONE"}},
		"tools":                   {env{}, []string{"-tools", "every"}, []string{"-tools", "neutral or all"}},
		"native tools":            {env{}, []string{"-tools", "native"}, []string{"-tools", "native tools", "neutral or all"}},
		"scope":                   {env{}, []string{"-scopes", "mail:read mail:everything"}, []string{"-scopes", `"mail:everything"`, "mail:folders"}},
		"scopes with commas":      {env{}, []string{"-scopes", "mail:read,mail:search"}, []string{"-scopes", "parted by spaces"}},
		"no scopes":               {env{}, []string{"-scopes", " "}, []string{"-scopes", "empty"}},
		"method":                  {env{}, []string{"-methods", "read,delte"}, []string{"-methods", `"delte"`, "read,write"}},
		"no methods":              {env{}, []string{"-methods", ""}, []string{"-methods", "empty"}},
		"empty method":            {env{}, []string{"-methods", "read,"}, []string{"-methods", "empty"}},
		"tag":                     {env{}, []string{"-tags", "mesages"}, []string{"-tags", `"mesages"`, "messages"}},
		"no tags":                 {env{}, []string{"-tags", ""}, []string{"-tags", "empty"}},
		"gate":                    {env{}, []string{"-allow", "sending,deleting"}, []string{"-allow", `"deleting"`, "sending destructive migration"}},
		"gate variable":           {env{"MAIL_ALLOW_SENDING": "yes"}, nil, []string{"MAIL_ALLOW_SENDING", `"yes"`, "true or false"}},
		"gate variable capitals":  {env{"MAIL_ALLOW_DESTRUCTIVE": "True"}, nil, []string{"MAIL_ALLOW_DESTRUCTIVE", "true or false"}},
		"gate variable spaces":    {env{"MAIL_ALLOW_MIGRATION": " true"}, nil, []string{"MAIL_ALLOW_MIGRATION", "true or false"}},
		"policy":                  {env{}, []string{"-policy", "maybe"}, []string{"-policy", `"maybe"`, "ask allow deny"}},
		"policy variable":         {env{"MAIL_POLICY": "ALLOW"}, []string{"-policy", "deny"}, []string{"MAIL_POLICY", "ask allow deny"}},
		"recipients":              {env{}, []string{"-allow-recipients", "*@example.org"}, []string{"-allow-recipients", "@domain"}},
		"no recipients":           {env{}, []string{"-allow-recipients", ""}, []string{"-allow-recipients", "empty"}},
		"timeout":                 {env{}, []string{"-timeout", "soon"}, []string{"-timeout", `"soon"`, "45s"}},
		"timeout of zero":         {env{}, []string{"-timeout", "0"}, []string{"-timeout", "1s to 10m0s"}},
		"timeout below zero":      {env{}, []string{"-timeout", "-5s"}, []string{"-timeout", "1s to 10m0s"}},
		"timeout variable":        {env{"MAIL_TIMEOUT": "1h"}, nil, []string{"MAIL_TIMEOUT", "1s to 10m0s"}},
		"http":                    {env{}, []string{"-http", "8080"}, []string{"-http", "host:port"}},
		"http empty":              {env{}, []string{"-http", ""}, []string{"-http", "host:port"}},
		"http for everybody":      {env{}, []string{"-http", ":8080"}, []string{"-http", "loopback", "MAIL_HTTP_TOKEN"}},
		"http on all interfaces":  {env{}, []string{"-http", "0.0.0.0:8080"}, []string{"-http", "loopback", "MAIL_HTTP_TOKEN"}},
		"http on a name":          {env{}, []string{"-http", "mail.example.org:8080"}, []string{"-http", "loopback"}},
		"http token":              {env{"MAIL_HTTP_TOKEN": "secret-1 x"}, []string{"-http", "127.0.0.1:0"}, []string{"MAIL_HTTP_TOKEN", "without spaces"}},
		"line ends in a value":    {env{}, []string{"-provider", "a\nb\rc"}, []string{"-provider"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(t, tc.env, tc.args...)
			var own *settingError
			if !errors.As(err, &own) {
				t.Fatalf("got %v, want a settingError", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.ContainsAny(err.Error(), "\r\n") {
				t.Errorf("more than a line: %q", err)
			}
			if strings.Contains(err.Error(), "secret-1") {
				t.Errorf("a secret in %q", err)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	for name, tc := range map[string]struct {
		env  env
		args []string
		want time.Duration
	}{
		"default":            {env{}, nil, 0},
		"variable":           {env{"MAIL_TIMEOUT": "45s"}, nil, 45 * time.Second},
		"seconds":            {env{"MAIL_TIMEOUT": "30"}, nil, 30 * time.Second},
		"flag":               {env{}, []string{"-timeout", "1m30s"}, 90 * time.Second},
		"flag over variable": {env{"MAIL_TIMEOUT": "45s"}, []string{"-timeout", "5"}, 5 * time.Second},
	} {
		if got := mustRead(t, tc.env, tc.args...).timeout; got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

func TestHTTPSettings(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "localhost:8080", "[::1]:8080", "127.8.8.8:http"} {
		if s := mustRead(t, env{}, "-http", addr); s.http != addr || s.token != "" {
			t.Errorf("%s: listens at %q with token %q", addr, s.http, s.token)
		}
	}
	s := mustRead(t, env{"MAIL_HTTP_TOKEN": "secret-1"}, "-http", "0.0.0.0:8080")
	if s.http != "0.0.0.0:8080" || s.token != "secret-1" {
		t.Errorf("listens at %q with token %q", s.http, s.token)
	}
	if s := mustRead(t, env{"MAIL_HTTP_TOKEN": "secret-1"}); s.http != "" {
		t.Errorf("a token alone listens at %q", s.http)
	}
}

func TestGrant(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	whole := scopes.Grant{
		ID: grantID, Subject: "operator", Client: "mcp", Scopes: scopes.AllScopes(), Access: scopes.AllAccess(),
		Accounts: scopes.AllAccounts(), Gates: scopes.AllGates(), Created: now,
	}
	for name, tc := range map[string]struct {
		env  env
		args []string
		want func(*scopes.Grant)
	}{
		"default": {env{}, nil, func(*scopes.Grant) {}},
		"all":     {env{}, []string{"-tools", "all"}, func(*scopes.Grant) {}},
		"scopes": {env{}, []string{"-scopes", "mail:search mail:read"}, func(g *scopes.Grant) {
			g.Scopes = scopes.NewSet(scopes.MailRead, scopes.MailSearch)
		}},
		"methods and tags": {env{}, []string{"-methods", "read, send", "-tags", "messages"}, func(g *scopes.Grant) {
			g.Filters = []scopes.Filter{{Methods: []string{"read", "send"}, Tags: []scopes.Tag{"messages"}}}
		}},
		"policy variable": {env{"MAIL_POLICY": "deny"}, nil, func(g *scopes.Grant) { g.Recipients.Others = scopes.Deny }},
		"policy flag over variable": {env{"MAIL_POLICY": "deny"}, []string{"-policy", "allow"}, func(g *scopes.Grant) {
			g.Recipients.Others = scopes.Allow
		}},
		"recipients": {env{}, []string{"-policy", "deny", "-allow-recipients", "bob@example.org, @example.net"}, func(g *scopes.Grant) {
			g.Recipients = scopes.RecipientPolicy{Others: scopes.Deny, Allow: []string{"bob@example.org", "@example.net"}}
		}},
		"closed gates are not the grant's": {env{"MAIL_ALLOW_SENDING": "false"}, []string{"-allow", ""}, func(*scopes.Grant) {}},
	} {
		t.Run(name, func(t *testing.T) {
			want := whole.Clone()
			tc.want(&want)
			if diff := cmp.Diff(want, mustRead(t, tc.env, tc.args...).grant); diff != "" {
				t.Errorf("grant (-want +got):\n%s", diff)
			}
		})
	}
}
