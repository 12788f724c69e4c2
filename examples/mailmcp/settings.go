package main

import (
	"net"
	"strings"
	"time"

	"github.com/postern-mail/postern/mailtool"
	"github.com/postern-mail/postern/scopes"
)

// settings is everything the command line, the environment and the config file
// say, checked. Reading them touches no network.
type settings struct {
	accounts []account // at least one
	grant    scopes.Grant
	timeout  time.Duration // of one call; 0: mailtool's own
	http     string        // where to listen; empty: stdio
	token    string        // what HTTP clients must bear; empty: loopback only
}

// Bounds of a call's time. Below a second no mail server answers; hosts have
// given up long before the upper one.
const (
	minTimeout = time.Second
	maxTimeout = 10 * time.Minute
)

func readSettings(f flags, env environment, tools []mailtool.Tool, now time.Time) (settings, error) {
	var s settings
	var err error
	if err = toolSet(f); err != nil {
		return s, err
	}
	if s.timeout, err = readTimeout(f, env); err != nil {
		return s, err
	}
	if s.grant, err = grant(f, env, tools, now); err != nil {
		return s, err
	}
	if s.http, s.token, err = readHTTP(f, env); err != nil {
		return s, err
	}
	s.accounts, err = accounts(f, env)
	return s, err
}

// toolSet reads -tools. No backend of this build has native tools, so "all"
// is the neutral ones, and "native" would be none.
func toolSet(f flags) error {
	switch {
	case !f.given["tools"], f.tools == "neutral", f.tools == "all":
		return nil
	case f.tools == "native":
		return bad("-tools", "no backend of this build has native tools: use neutral or all")
	}
	return bad("-tools", "unknown set %q: use neutral or all", clip(f.tools))
}

// readTimeout reads -timeout over MAIL_TIMEOUT.
func readTimeout(f flags, env environment) (time.Duration, error) {
	text, err := env.get("MAIL_TIMEOUT")
	if err != nil {
		return 0, err
	}
	var d time.Duration
	if text != "" {
		if d, err = duration("MAIL_TIMEOUT", text); err != nil {
			return 0, err
		}
	}
	if f.given["timeout"] {
		return duration("-timeout", f.timeout)
	}
	return d, nil
}

// duration reads 45s or 1m30s; a number alone counts seconds.
func duration(setting, text string) (time.Duration, error) {
	number := text
	if number != "" && strings.Trim(number, "0123456789") == "" {
		number += "s"
	}
	d, err := time.ParseDuration(number)
	if err != nil || d < minTimeout || d > maxTimeout {
		return 0, bad(setting, "%q is not allowed: use a time from %v to %v, such as 45s", clip(text), minTimeout, maxTimeout)
	}
	return d, nil
}

// readHTTP reads where to listen and what clients must show there.
func readHTTP(f flags, env environment) (addr, token string, err error) {
	token, err = env.get("MAIL_HTTP_TOKEN")
	if err != nil {
		return "", "", err
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", "", bad("MAIL_HTTP_TOKEN", "holds what cannot stand in a header: use ASCII letters, digits and signs without spaces")
	}
	if !f.given["http"] {
		return "", token, nil
	}
	if _, port, err := net.SplitHostPort(f.http); err != nil || port == "" {
		return "", "", bad("-http", "%q is not allowed: use host:port, such as 127.0.0.1:8080", clip(f.http))
	}
	if token == "" && !loopbackAddr(f.http) {
		return "", "", bad("-http", "%q is open to other machines: use a loopback address such as 127.0.0.1:8080, or set MAIL_HTTP_TOKEN", clip(f.http))
	}
	return f.http, token, nil
}
