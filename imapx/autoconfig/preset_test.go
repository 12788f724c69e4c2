package autoconfig_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/autoconfig"
	"github.com/postern-mail/postern/provider"
	"github.com/postern-mail/postern/provider/imapmail"
)

// TestPresets: each can be opened as it is, and says what its login needs.
func TestPresets(t *testing.T) {
	names := autoconfig.Presets()
	for _, name := range []string{"gmail", "microsoft", "outlook", "fastmail", "icloud", "yahoo", "proton"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			s, ok := autoconfig.Preset(name)
			if !ok || s.Preset != name || s.Title == "" || s.Source != autoconfig.FromName || len(s.Logins) == 0 || len(s.Foreign) != 0 {
				t.Fatalf("%+v", s)
			}
			opts := s.IMAPOptions("ann@example.org")
			opts.Password = "x"
			if s.OwnUser {
				opts.Username = "shown by the bridge"
			}
			b, err := imapmail.Open(imapmail.Options{
				Account: "a", IMAP: opts, Identities: []provider.Address{{Addr: "ann@example.org"}},
				SMTP: &imapmail.SMTP{Addr: s.SMTP.Addr(), Security: s.SMTP.Security},
			})
			if err != nil {
				t.Fatal(err)
			}
			b.Close()
			for _, server := range []autoconfig.Server{s.IMAP, s.SMTP} {
				if server.Security == imapx.Cleartext || server.Port == 143 || server.Port == 25 || strings.ToLower(server.Host) != server.Host {
					t.Errorf("server %+v", server)
				}
			}
			if slices.Contains(s.Logins, autoconfig.AppPassword) && s.Help == "" && !slices.Contains(s.Logins, autoconfig.Password) {
				t.Error("it does not say where to get an app password")
			}
			if slices.Contains(s.Logins, autoconfig.OAuth) != (s.OAuth != nil) {
				t.Error("OAuth without endpoints, or the reverse")
			}
			if s.OAuth != nil {
				all := []string{s.OAuth.AuthURL, s.OAuth.TokenURL, s.OAuth.GrantsURL}
				if s.OAuth.RevokeURL != "" {
					all = append(all, s.OAuth.RevokeURL)
				}
				for _, text := range all {
					if u, err := url.Parse(text); err != nil || u.Scheme != "https" || u.Host == "" {
						t.Errorf("endpoint %q", text)
					}
				}
				if len(s.OAuth.Scopes) == 0 || !s.SentByServer {
					t.Errorf("%+v", s)
				}
			}
		})
	}
	if _, ok := autoconfig.Preset("nowhere"); ok {
		t.Error("a preset that nobody made")
	}
}

func TestPresetsAreCopies(t *testing.T) {
	a, _ := autoconfig.Preset("gmail")
	a.Logins[0], a.OAuth.Scopes[0], a.OAuth.AuthParams[0].Value, a.OAuth.TokenURL = "changed", "changed", "changed", "changed"
	if b, _ := autoconfig.Preset("gmail"); b.Logins[0] == "changed" || b.OAuth.Scopes[0] == "changed" || b.OAuth.AuthParams[0].Value == "changed" || b.OAuth.TokenURL == "changed" {
		t.Errorf("%+v", b)
	}
}

func TestUsernames(t *testing.T) {
	for _, tt := range []struct{ preset, address, imap, smtp string }{
		{"gmail", "ann@gmail.com", "ann@gmail.com", "ann@gmail.com"},
		{"icloud", "ann@icloud.com", "ann", "ann@icloud.com"},
		{"icloud", "ann@Me.com", "ann", "ann@Me.com"},
		{"icloud", "ann@example.org", "ann@example.org", "ann@example.org"},
		{"proton", "ann@proton.me", "", ""},
	} {
		s, _ := autoconfig.Preset(tt.preset)
		if imap, smtp := s.Usernames(tt.address); imap != tt.imap || smtp != tt.smtp {
			t.Errorf("%s %s: got %q and %q", tt.preset, tt.address, imap, smtp)
		}
	}
}
