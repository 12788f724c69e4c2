package provider_test

import (
	"net/mail"
	"testing"

	"github.com/postern-mail/postern/provider"
)

func TestAddressString(t *testing.T) {
	tests := []struct {
		name string
		addr provider.Address
		want string
	}{
		{"both", provider.Address{Name: "Ann Lee", Addr: "ann@example.org"}, "Ann Lee <ann@example.org>"},
		{"no name", provider.Address{Addr: "ann@example.org"}, "ann@example.org"},
		{"no address", provider.Address{Name: "undisclosed"}, "undisclosed"},
		{"nothing", provider.Address{}, ""},
		{"a comma", provider.Address{Name: "Lee, Ann", Addr: "ann@example.org"}, `"Lee, Ann" <ann@example.org>`},
		{"quotes and backslash", provider.Address{Name: `a"b\c`, Addr: "ann@example.org"}, `"a\"b\\c" <ann@example.org>`},
		{"a name like an address", provider.Address{Name: "boss@example.com", Addr: "x@example.net"}, `"boss@example.com" <x@example.net>`},
		{"another language", provider.Address{Name: "Jürgen Müller", Addr: "j@example.org"}, "Jürgen Müller <j@example.org>"},
		{"lines in the name", provider.Address{Name: "Ann\r\nBcc: x@example.net", Addr: "ann@example.org"}, `"Ann  Bcc: x@example.net" <ann@example.org>`},
		{"a control character beyond ASCII", provider.Address{Name: "A\u0085B", Addr: "ann@example.org"}, "A B <ann@example.org>"},
		{"lines in the address", provider.Address{Name: "Ann", Addr: "ann@example.org>\r\nBcc: x"}, "Ann <ann@example.org>  Bcc: x>"},
		{"only control characters", provider.Address{Name: "\x00\x01", Addr: "ann@example.org"}, "ann@example.org"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.addr.String(); got != test.want {
				t.Errorf("String = %q, want %q", got, test.want)
			}
		})
	}
}

// TestAddressStringReadsBack: what String writes of an ordinary address is
// what a mail parser reads.
func TestAddressStringReadsBack(t *testing.T) {
	for _, name := range []string{"Ann Lee", "Lee, Ann", `a"b\c`, "Dr. Lee (sales)", "boss@example.com", "a;b:c<d>[e]"} {
		want := provider.Address{Name: name, Addr: "ann@example.org"}
		got, err := mail.ParseAddress(want.String())
		if err != nil || got.Name != want.Name || got.Address != want.Addr {
			t.Errorf("%q reads as %v, %v", want.String(), got, err)
		}
	}
}
