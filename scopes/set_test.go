package scopes_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/scopes"
)

// Each scope grants itself and nothing else, except that sending grants drafts.
func TestImplication(t *testing.T) {
	for _, s := range declared() {
		want := []scopes.Scope{s}
		if s == scopes.MailSend {
			want = append(want, scopes.MailDrafts)
		}
		if diff := cmp.Diff(want, scopes.NewSet(s).Slice()); diff != "" {
			t.Errorf("NewSet(%s) (-want +got):\n%s", s, diff)
		}
	}
}

func TestZeroSetGrantsNothing(t *testing.T) {
	var zero scopes.Set
	for _, s := range declared() {
		if zero.Has(s) {
			t.Errorf("the zero set has %s", s)
		}
	}
	if !zero.Empty() || zero.String() != "" || zero.Slice() != nil {
		t.Errorf("zero set: Empty %v, String %q", zero.Empty(), zero)
	}
	if scopes.NewSet(scopes.OpsMigrate).Empty() {
		t.Error("a set with ops:migrate is empty")
	}
}

func TestParseSet(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
		unknown          []scopes.Scope
	}{
		{"empty", "", "", nil},
		{"one", "mail:read", "mail:read", nil},
		{"order and repeats do not matter", "mail:search mail:folders mail:search", "mail:folders mail:search", nil},
		{"several spaces", "  mail:read   mail:search ", "mail:read mail:search", nil},
		{"implied", "mail:send", "mail:send mail:drafts", nil},
		{"drafts do not send", "mail:drafts", "mail:drafts", nil},
		{"unknown dropped and named once", "x mail:read y x", "mail:read", []scopes.Scope{"x", "y"}},
		{"only spaces part", "mail:read\tmail:send,mail:modify\nops:read", "", []scopes.Scope{"mail:read\tmail:send,mail:modify\nops:read"}},
		{"case counts", "Mail:Read", "", []scopes.Scope{"Mail:Read"}},
		{"public is no scope", "public", "", []scopes.Scope{"public"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set, unknown := scopes.ParseSet(tc.text)
			if set.String() != tc.want {
				t.Errorf("set %q, want %q", set, tc.want)
			}
			if diff := cmp.Diff(tc.unknown, unknown); diff != "" {
				t.Errorf("unknown (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSetIntersect(t *testing.T) {
	a := scopes.NewSet(scopes.MailSend, scopes.MailRead)
	b := scopes.NewSet(scopes.MailDrafts, scopes.MailRead, scopes.MailModify)
	want := scopes.NewSet(scopes.MailRead, scopes.MailDrafts)
	if got := a.Intersect(b); got != want || !got.Equal(b.Intersect(a)) {
		t.Errorf("intersection %q, want %q", got, want)
	}
	if a.Equal(b) {
		t.Error("different sets are equal")
	}
}

func FuzzParseSet(f *testing.F) {
	for _, seed := range []string{"", " ", "mail:read mail:send", "mail:send  x", "public", "\x00 \xff mail:read"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, unknown := scopes.ParseSet(text)
		if again, rest := scopes.ParseSet(set.String()); again != set || rest != nil {
			t.Errorf("%q reads back as %q, rest %q", set, again, rest)
		}
		if set.Has(scopes.MailSend) && !set.Has(scopes.MailDrafts) {
			t.Errorf("%q is not closed", set)
		}
		for _, s := range unknown {
			if s.Known() || set.Has(s) || s == "" {
				t.Errorf("%q reported as unknown", s)
			}
		}
	})
}
