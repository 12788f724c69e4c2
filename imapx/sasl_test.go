package imapx_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/internal/leakcheck"
)

// scramServer logs in whoever knows the password, by SCRAM-SHA-256, and goes
// wrong where it is told to.
type scramServer struct {
	password  string
	noInitial bool   // announces no SASL-IR
	signature string // sent in place of the right one
	skip      bool   // says OK without a signature
	first     string // sent in place of the first message
	logins    atomic.Int32
	proofs    atomic.Int32 // right ones
}

func (s *scramServer) start(t *testing.T) imapx.Options {
	leakcheck.Check(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { defer conn.Close(); s.serve(conn) })
		}
	})
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	return imapx.Options{Addr: ln.Addr().String(), Security: imapx.Cleartext, Username: "ann", Password: s.password}
}

func (s *scramServer) serve(conn net.Conn) {
	caps, br := "IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=SCRAM-SHA-256", bufio.NewReader(conn)
	if s.noInitial {
		caps = strings.Replace(caps, "SASL-IR ", "", 1)
	}
	fmt.Fprintf(conn, "* OK [CAPABILITY %s] hello\r\n", caps)
	tag, command, initial := "", "", ""
	if n, _ := fmt.Fscanf(br, "%s AUTHENTICATE SCRAM-SHA-256 %s\r\n", &tag, &initial); n == 1 && s.noInitial {
		initial = s.ask(conn, br, "")
	}
	s.logins.Add(1)
	bare, _ := strings.CutPrefix(decode(initial), "n,,")
	_, nonce, _ := strings.Cut(bare, ",r=")
	first := fmt.Sprintf("r=%sxyz,s=%s,i=4096", nonce, base64.StdEncoding.EncodeToString([]byte("salt")))
	if s.first != "" {
		first = s.first
	}
	final := decode(s.ask(conn, br, first))
	without, proof, _ := strings.Cut(final, ",p=")
	salted, err := pbkdf2.Key(sha256.New, "open sesame", []byte("salt"), 4096, 32)
	if err != nil {
		return
	}
	message := bare + "," + first + "," + without
	key, stored := []byte(decode(proof)), sha256.Sum256(mac(salted, "Client Key"))
	for i, b := range mac(stored[:], message) {
		if i < len(key) {
			key[i] ^= b
		}
	}
	if sum := sha256.Sum256(key); sum != stored {
		fmt.Fprintf(conn, "%s NO [AUTHENTICATIONFAILED] no such luck\r\n", tag)
		return
	}
	s.proofs.Add(1)
	signature := s.signature
	if signature == "" {
		signature = "v=" + base64.StdEncoding.EncodeToString(mac(mac(salted, "Server Key"), message))
	}
	if !s.skip && s.ask(conn, br, signature) != "" {
		return
	}
	fmt.Fprintf(conn, "%s OK [CAPABILITY IMAP4rev1] in\r\n", tag)
	for {
		if _, err := fmt.Fscanf(br, "%s %s\r\n", &tag, &command); err != nil {
			return
		}
		fmt.Fprintf(conn, "%s OK done\r\n", tag)
	}
}

func (s *scramServer) ask(conn net.Conn, br *bufio.Reader, challenge string) string {
	fmt.Fprintf(conn, "+ %s\r\n", base64.StdEncoding.EncodeToString([]byte(challenge)))
	line, _ := br.ReadString('\n')
	return strings.TrimRight(line, "\r\n")
}

func decode(s string) string {
	b, _ := base64.StdEncoding.DecodeString(s)
	return string(b)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func TestScram(t *testing.T) {
	for _, tt := range []struct {
		name string
		srv  *scramServer
		kind imapx.Kind
		text string
	}{
		{"right", &scramServer{password: "open sesame"}, "", ""},
		{"without initial response", &scramServer{password: "open sesame", noInitial: true}, "", ""},
		{"typed otherwise", &scramServer{password: "open\u00a0sesa\u00adme"}, "", ""},
		{"wrong password", &scramServer{password: "guess"}, imapx.Auth, "no such luck: it is not tried again until the account is reopened"},
		{"wrong signature", &scramServer{password: "open sesame", signature: "v=AAAA"}, imapx.Auth, "did not prove that it knows the password"},
		{"no signature", &scramServer{password: "open sesame", skip: true}, imapx.Auth, "did not prove that it knows the password"},
		{"nonce of another login", &scramServer{password: "open sesame", first: "r=abc,s=AAAA,i=4096"}, imapx.Auth, "another login"},
		{"too few rounds", &scramServer{password: "open sesame", first: "r=abc,s=AAAA,i=1"}, imapx.Auth, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, tt.srv.start(t))
			for range 2 {
				err := noop(t, p)
				if tt.kind == "" && err != nil {
					t.Fatal(err)
				}
				if tt.kind != "" {
					wantKind(t, err, tt.kind)
				}
				if err != nil && (!strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), tt.srv.password)) {
					t.Errorf("error %q lacks %q", err, tt.text)
				}
			}
			if n := tt.srv.logins.Load(); n != 1 {
				t.Errorf("%d logins, want 1", n)
			}
		})
	}
}

// TestScramCannotCarry: such a password goes by PLAIN.
func TestScramCannotCarry(t *testing.T) {
	srv := serve(t, "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=SCRAM-SHA-256 AUTH=PLAIN] hi\nC: AUTHENTICATE PLAIN "+b64("\x00ann\x00a\tb")+"\nS: $ OK [CAPABILITY IMAP4rev1] in\nC: NOOP\nS: $ OK")
	opts := srv.options()
	opts.Password = "a\tb"
	if err := noop(t, open(t, opts)); err != nil {
		t.Error(err)
	}
}

// TestWrongPasswordOfManyCallers: those who come at once try it once.
func TestWrongPasswordOfManyCallers(t *testing.T) {
	srv := &scramServer{password: "guess"}
	opts := srv.start(t)
	opts.MaxConns = 8
	p := open(t, opts)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			wantKind(t, p.Read(t.Context(), "", func(*imapx.Conn) error { return nil }), imapx.Auth)
		})
	}
	wg.Wait()
	if n := srv.logins.Load(); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
	p.Close()

	srv.password = "open sesame" // the account is reopened with the right one
	opts.Password = srv.password
	p = open(t, opts)
	hold, held := make(chan struct{}), new(atomic.Int32)
	for range 8 {
		wg.Go(func() {
			err := p.Read(t.Context(), "", func(*imapx.Conn) error {
				if held.Add(1) == 8 { // all have one at the same time
					close(hold)
				}
				<-hold
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
