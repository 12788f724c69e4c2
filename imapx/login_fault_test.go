package imapx_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/postern-mail/postern/imapx"
)

// bubble is a scripted server on pipes, for tests whose clock is not the real
// one. sent is every byte that clients wrote, on the wire.
type bubble struct {
	scripted
	wg   sync.WaitGroup
	sent bytes.Buffer
}

// tap notes what goes out.
type tap struct {
	net.Conn
	b *bubble
}

func (c tap) Write(p []byte) (int, error) {
	c.b.mu.Lock()
	c.b.sent.Write(p)
	c.b.mu.Unlock()
	return c.Conn.Write(p)
}

// A socket takes a deadline also when the other side has gone; a pipe does not.
func (c tap) SetDeadline(t time.Time) error { return asSocket(c.Conn.SetDeadline(t)) }

func (c tap) SetReadDeadline(t time.Time) error { return asSocket(c.Conn.SetReadDeadline(t)) }

func (c tap) SetWriteDeadline(t time.Time) error { return asSocket(c.Conn.SetWriteDeadline(t)) }

func asSocket(err error) error {
	if errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	return err
}

func (b *bubble) options(t *testing.T, security imapx.Security, transcripts ...string) imapx.Options {
	return imapx.Options{
		Addr: "mail.test.invalid:143", Security: security, AllowCleartext: true, Username: "ann", Password: "open sesame", MaxConns: 1,
		TLSConfig: pinned(t, b.cert),
		Dial: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			b.mu.Lock()
			n := b.dials
			b.dials++
			b.mu.Unlock()
			b.wg.Go(func() {
				defer server.Close()
				if n < len(transcripts) {
					b.play(server, transcripts[n])
				}
			})
			return tap{client, b}, nil
		},
	}
}

// selfSigned is a certificate as Proton Mail Bridge makes one.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"mail.test.invalid"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func pinned(t *testing.T, cert tls.Certificate) *tls.Config {
	t.Helper()
	sum := sha256.Sum256(cert.Certificate[0])
	config, err := imapx.Trust{Fingerprint: hex.EncodeToString(sum[:])}.Config()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// TestLoginFaults: in each state before and in the login a server stalls, sends
