package imapx_test

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"

	"crypto/tls"
	"crypto/x509"

	"github.com/postern-mail/postern/imapx"
	"github.com/postern-mail/postern/imapx/imapxtest"
)

func TestTrust(t *testing.T) {
	srv := imapxtest.Memory(t)
	ca, err := os.ReadFile(srv.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", srv.TLSAddr, &tls.Config{RootCAs: srv.CA})
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].Raw)
	pin := fmt.Sprintf("%X", sum)
	colons := strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintf("% x ", sum), " ", ":"), ":")
	other := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: selfSigned(t).Certificate[0]})
	wrong := strings.Repeat("00", sha256.Size)
	for _, tt := range []struct {
		name  string
		trust imapx.Trust
		host  string
		kind  imapx.Kind
	}{
		{"the system's authorities", imapx.Trust{}, "", imapx.TLS},
		{"own authority", imapx.Trust{CA: ca}, "", ""},
		{"own authority, another name", imapx.Trust{CA: ca}, "mail.example.org", imapx.TLS},
		{"another authority", imapx.Trust{CA: other}, "", imapx.TLS},
		{"pinned", imapx.Trust{Fingerprint: pin}, "", ""},
		{"pinned, with colons", imapx.Trust{Fingerprint: colons}, "", ""},
		{"pinned, another name", imapx.Trust{Fingerprint: pin}, "mail.example.org", ""},
		{"another pin", imapx.Trust{Fingerprint: wrong}, "", imapx.TLS},
		{"both", imapx.Trust{CA: ca, Fingerprint: pin}, "", ""},
		{"right authority, another pin", imapx.Trust{CA: ca, Fingerprint: wrong}, "", imapx.TLS},
		{"right pin, another authority", imapx.Trust{CA: other, Fingerprint: pin}, "", imapx.TLS},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config, err := tt.trust.Config()
			if err != nil {
				t.Fatal(err)
			}
			if config != nil {
				config.ServerName = tt.host
			}
			opts := options(srv, srv.TLSAddr)
			opts.TLSConfig = config
			err = noop(t, open(t, opts))
			if tt.kind != "" {
				wantKind(t, err, tt.kind)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	for name, trust := range map[string]imapx.Trust{
		"no PEM": {CA: []byte("certificate")}, "an empty file": {CA: []byte{}}, "no hex": {Fingerprint: strings.Repeat("zz", 32)}, "SHA-1": {Fingerprint: strings.Repeat("00", 20)},
		"bad pin beside an authority": {CA: ca, Fingerprint: "00"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := trust.Config()
			wantKind(t, err, imapx.Invalid)
		})
	}
}

// TestPinIsTheServers: a certificate that only comes along with the server's
// own is public, so it proves nothing.
func TestPinIsTheServers(t *testing.T) {
	der := []byte("stands for a certificate")
	config, err := imapx.Trust{Fingerprint: fmt.Sprintf("%x", sha256.Sum256(der))}.Config()
	if err != nil {
		t.Fatal(err)
	}
	own, another := &x509.Certificate{Raw: der}, &x509.Certificate{Raw: []byte("another")}
	for name, tt := range map[string]struct {
		shown []*x509.Certificate
		want  bool
	}{
		"pinned one":              {[]*x509.Certificate{own, another}, true},
		"none":                    {nil, false},
		"another":                 {[]*x509.Certificate{another}, false},
		"pinned one not the leaf": {[]*x509.Certificate{another, own}, false},
	} {
		if err := config.VerifyConnection(tls.ConnectionState{PeerCertificates: tt.shown}); (err == nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
