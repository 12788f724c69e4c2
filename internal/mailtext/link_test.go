package mailtext_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/postern-mail/postern/internal/mailtext"
)

// linked shows one link and returns its reference and the line of the list.
func linked(t *testing.T, href, text string, opts mailtext.Options) (ref, line string) {
	t.Helper()
	got, _, _ := mailtext.FromHTML(`<a href="`+href+`">`+text+`</a>`, opts)
	shown, list, _ := strings.Cut(got, "\n\n")
	return strings.TrimSpace(strings.TrimPrefix(shown, text)), strings.TrimPrefix(list, "[1] ")
}

func TestLinkRedirectors(t *testing.T) {
	const page = "https%3A%2F%2Fshop.example.org%2Fp%3Fid%3D1%26utm_source%3Dx"
	const shown = "https://shop.example.org/p?id=1"
	tests := []struct{ name, href, want string }{
		{"safe links", "https://eur02.safelinks.protection.outlook.com/?url=" + page + "&amp;data=05%7C02&amp;reserved=0", shown + " (by eur02.safelinks.protection.outlook.com)"},
		{"search engine", "https://www.google.com/url?q=" + page + "&amp;sa=D", shown + " (by google.com)"},
		{"social network", "https://l.facebook.com/l.php?u=" + page + "&amp;h=AT0", shown + " (by l.facebook.com)"},
		{"defense 2", "https://urldefense.proofpoint.com/v2/url?u=https-3A__shop.example.org_p-3Fid-3D1&amp;d=Dw&amp;c=x", shown + " (by urldefense.proofpoint.com)"},
		{"defense 3", "https://urldefense.com/v3/__https://shop.example.org/p?id=1__;!!AbC!x$", shown + " (by urldefense.com)"},
		{"defense 3 with a lost slash", "https://urldefense.com/v3/__https:/shop.example.org/p?id=1__;!!AbC!x$", shown + " (by urldefense.com)"},
		{"defense 3 with signs", "https://urldefense.com/v3/__https://shop.example.org/*a*__;IyM!!AbC!x$", "https://shop.example.org/%23a%23 (by urldefense.com)"},
		{"defense 3 with runs", "https://urldefense.com/v3/__https://shop.example.org/**A__;IyM!!A!x$", "https://urldefense.com/v3/__https://shop.example.org/**A__;IyM!!A!x$"},
		{"one inside the other", "https://www.google.com/url?q=https%3A%2F%2Furldefense.proofpoint.com%2Fv2%2Furl%3Fu%3Dhttps-3A__shop.example.org_", "https://shop.example.org/ (by google.com)"},
		{"click counter", "https://click.example.net/c?id=7&amp;url=" + page, "https://click.example.net/… (names " + shown + ")"},
		{"click counter of the same house", "https://click.example.org/c?id=7&amp;url=https%3A%2F%2Fexample.org%2Fp", "https://example.org/p (by click.example.org)"},
		{"cloud", "https://58.email.example.net/CL0/" + page + "/1/0101/abc=342", "https://58.email.example.net/… (names " + shown + ")"},
		{"a host that begins like a search engine", "https://google.test.invalid/url?url=" + page, "https://google.test.invalid/… (names " + shown + ")"},
		{"a search engine in a country", "https://www.google.co.uk/url?q=" + page, shown + " (by google.co.uk)"},
		{"an unknown one behind a known one", "https://www.google.com/url?q=https%3A%2F%2Fevil.test%2F%3Furl%3Dhttps%253A%252F%252Fbank.example%252F", "https://evil.test/… (names https://bank.example/)"},
		{"a known one behind an unknown one", "https://evil.test/?url=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%253A%252F%252Fbank.example%252F", "https://evil.test/… (names https://bank.example/)"},
		{"no page in it", "https://click.example.net/c?url=shop", "https://click.example.net/c?url=shop"},
		{"a script in it", "https://click.example.net/c?url=javascript:alert(1)", "https://click.example.net/c?url=javascript:alert(1)"},
		{"an unknown one behind one of the same house", "https://click.bank.example/?url=https%3A%2F%2Fevil.test%2F%3Furl%3Dhttps%253A%252F%252Fbank.example%252F", "https://click.bank.example/… (names https://bank.example/)"},
		{"a long query behind a path of 75", "https://a.example.net/" + strings.Repeat("p", 61) + "?" + strings.Repeat("q", 60), "https://a.example.net/" + strings.Repeat("p", 61) + "?…"},
		{"a number and a port", "https://[::1]:8080/x", "https://[::1]:8080/x"},
		{"a name and a port", "https://A.example.net:8080/x", "https://a.example.net:8080/x"},
		{"a share", "https://social.example.net/sharer?u=https%3A%2F%2Fa.example.org", "https://social.example.net/sharer?u=https%3A%2F%2Fa.example.org"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, got := linked(t, tt.href, "text", mailtext.Options{}); got != tt.want {
				t.Errorf("%s is shown as %q, want %q", tt.href, got, tt.want)
			}
		})
	}
}

