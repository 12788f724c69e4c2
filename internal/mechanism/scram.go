package mechanism

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
)

// ScramSHA256 proves a password without sending it, and has the server prove
// that it knows it too (RFC 5802, RFC 7677).
const ScramSHA256 = "SCRAM-SHA-256"

const (
	// minIterations is the least a server should ask for (RFC 7677 section 4).
	// One that asks for less may be after a hash that is cheap to guess from.
	minIterations = 4096
	// maxIterations is three times what is commonly advised, and keeps one core
	// busy for under a second: the count is the server's to choose.
	maxIterations = 2_000_000
	// maxScram bounds a message of the server's: nonce and salt have some 100 bytes.
	maxScram = 4 << 10
	nonceLen = 24
)

// gs2Header says that the client does no channel binding (RFC 5802 section 7).
const gs2Header = "n,,"

// Scram is a login by SCRAM-SHA-256. Once the server has said yes, Verified
// tells whether it was the right server that did.
type Scram struct {
	password, nonce string
	first           string // client-first-message-bare
	signature       []byte // what the server must prove with
	step            int
	verified        bool
}

// NewScram prepares username and password (RFC 4013); ok is false for one that
// holds what SCRAM cannot carry.
func NewScram(username, password string) (client *Scram, ok bool) {
	name, err := prepare(username)
	if err != nil || name == "" {
		return nil, false
	}
	secret, err := prepare(password)
	if err != nil || secret == "" {
		return nil, false
	}
	random := make([]byte, nonceLen)
	rand.Read(random) // it never fails
	return newScram(name, secret, base64.StdEncoding.EncodeToString(random)), true
}

func newScram(name, secret, nonce string) *Scram {
	return &Scram{password: secret, nonce: nonce, first: "n=" + saslName(name) + ",r=" + nonce}
}

// Start returns the first message.
func (c *Scram) Start() (mechanism string, initial []byte, err error) {
	return ScramSHA256, []byte(gs2Header + c.first), nil
}

// Next answers the server's two messages.
func (c *Scram) Next(challenge []byte) ([]byte, error) {
	c.step++
	switch {
	case len(challenge) > maxScram:
		return nil, Fault("the server's part of the login is too long")
	case c.step == 1:
		return c.prove(string(challenge))
	case c.step == 2:
		return c.verify(string(challenge))
	}
	return nil, Fault("the server asks for more than a proof")
}

// Verified reports whether the server has proven that it knows the password.
func (c *Scram) Verified() bool { return c.verified }

// prove makes the client-final-message (RFC 5802 section 3).
func (c *Scram) prove(serverFirst string) ([]byte, error) {
	nonce, salt, iterations, err := c.parseFirst(serverFirst)
	if err != nil {
		return nil, err
	}
	salted, err := pbkdf2.Key(sha256.New, c.password, salt, iterations, sha256.Size)
	if err != nil {
		return nil, err
	}
	c.password = ""
	final := "c=" + base64.StdEncoding.EncodeToString([]byte(gs2Header)) + ",r=" + nonce
	message := c.first + "," + serverFirst + "," + final
	key := sign(salted, "Client Key")
	stored := sha256.Sum256(key)
	for i, b := range sign(stored[:], message) {
		key[i] ^= b
	}
	c.signature = sign(sign(salted, "Server Key"), message)
	return []byte(final + ",p=" + base64.StdEncoding.EncodeToString(key)), nil
}

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// parseFirst reads "r=...,s=...,i=..." and extensions behind, which are ignored
// (RFC 5802 section 7).
func (c *Scram) parseFirst(message string) (nonce string, salt []byte, iterations int, err error) {
	if err := refusal(message); err != nil {
		return "", nil, 0, err
	}
	const garbled = Fault("the server's part of the login is garbled")
	fields := strings.Split(message, ",")
	if len(fields) < 3 {
		return "", nil, 0, garbled
	}
	nonce, r := strings.CutPrefix(fields[0], "r=") // "m=", an extension that must be understood, is refused here too
	text, s := strings.CutPrefix(fields[1], "s=")
	count, i := strings.CutPrefix(fields[2], "i=")
	salt, err = base64.StdEncoding.DecodeString(text)
	if !r || !s || !i || err != nil || len(salt) == 0 {
		return "", nil, 0, garbled
	}
	if !strings.HasPrefix(nonce, c.nonce) || len(nonce) == len(c.nonce) {
		return "", nil, 0, Fault("the server's answer belongs to another login")
	}
	iterations, err = strconv.Atoi(count)
	if err != nil || iterations < minIterations || iterations > maxIterations {
		return "", nil, 0, Fault("the server asks for " + clean(count) + " rounds of hashing, which is no sound number")
	}
	return nonce, salt, iterations, nil
}

// verify checks the server's signature (RFC 5802 section 3): without it anybody
// could have asked.
func (c *Scram) verify(serverFinal string) ([]byte, error) {
	if err := refusal(serverFinal); err != nil {
		return nil, err
	}
	field, _, _ := strings.Cut(serverFinal, ",")
	text, ok := strings.CutPrefix(field, "v=")
	if !ok || c.signature == nil || !hmac.Equal([]byte(text), []byte(base64.StdEncoding.EncodeToString(c.signature))) {
		return nil, ErrImpostor
	}
	c.verified = true
	return []byte{}, nil
}

// ErrImpostor is the end of a login with a server that does not know the password.
var ErrImpostor = Fault("the server did not prove that it knows the password: it may not be the right one")

// refusal reads "e=invalid-proof" (RFC 5802 section 7).
func refusal(message string) error {
	if word, ok := strings.CutPrefix(message, "e="); ok {
		word, _, _ = strings.Cut(word, ",")
		return Fault("the server says " + clean(word))
	}
	return nil
}
