package mailfacts_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mailfacts"
	"github.com/postern-mail/postern/internal/mailtext"
	"github.com/postern-mail/postern/provider"
)

// header makes fields of lines "Name: value".
func header(lines ...string) []provider.Field {
	var out []provider.Field
	for _, l := range lines {
		name, value, _ := strings.Cut(l, ": ")
		out = append(out, provider.Field{Name: name, Value: value})
	}
	return out
}

func TestUnsubscribe(t *testing.T) {
	const post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
	tests := []struct {
		name   string
		header []provider.Field
		want   string
	}{
		{"none", nil, ""},
		{"by mail", header("List-Unsubscribe: <mailto:leave@lists.example.org?subject=unsubscribe%20ann>"), "mail to leave@lists.example.org (subject: unsubscribe ann)"},
		{"by mail without a subject", header("List-Unsubscribe: <mailto:leave@lists.example.org>"), "mail to leave@lists.example.org"},
		{"one click", header("List-Unsubscribe: <https://News.Example.org/u/aGVsbG8>", post), "one-click at news.example.org"},
		{"one click needs HTTPS", header("List-Unsubscribe: <http://news.example.org/u>", post), "page at news.example.org"},
		{"a page", header("List-Unsubscribe: <https://news.example.org/u>"), "page at news.example.org"},
		{"both, folded", header("List-Unsubscribe: <mailto:leave@example.org>,\t<https://news.example.org/\t u?x=1>", post), "one-click at news.example.org; mail to leave@example.org"},
		{"without brackets", header("List-Unsubscribe: https://news.example.org/u"), ""},
		{"another scheme", header("List-Unsubscribe: <javascript:alert(1)>, <ftp://x>, <data:text/html,x>"), ""},
		{"two recipients", header("List-Unsubscribe: <mailto:a@example.org,b@example.org>"), ""},
		{"two at signs", header("List-Unsubscribe: <mailto:a@b@example.org>"), ""},
		{"no at sign", header("List-Unsubscribe: <mailto:a>"), ""},
		{"further recipients in the query", header("List-Unsubscribe: <mailto:a@example.org?cc=boss@example.org&subject=x>"), "mail to a@example.org (subject: x)"},
		{"a line break in the address", header("List-Unsubscribe: <mailto:a@example.org%0D%0ABcc:b@example.org>"), ""},
		{"invisible characters in the address", header("List-Unsubscribe: <mailto:a%E2%80%8B@example.org>"), ""},
		{"an endless address", header("List-Unsubscribe: <mailto:" + strings.Repeat("a", 300) + "@example.org>"), ""},
		{"words in the host", header("List-Unsubscribe: <https://example.org;one-click(at)bank.example/u>"), ""},
		{"quotes in the host", header(`List-Unsubscribe: <https://example.org",bank.example/u>`), ""},
		{"a name before the host", header("List-Unsubscribe: <https://bank.example@example.org/u>"), "page at example.org"},
		{"a host in letters that look like others", header("List-Unsubscribe: <https://bаnk.example/u>"), "page at xn--bnk-6cd.example"},
		{"an end in the subject", header("List-Unsubscribe: <mailto:a@example.org?subject=x);%20one-click%20at%20bank.example%20(y>"), "mail to a@example.org (subject: x one-click at bank.example y)"},
		{"orders in the subject", header("List-Unsubscribe: <mailto:a@example.org?subject=" + strings.Repeat("obey%0A", 100) + ">"), "mail to a@example.org (subject: obey obey obey obey obey obey obey obey obey obey obey obey…)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := mailfacts.Of(&provider.Message{Header: test.header}, mailfacts.Options{}).Unsubscribe
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func TestAuthentication(t *testing.T) {
	const (
		outside = "Received: from mail.example.net (mail.example.net [192.0.2.1]) by mx.example.org (Postfix) with ESMTPS id 1; Fri, 20 Nov 2026 09:00:00 +0000"
		good    = "Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.net; dkim=pass (2048-bit; all good) header.d=example.net; dmarc=pass header.from=example.net"
		google  = "Received: from mail.example.net by mx.google.com with ESMTPS id 1"
		forged  = "Authentication-Results: mx.example.org; spf=pass; dkim=pass; dmarc=pass"
	)
	tests := []struct {
		name   string
		border string
		header []provider.Field
		want   string
	}{
		{"above the delivery", "", header(good, outside), "spf=pass dkim=pass dmarc=pass"},
		{"below the delivery anybody may have written it", "", header(outside, forged), ""},
		{"below the delivery under the name of the border", "mx.example.org", header(outside, good), "spf=pass dkim=pass dmarc=pass"},
		{"of the border only the topmost below the delivery", "MX.example.org", header(outside, "Authentication-Results: mx.example.org; spf=fail", forged), "spf=fail"},
		{"not the border's", "mx.example.org", header("Authentication-Results: mx.example.net; dmarc=pass", outside), ""},
		{"several above the delivery", "", header("Authentication-Results: a.example.org; dmarc=fail", "Authentication-Results: b.example.org; spf=softfail; dkim=none", outside, forged), "spf=softfail dkim=none dmarc=fail"},
		{"no delivery at all", "", header(forged), ""},
		{"Google", "", header("Received: by 2002:a05:6a10:9f:b0:1:2:3 with SMTP id x", google, "Authentication-Results: mx.google.com; dkim=pass header.i=@example.net; spf=pass; dmarc=pass (p=NONE)"), "spf=pass dkim=pass dmarc=pass"},
		{"not Google's own", "", header("Received: by 2002:a05:6a10:9f:b0:1:2:3 with SMTP id x", google, "Authentication-Results: evil.test; dmarc=pass"), ""},
		{"Google's name, another server", "", header(outside, "Received: from x by mx.google.com", "Authentication-Results: mx.google.com; dmarc=pass"), ""},
		{"Microsoft writes no name", "", header("Received: from a.prod.outlook.com (2603::1) by b.prod.outlook.com with HTTPS", "Authentication-Results: spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.net; dkim=fail (signature did not verify) header.d=example.net;dmarc=fail action=none header.from=example.net;"), "spf=pass dkim=fail dmarc=fail"},
		{"one signature of two", "", header("Authentication-Results: mx.example.org; dkim=fail header.d=a.test; dkim=pass header.d=b.test", outside), "dkim=pass"},
		{"words that are no results", "", header("Authentication-Results: mx.example.org 1; dmarc=ignore-previous-instructions; spf=PASS; x=pass", outside), "spf=pass"},
		{"results in comments and quotes", "", header(`Authentication-Results: mx.example.org; spf=fail (x; dmarc=pass) reason="y; dkim=pass"`, outside), "spf=fail"},
		{"versions", "", header("Authentication-Results: mx.example.org 1; dkim/1=pass", outside), "dkim=pass"},
		{"blanks around the sign", "", header("Authentication-Results: mx.example.org 1; dkim =pass", outside), "dkim=pass"},
		{"an escaped bracket in a comment", "", header(`Authentication-Results: mx.example.org; spf=fail (x \) ; dmarc=pass; y) ; dkim=none`, outside), "spf=fail dkim=none"},
		{"a quote in a comment", "", header(`Authentication-Results: mx.example.org; spf=fail (5" pipe); dmarc=fail`, outside), "spf=fail dmarc=fail"},
		{"a name that ends like Google's", "", header(google, "Authentication-Results: mx.evilgoogle.com; dmarc=pass"), ""},
		{"a server that ends like Google's", "", header("Received: from x by mx.evilgoogle.com with ESMTPS", "Authentication-Results: mx.google.com; dmarc=pass"), ""},
		{"a server's name before a semicolon", "", header("Received: by mx.google.com; Fri, 20 Nov 2026 09:00:00 +0000", "Authentication-Results: mx.google.com; dmarc=pass"), "dmarc=pass"},
		{"an address that is not inside Google", "", header("Received: by 2001:db8::1 with SMTP id x", google, "Authentication-Results: mx.google.com; dmarc=pass"), ""},
		{"none", "", header("Authentication-Results: mx.example.org; none", outside), ""},
		{"a host that greets as by", "", header("Received: from by mx.google.com (mail.example.net [192.0.2.1]) by mx.example.org", "Authentication-Results: mx.google.com; dmarc=pass"), ""},
		{"a host named in a comment", "", header("Received: from x (x by mx.google.com [192.0.2.1])\tby mx.example.org", "Authentication-Results: mx.google.com; dmarc=pass"), ""},
		{"a comment behind by", "", header("Received: from x (x [192.0.2.1])\tby (local) mx.google.com with ESMTPS", "Authentication-Results: mx.google.com; dmarc=pass"), "dmarc=pass"},
		{"a result inside an address that nobody quoted", "", header("Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=a; dmarc=pass b@example.net; dmarc=fail", outside), "spf=pass dmarc=fail"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := mailfacts.Of(&provider.Message{Header: test.header}, mailfacts.Options{Border: test.border})
			if diff := cmp.Diff(test.want, got.Auth); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
			if failed := strings.Contains(got.Auth, "dmarc=fail"); failed != (len(got.Warnings) == 1) {
				t.Errorf("warnings %q", got.Warnings)
			}
		})
	}
}

// TestAuthenticationOfOthers: a pass of a domain that is not the author's says whose it is, unless DMARC says that one fits.
func TestAuthenticationOfOthers(t *testing.T) {
	for name, test := range map[string]struct{ results, want string }{
		"the author's":          {"spf=pass smtp.mailfrom=x@bounce.bank.example; dkim=pass header.d=mail.bank.example", "spf=pass dkim=pass"},
		"another's":             {"spf=pass smtp.mailfrom=x@evil.test; dkim=pass header.d=evil.test", "spf=pass for evil.test dkim=pass for evil.test"},
		"another's identity":    {"dkim=pass header.i=@evil.test; spf=pass smtp.helo=mx.evil.test", "spf=pass for mx.evil.test dkim=pass for evil.test"},
		"one of each":           {"dkim=pass header.d=evil.test; dkim=pass header.d=bank.example", "dkim=pass"},
		"one of each, turned":   {"dkim=pass header.d=bank.example; dkim=pass header.d=evil.test", "dkim=pass"},
		"DMARC says that it is": {"spf=pass smtp.mailfrom=x@sender.test; dkim=pass header.d=bank.example; dmarc=pass", "spf=pass dkim=pass dmarc=pass"},
		"a failure":             {"spf=fail smtp.mailfrom=x@evil.test", "spf=fail"},
		"a bounce's":            {"spf=pass smtp.mailfrom= smtp.helo=evil.test", "spf=pass for evil.test"},
		"words for a domain":    {"dkim=pass header.d=(x)obey!me", "dkim=pass for another domain"},
		"nobody named":          {"dkim=pass; spf=pass", "spf=pass dkim=pass"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &provider.Message{
				Summary: provider.Summary{From: []provider.Address{{Addr: "service@bank.example"}}},
				Header:  header("Authentication-Results: mx.example.org; "+test.results, "Received: from x by mx.example.org"),
			}
			if got := mailfacts.Of(m, mailfacts.Options{}).Auth; got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	from := func(name, addr string) []provider.Address { return []provider.Address{{Name: name, Addr: addr}} }
	const lookalike = "the domain of the author is written in letters that look like others: "
	tests := []struct {
		name string
		m    provider.Message
		want []string
	}{
		{"an ordinary message", provider.Message{Summary: provider.Summary{From: from("Ann Lee", "ann@example.org")}}, nil},
		{"its own address as the name", provider.Message{Summary: provider.Summary{From: from("ann@example.org", "ann@example.org")}}, nil},
		{"another address as the name", provider.Message{Summary: provider.Summary{From: from(`"Bank" <service@bank.example>`, "x@evil.test")}},
			[]string{`the name of the author shows another address: "service@bank.example"`}},
		{"full-width signs", provider.Message{Summary: provider.Summary{From: from("service＠bank．example", "x@evil.test")}},
			[]string{`the name of the author shows another address: "service@bank.example"`}},
		{"Cyrillic between Latin letters", provider.Message{Summary: provider.Summary{From: from("", "x@pаypal.example")}}, []string{lookalike + `"xn--pypal-4ve.example"`}},
		{"the same in ASCII", provider.Message{Summary: provider.Summary{From: from("", "x@xn--pypal-4ve.example")}}, []string{lookalike + `"xn--pypal-4ve.example"`}},
		{"all Cyrillic that looks Latin", provider.Message{Summary: provider.Summary{From: from("", "x@сосо.example")}}, []string{lookalike + `"xn--n1aahb.example"`}},
		{"honest scripts", provider.Message{Summary: provider.Summary{From: []provider.Address{{Addr: "x@müller.example"}, {Addr: "x@спорт.example"}, {Addr: "x@例え.example"}, {Addr: "x@сосо.рф"}, {Addr: "x@ελλάδα.example"}}}}, nil},
		{"honest letters of no script", provider.Message{Summary: provider.Summary{From: []provider.Address{
			{Addr: "x@ラーメン.example"}, {Addr: "x@здоровʼя.example"}, {Addr: "x@hawaiʻi.example"}, {Addr: "x@ｶﾞｰﾄﾞ.example"}}}}, nil},
		{"letters of mathematics", provider.Message{Summary: provider.Summary{From: from("", "x@𝐩aypal.example")}}, []string{lookalike + `"xn--aypal-vn00d.example"`}},
		{"a wide letter", provider.Message{Summary: provider.Summary{From: from("", "x@ｐaypal.example")}}, []string{lookalike + `"xn--aypal-wr33a.example"`}},
		{"a numeral as a letter", provider.Message{Summary: provider.Summary{From: from("", "x@paypaⅼ.example")}}, []string{lookalike + `"xn--paypa-ym5b.example"`}},
		{"answers elsewhere", provider.Message{Summary: provider.Summary{From: from("", "ceo@example.org")}, ReplyTo: from("", "ceo@evil.test")},
			[]string{`answers go to another domain than the author's: "evil.test"`}},
		{"answers to a sister", provider.Message{Summary: provider.Summary{From: from("", "a@news.example.co.uk")}, ReplyTo: from("", "b@help.example.co.uk")}, nil},
		{"answers to another under one public suffix", provider.Message{Summary: provider.Summary{From: from("", "a@one.co.uk")}, ReplyTo: from("", "b@two.co.uk")},
			[]string{`answers go to another domain than the author's: "two.co.uk"`}},
		{"a name in double quotes", provider.Message{Summary: provider.Summary{From: []provider.Address{{Name: "a", Addr: "x@evil.test"}}}, Parts: []provider.Part{{Name: `say "yes".pdf.exe`}}},
			[]string{`a file name hides what kind of file it is: "say 'yes'.pdf.exe"`}},
		{"a name on a network without dots", provider.Message{Summary: provider.Summary{From: from("ann@work via lists", "list@example.org")}}, nil},
		{"a dot at the end of the domain", provider.Message{Summary: provider.Summary{From: from("ann@example.org", "ann@Example.ORG.")}}, nil},
		{"two scripts without Latin", provider.Message{Summary: provider.Summary{From: from("", "x@δж.example")}}, []string{lookalike + `"xn--pxa4x.example"`}},
		{"Cyrillic among Chinese", provider.Message{Summary: provider.Summary{From: from("", "x@中д.example")}}, []string{lookalike + `"xn--d1a7898a.example"`}},
		{"answers to a look-alike", provider.Message{Summary: provider.Summary{From: from("", "a@example.org")}, ReplyTo: from("", "x@pаypal.example")},
			[]string{`answers go to another domain than the author's: "xn--pypal-4ve.example"`, "the domain for answers is written in letters that look like others"}},
		{"answers to hundreds", provider.Message{Summary: provider.Summary{From: from("", "a@example.org")}, ReplyTo: append(slices.Repeat(from("", "a@example.org"), 10), from("", "x@evil.test")...)}, nil},
		{"answers of a list", provider.Message{Summary: provider.Summary{From: from("", "a@example.org")}, ReplyTo: from("", "x@lists.test"), Header: header("List-Id: <x.lists.test>")}, nil},
		{"invisible characters in recipients", provider.Message{Summary: provider.Summary{From: from("", "ann@example.org"), To: from("B\u200bob", "bob@example.org"), Cc: from("\u202eEve", "eve@example.org")}},
			[]string{"invisible or reordering characters in subject, names or file names: 2"}},
		{"invisible characters", provider.Message{Summary: provider.Summary{From: from("A\u200bnn", "ann@example.org"), Subject: "bill\U000e0069\U000e0067"}, Parts: []provider.Part{{Name: "annexe\u202Efdp.exe"}}},
			[]string{"invisible or reordering characters in subject, names or file names: 4"}},
		{"two endings", provider.Message{Parts: []provider.Part{{Name: "bill.pdf.exe"}, {Name: "notes.txt"}, {Name: "setup.exe"}, {Name: "a.tar.gz"}}},
			[]string{`a file name hides what kind of file it is: "bill.pdf.exe"`}},
		{"a gap", provider.Message{Parts: []provider.Part{{Name: "bill" + strings.Repeat(" ", 60) + ".scr"}}},
			[]string{`a file name hides what kind of file it is: "bill .scr"`}},
		{"quotes and lines in a name", provider.Message{Summary: provider.Summary{From: from("a@b.test\n\" ignore", "x@evil.test")}},
			[]string{`the name of the author shows another address: "a@b.test"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, mailfacts.Of(&test.m, mailfacts.Options{}).Warnings); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func FuzzFacts(f *testing.F) {
	f.Add("mx.example.org; spf=pass (a;b) dkim=pass", "<mailto:a@b.test?subject=x>, <https://c.test/>", "service@bank.example", "x@pаypal.test", "")
	f.Add(`"; (`, "<", "＠．", "@", "mx")
	f.Fuzz(func(t *testing.T, results, leave, name, addr, border string) {
		m := &provider.Message{
			Summary: provider.Summary{From: []provider.Address{{Name: name, Addr: addr}}, Subject: name},
			ReplyTo: []provider.Address{{Addr: results}}, Parts: []provider.Part{{Name: name}},
			Header: header("Authentication-Results: "+results, "Received: "+name, "Authentication-Results: "+results, "List-Unsubscribe: "+leave),
		}
		got := mailfacts.Of(m, mailfacts.Options{Border: border})
		for _, text := range append(got.Warnings, got.Auth, got.Unsubscribe) {
			clean, _ := mailtext.CleanLine(text, len(text)+1)
			if clean != text || !utf8.ValidString(text) || len(text) > 1000 {
				t.Errorf("%q is not fit to show", text)
			}
		}
	})
}
