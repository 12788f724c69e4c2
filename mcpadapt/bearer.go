package mcpadapt

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/postern-mail/postern/scopes"
)

// ErrUnavailable is for Verify to return, also wrapped, when tokens cannot be
// checked just now: the client gets 503 and keeps its token.
var ErrUnavailable = errors.New("tokens cannot be checked now")

// bearerKey is where the SDK carries our bearer from the HTTP request to the
// MCP request. No other code can make the type behind it.
const bearerKey = "postern.bearer"

// bearer is who sent an HTTP request.
type bearer struct {
	grant  scopes.Grant
	stepUp *stepUp // nil: a lack of scopes is told in the result only
}

// stepUp is told by a tool's handler that only scopes are missing, before the
// answer is written.
type stepUp struct {
	mu      sync.Mutex
	missing []scopes.Scope
}

// missing are the scopes to ask for, when a call lacked nothing else.
func (b *bearer) missing() []scopes.Scope {
	if b == nil || b.stepUp == nil {
		return nil
	}
	b.stepUp.mu.Lock()
	defer b.stepUp.mu.Unlock()
	if len(b.stepUp.missing) == 0 {
		return nil
	}
	// Some clients ask for exactly what the challenge names, so what they have
	// stands there too.
	return append(b.grant.Scopes.Slice(), b.stepUp.missing...)
}

// wants notes that the call needs more scopes.
func (b *bearer) wants(names []string) {
	if b == nil || b.stepUp == nil {
		return
	}
	b.stepUp.mu.Lock()
	defer b.stepUp.mu.Unlock()
	for _, name := range names {
		b.stepUp.missing = append(b.stepUp.missing, scopes.Scope(name))
	}
}

func bearerOf(req mcp.Request) *bearer {
	extra := req.GetExtra()
	if extra == nil || extra.TokenInfo == nil {
		return nil
	}
	b, _ := extra.TokenInfo.Extra[bearerKey].(*bearer)
	return b
}

// GrantOf is what HTTPOptions.Verify said of the token of this very request. It
// is false where no token was checked, as over stdio.
func GrantOf(req mcp.Request) (scopes.Grant, bool) {
	b := bearerOf(req)
	if b == nil {
		return scopes.Grant{}, false
	}
	return b.grant.Clone(), true
}

// authenticated serves a request with a good token and challenges any other.
func (h *HTTPHandler) authenticated(w http.ResponseWriter, r *http.Request) {
	token, state := tokenOf(r.Header)
	switch state {
	case tokenMissing:
		h.challenge.write(w, http.StatusUnauthorized, "")
		return
	case tokenMalformed:
		h.challenge.write(w, http.StatusBadRequest, errInvalidRequest)
		return
	case tokenPresent:
	}
	grant, err := h.opts.Verify(r.Context(), token)
	if err == nil {
		err = grant.Alive(time.Now())
	}
	switch {
	case err == nil:
	case errors.Is(err, ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || r.Context().Err() != nil:
		h.opts.Logger.ErrorContext(r.Context(), "mcp: tokens cannot be checked", "error", err)
		http.Error(w, "tokens cannot be checked now", http.StatusServiceUnavailable)
		return
	default:
		h.opts.Logger.InfoContext(r.Context(), "mcp: token refused", "error", err)
		h.challenge.write(w, http.StatusUnauthorized, errInvalidToken)
		return
	}
	who := &bearer{grant: grant.Clone()}
	// The SDK compares UserID alone between a session and a request: with the
	// grant's id another agent of the same person cannot use the session.
	info := &auth.TokenInfo{UserID: grant.ID, Extra: map[string]any{bearerKey: who}}
	for _, s := range grant.Scopes.Slice() {
		info.Scopes = append(info.Scopes, string(s))
	}
	// Only the SDK's own middleware can put the TokenInfo where its sessions
	// look. The token is checked already, its end included.
	checked := func(context.Context, string, *http.Request) (*auth.TokenInfo, error) { return info, nil }
	auth.RequireBearerToken(checked, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true})(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, who) }),
	).ServeHTTP(w, r)
}

type tokenState int

const (
	tokenMissing tokenState = iota
	tokenMalformed
	tokenPresent
)

// tokenOf reads the bearer token of RFC 6750 section 2.1. Other schemes count as
// no token, so that the client learns which one to use.
func tokenOf(h http.Header) (string, tokenState) {
	sent := h.Values("Authorization")
	switch len(sent) {
	case 0:
		return "", tokenMissing
	case 1:
	default:
		return "", tokenMalformed
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(sent[0]), " ")
	token = strings.TrimLeft(token, " ")
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		return "", tokenMissing
	case !isToken68(token):
		return "", tokenMalformed
	}
	return token, tokenPresent
}

func isToken68(s string) bool {
	body := strings.TrimRight(s, "=")
	return body != "" && !strings.ContainsFunc(body, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/", c)
	})
}
