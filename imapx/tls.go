package imapx

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"
	"strings"
)

// Trust is whom to believe that it is the server, in place of the system's
// authorities. With both fields both must hold.
type Trust struct {
	CA []byte // certificates of authorities, in PEM form; nil: the system's
	// Fingerprint is the SHA-256 of the server's own certificate, as openssl x509
	// -fingerprint -sha256 prints it: 64 hex digits, with colons or without. Alone
	// it takes the place of names and authorities, which a certificate that signed
	// itself does not have.
	Fingerprint string
}

var errFingerprint = errors.New("the server's certificate is not the one that is pinned")

// Config is for Options.TLSConfig; nil for the zero Trust.
func (t Trust) Config() (*tls.Config, error) {
	const op = "open"
	if t.CA == nil && t.Fingerprint == "" {
		return nil, nil //nolint:nilnil // what Options takes for the system's authorities
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(t.CA) {
			return nil, invalid(op, "the authority holds no certificate in PEM form")
		}
	}
	if t.Fingerprint == "" {
		return config, nil
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(t.Fingerprint, ":", ""))
	if err != nil || len(raw) != sha256.Size {
		return nil, invalid(op, "a fingerprint is the SHA-256 of the server's certificate: 64 hex digits, with colons or without")
	}
	sum := [sha256.Size]byte(raw)
	config.InsecureSkipVerify = config.RootCAs == nil //nolint:gosec // VerifyConnection, right below, is stricter than a chain
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) > 0 && sha256.Sum256(state.PeerCertificates[0].Raw) == sum {
			return nil
		}
		// What a chain that does not verify fails with: nothing was sent yet.
		return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: errFingerprint}
	}
	return config, nil
}

func tlsConfig(o Options) *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLSConfig != nil {
		cfg = o.TLSConfig.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName, _, _ = net.SplitHostPort(o.Addr)
	}
	return cfg
}
