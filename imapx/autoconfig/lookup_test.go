package autoconfig_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/autoconfig"
)

// zone is a fake of the DNS: "mx example.org" or "_imaps._tcp.example.org" to
// "priority weight port target", an error for the name to fail.
type zone struct {
	records map[string][]string
	failing map[string]error
	asked   []string
}

func (z *zone) find(key, name string) ([]string, error) {
	z.asked = append(z.asked, key)
	if err := z.failing[key]; err != nil {
		return nil, err
	}
	if !strings.HasSuffix(name, ".") {
		return nil, fmt.Errorf("%s: the machine's search list would be tried", name)
	}
	records, ok := z.records[key]
	if !ok {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return records, nil
}

func (z *zone) LookupMX(ctx context.Context, name string) (out []*net.MX, err error) {
	records, err := z.find("mx "+strings.TrimSuffix(name, "."), name)
	for _, r := range records {
		var mx net.MX
		if _, err := fmt.Sscan(r, &mx.Pref, &mx.Host); err != nil {
			return nil, err
		}
		out = append(out, &mx)
	}
	return out, errors.Join(err, ctx.Err())
}

func (z *zone) LookupSRV(ctx context.Context, service, proto, name string) (cname string, out []*net.SRV, err error) {
	records, err := z.find("_"+service+"._"+proto+"."+strings.TrimSuffix(name, "."), name)
	for _, r := range records {
		var srv net.SRV
		if _, err := fmt.Sscan(r, &srv.Priority, &srv.Weight, &srv.Port, &srv.Target); err != nil {
			return "", nil, err
		}
		out = append(out, &srv)
	}
	return "", out, errors.Join(err, ctx.Err())
}

func TestLookup(t *testing.T) {
	down := &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	for _, tt := range []struct {
		name, address string
		records       map[string][]string
		failing       map[string]error
		want          string // preset, source, IMAP, SMTP, foreign hosts
		err           string
		asks          int // questions, 0: not checked
	}{
		{name: "known domain, no question", address: "Ann@GMail.com", want: "gmail domain imap.gmail.com:993 smtp.gmail.com:465"},
		{name: "known MX", address: "ann@example.org", records: map[string][]string{"mx example.org": {"20 alt1.aspmx.l.google.com.", "10 ASPMX.l.google.com."}},
			want: "gmail mx imap.gmail.com:993 smtp.gmail.com:465", asks: 1},
		{name: "MX of Microsoft 365", address: "ann@example.org", records: map[string][]string{"mx example.org": {"0 example-org.mail.protection.outlook.com."}},
			want: "microsoft mx outlook.office365.com:993 smtp.office365.com:587 starttls"},
		{name: "MX of Outlook.com", address: "ann@example.org", records: map[string][]string{"mx example.org": {"0 example-org.olc.protection.outlook.com."}},
			want: "outlook mx outlook.office365.com:993 smtp-mail.outlook.com:587 starttls"},
		{name: "lowest MX counts", address: "ann@example.org", records: map[string][]string{"mx example.org": {"20 in1.messagingengine.com.", "10 mx01.mail.icloud.com."}},
			want: "icloud mx imap.mail.me.com:993 smtp.mail.me.com:587 starttls"},
		{name: "MX that only looks like one", address: "ann@example.org", records: map[string][]string{"mx example.org": {"10 notmessagingengine.com.", "10 messagingengine.com.example.net.", "0 ."}}, err: "does not say"},
		{name: "both with TLS", address: "ann@example.org", records: map[string][]string{
			"_imaps._tcp.example.org": {"0 1 993 imap.example.org."}, "_imap._tcp.example.org": {"0 1 143 imap.example.org."},
			"_submissions._tcp.example.org": {"0 1 465 smtp.example.org."}, "_submission._tcp.example.org": {"0 1 587 smtp.example.org."},
		}, want: " srv imap.example.org:993 smtp.example.org:465", asks: 3},
		{name: "TLS by upgrade only", address: "ann@example.org", records: map[string][]string{
			"_imap._tcp.example.org": {"0 1 1143 mail.example.org."}, "_submission._tcp.example.org": {"0 1 1587 mail.example.org."},
		}, want: " srv mail.example.org:1143 starttls mail.example.org:1587 starttls"},
		{name: "priority, then weight", address: "ann@example.org", records: map[string][]string{
			"_imaps._tcp.example.org": {"10 99 993 c.example.org.", "5 1 993 b.example.org.", "5 7 994 a.example.org."},
		}, want: " srv a.example.org:994 "},
		{name: "not offered with TLS from the start", address: "ann@example.org", records: map[string][]string{
			"_imaps._tcp.example.org": {"0 0 0 ."}, "_imap._tcp.example.org": {"0 1 143 imap.example.org."}, "_submission._tcp.example.org": {"0 0 0 ."},
		}, want: " srv imap.example.org:143 starttls "},
		{name: "not offered at all", address: "ann@example.org", records: map[string][]string{"_imaps._tcp.example.org": {"0 0 0 ."}, "_imap._tcp.example.org": {"0 0 0 ."}}, err: "offers no IMAP"},
		{name: "hosts elsewhere", address: "ann@example.org", records: map[string][]string{
			"_imaps._tcp.example.org": {"0 1 993 imap.example.net."}, "_submissions._tcp.example.org": {"0 1 465 smtp.example.com."},
		}, want: " srv imap.example.net:993 smtp.example.com:465 imap.example.net smtp.example.com"},
		{name: "one host elsewhere", address: "ann@example.org", records: map[string][]string{
			"_imaps._tcp.example.org": {"0 1 993 notexample.org."}, "_submissions._tcp.example.org": {"0 1 465 notexample.org."},
		}, want: " srv notexample.org:993 notexample.org:465 notexample.org"},
		{name: "hosts of a known service", address: "ann@example.org", records: map[string][]string{
			"_imaps._tcp.example.org": {"0 1 993 imap.fastmail.com."}, "_submissions._tcp.example.org": {"0 1 465 smtp.fastmail.com."},
		}, want: "fastmail srv imap.fastmail.com:993 smtp.fastmail.com:465"},
		{name: "hosts of Microsoft 365", address: "ann@example.org", records: map[string][]string{
			"_imaps._tcp.example.org": {"0 1 993 outlook.office365.com."}, "_submission._tcp.example.org": {"0 1 587 smtp.office365.com."},
		}, want: "microsoft srv outlook.office365.com:993 smtp.office365.com:587 starttls"},
		{name: "a known service and a stranger", address: "ann@example.org", records: map[string][]string{
			"_imaps._tcp.example.org": {"0 1 993 imap.fastmail.com."}, "_submissions._tcp.example.org": {"0 1 465 smtp.example.com."},
		}, want: " srv imap.fastmail.com:993 smtp.example.com:465 smtp.example.com"},
		{name: "another port of a known service", address: "ann@example.org", records: map[string][]string{"_imaps._tcp.example.org": {"0 1 1993 imap.fastmail.com."}},
			want: " srv imap.fastmail.com:1993 "},
		{name: "not this machine or an address", address: "ann@example.org", records: map[string][]string{
			"_imaps._tcp.example.org": {"0 1 993 localhost.", "1 1 993 127.0.0.1.", "2 1 993 a..example.org.", "2 2 993 a/b.example.org.", "2 3 0 imap.example.org."},
		}, err: "does not say"},
		{name: "address in other letters", address: "ann@BÜCHER.example", records: map[string][]string{"_imaps._tcp.xn--bcher-kva.example": {"0 1 993 IMAP.xn--bcher-kva.example."}},
			want: " srv imap.xn--bcher-kva.example:993 "},
		{name: "nothing", address: "ann@example.org", err: "does not say where", asks: 3},
		{name: "DNS down for mx", address: "ann@example.org", failing: map[string]error{"mx example.org": down}, err: "server misbehaving"},
		{name: "DNS down for mx only", address: "ann@example.org", failing: map[string]error{"mx example.org": down},
			records: map[string][]string{"_imaps._tcp.example.org": {"0 1 993 imap.example.org."}}, want: " srv imap.example.org:993 "},
		{name: "DNS down for imap", address: "ann@example.org", failing: map[string]error{"_imaps._tcp.example.org": down}, err: "server misbehaving"},
		{name: "DNS down for smtp", address: "ann@example.org", failing: map[string]error{"_submission._tcp.example.org": down},
			records: map[string][]string{"_imaps._tcp.example.org": {"0 1 993 imap.example.org."}}, err: "server misbehaving"},
		{name: "no address", address: "ann", err: "no mail address"},
		{name: "no local part", address: "@example.org", err: "no mail address"},
		{name: "no domain", address: "ann@", err: "no domain"},
		{name: "domain literal", address: "ann@[127.0.0.1]", err: "no domain"},
		{name: "IP address", address: "ann@127.0.0.1", err: "no domain"},
		{name: "one label", address: "ann@localhost", err: "no domain"},
		{name: "control character", address: "ann@example.org\r\n", err: "no domain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			z := &zone{records: tt.records, failing: tt.failing}
			got, err := autoconfig.Lookup(t.Context(), z, tt.address)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %+v, %v, want %q", got, err, tt.err)
				}
			} else if err != nil {
				t.Fatal(err)
			} else if diff := cmp.Diff(tt.want, shown(got)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			if tt.asks != 0 && len(z.asked) != tt.asks || len(z.asked) > 5 {
				t.Errorf("asked %q", z.asked)
			}
			for _, q := range z.asked {
				if !strings.HasSuffix(q, "example.org") && !strings.HasSuffix(q, ".example") {
					t.Errorf("asked about %s", q)
				}
			}
		})
	}
}

