package tokensource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/oauth2"

	"github.com/postern-mail/postern/imapx"
)

// maxWords bounds what is shown of an authorization server's text.
const maxWords = 200

// signInError is what the user has to mend.
type signInError struct {
	why  string
	over bool // the grant is: it is not asked for again
}

func (e *signInError) Error() string { return e.why }

// Is matches imapx.Auth.
func (e *signInError) Is(target error) bool { return target == error(imapx.Auth) }

// unsavedError is a new token that Saved could not keep.
type unsavedError struct{ err error }

func (e *unsavedError) Error() string {
	return "the new token could not be kept: " + e.err.Error()
}

func (e *unsavedError) Unwrap() error { return e.err }

func notSaved(err error, token oauth2.Token) error {
	if err == nil {
		return nil
	}
	if text := err.Error(); withoutSecrets(text, token.AccessToken, token.RefreshToken) != text {
		err = errors.New(withoutSecrets(text, token.AccessToken, token.RefreshToken))
	}
	return &unsavedError{err}
}

// failure says what the token endpoint said, without the tokens and secrets
// that it may repeat.
func (s *Source) failure(err error, old oauth2.Token) error {
	clean := func(text string) string {
		return words(withoutSecrets(text, old.AccessToken, old.RefreshToken, s.opts.Config.ClientSecret))
	}
	var answer *oauth2.RetrieveError
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("tokensource: closed")
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the authorization server does not answer within %v", refreshTimeout)
	case !errors.As(err, &answer):
		return errors.New("no new access token: " + clean(err.Error()))
	}
	text := clean(strings.TrimSpace(answer.ErrorCode + " " + answer.ErrorDescription))
	if answer.ErrorCode == "" { // the body may be anything
		text = "HTTP status " + clean(answer.Response.Status)
	}
	switch answer.ErrorCode {
	case "invalid_grant", // RFC 6749 section 5.2
		"interaction_required", "login_required", "consent_required": // OpenID Connect Core section 3.1.2.6, as Microsoft has them here
		return &signInError{"the authorization server no longer honours the grant (" + text + ")", true}
	case "invalid_client", "unauthorized_client": // RFC 6749 section 5.2; the server's side of it may be mended
		return &signInError{"the authorization server takes no requests of this client (" + text + "): check its id and secret", false}
	}
	return errors.New("the authorization server gives no access token: " + text)
}

func withoutSecrets(text string, secrets ...string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return text
}

// words makes a stranger's text fit for one line.
func words(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if r := []rune(text); len(r) > maxWords {
		text = string(r[:maxWords]) + "…"
	}
	return text
}
