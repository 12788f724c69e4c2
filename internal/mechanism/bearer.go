package mechanism

import (
	"encoding/json"
	"errors"
	"net"
	"strconv"
	"strings"
	"unicode"

	"github.com/emersion/go-sasl"
)

// The mechanisms that take an access token.
const (
	OAuthBearer = sasl.OAuthBearer // RFC 7628
	XOAuth2     = "XOAUTH2"        // Google's and Microsoft's
)

// maxStatus bounds what is kept of a server's status: it is a number or a word
// of RFC 6750.
const maxStatus = 60

// Bearer logs in with an access token. A server that refuses it says why in a
// challenge, which has to be answered before it says no.
type Bearer struct {
	client  sasl.Client
	initial []byte
	answer  []byte // to the error challenge
	asked   bool
	status  string
}

// NewBearer uses OAUTHBEARER where offered, else XOAUTH2; ok is false where
// there is neither. addr is the server's host:port.
func NewBearer(username, token, addr string, offered func(mechanism string) bool) (client *Bearer, ok bool) {
	switch {
	case offered(OAuthBearer):
		host, service, _ := net.SplitHostPort(addr)
		port, _ := strconv.Atoi(service) // a port by name is left out
		return &Bearer{
			client: sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: saslName(username), Token: token, Host: host, Port: port}),
			answer: []byte{1}, // RFC 7628 section 3.2.3
		}, true
	case offered(XOAuth2):
		return &Bearer{initial: []byte("user=" + username + "\x01auth=Bearer " + token + "\x01\x01"), answer: []byte{}}, true
	}
	return nil, false
}

// Start returns the mechanism and the token.
func (b *Bearer) Start() (mechanism string, initial []byte, err error) {
	if b.client != nil {
		return b.client.Start()
	}
	return XOAuth2, b.initial, nil
}

// Next takes the one challenge there is, which tells of a failure.
func (b *Bearer) Next(challenge []byte) ([]byte, error) {
	if b.asked {
		return nil, Fault("the server asks for more than a token")
	}
	b.asked = true
	var said struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(challenge, &said) == nil {
		b.status = clean(said.Status)
	}
	return b.answer, nil
}

// Refusal adds to the server's words the status it gave in its challenge; nil
// when it gave none.
func (b *Bearer) Refusal() error {
	if b.status == "" {
		return nil
	}
	return errors.New("the server's status is " + b.status)
}

// CheckToken refuses what cannot be an access token (RFC 6749 appendix A.12)
// and so must not become part of a login.
func CheckToken(token string) error {
	switch {
	case token == "":
		return errors.New("there is no access token")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return errors.New("the access token holds a character that no token has")
	}
	return nil
}

// saslName escapes a user name (RFC 5801 section 4, RFC 5802 section 5.1).
func saslName(s string) string {
	return strings.NewReplacer("=", "=3D", ",", "=2C").Replace(s)
}

// clean makes a stranger's word fit for one line.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if r := []rune(s); len(r) > maxStatus {
		return string(r[:maxStatus]) + "…"
	}
	return s
}
