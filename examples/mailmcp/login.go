package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"time"

	"golang.org/x/oauth2"
)

// loginWait is how long mailmcp login waits for the person: time to find a
// second factor, not to forget an open port.
const loginWait = 10 * time.Minute

// loginFlags is the command line of mailmcp login as given.
type loginFlags struct {
	preset, account, user, state string
	device                       bool
}

func parseLoginFlags(args []string) (loginFlags, error) {
	var f loginFlags
	fs := loginFlagSet(&f)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return f, flag.ErrHelp
	case err != nil:
		return f, bad("command line", "login: %v", err)
	case fs.NArg() > 0:
		return f, bad("command line", "login: unexpected argument %q: see mailmcp -h", clip(fs.Arg(0)))
	}
	return f, nil
}

func loginFlagSet(f *loginFlags) *flag.FlagSet {
	fs := newFlagSet("mailmcp login")
	fs.StringVar(&f.preset, "preset", "", "")
	fs.StringVar(&f.account, "account", imapProvider, "")
	fs.StringVar(&f.user, "user", "", "")
	fs.StringVar(&f.state, "state", "", "")
	fs.BoolVar(&f.device, "device", false, "")
	return fs
}

// loginSettings is what a login needs, checked.
type loginSettings struct {
	preset  preset
	account string
	login   login // without a refresh token
	state   string
	key     string // MAIL_STATE_KEY
	device  bool
}

func readLogin(f loginFlags, lookup func(string) string, presets presetFinder) (s loginSettings, err error) {
	env := environment{lookup: lookup}
	s.account, s.state, s.device = f.account, f.state, f.device
	switch {
	case f.preset == "":
		return s, bad("-preset", "is missing: use %s", presetNames)
	case f.state == "":
		return s, bad("-state", "is missing: name the file that keeps the login")
	}
	if err := checkAccount(f.account); err != nil {
		return s, err
	}
	if s.key, err = env.get("MAIL_STATE_KEY"); err != nil {
		return s, err
	}
	if s.login, err = readClient(env); err != nil {
		return s, err
	}
	s.login.Preset = f.preset
	if s.preset, err = presets(s.login.Preset, s.login.Tenant); err != nil {
		return s, err
	}
	if s.device && s.preset.endpoint.DeviceAuthURL == "" {
		return s, bad("-device", "%s gives no access to mail that way: leave the flag out", f.preset)
	}
	if s.login.User = f.user; f.user == "" {
		if s.login.User, err = env.get("IMAP_USER"); err != nil {
			return s, err
		}
	}
	return s, checkUser(s.login.User)
}

// readClient reads who asks: the application that its owner has registered.
func readClient(env environment) (l login, err error) {
	for name, to := range map[string]*string{
		"IMAP_OAUTH_CLIENT_ID": &l.ClientID, "IMAP_OAUTH_CLIENT_SECRET": &l.ClientSecret, "IMAP_OAUTH_TENANT": &l.Tenant,
	} {
		if *to, err = env.get(name); err != nil {
			return l, err
		}
	}
	if l.ClientID == "" {
		return l, env.bad("IMAP_OAUTH_CLIENT_ID", "is missing: register a desktop application with the mail service and set its client id")
	}
	return l, nil
}

func checkAccount(id string) error {
	switch {
	case !accountID.MatchString(id):
		return bad("-account", "%q is not allowed: use a lower-case letter and up to 31 letters, digits, _ or -", clip(id))
	case id == demoProvider:
		return bad("-account", "the sample mailbox has no login")
	}
	return nil
}

func checkUser(user string) error {
	one, err := mail.ParseAddress(user)
	switch {
	case user == "":
		return bad("-user", "is missing: give the address to log in with, here or as IMAP_USER")
	case err != nil || one.Address != user || len(user) > 320: // RFC 3696 section 3: 64 and 255 characters and an @
		return bad("-user", "%q is no address", clip(user))
	}
	return nil
}

// runLogin gets a refresh token with the owner's consent and keeps it sealed.
// All it says goes to stderr: stdout is for MCP.
func runLogin(ctx context.Context, p process, args []string) error {
	f, err := parseLoginFlags(args)
	if err != nil {
		return err
	}
	s, err := readLogin(f, p.getenv, p.finder())
	if err != nil {
		return err
	}
	// First, so that nobody consents for nothing.
	st, err := openState(ctx, s.state, s.key, true)
	if err != nil {
		return err
	}
	return errors.Join(s.authorize(ctx, st, p.stderr), st.Close())
}

func (s loginSettings) authorize(ctx context.Context, st *state, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, loginWait)
	defer cancel()
	a := authorization{
		preset: s.preset, config: s.preset.config(s.login), user: s.login.User, out: out, transport: http.DefaultTransport,
		keep: func(ctx context.Context, token *oauth2.Token) error {
			if token.RefreshToken == "" {
				return errors.New("the server gave no refresh token: the application has to be registered as a desktop application")
			}
			l := s.login
			l.RefreshToken = token.RefreshToken
			return st.putLogin(ctx, s.account, l)
		},
	}
	err := a.run(ctx, s.device)
	switch {
	case errors.Is(err, context.Canceled):
		return bad("login", "interrupted: nothing was kept")
	case errors.Is(err, context.DeadlineExceeded):
		return bad("login", "nobody answered in time: nothing was kept, run it again")
	case err != nil:
		return bad("login", "%v", err)
	}
	fmt.Fprintf(out, "Logged in as %s. %s keeps the login of account %s, sealed.\n", s.login.User, s.state, s.account)
	return nil
}