func TestLinkTracking(t *testing.T) {
	for _, name := range []string{
		"utm_source", "UTM_CAMPAIGN", "fbclid", "gclid", "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "vero_id", "oly_anon_id", "oly_enc_id",
		"msclkid", "igshid", "trk", "trkEmail", "s_cid", "_openstat", "yclid", "twclid",
	} {
		t.Run(name, func(t *testing.T) {
			if _, got := linked(t, "https://a.example.org/x?b=1&amp;"+name+"=abc&amp;c=2", "text", mailtext.Options{}); got != "https://a.example.org/x?b=1&c=2" {
				t.Errorf("left %q", got)
			}
		})
	}
	if _, got := linked(t, "https://a.example.org/x#utm_source=abc", "text", mailtext.Options{}); got != "https://a.example.org/x" {
		t.Errorf("behind the sign for a place in the page %q is left", got)
	}
}

func TestLinkSchemes(t *testing.T) {
	tests := []struct{ name, href, text, ref, line string }{
		{"mail", "mailto:ann@example.org?subject=x", "write", "[1]", "mailto:ann@example.org"},
		{"mail that the text says", "mailto:ann@example.org", "ann@example.org", "", ""},
		{"telephone", "tel:+43%20316%200000", "call us", "[1]", "tel:+43 316 0000"},
		{"telephone that the text says", "tel:+433160000", "+43 316 0000", "", ""},
		{"mail to several", "mailto:a@example.org,%20b@example.org", "write", "[1]", "mailto:a@example.org,b@example.org"},
		{"mail that says more", "mailto:a@example.org%20[2]%20https://test.invalid", "write", "", ""},
		{"mail in quotes", "mAilto:&quot;@", "write", "", ""},
		{"telephone that says more", "tel:123 [2] https://test.invalid", "call", "", ""},
		{"script", "javascript:alert(1)", "go", "", ""},
		{"script in disguise", "java&#10;script&colon;alert(1)", "go", "", ""},
		{"data", "data:text/html,x", "go", "", ""},
		{"file", "file:///etc/passwd", "go", "", ""},
		{"place in the page", "#top", "go", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if ref, line := linked(t, tt.href, tt.text, mailtext.Options{}); ref != tt.ref || line != tt.line {
				t.Errorf("%q %q, want %q %q", ref, line, tt.ref, tt.line)
			}
		})
	}
}

func TestLinkMisleading(t *testing.T) {
	tests := []struct {
		name, href, text string
		to               string // "" when nothing misleads
	}{
		{"another host", "https://evil.test/", "https://bank.example.com", "evil.test"},
		{"another host with its path", "https://evil.test/", "bank.example.com/login here", "evil.test"},
		{"own host", "https://login.bank.example/x", "bank.example", ""},
		{"user that looks like a host", "https://bank.example@evil.test/login", "Log in", "evil.test"},
		{"user that does not", "https://ann@example.org/login", "Log in", ""},
		{"letters that look alike", "https://аpple.com/", "apple.com", "xn--pple-43d.com"},
		{"letters that look alike, without a host in the text", "https://xn--pple-43d.com/", "Your account", "xn--pple-43d.com"},
		{"letters that all look alike", "https://xn--80ak6aa92e.com/", "Your account", "xn--80ak6aa92e.com"},
		{"an honest name", "https://xn--bcher-kva.example/", "Bücher", ""},
		{"an honest name in Cyrillic", "https://xn--80aswg.example/", "сайт", ""},
		{"a full-width dot", "https://evil.test/", "bank。example", "evil.test"},
		{"another address", "mailto:eve@test.invalid", "ann@example.org", "eve@test.invalid"},
		{"a known redirector", "https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fwww.bank.example%2F", "www.bank.example", ""},
		{"a known redirector to another", "https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.test%2F", "www.bank.example", "evil.test"},
		{"a parameter proves nothing", "https://evil.test/?url=https%3A%2F%2Fwww.bank.example%2F", "www.bank.example", "evil.test"},
		{"a file", "https://evil.test/", "report.pdf", ""},
		{"a host that begins like a search engine", "https://google.evil.test/url?q=https%3A%2F%2Fbank.example%2F", "bank.example", "google.evil.test"},
		{"a known redirector to letters that look alike", "https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fxn--80ak6aa92e.com%2F", "Your account", "xn--80ak6aa92e.com"},
		{"two users", "https://bank.example@x@evil.test/", "https://bank.example/", "evil.test"},
		{"half an escape", "https://evil.test/%zz%41", "https://bank.example/", "evil.test"},
		{"half an escape at the end", "https://evil.test/#%4", "https://bank.example/", "evil.test"},
		{"escapes in the host", "https://%65vil.test/", "https://bank.example/", "evil.test"},
		{"escaped end of the host", "https://bank.example%2F.evil.test/", "https://bank.example/", ""}, // browsers refuse it
		{"slash the other way", `https://evil.test\@bank.example/`, "https://bank.example/", "evil.test"},
		{"a user with any signs", "https://a^b|c@evil.test/", "https://bank.example/", "evil.test"},
		{"long", "https://evil.test/" + strings.Repeat("a", 5000), "https://bank.example/", "evil.test"},
		{"long before the host ends", "https://bank.example" + strings.Repeat("&#10;", 1000) + ".evil.test/", "https://bank.example/", "an address too long to read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := ""
			if tt.to != "" {
				want = "[1 goes to " + tt.to + "]"
			}
			ref, _ := linked(t, tt.href, tt.text, mailtext.Options{})
			if got := strings.Contains(ref, "goes to"); got != (want != "") || want != "" && ref != want {
				t.Errorf("%q, want %q", ref, want)
			}
			res := mailtext.Body("", `<a href="`+tt.href+`">`+tt.text+`</a>`, mailtext.Options{})
			if warned := len(res.Warnings) > 0; warned != (want != "") {
				t.Errorf("warnings %q", res.Warnings)
			}
		})
	}
}

