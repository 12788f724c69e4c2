package scopes_test

import (
	"encoding"
	"encoding/json"
	"flag"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/scopes"
)

// A grant survives being stored as JSON.
func TestGrantJSON(t *testing.T) {
	full := scopes.Grant{
		ID: "g", Subject: "ann", Client: "c", Scopes: scopes.NewSet(scopes.MailRead, scopes.MailSend), Access: scopes.Accesses(scopes.Read, scopes.Send),
		Filters: []scopes.Filter{{Methods: []string{"read"}, Tags: []scopes.Tag{"messages"}}}, Accounts: scopes.Accounts("a", "b"),
		Gates: scopes.Gates(scopes.Sending), Recipients: scopes.RecipientPolicy{Others: scopes.Deny, Allow: []string{"@example.org"}},
		Quota: scopes.Quota{Recipients: 3}, Created: epoch, Expires: epoch.Add(time.Hour),
	}
	all := full
	all.Accounts = scopes.AllAccounts()
	for name, g := range map[string]scopes.Grant{"full": full, "all accounts": all, "zero": {}} {
		data, err := json.Marshal(g)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var back scopes.Grant
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatalf("%s: %v in %s", name, err, data)
		}
		if diff := cmp.Diff(g, back); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%s", name, diff, data)
		}
	}
}

func TestWordsReadBack(t *testing.T) {
	for _, tc := range []struct {
		value encoding.TextMarshaler
		into  encoding.TextUnmarshaler
		want  string
	}{
		{scopes.NewSet(scopes.MailSearch, scopes.MailRead), new(scopes.Set), "mail:read mail:search"},
		{scopes.Set{}, new(scopes.Set), ""},
		{scopes.AllAccess(), new(scopes.AccessSet), "read write send destroy"},
		{scopes.AccessSet(0), new(scopes.AccessSet), ""},
		{scopes.Destroy, new(scopes.Access), "destroy"},
		{scopes.AllGates(), new(scopes.GateSet), "sending destructive migration"},
		{scopes.GateSet(0), new(scopes.GateSet), ""},
		{scopes.Ask, new(scopes.Decision), "ask"},
		{scopes.Allow, new(scopes.Decision), "allow"},
		{scopes.Deny, new(scopes.Decision), "deny"},
	} {
		text, err := tc.value.MarshalText()
		if err != nil || string(text) != tc.want {
			t.Errorf("%T: %q, %v; want %q", tc.value, text, err, tc.want)
		}
		if err := tc.into.UnmarshalText(text); err != nil {
			t.Errorf("%T: %v", tc.value, err)
		}
		if back, err := tc.into.(encoding.TextMarshaler).MarshalText(); err != nil || string(back) != tc.want {
			t.Errorf("%T: reads back as %q, %v; want %q", tc.value, back, err, tc.want)
		}
	}
}

// A word that is not known is refused and leaves the value as it was.
func TestWordsRefused(t *testing.T) {
	set, access, accesses := scopes.NewSet(scopes.MailRead), scopes.Read, scopes.Accesses(scopes.Read)
	gates, decision := scopes.Gates(scopes.Sending), scopes.Deny
	for name, tc := range map[string]struct {
		into encoding.TextUnmarshaler
		text string
	}{
		"scope": {&set, "mail:send mail:all"}, "access": {&access, "Write"}, "no access": {&access, ""},
		"accesses": {&accesses, "write all"}, "gates": {&gates, "destructive sendings"}, "decision": {&decision, ""}, "decision word": {&decision, "yes"},
	} {
		if err := tc.into.UnmarshalText([]byte(tc.text)); err == nil || !strings.Contains(err.Error(), "unknown") {
			t.Errorf("%s: %q gives %v, want an error", name, tc.text, err)
		}
	}
	if set != scopes.NewSet(scopes.MailRead) || access != scopes.Read || accesses != scopes.Accesses(scopes.Read) || gates != scopes.Gates(scopes.Sending) || decision != scopes.Deny {
		t.Error("a refused word changed the value")
	}
	if _, err := scopes.Access(0).MarshalText(); err == nil {
		t.Error("the zero access is written")
	}
	if _, err := scopes.Decision(3).MarshalText(); err == nil {
		t.Error("an invalid decision is written")
	}
	for _, bad := range []string{`"some"`, `{}`, `[1]`, `true`, `"ALL"`} {
		accounts := scopes.Accounts("a")
		if err := json.Unmarshal([]byte(bad), &accounts); err == nil || !accounts.Equal(scopes.Accounts("a")) {
			t.Errorf("accounts %s: %v, %v", bad, err, accounts.Slice())
		}
	}
	// An account that is called "all" is one account.
	data, err := json.Marshal(scopes.Accounts("all"))
	accounts := scopes.AccountSet{}
	if err != nil || json.Unmarshal(data, &accounts) != nil || accounts.All() || !accounts.Has("all") {
		t.Errorf("an account called all: %s, %v", data, err)
	}
}

func TestDecisionIsAFlag(t *testing.T) {
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	var d scopes.Decision
	fs.TextVar(&d, "policy", scopes.Ask, "")
	if err := fs.Parse([]string{"-policy", "deny"}); err != nil || d != scopes.Deny {
		t.Errorf("-policy deny gives %s, %v", d, err)
	}
	if err := fs.Parse([]string{"-policy", "dney"}); err == nil {
		t.Error("-policy dney is taken")
	}
}

func TestInvalidValuesHaveAName(t *testing.T) {
	if got := scopes.Access(9).String() + " " + scopes.Decision(9).String(); got != "access(9) decision(9)" {
		t.Errorf("got %q", got)
	}
}
