package mailmime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/internal/mailmime"
)

type addrs = []mailmime.Address

func TestParseAddressList(t *testing.T) {
	ann := mailmime.Address{Name: "Ann Lee", Mailbox: "ann@example.org"}
	bob := mailmime.Address{Mailbox: "bob@example.org"}
	for _, tt := range []struct {
		name, in string
		want     addrs
		bad      bool
	}{
		{"empty", "", nil, false},
		{"blanks only", "  \t ", nil, false},
		{"bare", "bob@example.org", addrs{bob}, false},
		{"angle only", "<bob@example.org>", addrs{bob}, false},
		{"name", "Ann Lee <ann@example.org>", addrs{ann}, false},
		{"quoted name", `"Ann Lee" <ann@example.org>`, addrs{ann}, false},
		{"two", "Ann Lee <ann@example.org>, bob@example.org", addrs{ann, bob}, false},
		{"no blank after the comma", "Ann Lee <ann@example.org>,bob@example.org", addrs{ann, bob}, false},
		{"trailing comma", "bob@example.org,", addrs{bob}, false},
		{"leading and double commas", ", ,bob@example.org,,Ann Lee <ann@example.org>", addrs{bob, ann}, false},
		{"semicolons", "bob@example.org; Ann Lee <ann@example.org>;", addrs{bob, ann}, false},
		{"unquoted comma name", "Lee, Ann <ann@example.org>", addrs{{Name: "Lee, Ann", Mailbox: "ann@example.org"}}, false},
		{"two unquoted comma names", "Lee, Ann <ann@example.org>, Ray, Bob <bob@example.org>", addrs{{Name: "Lee, Ann", Mailbox: "ann@example.org"}, {Name: "Ray, Bob", Mailbox: "bob@example.org"}}, false},
		{"title with two commas", "Lee, Ann, PhD <ann@example.org>", addrs{{Name: "Lee, Ann, PhD", Mailbox: "ann@example.org"}}, false},
		{"quoted comma name", `"Lee, Ann" <ann@example.org>`, addrs{{Name: "Lee, Ann", Mailbox: "ann@example.org"}}, false},
		{"escaped quote", `"Ann \"Boss\" Lee" <ann@example.org>`, addrs{{Name: `Ann "Boss" Lee`, Mailbox: "ann@example.org"}}, false},
		{"quote within a name", `Ann "Boss" Lee <ann@example.org>`, addrs{{Name: `Ann Boss Lee`, Mailbox: "ann@example.org"}}, false},
		{"open quote", `Ann 6" Lee <ann@example.org>, bob@example.org`, addrs{{Name: `Ann 6" Lee`, Mailbox: "ann@example.org"}, bob}, false},
		{"angle bracket in quotes", `"<evil@example.net>" <ann@example.org>`, addrs{{Name: "<evil@example.net>", Mailbox: "ann@example.org"}}, false},
		{"comment as name", "ann@example.org (Ann Lee)", addrs{ann}, false},
		{"nested comment", "ann@example.org (Ann (A) Lee)", addrs{{Name: "Ann (A) Lee", Mailbox: "ann@example.org"}}, false},
		{"comment with comma", "ann@example.org (Lee, Ann), bob@example.org", addrs{{Name: "Lee, Ann", Mailbox: "ann@example.org"}, bob}, false},
		{"comment beside a name", "Ann Lee (office) <ann@example.org>", addrs{ann}, false},
		{"open comment", "Ann (Lee <ann@example.org>", addrs{{Name: "Ann (Lee", Mailbox: "ann@example.org"}}, false},
		{"group", "Crew: Ann Lee <ann@example.org>, bob@example.org;", addrs{ann, bob}, false},
		{"empty group", "undisclosed-recipients:;", nil, false},
		{"group then address", "Crew: Ann Lee <ann@example.org>;, bob@example.org", addrs{ann, bob}, false},
		{"colon in a name", "Re: Ann <ann@example.org>", addrs{{Name: "Re: Ann", Mailbox: "ann@example.org"}}, false},
		{"time in a name", "12:30 Club <ann@example.org>", addrs{{Name: "12:30 Club", Mailbox: "ann@example.org"}}, false},
		{"encoded word", "=?utf-8?q?J=C3=BCrgen_M=C3=BCller?= <j@example.org>", addrs{{Name: "Jürgen Müller", Mailbox: "j@example.org"}}, false},
		{"encoded word in quotes", `"=?utf-8?q?J=C3=BCrgen?=" <j@example.org>`, addrs{{Name: "Jürgen", Mailbox: "j@example.org"}}, false},
		{"encoded comma", "=?utf-8?q?M=C3=BCller=2C_J?= <j@example.org>, bob@example.org", addrs{{Name: "Müller, J", Mailbox: "j@example.org"}, bob}, false},
		{"raw comma in an encoded word", "=?utf-8?q?M=C3=BCller,_J?= <j@example.org>", addrs{{Name: "Müller, J", Mailbox: "j@example.org"}}, false},
		{"address in an encoded word is a name", "=?utf-8?q?<evil@example.net>?= <ann@example.org>", addrs{{Name: "<evil@example.net>", Mailbox: "ann@example.org"}}, false},
		{"two encoded words", "=?utf-8?b?5pel5pys?= =?utf-8?b?6Kqe?= <jp@example.org>", addrs{{Name: "日本語", Mailbox: "jp@example.org"}}, false},
		{"raw UTF-8", "Jürgen <j@example.org>", addrs{{Name: "Jürgen", Mailbox: "j@example.org"}}, false},
		{"raw latin1", "J\xfcrgen <j@example.org>", addrs{{Name: "Jürgen", Mailbox: "j@example.org"}}, false},
		{"raw latin1 does not drop the next", "J\xfcrgen <j@example.org>, bob@example.org", addrs{{Name: "Jürgen", Mailbox: "j@example.org"}, bob}, false},
		{"unknown charset", "=?x-nothing?q?Ann_Lee?= <ann@example.org>", addrs{ann}, false},
		{"folded", "Ann Lee <ann@example.org>,\r\n bob@example.org", addrs{ann, bob}, false},
		{"folded with tabs", "Ann\r\n\tLee <ann@example.org>,\r\n\tbob@example.org", addrs{ann, bob}, false},
		{"missing close", "Ann Lee <ann@example.org", addrs{ann}, false},
		{"missing close before another", "Ann Lee <ann@example.org, bob@example.org", addrs{ann, bob}, false},
		{"missing close before a bracketed one", "Ann Lee <ann@example.org, Bob <bob@example.org>", addrs{ann, {Name: "Bob", Mailbox: "bob@example.org"}}, false},
		{"double brackets", "Ann Lee <<ann@example.org>>", addrs{ann}, false},
		{"mailto", "Ann Lee <mailto:ann@example.org>", addrs{ann}, false},
		{"bare mailto", "mailto:bob@example.org", addrs{bob}, false},
		{"blanks in brackets", "Ann Lee < ann@example.org >", addrs{ann}, false},
		{"blanks around the at sign", "ann @ example.org (Ann Lee)", addrs{ann}, false},
		{"route", "Ann Lee <@relay.example.net,@b.example.net:ann@example.org>", addrs{ann}, false},
		{"square brackets", "[ann@example.org] Ann Lee", addrs{ann}, false},
		{"name behind", "ann@example.org Ann Lee", addrs{ann}, false},
		{"no brackets", "Ann Lee ann@example.org", addrs{ann}, false},
		{"two with a blank only", "ann@example.org bob@example.org", addrs{{Mailbox: "ann@example.org"}, bob}, true},
		{"address as name", "ann@example.org <ann@example.org>", addrs{{Name: "ann@example.org", Mailbox: "ann@example.org"}}, false},
		{"quoted address as name", `"ann@example.org" <ann@example.org>`, addrs{{Name: "ann@example.org", Mailbox: "ann@example.org"}}, false},
		{"quoted local part", `"ann lee"@example.org`, addrs{{Mailbox: `"ann lee"@example.org`}}, false},
		{"quoted local part in brackets", `Ann Lee <"ann, lee>x"@example.org>, bob@example.org`, addrs{{Name: "Ann Lee", Mailbox: `"ann, lee>x"@example.org`}, bob}, false},
		{"address literal", "ann@[192.0.2.1], <bob@[IPv6:2001:db8::1]>", addrs{{Mailbox: "ann@[192.0.2.1]"}, {Mailbox: "bob@[IPv6:2001:db8::1]"}}, false},
		{"trailing dot kept", "ann.@example.org, bob@example.org", addrs{{Mailbox: "ann.@example.org"}, bob}, false},
		{"double dot kept", "a..b@example.org, bob@example.org", addrs{{Mailbox: "a..b@example.org"}, bob}, false},
		{"dots in a name", "A. N. Lee <ann@example.org>", addrs{{Name: "A. N. Lee", Mailbox: "ann@example.org"}}, false},
		{"non-ASCII domain", "ann@bücher.example", addrs{{Mailbox: "ann@bücher.example"}}, false},
		{"null sender", "MAILER-DAEMON <>, bob@example.org", addrs{{Name: "MAILER-DAEMON"}, bob}, true},
		{"local user", "root", addrs{{Name: "root"}}, true},
		{"bad first", "undisclosed recipients, bob@example.org", addrs{{Name: "undisclosed recipients"}, bob}, true},
		{"bad last", "bob@example.org, and others", addrs{bob, {Name: "and others"}}, true},
		{"bad in the middle", "bob@example.org, nobody here; Ann Lee <ann@example.org>", addrs{bob, {Name: "nobody here"}, ann}, true},
		{"no domain", "Ann Lee <ann>, bob@example.org", addrs{{Name: "Ann Lee", Mailbox: "ann"}, bob}, true},
		{"at sign only", "@, bob@example.org", addrs{{Mailbox: "@"}, bob}, true},
		{"brackets only", "<>, bob@example.org", addrs{bob}, true},
		{"group never closed", "Crew: bob@example.org, ann@example.org", addrs{bob, {Mailbox: "ann@example.org"}}, false},
		{"single quotes around an address", "'bob@example.org', 'Ann Lee' <ann@example.org>", addrs{bob, {Name: "'Ann Lee'", Mailbox: "ann@example.org"}}, false},
		{"single quotes around a bracketed address", "<'bob@example.org'>", addrs{bob}, false},
		{"apostrophe in front", "'bob@example.org", addrs{{Mailbox: "'bob@example.org"}}, false},
		{"comment beside a local user", "MAILER-DAEMON (Mail Delivery System), bob@example.org", addrs{{Name: "MAILER-DAEMON"}, bob}, true},
		{"comment beside a local user, last", "MAILER-DAEMON (Mail Delivery System)", addrs{{Name: "Mail Delivery System", Mailbox: "MAILER-DAEMON"}}, true},
		{"comment beside the second half of a name", "Lee, Ann (cellar)", addrs{{Name: "Lee, Ann"}}, true},
		{"quote escaped in quotes", `"\"Ann" <ann@example.org>`, addrs{{Name: `"Ann`, Mailbox: "ann@example.org"}}, false},
		{"comment beside several words", "Lost and found (cellar)", addrs{{Name: "Lost and found"}}, true},
		{"quote never closed", `"Ann Lee <ann@example.org>`, addrs{ann}, false},
		{"quote never closed, with an inch mark", `"Ann 6" Lee <ann@example.org>`, addrs{{Name: "Ann 6 Lee", Mailbox: "ann@example.org"}}, false},
		{"control characters", "Ann\x00Lee <ann@example.org>", addrs{{Name: "Ann\x00Lee", Mailbox: "ann@example.org"}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := mailmime.ParseAddressList(tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ParseAddressList(%q) (-want +got):\n%s", tt.in, diff)
			}
			if ok == tt.bad {
				t.Errorf("ParseAddressList(%q) ok = %v, want %v", tt.in, ok, !tt.bad)
			}
		})
	}
}

