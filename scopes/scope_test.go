package scopes_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/scopes"
)

// declared is every scope in the order that Slice promises.
func declared() []scopes.Scope {
	return []scopes.Scope{
		"mail:folders", "mail:read", "mail:search", "mail:modify", "mail:send",
		"mail:drafts", "mail:labels", "mail:contacts", "mail:comments", "mail:calendar", "mail:settings",
		"ops:read", "ops:write", "ops:migrate",
	}
}

func TestScopesAreTheDeclaredOnes(t *testing.T) {
	constants := []scopes.Scope{
		scopes.MailFolders, scopes.MailRead, scopes.MailSearch, scopes.MailModify, scopes.MailSend,
		scopes.MailDrafts, scopes.MailLabels, scopes.MailContacts, scopes.MailComments, scopes.MailCalendar, scopes.MailSettings,
		scopes.OpsRead, scopes.OpsWrite, scopes.OpsMigrate,
	}
	if diff := cmp.Diff(declared(), constants); diff != "" {
		t.Errorf("constants (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(declared(), scopes.AllScopes().Slice()); diff != "" {
		t.Errorf("AllScopes().Slice() (-want +got):\n%s", diff)
	}
}

func TestEveryScopeIsExplained(t *testing.T) {
	seen := map[string]scopes.Scope{}
	for _, s := range declared() {
		about := s.About()
		if !s.Known() || !strings.HasSuffix(about, ".") || strings.Count(about, ".") != 1 {
			t.Errorf("%s: Known %v, About %q; want a known scope and one sentence", s, s.Known(), about)
		}
		if other, dup := seen[about]; dup {
			t.Errorf("%s and %s have the same explanation", s, other)
		}
		seen[about] = s
	}
}

func TestUnknownScopes(t *testing.T) {
	for _, s := range []scopes.Scope{"", "public", "mail", "mail:*", "MAIL:READ", "mail:read ", "mail:draft", "ops:*"} {
		if s.Known() || s.About() != "" {
			t.Errorf("%q: Known %v, About %q; want unknown", s, s.Known(), s.About())
		}
		if set := scopes.NewSet(s); !set.Empty() || set.Has(s) {
			t.Errorf("NewSet(%q) grants %q", s, set)
		}
		if scopes.AllScopes().Has(s) {
			t.Errorf("AllScopes has %q", s)
		}
	}
}
