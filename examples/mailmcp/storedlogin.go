package main

import (
	"context"
	"errors"
)

// stored is a login of the state file and the service it is for.
type stored struct {
	login
	preset preset
}

// loginFinder returns the login of an account, errNoLogin when there is none.
type loginFinder func(account string) (stored, error)

// oauthVariables are those of mailmcp login. When serving, the id has to be the
// login's and the secret takes the place of the stored one.
func oauthVariables() []string {
	return []string{"IMAP_OAUTH_CLIENT_ID", "IMAP_OAUTH_CLIENT_SECRET", "IMAP_OAUTH_TENANT"}
}

// openServed opens the file of -state; nil without the flag.
func openServed(ctx context.Context, f flags, lookup func(string) string) (*state, error) {
	env := environment{lookup: lookup}
	key, err := env.get("MAIL_STATE_KEY")
	switch {
	case err != nil:
		return nil, err
	case f.given["state"]:
		return openState(ctx, f.state, key, false)
	case key != "":
		return nil, bad("MAIL_STATE_KEY", "is set and -state is not: name the state file, or unset the variable")
	}
	return nil, nil
}

// logins finds what st keeps; nil when there is no state file.
func (p process) logins(ctx context.Context, st *state) loginFinder {
	if st == nil {
		return nil
	}
	return func(account string) (stored, error) {
		l, _, err := st.login(ctx, account)
		if err != nil {
			return stored{}, err
		}
		service, err := p.finder()(l.Preset, l.Tenant)
		return stored{l, service}, err
	}
}

// login returns the stored login of an account; nil when there is none.
func (e environment) login(account string) (*stored, error) {
	if e.logins == nil {
		return nil, nil
	}
	found, err := e.logins(account)
	if errors.Is(err, errNoLogin) {
		return nil, nil
	}
	return &found, err
}

// readStored reads the servers of an account whose owner has logged in: those
// of the service unless the environment names others.
func (a *account) readStored(env environment, l *stored) (err error) {
	if name := env.anyOf("IMAP_PASSWORD"); name != "" {
		return env.bad(name, "is set and the state file holds a login for account %s: unset the variable to use that, or use another state file", a.id)
	}
	if err := a.readClient(env, l); err != nil {
		return err
	}
	if env.anyOf("IMAP_ADDR") != "" {
		if a.imap, err = readServer(env, "IMAP"); err != nil {
			return err
		}
	} else {
		if name := env.anyOf("IMAP_TLS", "IMAP_CA_FILE", "IMAP_TLS_FINGERPRINT"); name != "" {
			return env.bad(name, "is set and IMAP_ADDR is not: set IMAP_ADDR, or unset the variable to use the servers of %s", l.Preset)
		}
		host := l.preset.imap
		a.imap = &host
	}
	if a.imap.user, err = env.get("IMAP_USER"); err != nil {
		return err
	}
	if a.imap.user == "" {
		a.imap.user = l.User
	}
	a.login = true
	if env.anyOf("IMAP_ADDR", "SMTP_ADDR") == "" && env.anyOf(submissionVariables()...) == "" {
		host := l.preset.smtp
		a.smtp, a.sentBy = &host, l.preset.sentBy
	} else if a.smtp, err = readSubmission(env, a.imap, true); err != nil {
		return err
	}
	if err := a.checkHosts(env, l); err != nil {
		return err
	}
	a.from, err = readIdentities(env, a.imap.user, a.smtp != nil)
	return err
}

// checkHosts keeps the access token from servers that are not the service's: a
// variable left over from another account must not hand it over.
func (a *account) checkHosts(env environment, l *stored) error {
	if !l.preset.trusts(a.imap.addr) {
		return env.bad("IMAP_ADDR", "%q is no server of %s, which alone may see the login's access token: unset the variable", clip(a.imap.addr), l.Preset)
	}
	if s := a.smtp; s != nil && s.password == "" && !l.preset.trusts(s.addr) {
		return env.bad("SMTP_ADDR", "%q is no server of %s, which alone may see the login's access token: unset the variable, or set SMTP_PASSWORD", clip(s.addr), l.Preset)
	}
	return nil
}

// readClient refuses variables of another application than the login's: its
// refresh token means nothing to that one.
func (a *account) readClient(env environment, l *stored) error {
	for name, mine := range map[string]string{"IMAP_OAUTH_CLIENT_ID": l.ClientID, "IMAP_OAUTH_TENANT": l.Tenant} {
		value, err := env.get(name)
		if err != nil {
			return err
		}
		if value != "" && value != mine {
			return env.bad(name, "is not what the login of account %s was made with: unset the variable, or run mailmcp login again", a.id)
		}
	}
	secret, err := env.get("IMAP_OAUTH_CLIENT_SECRET")
	a.secret = secret
	return err
}

// noPassword names both ways to log in.
func noPassword(env environment, account string) error {
	command := "mailmcp login -preset gmail|microsoft|outlook -state FILE"
	if account != imapProvider {
		command += " -account " + account
	}
	then := "then serve with -state FILE"
	if env.logins != nil {
		then = "with the state file of -state, which holds none for account " + account
	}
	return env.bad("IMAP_PASSWORD", "is missing: set the password for IMAP_ADDR and IMAP_USER, or log in by browser with %s, %s", command, then)
}
