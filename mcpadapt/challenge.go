package mcpadapt

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/postern-mail/postern/scopes"
)

// Error codes of RFC 6750 section 3.1.
const (
	errInvalidRequest    = "invalid_request"
	errInvalidToken      = "invalid_token"
	errInsufficientScope = "insufficient_scope"
)

// challenge writes WWW-Authenticate (RFC 6750 section 3, RFC 9728 section 5.1).
type challenge struct {
	realm, metadata string
	scopes          []scopes.Scope
}

func newChallenge(opts HTTPOptions) (challenge, error) {
	c := challenge{opts.Realm, opts.ResourceMetadata, slices.Clone(opts.Scopes)}
	if strings.ContainsFunc(c.realm, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		return challenge{}, fmt.Errorf("realm %q needs quoting", c.realm)
	}
	if c.metadata != "" {
		u, err := url.Parse(c.metadata)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.String() != c.metadata || strings.ContainsAny(c.metadata, `"\`) {
			return challenge{}, fmt.Errorf("resource metadata %q is not a URL", c.metadata)
		}
	}
	for _, s := range c.scopes {
		if !s.Known() {
			return challenge{}, fmt.Errorf("scope %q is not known", string(s))
		}
	}
	return c, nil
}

// write challenges with the usual scopes. Without a token there is no error to
// name (RFC 6750 section 3.1).
func (c challenge) write(w http.ResponseWriter, status int, code string) {
	c.respond(w, status, code, c.scopes)
}

func (c challenge) insufficient(w http.ResponseWriter, all []scopes.Scope) {
	c.respond(w, http.StatusForbidden, errInsufficientScope, all)
}

func (c challenge) respond(w http.ResponseWriter, status int, code string, wanted []scopes.Scope) {
	var names []string
	for _, s := range wanted {
		if !slices.Contains(names, string(s)) {
			names = append(names, string(s))
		}
	}
	var params []string
	for _, p := range [][2]string{
		{"realm", c.realm}, {"error", code}, {"scope", strings.Join(names, " ")}, {"resource_metadata", c.metadata},
	} {
		if p[1] != "" {
			params = append(params, p[0]+`="`+p[1]+`"`)
		}
	}
	w.Header().Set("WWW-Authenticate", strings.TrimSpace("Bearer "+strings.Join(params, ", ")))
	http.Error(w, http.StatusText(status), status)
}
