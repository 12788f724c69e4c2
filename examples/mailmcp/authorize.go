package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"golang.org/x/oauth2"
)

const (
	// exchangeTime bounds one request to an authorization server.
	exchangeTime = 30 * time.Second
	// maxAnswer bounds its answer in bytes; those with tokens have about 5 KB.
	maxAnswer = 256 << 10
	// maxWords bounds what is shown of a server's words, in characters.
	maxWords = 300
)

// authorization is one login on its way.
type authorization struct {
	preset preset
	config *oauth2.Config
	user   string // a hint for the server's page
	out    io.Writer
	// keep stores what was granted; only then has the login succeeded.
	keep func(context.Context, *oauth2.Token) error
	// transport carries the requests to the server.
	transport http.RoundTripper
}

// run returns when the login is kept or has failed, or ctx ends.
func (a *authorization) run(ctx context.Context, device bool) error {
	if device {
		return a.byDevice(ctx)
	}
	return a.byBrowser(ctx)
}

// withClient makes the oauth2 package use our bounds, and ctx for requests
// that it makes without one.
func withClient(ctx context.Context, transport http.RoundTripper) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, boundedClient(ctx, transport))
}

// boundedClient makes requests that end with ctx, and the token endpoint's
// answer small.
func boundedClient(ctx context.Context, transport http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: roundTrip(func(req *http.Request) (*http.Response, error) { return exchange(ctx, transport, req) }),
		// What is posted is secret: it goes where it was meant to go.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// exchange makes one request and reads its whole answer, bounded in time and size.
func exchange(ctx context.Context, transport http.RoundTripper, req *http.Request) (*http.Response, error) {
	inner, cancel := context.WithTimeoutCause(req.Context(), exchangeTime, errNoAnswer)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	resp, err := transport.RoundTrip(req.WithContext(inner))
	if err == nil {
		var body []byte
		body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		resp.Body.Close()
		if string(bytes.TrimSpace(body)) == "null" {
			body = []byte("{}") // or the oauth2 package would follow a nil pointer
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
	}
	switch {
	case err == nil:
		return resp, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(context.Cause(inner), errNoAnswer):
		return nil, errNoAnswer
	}
	return nil, err
}

var errNoAnswer = errors.New("the authorization server does not answer")

// refusal is an authorization server's no, in its own words made fit for a
// terminal and without the client's secret and those given, which it may repeat.
func (a *authorization) refusal(err error, secrets ...string) error {
	clean := func(text string) string {
		for _, secret := range append(secrets, a.config.ClientSecret) {
			if secret != "" {
				text = strings.ReplaceAll(text, secret, "[secret]")
			}
		}
		return text
	}
	var e *oauth2.RetrieveError
	switch {
	case isContext(err):
		return err
	case !errors.As(err, &e):
		return errors.New(plain(clean(err.Error())))
	case e.ErrorCode == "":
		return fmt.Errorf("the authorization server failed with HTTP status %d", e.Response.StatusCode)
	}
	return refused(clean(e.ErrorCode), clean(e.ErrorDescription))
}

func refused(code, description string) error {
	if description = plain(description); description != "" {
		description = ": " + description
	}
	return fmt.Errorf("the authorization server says %s%s", plain(code), description)
}

// plain keeps of a stranger's words what can be printed, as one short line.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " "))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxWords {
		return strings.TrimSpace(string(r[:maxWords])) + "..."
	}
	return s
}