func shown(s autoconfig.Settings) string {
	var words []string
	for _, server := range []autoconfig.Server{s.IMAP, s.SMTP} {
		words = append(words, strings.TrimSpace(server.Addr()+" "+string(server.Security)))
	}
	words = append([]string{s.Preset, string(s.Source)}, append(words, s.Foreign...)...)
	return strings.Join(words, " ")
}

func TestLookupCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := autoconfig.Lookup(ctx, &zone{}, "ann@example.org"); err != context.Canceled { //nolint:errorlint // it has to be bare
		t.Errorf("got %v", err)
	}
}

func TestUnknownAndNoIMAP(t *testing.T) {
	if _, err := autoconfig.Lookup(t.Context(), &zone{}, "ann@example.org"); !errors.Is(err, autoconfig.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	none := &zone{records: map[string][]string{"_imaps._tcp.example.org": {"0 0 0 ."}}}
	if _, err := autoconfig.Lookup(t.Context(), none, "ann@example.org"); !errors.Is(err, autoconfig.ErrNoIMAP) {
		t.Errorf("got %v", err)
	}
}

// FuzzLookup: whatever the DNS says, a host that comes out is a name, and one
// outside the domain is reported.
func FuzzLookup(f *testing.F) {
	f.Add("ann@example.org", "imap.example.net.", uint16(993))
	f.Add("a@b.c", "..", uint16(0))
	f.Fuzz(func(t *testing.T, address, target string, port uint16) {
		z := &answers{&net.SRV{Target: target, Port: port}}
		got, err := autoconfig.Lookup(t.Context(), z, address)
		if err != nil || got.Source != autoconfig.FromSRV {
			return
		}
		host := got.IMAP.Host
		if host == "" || strings.ContainsAny(host, " \r\n\x00/:@") || net.ParseIP(host) != nil || got.IMAP.Port != int(port) {
			t.Errorf("%q %q %d gives %+v", address, target, port, got.IMAP)
		}
		domain := strings.ToLower(strings.TrimSuffix(address[strings.LastIndexByte(address, '@')+1:], "."))
		inside := host == domain || strings.HasSuffix(host, "."+domain)
		if !inside && isASCII(address) && len(got.Foreign) == 0 && !strings.Contains(presetHosts(), " "+host+" ") {
			t.Errorf("%q: nothing said about %s", address, host)
		}
	})
}

type answers struct{ srv *net.SRV }

func (a *answers) LookupMX(context.Context, string) ([]*net.MX, error) { return nil, nil }

func (a *answers) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	return "", []*net.SRV{a.srv}, nil
}

func isASCII(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 }) }

func presetHosts() string {
	all := " "
	for _, name := range autoconfig.Presets() {
		s, _ := autoconfig.Preset(name)
		all += s.IMAP.Host + " " + s.SMTP.Host + " "
	}
	return all
}

func ExampleLookup() {
	found, err := autoconfig.Lookup(context.Background(), nil, "ann@fastmail.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	opts := found.IMAPOptions("ann@fastmail.com")
	fmt.Println(opts.Addr, opts.Security == imapx.ImplicitTLS, opts.Username, found.Logins)
	// Output: imap.fastmail.com:993 true ann@fastmail.com [app_password]
}