func TestAddressString(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   mailmime.Address
		want string
	}{
		{"plain", mailmime.Address{Name: "Ann Lee", Mailbox: "a@example.org"}, "Ann Lee <a@example.org>"},
		{"no name", mailmime.Address{Mailbox: "a@example.org"}, "a@example.org"},
		{"no mailbox", mailmime.Address{Name: "root"}, "root"},
		{"comma", mailmime.Address{Name: "Lee, Ann", Mailbox: "a@example.org"}, `"Lee, Ann" <a@example.org>`},
		{"quotes", mailmime.Address{Name: `A "B" \C`, Mailbox: "a@example.org"}, `"A \"B\" \\C" <a@example.org>`},
		{"other script", mailmime.Address{Name: "山田", Mailbox: "a@example.org"}, "山田 <a@example.org>"},
		{"line break", mailmime.Address{Name: "A\r\nBcc: b", Mailbox: "a@example.org"}, `"ABcc: b" <a@example.org>`},
		{"looks encoded", mailmime.Address{Name: "=?utf-8?q?x?=", Mailbox: "a@example.org"}, `"=?utf-8?q?x?=" <a@example.org>`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.in.String(); got != tt.want {
				t.Errorf("String() = %q, want %q", got, tt.want)
			}
		})
	}
}

// Lists made to be costly stay linear: each is as long as a header may be.
func TestParseAddressListIsLinear(t *testing.T) {
	for _, unit := range []string{`"`, `"\`, "(", "()", "<", "<a,", "<a", ",", "a,", "a@b ", ":", "a:b;", "=?a?q?", "=?a?q?x", "@ ", ";", `a"`, "=?utf-8?b?YQ==?= "} {
		in := strings.Repeat(unit, mailmime.DefaultHeaderBytes/len(unit))
		start := processTime()
		mailmime.ParseAddressList(in)
		mailmime.DecodeHeader(in)
		if took := processTime() - start; took > 3*time.Second {
			t.Errorf("%d bytes of %q took %v", len(in), unit, took)
		} else if took > 100*time.Millisecond {
			t.Logf("%q took %v", unit, took)
		}
	}
}
