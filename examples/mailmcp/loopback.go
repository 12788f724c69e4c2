package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
)

const (
	// landingTime bounds one request of the browser.
	landingTime = 10 * time.Second
	// landingGrace is for the last page to reach the browser.
	landingGrace = 2 * time.Second
	// maxLanding bounds a request's head; Microsoft's codes alone have 2 KB.
	maxLanding = 64 << 10
)

// byBrowser has the owner consent in a browser on this machine, which brings
// the answer to a port of ours (RFC 8252 section 7.3), with PKCE (RFC 7636).
func (a *authorization) byBrowser(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	host := net.JoinHostPort(a.preset.loopback, port)
	// Without a path: services compare it with the one that is registered.
	a.config.RedirectURL = "http://" + host
	verifier, state := oauth2.GenerateVerifier(), rand.Text()

	over := make(chan struct{})
	l := &landing{host: host, state: state, answers: make(chan landed), over: over}
	server := &http.Server{
		Handler: l, ReadTimeout: landingTime, MaxHeaderBytes: maxLanding,
		ErrorLog: log.New(io.Discard, "", 0), // a stranger's requests
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // ends with Shutdown; who is not served waits in vain, as for a person who is away
	}()
	fmt.Fprintf(a.out, "Open this in a browser on this machine to log in:\n\n  %s\n\nWaiting for the browser; Ctrl-C gives up.\n",
		a.config.AuthCodeURL(state, a.preset.asked(a.user, verifier)...))

	select {
	case got := <-l.answers:
		err = a.land(ctx, got.query, verifier)
		got.done <- err
	case <-ctx.Done():
		err = ctx.Err()
	}
	close(over)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), landingGrace)
	defer cancel()
	if server.Shutdown(closing) != nil {
		server.Close() // the browser holds on to a connection; it has its page
	}
	<-served
	return err
}

// land makes a refresh token of what the browser brought and keeps it.
func (a *authorization) land(ctx context.Context, query url.Values, verifier string) error {
	// RFC 9207: an answer of another server must not reach this one's endpoint.
	if iss := query.Get("iss"); iss != "" && !a.preset.issued(iss) {
		return fmt.Errorf("the answer is from another authorization server: %s", plain(iss))
	}
	if code := query.Get("error"); code != "" {
		return refused(code, query.Get("error_description"))
	}
	code := query.Get("code")
	if code == "" {
		return errors.New("the authorization server sent no code")
	}
	token, err := a.config.Exchange(withClient(ctx, a.transport), code, oauth2.VerifierOption(verifier))
	if err != nil {
		return a.refusal(err, code, verifier)
	}
	return a.keep(ctx, token)
}

// landed is what the browser brought with the right state. done takes what
// became of it, for the page.
type landed struct {
	query url.Values
	done  chan<- error
}

// landing is where the browser comes back. Requests without the state of this
// login are answered and change nothing: any page can send the browser here.
type landing struct {
	host, state string
	answers     chan landed // the first one is taken
	over        <-chan struct{}
}

func (l *landing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	switch {
	case r.Host != l.host: // DNS rebinding
		page(w, http.StatusMisdirectedRequest, "This is not the address of a login.")
		return
	case r.Method != http.MethodGet || r.URL.Path != "/":
		page(w, http.StatusNotFound, "There is nothing here.")
		return
	case err != nil || repeated(query) || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(l.state)) != 1:
		page(w, http.StatusBadRequest, "This answer does not belong to the login that is waiting. Open the address in the terminal again.")
		return
	}
	done := make(chan error, 1)
	select {
	case l.answers <- landed{query, done}:
	case <-l.over:
		page(w, http.StatusGone, "This login is over.")
		return
	case <-r.Context().Done():
		return
	}
	if <-done != nil {
		page(w, http.StatusBadRequest, "The login failed: the terminal says why. You can close this page.")
		return
	}
	page(w, http.StatusOK, "You are logged in. You can close this page.")
}

// repeated finds a parameter given twice (RFC 6749 section 3.1 forbids it).
func repeated(query url.Values) bool {
	for _, values := range query {
		if len(values) > 1 {
			return true
		}
	}
	return false
}

// page shows words of ours only.
func page(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer") // the address holds the code
	h.Set("Cache-Control", "no-store")
	h.Set("Connection", "close")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>mailmcp</title><p>%s</p></html>\n", text)
}
