package mechanism

import (
	"strings"
	"testing"
)

func TestBearer(t *testing.T) {
	for _, tt := range []struct {
		name, user, addr, offered string
		mech, initial, answer     string
	}{
		{"both", "ann@example.org", "imap.example.org:993", "XOAUTH2 OAUTHBEARER", OAuthBearer, "n,a=ann@example.org,\x01host=imap.example.org\x01port=993\x01auth=Bearer tok\x01\x01", "\x01"},
		{"user to be escaped", "a=n,n", "imap.example.org:imaps", "OAUTHBEARER", OAuthBearer, "n,a=a=3Dn=2Cn,\x01host=imap.example.org\x01auth=Bearer tok\x01\x01", "\x01"},
		{"only one", "a=n,n", "imap.example.org:993", "PLAIN XOAUTH2", XOAuth2, "user=a=n,n\x01auth=Bearer tok\x01\x01", ""},
		{"none", "ann", "imap.example.org:993", "PLAIN XOAUTH", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			has := func(name string) bool { return strings.Contains(" "+tt.offered+" ", " "+name+" ") }
			b, ok := NewBearer(tt.user, "tok", tt.addr, has)
			if ok != (tt.mech != "") {
				t.Fatalf("usable: %v", ok)
			}
			if !ok {
				return
			}
			mech, initial, err := b.Start()
			if err != nil || mech != tt.mech || string(initial) != tt.initial {
				t.Errorf("%s %q, %v", mech, initial, err)
			}
			if b.Refusal() != nil {
				t.Error("refused before the challenge")
			}
			answer, err := b.Next([]byte(`{"status":"400","schemes":"Bearer"}`))
			if err != nil || answer == nil || string(answer) != tt.answer {
				t.Errorf("answer %q, %v", answer, err)
			}
			if got := b.Refusal(); got == nil || got.Error() != "the server's status is 400" {
				t.Errorf("refusal %v", got)
			}
			if _, err := b.Next(nil); err == nil {
				t.Error("a second challenge was answered")
			}
		})
	}
}

func TestBearerStatus(t *testing.T) {
	for challenge, want := range map[string]string{
		"": "", "no json": "", "[1]": "", `{"status":401}`: "", `{"status":""}`: "", `{"status":"invalid_token"}`: "invalid_token",
		`{"status":"a\u0007\u202eb"}`: "ab", `{"status":"` + strings.Repeat("é", 100) + `"}`: strings.Repeat("é", maxStatus) + "…",
	} {
		b, _ := NewBearer("ann", "tok", "a:1", func(string) bool { return true })
		if _, err := b.Next([]byte(challenge)); err != nil {
			t.Errorf("%q: %v", challenge, err)
		}
		got := ""
		if err := b.Refusal(); err != nil {
			got = strings.TrimPrefix(err.Error(), "the server's status is ")
		}
		if got != want {
			t.Errorf("%q gives %q, want %q", challenge, got, want)
		}
	}
}

func TestCheckToken(t *testing.T) {
	for token, ok := range map[string]bool{
		"ya29.a0AfH6SM_-~+/=": true, "a": true, "": false, "a b": false, "a\x01auth=x": false, "a\r\n": false, "é": false, "a\x7f": false,
	} {
		if err := CheckToken(token); (err == nil) != ok {
			t.Errorf("%q: %v", token, err)
		}
	}
}