// a byte a second, or goes away. Each ends in time with a typed error, nothing
// secret is on the wire before its time, and the next call works.
func TestLoginFaults(t *testing.T) {
	const (
		before = imapx.DefaultDialTimeout + time.Second
		within = 2*imapx.DefaultProgress + time.Second
		greet  = "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello\n"
		plain  = "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN] hello\nC: AUTHENTICATE PLAIN\n"
		scram  = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256] hello\nC: AUTHENTICATE SCRAM-SHA-256 \n"
		record = "\x16\x03\x03\x40\x00" // begins a TLS record of 16 KB
	)
	endless := "S~ " + strings.Repeat(`* OK still looking\r\n`, 90)
	good := map[imapx.Security]string{
		imapx.Cleartext:   hello("") + "C: NOOP\nS: $ OK",
		imapx.ImplicitTLS: "T:\n" + hello("") + "C: NOOP\nS: $ OK",
		imapx.StartTLS: greet + "C: STARTTLS\nS: $ OK\nT:\nC: CAPABILITY\nS: * CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\nS: $ OK\n" +
			"C: AUTHENTICATE PLAIN\nS: $ OK [CAPABILITY IMAP4rev1] in\nC: NOOP\nS: $ OK",
	}
	for _, tt := range []struct {
		name, script string
		security     imapx.Security
		limit        time.Duration
		kind         imapx.Kind
		text         string
		secret       bool // it may be on the wire
	}{
		{"greeting stalls", "", imapx.Cleartext, before, imapx.Unavailable, "within the dial timeout", false},
		{"greeting trickles", "S~ * OK [CAPABILITY IMAP4rev1] hello", imapx.Cleartext, before, imapx.Unavailable, "within the dial timeout", false},
		{"greeting cut", "S- * OK [CAP\nX:", imapx.Cleartext, before, imapx.Unavailable, "EOF", false},
		{"greeting is another protocol", "S: 220 mail.test.invalid ESMTP", imapx.Cleartext, before, imapx.Protocol, "220 mail.test.invalid ESMTP", false},
		{"tls stalls", "", imapx.ImplicitTLS, before, imapx.Unavailable, "within the dial timeout", false},
		{"tls trickles", "S~ " + record + strings.Repeat("x", 40), imapx.ImplicitTLS, before, imapx.Unavailable, "within the dial timeout", false},
		{"tls cut", "R:\nS- " + record + "xxx\nX:", imapx.ImplicitTLS, before, imapx.Unavailable, "EOF", false},
		{"no tls", "R:\n" + greet, imapx.ImplicitTLS, before, imapx.TLS, "", false},
		{"greeting over tls stalls", "T:", imapx.ImplicitTLS, before, imapx.Unavailable, "within the dial timeout", false},
		{"greeting over tls trickles", "T:\nS~ * OK [CAPABILITY IMAP4rev1] hello", imapx.ImplicitTLS, before, imapx.Unavailable, "within the dial timeout", false},
		{"starttls stalls", greet + "C: STARTTLS", imapx.StartTLS, before, imapx.Unavailable, "within the dial timeout", false},
		{"starttls trickles", greet + "C: STARTTLS\nS~ $ OK in a moment, when all is ready", imapx.StartTLS, before, imapx.Unavailable, "within the dial timeout", false},
		{"starttls cut", greet + "C: STARTTLS\nX:", imapx.StartTLS, before, imapx.TLS, "EOF", false},
		{"starttls stripped", "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hello\nC: STARTTLS\nS: $ BAD unknown command", imapx.StartTLS, before, imapx.TLS, "unknown command", false},
		{"starttls, bye", greet + "C: STARTTLS\nS: * BYE shutting down\nX:", imapx.StartTLS, before, imapx.TLS, "shutting down", false},
		{"tls after starttls stalls", greet + "C: STARTTLS\nS: $ OK", imapx.StartTLS, before, imapx.Unavailable, "within the dial timeout", false},
		{"tls after starttls trickles", greet + "C: STARTTLS\nS: $ OK\nS~ " + record + strings.Repeat("x", 40), imapx.StartTLS, before, imapx.Unavailable, "within the dial timeout", false},
		{"tls after starttls cut", greet + "C: STARTTLS\nS: $ OK\nR:\nS- " + record + "x\nX:", imapx.StartTLS, before, imapx.Unavailable, "EOF", false},
		{"cleartext after starttls", greet + "C: STARTTLS\nS: $ OK\nR:\nS: * OK [CAPABILITY IMAP4rev1] no need", imapx.StartTLS, before, imapx.TLS, "", false},
		{"preauth before starttls", "S: * PREAUTH [CAPABILITY IMAP4rev1] come in", imapx.StartTLS, before, imapx.TLS, "skips the login", false},
		{"capability stalls", "S: * OK hello\nC: CAPABILITY", imapx.Cleartext, within, imapx.Unavailable, "no answer for 30s", false},
		{"capability trickles", "S: * OK hello\nC: CAPABILITY\n" + endless, imapx.Cleartext, within, imapx.Unavailable, "did not end within 1m0s", false},
		{"login stalls", "S: * OK [CAPABILITY IMAP4rev1] hello\nC: LOGIN", imapx.Cleartext, within, imapx.Unavailable, "no answer for 30s", true},
		{"login trickles", "S: * OK [CAPABILITY IMAP4rev1] hello\nC: LOGIN\n" + endless, imapx.Cleartext, within, imapx.Unavailable, "did not end within 1m0s", true},
		{"login cut", "S: * OK [CAPABILITY IMAP4rev1] hello\nC: LOGIN\nX:", imapx.Cleartext, within, imapx.Unavailable, "EOF", true},
		{"challenge stalls", plain, imapx.Cleartext, within, imapx.Unavailable, "no answer for 30s", false},
		{"challenge trickles", plain + endless, imapx.Cleartext, within, imapx.Unavailable, "did not end within 1m0s", false},
		{"answer to plain stalls", plain + "S: + \nC+ " + b64("\x00ann\x00open sesame"), imapx.Cleartext, within, imapx.Unavailable, "no answer for 30s", true},
		{"scram stalls", scram, imapx.Cleartext, within, imapx.Unavailable, "no answer for 30s", false},
		{"scram trickles", scram + endless, imapx.Cleartext, within, imapx.Unavailable, "did not end within 1m0s", false},
		{"scram says bye", scram + "S: * BYE shutting down\nX:", imapx.Cleartext, within, imapx.Unavailable, "shutting down", false},
		{"capability after login stalls", "S: * OK [CAPABILITY IMAP4rev1] hello\nC: LOGIN\nS: $ OK in\nC: CAPABILITY", imapx.Cleartext, within, imapx.Unavailable, "no answer for 30s", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bubble{scripted: scripted{cert: selfSigned(t)}}
				p := open(t, b.options(t, tt.security, tt.script, good[tt.security]))
				begun := time.Now()
				err := noop(t, p)
				wantKind(t, err, tt.kind)
				if took := time.Since(begun); took > tt.limit {
					t.Errorf("took %v, want at most %v", took, tt.limit)
				}
				if !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "sesame") {
					t.Errorf("error %q lacks %q", err, tt.text)
				}
				b.mu.Lock()
				wire := b.sent.String()
				b.mu.Unlock()
				if !tt.secret && (strings.Contains(wire, "sesame") || strings.Contains(wire, b64("\x00ann\x00open sesame"))) {
					t.Errorf("on the wire: %q", wire)
				}
				if err := noop(t, p); err != nil {
					t.Errorf("the next call: %v", err)
				}
				p.Close()
				b.wg.Wait()
				for _, fault := range b.fault {
					t.Error(fault)
				}
			})
		})
	}
}

