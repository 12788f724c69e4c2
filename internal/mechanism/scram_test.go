package mechanism

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The exchange of RFC 7677 section 3.
const (
	rfcNonce       = "rOprNGfwEbeRWgbNEkqO"
	rfcServerFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
	rfcClientFinal = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
	rfcServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
)

func TestScramVectors(t *testing.T) {
	c := newScram("user", "pencil", rfcNonce)
	mech, first, err := c.Start()
	if err != nil || mech != ScramSHA256 || string(first) != "n,,n=user,r="+rfcNonce {
		t.Fatalf("%s %q, %v", mech, first, err)
	}
	final, err := c.Next([]byte(rfcServerFirst))
	if err != nil || string(final) != rfcClientFinal {
		t.Fatalf("got %q, %v\nwant %q", final, err, rfcClientFinal)
	}
	if c.Verified() {
		t.Error("verified before the server said anything")
	}
	last, err := c.Next([]byte(rfcServerFinal))
	if err != nil || last == nil || len(last) != 0 || !c.Verified() {
		t.Fatalf("got %q, %v, verified: %v", last, err, c.Verified())
	}
	if _, err := c.Next(nil); err == nil {
		t.Error("a third challenge was answered")
	}
}

func TestScramServerFaults(t *testing.T) {
	const salt = "s=W22ZaJ0SNY7soEsUEjb6gQ=="
	for name, tt := range map[string]struct {
		first, final, want string
	}{
		"nonce of another login":   {first: "r=other," + salt + ",i=4096", want: "another login"},
		"nonce not lengthened":     {first: "r=" + rfcNonce + "," + salt + ",i=4096", want: "another login"},
		"no nonce":                 {first: salt + ",i=4096", want: "garbled"},
		"no salt":                  {first: "r=" + rfcNonce + "x,s=,i=4096", want: "garbled"},
		"salt no base64":           {first: "r=" + rfcNonce + "x,s=!,i=4096", want: "garbled"},
		"no count":                 {first: "r=" + rfcNonce + "x," + salt + ",i=", want: "no sound number"},
		"one round":                {first: "r=" + rfcNonce + "x," + salt + ",i=1", want: "for 1 rounds"},
		"4095 rounds":              {first: "r=" + rfcNonce + "x," + salt + ",i=4095", want: "no sound number"},
		"rounds for hours":         {first: "r=" + rfcNonce + "x," + salt + ",i=2000000000", want: "no sound number"},
		"rounds beyond integers":   {first: "r=" + rfcNonce + "x," + salt + ",i=99999999999999999999", want: "no sound number"},
		"rounds in words":          {first: "r=" + rfcNonce + "x," + salt + ",i=\x1b[2Jmany", want: "for [2Jmany rounds"},
		"must be understood":       {first: "m=new,r=" + rfcNonce + "x," + salt + ",i=4096", want: "garbled"},
		"nothing":                  {first: "", want: "garbled"},
		"error at once":            {first: "e=unknown-user", want: "the server says unknown-user"},
		"endless":                  {first: "r=" + rfcNonce + strings.Repeat("x", 5000) + "," + salt + ",i=4096", want: "too long"},
		"wrong signature":          {final: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", want: ErrImpostor.Error()},
		"signature cut short":      {final: "v=6rriTRBi23WpRR/wtg==", want: ErrImpostor.Error()},
		"empty signature":          {final: "v=", want: ErrImpostor.Error()},
		"no signature":             {final: "", want: ErrImpostor.Error()},
		"the client's proof again": {final: "v=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", want: ErrImpostor.Error()},
		"error for the proof":      {final: "e=invalid-proof", want: "the server says invalid-proof"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newScram("user", "pencil", rfcNonce)
			if tt.final != "" || tt.first == "" && tt.want == ErrImpostor.Error() {
				tt.first = rfcServerFirst
			}
			out, err := c.Next([]byte(tt.first))
			if err == nil {
				out, err = c.Next([]byte(tt.final))
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || out != nil || c.Verified() {
				t.Errorf("got %q, %v, want %q", out, err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "pencil") || strings.Contains(err.Error(), "\x1b")) {
				t.Errorf("error %q shows what it must not", err)
			}
		})
	}
}

// TestScramServer runs the client against a server written from the other side
// of RFC 5802 section 3, which knows StoredKey and ServerKey only.
func TestScramServer(t *testing.T) {
	for _, tt := range []struct{ user, password, name string }{
		{"ann", "open sesame", "ann"},
		{"a=n,n", "p,=w", "a=3Dn=2Cn"},
		{"jürgen", "paß\u00adwört", "jürgen"},
		{"ann", "I\u00adX\u2168", "ann"},
	} {
		t.Run(tt.user+" "+tt.password, func(t *testing.T) {
			secret, err := prepare(tt.password)
			if err != nil {
				t.Fatal(err)
			}
			salted, err := pbkdf2.Key(sha256.New, secret, []byte("salt"), 5000, 32)
			if err != nil {
				t.Fatal(err)
			}
			storedKey, serverKey := sha256.Sum256(sign(salted, "Client Key")), sign(salted, "Server Key")

			c, ok := NewScram(tt.user, tt.password)
			if !ok {
				t.Fatal("refused")
			}
			_, first, _ := c.Start()
			bare, ok := strings.CutPrefix(string(first), "n,,")
			name, nonce, _ := strings.Cut(strings.TrimPrefix(bare, "n="), ",r=")
			if !ok || name != tt.name || len(nonce) < 20 {
				t.Fatalf("first message %q", first)
			}
			serverFirst := fmt.Sprintf("r=%sserver,s=%s,i=5000,x=ignored", nonce, base64.StdEncoding.EncodeToString([]byte("salt")))
			final, err := c.Next([]byte(serverFirst))
			if err != nil {
				t.Fatal(err)
			}
			without, proof, _ := strings.Cut(string(final), ",p=")
			if without != "c=biws,r="+nonce+"server" {
				t.Errorf("final message %q", final)
			}
			message := bare + "," + serverFirst + "," + without
			key, err := base64.StdEncoding.DecodeString(proof)
			if err != nil {
				t.Fatal(err)
			}
			for i, b := range sign(storedKey[:], message) {
				key[i] ^= b
			}
			if sum := sha256.Sum256(key); !hmac.Equal(sum[:], storedKey[:]) {
				t.Fatal("the proof is wrong")
			}
			if _, err := c.Next([]byte("v=" + base64.StdEncoding.EncodeToString(sign(serverKey, message)) + ",x=ignored")); err != nil || !c.Verified() {
				t.Errorf("verified: %v, %v", c.Verified(), err)
			}
		})
	}
}

func TestScramNonces(t *testing.T) {
	a, _ := NewScram("ann", "x")
	b, _ := NewScram("ann", "x")
	if a.nonce == b.nonce || strings.Contains(a.nonce, ",") {
		t.Errorf("nonces %q and %q", a.nonce, b.nonce)
	}
	for _, pw := range []string{"", "a\x01b", "\xff", "a\ue000", "\u0627\u0031", "\u00ad"} {
		if _, ok := NewScram("ann", pw); ok {
			t.Errorf("password %q was taken", pw)
		}
	}
}

// TestPrepare has the examples of RFC 4013 section 3 and one for each table.
func TestPrepare(t *testing.T) {
	for _, tt := range []struct {
		in, want string
		err      error
	}{
		{"I\u00adX", "IX", nil},
		{"user", "user", nil},
		{"USER", "USER", nil},
		{"\u00aa", "a", nil},
		{"\u2168", "IX", nil},
		{"\u0007", "", errProhibited},
		{"\u0627\u0031", "", errDirections},
		{"e\u0301", "é", nil},
		{"a\u00a0b\u3000c", "a b c", nil},
		{"a\ufe0fb\u200dc", "abc", nil},
		{"\u0627\u0628", "\u0627\u0628", nil},
		{"\u0627 1 \u0628", "\u0627 1 \u0628", nil},
		{"\u0627a\u0628", "", errDirections},
		{"ab\u202ecd", "", errProhibited},
		{"é\u0085", "", errProhibited},
		{"\ue000", "", errProhibited},
		{"\ufdd0", "", errProhibited},
		{"\ufffd", "", errProhibited},
		{"\xc3(", "", errProhibited},
		{"\u2ff0", "", errProhibited},
		{"\U000e0041", "", errProhibited},
		{"пароль", "пароль", nil},
		{"密码", "密码", nil},
		{"🔑", "🔑", nil},
	} {
		got, err := prepare(tt.in)
		if got != tt.want && err == nil || !errors.Is(err, tt.err) {
			t.Errorf("%+q gives %+q, %v, want %+q, %v", tt.in, got, err, tt.want, tt.err)
		}
	}
}

// FuzzScram: whatever a server says, the client neither panics nor believes it.
func FuzzScram(f *testing.F) {
	f.Add([]byte(rfcServerFirst), []byte("v=AAAA"))
	f.Add([]byte("r=,s=,i="), []byte("e=x"))
	f.Fuzz(func(t *testing.T, first, final []byte) {
		if bytes.Contains(first, []byte("i=")) && !bytes.Contains(first, []byte("i=4096")) {
			return // hashing is not what is tested
		}
		c := newScram("user", "pencil", rfcNonce)
		if _, err := c.Next(first); err != nil {
			return
		}
		if _, err := c.Next(final); err == nil && string(final) != rfcServerFinal && !strings.HasPrefix(string(final), rfcServerFinal+",") {
			t.Errorf("believed %q after %q", final, first)
		}
	})
}

func BenchmarkMostRounds(b *testing.B) {
	for b.Loop() {
		c := newScram("user", "pencil", rfcNonce)
		if _, err := c.Next(fmt.Appendf(nil, "r=%sx,s=AAAA,i=%d", rfcNonce, maxIterations)); err != nil {
			b.Fatal(err)
		}
	}
}
