package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// logoutFlags is the command line of mailmcp logout as given.
type logoutFlags struct{ account, state string }

func logoutFlagSet(f *logoutFlags) *flag.FlagSet {
	fs := newFlagSet("mailmcp logout")
	fs.StringVar(&f.account, "account", imapProvider, "")
	fs.StringVar(&f.state, "state", "", "")
	return fs
}

func parseLogoutFlags(args []string) (logoutFlags, error) {
	var f logoutFlags
	fs := logoutFlagSet(&f)
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return f, flag.ErrHelp
	case err != nil:
		return f, bad("command line", "logout: %v", err)
	case fs.NArg() > 0:
		return f, bad("command line", "logout: unexpected argument %q: see mailmcp -h", clip(fs.Arg(0)))
	case f.state == "":
		return f, bad("-state", "is missing: name the file that keeps the login")
	}
	return f, checkAccount(f.account)
}

// runLogout forgets a login and has the service end it where it can.
func runLogout(ctx context.Context, p process, args []string) error {
	f, err := parseLogoutFlags(args)
	if err != nil {
		return err
	}
	key, err := environment{lookup: p.getenv}.get("MAIL_STATE_KEY")
	if err != nil {
		return err
	}
	st, err := openState(ctx, f.state, key, false)
	if err != nil {
		return err
	}
	return errors.Join(st.logout(ctx, f.account, p.finder(), p.stderr), st.Close())
}

func (s *state) logout(ctx context.Context, account string, presets presetFinder, out io.Writer) error {
	// A renewal under way would end with a token that nobody ends.
	turn, cancel := context.WithTimeout(ctx, renewalTime)
	defer cancel()
	release, err := s.lease(turn, account)
	switch {
	case isContext(err) && ctx.Err() == nil:
		return bad("logout", "another process renews the login and does not end: nothing was changed")
	case err != nil:
		return interrupted(err)
	}
	told, err := s.end(ctx, account, presets)
	if err == nil {
		err = interrupted(s.dropLogin(ctx, account))
	}
	if err = errors.Join(err, release()); err != nil {
		return err
	}
	gone := fmt.Sprintf("%s no longer keeps the login of account %s", s.name, account)
	if told.failed != nil {
		return bad("logout", "%s; %v: end it at %s", gone, told.failed, cmp.Or(told.page, "the service's own pages"))
	}
	fmt.Fprintln(out, oneLine(fmt.Sprintf("%s (%s): %s.", gone, told.user, told.how)))
	return nil
}

// ending is what became of a login at its service.
type ending struct {
	user, how, page string
	failed          error // the owner has to end it
}

// end has the service end a login. Its error is that there is none, or the end
// of ctx: then nothing may be dropped.
func (s *state) end(ctx context.Context, account string, presets presetFinder) (ending, error) {
	l, _, err := s.login(ctx, account)
	switch {
	case errors.Is(err, errNoLogin):
		return ending{}, bad("-account", "%s keeps no login for account %s", s.name, account)
	case isContext(err):
		return ending{}, interrupted(err)
	case err != nil:
		return ending{failed: errors.New("it could not be read, so that its service does not know")}, nil
	}
	service, err := presets(l.Preset, l.Tenant)
	if err != nil {
		return ending{failed: err}, nil
	}
	told := ending{user: l.User, page: service.grants, how: l.Preset + " has ended it"}
	if service.revoke == "" {
		told.how = l.Preset + " ends it only on its own page: " + service.grants
		return told, nil
	}
	switch err := revoke(ctx, service, l); {
	case ctx.Err() != nil:
		return ending{}, interrupted(ctx.Err())
	case err != nil:
		told.failed = fmt.Errorf("%s could not be told (%w)", l.Preset, err)
	}
	return told, nil
}

func interrupted(err error) error {
	if isContext(err) {
		return bad("logout", "interrupted: run it again")
	}
	return err
}

// revoke ends a refresh token, and what was made of it (RFC 7009 section 2.1).
func revoke(ctx context.Context, service preset, l login) error {
	form := url.Values{"token": {l.RefreshToken}, "token_type_hint": {"refresh_token"}, "client_id": {l.ClientID}}
	if l.ClientSecret != "" {
		form.Set("client_secret", l.ClientSecret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, service.revoke, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a := authorization{config: service.config(l)}
	resp, err := boundedClient(ctx, http.DefaultTransport).Do(req)
	if err != nil {
		return a.refusal(err, l.RefreshToken)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	said := &oauth2.RetrieveError{Response: resp}
	var answer struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	if body, err := io.ReadAll(resp.Body); err == nil && json.Unmarshal(body, &answer) == nil {
		said.ErrorCode, said.ErrorDescription = answer.Code, answer.Description
	}
	if said.ErrorCode == "invalid_token" { // Google's word for one that has ended
		return nil
	}
	return a.refusal(said, l.RefreshToken)
}