// TestLoginFaultsCancelled: the caller's own deadline comes first and bare.
func TestLoginFaultsCancelled(t *testing.T) {
	for name, script := range map[string]string{
		"greeting": "", "tls": "", "login": "S: * OK [CAPABILITY IMAP4rev1] hello\nC: LOGIN",
		"trickle": "S~ * OK [CAPABILITY IMAP4rev1] hello",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &bubble{scripted: scripted{cert: selfSigned(t)}}
				security := imapx.Cleartext
				if name == "tls" {
					security = imapx.ImplicitTLS
				}
				p := open(t, b.options(t, security, script))
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				begun := time.Now()
				err := p.Read(ctx, "", func(*imapx.Conn) error { return nil })
				if err != context.DeadlineExceeded || time.Since(begun) != 5*time.Second { //nolint:errorlint // it has to be bare
					t.Errorf("after %v: %v", time.Since(begun), err)
				}
				p.Close()
				b.wg.Wait()
			})
		})
	}
}

// TestGreetingCodes: each response code of RFC 5530 in a greeting becomes one of
// the kinds there can be before a login, with the server's words; nothing was
// refused to anybody yet, so the next call tries.
func TestGreetingCodes(t *testing.T) {
	for code, kind := range responseCodes() {
		t.Run(code, func(t *testing.T) {
			if kind = loginKind(kind); kind == imapx.Auth {
				kind = imapx.Unavailable
			}
			said := ""
			if code != "" {
				said = "[" + code + "] "
			}
			srv := serve(t, "S: * BYE "+said+"own words\nX:", hello("")+"C: NOOP\nS: $ OK")
			p := open(t, srv.options())
			err := noop(t, p)
			wantKind(t, err, kind)
			word, _, _ := strings.Cut(code, " ")
			if text := err.Error(); !strings.Contains(text, "own words") || !strings.Contains(text, word) {
				t.Errorf("error %q lacks what the server said", err)
			}
			if srv.heard() != "" {
				t.Errorf("sent %q", srv.heard())
			}
			if err := noop(t, p); err != nil {
				t.Errorf("the next call: %v", err)
			}
		})
	}
}

// TestEchoedSecrets: a server that repeats what it did not understand does not
// get a password or token into an error.
func TestEchoedSecrets(t *testing.T) {
	long := strings.Repeat("tok", 200)
	token := func(context.Context, string) (string, error) { return long, nil }
	for _, tt := range []struct {
		name, caps, script, secret string
		token                      func(context.Context, string) (string, error)
	}{
		{"login", "", `C: LOGIN` + "\n" + `S: $ BAD what is LOGIN "ann" "open sesame"`, "sesame", nil},
		{"plain", "AUTH=PLAIN SASL-IR", "C: AUTHENTICATE PLAIN\nS: $ NO what is AUTHENTICATE PLAIN AGFubgBvcGVuIHNlc2FtZQ==", "AGFubgBvcGVuIHNlc2FtZQ", nil},
		{"plain in two lines", "AUTH=PLAIN LOGINDISABLED", "C: AUTHENTICATE PLAIN\nS: + \nC+ AGFub\nS: $ NO what is AGFubgBvcGVuIHNlc2FtZQ==", "AGFubgBvcGVuIHNlc2FtZQ", nil},
		{"token", "AUTH=XOAUTH2 SASL-IR", "C: AUTHENTICATE XOAUTH2\nS: $ BAD what is " + long, "toktoktok", token},
		{"goodbye", "", `C: LOGIN` + "\n" + `S: * BYE what is LOGIN "ann" "open sesame"` + "\nX:", "sesame", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := serve(t, "S: * OK [CAPABILITY IMAP4rev1 "+tt.caps+"] hello\n"+tt.script)
			opts := srv.options()
			if opts.Token = tt.token; tt.token != nil {
				opts.Password = ""
			}
			err := noop(t, open(t, opts))
			if err == nil || strings.Contains(err.Error(), tt.secret) {
				t.Error(err)
			}
		})
	}
}
