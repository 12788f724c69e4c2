package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/provider/imapmail"
)

// What is asked of the real services, which no test can try.
func TestBuiltInPresets(t *testing.T) {
	type facts struct{ IMAP, SMTP, Authorize, Token, Device, Scopes, Issuer, Redirect, Hosts string }
	for name, tc := range map[string]struct {
		preset, tenant string
		want           facts
	}{
		"gmail": {"gmail", "", facts{
			"imap.gmail.com:993 tls", "smtp.gmail.com:465 tls", "https://accounts.google.com/o/oauth2/v2/auth",
			"https://oauth2.googleapis.com/token", "", "https://mail.google.com/", "https://accounts.google.com", "127.0.0.1", "imap.gmail.com smtp.gmail.com",
		}},
		"microsoft": {"microsoft", "", facts{
			"outlook.office365.com:993 tls", "smtp.office365.com:587 starttls", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
			"https://login.microsoftonline.com/common/oauth2/v2.0/token", "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode",
			"https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
			"https://login.microsoftonline.com/{tenant}/v2.0", "localhost",
			"outlook.office365.com smtp.office365.com outlook.office365.com smtp-mail.outlook.com",
		}},
		"one directory": {"microsoft", "example.org", facts{
			"outlook.office365.com:993 tls", "smtp.office365.com:587 starttls", "https://login.microsoftonline.com/example.org/oauth2/v2.0/authorize",
			"https://login.microsoftonline.com/example.org/oauth2/v2.0/token", "https://login.microsoftonline.com/example.org/oauth2/v2.0/devicecode",
			"https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
			"https://login.microsoftonline.com/{tenant}/v2.0", "localhost",
			"outlook.office365.com smtp.office365.com outlook.office365.com smtp-mail.outlook.com",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := builtInPreset(tc.preset, tc.tenant)
			if err != nil {
				t.Fatal(err)
			}
			got := facts{
				p.imap.addr + " " + string(p.imap.security), p.smtp.addr + " " + string(p.smtp.security), p.endpoint.AuthURL,
				p.endpoint.TokenURL, p.endpoint.DeviceAuthURL, strings.Join(p.scopes, " "), p.issuer, p.loopback, strings.Join(p.hosts, " "),
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if p.sentBy != imapmail.SentByServer {
				t.Errorf("sent mail is filed by %q", p.sentBy)
			}
		})
	}
	for name, tc := range map[string]struct{ preset, tenant, says string }{
		"no such service":      {"example", "", "-preset"},
		"no login by browser":  {"fastmail", "", "-preset"},
		"gmail has no tenants": {"gmail", "example.org", "IMAP_OAUTH_TENANT"},
		"tenant with a path":   {"microsoft", "a/../b", "IMAP_OAUTH_TENANT"},
		"tenant with dots":     {"microsoft", "..", "IMAP_OAUTH_TENANT"},
		"tenant with a query":  {"microsoft", "a?b", "IMAP_OAUTH_TENANT"},
	} {
		if _, err := builtInPreset(tc.preset, tc.tenant); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want it to name %s", name, err, tc.says)
		}
	}
}

// What Google needs to give a refresh token, and who is to log in.
func TestAddressToOpen(t *testing.T) {
	p, err := builtInPreset("gmail", "")
	if err != nil {
		t.Fatal(err)
	}
	address, err := url.Parse(p.config(aLogin("")).AuthCodeURL("state-1", p.asked("ann@example.org", "verifier")...))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"response_type": {"code"}, "client_id": {"client-1"}, "scope": {"https://mail.google.com/"}, "state": {"state-1"},
		"code_challenge": {"iMnq5o6zALKXGivsnlom_0F5_WYda32GHkxlV7mq7hQ"}, "code_challenge_method": {"S256"},
		"access_type": {"offline"}, "prompt": {"consent"}, "login_hint": {"ann@example.org"},
	}
	if diff := cmp.Diff(want, address.Query()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