func TestLinkLength(t *testing.T) {
	long := strings.Repeat("x", 200)
	tests := []struct{ name, href, want string }{
		{"query", "https://a.example.org/track/click?u=" + long, "https://a.example.org/track/click?…"},
		{"place", "https://a.example.org/page#" + long, "https://a.example.org/page#…"},
		{"path", "https://a.example.org/" + long, "https://a.example.org/…"},
		{"query without a path", "https://a.example.org?u=" + long, "https://a.example.org/…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, got := linked(t, tt.href, "text", mailtext.Options{}); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if _, got := linked(t, tt.href, "text", mailtext.Options{FullLinks: true}); got != tt.href {
				t.Errorf("whole: %q", got)
			}
		})
	}
	got, _, _ := mailtext.FromHTML(`<a href="https://a.example.org/c?u=1`+long+`">one</a> <a href="https://a.example.org/c?u=2`+long+`">two</a>`, mailtext.Options{})
	if got != "one [1] two [1]\n\n[1] https://a.example.org/c?…" {
		t.Errorf("targets that are shown alike: %q", got)
	}
}

func FuzzLinks(f *testing.F) {
	for _, href := range []string{
		"https://a.example.org/x?utm_source=1&id=4", "https://www.google.com/url?q=https%3A%2F%2Fb.example%2F", "mailto:a@b.example", "tel:+1", "javascript:x",
		"https://urldefense.com/v3/__https://a.example/*__;Iw!!A", "https://urldefense.proofpoint.com/v2/url?u=https-3A__b.example", "//b.example", `https:\\b.example`,
		"https://x/?url=https://y/?url=https://z/?url=https://w/?url=https://v", "https://[::1]:80/", "https://a.b@c", "https://xn--80ak6aa92e.com/", "https://h/CL0/https:%2F%2Fy/1",
	} {
		f.Add(href, "text b.example")
	}
	f.Fuzz(func(t *testing.T, href, text string) {
		quoted := strings.NewReplacer("&", "&amp;", `"`, "&quot;").Replace(href)
		escaped := strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(text)
		for _, opts := range []mailtext.Options{{}, {FullLinks: true}} {
			got, _, _ := mailtext.FromHTML(`<a href="`+quoted+`">`+escaped+`</a>`, opts)
			if !utf8.ValidString(got) || len(got) > 3*len(text)+3*len(href)+600 {
				t.Fatalf("%d and %d bytes became %q", len(href), len(text), got)
			}
			if again, _ := mailtext.Clean(got); again != got {
				t.Fatalf("unclean: %+q", got)
			}
			if at := strings.LastIndex(got, "\n[1] "); at >= 0 && !strings.Contains(text, "[1] ") {
				target := got[at+len("\n[1] "):]
				if strings.ContainsAny(target, "\n\t<>\"") || !strings.HasPrefix(target, "http://") && !strings.HasPrefix(target, "https://") &&
					!strings.HasPrefix(target, "mailto:") && !strings.HasPrefix(target, "tel:") {
					t.Fatalf("%q is shown as %q", href, target)
				}
			}
		}
	})
}
