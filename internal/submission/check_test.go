package submission

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCheck(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Options, *Envelope, *[]byte)
		want   error // nil: passes
	}{
		{name: "plain"},
		{"no recipient", func(_ *Options, e *Envelope, _ *[]byte) { e.To = nil }, Invalid},
		{"no sender", func(_ *Options, e *Envelope, _ *[]byte) { e.From = "" }, Invalid},
		{"too many", func(_ *Options, e *Envelope, _ *[]byte) {
			e.To = nil
			for i := range maxRecipients + 1 {
				e.To = append(e.To, strings.Repeat("a", i%200+1)+strings.Repeat("b", i/200)+"@example.org")
			}
		}, Invalid},
		{"empty message", func(_ *Options, _ *Envelope, m *[]byte) { *m = nil }, Invalid},
		{"NUL", func(_ *Options, _ *Envelope, m *[]byte) { *m = []byte("a\x00b") }, Invalid},
		{"no port", func(o *Options, _ *Envelope, _ *[]byte) { o.Addr = "mail.example.org" }, Invalid},
		{"no host", func(o *Options, _ *Envelope, _ *[]byte) { o.Addr = ":587" }, Invalid},
		{"unknown security", func(o *Options, _ *Envelope, _ *[]byte) { o.Security = 7 }, Invalid},
		{"cleartext elsewhere", func(o *Options, _ *Envelope, _ *[]byte) { o.Security = Cleartext }, Insecure},
		{"cleartext allowed", func(o *Options, _ *Envelope, _ *[]byte) { o.Security, o.AllowCleartext = Cleartext, true }, nil},
		{"cleartext to localhost", func(o *Options, _ *Envelope, _ *[]byte) { o.Security, o.Addr = Cleartext, "localhost:25" }, nil},
		{"cleartext to ::1", func(o *Options, _ *Envelope, _ *[]byte) { o.Security, o.Addr = Cleartext, "[::1]:25" }, nil},
		{"cleartext to a look-alike", func(o *Options, _ *Envelope, _ *[]byte) { o.Security, o.Addr = Cleartext, "127.0.0.1.example.org:25" }, Insecure},
		{"no verification", func(o *Options, _ *Envelope, _ *[]byte) { o.TLSConfig = &tls.Config{InsecureSkipVerify: true} }, Insecure},
		{"negative timeout", func(o *Options, _ *Envelope, _ *[]byte) { o.Progress = -time.Second }, Invalid},
		{"CR LF in the user name", func(o *Options, _ *Envelope, _ *[]byte) { o.Username = "a\r\nMAIL" }, Invalid},
		{"LF in the local name", func(o *Options, _ *Envelope, _ *[]byte) { o.LocalName = "a\nMAIL" }, Invalid},
		{"token without a user name", func(o *Options, _ *Envelope, _ *[]byte) { o.Token = noToken }, Invalid},
		{"token and password", func(o *Options, _ *Envelope, _ *[]byte) { o.Username, o.Password, o.Token = "ann", "x", noToken }, Invalid},
		{"token", func(o *Options, _ *Envelope, _ *[]byte) { o.Username, o.Token = "ann", noToken }, nil},
		{"blank in the local name", func(o *Options, _ *Envelope, _ *[]byte) { o.LocalName = "a b" }, Invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opt := Options{Addr: "mail.example.org:465"}
			env := Envelope{From: "a@example.org", To: []string{"b@example.org"}}
			message := []byte("x")
			if tt.change != nil {
				tt.change(&opt, &env, &message)
			}
			if _, err := check(&opt, &env, message); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func noToken(context.Context, string) (string, error) { return "", nil }

func TestCheckAddress(t *testing.T) {
	tests := []struct {
		address string
		ok      bool
	}{
		{"ann@example.org", true},
		{"o'neil+tag@example.org", true},
		{`"a@b"@example.org`, true},
		{"jürgen@müller.example", true},
		{"ann@[127.0.0.1]", true},
		{strings.Repeat("a", 242) + "@example.org", true},
		{strings.Repeat("a", 243) + "@example.org", false},
		{"", false},
		{"ann", false},
		{"@example.org", false},
		{"ann@", false},
		{"ann@example.org\r\nDATA", false},
		{"ann@example.org\r", false},
		{"ann\n@example.org", false},
		{"ann\x00@example.org", false},
		{"ann\x7f@example.org", false},
		{"ann\u0085@example.org", false},
		{"ann\u2028@example.org", false},
		{"ann\xff@example.org", false},
		{"ann@example.org> SIZE=1 <x@example.org", false},
		{"ann@example.org>", false},
		{"Ann <ann@example.org>", false},
		{`"a b"@example.org`, false},
		{"a\u00a0b@example.org", false},
	}
	for _, tt := range tests {
		if err := checkAddress(tt.address); (err == nil) != tt.ok {
			t.Errorf("%q: got %v, want ok %v", tt.address, err, tt.ok)
		}
	}
}

func TestNormalize(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"a", "a"},
		{"a\r\nb\r\n", "a\r\nb\r\n"},
		{"a\nb\n", "a\r\nb\r\n"},
		{"a\rb\r", "a\r\nb\r\n"},
		{"\n\r", "\r\n\r\n"},
		{"\r\r\n", "\r\n\r\n"},
		{"\r\n\n", "\r\n\r\n"},
		{"a\r.\rb", "a\r\n.\r\nb"},
		{"a\n.\r\nb", "a\r\n.\r\nb"},
	}
	for _, tt := range tests {
		if got := string(normalize([]byte(tt.in))); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestCheckLeavesTheCallersBytes: appending a line end must not write behind
// the caller's slice.
func TestCheckLeavesTheCallersBytes(t *testing.T) {
	whole := []byte("message|rest")
	opt, env := Options{Addr: "h.example.org:465"}, Envelope{From: "a@example.org", To: []string{"b@example.org"}}
	got, err := check(&opt, &env, whole[:7])
	if err != nil || string(got) != "message\r\n" || string(whole) != "message|rest" {
		t.Errorf("got %q, %v; the caller's bytes are now %q", got, err, whole)
	}
}

func TestWords(t *testing.T) {
	tests := []struct{ in, want string }{
		{"ok", "ok"},
		{" two\r\n lines\t ", "two lines"},
		{"bell\a and \x1b[31mred\u202e", "bell and [31mred"},
		{"bad \xff byte", "bad byte"},
		{strings.Repeat("x", 1000), strings.Repeat("x", maxWords) + "…"},
	}
	for _, tt := range tests {
		if got := words(tt.in); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"", "\r", "\n", "\r\n", "a\r\r\n.\n\r.\r\nb", "\n\r\n\r"} {
		f.Add([]byte(seed))
	}
	strip := func(b []byte) []byte {
		return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r"), nil), []byte("\n"), nil)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		out := normalize(in)
		if !bytes.Equal(in, before) {
			t.Fatal("the caller's bytes were changed")
		}
		rest := bytes.ReplaceAll(out, []byte("\r\n"), nil)
		if bytes.ContainsAny(rest, "\r\n") {
			t.Fatalf("%q became %q, with a lone CR or LF", in, out)
		}
		if !bytes.Equal(rest, strip(in)) {
			t.Fatalf("%q became %q: more than line ends changed", in, out)
		}
		if !bytes.Equal(normalize(out), out) {
			t.Fatalf("%q is not stable", out)
		}
	})
}
