package provider_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/postern-mail/postern/provider"
)

func TestTag(t *testing.T) {
	tests := []struct {
		name, account string
		itself        bool
	}{
		{"two letters", "me", true},
		{"three letters and digits", "a1b", true},
		{"one letter", "a", false},
		{"four letters", "work", false},
		{"upper case", "Me", false},
		{"a dash", "a-b", false},
		{"a dot", "a.b", false},
		{"two bytes that are one letter", "é", false},
		{"three bytes that are one letter", "字", false},
		{"an address", "ann@example.org", false},
		{"empty", "", false},
	}
	shape := regexp.MustCompile(`^[a-z0-9]{2,3}$`)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := provider.Tag(test.account)
			if (got == test.account) != test.itself || !shape.MatchString(got) {
				t.Errorf("Tag(%q) = %q, itself: want %v", test.account, got, test.itself)
			}
			if again := provider.Tag(test.account); again != got {
				t.Errorf("Tag(%q) = %q, then %q", test.account, got, again)
			}
		})
	}
	if provider.Tag("work") == provider.Tag("home") {
		t.Error("the tags of work and home are the same")
	}
}

// TestTagStays pins digests: ids that callers keep must not change with a release.
func TestTagStays(t *testing.T) {
	if got := provider.Tag("work"); got != "ads" {
		t.Errorf("Tag(work) = %q", got)
	}
	if got := provider.NewMessageID("ann@example.org", "7.1"); got != "iqg-7.1" {
		t.Errorf("NewMessageID = %q", got)
	}
}

func TestShortHash(t *testing.T) {
	plain := regexp.MustCompile(`^[a-km-np-z2-9]*$`)
	for n, want := range map[int]int{-1: 0, 0: 0, 1: 1, 8: 8, 51: 51, 52: 51, 1 << 30: 51} {
		got := provider.ShortHash("INBOX", n)
		if len(got) != want || !plain.MatchString(got) {
			t.Errorf("ShortHash(INBOX, %d) = %q, want %d characters that nobody confuses", n, got, want)
		}
	}
	if provider.ShortHash("INBOX", 8) == provider.ShortHash("Inbox", 8) {
		t.Error("two names with the same hash")
	}
	if id := provider.NewMessageID("work", provider.ShortHash("INBOX", 51)); id.Tag() == "" {
		t.Errorf("a hash does not fit an id: %q", id)
	}
}

func TestMessageID(t *testing.T) {
	long := strings.Repeat("x", 200-len("me-"))
	tests := []struct {
		name       string
		id         provider.MessageID
		tag, local string
	}{
		{"two-letter tag", "me-7.1", "me", "7.1"},
		{"three-letter tag", "snp-a3f.17.92", "snp", "a3f.17.92"},
		{"dashes in the local part", "me-a-b-", "me", "a-b-"},
		{"starting with a dash", "me--7", "me", "-7"},
		{"longest", provider.MessageID("me-" + long), "me", long},
		{"too long", provider.MessageID("me-x" + long), "", ""},
		{"empty", "", "", ""},
		{"no dash", "me7.1", "", ""},
		{"no tag", "-7.1", "", ""},
		{"tag too short", "m-7.1", "", ""},
		{"tag too long", "mine-7.1", "", ""},
		{"no local part", "me-", "", ""},
		{"upper-case tag", "Me-7", "", ""},
		{"upper-case local part", "me-A7", "", ""},
		{"space around", " me-7", "", ""},
		{"space inside", "me-7 1", "", ""},
		{"newline at the end", "me-7\n", "", ""},
		{"zero byte", "me-7\x00", "", ""},
		{"not UTF-8", "me-\xff7", "", ""},
		{"another dash", "me\u20117", "", ""},
		{"full-width digit", "me-\uff17", "", ""},
		{"slash", "me-../7", "", ""},
		{"underscore", "me-7_1", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if tag, local := test.id.Tag(), test.id.Local(); tag != test.tag || local != test.local {
				t.Errorf("%q: tag %q, local %q, want %q, %q", test.id, tag, local, test.tag, test.local)
			}
		})
	}
}

func FuzzNewMessageID(f *testing.F) {
	f.Add("work", "7.1")
	f.Add("me", "a-b.c")
	f.Add("", "")
	f.Add("a-b", "-")
	f.Add("me", "\xff")
	allowed := regexp.MustCompile(`^[a-z0-9.-]+$`)
	f.Fuzz(func(t *testing.T, account, local string) {
		id := provider.NewMessageID(account, local)
		tag := provider.Tag(account)
		if !allowed.MatchString(local) || strings.HasSuffix(local, "\n") || len(tag)+1+len(local) > 200 {
			tag, local = "", ""
		}
		if id.Tag() != tag || id.Local() != local {
			t.Errorf("%q: tag %q, local %q, want %q, %q", id, id.Tag(), id.Local(), tag, local)
		}
	})
}

func FuzzMessageID(f *testing.F) {
	for _, s := range []string{"me-7.1", "snp-a3f.17", "", "-", "me-", "ME-7", "me-7\n", "me\u20117"} {
		f.Add(s)
	}
	valid := regexp.MustCompile(`\A[a-z0-9]{2,3}-[a-z0-9.-]+\z`)
	f.Fuzz(func(t *testing.T, s string) {
		id := provider.MessageID(s)
		ok := len(s) <= 200 && valid.MatchString(s)
		if (id.Tag() != "") != ok || (id.Local() != "") != ok {
			t.Errorf("%q: tag %q, local %q, valid %v", s, id.Tag(), id.Local(), ok)
		}
		if ok && id.Tag()+"-"+id.Local() != s {
			t.Errorf("%q comes apart as %q and %q", s, id.Tag(), id.Local())
		}
	})
}
